/* SPDX-License-Identifier: ISC */
/* Reading large objects: short ones many at a time, long ones in pieces. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "pg-impl.h"

#define LO_PIECE	"1048576"	/* and else */

/*
 * Rows of a query whose only column is bytes (or NULL, told with buf NULL), one
 * by one: exactly so many.
 */
static enum pg_copy
each_value(struct pg *pg, const char *sql, const char *const *param, int nparam,
    size_t rows, int stop_fd, bool (*value)(void *, const void *, size_t),
    void *arg, enum status *status)
{
	enum pg_copy got = PG_COPY_OK;
	bool stop = false, whole = false;
	PGresult *res;

	if (PQsendQueryParams(pg->conn, sql, nparam, NULL, param, NULL, NULL,
	    1) == 0 || PQsetSingleRowMode(pg->conn) == 0) {
		*status = pg_failed(pg, "large objects", NULL);
		return (PG_COPY_FAILED);
	}
	while (got == PG_COPY_OK &&
	    (res = pg_next(pg, stop_fd, &stop)) != NULL) {
		if (PQresultStatus(res) == PGRES_SINGLE_TUPLE && rows > 0) {
			rows--;
			if (!value(arg, PQgetisnull(res, 0, 0) ? NULL :
			    PQgetvalue(res, 0, 0),
			    (size_t)PQgetlength(res, 0, 0)))
				got = pg_stopped(pg);
		} else if (PQresultStatus(res) == PGRES_TUPLES_OK) {
			whole = rows == 0;
		} else {
			*status = pg_failed(pg, "large objects", res);
			got = PG_COPY_FAILED;
		}
		PQclear(res);
	}
	if (got == PG_COPY_OK && !stop && (pg_unheard(pg) || pg->choked ||
	    !whole)) {
		*status = pg_not_whole(pg, "large objects", NULL, "the server "
		    "has not sent as many as there are");
		got = PG_COPY_FAILED;
	}
	return (stop ? pg_stopped(pg) : got);
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
		    param, 2, 1, b->rows->stop_fd, on_piece, b, status);
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
	got = each_value(pg, sql, param, 1, count, b->rows->stop_fd, value, b,
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
