/* SPDX-License-Identifier: ISC */
#ifndef NAME_H
#define NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Identifiers in SQL as PostgreSQL writes them: bare where it is lower-case
 * ASCII letters, digits and underscores, else in double quotes, those inside
 * doubled.  No encoding has a double quote as a later byte of a character.
 */
struct name {
	const char *s;		/* as written, borrowed */
	size_t len;
};

/* One identifier at p: the byte behind it; NULL where none is. */
const char *name_scan(const char *p, struct name *);

/* SCHEMA.NAME or NAME: the same; *schema is empty (len 0) where there is
 * none. */
const char *name_scan_qualified(const char *p, struct name *schema,
    struct name *);

/* Where s begins with the identifier's own bytes: what is behind them; else
 * NULL. */
const char *name_in(const struct name *, const char *s);

/* Whether s is, or ends with, the identifier. */
bool name_is(const struct name *, const char *s);
bool name_ends(const struct name *, const char *s);

#endif
