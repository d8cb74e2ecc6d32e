/* SPDX-License-Identifier: ISC */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "opt.h"
#include "passphrase.h"
#include "progress/progress.h"

struct options {
	/* What is done with the stream. */
	bool sink;
	bool raw;
	const char *command;		/* --through */
	bool hold;
	const char *hold_dir;
	bool strict;
	unsigned jobs;
	uint64_t max_data;		/* 0: no limit */
	uint64_t max_memory;
	bool no_sandbox;
	struct progress_want progress;

	/* Keys. */
	struct opt_list identities;
	struct passphrase_source from;

	/* What is written. */
	bool list;
	const char *list_to;
	const char *report;
	const char *sum;
	const char *sign;		/* secret key */

	/* What is compared. */
	const char *check;		/* b2sum lines, or a report */
	const char *name;		/* which of the lines */
	const char *against;
	const char *pubkey;
	double max_shrink;		/* a share */
	bool allow_same;
	struct opt_list except;
};

/*
 * options_parse(o, argc, argv):
 * Parse, and refuse what does not go together.  STATUS_OK; OPT_DONE when
 * --help or --version was printed; else a status after one error line.  Free
 * with options_free() in any case.
 */
int options_parse(struct options *, int argc, char **argv);
void options_free(struct options *);

#endif
