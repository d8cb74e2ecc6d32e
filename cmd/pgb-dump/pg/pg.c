/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "blame.h"
#include "conninfo.h"
#include "memory.h"
#include "msg.h"
#include "pg-impl.h"
#include "sig.h"

#define SPARE		65536	/* bytes without which libpq can do nothing */
#define WAIT_STEP_MS	1000	/* a signal that came too early is seen then */

int
pg_wait(const PGconn *conn, short events)
{
	struct pollfd p = { .fd = PQsocket(conn), .events = events };

	if (sig_caught() != 0)
		return (-1);
	return (poll(&p, 1, WAIT_STEP_MS) > 0);
}

bool
pg_choked(struct pg *pg)
{

	if (!pg->choked && memory_there(SPARE) == -1) {
		pg->choked = true;
		(void)shutdown(PQsocket(pg->conn), SHUT_RDWR);
	}
	return (pg->choked);
}

bool
pg_unheard(struct pg *pg)
{

	if (PQtransactionStatus(pg->conn) != PQTRANS_ACTIVE)
		return (false);
	pg->choked = true;
	return (true);
}

char *
pg_parameter(PGconn *conn, const char *keyword)
{
	PQconninfoOption *all, *o;
	char *value = NULL;

	if ((all = PQconninfo(conn)) == NULL)
		return (NULL);
	for (o = all; o->keyword != NULL; o++)
		if (strcmp(o->keyword, keyword) == 0 && o->val != NULL &&
		    o->val[0] != '\0')
			value = strdup(o->val);
	PQconninfoFree(all);
	return (value);
}

void
pg_cancel(PGconn *conn)
{
	PGcancel *c = PQgetCancel(conn);
	char why[256];

	if (c != NULL)
		(void)PQcancel(c, why, sizeof(why));
	PQfreeCancel(c);
}

void
pg_set_teller(struct pg *pg, const struct pg_teller *teller)
{

	pg->teller = (struct pg_teller){ NULL, NULL };
	if (teller != NULL)
		pg->teller = *teller;
}

enum status
pg_say(struct pg *pg, const char *object, const char *text,
    const struct blame *b, bool vague)
{

	if (pg->teller.tell != NULL &&
	    !pg->teller.tell(pg->teller.arg, b->status, vague))
		return (b->status);
	msg_error("%s: %s", object, text);
	if (b->hint != NULL)
		msg_hint("%s", b->hint);
	return (b->status);
}

enum status
pg_failed(struct pg *pg, const char *object, const PGresult *res)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *function = PQresultErrorField(res,
	    PG_DIAG_SOURCE_FUNCTION);
	struct blame b = { STATUS_LOCAL, NULL };
	char line[1024];

	if (pg->choked)
		return (pg_say(pg, object, "out of memory", &b, false));
	if (code == NULL && pg->word[0] != '\0') {
		code = pg->word_code;
		text = pg->word;
	}
	if (code != NULL && text != NULL) {
		b = blame_server(code, text,
		    function != NULL ? function : "");
		return (pg_say(pg, object, text, &b, false));
	}
	b = blame_connect(PQerrorMessage(pg->conn), line, sizeof(line));
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		b.status = STATUS_RETRY;
	return (pg_say(pg, object, line, &b, true));
}

enum status
pg_failed_import(struct pg *pg, const char *object, const PGresult *res)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const struct blame gone = { STATUS_RETRY, NULL };

	/* No such snapshot, or not any more. */
	if (code != NULL && (strcmp(code, "22023") == 0 ||
	    strcmp(code, "42704") == 0 || strcmp(code, "55000") == 0))
		return (pg_say(pg, object, PQresultErrorField(res,
		    PG_DIAG_MESSAGE_PRIMARY), &gone, true));
	return (pg_failed(pg, object, res));
}

/* Keep it, if it is the end of the session. */
static void
on_notice(void *arg, const PGresult *res)
{
	const char *how = PQresultErrorField(res,
	    PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	struct pg *pg = arg;

	if (how == NULL || code == NULL || text == NULL ||
	    (strcmp(how, "FATAL") != 0 && strcmp(how, "PANIC") != 0))
		return;
	snprintf(pg->word, sizeof(pg->word), "%s", text);
	snprintf(pg->word_code, sizeof(pg->word_code), "%s", code);
}

void
pg_listen(struct pg *pg)
{

	PQsetNoticeReceiver(pg->conn, on_notice, pg);
}

enum status
pg_lost(struct pg *pg)
{
	static const char what[] = "the server ended the session that has the "
	    "snapshot and the locks";
	struct blame b = { STATUS_RETRY, NULL };
	char line[768];

	if (pg->choked)
		return (pg_failed(pg, pg_database(pg), NULL));
	if (pg->word[0] == '\0')
		return (pg_say(pg, pg_database(pg), what, &b, false));
	b.hint = blame_sqlstate(pg->word_code).hint;
	snprintf(line, sizeof(line), "%s: %s", what, pg->word);
	return (pg_say(pg, pg_database(pg), line, &b, false));
}

int
pg_run(struct pg *pg, const char *sql, const char *param, PGresult **out)
{
	PGresult *res, *last = NULL;
	int ready, sent;

	*out = NULL;
	/* Only without parameters can there be several statements. */
	sent = param == NULL ? PQsendQuery(pg->conn, sql) :
	    PQsendQueryParams(pg->conn, sql, 1, NULL, &param, NULL, NULL, 0);
	while (sent != 0) {
		while (PQisBusy(pg->conn)) {
			ready = pg_wait(pg->conn, POLLIN);
			if (ready == -1) {
				pg_cancel(pg->conn);
				PQclear(last);
				return (-1);
			}
			if (ready == 0 && pg_choked(pg))
				break;
			if (ready == 1 && PQconsumeInput(pg->conn) == 0)
				break;
		}
		if ((res = PQgetResult(pg->conn)) == NULL)
			break;
		/* The first error is the one that says why. */
		if (last != NULL &&
		    PQresultStatus(last) == PGRES_FATAL_ERROR)
			PQclear(res);
		else {
			PQclear(last);
			last = res;
		}
	}
	/* What was not read of several statements did not happen. */
	if (pg_unheard(pg) || pg->choked) {
		PQclear(last);
		last = NULL;
	}
	*out = last;
	return (0);
}

enum status
pg_query(struct pg *pg, const char *sql, const char *param, PGresult **out)
{
	enum status status = STATUS_OK;
	PGresult *last;

	if (pg_run(pg, sql, param, &last) == -1)
		return (STATUS_LOCAL);
	if (PQresultStatus(last) != PGRES_TUPLES_OK &&
	    PQresultStatus(last) != PGRES_COMMAND_OK)
		status = pg_failed(pg, pg_database(pg), last);
	if (status == STATUS_OK && out != NULL)
		*out = last;
	else
		PQclear(last);
	return (status);
}

/*
 * Its messages in English, where it speaks otherwise and lets us ask.  Behind a
 * pooler it is left as it is: our own session might be heard, but pg_dump would
 * ask when it connects, and be refused.
 */
static enum status
set_language(struct pg *pg)
{
	enum status status;
	PGresult *res;
	char sql[512];

	snprintf(sql, sizeof(sql), "SELECT CASE WHEN %s THEN "
	    "pg_catalog.set_config('lc_messages', 'C', false) ELSE '' END "
	    "WHERE pg_catalog.current_setting('lc_messages') !~* "
	    "'^(c|posix|en[a-z]*)([^a-z]|$)'", pg->pooled ? "false" :
	    pg_version(pg) >= 150000 ?
	    "pg_catalog.has_parameter_privilege('lc_messages', 'SET')" :
	    "pg_catalog.current_setting('is_superuser') = 'on'");
	if ((status = pg_query(pg, sql, NULL, &res)) != STATUS_OK)
		return (status);
	if (PQntuples(res) == 0)
		pg->language = SPEAKS_ENGLISH;
	else if (PQgetvalue(res, 0, 0)[0] != '\0')
		pg->language = SPEAKS_AS_ASKED;
	else
		pg->language = SPEAKS_OTHERWISE;
	PQclear(res);
	return (STATUS_OK);
}

/* Which process it is; and the path, but behind a pooler. */
static enum status
meet(struct pg *pg)
{
	enum status status;
	char sql[256];
	PGresult *res;

	snprintf(sql, sizeof(sql), "SELECT pg_catalog.pg_backend_pid(), "
	    "CASE WHEN pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) %d "
	    "THEN (" PG_NO_PATH ") END", PQbackendPID(pg->conn));
	if ((status = pg_query(pg, sql, NULL, &res)) != STATUS_OK)
		return (status);
	pg->backend = atoi(PQgetvalue(res, 0, 0));
	pg->pooled = PQgetisnull(res, 0, 1);
	PQclear(res);
	return (STATUS_OK);
}

enum status
pg_prepare(struct pg *pg, const struct pg_login *login)
{
	enum status status;

	if ((status = meet(pg)) != STATUS_OK)
		return (status);
	if (pg->pooled) {
		if (login != NULL && login->alone)
			return (STATUS_OK);
		if (login != NULL &&
		    (status = pg_pooler_check(pg)) != STATUS_OK)
			return (status);
		status = pg_query(pg, PG_NO_PATH, NULL, NULL);
		if (status != STATUS_OK)
			return (status);
	}
	/* Those that this version has. */
	status = pg_query(pg, "SELECT pg_catalog.set_config(name, '0', false) "
	    "FROM pg_catalog.pg_settings WHERE name IN ('statement_timeout', "
	    "'lock_timeout', 'idle_in_transaction_session_timeout', "
	    "'idle_session_timeout', 'transaction_timeout')", NULL, NULL);
	return (status == STATUS_OK ? set_language(pg) : status);
}

enum status
pg_open(const struct pg_login *login, struct pg **out)
{
	enum status status;
	struct pg *pg;

	if ((pg = calloc(1, sizeof(*pg))) == NULL) {
		msg_errno("libpq");
		return (STATUS_LOCAL);
	}
	if ((status = pg_log_in(login, &pg->conn)) == STATUS_OK) {
		pg_listen(pg);
		status = pg_prepare(pg, login);
	}
	if (status != STATUS_OK) {
		pg_close(pg);
		return (status);
	}
	*out = pg;
	return (STATUS_OK);
}

void
pg_close(struct pg *pg)
{

	if (pg == NULL)
		return;
	PQfinish(pg->conn);
	free(pg);
}

int
pg_version(const struct pg *pg)
{

	return (PQserverVersion(pg->conn));
}

const char *
pg_version_text(const struct pg *pg)
{
	const char *text = PQparameterStatus(pg->conn, "server_version");

	return (text != NULL ? text : "");
}

const char *
pg_strange(const struct pg *pg)
{

	return (pg->language == SPEAKS_OTHERWISE ? PQuser(pg->conn) : NULL);
}

const char *
pg_database(const struct pg *pg)
{

	return (PQdb(pg->conn));
}

enum status
pg_import(struct pg *pg, const char *snapshot, bool ours)
{
	char *id = PQescapeLiteral(pg->conn, snapshot, strlen(snapshot));
	char sql[256];
	enum status status = STATUS_OK;
	PGresult *res;

	if (id == NULL || strlen(id) > SNAPSHOT_MAX) {
		msg_error("--snapshot: not the name of a snapshot");
		PQfreemem(id);
		return (STATUS_USAGE);
	}
	snprintf(pg->again, sizeof(pg->again), "COMMIT; BEGIN ISOLATION LEVEL "
	    "REPEATABLE READ, READ ONLY; SET TRANSACTION SNAPSHOT %s; ", id);
	PQfreemem(id);
	snprintf(sql, sizeof(sql), "%sSELECT %s", strchr(pg->again, ' ') + 1,
	    pg_session_sql(pg));
	if (pg_run(pg, sql, NULL, &res) == -1)
		return (STATUS_LOCAL);
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		status = pg_session_same(pg, PQgetvalue(res, 0, 0));
	else
		status = ours ? pg_failed_import(pg, pg_database(pg), res) :
		    pg_failed(pg, pg_database(pg), res);
	PQclear(res);
	pg->imported = ours && status == STATUS_OK;
	return (status);
}

enum status
pg_snapshot(struct pg *pg, const char *user, bool deferrable, const char **id)
{
	enum status status;
	char sql[256];
	PGresult *res;

	if (user != NULL) {
		status = pg_import(pg, user, false);
		/* It was the user's word that was wrong. */
		if (status == STATUS_REMOTE || status == STATUS_DATA)
			status = STATUS_USAGE;
	} else
		status = pg_query(pg, deferrable ?
		    "BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE"
		    : "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", NULL,
		    NULL);
	if (status != STATUS_OK)
		return (status);
	snprintf(sql, sizeof(sql), "SELECT pg_catalog.pg_export_snapshot(), %s",
	    pg_session_sql(pg));
	if ((status = pg_query(pg, sql, NULL, &res)) != STATUS_OK)
		return (status);
	status = pg_session_same(pg, PQgetvalue(res, 0, 1));
	snprintf(pg->snapshot, sizeof(pg->snapshot), "%s",
	    PQgetvalue(res, 0, 0));
	PQclear(res);
	*id = pg->snapshot;
	return (status);
}

enum status
pg_databases(struct pg *pg, enum status (*each)(void *arg, const char *name),
    void *arg)
{
	enum status status;
	PGresult *res;
	int i;

	/* -2 marks what an interrupted DROP DATABASE left. */
	status = pg_query(pg, "SELECT datname FROM pg_catalog.pg_database "
	    "WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2 "
	    "ORDER BY datname COLLATE \"C\"", NULL, &res);
	if (status != STATUS_OK)
		return (status);
	for (i = 0; i < PQntuples(res) && status == STATUS_OK; i++)
		status = each(arg, PQgetvalue(res, i, 0));
	PQclear(res);
	return (status);
}

static enum status
add_number(struct pg *pg, const char *sql, const char *param, uint64_t *sum)
{
	enum status status;
	PGresult *res;

	if ((status = pg_query(pg, sql, param, &res)) != STATUS_OK)
		return (status);
	*sum += strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return (STATUS_OK);
}

enum status
pg_sizes(struct pg *pg, const struct plan *p, bool blobs, uint64_t *bytes)
{
	char *list = pg_tables(p);
	enum status status;

	if (list == NULL) {
		msg_errno("--estimate");
		return (STATUS_LOCAL);
	}
	*bytes = 0;
	status = add_number(pg,
	    "SELECT coalesce(sum(pg_catalog.pg_relation_size(c.oid) + "
	    "coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, "
	    "0)), 0)), 0) FROM pg_catalog.pg_class c "
	    "WHERE c.oid = ANY ($1::pg_catalog.oid[])", list, bytes);
	free(list);
	if (status == STATUS_OK && blobs)
		status = add_number(pg, "SELECT pg_catalog.pg_relation_size("
		    "'pg_catalog.pg_largeobject')", NULL, bytes);
	return (status);
}

bool
pg_alive(struct pg *pg)
{

	if (PQconsumeInput(pg->conn) == 0)
		return (false);
	/* It reads what has come, and on_notice() hears of it. */
	(void)PQisBusy(pg->conn);
	return (pg->word[0] == '\0' &&
	    PQstatus(pg->conn) == CONNECTION_OK);
}
