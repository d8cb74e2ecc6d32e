/* SPDX-License-Identifier: ISC */
/*
 * Reading rows and large objects.
 *
 * A worker locks a table without waiting: who stands in the queue behind a lock
 * that somebody wants for a change, while that somebody waits for our leader,
 * waits for ever, and the server cannot see it.  Such a table is the leader's,
 * who has the lock.
 *
 * A range is read by COPY (SELECT ...), which locks the table's indexes too,
 * until the transaction ends or, here, is rolled back to a savepoint: a REINDEX
 * that waits for an index blocks all who write to the table.  Those locks nobody
 * has had before, so the leader can come to wait for them as well, and for ever:
 * behind a REINDEX that waits for a worker that waits for memory that only the
 * leader's task will set free.  So nobody waits for them for long; EXPLAIN takes
 * the same locks, and its patience ends before the COPY begins.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/plan.h"
#include "msg.h"
#include "pg-impl.h"
#include "sig.h"

#define LO_PIECE	"1048576"	/* and else */
#define TURNS		14	/* tables of a transaction */
#define NAP_US		1000	/* longest */
#define NAP_LEAST	4096	/* bytes of a waking: a COPY in flow */
#define NAP_MOST	(96 * 1024)
#define PATIENCE	"500ms"	/* for locks of indexes */
#define BEGIN		"SAVEPOINT pgb; "
#define UNDO		"ROLLBACK TO SAVEPOINT pgb; RELEASE SAVEPOINT pgb"

/* Wait for the server: 1 something is there, 0 stop, -1 nothing for a while. */
static int
wait_server(PGconn *conn, int stop_fd)
{
	struct pollfd f[2] = {
		{ .fd = PQsocket(conn), .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};

	if (sig_caught() != 0)
		return (0);
	if (poll(f, 2, 1000) <= 0)
		return (-1);
	return (f[1].revents == 0);
}

/* A result, or NULL at the end of them; *stop: there may be more. */
static PGresult *
next_result(struct pg *pg, int stop_fd, bool *stop)
{
	int ready;

	while (PQisBusy(pg->conn)) {
		if ((ready = wait_server(pg->conn, stop_fd)) == 0) {
			*stop = true;
			return (NULL);
		}
		if ((ready == -1 && pg_choked(pg)) ||
		    PQconsumeInput(pg->conn) == 0)
			break;
	}
	return (PQgetResult(pg->conn));
}

static enum pg_copy
stopped(struct pg *pg)
{

	pg_cancel(pg->conn);
	return (PG_COPY_STOPPED);
}

/*
 * The server sends 8 KiB at a time, and wakes us for each.  Where it sends
 * without a pause, waiting a little gathers many of them in the socket, which
 * holds about twice NAP_MOST, and spares both of us most of the switching.
 * *us follows what a nap brings.
 */
static void
nap(long *us, size_t brought)
{
	struct timespec t = { 0, 0 };

	if (brought > NAP_MOST)
		*us /= 2;
	else if (brought < NAP_MOST / 2 && *us < NAP_US)
		*us += NAP_US / 8;
	if (brought < NAP_LEAST)
		return;
	t.tv_nsec = *us * 1000;
	(void)nanosleep(&t, NULL);
}

/* Rows that are there: how many bytes, *end after the last one; false stops. */
static bool
take_rows(struct pg *pg, const struct pg_rows *rows, size_t *len, bool *end)
{
	size_t room, put;
	uint8_t *at;
	int n = 1;

	/* Without a copy of each row, as PQgetCopyData() would make. */
	for (*len = 0; n > 0; *len += put) {
		if ((at = rows->room(rows->arg, &room)) == NULL)
			return (false);
		for (put = 0; put < room; put += (size_t)n) {
			n = PQgetlineAsync(pg->conn, (char *)at + put,
			    (int)(room - put));
			if (n <= 0)
				break;
		}
		if (!rows->used(rows->arg, put))
			return (false);
	}
	*end = n < 0;
	return (true);
}

/* The rows of a COPY that has begun. */
static enum pg_copy
read_rows(struct pg *pg, const struct pg_rows *rows)
{
	long us = NAP_US / 2;
	size_t len;
	bool end;

	for (;;) {
		if (!take_rows(pg, rows, &len, &end))
			return (stopped(pg));
		if (end)
			return (PG_COPY_OK);	/* its result tells more */
		if (len > 0)
			nap(&us, len);
		else if (wait_server(pg->conn, rows->stop_fd) == 0)
			return (stopped(pg));
		if (PQconsumeInput(pg->conn) == 0)
			return (PG_COPY_OK);
	}
}

static bool
is_busy(const PGresult *res)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return (code != NULL && strcmp(code, "55P03") == 0);
}

/* Run the statements, of which one is a COPY; undo: what makes the transaction
 * usable again when a lock could not be had. */
static enum pg_copy
copy(struct pg *pg, const char *sql, const char *undo, const char *label,
    const struct pg_rows *rows, enum status *status)
{
	enum pg_copy got = PG_COPY_OK;
	bool stop = false, copied = false;
	PGresult *res, *bad = NULL;

	if (PQsendQuery(pg->conn, sql) == 0) {
		*status = pg_failed(pg, label, NULL);
		return (PG_COPY_FAILED);
	}
	while (got == PG_COPY_OK && (res = next_result(pg, rows->stop_fd,
	    &stop)) != NULL) {
		switch (PQresultStatus(res)) {
		case PGRES_COPY_OUT:
			got = read_rows(pg, rows);
			copied = true;
			break;
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
			break;
		default:
			if (bad == NULL) {
				bad = res;
				res = NULL;
			}
			break;
		}
		PQclear(res);
		/* A dead connection gives the same result for ever. */
		if (PQstatus(pg->conn) == CONNECTION_BAD)
			break;
	}
	if (stop)
		got = stopped(pg);
	if (got != PG_COPY_OK) {
		PQclear(bad);
		return (got);
	}
	if (bad != NULL && !copied && is_busy(bad)) {
		PQclear(bad);
		*status = pg_query(pg, undo, NULL, NULL);
		return (*status == STATUS_OK ? PG_COPY_BUSY : PG_COPY_FAILED);
	}
	if (bad == NULL && copied && !pg->choked &&
	    PQstatus(pg->conn) == CONNECTION_OK)
		return (PG_COPY_OK);
	*status = undo == pg->again && !copied ?
	    pg_failed_import(pg, label, bad) : pg_failed(pg, label, bad);
	PQclear(bad);
	return (PG_COPY_FAILED);
}

/* "a, b" of "(a, b)". */
static int
list_len(const struct plan_entry *e)
{
	size_t len = strlen(e->columns);

	return (len < 2 ? 0 : (int)(len - 2));
}

static const char *
list(const struct plan_entry *e)
{

	return (e->columns[0] == '\0' ? "" : e->columns + 1);
}

static int
range_sql(char **sql, const struct plan_entry *e, uint32_t from, uint32_t to,
    const char *lock)
{
	char end[48] = "";

	if (to != 0)
		snprintf(end, sizeof(end), " AND ctid < '(%u,0)'", to);
	return (asprintf(sql, "%s" BEGIN "SET LOCAL enable_seqscan = off; "
	    "SET LOCAL enable_tidscan = on; SET LOCAL jit = off; "
	    "SET LOCAL max_parallel_workers_per_gather = 0; "
	    "SET LOCAL lock_timeout = '" PATIENCE "'; "
	    "EXPLAIN SELECT FROM ONLY %s WHERE ctid >= '(%u,0)'%s; "
	    "SET LOCAL lock_timeout = 0; "
	    "COPY (SELECT %.*s FROM ONLY %s WHERE ctid >= '(%u,0)'%s) "
	    "TO STDOUT; " UNDO, lock, e->name, from, end, list_len(e), list(e),
	    e->name, from, end));
}

static int
table_sql(char **sql, const struct pg *pg, const struct plan_entry *e,
    const char *lock)
{

	if (e->relkind != 'f' && e->condition == NULL)
		return (asprintf(sql, BEGIN "%sCOPY %s %s TO STDOUT; " UNDO,
		    lock, e->name, e->columns));
	/* As pg_dump has it: without ONLY; but in one order. */
	return (asprintf(sql, BEGIN "SET LOCAL max_parallel_workers_per_gather "
	    "= 0; %s%sCOPY (SELECT %.*s FROM %s %s) "
	    "TO STDOUT; " UNDO, lock, e->relkind == 'f' && pg->restricts ?
	    "SET LOCAL restrict_nonsystem_relation_kind = 'view'; " : "",
	    e->columns[0] != '\0' ? list_len(e) : 1,
	    e->columns[0] != '\0' ? list(e) : "*", e->name,
	    e->condition != NULL ? e->condition : ""));
}

/*
 * A table at a time, thousands of them: one round trip each.  Its lock stays
 * until the transaction ends, which is every now and then, before locks take
 * room in the server's lock table (16 a session do not).
 */
static enum pg_copy
turn(struct pg *pg, const struct plan_entry *e, const struct pg_rows *rows,
    enum status *status)
{
	enum pg_copy got;
	char *sql;

	if (asprintf(&sql, "%sLOCK TABLE ONLY %s IN ACCESS SHARE MODE NOWAIT; "
	    "COPY %s %s TO STDOUT", ++pg->turns % TURNS == 0 ? pg->again : "",
	    e->name, e->name, e->columns) == -1) {
		msg_errno(e->label);
		return (PG_COPY_FAILED);
	}
	got = copy(pg, sql, pg->again, e->label, rows, status);
	free(sql);
	return (got);
}

enum pg_copy
pg_copy_table(struct pg *pg, const struct plan_entry *e, uint32_t from,
    uint32_t to, bool range, enum pg_lock_how how, const struct pg_rows *rows,
    enum status *status)
{
	char *lock = NULL, *sql = NULL;
	enum pg_copy got = PG_COPY_FAILED;
	int n;

	*status = STATUS_LOCAL;
	if (how == LOCK_TURN && e->relkind != 'f' && e->condition == NULL)
		return (turn(pg, e, rows, status));
	if (how == LOCK_NONE || e->relkind == 'f')
		lock = strdup("");
	else if (asprintf(&lock, "%sLOCK TABLE ONLY %s IN ACCESS SHARE MODE "
	    "NOWAIT; %s", range ? BEGIN : "", e->name,
	    range ? "RELEASE SAVEPOINT pgb; " : "") == -1)
		lock = NULL;
	if (lock == NULL)
		goto out;
	n = range ? range_sql(&sql, e, from, to, lock) :
	    table_sql(&sql, pg, e, lock);
	if (n == -1) {
		sql = NULL;
		goto out;
	}
	got = copy(pg, sql, UNDO, e->label, rows, status);
out:
	if (sql == NULL)
		msg_errno(e->label);
	free(lock);
	free(sql);
	return (got);
}

/*
 * Rows of a query whose only column is bytes (or NULL, told with buf NULL), one
 * by one.
 */
static enum pg_copy
each_value(struct pg *pg, const char *sql, const char *const *param, int nparam,
    int stop_fd, bool (*value)(void *, const void *, size_t), void *arg,
    enum status *status)
{
	enum pg_copy got = PG_COPY_OK;
	bool stop = false;
	PGresult *res;

	if (PQsendQueryParams(pg->conn, sql, nparam, NULL, param, NULL, NULL,
	    1) == 0 || PQsetSingleRowMode(pg->conn) == 0) {
		*status = pg_failed(pg, "large objects", NULL);
		return (PG_COPY_FAILED);
	}
	while (got == PG_COPY_OK &&
	    (res = next_result(pg, stop_fd, &stop)) != NULL) {
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
			if (!value(arg, PQgetisnull(res, 0, 0) ? NULL :
			    PQgetvalue(res, 0, 0),
			    (size_t)PQgetlength(res, 0, 0)))
				got = stopped(pg);
		} else if (PQresultStatus(res) != PGRES_TUPLES_OK) {
			*status = pg_failed(pg, "large objects", res);
			got = PG_COPY_FAILED;
		}
		PQclear(res);
	}
	if (pg->choked && got == PG_COPY_OK) {
		*status = pg_failed(pg, "large objects", NULL);
		got = PG_COPY_FAILED;
	}
	return (stop ? stopped(pg) : got);
}

/* What the callbacks below work on. */
struct blobs {
	const uint32_t *loids;
	bool *longs;		/* which are read piece by piece */
	size_t at;
	bool (*begin)(void *arg, uint32_t loid);
	const struct pg_rows *rows;
	bool (*end)(void *arg);
	size_t got;		/* bytes of the last piece */
};

static bool
on_length(void *arg, const void *buf, size_t len)
{
	struct blobs *b = arg;

	(void)buf;
	b->longs[b->at++] = len > 0;
	return (true);
}

static bool
on_short(void *arg, const void *buf, size_t len)
{
	struct blobs *b = arg;

	return (b->begin(b->rows->arg, b->loids[b->at++]) &&
	    (len == 0 || b->rows->bytes(b->rows->arg, buf, len)) &&
	    b->end(b->rows->arg));
}

static bool
on_piece(void *arg, const void *buf, size_t len)
{
	struct blobs *b = arg;

	b->got = len;
	return (len == 0 || b->rows->bytes(b->rows->arg, buf, len));
}

static enum pg_copy
long_blob(struct pg *pg, struct blobs *b, enum status *status)
{
	char oid[16], offset[24];
	const char *const param[2] = { oid, offset };
	enum pg_copy got = PG_COPY_OK;
	uint64_t at = 0;

	snprintf(oid, sizeof(oid), "%u", b->loids[b->at]);
	if (!b->begin(b->rows->arg, b->loids[b->at]))
		return (PG_COPY_STOPPED);
	do {
		snprintf(offset, sizeof(offset), "%llu",
		    (unsigned long long)at);
		b->got = 0;
		got = each_value(pg, "SELECT pg_catalog.lo_get("
		    "$1::pg_catalog.oid, $2::pg_catalog.int8, " LO_PIECE ")",
		    param, 2, b->rows->stop_fd, on_piece, b, status);
		at += b->got;
	} while (got == PG_COPY_OK && b->got > 0);
	b->at++;
	if (got == PG_COPY_OK && !b->end(b->rows->arg))
		return (PG_COPY_STOPPED);
	return (got);
}

/* "{1,2,3}" */
static char *
oid_array(const uint32_t *oids, size_t count)
{
	char *text = malloc(11 * count + 3), *to = text;
	size_t i;

	if (text == NULL)
		return (NULL);
	to = stpcpy(to, "{");
	for (i = 0; i < count; i++)
		to += snprintf(to, 12, "%s%u", i > 0 ? "," : "", oids[i]);
	stpcpy(to, "}");
	return (text);
}

/* A query about count large objects from the one at b->at. */
static enum pg_copy
ask_blobs(struct pg *pg, struct blobs *b, size_t count, const char *sql,
    bool (*value)(void *, const void *, size_t), enum status *status)
{
	char *array = oid_array(b->loids + b->at, count);
	const char *const param[1] = { array };
	enum pg_copy got;

	if (array == NULL) {
		msg_errno("large objects");
		*status = STATUS_LOCAL;
		return (PG_COPY_FAILED);
	}
	got = each_value(pg, sql, param, 1, b->rows->stop_fd, value, b,
	    status);
	free(array);
	return (got);
}

enum pg_copy
pg_copy_blobs(struct pg *pg, const uint32_t *loids, size_t count,
    bool (*begin)(void *, uint32_t), const struct pg_rows *rows,
    bool (*end)(void *), enum status *status)
{
	struct blobs b = { .loids = loids, .begin = begin, .rows = rows,
	    .end = end };
	enum pg_copy got;
	size_t run;

	if (count == 0)
		return (PG_COPY_OK);
	*status = STATUS_LOCAL;
	if ((b.longs = calloc(count, sizeof(*b.longs))) == NULL) {
		msg_errno("large objects");
		return (PG_COPY_FAILED);
	}
	/* A byte behind the limit tells the long ones. */
	got = ask_blobs(pg, &b, count, "SELECT pg_catalog.lo_get(o, 262144, 1) "
	    "FROM pg_catalog.unnest($1::pg_catalog.oid[]) "
	    "WITH ORDINALITY AS t(o, n) ORDER BY n", on_length, status);
	for (b.at = 0; got == PG_COPY_OK && b.at < count;) {
		if (b.longs[b.at]) {
			got = long_blob(pg, &b, status);
			continue;
		}
		for (run = 1; b.at + run < count && !b.longs[b.at + run];)
			run++;
		got = ask_blobs(pg, &b, run, "SELECT pg_catalog.lo_get(o) "
		    "FROM pg_catalog.unnest($1::pg_catalog.oid[]) "
		    "WITH ORDINALITY AS t(o, n) ORDER BY n", on_short, status);
	}
	free(b.longs);
	return (got);
}
