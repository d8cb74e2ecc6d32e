/* SPDX-License-Identifier: ISC */
/*
 * What the server knows about the tables of a plan, and their locks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/plan.h"
#include "msg.h"
#include "pg-impl.h"

#define LOCK_TEXT	(100 * 1024)	/* bytes of one LOCK TABLE */

char *
pg_tables(const struct plan *p)
{
	char *text = malloc(11 * p->count + 3), *to = text;
	size_t i;

	if (text == NULL)
		return (NULL);
	to = stpcpy(to, "{");
	for (i = 0; i < p->count; i++)
		if (!p->entries[i].blobs)
			to += snprintf(to, 12, "%s%u", to[-1] != '{' ? "," :
			    "", p->entries[i].oid);
	stpcpy(to, "}");
	return (text);
}

/* A query with a row for each table, in their order. */
static enum status
ask(struct pg *pg, struct plan *p, const char *sql,
    int (*row)(struct plan_entry *, const PGresult *, int))
{
	char *array = pg_tables(p);
	enum status status;
	PGresult *res;
	size_t i;
	int n = 0;

	if (array == NULL) {
		msg_errno(pg_database(pg));
		return (STATUS_LOCAL);
	}
	status = pg_query(pg, sql, array, &res);
	free(array);
	if (status != STATUS_OK)
		return (status);
	for (i = 0; i < p->count && status == STATUS_OK; i++) {
		if (p->entries[i].blobs)
			continue;
		if (n == PQntuples(res) ||
		    row(&p->entries[i], res, n++) == -1) {
			msg_errno(pg_database(pg));
			status = STATUS_LOCAL;
		}
	}
	PQclear(res);
	return (status);
}

static int
on_kind(struct plan_entry *e, const PGresult *res, int n)
{

	e->found = PQgetisnull(res, n, 0) == 0;
	if (!e->found)
		return (0);
	free(e->name);
	free(e->condition);
	e->condition = NULL;
	if ((e->name = strdup(PQgetvalue(res, n, 0))) == NULL)
		return (-1);
	e->relkind = PQgetvalue(res, n, 1)[0];
	e->policies = PQgetvalue(res, n, 2)[0] == 't';
	e->heap = PQgetvalue(res, n, 3)[0] == 't';
	if (!PQgetisnull(res, n, 4) && PQgetvalue(res, n, 4)[0] != '\0' &&
	    (e->condition = strdup(PQgetvalue(res, n, 4))) == NULL)
		return (-1);
	return (0);
}

/* Before 17 an archive has one entry for all large objects there are. */
static enum status
list_blobs(struct pg *pg, struct plan_entry *e)
{
	enum status status;
	PGresult *res;
	size_t i;

	status = pg_query(pg, "SELECT oid FROM "
	    "pg_catalog.pg_largeobject_metadata ORDER BY 1", NULL, &res);
	if (status != STATUS_OK)
		return (status);
	e->lo_count = (size_t)PQntuples(res);
	e->loids = calloc(e->lo_count + 1, sizeof(*e->loids));
	if (e->loids == NULL) {
		msg_errno("large objects");
		status = STATUS_LOCAL;
	}
	for (i = 0; status == STATUS_OK && i < e->lo_count; i++)
		e->loids[i] = (uint32_t)strtoul(PQgetvalue(res, (int)i, 0),
		    NULL, 10);
	PQclear(res);
	return (status);
}

enum status
pg_describe(struct pg *pg, struct plan *p)
{
	enum status status;
	size_t i;

	/* Storage whose SELECT and COPY differ, and tables that are spread
	 * over other servers, are left to a plain COPY. */
	status = ask(pg, p, "SELECT pg_catalog.quote_ident(n.nspname) || '.' "
	    "|| pg_catalog.quote_ident(c.relname), c.relkind, "
	    "c.relrowsecurity, c.relkind = 'r' AND "
	    "coalesce(a.amname = 'heap', true) AND NOT EXISTS (SELECT "
	    "FROM pg_catalog.pg_extension WHERE extname IN ('timescaledb', "
	    "'citus', 'citus_columnar', 'columnar')), x.condition "
	    "FROM pg_catalog.unnest($1::pg_catalog.oid[]) "
	    "WITH ORDINALITY AS t(oid, n) "
	    "LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid "
	    "LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
	    "LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam "
	    "LEFT JOIN (SELECT pg_catalog.unnest(extconfig) AS oid, "
	    "pg_catalog.unnest(extcondition) AS condition "
	    "FROM pg_catalog.pg_extension) x ON x.oid = t.oid ORDER BY t.n",
	    on_kind);
	for (i = 0; i < p->count && status == STATUS_OK; i++)
		if (p->entries[i].blobs && p->entries[i].loids == NULL)
			status = list_blobs(pg, &p->entries[i]);
	return (status);
}

/* One LOCK TABLE; the text is freed by the caller. */
static enum pg_lock
lock_some(struct pg *pg, const char *sql, enum status *status)
{
	enum pg_lock got = PG_LOCK_FAILED;
	const char *code;
	PGresult *res;

	*status = STATUS_LOCAL;
	if (pg_run(pg, sql, NULL, &res) == -1)
		return (PG_LOCK_FAILED);
	code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	if (PQresultStatus(res) == PGRES_COMMAND_OK)
		got = PG_LOCK_OK;
	else if (code != NULL && (strcmp(code, "55P03") == 0 ||
	    strcmp(code, "42P01") == 0 || strcmp(code, "3F000") == 0))
		got = PG_LOCK_BUSY;	/* or dropped since the snapshot */
	else if (code != NULL && strcmp(code, "53200") == 0)
		got = PG_LOCK_FULL;
	else
		*status = pg_failed(pg, pg_database(pg), res);
	PQclear(res);
	return (got);
}

static size_t
put(char *text, size_t at, const char *word)
{

	memcpy(text + at, word, strlen(word) + 1);
	return (at + strlen(word));
}

static enum pg_lock
lock_all(struct pg *pg, const struct plan *p, char *text, enum status *status)
{
	enum pg_lock got = PG_LOCK_OK;
	size_t i, at = 0;
	const struct plan_entry *e;

	for (i = 0; i < p->count && got == PG_LOCK_OK; i++) {
		e = &p->entries[i];
		if (e->blobs || e->relkind != 'r')
			continue;
		at = put(text, at, at == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
		at = put(text, at, e->name);
		if (at < LOCK_TEXT)
			continue;
		put(text, at, " IN ACCESS SHARE MODE NOWAIT");
		got = lock_some(pg, text, status);
		at = 0;
	}
	if (got == PG_LOCK_OK && at > 0) {
		put(text, at, " IN ACCESS SHARE MODE NOWAIT");
		got = lock_some(pg, text, status);
	}
	return (got);
}

enum pg_lock
pg_lock(struct pg *pg, const struct plan *p, enum status *status)
{
	/* A name has two parts of 63 bytes at most, each of which may double
	 * and be put in quotes. */
	char *text = malloc(LOCK_TEXT + 1024);
	enum pg_lock got = PG_LOCK_FAILED;

	*status = STATUS_LOCAL;
	if (text == NULL) {
		msg_errno(pg_database(pg));
		return (PG_LOCK_FAILED);
	}
	*status = pg_query(pg, "SAVEPOINT pgb_locks", NULL, NULL);
	if (*status == STATUS_OK)
		got = lock_all(pg, p, text, status);
	free(text);
	if (got == PG_LOCK_OK)
		*status = pg_query(pg, "RELEASE SAVEPOINT pgb_locks", NULL,
		    NULL);
	else if (got != PG_LOCK_FAILED)
		*status = pg_query(pg, "ROLLBACK TO SAVEPOINT pgb_locks; "
		    "RELEASE SAVEPOINT pgb_locks", NULL, NULL);
	return (*status == STATUS_OK ? got : PG_LOCK_FAILED);
}

static int
on_change(struct plan_entry *e, const PGresult *res, int n)
{

	e->rewritten = PQgetvalue(res, n, 0)[0] == 't';
	return (0);
}

enum status
pg_changes(struct pg *pg, struct plan *p)
{

	/* pg_class is read by the snapshot; pg_relation_filenode() and
	 * to_regclass() see what is there now, and lock nothing. */
	return (ask(pg, p, "SELECT c.relkind = 'r' AND ("
	    "coalesce(pg_catalog.pg_relation_filenode(c.oid), 0) <> "
	    "c.relfilenode OR coalesce(pg_catalog.to_regclass("
	    "pg_catalog.quote_ident(n.nspname) || '.' || "
	    "pg_catalog.quote_ident(c.relname))::pg_catalog.oid, 0) <> c.oid) "
	    "FROM pg_catalog.unnest($1::pg_catalog.oid[]) "
	    "WITH ORDINALITY AS t(oid, n) "
	    "LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid "
	    "LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
	    "ORDER BY t.n", on_change));
}

static int
on_size(struct plan_entry *e, const PGresult *res, int n)
{

	e->heap_bytes = strtoull(PQgetvalue(res, n, 0), NULL, 10);
	e->bytes = e->heap_bytes + strtoull(PQgetvalue(res, n, 1), NULL, 10);
	return (0);
}

enum status
pg_measure(struct pg *pg, struct plan *p, bool locked, uint32_t *page_size)
{
	enum status status;
	PGresult *res;
	size_t i;

	/* pg_relation_size() locks: without a lock of our own it could wait
	 * behind somebody who waits for pg_dump, who waits for us. */
	status = ask(pg, p, locked ?
	    "SELECT coalesce(pg_catalog.pg_relation_size(c.oid), 0), "
	    "coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, "
	    "0)), 0) FROM pg_catalog.unnest($1::pg_catalog.oid[]) "
	    "WITH ORDINALITY AS t(oid, n) "
	    "LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid ORDER BY t.n" :
	    "SELECT greatest(c.relpages, 0) * s.page, "
	    "greatest(x.relpages, 0) * s.page "
	    "FROM (SELECT pg_catalog.current_setting('block_size')::"
	    "pg_catalog.int8 AS page) s, "
	    "pg_catalog.unnest($1::pg_catalog.oid[]) "
	    "WITH ORDINALITY AS t(oid, n) "
	    "LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid "
	    "LEFT JOIN pg_catalog.pg_class x ON x.oid = c.reltoastrelid "
	    "ORDER BY t.n", on_size);
	if (status != STATUS_OK)
		return (status);
	status = pg_query(pg, "SELECT pg_catalog.current_setting('block_size'),"
	    " pg_catalog.pg_relation_size('pg_catalog.pg_largeobject'), "
	    "(SELECT count(*) FROM pg_catalog.pg_largeobject_metadata)",
	    NULL, &res);
	if (status != STATUS_OK)
		return (status);
	*page_size = (uint32_t)strtoul(PQgetvalue(res, 0, 0), NULL, 10);
	for (i = 0; i < p->count; i++)
		if (p->entries[i].blobs)
			p->entries[i].bytes = (uint64_t)(strtod(PQgetvalue(res,
			    0, 1), NULL) * (double)p->entries[i].lo_count /
			    (strtod(PQgetvalue(res, 0, 2), NULL) + 1));
	PQclear(res);
	return (STATUS_OK);
}

enum status
pg_is_empty(struct pg *pg, const struct plan_entry *e, bool *empty)
{
	enum status status;
	PGresult *res;
	char *sql;

	if (asprintf(&sql, "SELECT FROM ONLY %s LIMIT 1", e->name) == -1) {
		msg_errno(e->label);
		return (STATUS_LOCAL);
	}
	/* Who waits to change the table may be waiting for our pg_dump. */
	status = pg_query(pg, "SET LOCAL lock_timeout = '2s'", NULL, NULL);
	if (status == STATUS_OK)
		status = pg_query(pg, sql, NULL, &res);
	free(sql);
	if (status != STATUS_OK)
		return (status);
	*empty = PQntuples(res) == 0;
	PQclear(res);
	return (pg_query(pg, "SET LOCAL lock_timeout = 0", NULL, NULL));
}
