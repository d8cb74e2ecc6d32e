/* SPDX-License-Identifier: ISC */
#ifndef ROWS_QUICK_H
#define ROWS_QUICK_H

#include "text/rows.h"

/* Where in a row the bytes so far have led. */
enum rows_state {
	ROWS_START,		/* a field begins */
	ROWS_INSIDE,		/* in a field */
	ROWS_SLASH,		/* behind a backslash in a field */
	ROWS_SLASH_START,	/* behind one that begins a field */
	ROWS_NULL_FIELD,	/* behind \N */
	ROWS_BAD,		/* a row with a fault: on to its line feed */
	ROWS_DOT,		/* behind \. that begins a line */
	ROWS_MARK,		/* behind \. LF: two more LF are to come */
	ROWS_MARK_LF,
	ROWS_MARK_LF_LF
};

/* Control characters that are never written as they are. */
static inline bool
rows_forbidden(uint8_t b)
{
	return (b == '\0' || b == '\b' || b == '\v' || b == '\f' ||
	    b == '\r');
}

/* The quick way through rows of a column or more.  See struct rows, run. */
typedef size_t rows_run(struct rows *, const uint8_t *buf, size_t len);

/* The best one this machine has; NULL: none. */
rows_run *rows_quick(void);

#endif
