/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier-impl.h"
#include "carrier/carrier-sql-lex.h"
#include "carrier/carrier-sql-stmt.h"

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
	const struct sql_watch *watch;	/* never NULL */
	void *arg;
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
	static const struct sql_watch nobody;
	struct sql *s = calloc(1, sizeof(*s));

	(void)arg;
	if (s == NULL)
		return (NULL);
	sql_lex_init(&s->lex);
	if ((s->watch = carrier_sql_watch(c, &s->arg)) == NULL)
		s->watch = &nobody;
	if (s->watch->begin != NULL)
		s->watch->begin(s->arg);
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

/* What the watcher answered about what stands at byte offset at. */
static int
heard(struct carrier *c, uint64_t at, const char *table, const char *why)
{
	if (why == NULL)
		return (0);
	if (why == archive_told)
		return (carrier_told(c, STATUS_DATA));
	if (table != NULL)
		return (carrier_fail(c, at, "table %s: %s", table, why));
	return (carrier_fail(c, at, "%s", why));
}

static int
connected(struct carrier *c, struct sql *s)
{
	char name[SQL_LINE_MAX + 1];

	if (s->watch->database == NULL || !sql_meta_connect(&s->lex, name))
		return (0);
	return (heard(c, s->lex.line_at, NULL,
	    s->watch->database(s->arg, name)));
}

/* "\restrict KEY", "\unrestrict KEY" and "\connect NAME"; the others do not
 * matter here. */
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
		return (connected(c, s));
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

static int
statement(struct carrier *c, struct sql *s)
{
	const struct sql_lex *lx = &s->lex;
	const struct sql_watch *w = s->watch;
	const char *value;
	char name[SQL_HEAD_MAX + 1];
	size_t len;

	if (w->statement != NULL && heard(c, lx->stmt_at, NULL,
	    w->statement(s->arg, lx->head, lx->stmt_at)) != 0)
		return (-1);
	if (w->encoding == NULL ||
	    (value = sql_stmt_encoding(lx, &len)) == NULL)
		return (0);
	memcpy(name, value, len);
	name[len] = '\0';
	return (heard(c, lx->stmt_at, NULL, w->encoding(s->arg, name)));
}

static int
begin_copy(struct carrier *c, struct sql *s)
{
	const struct sql_lex *lx = &s->lex;
	const struct sql_copy copy = { .table = lx->table,
	    .columns = lx->columns, .at = lx->stmt_at };

	if (s->watch->copy == NULL)
		return (0);
	return (heard(c, copy.at, copy.table,
	    s->watch->copy(s->arg, &copy)));
}

static int
tell_rows(struct carrier *c, struct sql *s, const void *buf, size_t len,
    uint64_t at)
{
	if (len == 0)
		return (0);
	return (heard(c, s->lex.stmt_at, s->lex.table,
	    s->watch->rows(s->arg, buf, len, at)));
}

/*
 * What the lexer took of COPY data, len bytes, the last of them at lex.at - 1.
 * held bytes of a line "\." had come before, and may be none of it now; what
 * may still be, and a row that is to be looked at first, wait.
 */
static int
rows(struct carrier *c, struct sql *s, enum sql_event ev, const uint8_t *buf,
    size_t len, size_t held)
{
	uint64_t at = s->lex.at - len;
	size_t wait = sql_lex_held(&s->lex);

	if (ev == SQL_GOT_END)
		wait = sizeof("\\.\n") - 1;
	else if (ev == SQL_GOT_ROW)
		wait = 1;
	if (held + len <= wait)
		return (0);
	if (tell_rows(c, s, "\\.", held, at - held) != 0)
		return (-1);
	return (tell_rows(c, s, buf, len - wait, at));
}

/* A row that looks like a dump's first comment; its line feed is not told. */
static int
row(struct carrier *c, struct sql *s)
{
	const struct sql_lex *lx = &s->lex;

	if (opening(lx, true) != NOTHING)
		return (carrier_fail(c, lx->line_at, "another dump begins"
		    " inside the COPY data that begin at byte %llu",
		    (unsigned long long)lx->since));
	if (s->watch->rows == NULL)
		return (0);
	return (tell_rows(c, s, "\n", 1, lx->at - 1));
}

static int
end_copy(struct carrier *c, struct sql *s)
{
	const struct sql_lex *lx = &s->lex;

	if (s->watch->copy_end == NULL)
		return (0);
	return (heard(c, lx->line_at, lx->table,
	    s->watch->copy_end(s->arg, lx->line_at)));
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
	case SQL_GOT_STMT:
		return (statement(c, s));
	case SQL_GOT_COPY:
		return (begin_copy(c, s));
	case SQL_GOT_ROW:
		return (row(c, s));
	case SQL_GOT_END:
		return (end_copy(c, s));
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

/* On to the next event, or to the end. */
static int
step(struct carrier *c, struct sql *s, const uint8_t **p, const uint8_t *end)
{
	const bool copy = s->watch->rows != NULL &&
	    (s->lex.state == SQL_ROWS || s->lex.state == SQL_ROW);
	const size_t held = sql_lex_held(&s->lex);
	const uint8_t *const start = *p;
	enum sql_event ev = sql_lex(&s->lex, p, end);

	if (copy && rows(c, s, ev, start, (size_t)(*p - start), held) != 0)
		return (-1);
	return (event(c, s, ev));
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
		if (step(c, s, &p, end) != 0)
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
		[SQL_ROWS] = "the COPY data", [SQL_ROW] = "the COPY data",
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
