/* SPDX-License-Identifier: ISC */
#ifndef LEX_H
#define LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "text/encoding.h"

/*
 * SQL as PostgreSQL itself writes it, looked through for what it never writes:
 * quotes, comments and parentheses that do not end, bytes outside quotes that
 * no such text has, words of mixed case there, an end that is not that of a
 * statement.
 */
struct lex_opts {
	const struct encoding *encoding;	/* NULL: not known */
	bool escapes;		/* a backslash in a plain string is one */
	bool cut;		/* only the beginning is there */
};

/* NULL, or what is wrong, as part of a sentence; static. */
const char *lex_check(const char *sql, size_t len, const struct lex_opts *);

/* Behind the word, string, quoted name, number, mark or blank at p; NULL where
 * it is none. */
const char *lex_next(const char *p, const char *end, const struct lex_opts *);

#endif
