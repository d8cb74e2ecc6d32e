/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "fdio.h"
#include "msg.h"
#include "report/drift.h"
#include "report/earlier.h"
#include "report/minisign.h"
#include "report/sums.h"

struct compare {
	const struct options *o;
	uint8_t sum[DIGEST_LEN];	/* of --check */
	struct earlier *earlier;	/* of --against */
};

bool
compare_wants_sum(const struct options *o)
{
	return (o->check != NULL);
}

/* A report's signature is looked at before what it says. */
static enum status
trust(void *arg, const struct earlier *e)
{
	const struct options *o = arg;
	enum status status;
	char *sig;

	if (o->pubkey == NULL)
		return (STATUS_OK);
	if (asprintf(&sig, "%s.minisig", e->path) == -1) {
		msg_errno(e->path);
		return (STATUS_LOCAL);
	}
	status = minisign_verify(o->pubkey, sig, e->text, e->text_len, NULL);
	free(sig);
	return (status);
}

static struct earlier *
load(const struct options *o, const char *path, enum status *status)
{
	struct options *arg = (struct options *)(uintptr_t)o;

	return (earlier_load(path, trust, arg, status));
}

static enum status
load_sum(struct compare *c)
{
	const struct options *o = c->o;
	enum status status = STATUS_OK;
	struct earlier *e;

	if (!earlier_is_report(o->check)) {
		if (o->pubkey == NULL)
			return (sums_load(o->check, o->name, c->sum));
		msg_error("--pubkey: %s is no report: only these are signed",
		    o->check);
		return (STATUS_USAGE);
	}
	if ((e = load(o, o->check, &status)) == NULL)
		return (status);
	if (e->has_stream)
		memcpy(c->sum, e->stream_hash, sizeof(c->sum));
	else {
		msg_error("%s: has no hash of the stream", o->check);
		status = STATUS_USAGE;
	}
	earlier_free(e);
	return (status);
}

struct compare *
compare_new(const struct options *o, enum status *status)
{
	struct compare *c;

	*status = STATUS_LOCAL;
	if ((c = calloc(1, sizeof(*c))) == NULL) {
		msg_errno("memory");
		return (NULL);
	}
	c->o = o;
	*status = STATUS_OK;
	if (o->check != NULL)
		*status = load_sum(c);
	if (*status == STATUS_OK && o->against != NULL) {
		c->earlier = load(o, o->against, status);
		if (*status == STATUS_USAGE &&
		    access(o->against, F_OK) == -1)
			msg_hint("the first report is made without --against, "
			    "by --report FILE alone");
	}
	if (*status == STATUS_OK)
		return (c);
	compare_free(c);
	return (NULL);
}

void
compare_free(struct compare *c)
{

	if (c == NULL)
		return;
	earlier_free(c->earlier);
	free(c);
}

enum status
compare_sum(const struct compare *c, const uint8_t sum[DIGEST_LEN])
{

	if (memcmp(c->sum, sum, sizeof(c->sum)) == 0)
		return (STATUS_OK);
	msg_error("stdin: is not the stream of %s: its BLAKE2b is another one",
	    c->o->check);
	return (STATUS_DATA);
}

/* What drift_end() tells, until it is known how loud it is to be said. */
struct lines {
	char **v;
	size_t count;
	bool failed;
};

static void
keep_line(void *arg, const char *line)
{
	struct lines *l = arg;
	char **v, *copy;

	if ((copy = strdup(line)) == NULL || (v = reallocarray(l->v,
	    l->count + 1, sizeof(*v))) == NULL) {
		free(copy);
		l->failed = true;
		return;
	}
	l->v = v;
	l->v[l->count++] = copy;
}

/* Nobody is to be sent a table each night that says that all is well. */
static void
say_lines(struct lines *l, bool loud)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		if (loud)
			msg_relay("%s", l->v[i]);
		else
			msg_verbose("%s", l->v[i]);
		free(l->v[i]);
	}
	free(l->v);
}

/* The dump's tables: 0, or -1 without memory. */
static int
add_tables(struct drift *d, const struct tables *tables)
{
	struct drift_table dt;
	struct table t;
	size_t i;

	for (i = 0; i < tables_count(tables); i++) {
		t = tables_get(tables, i);
		if (t.name == NULL)
			continue;
		dt = (struct drift_table){ t.database, t.schema, t.name,
		    t.counted, t.rows, t.bytes, t.hash };
		if (drift_add(d, &dt) != 0)
			return (-1);
	}
	return (0);
}

/* Tables are not known, as in plain SQL of INSERT statements, or in age without
 * a key: that the stream is much smaller is. */
static enum status
compare_size(const struct compare *c, uint64_t bytes)
{
	const struct earlier *e = c->earlier;
	double least = (double)e->stream_bytes * (1 - c->o->max_shrink);

	msg_note("stdin: no rows were counted: of %s only the size of the "
	    "stream is compared", c->o->against);
	if ((double)bytes >= least)
		return (STATUS_OK);
	msg_error("stdin: %llu bytes, and %llu in %s: too much is gone to be "
	    "passed on", (unsigned long long)bytes,
	    (unsigned long long)e->stream_bytes, c->o->against);
	return (STATUS_DATA);
}

enum status
compare_drift(const struct compare *c, const struct check *check,
    uint64_t bytes)
{
	const struct options *o = c->o;
	const struct archive_header *h;
	const struct drift_opts opts = { o->max_shrink, o->allow_same,
	    o->except.v, o->except.count };
	struct drift_totals totals = { .database = "" };
	uint8_t hash[DIGEST_LEN];
	struct lines lines = { 0 };
	struct drift *d;
	bool same = false;
	int64_t n = -1;

	if (c->earlier == NULL)
		return (STATUS_OK);
	if (c->earlier->table_count == 0 && c->earlier->large_objects == 0 &&
	    tables_count(check_tables(check)) == 0)
		return (compare_size(c, bytes));
	totals.has_objects = !check_is_sql(check);
	totals.large_objects = check_totals(check)->data.large_objects;
	totals.large_object_bytes = check_totals(check)->data.object_bytes;
	if ((h = contents_header(check_contents(check))) != NULL) {
		contents_hash(check_contents(check), hash);
		totals.schema_hash = hash;
		totals.database = h->dbname;
	}
	if ((d = drift_new(&opts, c->earlier)) != NULL &&
	    add_tables(d, check_tables(check)) == 0) {
		n = drift_end(d, &totals, keep_line, &lines);
		same = n == 1 && drift_is_same(d);
	}
	drift_free(d);
	if (lines.failed)
		n = -1;
	say_lines(&lines, n > 0);
	if (n == 0)
		return (STATUS_OK);
	if (n == -1) {
		msg_error("no memory to compare it with %s", o->against);
		return (STATUS_LOCAL);
	}
	if (same)
		msg_error("stdin: nothing has changed since %s", o->against);
	else
		msg_error("stdin: %lld change%s since %s, too much to be "
		    "passed on", (long long)n, n == 1 ? "" : "s", o->against);
	return (STATUS_DATA);
}
