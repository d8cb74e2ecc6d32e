/* SPDX-License-Identifier: ISC */
#ifndef PG_IMPL_H
#define PG_IMPL_H

#include <libpq-fe.h>

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

struct pg {
	PGconn *conn;
	int backend;		/* the process ID of the server's process */
	bool pooled;		/* another one than has greeted us */
	char snapshot[SNAPSHOT_MAX];
	char again[SNAPSHOT_MAX + 256];	/* a new transaction on the snapshot */
	bool imported;		/* of another session of ours: it is there */
	unsigned turns;		/* tables since the last one */
	bool restricts;		/* has restrict_nonsystem_relation_kind */
	enum {
		SPEAKS_ENGLISH,
		SPEAKS_AS_ASKED,	/* in this session, because we may ask */
		SPEAKS_OTHERWISE,
	} language;
	struct pg_teller teller;
	char word[512];		/* the server's last one, and its SQLSTATE */
	char word_code[6];
};

/*
 * pg_run(pg, sql, param, out):
 * Statements (one, if there is a parameter).  *out is the first error, or else
 * the last result, freed by the caller; NULL where nothing could be sent.  0, or
 * -1 for a signal.  Prints nothing.
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

/* A new session: keep what the server says when it ends it. */
void pg_listen(struct pg *);

/* The state that all sessions have; first: none was opened before, so that a
 * pooler is asked whether it keeps sessions. */
enum status pg_prepare(struct pg *, bool first);

/* One error line and STATUS_USAGE where a session behind this pooler has now this
 * connection of the server's and now that one. */
enum status pg_pooler_check(struct pg *);

/* The same in a transaction, which must have begun where the session was set
 * up. */
enum status pg_pooler_same(struct pg *);

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
