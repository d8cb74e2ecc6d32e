/* SPDX-License-Identifier: ISC */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "shelf/view.h"

/*
 * What became of a file, and why: one line of standard output, as soon as it
 * is so.
 */

enum verdict {
	VERDICT_KEEP,
	VERDICT_LEAVE,		/* not ours to judge */
	VERDICT_REMOVED,
	VERDICT_REFUSED,
	VERDICT_WOULD,		/* remove */
};

struct verdicts {
	bool json, dry_run;
	int name_width;		/* the longest name, 0: not aligned */
};

struct verdict_row {
	enum verdict verdict;
	const struct store_file *file;
	const struct view_item *item;	/* NULL: a temporary */
	bool with_beside;		/* tell what goes beside it */
	const char *why[8];		/* up to a NULL */
	const char *error;		/* of what was refused */
};

/* Let the name column be as wide as this one needs. */
void verdict_widen(struct verdicts *, const struct store_file *);

/* STATUS_OK, or STATUS_LOCAL after one error line (none for EPIPE and a caught
 * signal). */
enum status verdict_put(const struct verdicts *, const struct verdict_row *);

#endif
