/* SPDX-License-Identifier: ISC */
/*
 * Sessions beside the first, and the state that all of them have: exactly that
 * of pg_dump's own, because the text of a value depends on it.
 * Source: PostgreSQL 13 to 18, pg_dump.c, setup_connection().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "pg-impl.h"

enum status
pg_no_memory(const struct pg_teller *teller)
{

	if (teller == NULL || teller->tell == NULL ||
	    teller->tell(teller->arg, STATUS_LOCAL, false))
		msg_error("libpq: %s", strerror(ENOMEM));
	return (STATUS_LOCAL);
}

enum status
pg_clone(const struct pg *like, const struct pg_teller *teller,
    struct pg **out, bool *full)
{
	enum status status;
	struct pg *pg = calloc(1, sizeof(*pg));

	*out = NULL;
	*full = false;
	if (pg == NULL)
		return (pg_no_memory(teller));
	pg_set_teller(pg, teller);
	status = pg_log_in_like(like->conn, teller, &pg->conn, full);
	if (status == STATUS_OK && !*full) {
		pg_listen(pg);
		status = pg_prepare(pg, NULL);
	}
	if (status == STATUS_OK && !*full) {
		*out = pg;
		return (STATUS_OK);
	}
	pg_close(pg);
	return (status);
}

/* "SET ROLE ...; ", or nothing; freed by the caller; NULL without memory. */
static char *
role_sql(struct pg *pg, const char *role)
{
	char *name, *sql;

	if (role == NULL)
		return (strdup(""));
	if ((name = PQescapeIdentifier(pg->conn, role, strlen(role))) == NULL ||
	    asprintf(&sql, "SET ROLE %s; ", name) == -1)
		sql = NULL;
	PQfreemem(name);
	return (sql);
}

enum status
pg_set(struct pg *pg, const struct pg_settings *s)
{
	char *role, *sql = NULL, mark[64];
	enum status status = STATUS_LOCAL;
	PGresult *res;
	long digits = s->float_digits != NULL ?
	    strtol(s->float_digits, NULL, 10) : 3;

	if (pg_session_mark(pg, mark, sizeof(mark)) == -1)
		return (STATUS_LOCAL);
	role = role_sql(pg, s->role);
	/* In one message, so that who has the mark has all of it.  Minor
	 * versions from August 2024 on have the last one. */
	if (role == NULL || asprintf(&sql, "%s%s; " PG_NO_PATH "; "
	    "SET DATESTYLE = ISO; SET INTERVALSTYLE = POSTGRES; "
	    "SET extra_float_digits TO %ld; SET synchronize_seqscans TO off; "
	    "SET row_security = %s%s; SELECT pg_catalog.set_config(name, "
	    "'view, foreign-table', false) FROM pg_catalog.pg_settings "
	    "WHERE name = 'restrict_nonsystem_relation_kind'", role, mark,
	    digits, s->row_security ? "on" : "off", s->quote_all ?
	    "; SET quote_all_identifiers = true" : "") == -1) {
		msg_errno("libpq");
		sql = NULL;
		goto out;
	}
	if ((status = pg_query(pg, sql, NULL, &res)) == STATUS_OK) {
		pg->restricts = PQntuples(res) > 0;
		PQclear(res);
	}
out:
	free(role);
	free(sql);
	return (status);
}

enum status
pg_widen(struct pg *pg)
{

	/* libpq's buffer grows with the longest row, and never shrinks; what
	 * it reads at once is what fits. */
	return (pg_query(pg, "SELECT pg_catalog.repeat(' ', 262144)", NULL,
	    NULL));
}

enum status
pg_encoding(struct pg *pg, const char *statement)
{
	enum status status = pg_query(pg, statement, NULL, NULL);

	/* What a transaction sets is undone where that fails. */
	if (status == STATUS_OK && pg->imported)
		status = pg_query(pg, pg->again, NULL, NULL);
	return (status);
}

enum status
pg_rollback(struct pg *pg)
{

	return (pg_query(pg, "ROLLBACK", NULL, NULL));
}

bool
pg_ping(struct pg *pg)
{
	PGresult *res;
	bool ok;

	if (pg_run(pg, "SELECT 1", NULL, &res) == -1)
		return (true);		/* a signal, which others see */
	ok = PQresultStatus(res) == PGRES_TUPLES_OK;
	if (!ok && res != NULL && PQresultErrorField(res,
	    PG_DIAG_SQLSTATE) != NULL) {
		snprintf(pg->word, sizeof(pg->word), "%s",
		    PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
		snprintf(pg->word_code, sizeof(pg->word_code), "%s",
		    PQresultErrorField(res, PG_DIAG_SQLSTATE));
	}
	PQclear(res);
	return (ok);
}

bool
pg_blocked(struct pg *pg, const char *holders, void (*each)(void *, int,
    const char *, const char *), void *arg)
{
	PGresult *res;
	bool ok;
	int i;

	/* What a function asks the lock manager, only for those who wait: a
	 * join of all locks with all locks would take seconds.  Of the process
	 * that replays changes on a standby it knows nothing. */
	if (pg_run(pg, "SELECT w.pid, w.mode, "
	    "w.relation::pg_catalog.regclass FROM (SELECT "
	    "$1::pg_catalog.int4[] || ARRAY(SELECT a.pid "
	    "FROM pg_catalog.pg_stat_activity a "
	    "WHERE 0 = ANY ($1::pg_catalog.int4[]) "
	    "AND a.application_name = 'pg_dump' "
	    "AND a.usename = current_user) AS pids) h, "
	    "pg_catalog.pg_locks w WHERE NOT w.granted "
	    "AND w.locktype = 'relation' "
	    "AND (pg_catalog.pg_blocking_pids(w.pid) && h.pids OR EXISTS "
	    "(SELECT FROM pg_catalog.pg_stat_activity a "
	    "WHERE a.pid = w.pid AND a.backend_type = 'startup') AND EXISTS "
	    "(SELECT FROM pg_catalog.pg_locks g WHERE g.granted "
	    "AND g.pid = ANY (h.pids) AND g.locktype = 'relation' "
	    "AND g.database = w.database AND g.relation = w.relation))",
	    holders, &res) == -1)
		return (true);
	ok = PQresultStatus(res) == PGRES_TUPLES_OK;
	for (i = 0; ok && i < PQntuples(res); i++)
		each(arg, (int)strtol(PQgetvalue(res, i, 0), NULL, 10),
		    PQgetvalue(res, i, 1), PQgetvalue(res, i, 2));
	PQclear(res);
	return (ok);
}

int
pg_socket(const struct pg *pg)
{

	return (PQsocket(pg->conn));
}

int
pg_pid(const struct pg *pg)
{

	return (pg->backend);
}
