/* SPDX-License-Identifier: ISC */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "opt.h"
#include "shelf/shelf.h"
#include "ship.h"

/* What is to be done. */
struct task {
	struct ship_opts opts;
	struct opt_list dests;
	const char *fetch, *range;
	const char *list, *prune;
	char *filled;			/* the one of these, with --db in it */
	struct keep keep;
	bool json, dry_run;
	bool mode_told;
	bool no_sandbox;
};

/*
 * options_parse(t, argc, argv):
 * Read and check the command line.  STATUS_OK, OPT_DONE (see opt.h), or a
 * status after one error line.  options_free() in any case.
 */
int options_parse(struct task *, int argc, char **argv);
void options_free(struct task *);

#endif
