/* SPDX-License-Identifier: ISC */
/*
 * A pooler that gives a server's connection to a session for one transaction
 * only (pool_mode = transaction).  What a session sets there lands anywhere: rows
 * may be read under another role's row security or in another style of dates,
 * and search_path = '' stays behind, in sessions of applications.  So nothing is
 * set before it is known that this is not one.
 */
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "pg-impl.h"

#define PID			"SELECT pg_catalog.pg_backend_pid()"
#define PROTOCOL_VIOLATION	"08P01"

static enum status
refused(const struct pg *pg)
{

	msg_error("%s: the pooler in front of this server does not keep a "
	    "session on one connection", pg_database(pg));
	msg_hint("connect to the server itself, or where pool_mode = session");
	return (STATUS_USAGE);
}

/* *pid: of the process that has done it; 0: not possible here. */
static enum status
ask(struct pg *pg, const char *sql, int *pid)
{
	enum status status = STATUS_OK;
	const char *state;
	PGresult *res;

	*pid = 0;
	if (pg_run(pg, sql, NULL, &res) == -1)
		return (STATUS_LOCAL);
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		*pid = atoi(PQgetvalue(res, 0, 0));
	else if ((state = PQresultErrorField(res, PG_DIAG_SQLSTATE)) == NULL ||
	    strcmp(state, PROTOCOL_VIOLATION) != 0)
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
	struct pg other = { .teller = pg->teller };
	enum status status;
	bool full, same = true;
	int pid;

	status = pg_log_in_like(pg->conn, &pg->teller, &other.conn, &full);
	if (status != STATUS_OK || full)
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

enum status
pg_pooler_same(struct pg *pg)
{
	enum status status;
	int pid;

	if (!pg->pooled)
		return (STATUS_OK);
	status = ask(pg, PID, &pid);
	if (status == STATUS_OK && pid != pg->backend)
		return (refused(pg));
	return (status);
}
