/* SPDX-License-Identifier: ISC */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/encoding.h"

/*
 * COPY text, as COPY TO of the server writes it and pg_dump stores it, checked
 * as it goes by in pieces of any size: the answer does not depend on them.
 *
 *	row LF ... [\. LF LF LF]
 *
 * Columns are separated by tabs; a byte that could be taken for something else
 * is escaped: \b \f \n \r \t \v \\, and \N alone is NULL.  Nothing else stands
 * behind a backslash, and of the control characters that have an escape, and
 * NUL, none stands there itself.
 */
struct rows_fault {
	uint64_t row;		/* 1 ...; 0: the end mark */
	size_t column;		/* 1 ...; 0: the row as a whole */
	uint64_t at;		/* bytes of text in front of it */
	char what[160];		/* "2 columns, not 3" */
	const char *restore;	/* what COPY FROM makes of it, static */
};

/* Told the text of the rows, without the end mark, in pieces. */
typedef void (*rows_sink)(void *arg, const uint8_t *buf, size_t len);

struct rows {
	/* Set by rows_begin(). */
	size_t columns;
	const struct encoding *encoding;
	bool marked;
	rows_sink sink;
	void *sink_arg;

	/* For the caller to read. */
	uint64_t count;		/* rows, whole ones */
	uint64_t bytes;		/* of text, without the end mark */
	uint64_t faults;	/* rows with one, and faults of the end */
	struct rows_fault first;	/* where faults > 0 */

	/* The module's own. */
	uint64_t at;		/* bytes fed */
	uint64_t row_at;	/* where this row begins */
	size_t tabs;		/* of this row, so far */
	unsigned state;
	struct encoding_part part;
	bool utf8;
	/* The quick way: takes what it finds sound of the first bytes of
	 * buf, and returns how many; NULL: there is none. */
	size_t (*run)(struct rows *, const uint8_t *buf, size_t len);
};

/*
 * rows_begin(r, columns, e, marked, sink, arg):
 * columns	of each row; 0: rows are empty lines
 * e		NULL: not known, bytes from 0x80 on are not looked at
 * marked	the end mark \. LF LF LF is part of the text (an archive's);
 *		else it must not come (the caller has cut it off)
 * sink		NULL: nobody
 */
void rows_begin(struct rows *r, size_t columns, const struct encoding *e,
    bool marked, rows_sink sink, void *arg);

/* The next bytes.  After a fault it goes on with the next row. */
void rows_feed(struct rows *r, const uint8_t *buf, size_t len);

/* No more bytes: is the last row whole, is the end mark there? */
void rows_end(struct rows *r);

#endif
