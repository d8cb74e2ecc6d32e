/* SPDX-License-Identifier: ISC */
#ifndef DRIFT_H
#define DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/earlier.h"
#include "status.h"

/*
 * What has changed since an earlier report, and whether that is too much to be
 * right: a table gone, rows or bytes shrunk beyond the limit, a dump that is
 * the same to the byte (a server that has stopped replaying, an old file), or
 * next to nothing.  Prints nothing by itself.
 */
struct drift_table {
	const char *database, *schema, *name;	/* as earlier_table, but in the
						 * dump's bytes; borrowed until
						 * drift_end() */
	bool counted;
	uint64_t rows, bytes;
	const uint8_t *hash;	/* 64 bytes, borrowed as well; NULL: none */
};

struct drift_opts {
	double max_shrink;	/* share that may be gone: 0.2 */
	bool allow_same;
	char *const *except;	/* except_count patterns (fnmatch) of
				 * SCHEMA.NAME or NAME that may shrink and go;
				 * no total counts them */
	size_t except_count;
};

struct drift;

/* opts and earlier are borrowed; NULL without memory. */
struct drift *drift_new(const struct drift_opts *, const struct earlier *);
void drift_free(struct drift *);

/* A table of this dump, or a part of it: those of one name are added up, and
 * have no hash.  0, or -1 without memory. */
int drift_add(struct drift *, const struct drift_table *);

struct drift_totals {
	bool has_objects;	/* large objects were counted */
	uint64_t large_objects, large_object_bytes;
	const uint8_t *schema_hash;	/* NULL: none */
	const char *database;		/* NULL or "": not known */
};

/*
 * drift_end(d, totals, emit, arg):
 * Compare.  emit is given lines of at most 68 columns, so that a terminal of 80
 * has room for a program's name in front: which dumps these are; what has
 * changed beyond the limits; what else has (rows, bytes, share); what was
 * counted.  Of both parts the greatest changes come first, DRIFT_BEYOND and
 * DRIFT_OTHERS lines of tables at most, and "and N more".  Bytes of names that
 * do not print come out as \xNN.
 *
 * Returns how many changes are beyond the limits; 0: all well; -1 without
 * memory (errno ENOMEM), after which lines may have been emitted or not.  Call
 * it once.
 */
#define DRIFT_BEYOND	200
#define DRIFT_OTHERS	20

int64_t drift_end(struct drift *, const struct drift_totals *,
    void (*emit)(void *arg, const char *line), void *arg);

/* After that: the one thing beyond the limits is that nothing has changed. */
bool drift_is_same(const struct drift *);

#endif
