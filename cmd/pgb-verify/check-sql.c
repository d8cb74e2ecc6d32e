/* SPDX-License-Identifier: ISC */
/* What the carrier of plain SQL tells: rows go to their room, findings out. */
#include <stdio.h>
#include <string.h>

#include "check-impl.h"

static void
on_begin(void *arg)
{
	struct check *c = arg;

	c->sql = true;
}

static const char *
on_database(void *arg, const char *name)
{
	struct check *c = arg;

	if (tables_database(c->tables, name) != 0)
		return (check_fail(c, tables_error(c->tables)));
	return (NULL);
}

static const char *
on_encoding(void *arg, const char *name)
{
	struct check *c = arg;
	struct place p = { 0 };

	if ((c->encoding = encoding_find(name)) != NULL)
		return (NULL);
	finding(c->findings, FIND_ERROR, &p, "psql stops at it, or goes on in "
	    "another one", "no encoding of PostgreSQL's: %s", name);
	return (check_go_on(c));
}

static const char *
on_statement(void *arg, const char *head, uint64_t at)
{
	struct check *c = arg;

	(void)at;
	if (strncmp(head, "INSERT INTO ", 12) == 0)
		c->totals.inserts++;
	return (NULL);
}

static void
to_digest(void *arg, const uint8_t *buf, size_t len)
{

	digest_add(arg, buf, len);
}

static const char *
on_copy(void *arg, const struct sql_copy *copy)
{
	struct check *c = arg;

	if (tables_add(c->tables, copy->table) != 0)
		return (check_fail(c, tables_error(c->tables)));
	snprintf(c->name, sizeof(c->name), "COPY %s", copy->table);
	c->told = false;
	c->rows_at = 0;
	if (c->digest != NULL)
		(void)digest_begin(c->digest);
	rows_begin(&c->rows, copy->columns, c->encoding, false,
	    c->digest != NULL ? to_digest : NULL, c->digest);
	return (NULL);
}

/* What is wrong with the rows so far. */
static const char *
look_at_rows(struct check *c)
{
	const struct rows_fault *f = &c->rows.first;
	struct place p = { .has_at = true, .name = c->name, .row = f->row };

	if (c->told || c->rows.faults == 0)
		return (NULL);
	c->told = true;
	p.at = c->rows_at + f->at;
	if (f->column > 0)
		finding(c->findings, FIND_ERROR, &p, f->restore,
		    "%s, in column %zu", f->what, f->column);
	else
		finding(c->findings, FIND_ERROR, &p, f->restore, "%s",
		    f->what);
	return (check_go_on(c));
}

static const char *
on_rows(void *arg, const uint8_t *buf, size_t len, uint64_t at)
{
	struct check *c = arg;
	struct place p = { .has_at = true, .name = c->name };

	if (c->rows_at == 0)
		c->rows_at = at;
	rows_feed(&c->rows, buf, len);
	c->totals.data.data += len;
	if (c->opts.max_data > 0 &&
	    c->totals.data.data > c->opts.max_data) {
		p.at = at;
		finding(c->findings, FIND_ERROR, &p, NULL, "more rows than "
		    "the %llu bytes of --max-data",
		    (unsigned long long)c->opts.max_data);
		return (archive_told);
	}
	return (look_at_rows(c));
}

static const char *
on_copy_end(void *arg, uint64_t at)
{
	uint8_t hash[DIGEST_LEN];
	struct check *c = arg;
	const char *why;

	if (c->rows_at == 0)
		c->rows_at = at;
	rows_end(&c->rows);
	if ((why = look_at_rows(c)) != NULL)
		return (why);
	if (c->digest != NULL && digest_end(c->digest, hash) == -1)
		return (check_fail(c, "no memory for the hash of a table"));
	if (tables_set(c->tables, c->rows.count, c->rows.bytes,
	    c->digest != NULL ? hash : NULL) != 0)
		return (check_fail(c, "no memory for what is kept of "
		    "its tables"));
	c->totals.data.tables++;
	c->totals.data.blocks++;
	c->totals.data.rows += c->rows.count;
	c->totals.data.bytes += c->rows.bytes;
	c->totals.data.stored += c->rows.bytes;
	return (NULL);
}

const struct sql_watch check_sql_watch = {
	.begin = on_begin,
	.database = on_database,
	.encoding = on_encoding,
	.statement = on_statement,
	.copy = on_copy,
	.rows = on_rows,
	.copy_end = on_copy_end,
};
