/* SPDX-License-Identifier: ISC */
/*
 * A pooler that gives a server's connection to a session for one transaction
 * only (pool_mode = transaction).  What a session sets there lands anywhere:
 * rows may be read under another role's row security or in another style of
 * dates, and search_path = '' stays behind, in sessions of applications.  So it
 * is looked for before anything is set; it may not show, and therefore each
 * transaction that reads rows is asked whether it has what was set.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "msg.h"
#include "pg-impl.h"

#define PID	"SELECT pg_catalog.pg_backend_pid()"
#define TOKEN	"pgb.session"
#define SINCE	90600		/* may be asked for a setting that is none */

static enum status
refused(struct pg *pg)
{
	const struct blame b = { STATUS_USAGE,
	    "connect to the server itself, or where pool_mode = session" };

	return (pg_say(pg, pg_database(pg), "the pooler in front of this "
	    "server does not keep a session on one connection", &b, false));
}

/* PgBouncer with pool_mode = statement: there is no other sign of it. */
static bool
lends_for_a_statement(const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);

	return (text != NULL && strstr(text, "statement pooling") != NULL);
}

/* *pid: of the server's process that has done it; 0: there are no transactions
 * here. */
static enum status
ask(struct pg *pg, const char *sql, int *pid)
{
	enum status status = STATUS_OK;
	PGresult *res;

	*pid = 0;
	if (pg_run(pg, sql, NULL, &res) == -1)
		return (STATUS_LOCAL);
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		*pid = atoi(PQgetvalue(res, 0, 0));
	else if (!lends_for_a_statement(res))
		status = pg_failed(pg, pg_database(pg), res);
	PQclear(res);
	return (status);
}

/* Whether the process is the same now; twice, since a pooler may take its
 * connections in turns. */
static enum status
stays(struct pg *pg, bool *same)
{
	enum status status;
	int i, pid;

	for (i = 0; i < 2 && *same; i++) {
		if ((status = ask(pg, PID, &pid)) != STATUS_OK)
			return (status);
		*same = pid == pg->backend;
	}
	return (STATUS_OK);
}

enum status
pg_pooler_check(struct pg *pg)
{
	const struct blame later = { STATUS_RETRY,
	    "try again later, or give the pool more connections" };
	struct pg other = { .teller = pg->teller };
	enum status status;
	bool full = false, same = true;
	int pid;

	status = pg_log_in_like(pg->conn, &pg->teller, &other.conn, &full);
	if (status == STATUS_OK && full)
		return (pg_say(pg, pg_database(pg), "no second session behind "
		    "this pooler, and a dump needs one", &later, false));
	if (status != STATUS_OK)
		return (status);
	pg_listen(&other);
	/* While the other one has a transaction, ours still has its process,
	 * and behind it, too. */
	status = ask(&other, "BEGIN; " PID, &pid);
	same = pid != 0 && pid != pg->backend;
	if (status == STATUS_OK)
		status = stays(pg, &same);
	if (status == STATUS_OK && same)
		status = ask(&other, "COMMIT; " PID, &pid);
	if (status == STATUS_OK)
		status = stays(pg, &same);
	PQfinish(other.conn);
	return (status == STATUS_OK && !same ? refused(pg) : status);
}

int
pg_session_mark(struct pg *pg, char *sql, size_t size)
{
	unsigned char random[8];
	size_t i;
	int len;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		msg_errno("getrandom");
		return (-1);
	}
	for (i = 0; i < sizeof(random); i++)
		sprintf(pg->token + 2 * i, "%02x", random[i]);
	len = snprintf(sql, size, "SET " TOKEN " = '%s'", pg->token);
	return (len > 0 && (size_t)len < size ? 0 : -1);
}

const char *
pg_session_sql(const struct pg *pg)
{

	return (pg_version(pg) < SINCE ? "''" :
	    "pg_catalog.current_setting('" TOKEN "', true)");
}

enum status
pg_session_same(struct pg *pg, const char *value)
{

	if (pg_version(pg) < SINCE || pg->token[0] == '\0' ||
	    strcmp(value, pg->token) == 0)
		return (STATUS_OK);
	return (refused(pg));
}
