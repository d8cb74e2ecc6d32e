/* SPDX-License-Identifier: ISC */
#include <stdint.h>
#include <string.h>

#include "toc/lex.h"
#include "toc/words.h"

struct lex {
	const struct lex_opts *opts;
	const char *p, *end;
	long parens, brackets;
	bool ended;		/* behind a semicolon, or only comments yet */
	const char *why;
};

/* What never ends in a text that was cut may end behind the cut. */
static void
endless(struct lex *l, const char *why)
{

	l->p = l->end;
	if (!l->opts->cut)
		l->why = why;
}

static void
step(struct lex *l)
{
	int n = 1;

	if (l->opts->encoding != NULL &&
	    encoding_embeds_ascii(l->opts->encoding))
		n = encoding_char(l->opts->encoding, (const uint8_t *)l->p,
		    (size_t)(l->end - l->p));
	l->p += n < 1 ? 1 : n;
}

/* Behind the first quote. */
static void
string(struct lex *l, bool escapes)
{

	while (l->p < l->end) {
		if (*l->p == '\\' && escapes && l->p + 1 < l->end) {
			l->p++;
			step(l);
		} else if (*l->p != '\'')
			step(l);
		else if (*++l->p == '\'')
			l->p++;
		else
			return;
	}
	endless(l, "a string in it never ends");
}

static void
quoted_name(struct lex *l)
{

	while (l->p < l->end) {
		if (*l->p++ != '"')
			continue;
		if (*l->p != '"')
			return;
		l->p++;
	}
	endless(l, "a quoted name in it never ends");
}

static bool
is_lower(char c)
{
	return ((c >= 'a' && c <= 'z') || c == '_');
}

static bool
is_upper(char c)
{
	return (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* At a dollar: a parameter, or $TAG$ ... $TAG$. */
static void
dollar(struct lex *l)
{
	const char *tag = l->p++, *p;
	size_t len;

	if (is_digit(*l->p)) {
		while (is_digit(*l->p))
			l->p++;
		return;
	}
	while (is_lower(*l->p) || is_upper(*l->p) || is_digit(*l->p))
		l->p++;
	if (*l->p != '$') {
		endless(l, "a dollar in it quotes nothing");
		return;
	}
	len = (size_t)(++l->p - tag);
	p = memmem(l->p, (size_t)(l->end - l->p), tag, len);
	if (p == NULL)
		endless(l, "a dollar-quoted string in it never ends");
	else
		l->p = p + len;
}

static void
block_comment(struct lex *l)
{
	const char *p = memmem(l->p, (size_t)(l->end - l->p), "*/", 2);

	if (p == NULL)
		endless(l, "a comment in it never ends");
	else
		l->p = p + 2;
}

static void
line_comment(struct lex *l)
{
	const char *p = memchr(l->p, '\n', (size_t)(l->end - l->p));

	l->p = p == NULL ? l->end : p;
}

/* Bare words are keywords in capitals, and names without any. */
static void
word(struct lex *l)
{
	bool lower = false, upper = false, digit = false;
	const char *from = l->p;
	size_t len;

	for (; is_lower(*l->p) || is_upper(*l->p) || is_digit(*l->p) ||
	    *l->p == '$'; l->p++) {
		lower |= *l->p >= 'a' && *l->p <= 'z';
		upper |= is_upper(*l->p);
		digit |= is_digit(*l->p);
	}
	len = (size_t)(l->p - from);
	if (*l->p == '\'' && len == 1) {
		l->p++;
		string(l, *from == 'E' ||
		    (l->opts->escapes && *from == 'N'));
	} else if (!upper || len == 1 || l->p == l->end)
		return;
	else if (lower)
		l->why = "a bare word in it has letters of both cases";
	else if (!word_is_known(from, len) && (digit ||
	    word_is_near(from, len)))
		l->why = "a word in it is one bit off a keyword";
}

static void
number(struct lex *l)
{

	while (is_digit(*l->p) || is_lower(*l->p) || is_upper(*l->p) ||
	    *l->p == '.')
		l->p++;
}

static void
mark(struct lex *l)
{
	char c = *l->p++;

	l->parens += (c == '(') - (c == ')');
	l->brackets += (c == '[') - (c == ']');
	if (l->parens < 0 || l->brackets < 0)
		l->why = "a parenthesis in it was never opened";
	else if (strchr("+-*/<>=~!@#%^&|`?.,:;()[]", c) == NULL)
		l->why = "a byte in it stands where none like it can";
}

/* Whatever comes next. */
static void
next(struct lex *l)
{
	char c = *l->p;
	bool comment = (c == '-' || c == '/') && l->p + 1 < l->end &&
	    l->p[1] == (c == '-' ? '-' : '*');

	if (c == ' ' || c == '\n' || c == '\t') {
		l->p++;
		return;
	}
	if (!comment)
		l->ended = c == ';';
	if (comment && c == '-')
		line_comment(l);
	else if (comment)
		block_comment(l);
	else if (c == '\'') {
		l->p++;
		string(l, l->opts->escapes);
	} else if (c == '"') {
		l->p++;
		quoted_name(l);
	} else if (c == '$')
		dollar(l);
	else if (is_digit(c))
		number(l);
	else if (is_lower(c) || is_upper(c))
		word(l);
	else
		mark(l);
}

const char *
lex_check(const char *sql, size_t len, const struct lex_opts *opts)
{
	struct lex l = { .opts = opts, .p = sql, .end = sql + len,
	    .ended = true };

	while (l.p < l.end && l.why == NULL)
		next(&l);
	if (l.why != NULL || opts->cut)
		return (l.why);
	if (l.parens != 0 || l.brackets != 0)
		return ("a parenthesis in it is never closed");
	if (!l.ended)
		return ("it does not end as a statement does");
	return (NULL);
}

const char *
lex_next(const char *p, const char *end, const struct lex_opts *opts)
{
	/* As if much were open, so that something can be closed. */
	struct lex l = { .opts = opts, .p = p, .end = end, .parens = 1,
	    .brackets = 1 };

	if (p >= end)
		return (NULL);
	next(&l);
	return (l.why == NULL ? l.p : NULL);
}
