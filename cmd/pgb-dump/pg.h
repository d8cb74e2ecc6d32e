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
struct pg;

struct pg_login {
	const char *host, *port, *user;	/* as given, or NULL */
	const char *database;		/* name, conninfo or URI, or NULL */
	bool ask;			/* ask for a password at once */
	bool never_ask;
	bool any_database;		/* it does not matter which: without a
					 * name, postgres or else template1 */
};

/*
 * pg_open(login, pg):
 * Connect.  libpq's rules hold for all parameters (services, PGPASSFILE,
 * environment).  A password that is needed and not there is asked for on the
 * terminal, once.  Timeouts of statements and sessions are off and the search
 * path is empty afterwards.
 *
 * STATUS_OK; else STATUS_USAGE (parameters), STATUS_RETRY or STATUS_REMOTE (as
 * status.h has it), STATUS_LOCAL, after one error line.
 */
enum status pg_open(const struct pg_login *, struct pg **);
void pg_close(struct pg *);

/* As server_version_num (150020), as text ("15.20 (Debian ...)"), and the
 * database's name.  Borrowed. */
int pg_version(const struct pg *);
const char *pg_version_text(const struct pg *);
const char *pg_database(const struct pg *);

/*
 * pg_snapshot(pg, deferrable, id):
 * Begin a read-only transaction and export its snapshot; it can be imported
 * until pg_close().  deferrable: wait until the snapshot is free of
 * serialization anomalies.  *id is borrowed.
 */
enum status pg_snapshot(struct pg *, bool deferrable, const char **id);

/*
 * pg_databases(pg, each, arg):
 * Call each for every database that can be dumped, sorted by bytes.
 */
enum status pg_databases(struct pg *,
    enum status (*each)(void *arg, const char *name), void *arg);

/*
 * pg_sizes(pg, oids, count, blobs, bytes):
 * Bytes that count tables (and, if blobs, all large objects) take on the
 * server's disk: heap and TOAST, without indexes and maps.
 */
enum status pg_sizes(struct pg *, const uint32_t *oids, size_t count,
    bool blobs, uint64_t *bytes);

/* Whether the server still talks to us. */
bool pg_alive(struct pg *);

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
