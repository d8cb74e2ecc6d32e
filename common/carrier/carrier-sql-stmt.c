/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "carrier/carrier-sql-stmt.h"

static const char from_stdin[] = " FROM stdin";
static const char with_oids[] = " WITH OIDS";
static const char copy[] = "COPY ";

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

const char *
sql_stmt_encoding(const struct sql_lex *lx, size_t *len)
{
	static const char set[] = "SET client_encoding = '";
	const size_t n = sizeof(set) - 1;
	const char *end;

	if (lx->head_len < n || memcmp(lx->head, set, n) != 0)
		return (NULL);
	end = memchr(lx->head + n, '\'', lx->head_len - n);
	if (end == NULL || end != lx->head + lx->head_len - 1)
		return (NULL);
	*len = (size_t)(end - lx->head) - n;
	return (lx->head + n);
}

/*
 * The two settings that change how the rest is read.  In these encodings the
 * second byte of a character may be a backslash.
 */
static void
apply_set(struct sql_lex *lx)
{
	static const struct {
		const char *name;
		int encoding;
	} list[] = {
		{ "BIG5", SQL_TWO }, { "GBK", SQL_TWO }, { "UHC", SQL_TWO },
		{ "GB18030", SQL_TWO }, { "SJIS", SQL_SJIS },
		{ "SHIFT_JIS_2004", SQL_SJIS }, { "JOHAB", SQL_JOHAB },
	};
	const char *name;
	size_t i, len;

	if (head_is(lx, "SET standard_conforming_strings = on"))
		lx->plain_strings = true;
	else if (head_is(lx, "SET standard_conforming_strings = off"))
		lx->plain_strings = false;
	if ((name = sql_stmt_encoding(lx, &len)) == NULL)
		return;
	lx->encoding = SQL_ASCII_SAFE;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (len == strlen(list[i].name) &&
		    memcmp(name, list[i].name, len) == 0)
			lx->encoding = (unsigned)list[i].encoding;
}

void
sql_stmt_head(struct sql_lex *lx, const uint8_t *p, size_t n)
{
	const size_t room = SQL_HEAD_MAX - lx->head_len;

	if (n > room)
		n = room;
	memcpy(lx->head + lx->head_len, p, n);
	lx->head_len += n;
	lx->head[lx->head_len] = '\0';
}

static void
begin_copy(struct sql_lex *lx)
{
	lx->stmt = SQL_COPY_STMT;
	lx->columns = 0;
	lx->table_over = false;
	lx->table_len = 0;
	lx->table[0] = '\0';
	lx->from_stdin = 0;
	lx->with_oids = 0;
}

static void
add_table(struct sql_lex *lx, const uint8_t *p, size_t n)
{
	const size_t room = SQL_TABLE_MAX - lx->table_len;

	if (n > room)
		n = room;
	memcpy(lx->table + lx->table_len, p, n);
	lx->table_len += n;
	lx->table[lx->table_len] = '\0';
}

/* How much of word was seen with byte b behind seen bytes of it. */
static size_t
match(const char *word, size_t seen, uint8_t b)
{
	if (word[seen] == '\0')
		return (seen);
	return (b == (uint8_t)word[seen] ? seen + 1 : b == ' ');
}

static void
copy_text(struct sql_lex *lx, uint8_t b)
{
	if (b == '(' || (space(b) && lx->table_len > 0))
		lx->table_over = true;
	else if (!lx->table_over && !space(b))
		add_table(lx, &b, 1);
	if (from_stdin[lx->from_stdin] == '\0')
		return;
	if (b == ',' || (b == '(' && lx->columns == 0))
		lx->columns++;
	lx->from_stdin = match(from_stdin, lx->from_stdin, b);
	lx->with_oids = match(with_oids, lx->with_oids, b);
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
		lx->stmt = b == (uint8_t)copy[0] ? SQL_HEAD_STMT :
		    SQL_ANY_STMT;
		lx->stmt_at = at;
		lx->head_len = 0;
		if (!may_begin(b))
			sql_lex_odd(lx, at);
		break;
	case SQL_HEAD_STMT:
		if (lx->head_len >= sizeof(copy) - 1 ||
		    b != (uint8_t)copy[lx->head_len])
			lx->stmt = SQL_ANY_STMT;
		else if (copy[lx->head_len + 1] == '\0')
			begin_copy(lx);
		break;
	case SQL_COPY_STMT:
		copy_text(lx, b);
		break;
	case SQL_ANY_STMT:
		break;
	}
}

void
sql_stmt_name(struct sql_lex *lx, const uint8_t *p, size_t n)
{
	if (lx->stmt == SQL_COPY_STMT && !lx->table_over)
		add_table(lx, p, n);
}

bool
sql_stmt_end(struct sql_lex *lx)
{
	bool data = lx->stmt == SQL_COPY_STMT &&
	    from_stdin[lx->from_stdin] == '\0';

	if (data && with_oids[lx->with_oids] == '\0')
		lx->columns++;
	if (lx->stmt == SQL_ANY_STMT && lx->head[0] == 'S')
		apply_set(lx);
	lx->stmt = SQL_NO_STMT;
	return (data);
}

void
sql_stmt_undo(struct sql_lex *lx, uint64_t at)
{
	if (lx->stmt != SQL_NO_STMT && lx->stmt_at == at)
		lx->stmt = SQL_NO_STMT;
}

/* An argument of a command: up to a blank, names in quotes taken as one.  Its
 * length; out has room for whatever may stand there. */
static size_t
argument(const char **pp, const char *end, char *out)
{
	const char *p = *pp;
	bool quoted = false;
	size_t n = 0;

	while (p < end && *p == ' ')
		p++;
	for (; p < end && (quoted || *p != ' '); p++) {
		if (*p != '"')
			out[n++] = *p;
		else if (quoted && end - p > 1 && p[1] == '"')
			out[n++] = *p++;
		else
			quoted = !quoted;
	}
	out[n] = '\0';
	*pp = p;
	return (n);
}

/* The value that begins a connection string, in place. */
static void
value(char *text)
{
	const char *p = text;
	char *out = text, end = ' ';

	if (*p == '\'')
		end = *p++;
	for (; *p != '\0' && *p != end; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		*out++ = *p;
	}
	*out = '\0';
}

/*
 * \connect NAME, or -reuse-previous=on and a connection string, which stands
 * there for names that are not plain.  "-" is the database as it was.
 */
bool
sql_meta_connect(const struct sql_lex *lx, char *name)
{
	static const char command[] = "connect ", key[] = "dbname=";
	const char *p = lx->line + sizeof(command) - 1;
	const char *end = lx->line + lx->line_len;
	size_t n;

	if (lx->line_len > sizeof(lx->line) || lx->line_len < sizeof(command) ||
	    memcmp(lx->line, command, sizeof(command) - 1) != 0)
		return (false);
	n = argument(&p, end, name);
	if (n > 1 && name[0] == '-')
		n = argument(&p, end, name);
	if (n == 0 || strcmp(name, "-") == 0)
		return (false);
	if (strchr(name, '=') == NULL)
		return (true);
	if (strncmp(name, key, sizeof(key) - 1) != 0)
		return (false);
	memmove(name, name + sizeof(key) - 1, n - (sizeof(key) - 1) + 1);
	value(name);
	return (true);
}
