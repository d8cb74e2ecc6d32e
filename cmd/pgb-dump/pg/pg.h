/* SPDX-License-Identifier: ISC */
#ifndef PG_H
#define PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

/*
 * The server.  The only room that knows libpq.  Waiting ends when a signal
 * asks us to stop; then STATUS_LOCAL comes back without a message.
 */
struct fence;
struct pg;
struct plan;
struct plan_entry;

struct pg_login {
	const char *host, *port, *user;	/* as given, or NULL */
	const char *database;		/* name, conninfo or URI, or NULL */
	bool ask;			/* ask for a password at once */
	bool never_ask;
	bool any_database;		/* it does not matter which: without a
					 * name, postgres or else template1 */
	bool alone;			/* there will be no other session */
};

/*
 * pg_open(login, pg):
 * Connect.  libpq's rules hold for all parameters (services, PGPASSFILE,
 * environment).  A password that is needed and not there is asked for on the
 * terminal, once.  Timeouts of statements and sessions are off and the search
 * path is empty afterwards, but for one that is alone behind a pooler.
 *
 * STATUS_OK; else STATUS_USAGE (parameters, or a pooler that does not keep a
 * session on one connection), STATUS_RETRY or STATUS_REMOTE (as
 * status.h has it), STATUS_LOCAL, after one error line.
 */
enum status pg_open(const struct pg_login *, struct pg **);
void pg_close(struct pg *);

/*
 * pg_allow(pg, fence):
 * What another session of the same user on the same server may open and connect
 * to.  pg_beyond_fence(): why none could be made behind one; NULL: it can.
 */
void pg_allow(const struct pg *, struct fence *);
const char *pg_beyond_fence(const struct pg *);

/* As server_version_num (150020), as text ("15.20 (Debian ...)"), and the
 * database's name.  Borrowed. */
int pg_version(const struct pg *);
const char *pg_version_text(const struct pg *);
const char *pg_database(const struct pg *);

/* The role, where the server's messages are in another language than English
 * and may not be asked for in it; else NULL.  Borrowed. */
const char *pg_strange(const struct pg *);

/*
 * Sessions that work together end together, and one line says why.  So tell()
 * is asked before an error line is printed: false: somebody else has printed
 * one.  vague: this session does not know the reason, another one may.  From
 * any thread; status is what the function that failed will return.
 */
struct pg_teller {
	bool (*tell)(void *arg, enum status status, bool vague);
	void *arg;
};
void pg_set_teller(struct pg *, const struct pg_teller *);	/* copied; NULL:
								 * none */

/*
 * pg_clone(pg, teller, out, full):
 * Another session of the same user on the same server, whichever of several it
 * was.  *full, with STATUS_OK and *out NULL: it has no session left.
 */
enum status pg_clone(const struct pg *, const struct pg_teller *, struct pg **,
    bool *full);

/* What pg_dump sets for its sessions, by the user's options.  Outside of a
 * transaction, or it would go with that. */
struct pg_settings {
	const char *role;		/* or NULL */
	const char *float_digits;	/* or NULL */
	bool row_security;
	bool quote_all;			/* regclass and its like, too */
};
enum status pg_set(struct pg *, const struct pg_settings *);

/* Make reading many rows cheaper: larger pieces at once. */
enum status pg_widen(struct pg *);

/* Run the archive's own "SET client_encoding = ...".  In a session of
 * pg_import(), where transactions may fail, it outlasts them. */
enum status pg_encoding(struct pg *, const char *statement);

/* Begin a read-only transaction on an exported snapshot.  ours: it was there a
 * moment ago, so that a failure means that the session which has it is lost. */
enum status pg_import(struct pg *, const char *snapshot, bool ours);

/*
 * pg_snapshot(pg, user, deferrable, id):
 * Begin a read-only transaction and export its snapshot; it can be imported
 * until pg_close().  user: the snapshot to take it from, or NULL.  deferrable:
 * wait until the snapshot is free of serialization anomalies.  *id is borrowed.
 */
enum status pg_snapshot(struct pg *, const char *user, bool deferrable,
    const char **id);

/* End the transaction, with its snapshot and locks. */
enum status pg_rollback(struct pg *);

/* Plan: of pg-plan.c. */
enum pg_lock {
	PG_LOCK_OK,
	PG_LOCK_BUSY,		/* somebody waits to change a table, or has
				 * dropped one */
	PG_LOCK_FULL,		/* the server's lock table is */
	PG_LOCK_FAILED,		/* *status, after one error line */
};

/* Names and kinds of the plan's tables, and, where an entry of large objects
 * has no list yet, all that there are. */
enum status pg_describe(struct pg *, struct plan *);

/* ACCESS SHARE on all of them, or on none, without waiting. */
enum pg_lock pg_lock(struct pg *, const struct plan *, enum status *);

/* What was rewritten since the snapshot, or has lost its name, by which it is
 * locked and read.  Waits for no lock. */
enum status pg_changes(struct pg *, struct plan *);

/* Sizes in bytes; locked: pg_lock() was PG_LOCK_OK.  Else they are those of the
 * last VACUUM, and may be 0. */
enum status pg_measure(struct pg *, struct plan *, bool locked,
    uint32_t *page_size);

/* Whether the snapshot sees no row of the table. */
enum status pg_is_empty(struct pg *, const struct plan_entry *, bool *empty);

/* Copy: of pg-copy.c. */
enum pg_copy {
	PG_COPY_OK,
	PG_COPY_BUSY,		/* the table cannot be locked by us, or, for a
				 * range, an index of it */
	PG_COPY_STOPPED,	/* stop_fd, a signal, or the callback */
	PG_COPY_FAILED,		/* *status, after one error line */
};

/*
 * Where rows go, which are cut wherever it fits: room() gives a place for *len
 * >= 1 bytes, used() tells how many were put there, bytes() does both.  NULL
 * and false stop.
 */
struct pg_rows {
	uint8_t *(*room)(void *arg, size_t *len);
	bool (*used)(void *arg, size_t len);
	bool (*bytes)(void *arg, const void *buf, size_t len);
	void *arg;
	int stop_fd;
};

/*
 * pg_copy_table(pg, entry, from, to, range, lock, rows, status):
 * The rows of a table as COPY text: all, or, if range, of the heap's pages from
 * ... to - 1 (to 0: to the end).  lock: LOCK_NONE our transaction has it;
 * LOCK_BRIEF only meanwhile; LOCK_KEEP for the rest of the transaction;
 * LOCK_TURN the same, in a session that pg_import() began and that may begin
 * anew whenever it likes, which is cheaper than LOCK_BRIEF: locks that it kept
 * may then be gone.  Errors name entry->label.
 */
enum pg_lock_how { LOCK_NONE, LOCK_BRIEF, LOCK_KEEP, LOCK_TURN };
enum pg_copy pg_copy_table(struct pg *, const struct plan_entry *,
    uint32_t from, uint32_t to, bool range, enum pg_lock_how,
    const struct pg_rows *, enum status *);

/*
 * pg_copy_blobs(pg, loids, count, begin, rows, end, status):
 * count large objects, in that order: begin() with the OID, its bytes to rows,
 * end().  Both are called with rows->arg.
 */
enum pg_copy pg_copy_blobs(struct pg *, const uint32_t *loids, size_t count,
    bool (*begin)(void *arg, uint32_t loid), const struct pg_rows *,
    bool (*end)(void *arg), enum status *);

/*
 * pg_blocked(pg, holders, each, arg):
 * Call each for every session that waits for a lock on a relation which one of
 * the backends "{1,2}" has locked (0: any pg_dump of the same user): its
 * process, the lock's mode and the relation.  false when the server cannot be
 * asked any more.  Prints nothing.
 */
bool pg_blocked(struct pg *, const char *holders, void (*each)(void *arg,
    int pid, const char *mode, const char *table), void *arg);

/* A query that does nothing, so that the session is not taken for dead. */
bool pg_ping(struct pg *);

/* The socket, to see that the server ends the session. */
int pg_socket(const struct pg *);

/* The backend's process ID. */
int pg_pid(const struct pg *);

/*
 * pg_databases(pg, each, arg):
 * Call each for every database that can be dumped, sorted by bytes.
 */
enum status pg_databases(struct pg *,
    enum status (*each)(void *arg, const char *name), void *arg);

/*
 * pg_sizes(pg, plan, blobs, bytes):
 * Bytes that the plan's tables (and, if blobs, all large objects) take on the
 * server's disk: heap and TOAST, without indexes and maps.
 */
enum status pg_sizes(struct pg *, const struct plan *, bool blobs,
    uint64_t *bytes);

/* Whether the server still talks to us. */
bool pg_alive(struct pg *);

/* After pg_alive() or pg_ping() was false: print that the session which has the
 * snapshot was ended, and what the server said of it.  STATUS_RETRY. */
enum status pg_lost(struct pg *);

/*
 * pg_for_child(pg, conninfo, password, service):
 * What a child needs to reach the same server: conninfo for its command line;
 * password for PGPASSWORD, NULL: none; service: the text of a service file
 * with other secrets, NULL: none.  The caller frees all three.  STATUS_OK, or
 * a status after one error line.
 */
enum status pg_for_child(const struct pg *, char **conninfo, char **password,
    char **service);

#endif
