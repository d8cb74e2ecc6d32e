/* SPDX-License-Identifier: ISC */
/*
 * Reading rows.
 *
 * A worker locks a table without waiting: who stands in the queue behind a lock
 * that somebody wants for a change, while that somebody waits for our leader,
 * waits for ever, and the server cannot see it.  Such a table is the leader's,
 * who has the lock.
 *
 * A range is read by COPY (SELECT ...), which locks the table's indexes too,
 * until the transaction ends or, here, is rolled back to a savepoint: a REINDEX
 * that waits for an index blocks all who write to the table.  Those locks
 * nobody has had before, so the leader can come to wait for them as well, and
 * for ever: behind a REINDEX that waits for a worker that waits for memory that
 * only the leader's task will set free.  So nobody waits for them for long;
 * EXPLAIN takes the same locks, and its patience ends before the COPY begins.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "data/plan.h"
#include "msg.h"
#include "pg-impl.h"
#include "sig.h"

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

enum status
pg_not_whole(struct pg *pg, const char *label, const PGresult *bad,
    const char *what)
{
	static const struct blame lost = { STATUS_RETRY, "what stands between "
	    "us and the server has changed the stream: connect to it "
	    "directly, or try again" };

	if (bad != NULL || pg_unheard(pg) || pg->choked ||
	    PQstatus(pg->conn) != CONNECTION_OK)
		return (pg_failed(pg, label, bad));
	return (pg_say(pg, label, what, &lost, false));
}

PGresult *
pg_next(struct pg *pg, int stop_fd, bool *stop)
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

enum pg_copy
pg_stopped(struct pg *pg)
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

/* Rows that end in there: only that is a newline, in each of the encodings.  A
 * message has one, but those of some that speak for a server. */
static uint64_t
rows_of(const uint8_t *at, size_t len)
{
	const uint8_t *end = at + len;
	uint64_t count = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		count++;
		at++;
	}
	return (count);
}

/* Rows that are there: how many bytes, *end after the last one; false stops. */
static bool
take_rows(struct pg *pg, const struct pg_rows *rows, size_t *len,
    uint64_t *count, bool *end)
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
			*count += rows_of(at + put, (size_t)n);
		}
		if (!rows->used(rows->arg, put))
			return (false);
	}
	*end = n < 0;
	return (true);
}

/* The rows of a COPY that has begun, counted. */
static enum pg_copy
read_rows(struct pg *pg, const struct pg_rows *rows, uint64_t *count)
{
	long us = NAP_US / 2;
	size_t len;
	bool end;

	for (;;) {
		if (!take_rows(pg, rows, &len, count, &end))
			return (pg_stopped(pg));
		if (end)
			return (PG_COPY_OK);	/* its result tells more */
		if (len > 0)
			nap(&us, len);
		else if (wait_server(pg->conn, rows->stop_fd) == 0)
			return (pg_stopped(pg));
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

/* How far a COPY has come, by what was heard of it. */
struct heard {
	bool begun;
	bool whole;		/* the server has said so, of as many rows */
	uint64_t rows;
	PGresult *bad;		/* the first one that is */
};

static enum pg_copy
hear(struct pg *pg, PGresult *res, const struct pg_rows *rows, struct heard *h)
{
	enum pg_copy got = PG_COPY_OK;
	char count[32];

	switch (PQresultStatus(res)) {
	case PGRES_COPY_OUT:
		h->begun = true;
		got = read_rows(pg, rows, &h->rows);
		break;
	case PGRES_COMMAND_OK:
		snprintf(count, sizeof(count), "COPY %" PRIu64, h->rows);
		if (h->begun && strcmp(PQcmdStatus(res), count) == 0)
			h->whole = true;
		break;
	case PGRES_TUPLES_OK:
		break;
	default:
		if (h->bad == NULL) {
			h->bad = res;
			res = NULL;
		}
		break;
	}
	PQclear(res);
	return (got);
}

/* Run the statements, of which one is a COPY; undo: what makes the transaction
 * usable again when a lock could not be had. */
static enum pg_copy
copy(struct pg *pg, const char *sql, const char *undo, const char *label,
    const struct pg_rows *rows, enum status *status)
{
	enum pg_copy got = PG_COPY_OK;
	struct heard h = { false };
	bool stop = false;
	PGresult *res;

	if (PQsendQuery(pg->conn, sql) == 0) {
		*status = pg_failed(pg, label, NULL);
		return (PG_COPY_FAILED);
	}
	while (got == PG_COPY_OK && (res = pg_next(pg, rows->stop_fd,
	    &stop)) != NULL) {
		got = hear(pg, res, rows, &h);
		/* A dead connection gives the same result for ever. */
		if (PQstatus(pg->conn) == CONNECTION_BAD)
			break;
	}
	if (stop)
		got = pg_stopped(pg);
	if (got != PG_COPY_OK) {
		PQclear(h.bad);
		return (got);
	}
	if (h.bad != NULL && !h.begun && is_busy(h.bad)) {
		PQclear(h.bad);
		*status = pg_query(pg, undo, NULL, NULL);
		return (*status == STATUS_OK ? PG_COPY_BUSY : PG_COPY_FAILED);
	}
	if (h.bad == NULL && !pg_unheard(pg) && !pg->choked && h.whole &&
	    PQstatus(pg->conn) == CONNECTION_OK)
		return (PG_COPY_OK);
	*status = undo == pg->again && !h.begun ?
	    pg_failed_import(pg, label, h.bad) : pg_not_whole(pg, label, h.bad,
	    "the server has not said that these are all rows");
	PQclear(h.bad);
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
