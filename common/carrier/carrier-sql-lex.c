/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "carrier/carrier-sql-lex.h"
#include "carrier/carrier-sql-stmt.h"

/*
 * One function a state: it takes bytes up to the next change of state and
 * returns where it stopped.  Strings, bodies and comments go by memchr(), text
 * between them byte by byte, with a table for what matters in it.
 *
 * Rows are nearly all of a dump, and only two kinds of them matter: the line
 * "\.", and one that looks like the first comment of another dump.  So rows go
 * a block at a time, up to a line feed behind which one of these may begin.
 * Its first bytes are then read one by one (SQL_ROW), as long as it may be one.
 */

/* How a dump's first comment begins, as a row. */
static const char dump[] = "-- PostgreSQL ";

/* A plain loop over bytes is many times slower with some compilers. */
typedef uint8_t vec __attribute__((vector_size(16)));
#define BLOCK	64

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
		if (lx->stmt != SQL_NO_STMT)
			lx->event = SQL_GOT_STMT;
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
		sql_stmt_undo(lx, at - 1);
		begin_line(lx, SQL_COMMENT, at - 1, lx->prev2 == '\n');
		return (false);
	case '*':
		if (lx->prev != '/')
			break;
		sql_stmt_undo(lx, at - 1);
		lx->depth = 1;
		lx->prev = lx->prev2 = 0;
		to(lx, SQL_BLOCK, at - 1);
		return (false);
	}
	return (true);
}

static void
head(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	if (lx->head_len < SQL_HEAD_MAX)
		sql_stmt_head(lx, p, (size_t)(end - p));
}

static const uint8_t *
in_text(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p;
	uint64_t at;

	if ((lx->prev == '\'' || lx->prev == '"') && ident(*p)) {
		sql_lex_odd(lx, lx->at);
		return (p + 1);
	}
	if (lx->stmt == SQL_ANY_STMT) {
		while (q < end && !special[*q])
			q++;
		head(lx, p, q);
	} else if (lx->stmt == SQL_NO_STMT)
		while (q < end && *q == '\n')
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
	if (lx->stmt != SQL_NO_STMT)
		head(lx, q, q + 1);
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
	const uint8_t *q;

	if (lx->escapes)
		return (in_escapes(lx, p, end));
	for (; (q = memchr(p, '\'', (size_t)(end - p))) != NULL; p = q + 2) {
		if (end - q > 1 && q[1] == '\'')
			continue;
		if (end - q > 1)
			to_text(lx, '\'');
		else
			lx->state = SQL_QUOTE;
		return (q + 1);
	}
	return (end);
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

	sql_stmt_name(lx, p, (size_t)((q != NULL ? q + 1 : end) - p));
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
	begin_line(lx, SQL_ROW, lx->at + (uint64_t)(nl + 1 - p), true);
	lx->event = SQL_GOT_COPY;
	return (nl + 1);
}

/* Whether what has come of a row may be the beginning of one that matters. */
static bool
row_matters(const struct sql_lex *lx)
{
	size_t n = lx->line_len;

	if (lx->line[0] == '\\')
		return (n <= 2 && memcmp(lx->line, "\\.", n) == 0);
	return (lx->columns != 1 && memcmp(lx->line, dump,
	    n < sizeof(dump) - 1 ? n : sizeof(dump) - 1) == 0);
}

/* The line feed of such a row. */
static void
row_end(struct sql_lex *lx)
{
	if (sql_line_is(lx, "\\.")) {
		to_text(lx, '\n');
		lx->event = SQL_GOT_END;
	} else if (lx->line_len >= sizeof(dump) - 1)
		lx->event = SQL_GOT_ROW;
	else
		lx->line_len = 0;
}

static const uint8_t *
in_row(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *const start = p;

	for (; p < end; p++) {
		if (lx->line_len == 0)
			lx->line_at = lx->at + (uint64_t)(p - start);
		if (*p == '\n') {
			row_end(lx);
			if (lx->event != SQL_MORE)
				return (p + 1);
			continue;
		}
		keep(lx, p, 1);
		if (!row_matters(lx)) {
			lx->line_len = 0;
			lx->state = SQL_ROWS;
			return (p + 1);
		}
	}
	return (p);
}

/*
 * Whole blocks in which no line feed stands before a row that may matter.  A
 * block's last line feed needs the two bytes behind the block.
 */
static const uint8_t *
skip_blocks(const uint8_t *p, const uint8_t *end)
{
	vec at, next, third, hit;
	uint64_t half[2];
	size_t i;

	for (; end - p >= BLOCK + 2; p += BLOCK) {
		memset(&hit, 0, sizeof(hit));
		for (i = 0; i < BLOCK; i += sizeof(vec)) {
			memcpy(&at, p + i, sizeof(vec));
			memcpy(&next, p + i + 1, sizeof(vec));
			memcpy(&third, p + i + 2, sizeof(vec));
			hit |= (vec)((at == '\n') &
			    (((next == '\\') & (third == '.')) |
			    ((next == '-') & (third == '-'))));
		}
		memcpy(half, &hit, sizeof(half));
		if ((half[0] | half[1]) != 0)
			break;
	}
	return (p);
}

/* The first row behind a line feed that may matter, by the bytes that are
 * there; NULL where there is none. */
static const uint8_t *
find_row(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *nl, *stop;

	for (; p < end; p = stop) {
		p = skip_blocks(p, end);
		stop = end - p > BLOCK ? p + BLOCK : end;
		while ((nl = memchr(p, '\n', (size_t)(stop - p))) != NULL) {
			p = nl + 1;
			if (end - p < 4 || memcmp(p, dump, 4) == 0 ||
			    memcmp(p, "\\.", 2) == 0)
				return (p);
		}
	}
	return (NULL);
}

static const uint8_t *
in_rows(struct sql_lex *lx, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *row = find_row(p, end);

	if (row == NULL)
		return (end);
	lx->state = SQL_ROW;
	return (row);
}

static const uint8_t *(*const steps[SQL_STATES])(struct sql_lex *,
    const uint8_t *, const uint8_t *) = {
	[SQL_TEXT] = in_text, [SQL_COMMENT] = in_line,
	[SQL_BLOCK] = in_block, [SQL_META] = in_line,
	[SQL_STRING] = in_string, [SQL_ESCAPED] = in_escaped,
	[SQL_QUOTE] = in_quote, [SQL_NAME] = in_name, [SQL_TAG] = in_tag,
	[SQL_BODY] = in_body, [SQL_COPY] = in_copy, [SQL_ROWS] = in_rows,
	[SQL_ROW] = in_row,
};

size_t
sql_lex_held(const struct sql_lex *lx)
{
	return (lx->state == SQL_ROW && lx->line_len > 0 &&
	    lx->line[0] == '\\' ? lx->line_len : 0);
}

enum sql_event
sql_lex(struct sql_lex *lx, const uint8_t **pp, const uint8_t *end)
{
	const uint8_t *p = *pp, *q;
	bool quoted;

	if (lx->event != SQL_MORE)
		lx->line_len = 0;
	lx->event = SQL_MORE;
	while (p < end && lx->event == SQL_MORE) {
		quoted = lx->state != SQL_TEXT && lx->stmt != SQL_NO_STMT;
		q = steps[lx->state](lx, p, end);
		if (quoted)
			head(lx, p, q);
		lx->at += (uint64_t)(q - p);
		p = q;
	}
	*pp = p;
	return (lx->event);
}
