/* SPDX-License-Identifier: ISC */
#ifndef BLAME_H
#define BLAME_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/*
 * Whose fault an error of the server, of libpq or of pg_dump is, and whether a
 * retry can help.  Pure text work: no I/O, nothing printed.
 */
struct blame {
	enum status status;	/* STATUS_OK: nothing known */
	const char *hint;	/* the remedy, NULL: none; never freed */
};

/*
 * blame_sqlstate(code):
 * From the server's five characters; always a status that is not STATUS_OK.
 * Source: PostgreSQL, appendix A.
 */
struct blame blame_sqlstate(const char *code);

/*
 * blame_text(text):
 * From the words of a message, where there is no code: STATUS_OK when they say
 * nothing known.  The words are English: libpq's because the program never
 * calls setlocale(), pg_dump's because it runs under LC_ALL=C.  A server may
 * speak another language and not let us choose: then nothing is known.
 */
struct blame blame_text(const char *text);

/*
 * blame_server(code, text, function):
 * From all that the server says: a code may stand for several things, which the
 * words tell apart where they are English, and otherwise the function of the
 * server that has said it ("": not known).
 */
struct blame blame_server(const char *code, const char *text,
    const char *function);

/*
 * blame_connect(text, out, outlen):
 * From what libpq says about a failed connection with PQERRORS_VERBOSE.  out
 * gets one line for the user: a sentence a host that was tried, joined by
 * "; ", without codes, locations and advice.
 */
struct blame blame_connect(const char *text, char *out, size_t outlen);

/* Whether the server speaks in that text, in whatever language. */
bool blame_coded(const char *text);

#endif
