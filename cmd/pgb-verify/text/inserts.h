/* SPDX-License-Identifier: ISC */
#ifndef INSERTS_H
#define INSERTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/encoding.h"
#include "text/rows.h"

/*
 * The text of pg_dump --inserts, --column-inserts and --rows-per-insert, in an
 * entry of an archive: statements INSERT INTO ...;, each with its line feed,
 * and two line feeds at the end (source: PostgreSQL, pg_dump.c,
 * dumpTableData_insert()).
 * Quotes are balanced, nothing but such statements stands there.  Pieces of any
 * size; the answer does not depend on them.
 */
struct inserts {
	/* Set by inserts_begin(). */
	const struct encoding *encoding;
	bool plain_strings;	/* standard_conforming_strings */

	/* For the caller to read. */
	uint64_t statements;
	uint64_t count;		/* rows: a statement may have several */
	uint64_t bytes;
	uint64_t faults;
	struct rows_fault first;	/* row: the statement */

	/* The module's own. */
	uint64_t at;
	unsigned state;
	size_t matched;		/* of "INSERT INTO " */
	size_t lfs;		/* line feeds that were the last bytes */
	bool in_row;		/* between the parentheses of a row */
	bool has_value;		/* the value here has come */
	bool escapes;		/* a backslash in this string is one */
	uint8_t quote;		/* what ends this string or name */
	size_t values;		/* of this row, in front of this one */
	size_t expect;		/* of each row; 0: not known yet */
	uint64_t rows;		/* of this statement */
	char word[16];		/* keyword, name or number, its beginning */
	char before[16];	/* the one before */
	size_t word_len;
	struct encoding_part part;
};

void inserts_begin(struct inserts *, const struct encoding *,
    bool plain_strings);
void inserts_feed(struct inserts *, const uint8_t *buf, size_t len);
void inserts_end(struct inserts *);

#endif
