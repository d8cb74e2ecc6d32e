/* SPDX-License-Identifier: ISC */
#ifndef PG_IMPL_H
#define PG_IMPL_H

#include <libpq-fe.h>

#include "pg.h"

/*
 * What the two files of this room share.
 */

#define SNAPSHOT_MAX	128

/* A session that only holds a snapshot must not fall to a firewall: seconds,
 * seconds, and how often. */
#define KEEP_IDLE	60
#define KEEP_INTERVAL	20
#define KEEP_COUNT	6

struct pg {
	PGconn *conn;
	char snapshot[SNAPSHOT_MAX];
};

/* pg_log_in(login, conn): connect, and nothing else; as pg_open(). */
enum status pg_log_in(const struct pg_login *, PGconn **);

/* pg_wait(conn, events): a second at most for the socket: 1 ready, 0 not yet,
 * -1 asked to stop. */
int pg_wait(const PGconn *, short events);

/* The value of a connection parameter, freed by the caller; NULL: not set. */
char *pg_parameter(PGconn *, const char *keyword);

#endif
