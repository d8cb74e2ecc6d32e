/* SPDX-License-Identifier: ISC */
#ifndef PG_IMPL_H
#define PG_IMPL_H

#include <libpq-fe.h>

#include "blame.h"
#include "pg.h"

/*
 * What the files of this room share.
 */

#define SNAPSHOT_MAX	128

/* A session that only holds a snapshot must not fall to a firewall: seconds,
 * seconds, and how often. */
#define KEEP_IDLE	60
#define KEEP_INTERVAL	20
#define KEEP_COUNT	6

/* Names mean the same whatever the role prefers. */
#define PG_NO_PATH	"SELECT pg_catalog.set_config('search_path', '', false)"

struct pg {
	PGconn *conn;
	int backend;		/* the process ID of the server's process */
	bool pooled;		/* another one than has greeted us */
	char token[17];		/* "": not marked */
	char snapshot[SNAPSHOT_MAX];
	char again[SNAPSHOT_MAX + 256];	/* a new transaction on the snapshot */
	bool imported;		/* of another session of ours: it is there */
	unsigned turns;		/* tables since the last one */
	bool restricts;		/* has restrict_nonsystem_relation_kind */
	enum {
		SPEAKS_ENGLISH,
		SPEAKS_AS_ASKED,	/* in this session: we may ask */
		SPEAKS_OTHERWISE,
	} language;
	struct pg_teller teller;
	char word[512];		/* the server's last one, and its SQLSTATE */
	char word_code[6];
	bool choked;		/* given up for want of memory */
};

/*
 * pg_run(pg, sql, param, out):
 * Statements (one, if there is a parameter).  *out is the first error, or else
 * the last result, freed by the caller; NULL where nothing could be sent, or
 * not all was heard.  0, or -1 for a signal.  Prints nothing.
 */
int pg_run(struct pg *, const char *sql, const char *param, PGresult **out);

/* The same with one error line on failure; out may be NULL. */
enum status pg_query(struct pg *, const char *sql, const char *param,
    PGresult **out);

/* Print why res (or the connection) failed, with that object in front. */
enum status pg_failed(struct pg *, const char *object, const PGresult *res);

/* The same where the snapshot of another session of ours was imported. */
enum status pg_failed_import(struct pg *, const char *object,
    const PGresult *res);

/* STATUS_LOCAL after an error line, if it is the first one (teller may be
 * NULL). */
enum status pg_no_memory(const struct pg_teller *);

/*
 * pg_choked(pg):
 * Nothing has come for a while.  What libpq has no memory for it takes for
 * something that has not come whole, and waits for the rest: where there is
 * still none, that would be for ever.  True: the session is shut down, and
 * pg_failed() will say why.
 */
bool pg_choked(struct pg *);

/*
 * pg_unheard(pg):
 * All results have been taken, and the server has not come to the end of what
 * it was asked: libpq before 15 gives none where it has no memory for one, and
 * so another's may be taken for it.  True: pg_failed() will say so.
 */
bool pg_unheard(struct pg *);

/* A result, or NULL at the end of them; *stop, by stop_fd or a signal: there
 * may be more.  Freed by the caller. */
PGresult *pg_next(struct pg *, int stop_fd, bool *stop);

/* What runs is cancelled: PG_COPY_STOPPED. */
enum pg_copy pg_stopped(struct pg *);

/* As pg_failed(), with what where there is no failure: something is missing. */
enum status pg_not_whole(struct pg *, const char *object, const PGresult *bad,
    const char *what);

/* A new session: keep what the server says when it ends it. */
void pg_listen(struct pg *);

/* Print text with that object in front, and return its status; where others of
 * the same server tell too, one of them prints. */
enum status pg_say(struct pg *, const char *object, const char *text,
    const struct blame *, bool vague);

/*
 * pg_prepare(pg, login):
 * The state that all sessions have.  login: of the first one, behind which a
 * pooler is looked for; else NULL.
 */
enum status pg_prepare(struct pg *, const struct pg_login *);

/*
 * pg_pooler_check(pg):
 * Whether a pooler gives sessions now this connection of the server's and now
 * that one; with a second session.  STATUS_USAGE after one error line if it is
 * seen to.
 */
enum status pg_pooler_check(struct pg *);

/*
 * What shows in a transaction that the session is the one that was set up.
 * pg_session_mark(): the statement that marks it, to stand in one message with
 * what is set; 0, or -1 after one error line.  pg_session_sql(): the expression
 * to ask for.  pg_session_same(): STATUS_USAGE after one error line where its
 * value is another.
 */
int pg_session_mark(struct pg *, char *sql, size_t);
const char *pg_session_sql(const struct pg *);
enum status pg_session_same(struct pg *, const char *value);

/* Ask the server to drop what it does. */
void pg_cancel(PGconn *);

/* pg_log_in(login, conn): connect, and nothing else; as pg_open(). */
enum status pg_log_in(const struct pg_login *, PGconn **);

/* As that, to the same server; STATUS_OK without a connection, and *full, where
 * it has no session left. */
enum status pg_log_in_like(PGconn *like, const struct pg_teller *, PGconn **,
    bool *full);

/* The OIDs of the plan's tables as "{1,2}", freed by the caller; NULL without
 * memory. */
char *pg_tables(const struct plan *);

/* pg_wait(conn, events): a second at most for the socket: 1 ready, 0 not yet,
 * -1 asked to stop. */
int pg_wait(const PGconn *, short events);

/* The value of a connection parameter, freed by the caller; NULL: not set. */
char *pg_parameter(PGconn *, const char *keyword);

#endif
