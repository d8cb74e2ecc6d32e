/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "carrier-sql-stmt.h"

static const char from_stdin[] = " FROM stdin";
#define FROM_STDIN_LEN	(sizeof(from_stdin) - 1)
#define HEAD_ENOUGH	5	/* "COPY ", "SET s", "SET c" */

static bool
space(uint8_t b)
{
	return (b == ' ' || (b >= '\t' && b <= '\r'));
}

static bool
head_is(const struct sql_lex *lx, const char *text)
{
	return (lx->head_len == strlen(text) &&
	    memcmp(lx->head, text, lx->head_len) == 0);
}

/*
 * The two settings that change how the rest is read.  In these encodings the
 * second byte of a character may be a backslash.
 */
static void
apply_set(struct sql_lex *lx)
{
	static const char client[] = "SET client_encoding = '";
	static const struct {
		const char *name;
		int encoding;
	} list[] = {
		{ "BIG5", SQL_TWO }, { "GBK", SQL_TWO }, { "UHC", SQL_TWO },
		{ "GB18030", SQL_TWO }, { "SJIS", SQL_SJIS },
		{ "SHIFT_JIS_2004", SQL_SJIS }, { "JOHAB", SQL_JOHAB },
	};
	const size_t n = sizeof(client) - 1;
	size_t i;

	if (head_is(lx, "SET standard_conforming_strings = on"))
		lx->plain_strings = true;
	else if (head_is(lx, "SET standard_conforming_strings = off"))
		lx->plain_strings = false;
	if (lx->head_len < n || memcmp(lx->head, client, n) != 0)
		return;
	lx->encoding = SQL_ASCII_SAFE;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (lx->head_len - n == strlen(list[i].name) &&
		    memcmp(lx->head + n, list[i].name, lx->head_len - n) == 0)
			lx->encoding = (unsigned)list[i].encoding;
}

static void
note_head(struct sql_lex *lx, uint8_t b)
{
	if (lx->head_len < sizeof(lx->head))
		lx->head[lx->head_len++] = (char)b;
	else
		lx->stmt = SQL_ANY_STMT;
	if (lx->stmt != SQL_HEAD_STMT || lx->head_len < HEAD_ENOUGH)
		return;
	if (head_is(lx, "COPY ")) {
		lx->stmt = SQL_COPY_STMT;
		lx->from_stdin = 0;
		lx->columns = 0;
	} else if (head_is(lx, "SET s") || head_is(lx, "SET c"))
		lx->stmt = SQL_SET_STMT;
	else
		lx->stmt = SQL_ANY_STMT;
}

/* A statement, or the comment for which we take it at first. */
static bool
may_begin(uint8_t b)
{
	return (((b | 0x20) >= 'a' && (b | 0x20) <= 'z') || b == '(' ||
	    b == ')' || b == '-' || b == '/');
}

void
sql_stmt_text(struct sql_lex *lx, uint8_t b, uint64_t at)
{
	switch (lx->stmt) {
	case SQL_NO_STMT:
		if (space(b))
			return;
		lx->stmt = SQL_HEAD_STMT;
		lx->stmt_at = at;
		lx->head_len = 0;
		if (!may_begin(b))
			sql_lex_odd(lx, at);
		/* FALLTHROUGH */
	case SQL_HEAD_STMT:
	case SQL_SET_STMT:
		note_head(lx, b);
		break;
	case SQL_COPY_STMT:
		if (b == ',' || (b == '(' && lx->columns == 0))
			lx->columns++;
		if (lx->from_stdin == FROM_STDIN_LEN)
			break;
		if (b == (uint8_t)from_stdin[lx->from_stdin])
			lx->from_stdin++;
		else
			lx->from_stdin = b == ' ';
		break;
	case SQL_ANY_STMT:
		break;
	}
}

bool
sql_stmt_end(struct sql_lex *lx)
{
	bool copy = lx->stmt == SQL_COPY_STMT &&
	    lx->from_stdin == FROM_STDIN_LEN;

	if (lx->stmt == SQL_SET_STMT)
		apply_set(lx);
	lx->stmt = SQL_NO_STMT;
	return (copy);
}

void
sql_stmt_undo(struct sql_lex *lx)
{
	if (lx->stmt == SQL_HEAD_STMT && lx->head_len == 1)
		lx->stmt = SQL_NO_STMT;
}

void
sql_stmt_string(struct sql_lex *lx, const uint8_t *p, size_t n)
{
	for (; n > 0; n--)
		note_head(lx, *p++);
}
