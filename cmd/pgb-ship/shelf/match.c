/* SPDX-License-Identifier: ISC */
/*
 * A pattern is a row of tokens.  All but the wild ones ({db}, {server}, {host})
 * have a length of their own and match in one way or not at all; a wild one is
 * tried with every length it can have, and the rest of the row behind each.
 * {server} is tried short first and the others long first: of
 * "my-db-15.18-..." that makes "my-db" and "15.18", whichever stands in front.
 * A number of the server's version is cut in two ("app.15" and "18") only where
 * the name cannot be read otherwise, since the major is part of the series.
 *
 * The names come from a server that may wish us ill, and k wild tokens can be
 * tried in length^k ways: a name that takes too many is of no pattern.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dest-impl.h"
#include "shelf/match-impl.h"
#include "shelf/match.h"
#include "shelf/version.h"

#define STEPS_MAX	(1u << 17)
#define TIME_LEN	16		/* 20261128T020000Z */

/* What a name has told so far. */
struct told {
	int field[FIELDS];	/* -1: not told */
	const char *wild[WILDS];	/* inside the name; NULL: not told */
	size_t wild_len[WILDS];
	const char *name;	/* its first byte */
	bool uncut;		/* no number is cut by {server} */
	unsigned steps;		/* left */
};

/* --- times --- */

/* A number of so many digits, which may have been told before. */
static bool
take_number(struct told *t, enum field f, const char *p, size_t digits)
{
	int n = 0;

	for (; digits > 0; digits--, p++) {
		if (*p < '0' || *p > '9')
			return (false);
		n = n * 10 + (*p - '0');
	}
	if (t->field[f] != -1 && t->field[f] != n)
		return (false);
	t->field[f] = n;
	return (true);
}

static bool
take_time(struct told *t, const char *p)
{

	return (strnlen(p, TIME_LEN) == TIME_LEN &&
	    take_number(t, YEAR, p, 4) && take_number(t, MONTH, p + 4, 2) &&
	    take_number(t, DAY, p + 6, 2) && p[8] == 'T' &&
	    take_number(t, HOUR, p + 9, 2) &&
	    take_number(t, MINUTE, p + 11, 2) &&
	    take_number(t, SECOND, p + 13, 2) && p[15] == 'Z');
}

static int
or_zero(int value)
{

	return (value == -1 ? 0 : value);
}

/* The time that was told, if there is such a one. */
static bool
time_of(const struct told *t, int64_t *out)
{
	struct tm tm = { .tm_year = t->field[YEAR] - 1900,
	    .tm_hour = or_zero(t->field[HOUR]),
	    .tm_min = or_zero(t->field[MINUTE]),
	    .tm_sec = or_zero(t->field[SECOND]) };
	struct tm asked;

	if (t->field[MONTH] != -1 && t->field[DAY] != -1) {
		tm.tm_mon = t->field[MONTH] - 1;
		tm.tm_mday = t->field[DAY];
	} else
		tm.tm_mday = t->field[YDAY];
	asked = tm;
	/* It takes what is out of range for the next day, month or year. */
	*out = timegm(&tm);
	if (tm.tm_year != asked.tm_year || tm.tm_hour != asked.tm_hour ||
	    tm.tm_min != asked.tm_min || tm.tm_sec != asked.tm_sec)
		return (false);
	return ((t->field[MONTH] == -1 ||
	    tm.tm_mon == t->field[MONTH] - 1) &&
	    (t->field[DAY] == -1 || tm.tm_mday == t->field[DAY]) &&
	    (t->field[YDAY] == -1 || tm.tm_yday == t->field[YDAY] - 1));
}

/* --- names --- */

/* The length of one byte of a value as dest_expand() writes it, or 0. */
static size_t
unit(const char *p, bool first)
{
	static const char hex[] = "0123456789ABCDEF";

	if (isalnum((unsigned char)*p) || *p == '_' || *p == '-' ||
	    (*p == '.' && !first))
		return (1);
	if (*p == '%' && p[1] != '\0' && strchr(hex, p[1]) != NULL &&
	    p[2] != '\0' && strchr(hex, p[2]) != NULL)
		return (3);
	return (0);
}

static bool walk(const struct match *, size_t, const char *, struct told *);

/* The wild token i, and all behind it. */
static bool
walk_wild(const struct match *m, size_t i, const char *p, struct told *t)
{
	const enum wild w = m->v[i].wild;
	unsigned char ends[MATCH_NAME_MAX];
	size_t count = 0, len = 0, k, n;
	struct told tried;

	if (t->wild[w] != NULL) {
		n = t->wild_len[w];
		return (strncmp(p, t->wild[w], n) == 0 &&
		    walk(m, i + 1, p + n, t));
	}
	while ((n = unit(p + len, len == 0)) > 0) {
		len += n;
		ends[count++] = (unsigned char)len;
	}
	for (k = 0; k < count && t->steps > 0; k++) {
		tried = *t;
		tried.wild[w] = p;
		tried.wild_len[w] = ends[w == WILD_SERVER ? k : count - 1 - k];
		tried.steps--;
		if (w == WILD_SERVER && t->uncut &&
		    version_is_cut(t->name, p, tried.wild_len[w]))
			continue;
		if (walk(m, i + 1, p + tried.wild_len[w], &tried)) {
			*t = tried;
			return (true);
		}
		t->steps = tried.steps;
	}
	return (false);
}

/* The tokens from i on, and then the name's end. */
static bool
walk(const struct match *m, size_t i, const char *p, struct told *t)
{
	const struct token *token;
	size_t n;

	for (; i < m->count; i++, p += n) {
		token = &m->v[i];
		n = 1;
		switch (token->kind) {
		case LITERAL:
			if (*p != token->byte || *p == '\0')
				return (false);
			break;
		case TIME:
			n = TIME_LEN;
			if (!take_time(t, p))
				return (false);
			break;
		case FIELD:
			n = token->field == YEAR ? 4 :
			    token->field == YDAY ? 3 : 2;
			if (!take_number(t, token->field, p, n))
				return (false);
			break;
		case WILD:
			return (walk_wild(m, i, p, t));
		}
	}
	return (*p == '\0');
}

struct series {
	char *buf;
	size_t len, room;
};

static void
add(struct series *s, const char *text, size_t len)
{

	if (len > s->room - 1 - s->len)
		len = s->room - 1 - s->len;
	memcpy(s->buf + s->len, text, len);
	s->len += len;
	s->buf[s->len] = '\0';
}

static void
name_series(const struct match *m, const struct told *t, struct series *s)
{
	const struct token *token;
	size_t i;

	for (i = 0; i < m->count; i++) {
		token = &m->v[i];
		if (token->kind == TIME)
			add(s, DEST_TIME, strlen(DEST_TIME));
		else if (token->kind == FIELD)
			add(s, (char [2]){ '%', token->byte }, 2);
		else if (token->kind == LITERAL)
			add(s, &token->byte, 1);
		else if (token->wild == WILD_SERVER)
			add(s, t->wild[WILD_SERVER], version_major(
			    t->wild[WILD_SERVER], t->wild_len[WILD_SERVER]));
		else
			add(s, t->wild[token->wild], t->wild_len[token->wild]);
	}
}

static void
forget(struct told *t, const char *name)
{

	memset(t, 0, sizeof(*t));
	t->name = name;
	memset(t->field, -1, sizeof(t->field));
	t->steps = STEPS_MAX;
}

/* The last time in a name that stands for itself. */
static bool
any_name(const char *name, struct match_found *found, struct series *s)
{
	struct told t;
	size_t at;

	if (name[0] == '.' || found->len < TIME_LEN)
		return (false);
	for (at = found->len - TIME_LEN + 1; at-- > 0;) {
		forget(&t, name);
		if (!take_time(&t, name + at) ||
		    isalnum((unsigned char)name[at + TIME_LEN]) ||
		    (at > 0 && isdigit((unsigned char)name[at - 1])) ||
		    !time_of(&t, &found->time))
			continue;
		add(s, name, at);
		add(s, DEST_TIME, strlen(DEST_TIME));
		add(s, name + at + TIME_LEN, found->len - at - TIME_LEN);
		return (true);
	}
	return (false);
}

/* Whether a name is of the pattern, whatever ending it has. */
static bool
is_name(const struct match *m, const char *name, struct match_found *found)
{
	struct series s = { found->series, 0, sizeof(found->series) };
	struct told t;
	int pass;

	found->series[0] = '\0';
	found->len = strlen(name);
	if (found->len > MATCH_NAME_MAX)
		return (false);
	if (m->v == NULL)
		return (any_name(name, found, &s));
	for (pass = 0; pass < 2; pass++) {
		forget(&t, name);
		t.uncut = pass == 0;
		if (walk(m, 0, name, &t) && time_of(&t, &found->time)) {
			name_series(m, &t, &s);
			return (true);
		}
	}
	return (false);
}

/* --- what goes beside --- */

static bool beside(const struct match *, const struct opt_list *,
    const char *, size_t, unsigned, struct match_found *);

/* Whether the first len bytes of name end in this, and begin with a backup's
 * name and depth - 1 more endings. */
static bool
has_ending(const struct match *m, const struct opt_list *extra,
    const char *name, size_t len, const char *ending, unsigned depth,
    struct match_found *found)
{
	size_t n = strlen(ending);
	char stem[MATCH_NAME_MAX + 1];

	if (n == 0 || len <= n || memcmp(name + len - n, ending, n) != 0)
		return (false);
	len -= n;
	if (depth > 1)
		return (beside(m, extra, name, len, depth - 1, found));
	memcpy(stem, name, len);
	stem[len] = '\0';
	return (is_name(m, stem, found));
}

static bool
beside(const struct match *m, const struct opt_list *extra, const char *name,
    size_t len, unsigned depth, struct match_found *found)
{
	static const char *const known[] = { ".b2", ".json", ".minisig",
	    ".sha256" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (has_ending(m, extra, name, len, known[i], depth, found))
			return (true);
	for (i = 0; extra != NULL && i < extra->count; i++)
		if (has_ending(m, extra, name, len, extra->v[i], depth, found))
			return (true);
	return (false);
}

bool
match_beside(const struct match *m, const struct opt_list *extra,
    const char *name, unsigned depth, struct match_found *found)
{
	size_t len = strlen(name);

	return (len <= MATCH_NAME_MAX &&
	    beside(m, extra, name, len, depth, found));
}

bool
match_name(const struct match *m, const char *name, struct match_found *found)
{

	if (m->v == NULL && match_beside(m, NULL, name, 1, found))
		return (false);
	return (is_name(m, name, found));
}
