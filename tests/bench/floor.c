/* SPDX-License-Identifier: ISC */
/*
 * floor CONNINFO JOBS PAGES: what the server alone takes.  JOBS connections
 * COPY the tables of the database, in ranges of PAGES pages, on one snapshot,
 * and throw all away.  Prints the bytes of COPY text.
 */
#include <inttypes.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RANGES	65536

static const char *conninfo;
static char snapshot[64];
static char *work[RANGES];
static int count, next_one;
static uint64_t total;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
die(PGconn *conn)
{

	fprintf(stderr, "floor: %s", PQerrorMessage(conn));
	exit(1);
}

static void
run(PGconn *conn, const char *sql)
{
	PGresult *res = PQexec(conn, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK &&
	    PQresultStatus(res) != PGRES_TUPLES_OK)
		die(conn);
	PQclear(res);
}

static uint64_t
copy(PGconn *conn, const char *sql)
{
	uint64_t sum = 0;
	PGresult *res = PQexec(conn, sql);
	char *row;
	int n;

	if (PQresultStatus(res) != PGRES_COPY_OUT)
		die(conn);
	PQclear(res);
	while ((n = PQgetCopyData(conn, &row, 0)) > 0) {
		sum += (uint64_t)n;
		PQfreemem(row);
	}
	while ((res = PQgetResult(conn)) != NULL) {
		if (PQresultStatus(res) != PGRES_COMMAND_OK)
			die(conn);
		PQclear(res);
	}
	return (sum);
}

static void *
worker(void *arg)
{
	PGconn *conn = PQconnectdb(conninfo);
	char sql[256];
	uint64_t n;
	int i;

	(void)arg;
	if (PQstatus(conn) != CONNECTION_OK)
		die(conn);
	snprintf(sql, sizeof(sql), "BEGIN ISOLATION LEVEL REPEATABLE READ, "
	    "READ ONLY; SET TRANSACTION SNAPSHOT '%s'; "
	    "SET extra_float_digits = 3; SET datestyle = iso", snapshot);
	run(conn, sql);
	for (;;) {
		pthread_mutex_lock(&lock);
		i = next_one < count ? next_one++ : -1;
		pthread_mutex_unlock(&lock);
		if (i == -1)
			break;
		n = copy(conn, work[i]);
		pthread_mutex_lock(&lock);
		total += n;
		pthread_mutex_unlock(&lock);
	}
	PQfinish(conn);
	return (NULL);
}

static void
plan(PGconn *conn, long pages)
{
	PGresult *res = PQexec(conn, "SELECT c.oid::regclass, "
	    "pg_relation_size(c.oid) / 8192 FROM pg_class c "
	    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
	    "ORDER BY relname");
	long all, at;
	int i;

	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		die(conn);
	for (i = 0; i < PQntuples(res); i++) {
		all = strtol(PQgetvalue(res, i, 1), NULL, 10);
		for (at = 0; count < RANGES; at += pages) {
			char end[64] = "";

			if (at + pages < all)
				snprintf(end, sizeof(end),
				    " AND ctid < '(%ld,0)'", at + pages);
			if (asprintf(&work[count++], "COPY (SELECT * FROM "
			    "ONLY %s WHERE ctid >= '(%ld,0)'%s) TO STDOUT",
			    PQgetvalue(res, i, 0), at, end) == -1)
				exit(1);
			if (at + pages >= all)
				break;
		}
	}
	PQclear(res);
}

int
main(int argc, char **argv)
{
	pthread_t thread[64];
	PGresult *res;
	PGconn *conn;
	int i, jobs;

	if (argc != 4 || (jobs = atoi(argv[2])) < 1 || jobs > 64)
		return (2);
	conninfo = argv[1];
	conn = PQconnectdb(conninfo);
	if (PQstatus(conn) != CONNECTION_OK)
		die(conn);
	run(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
	res = PQexec(conn, "SELECT pg_export_snapshot()");
	snprintf(snapshot, sizeof(snapshot), "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	plan(conn, strtol(argv[3], NULL, 10));
	for (i = 0; i < jobs; i++)
		pthread_create(&thread[i], NULL, worker, NULL);
	for (i = 0; i < jobs; i++)
		pthread_join(thread[i], NULL);
	printf("%" PRIu64 "\n", total);
	PQfinish(conn);
	return (0);
}
