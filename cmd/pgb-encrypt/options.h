/* SPDX-License-Identifier: ISC */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "opt.h"
#include "passphrase.h"
#include "progress/progress.h"

enum mode { ENCRYPT, DECRYPT, REKEY, INSPECT, KEYGEN, RECIPIENT_OF };

struct options {
	enum mode mode;
	struct opt_list recipients;
	struct opt_list files;
	struct opt_list identities;
	bool ask;			/* for a passphrase: -p */
	struct passphrase_source from;
	bool passphrase;		/* the stream's: for encryption the
					 * one recipient, else what opens it */
	bool late;			/* with -i: it may be the stream's */
	bool raw;
	bool armor;
	bool json;
	unsigned jobs;
	unsigned work;			/* largest work factor */
	const char *key;		/* file of --keygen, --recipient-of */
	const char *report;
	bool no_sandbox;
	struct progress_want progress;
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
