/* SPDX-License-Identifier: ISC */
#ifndef DRIFT_IMPL_H
#define DRIFT_IMPL_H

#include "report/drift.h"

/* What drift.c, drift-say.c and drift-line.c share. */

/* A table, all tables, or the large objects, in one dump. */
struct drift_side {
	bool there, counted;
	uint64_t rows, bytes;
	const uint8_t *hash;
};

struct drift_change {
	const char *database, *schema, *name;	/* "": none */
	struct drift_side before, now;
	bool spared;			/* by an exception */
	bool beyond;			/* more than is allowed */
};

struct drift_added {
	struct drift_table t;
	char *own[3];			/* names that were not UTF-8 */
};

struct drift {
	const struct drift_opts *opts;
	const struct earlier *earlier;
	struct drift_added *added;
	size_t count, room;

	/* Of drift_end(). */
	const struct drift_totals *totals;
	void (*emit)(void *, const char *);
	void *arg;
	struct drift_change *changes;
	size_t change_count;
	struct drift_change all, objects;
	bool emptied;			/* every table that had rows */
	bool same;			/* to the byte */
	bool schema_changed;
	size_t contents;		/* tables of other contents alone */
	int64_t beyond;
};

/* Whether rows can be held against each other. */
bool drift_counted(const struct drift_change *);

/* Emit all lines; puts the changes into their order. */
void drift_say(struct drift *);

/* --- lines ---------- */

#define DRIFT_WIDTH	68		/* columns */
#define DRIFT_LINE	512		/* bytes: room for them in UTF-8 */

/* text as it prints; its middle is left out where it is wider than columns,
 * 4 at least. */
void drift_cut(char out[DRIFT_LINE], const char *text, size_t columns);

/* "1.2 GiB": 7 characters up to 999 PiB. */
void drift_size(char out[16], uint64_t bytes);

/* The line above changes, and that of one. */
void drift_head(char out[DRIFT_LINE], const char *title);
void drift_line(char out[DRIFT_LINE], const struct drift_change *);

#endif
