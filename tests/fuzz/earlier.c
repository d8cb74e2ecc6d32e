/* SPDX-License-Identifier: ISC */
/*
 * Promise: no file makes the reader of reports crash; one that is refused is so
 * with one error line; of one that is taken the tables are in order, each is
 * found, and a dump of just these has changed in nothing.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -Icmd/pgb-verify -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/earlier.c \
 *     common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include "pgb-verify/report/drift-line.c"
#include "pgb-verify/report/drift-say.c"
#include "pgb-verify/report/drift.c"
#include "pgb-verify/report/earlier.c"

#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
hear(void *arg, const char *line)
{
	size_t *lines = arg;

	for (; *line != '\0'; line++)
		quiet_must((unsigned char)*line >= ' ');
	++*lines;
}

/* Without its last tables tables, and with rows and bytes of the others lost
 * where that is asked for. */
static int64_t
hold_against(const struct earlier *e, size_t less, bool lost)
{
	struct drift_opts opts = { .max_shrink = 0.2, .allow_same = true };
	struct drift_totals totals = { e->has_objects, e->large_objects,
	    e->large_object_bytes,
	    e->has_schema ? e->schema_hash : NULL, e->database };
	struct drift *d = drift_new(&opts, e);
	const struct earlier_table *t;
	size_t i, lines = 0;
	int64_t n;

	quiet_must(d != NULL);
	for (i = 0; i + less < e->table_count; i++) {
		t = &e->tables[i];
		quiet_must(drift_add(d, &(struct drift_table){ t->database,
		    t->schema, t->name, t->counted, lost ? 0 : t->rows,
		    lost ? 0 : t->bytes, t->hashed ? t->hash : NULL }) == 0);
	}
	n = drift_end(d, &totals, hear, &lines);
	quiet_must(n >= 0 && lines >= 2);
	drift_free(d);
	return (n);
}

static void
look(const struct earlier *e)
{
	const struct earlier_table *t;
	size_t i, rows = 0;

	for (i = 0; i < e->table_count; i++) {
		t = &e->tables[i];
		quiet_must(i == 0 || compare(t - 1, t) < 0);
		quiet_must(earlier_find(e, t->database, t->schema,
		    t->name) == t);
		rows += t->counted ? t->rows > 0 : t->bytes > 0;
	}
	if (e->table_count == 0)
		return;
	quiet_must(hold_against(e, 0, false) == 0);
	quiet_must(hold_against(e, 1, false) > 0);
	quiet_must((hold_against(e, 0, true) > 0) >= (rows > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct earlier *e;
	enum status status;
	char path[64];
	int fd;

	fd = quiet_file(data, size, path);
	quiet_begin();
	(void)earlier_is_report(path);
	e = earlier_load(path, NULL, NULL, &status);
	quiet_end();
	close(fd);
	quiet_must(quiet_errors() == (e == NULL));
	quiet_must(status == (e != NULL ? STATUS_OK : STATUS_USAGE));
	if (e != NULL)
		look(e);
	earlier_free(e);
	return (0);
}
