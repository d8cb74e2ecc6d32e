/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "carrier-sql-lex.h"
#include "carrier-sql-stmt.h"

/*
 * One function a state: it takes bytes up to the next change of state and
 * returns where it stopped.  The long runs (rows, strings, bodies, comments)
 * go by memchr(); text between them byte by byte, with a table for what
 * matters in it.
 */

static const bool special[256] = {
	['\''] = true, ['"'] = true, ['$'] = true, [';'] = true,
	['\\'] = true, ['-'] = true, ['*'] = true,
};

static bool
tag_start(uint8_t b)
{
	return ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_' ||
	    b >= 0x80);
}

static bool
tag_more(uint8_t b)
{
	return (tag_start(b) || (b >= '0' && b <= '9'));
}

static bool
ident(uint8_t b)
{
	return (tag_more(b) || b == '$');
}

void
sql_lex_init(struct sql_lex *lx)
{
	memset(lx, 0, sizeof(*lx));
	lx->prev = lx->prev2 = '\n';
	lx->plain_strings = true;
}

void
sql_lex_odd(struct sql_lex *lx, uint64_t at)
{
	lx->event = SQL_GOT_ODD;
	lx->line_at = at;
}

/* Back to text, as if the bytes before had been these two. */
static void
to_text(struct sql_lex *lx, uint8_t prev)
{
	lx->state = SQL_TEXT;
	lx->prev2 = ' ';
	lx->prev = prev;
}

static void
to(struct sql_lex *lx, enum sql_state state, uint64_t since)
{
	lx->state = state;
	lx->since = since;
}

static void
keep(struct sql_lex *lx, const uint8_t *p, size_t n)
{
	size_t room = 0;

	if (lx->line_len < sizeof(lx->line))
		room = sizeof(lx->line) - lx->line_len;
	memcpy(lx->line + (room > 0 ? lx->line_len : 0), p,
	    n < room ? n : room);
	lx->line_len += n;
}

bool
sql_line_is(const struct sql_lex *lx, const char *text)
{
	return (lx->line_len == strlen(text) &&
	    lx->line_len <= sizeof(lx->line) &&
	    memcmp(lx->line, text, lx->line_len) == 0);
}

static void
begin_line(struct sql_lex *lx, enum sql_state state, uint64_t at, bool first)
{
	to(lx, state, at);
	lx->line_at = at;
	lx->line_len = 0;
	lx->line_first = first;
}

/* One byte of text; whether a statement may go on with it. */
static bool
text_byte(struct sql_lex *lx, uint8_t b, uint64_t at)
{
	switch (b) {
	case '\'':
		lx->escapes = !lx->plain_strings ||
		    ((lx->prev | 0x20) == 'e' && !ident(lx->prev2));
		lx->skip = 0;
		to(lx, SQL_STRING, at);
		break;
	case '"':
		/* A doubled quote is two names in a row for us. */
		to(lx, SQL_NAME, lx->prev == '"' ? lx->since : at);
		break;
	case '$':
		if (ident(lx->prev))
			break;
		lx->tag_len = 0;
		to(lx, SQL_TAG, at);
		break;
	case ';':
		if (sql_stmt_end(lx))
			to(lx, SQL_COPY, at);
		return (false);
	case '\\':
		begin_line(lx, SQL_META, at, lx->prev == '\n');
		if (!lx->line_first)
			sql_lex_odd(lx, at);
		return (false);
	case '-':
		if (lx->prev != '-')
			break;
		sql_stmt_undo(lx);
		begin_line(lx, SQL_COMMENT, at - 1, lx->prev2 == '\n');
		return (false);
	case '*':
		if (lx->prev != '/')
			break;
		sql_stmt_undo(lx);
		lx->depth = 1;
		lx->prev = lx->prev2 = 0;
		to(lx, SQL_BLOCK, at - 1);
		return (false);
	}
	return (true);
}

static const uint8_t *
in_text(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p;
	uint64_t at;

	if ((lx->prev == '\'' || lx->prev == '"') && ident(*p))
		sql_lex_odd(lx, lx->at);
	if (lx->stmt == SQL_ANY_STMT)
		while (q < end && !special[*q])
			q++;
	if (q - p >= 2) {
		lx->prev2 = q[-2];
		lx->prev = q[-1];
	} else if (q > p) {
		lx->prev2 = lx->prev;
		lx->prev = q[-1];
	}
	if (q == end)
		return (q);
	at = lx->at + (uint64_t)(q - p);
	if (text_byte(lx, *q, at))
		sql_stmt_text(lx, *q, at);
	if (lx->state != SQL_BLOCK) {
		lx->prev2 = lx->prev;
		lx->prev = *q;
	}
	return (q + 1);
}

/* A comment or a backslash command. */
static const uint8_t *
in_line(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));

	keep(lx, p, (size_t)((nl != NULL ? nl : end) - p));
	if (nl == NULL)
		return (end);
	if (lx->state == SQL_META)
		lx->event = SQL_GOT_META;
	else if (lx->line_first)
		lx->event = SQL_GOT_COMMENT;
	to_text(lx, '\n');
	return (nl + 1);
}

static const uint8_t *
in_block(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	uint8_t b;

	while (p < end && lx->depth > 0) {
		b = *p++;
		if (b == '/' && lx->prev == '*')
			lx->depth--, b = 0;
		else if (b == '*' && lx->prev == '/')
			lx->depth++, b = 0;
		lx->prev = b;
	}
	if (lx->depth == 0)
		to_text(lx, ' ');
	return (p);
}

/* Bytes that follow b in its character. */
static unsigned
trail(const struct sql_lex *lx, uint8_t b)
{
	if (b < 0x80 || lx->encoding == SQL_ASCII_SAFE)
		return (0);
	if (lx->encoding == SQL_SJIS && b >= 0xa1 && b <= 0xdf)
		return (0);
	if (lx->encoding == SQL_JOHAB && b == 0x8f)
		return (2);
	return (1);
}

static const uint8_t *
in_escapes(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++) {
		if (lx->skip > 0)
			lx->skip--;
		else if (*p >= 0x80)
			lx->skip = trail(lx, *p);
		else if (*p == '\'' || *p == '\\') {
			lx->state = *p == '\'' ? SQL_QUOTE : SQL_ESCAPED;
			return (p + 1);
		}
	}
	return (p);
}

static const uint8_t *
in_string(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q, *stop;

	if (lx->escapes)
		q = in_escapes(lx, p, end);
	else if ((q = memchr(p, '\'', (size_t)(end - p))) == NULL)
		q = end;
	else {
		lx->state = SQL_QUOTE;
		q++;
	}
	stop = lx->state == SQL_STRING ? q : q - 1;
	if (lx->stmt == SQL_SET_STMT)
		sql_stmt_string(lx, p, (size_t)(stop - p));
	return (q);
}

static const uint8_t *
in_escaped(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	(void)end;
	lx->skip = trail(lx, *p);
	lx->state = SQL_STRING;
	return (p + 1);
}

static const uint8_t *
in_quote(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	(void)end;
	if (*p == '\'') {
		lx->state = SQL_STRING;
		return (p + 1);
	}
	to_text(lx, '\'');
	return (p);
}

static const uint8_t *
in_name(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = memchr(p, '"', (size_t)(end - p));

	if (q == NULL)
		return (end);
	to_text(lx, '"');
	return (q + 1);
}

static const uint8_t *
in_tag(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	(void)end;
	if (*p == '$') {
		lx->state = SQL_BODY;
		lx->match = 0;
		return (p + 1);
	}
	if (!(lx->tag_len == 0 ? tag_start(*p) : tag_more(*p))) {
		to_text(lx, '$');
		return (p);
	}
	if (lx->tag_len == SQL_TAG_MAX)
		lx->event = SQL_GOT_LONG;
	else
		lx->tag[lx->tag_len++] = (char)*p;
	return (p + 1);
}

static const uint8_t *
in_body(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		if (lx->match == 0) {
			p = memchr(p, '$', (size_t)(end - p));
			if (p == NULL)
				return (end);
			lx->match = 1;
		} else if (lx->match == lx->tag_len + 1 && *p == '$') {
			to_text(lx, '\'');
			return (p + 1);
		} else if (lx->match <= lx->tag_len &&
		    *p == (uint8_t)lx->tag[lx->match - 1])
			lx->match++;
		else
			lx->match = *p == '$';
		p++;
	}
	return (p);
}

static const uint8_t *
in_copy(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));

	if (nl == NULL)
		return (end);
	begin_line(lx, SQL_ROWS, lx->at + (uint64_t)(nl + 1 - p), true);
	return (nl + 1);
}

static const uint8_t *
in_rows(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *const start = p;
	const uint8_t *nl;

	for (; (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1) {
		/* Nearly all rows are over here. */
		if (lx->line_len == 0 && *p != '\\' && *p != '-')
			continue;
		keep(lx, p, (size_t)(nl - p));
		if (sql_line_is(lx, "\\.")) {
			to_text(lx, '\n');
			return (nl + 1);
		}
		if (lx->columns != 1 && lx->line_len > 2 &&
		    memcmp(lx->line, "--", 2) == 0) {
			lx->line_at = lx->at + (uint64_t)(nl - start) -
			    lx->line_len;
			lx->event = SQL_GOT_ROW;
			return (nl + 1);
		}
		lx->line_len = 0;
	}
	keep(lx, p, (size_t)(end - p));
	return (end);
}

static const uint8_t *(*const steps[SQL_STATES])(struct sql_lex *,
    const uint8_t *, const uint8_t *) = {
	[SQL_TEXT] = in_text, [SQL_COMMENT] = in_line,
	[SQL_BLOCK] = in_block, [SQL_META] = in_line,
	[SQL_STRING] = in_string, [SQL_ESCAPED] = in_escaped,
	[SQL_QUOTE] = in_quote, [SQL_NAME] = in_name, [SQL_TAG] = in_tag,
	[SQL_BODY] = in_body, [SQL_COPY] = in_copy, [SQL_ROWS] = in_rows,
};

enum sql_event
sql_lex(struct sql_lex *lx, const uint8_t **pp, const uint8_t *end)
{
	const uint8_t *p = *pp, *q;

	if (lx->event != SQL_MORE)
		lx->line_len = 0;
	lx->event = SQL_MORE;
	while (p < end && lx->event == SQL_MORE) {
		q = steps[lx->state](lx, p, end);
		lx->at += (uint64_t)(q - p);
		p = q;
	}
	*pp = p;
	return (lx->event);
}
