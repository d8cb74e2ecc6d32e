/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/inserts.h"

/*
 * An automaton that takes a byte at a time and knows the few forms that pg_dump
 * writes, not SQL:
 *
 *	INSERT INTO name [(name, ...)] [OVERRIDING SYSTEM VALUE]
 *	    VALUES (value, ...)[, (value, ...) ...] | DEFAULT VALUES
 *	    [ON CONFLICT DO NOTHING];
 *
 * A value is a string, a bit string, a number, or one of a few words; what is
 * a name stands in double quotes unless it is of small letters, digits and
 * underscores.  So capital letters are keywords, and there are no comments.
 * Where a statement has a fault, the next one begins with a line that begins
 * like one.
 */

enum state {
	START,		/* a statement begins, or the end */
	END_LF,		/* a line feed of the end */
	END,
	BAD,		/* a statement with a fault: on to the next */
	HEAD,		/* up to VALUES */
	ROWS,		/* a row is to come */
	ROW,		/* in its parentheses */
	TAIL,		/* behind a row, or DEFAULT VALUES */
	DONE,		/* behind the semicolon */
	QUOTED,		/* in a string or a name */
	QUOTED_END,	/* behind what may be its end */
	QUOTED_SLASH	/* behind a backslash in a string */
};

static const char begin_text[] = "INSERT INTO ";

#define FAILS	"the INSERT fails: its rows are missing"
#define CHANGED	"the INSERT fails, or its rows are others"
#define NOT_SEEN	"the rows that are there are restored, and nobody " \
	"sees that some are missing"
#define CUT	"this statement's rows are lost"

__attribute__((format(printf, 4, 5)))
static void
wrong(struct inserts *s, uint64_t at, const char *restore, const char *fmt, ...)
{
	va_list ap;

	if (s->faults++ == 0) {
		s->first.row = s->statements + 1;
		s->first.column = s->in_row ? s->values + 1 : 0;
		s->first.at = at;
		s->first.restore = restore;
		va_start(ap, fmt);
		vsnprintf(s->first.what, sizeof(s->first.what), fmt, ap);
		va_end(ap);
	}
	s->state = BAD;
	s->matched = 0;
	s->part.len = 0;
	s->in_row = false;
	/* It was no sound row that told how many values there are. */
	if (s->count == 0)
		s->expect = 0;
}

static bool
one_of(const char *word, const char *const *list)
{

	for (; *list != NULL; list++)
		if (strcmp(word, *list) == 0)
			return (true);
	return (false);
}

static bool
digit(uint8_t b)
{
	return (b >= '0' && b <= '9');
}

static bool
word_byte(uint8_t b)
{
	return ((b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || digit(b) ||
	    b == '_' || b == '.' || b == '+' || b == '-');
}

/* A number may be longer than the room for words: its bytes are looked at as
 * they come. */
static bool
is_number(const struct inserts *s)
{
	return (digit((uint8_t)s->word[0]) || s->word[0] == '-' ||
	    s->word[0] == '+' || s->word[0] == '.');
}

static void
add_word(struct inserts *s, uint8_t b)
{

	if (s->word_len < sizeof(s->word) - 1) {
		s->word[s->word_len] = (char)b;
		s->word[s->word_len + 1] = '\0';
	}
	s->word_len++;
	if (s->state == ROW && is_number(s) && !digit(b) && b != '.' &&
	    b != '+' && b != '-' && b != 'e' && b != 'E')
		wrong(s, s->at, FAILS, "a number with \"%c\" in it", b);
}

static void
no_word(struct inserts *s)
{

	s->word_len = 0;
	s->word[0] = '\0';
}

/* Names of small letters, and what stands around them. */
static void
head_word(struct inserts *s)
{
	static const char *const words[] = { "OVERRIDING", "SYSTEM", "VALUE",
	    "DEFAULT", "VALUES", NULL };
	bool keyword = one_of(s->word, words);
	size_t i;

	if (strcmp(s->word, "VALUES") == 0) {
		s->state = ROWS;
		if (strcmp(s->before, "DEFAULT") == 0) {
			s->rows = 1;
			s->state = TAIL;
		}
	}
	for (i = 0; !keyword && s->word[i] != '\0'; i++)
		if (s->word[i] >= 'A' && s->word[i] <= 'Z') {
			wrong(s, s->at - s->word_len, FAILS,
			    "an unknown word \"%s\"", s->word);
			return;
		}
}

/* The word is over: is it one that may stand here? */
static void
end_word(struct inserts *s)
{
	static const char *const values[] = { "NULL", "DEFAULT", "true",
	    "false", NULL };
	static const char *const tail[] = { "ON", "CONFLICT", "DO", "NOTHING",
	    NULL };

	if (s->word_len == 0)
		return;
	if (s->state == HEAD)
		head_word(s);
	else if (s->state == ROW ? !is_number(s) && !one_of(s->word, values) :
	    s->state != TAIL || !one_of(s->word, tail))
		wrong(s, s->at - s->word_len, FAILS, "an unknown word \"%s\"",
		    s->word);
	if (s->state == ROW) {
		if (s->has_value)
			wrong(s, s->at - s->word_len, FAILS,
			    "two values without a comma");
		s->has_value = true;
	}
	memcpy(s->before, s->word, sizeof(s->before));
	no_word(s);
}

/* The value is over: a comma, or the row's parenthesis. */
static void
end_value(struct inserts *s, uint8_t b)
{
	size_t n = s->values + 1;

	if (!s->has_value) {
		wrong(s, s->at, FAILS, "a value is missing");
		return;
	}
	s->has_value = false;
	if (b == ',') {
		s->values = n;
		return;
	}
	if (s->expect == 0)
		s->expect = n;
	s->in_row = false;
	if (n != s->expect) {
		wrong(s, s->at, FAILS, "%zu value%s, not %zu", n,
		    n == 1 ? "" : "s", s->expect);
		return;
	}
	s->rows++;
	s->state = TAIL;
}

static void
begin_quote(struct inserts *s, uint8_t b)
{
	bool string = b == '\'';

	s->escapes = string && !s->plain_strings;
	if (s->state == ROW && (strcmp(s->word, "B") == 0 ||
	    strcmp(s->word, "E") == 0)) {
		s->escapes |= s->word[0] == 'E';
		no_word(s);
	}
	end_word(s);
	if (s->state == BAD)
		return;
	if (s->state != (string ? ROW : HEAD) || s->has_value) {
		wrong(s, s->at, FAILS, "a quote out of place");
		return;
	}
	s->quote = b;
	s->state = QUOTED;
}

static void
begin_statement(struct inserts *s)
{

	s->state = HEAD;
	s->rows = 0;
	s->in_row = s->has_value = false;
	s->before[0] = '\0';
	no_word(s);
}

/* In a statement with a fault: a line that begins the next one. */
static void
hunt(struct inserts *s, uint8_t b)
{

	s->lfs = b == '\n' ? s->lfs + 1 : 0;
	if (b == '\n')
		s->matched = 1;
	else if (s->matched > 0 && b == begin_text[s->matched - 1])
		s->matched++;
	else
		s->matched = 0;
	if (s->matched == sizeof(begin_text)) {
		s->statements++;
		begin_statement(s);
	}
}

/* Between statements. */
static void
between(struct inserts *s, uint8_t b)
{
	unsigned state = s->state;

	if (b == '\n' && s->matched == 0 && state != END) {
		s->state = state == START ? END_LF : END;
		return;
	}
	if (state == START && b == (uint8_t)begin_text[s->matched]) {
		if (begin_text[++s->matched] == '\0')
			begin_statement(s);
		return;
	}
	wrong(s, s->at, CHANGED, state == START ? "no INSERT INTO begins here" :
	    state == END_LF ? "an empty line between statements" :
	    "something stands behind the end");
	if (state != START) {
		s->matched = 1;
		s->lfs = state == END ? 3 : 2;
	}
	hunt(s, b);
}

/* Outside of quotes, where no word goes on; whether b may stand here. */
static bool
mark(struct inserts *s, uint8_t b)
{

	switch (b) {
	case ' ':
		return (true);
	case '\n':
	case '\t':
		return (s->state == ROWS);
	case '(':
		if (s->state != ROWS)
			return (s->state == HEAD);
		s->state = ROW;
		s->in_row = true;
		s->values = 0;
		return (true);
	case ')':
	case ',':
		if (s->state == ROW)
			end_value(s, b);
		else if (s->state == TAIL && b == ',')
			s->state = ROWS;
		else
			return (s->state == HEAD);
		return (true);
	case ';':
		if (s->state != TAIL)
			return (false);
		s->state = DONE;
		return (true);
	}
	return (false);
}

/* In a statement, outside of quotes. */
static void
text(struct inserts *s, uint8_t b)
{

	if (s->state == DONE && b == '\n') {
		s->statements++;
		s->count += s->rows;
		s->state = START;
		s->matched = 0;
		return;
	}
	if (b == '\'' || b == '"')
		begin_quote(s, b);
	else if (word_byte(b) && s->state != DONE)
		add_word(s, b);
	else {
		end_word(s);
		if (s->state != BAD && (s->state == DONE || !mark(s, b)))
			wrong(s, s->at, CHANGED, "byte 0x%02x is out of place",
			    b);
	}
	if (s->state == BAD)
		hunt(s, b);
}

static void
in_character(struct inserts *s, uint8_t b)
{
	char hex[4 * 5 + 1];
	size_t i;

	if (encoding_more(s->encoding, &s->part, b) != -1)
		return;
	for (i = 0; i < s->part.len; i++)
		snprintf(hex + 5 * i, 6, " 0x%02x", s->part.buf[i]);
	wrong(s, s->at - (s->part.len - 1U), FAILS, "bytes%s are not %s", hex,
	    encoding_name(s->encoding));
}

/* In a string or a name. */
static void
quoted(struct inserts *s, uint8_t b)
{

	if (s->part.len > 0 || (b >= 0x80 && s->encoding != NULL &&
	    s->state == QUOTED))
		in_character(s, b);
	else if (s->state == QUOTED_SLASH && b != '\\')
		wrong(s, s->at - 1, CHANGED, "a backslash that is not doubled");
	else if (s->state == QUOTED_SLASH || (s->state == QUOTED_END &&
	    b == s->quote))
		s->state = QUOTED;
	else if (s->state == QUOTED_END) {
		s->state = s->quote == '"' ? HEAD : ROW;
		s->has_value = s->state == ROW;
		text(s, b);
		return;
	} else if (b == s->quote)
		s->state = QUOTED_END;
	else if (b == '\\' && s->escapes)
		s->state = QUOTED_SLASH;
	else if (b == '\0')
		wrong(s, s->at, FAILS, "a zero byte");
	if (s->state == BAD)
		hunt(s, b);
}

void
inserts_begin(struct inserts *s, const struct encoding *e, bool plain_strings)
{

	memset(s, 0, sizeof(*s));
	if (e != NULL && encoding_is_checked(e))
		s->encoding = e;
	s->plain_strings = plain_strings;
	s->state = START;
}

/* Bytes of the whole character that begins at buf in a string, where nothing
 * else is to be known of it; or 0. */
static size_t
in_quotes(const struct inserts *s, const uint8_t *buf, size_t len)
{
	int n;

	if (*buf < 0x80 || s->encoding == NULL)
		return (*buf != s->quote && *buf != '\\' && *buf != '\0');
	n = encoding_char(s->encoding, buf, len);
	return (n > 0 ? (size_t)n : 0);
}

void
inserts_feed(struct inserts *s, const uint8_t *buf, size_t len)
{
	size_t at, n;

	s->bytes += len;
	for (at = 0; at < len; at += n, s->at += n) {
		n = 0;
		if (s->state == QUOTED && s->part.len == 0)
			n = in_quotes(s, buf + at, len - at);
		if (n > 0)
			continue;
		n = 1;
		if (s->state >= QUOTED)
			quoted(s, buf[at]);
		else if (s->state == BAD)
			hunt(s, buf[at]);
		else if (s->state <= END)
			between(s, buf[at]);
		else
			text(s, buf[at]);
	}
}

void
inserts_end(struct inserts *s)
{

	bool counted = s->state == BAD;

	if (s->state == END_LF || (s->state == START && s->matched == 0))
		wrong(s, s->at, NOT_SEEN, "the two line feeds of the end are "
		    "missing");
	else if (s->state != END && (s->state != BAD || s->lfs < 3))
		wrong(s, s->at, CUT, "the last statement is cut");
	if (counted)
		s->statements++;
}
