/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_SQL_LEX_H
#define CARRIER_SQL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SQL text as psql reads it, a push at a time: what is a comment or a
 * backslash command of its own, and what only looks like one inside quotes,
 * dollar quotes or COPY data.  Memory is bounded by this struct.
 *
 * Source: PostgreSQL, src/fe_utils/psqlscan.l; src/bin/pg_dump/dumputils.c and
 * src/fe_utils/string_utils.c for what is written.
 */

/* pg_dump makes a tag longer than what the body holds of it already. */
#define SQL_TAG_MAX	1024

/* Comments and commands; a restrict key is 63 bytes unless the user chose. */
#define SQL_LINE_MAX	640

#define SQL_HEAD_MAX	63	/* what is kept of a statement's text */
#define SQL_TABLE_MAX	600	/* and of the name behind COPY */

enum sql_state {
	SQL_TEXT,		/* between the others */
	SQL_COMMENT,		/* -- to the end of the line */
	SQL_BLOCK,		/* these, which nest */
	SQL_META,		/* backslash command, to the end of the line */
	SQL_STRING,		/* '...' */
	SQL_ESCAPED,		/* behind a backslash in it */
	SQL_QUOTE,		/* behind a quote in it: doubled, or the end */
	SQL_NAME,		/* "..." */
	SQL_TAG,		/* $, perhaps a dollar quote's tag */
	SQL_BODY,		/* $tag$... */
	SQL_COPY,		/* rest of a line behind COPY ... FROM stdin; */
	SQL_ROWS,		/* COPY data */
	SQL_ROW,		/* the same, in the first bytes of a row that
				 * may be the end mark or another dump */
	SQL_STATES
};

enum sql_event {
	SQL_MORE,		/* all bytes were taken */
	SQL_GOT_COMMENT,	/* a comment that began its line: line is what
				 * stands behind the "--" */
	SQL_GOT_META,		/* a backslash command: line is what stands
				 * behind the backslash */
	SQL_GOT_STMT,		/* a statement's semicolon: head, stmt_at; of
				 * COPY table and columns, too */
	SQL_GOT_COPY,		/* COPY data begin with the next byte */
	SQL_GOT_ROW,		/* a COPY row that begins with "-- PostgreSQL ",
				 * in a table that has not one column: line */
	SQL_GOT_END,		/* the line "\." of COPY data, at line_at */
	SQL_GOT_LONG,		/* a dollar quote's tag is too long for us */
	SQL_GOT_ODD,		/* at line_at is what pg_dump never writes:
				 * quotes were counted wrong from some loss
				 * on */
};

struct sql_lex {
	enum sql_state state;
	enum sql_event event;
	uint64_t at;		/* offset of the next byte */
	uint64_t since;		/* offset where the state's object begins */

	/* The last event's line; cut at SQL_LINE_MAX, line_len is not. */
	uint64_t line_at;
	size_t line_len;
	bool line_first;	/* it stands at the beginning of a line */
	char line[SQL_LINE_MAX];

	/* The statement that is open, or was the last. */
	enum {
		SQL_NO_STMT, SQL_HEAD_STMT, SQL_COPY_STMT, SQL_ANY_STMT
	} stmt;
	uint64_t stmt_at;
	size_t head_len;	/* its first bytes, quotes and all */
	char head[SQL_HEAD_MAX + 1];

	/* COPY: its table, and the columns it names, WITH OIDS one more. */
	size_t columns;
	bool table_over;
	size_t table_len;
	char table[SQL_TABLE_MAX + 1];
	size_t from_stdin;	/* bytes of " FROM stdin" seen; all: sticks */
	size_t with_oids;	/* and of " WITH OIDS" */

	uint8_t prev, prev2;	/* the two bytes before this one, in text */
	bool plain_strings;	/* standard_conforming_strings */
	enum { SQL_ASCII_SAFE, SQL_TWO, SQL_SJIS, SQL_JOHAB } encoding;
	bool escapes;		/* this string has backslash escapes */
	unsigned skip;		/* bytes left of a multibyte character */
	unsigned depth;		/* of block comments */
	size_t tag_len;
	size_t match;		/* bytes of $tag$ matched in the body */
	char tag[SQL_TAG_MAX];
};

void sql_lex_init(struct sql_lex *);

/*
 * sql_lex(lx, p, end):
 * Read from *p to end, or to the first event, behind which *p is left then.
 */
enum sql_event sql_lex(struct sql_lex *, const uint8_t **p,
    const uint8_t *end);

/* Whether the last event's line is text, whole. */
bool sql_line_is(const struct sql_lex *, const char *text);

/* Of the bytes read so far, how many at their end may be the beginning of the
 * line "\."; outside COPY data, none. */
size_t sql_lex_held(const struct sql_lex *);

#endif
