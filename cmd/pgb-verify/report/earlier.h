/* SPDX-License-Identifier: ISC */
#ifndef EARLIER_H
#define EARLIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/*
 * A report of pgb-verify, read back (pgb-report(5)).  Names are as the report
 * has them: UTF-8, with \xNN where the dump's were none (earlier_name()).
 */
struct earlier_table {
	const char *database;	/* "" but in reports of cluster dumps */
	const char *schema;	/* "" where it has none */
	const char *name;
	bool counted;		/* rows is known */
	uint64_t rows;
	uint64_t bytes;
	bool hashed;
	uint8_t hash[64];
};

struct earlier {
	char *path;
	char *text;		/* the file, for its signature */
	size_t text_len;

	bool has_stream;
	uint64_t stream_bytes;
	uint8_t stream_hash[64];
	bool has_schema;
	uint8_t schema_hash[64];
	const char *database;	/* "" where not known */
	const char *made;	/* when the dump was: as the report has it, or
				 * when it was checked */
	uint64_t rows, bytes;	/* totals; of the tables, where they are told */
	bool has_objects;	/* large objects were counted */
	uint64_t large_objects, large_object_bytes;

	struct earlier_table *tables;	/* sorted by database, schema, name */
	size_t table_count;
	void *json;		/* owns the strings */
};

/* Whether a file begins as a report does, not as b2sum lines; false for pipes,
 * which are left alone.  Prints nothing. */
bool earlier_is_report(const char *path);

/*
 * earlier_load(path, trust, arg, status):
 * trust	is shown path and text, before anything in it is read: not
 *		STATUS_OK, after its own error line, ends it.  NULL: it is
 *		trusted
 *
 * NULL after one error line: STATUS_USAGE where there is no file, no report,
 * another program's, one of a format newer than we know, or values that cannot
 * be (the line names the member); STATUS_LOCAL.
 */
struct earlier *earlier_load(const char *path,
    enum status (*trust)(void *arg, const struct earlier *), void *arg,
    enum status *status);
void earlier_free(struct earlier *);

const struct earlier_table *earlier_find(const struct earlier *,
    const char *database, const char *schema, const char *name);

/*
 * earlier_name(name, own):
 * A name as reports have it: name itself, *own NULL; or, where it is not UTF-8,
 * with \xNN for all that is not ASCII: *own, freed by the caller.  NULL without
 * memory.
 */
const char *earlier_name(const char *name, char **own);

#endif
