/* SPDX-License-Identifier: ISC */
/*
 * Promise: the watcher of a custom archive is told everything, whatever the
 * pieces, and of definitions what it wants; and its objection counts.
 */
#include "archive-try.h"

/* What the watcher is told, as text; equal chunk offsets are one chunk. */
struct told {
	char *text;
	size_t size;
	FILE *f;
	uint64_t chunk_at;
	const char *object_to;
};

static const char *
told_header(void *arg, const struct archive_header *h)
{
	struct told *t = arg;

	fprintf(t->f, "header %d 1.%d %d %04d-%02d-%02d %02d:%02d:%02d "
	    "%s|%s|%s\n", (int)h->format, h->minor, (int)h->compression,
	    h->year, h->month, h->day, h->hour, h->min, h->sec, h->dbname,
	    h->server, h->dumper);
	return (NULL);
}

static const char *
told_entry(void *arg, const struct archive_entry *e)
{
	struct told *t = arg;
	size_t i;

	fprintf(t->f, "entry %d %u %u %s|%s|%s|%s|%s %d%s%s at %d deps",
	    (int)e->id, e->table_oid, e->oid, e->desc, e->schema, e->tag,
	    e->owner, e->copy, e->section, e->has_data ? " data" : "",
	    e->is_blobs ? " blobs" : "", e->at != 0);
	for (i = 0; i < e->dep_count; i++)
		fprintf(t->f, " %d", (int)e->deps[i]);
	fprintf(t->f, "\n");
	return (NULL);
}

static const char *
told_toc_end(void *arg, size_t count)
{

	fprintf(((struct told *)arg)->f, "toc %zu\n", count);
	return (NULL);
}

static const char *
told_block(void *arg, int32_t id, uint64_t at)
{

	fprintf(((struct told *)arg)->f, "block %d at %llu", (int)id,
	    (unsigned long long)at);
	return (NULL);
}

static const char *
told_data(void *arg, int32_t id, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t chunk_at)
{
	struct told *t = arg;

	if (chunk_at != t->chunk_at)
		fprintf(t->f, "\nchunk %d %u at %llu: ", (int)id, loid,
		    (unsigned long long)chunk_at);
	t->chunk_at = chunk_at;
	fwrite(buf, 1, len, t->f);
	if (t->object_to != NULL && memchr(buf, t->object_to[0], len) != NULL)
		return ("I do not like it");
	return (NULL);
}

static const char *
told_data_end(void *arg, int32_t id, uint32_t loid)
{

	fprintf(((struct told *)arg)->f, "\nend %d %u", (int)id, loid);
	return (NULL);
}

static const char *
told_block_end(void *arg, int32_t id)
{

	fprintf(((struct told *)arg)->f, "\nblock end %d\n", (int)id);
	return (NULL);
}

static const char *
told_again(void *arg, uint64_t at)
{

	fprintf(((struct told *)arg)->f, "again at %llu\n",
	    (unsigned long long)at);
	return (NULL);
}

static const struct archive_watch told_all = { false, told_header, told_entry,
	told_toc_end, told_block, told_data, told_data_end, told_block_end,
	told_again };

static void
test_watch(void)
{
	static const char want[] =
	    "header 1 1.16 0 2026-11-22 02:00:59 appdb|"
	    "15.20 (Debian 15.20-0+deb12u1)|15.20\n"
	    "entry 3100 1259 0 ENCODING||ENCODING|postgres| 2 at 1 deps\n"
	    "entry 3101 1259 0 STDSTRINGS||STDSTRINGS|postgres| 2 at 1 deps\n"
	    "entry 3102 1259 0 SEARCHPATH||SEARCHPATH|postgres| 2 at 1 deps\n"
	    "entry 500 1259 0 BLOB METADATA||16400|postgres| 2 at 1 deps\n"
	    "entry 200 1259 16384 TABLE|public|t|postgres| 2 at 1 deps\n"
	    "entry 201 1259 16385 TABLE|public|empty|postgres| 2 at 1 deps\n"
	    "entry 3000 0 16384 TABLE DATA|public|t|postgres|"
	    "COPY public.t (id, word) FROM stdin;\n 3 data at 1 deps 200\n"
	    "entry 3001 0 16385 TABLE DATA|public|empty|postgres|"
	    "COPY public.empty (id) FROM stdin;\n 3 data at 1 deps 201\n"
	    "entry 2900 0 0 BLOBS||BLOBS|postgres| 3 data blobs at 1 deps 500\n"
	    "toc 9\n"
	    "block 3000 at %zu\n"
	    "chunk 3000 0 at %zu: 1\tone\n2\t\\N\n3\tthree\n\\.\n\n\n\n"
	    "end 3000 0\nblock end 3000\n"
	    "block 3001 at %zu\nchunk 3001 0 at %zu: \\.\n\n\n\n"
	    "end 3001 0\nblock end 3001\n"
	    "block 2900 at %zu\n"
	    "chunk 2900 16400 at %zu: "
	    "a large object of some length, longer than a chunk\n"
	    "chunk 2900 16400 at %zu:  is here\n"
	    "end 2900 16400\nend 2900 4000000000\nblock end 2900\n"
	    "again at %zu\n";
	const struct make_spec spec = { .minor = 16, .second = true };
	struct made m;
	size_t step;
	char expected[4096];

	make_archive(&m, &spec);
	snprintf(expected, sizeof(expected), want, m.block_at[6],
	    m.block_at[6] + 11, m.block_at[7], m.block_at[7] + 11,
	    m.block_at[8], m.block_at[8] + 16, m.block_at[8] + 16 + 55,
	    m.end_at);
	for (step = 0; step < 8; step++) {
		struct told t = { 0 };
		enum carrier_verdict v;

		t.f = open_memstream(&t.text, &t.size);
		v = judge(m.buf, m.len, step, &told_all, &t);
		fclose(t.f);
		ok(v == CARRIER_PROVEN, "watched in pieces of %zu", step);
		same(t.text, expected, "the watcher is told all");
		free(t.text);
	}
	made_wipe(&m);
}

/* What is told of definitions, kinds and offsets, one line an entry. */
static const char *
told_more(void *arg, const struct archive_entry *e)
{
	struct told *t = arg;

	fprintf(t->f, "%d %s %zu%s %c %llu\n", (int)e->id,
	    strlen(e->defn) < 100 ? e->defn : "LONG", strlen(e->defn),
	    e->defn_cut ? " cut" : "", e->relkind == 0 ? '-' : e->relkind,
	    (unsigned long long)e->offset_at);
	return (NULL);
}

static char *
more(const struct make_spec *spec, struct made *m, size_t step)
{
	const struct archive_watch only = { .entry = told_more };
	struct told t = { 0 };

	make_archive(m, spec);
	t.f = open_memstream(&t.text, &t.size);
	(void)judge(m->buf, m->len, step, &only, &t);
	fclose(t.f);
	return (t.text);
}

static void
test_more_told(void)
{
	static const char want[] =
	    "3100 SET client_encoding = 'UTF8';\n 30 - %zu\n"
	    "3101  0 - %zu\n3102  0 - %zu\n"
	    "500 16400\n4000000000\n 17 - %zu\n"
	    "200  0 %c %zu\n201  0 %c %zu\n"
	    "3000 -- load via partition root public.r 35 - %zu\n"
	    "3001 -- load via partition root public.r 35 - %zu\n"
	    "2900  0 - %zu\n";
	struct make_spec spec = { .second = true,
	    .remark = "-- load via partition root public.r" };
	char expected[1024], kind, *got;
	struct made m;

	for (spec.minor = 12; spec.minor <= 16; spec.minor++) {
		got = more(&spec, &m, (size_t)spec.minor % 4);
		kind = spec.minor < 16 ? '-' : 'r';
		snprintf(expected, sizeof(expected), want, m.offset_at[0],
		    m.offset_at[1], m.offset_at[2], m.offset_at[3], kind,
		    m.offset_at[4], kind, m.offset_at[5], m.offset_at[6],
		    m.offset_at[7], m.offset_at[8]);
		same(got, expected, "definitions, kinds and offsets");
		free(got);
		made_wipe(&m);
	}
}

static void
test_long_definition(void)
{
	char *long_one = malloc(3 * ARCHIVE_SQL_MAX), *got;
	struct make_spec spec = { .minor = 16, .second = true,
	    .metadata = long_one };
	size_t len;
	struct made m;

	for (len = ARCHIVE_SQL_MAX - 1; len < 3 * ARCHIVE_SQL_MAX;
	    len += len <= ARCHIVE_SQL_MAX ? 1 : ARCHIVE_SQL_MAX) {
		memset(long_one, '7', len);
		long_one[len] = '\0';
		got = more(&spec, &m, len % 2 * 10007);
		ok(strstr(got, len < ARCHIVE_SQL_MAX ?
		    "\n500 LONG 65535 - " : len == ARCHIVE_SQL_MAX ?
		    "\n500 LONG 65536 - " : "\n500 LONG 65536 cut - ") != NULL,
		    "a definition of %zu bytes", len);
		ok(judge(m.buf, m.len, 4096, NULL, NULL) == CARRIER_PROVEN,
		    "... is compared with that of the second table");
		/* One of its last bytes: some stand in front of it. */
		m.buf[m.end_at - m.toc_at + m.entry_at[3] + len] ^= 1;
		ok(judge(m.buf, m.len, 4096, NULL, NULL) == CARRIER_BROKEN,
		    "... to its end: %s", why);
		free(got);
		made_wipe(&m);
	}
	free(long_one);
}

static void
test_objection(void)
{
	const struct make_spec spec = { .minor = 16 };
	const struct archive_watch only = { .data = told_data };
	struct told t = { .object_to = "W" };
	struct made m;

	make_archive(&m, &spec);
	t.f = open_memstream(&t.text, &t.size);
	ok(judge(m.buf, m.len, 0, &only, &t) == CARRIER_PROVEN,
	    "a watcher of data alone");
	t.object_to = "b";
	ok(judge(m.buf, m.len, 0, &only, &t) == CARRIER_BROKEN && strstr(why,
	    "entry 2900 (BLOBS BLOBS): I do not like it") != NULL,
	    "who may object: %s", why);
	fclose(t.f);
	free(t.text);
	made_wipe(&m);
}

/* The last of the bytes of a second table: told when it is whole. */
static void
test_again(void)
{
	const struct make_spec spec = { .minor = 16, .second = true };
	const struct archive_watch only = { .again = told_again };
	struct told t = { 0 };
	struct made m;
	char want[64];

	make_archive(&m, &spec);
	t.f = open_memstream(&t.text, &t.size);
	(void)judge(m.buf, m.len - 1, 0, &only, &t);
	fflush(t.f);
	same(t.text, "", "a second table that is cut is not told");
	(void)judge(m.buf, m.end_at, 0, &only, &t);
	fflush(t.f);
	same(t.text, "", "nor one that is not there");
	(void)judge(m.buf, m.len, 0, &only, &t);
	fclose(t.f);
	snprintf(want, sizeof(want), "again at %zu\n", m.end_at);
	same(t.text, want, "a whole one is");
	free(t.text);
	made_wipe(&m);
}

/* All that is told where all SQL is wanted. */
static const char *
told_sql(void *arg, const struct archive_entry *e)
{
	struct told *t = arg;

	fprintf(t->f, "%d %zu%s %s%zu %s %s|%s|%s|%s\n", (int)e->id,
	    strlen(e->defn), e->defn_cut ? " cut" : "",
	    strlen(e->drop) < 100 ? e->drop : "LONG ", strlen(e->drop),
	    strlen(e->defn) < 100 ? e->defn : "LONG", e->tablespace,
	    e->tableam, e->with_oids ? "oids" : "", e->member);
	return (NULL);
}

static void
test_all_sql(void)
{
	static const char want[] =
	    "3100 30 0 SET client_encoding = 'UTF8';\n |||\n"
	    "3101 40 0 SET standard_conforming_strings = 'on';\n |||\n"
	    "3102 56 0 SELECT pg_catalog.set_config('search_path', '', "
	    "false);\n |||\n"
	    "500 17 0 16400\n4000000000\n |||\n"
	    "200 18 DROP TABLE ...;\n16 CREATE TABLE ...;\n fast|%s|oids|\n"
	    "201 18 DROP TABLE ...;\n16 CREATE TABLE ...;\n fast|%s|oids|\n"
	    "3000 0 0  |||\n3001 0 0  |||\n2900 0 0  |||\n";
	const struct archive_watch all = { .all_sql = true, .entry = told_sql };
	struct make_spec spec = { .second = true, .oids = true };
	struct told t = { 0 };
	struct made m;
	char expected[1024];

	for (spec.minor = 12; spec.minor <= 16; spec.minor += 2) {
		make_archive(&m, &spec);
		t.f = open_memstream(&t.text, &t.size);
		ok(judge(m.buf, m.len, (size_t)spec.minor % 5, &all, &t) ==
		    CARRIER_PROVEN, "1.%d, all SQL told", spec.minor);
		fclose(t.f);
		snprintf(expected, sizeof(expected), want, spec.minor < 14 ?
		    "" : "heap", spec.minor < 14 ? "" : "heap");
		same(t.text, expected, "... as it is there");
		free(t.text);
		made_wipe(&m);
	}
}

/* Long ones are cut, and an entry has nothing of the one before. */
static void
test_long_sql(void)
{
	const struct archive_watch all = { .all_sql = true, .entry = told_sql };
	const struct archive_watch not_all = { .entry = told_sql };
	char *sql = calloc(1, 3 * ARCHIVE_SQL_MAX);
	struct make_spec spec = { .minor = 14, .sql = sql, .drop = sql };
	struct told t = { 0 };
	struct made m;

	memset(sql, 'x', 2 * ARCHIVE_SQL_MAX);
	make_archive(&m, &spec);
	t.f = open_memstream(&t.text, &t.size);
	(void)judge(m.buf, m.len, 10007, &all, &t);
	fclose(t.f);
	ok(strstr(t.text, "\n200 65536 cut LONG 65536 LONG fast|heap||\n"
	    "201 65536 cut LONG 65536 LONG fast|heap||\n3000 0 0  |||\n") !=
	    NULL, "long definitions and drop statements are cut");
	free(t.text);
	t.f = open_memstream(&t.text, &t.size);
	(void)judge(m.buf, m.len, 10007, &not_all, &t);
	fclose(t.f);
	ok(strstr(t.text, "\n200 0 0  fast|heap||\n201 0 0  fast|heap||\n") !=
	    NULL, "and not told where not all SQL is wanted");
	free(t.text);
	made_wipe(&m);
	free(sql);
}

/* Who has printed what is wrong says just that. */
static const char *
tell_nothing(void *arg, const struct archive_entry *e)
{

	return (e->id == *(int32_t *)arg ? archive_told : NULL);
}

static const char *
tell_nothing_end(void *arg, int32_t id, uint32_t loid)
{

	(void)loid;
	return (id == *(int32_t *)arg ? archive_told : NULL);
}

static void
test_told_already(void)
{
	const struct make_spec spec = { .minor = 16 };
	const struct archive_watch watch = { .entry = tell_nothing,
		.data_end = tell_nothing_end };
	int32_t id = 0;
	struct made m;

	make_archive(&m, &spec);
	ok(judge(m.buf, m.len, 0, &watch, &id) == CARRIER_PROVEN,
	    "a watcher that objects to some");
	id = 201;
	ok(judge(m.buf, m.len, 0, &watch, &id) == CARRIER_BROKEN &&
	    strcmp(why, "told, status 1") == 0, "to an entry, told already: "
	    "%s", why);
	id = 2900;
	(void)judge(m.buf, m.len, 0, &(struct archive_watch){
	    .data_end = tell_nothing_end }, &id);
	ok(strcmp(why, "told, status 1") == 0, "to data, told already: %s",
	    why);
	made_wipe(&m);
}

int
main(void)
{

	test_watch();
	test_again();
	test_more_told();
	test_long_definition();
	test_all_sql();
	test_long_sql();
	test_objection();
	test_told_already();
	return (tap_done());
}
