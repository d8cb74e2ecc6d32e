/* SPDX-License-Identifier: ISC */
#ifndef FINDING_H
#define FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the checks find.  An error ends the run with status 1; a note does not,
 * but for --strict.  Each is one line, printed when it is found, in the order
 * of the stream:
 *
 *	pgb-verify: error: stdin: byte 812: entry 17 (TABLE DATA public.t): row
 *	    3: 2 columns, not 3: pg_restore stops here
 *
 * Only the main thread calls these functions.
 */
struct findings;

enum finding_kind { FIND_ERROR, FIND_NOTE };

/* Where something is: what is not known is 0 or NULL. */
struct place {
	bool has_at;
	uint64_t at;		/* byte offset of the archive */
	int32_t entry;		/* dump ID */
	const char *name;	/* "TABLE DATA public.t" */
	uint32_t loid;		/* large object */
	uint64_t row;		/* 1 ... */
};

struct finding_opts {
	bool strict;		/* notes are errors */
	bool all;		/* go on behind an error */
	size_t most;		/* lines printed; the rest is counted */

	/* What the stream is wrapped in ("zstd"): offsets are those within.
	 * NULL, also as answer: in nothing. */
	const char *(*wrapper)(void *arg);
	void *wrapper_arg;
};

/* opts is copied; NULL without memory. */
struct findings *findings_new(const struct finding_opts *opts);
void findings_free(struct findings *);

/*
 * finding(f, kind, place, restore, fmt, ...):
 * restore	what a restore would make of it, as part of a sentence; NULL:
 *		nothing to say
 * fmt		what is wrong, as part of a sentence
 */
void finding(struct findings *f, enum finding_kind kind,
    const struct place *place, const char *restore, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Whether the run is to end here: an error, and opts.all was not set. */
bool findings_stop(const struct findings *);

uint64_t findings_errors(const struct findings *);
uint64_t findings_notes(const struct findings *);

/* At the end: "and 12 more", where lines were not printed. */
void findings_rest(const struct findings *);

#endif
