/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier-impl.h"
#include "carrier-sql-lex.h"

/*
 * Plain SQL of pg_dump, pg_dumpall and pg_restore -f.
 *
 * The first comment says what the file is, and so which closing comment is
 * owed at the end:
 *
 *	--
 *	-- PostgreSQL database dump complete
 *	--
 *	(an empty line)
 *
 * and, where a "\restrict KEY" is in force by then (the minor releases of
 * August 2025 and later), "\unrestrict KEY" and another empty line.  A cluster
 * dump holds whole database dumps, one after the other, and each of these must
 * be closed when the cluster is.
 *
 * Being lenient in between is deliberate: pg_dump writes SQL of 20 years of
 * servers and extensions, and what is wrong in it is psql's to find.  Broken
 * is only what shows that a piece is missing or another dump has begun.  A
 * dump that died within quotes, with a whole one behind it (a shell's braces
 * around two pg_dumps), would turn inside and outside of quotes around: text
 * that pg_dump cannot have written makes the stream unknown, not broken,
 * since that is a guess.
 */

#define KEY_MAX		512

enum what { NOTHING, DATABASE, CLUSTER };

struct sql {
	struct sql_lex lex;
	enum what kind;
	bool inner;		/* CLUSTER: a database dump is open */
	bool stray;

	unsigned closing;	/* lines of a closing comment seen */
	enum what closes;
	uint64_t next_at;	/* where its next line must begin */

	size_t key_len;		/* of the \restrict in force; 0: none */
	char key[KEY_MAX];

	bool ended;		/* the closing comment is over; owed: */
	size_t tail_len, tail_pos;
	char tail[KEY_MAX + 16];
};

static const char *const names[] = {
	[NOTHING] = "", [DATABASE] = "database", [CLUSTER] = "database cluster"
};

static void *
sql_new(struct carrier *c, const void *arg)
{
	struct sql *s = calloc(1, sizeof(*s));

	(void)c, (void)arg;
	if (s != NULL)
		sql_lex_init(&s->lex);
	return (s);
}

static void
sql_free(void *state)
{
	free(state);
}

/* Which dump a comment opens, or a row ("--" and all) that looks like one. */
static enum what
opening(const struct sql_lex *lx, bool row)
{
	static const char database[] = "-- PostgreSQL database dump";
	static const char cluster[] = "-- PostgreSQL database cluster dump";

	if (sql_line_is(lx, row ? database : database + 2))
		return (DATABASE);
	if (sql_line_is(lx, row ? cluster : cluster + 2))
		return (CLUSTER);
	return (NOTHING);
}

static enum what
ending(const struct sql_lex *lx)
{
	if (sql_line_is(lx, " PostgreSQL database dump complete"))
		return (DATABASE);
	if (sql_line_is(lx, " PostgreSQL database cluster dump complete"))
		return (CLUSTER);
	return (NOTHING);
}

static int
begin_dump(struct carrier *c, struct sql *s, enum what w)
{
	uint64_t at = s->lex.line_at;

	if (s->kind != CLUSTER || w == CLUSTER)
		return (carrier_fail(c, at, "another %s dump begins before this"
		    " one has ended", names[w]));
	if (s->inner)
		return (carrier_fail(c, at, "a database dump begins before the"
		    " one in front of it has ended"));
	s->inner = true;
	return (0);
}

/* The empty line behind a closing comment: 0 or -1. */
static int
end_dump(struct carrier *c, struct sql *s)
{
	uint64_t at = s->lex.line_at;
	int n = 0;

	if (s->lex.stmt != SQL_NO_STMT)
		return (carrier_fail(c, at, "the closing comment stands inside"
		    " a statement that begins at byte %llu",
		    (unsigned long long)s->lex.stmt_at));
	if (s->kind == CLUSTER && s->closes == DATABASE) {
		if (!s->inner)
			return (carrier_fail(c, at, "the closing comment of a"
			    " database dump that has not begun"));
		s->inner = false;
		return (0);
	}
	if (s->inner)
		return (carrier_fail(c, at, "the cluster dump ends inside a"
		    " database dump"));
	if (s->key_len > 0)
		n = snprintf(s->tail, sizeof(s->tail), "\\unrestrict %.*s\n\n",
		    (int)s->key_len, s->key);
	s->tail_len = (size_t)n;
	s->ended = true;
	return (0);
}

/* A comment that began its line; the closing one is three of them in a row. */
static int
comment(struct carrier *c, struct sql *s)
{
	const struct sql_lex *lx = &s->lex;
	enum what w = opening(lx, false), e = ending(lx);
	bool rule = lx->line_len == 0;

	if (lx->line_at != s->next_at)
		s->closing = 0;
	s->next_at = lx->at;
	if (w != NOTHING && s->kind != NOTHING)
		return (begin_dump(c, s, w));
	if (s->kind == NOTHING && lx->line_at > 0) {
		s->kind = w;
		if (w == NOTHING) {
			s->stray = true;
			carrier_stray(c, "its first comment is none of"
			    " pg_dump's or pg_dumpall's");
			return (0);
		}
	}
	if (s->closing == 1 && e != NOTHING &&
	    (e == s->kind || s->kind == CLUSTER)) {
		s->closing = 2;
		s->closes = e;
	} else if (s->closing == 2 && rule)
		s->closing = 3;
	else
		s->closing = rule;
	return (0);
}

/* "\restrict KEY" and "\unrestrict KEY"; the others do not matter here. */
static int
meta(struct carrier *c, struct sql *s)
{
	static const char on[] = "restrict ", off[] = "unrestrict ";
	const struct sql_lex *lx = &s->lex;
	size_t len = lx->line_len;

	if (sql_line_is(lx, "."))
		return (carrier_fail(c, lx->line_at, "\\. outside COPY data"));
	if (len >= sizeof(off) && memcmp(lx->line, off, sizeof(off) - 1) == 0) {
		len -= sizeof(off) - 1;
		if (s->key_len == 0 || len != s->key_len ||
		    memcmp(lx->line + sizeof(off) - 1, s->key, len) != 0)
			return (carrier_fail(c, lx->line_at, "\\unrestrict"
			    " without the \\restrict it belongs to"));
		s->key_len = 0;
		return (0);
	}
	if (len < sizeof(on) || memcmp(lx->line, on, sizeof(on) - 1) != 0)
		return (0);
	len -= sizeof(on) - 1;
	if (s->key_len > 0)
		return (carrier_fail(c, lx->line_at, "\\restrict while another"
		    " is in force"));
	if (len > sizeof(s->key)) {
		s->stray = true;
		carrier_stray(c, "a \\restrict key longer than 512 bytes");
		return (0);
	}
	memcpy(s->key, lx->line + sizeof(on) - 1, len);
	s->key_len = len;
	return (0);
}

/* Behind the closing comment: what is owed, and nothing else. */
static int
tail(struct carrier *c, struct sql *s, const uint8_t *p, const uint8_t *end)
{
	for (; p < end; p++, s->lex.at++) {
		if (s->tail_pos == s->tail_len)
			return (carrier_fail(c, s->lex.at,
			    "something follows the end of the dump"));
		if (*p != (uint8_t)s->tail[s->tail_pos])
			return (carrier_fail(c, s->lex.at, "something else"
			    " than the dump's \\unrestrict follows its closing"
			    " comment"));
		s->tail_pos++;
	}
	return (0);
}

static int
event(struct carrier *c, struct sql *s, enum sql_event ev)
{
	char why[128];

	switch (ev) {
	case SQL_GOT_COMMENT:
		return (comment(c, s));
	case SQL_GOT_META:
		return (meta(c, s));
	case SQL_GOT_ROW:
		if (opening(&s->lex, true) == NOTHING)
			return (0);
		return (carrier_fail(c, s->lex.line_at, "another dump begins"
		    " inside the COPY data that begin at byte %llu",
		    (unsigned long long)s->lex.since));
	case SQL_GOT_LONG:
		s->stray = true;
		carrier_stray(c, "a dollar quote's tag longer than 1024 bytes");
		return (0);
	case SQL_GOT_ODD:
		s->stray = true;
		snprintf(why, sizeof(why), "byte %llu: text that pg_dump does"
		    " not write: perhaps a piece is missing in front of it",
		    (unsigned long long)s->lex.line_at);
		carrier_stray(c, why);
		return (0);
	case SQL_MORE:
		break;
	}
	return (0);
}

static int
sql_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct sql *s = state;
	const uint8_t *p = buf, *end = buf + len;

	while (p < end && !s->ended) {
		if (s->closing == 3) {
			s->closing = 0;
			if (*p == '\n' && end_dump(c, s) != 0)
				return (-1);
			if (s->ended) {
				p++, s->lex.at++;
				break;
			}
		}
		if (event(c, s, sql_lex(&s->lex, &p, end)) != 0)
			return (-1);
		if (s->stray)
			return (0);
	}
	return (tail(c, s, p, end));
}

static enum carrier_verdict
sql_end(struct carrier *c, void *state)
{
	static const char *const open[SQL_STATES] = {
		[SQL_BLOCK] = "a comment", [SQL_STRING] = "a quoted string",
		[SQL_ESCAPED] = "a quoted string",
		[SQL_NAME] = "a quoted name",
		[SQL_BODY] = "a dollar-quoted string",
		[SQL_ROWS] = "the COPY data",
	};
	const struct sql *s = state;
	const struct sql_lex *lx = &s->lex;

	if (s->ended && s->tail_pos == s->tail_len)
		return (CARRIER_PROVEN);
	if (s->ended)
		return (carrier_cut(c, "cut short: \\unrestrict is missing"));
	if (open[lx->state] != NULL)
		return (carrier_cut(c, "cut short in %s from byte %llu on",
		    open[lx->state], (unsigned long long)lx->since));
	if (lx->stmt != SQL_NO_STMT)
		return (carrier_cut(c, "cut short in a statement that begins"
		    " at byte %llu", (unsigned long long)lx->stmt_at));
	return (carrier_cut(c, "cut short: the closing comment \"PostgreSQL %s"
	    " dump complete\" is missing",
	    names[s->kind == CLUSTER ? CLUSTER : DATABASE]));
}

const struct carrier_ops carrier_sql = {
	.name = "plain SQL dump",
	.new = sql_new,
	.free = sql_free,
	.feed = sql_feed,
	.end = sql_end,
};
