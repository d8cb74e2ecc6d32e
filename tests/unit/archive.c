/* SPDX-License-Identifier: ISC */
/*
 * Promise: a custom archive of any version is proven when it is whole, and
 * broken when it is cut anywhere or anything follows; and its watcher is told
 * everything, whatever the pieces.
 */
#include "archive-hash.h"
#include "archive-try.h"

static const char *
spec_name(const struct make_spec *s)
{
	static const char *const compression[] = { "none", "gzip", "lz4",
	    "zstd" };
	static char name[128];

	snprintf(name, sizeof(name), "1.%d %s%s%s%s%s%s", s->minor,
	    compression[s->compression], s->offsets ? ", offsets" : "",
	    s->second ? ", second TOC" : "",
	    s->schema_only ? ", schema only" : "",
	    s->statistics ? ", statistics" : "", s->bare ? ", bare" : "");
	return (name);
}

static void
test_whole(const struct make_spec *spec, const struct made *m)
{
	static const size_t steps[] = { 0, 1, 2, 3, 5, 7, 64, 1000 };
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (judge(m->buf, m->len, steps[i], NULL, NULL) !=
		    CARRIER_PROVEN) {
			printf("# pieces of %zu: %s\n", steps[i], why);
			good = false;
		}
	ok(good, "%s: proven, in pieces of any size", spec_name(spec));
}

static void
test_cuts(const struct make_spec *spec, const struct made *m)
{
	size_t len, step;
	bool good = true;

	for (len = 0; len < m->len; len++)
		for (step = 0; step <= 13; step += 13) {
			enum carrier_verdict v = judge(m->buf, len, step, NULL,
			    NULL);

			if (v != (len == m->end_at ? CARRIER_PROVEN :
			    CARRIER_BROKEN) || (v == CARRIER_BROKEN &&
			    strstr(why, "cut short") == NULL)) {
				printf("# %zu bytes: %s\n", len, why);
				good = false;
			}
		}
	ok(good, "%s: %zu bytes, broken when cut anywhere", spec_name(spec),
	    m->len);
}

static void
test_more(const struct make_spec *spec, struct made *m)
{
	size_t len = m->len;
	bool good = true;
	int byte;

	for (byte = 0; byte < 256; byte++) {
		make_byte(m, byte);
		if (judge(m->buf, m->len, 0, NULL, NULL) != CARRIER_BROKEN)
			good = false;
		m->len = len;
	}
	make_bytes(m, m->buf, len, false);
	if (judge(m->buf, m->len, 0, NULL, NULL) != CARRIER_BROKEN)
		good = false;
	m->len = len;
	ok(good, "%s: broken when anything follows", spec_name(spec));
}

/* Each bit of framing turned over, in pieces that fall inside the fields. */
static void
test_flips(const struct make_spec *spec, struct made *m)
{
	size_t at, toc = 0, toc_seen = 0, block = 0, block_seen = 0;
	size_t second = 0, second_seen = 0;
	bool seen;
	int bit;

	for (at = 0; at < m->len; at++)
		for (bit = 0; bit < 8 && !m->payload[at]; bit++) {
			m->buf[at] ^= (uint8_t)(1 << bit);
			seen = judge(m->buf, m->len, at % 3 * 11, NULL,
			    NULL) != CARRIER_PROVEN;
			m->buf[at] ^= (uint8_t)(1 << bit);
			if (at >= m->end_at) {
				second++;
				second_seen += seen;
			} else if (at >= m->data_at) {
				block++;
				block_seen += seen;
			} else {
				toc++;
				toc_seen += seen;
			}
		}
	printf("# flips noticed: header and TOC %zu of %zu, blocks %zu of %zu, "
	    "second TOC %zu of %zu\n", toc_seen, toc, block_seen, block,
	    second_seen, second);
	ok(second_seen == second && block_seen == block && toc_seen > toc / 8,
	    "%s: flipped bits of the blocks' framing and the second table of "
	    "contents are seen", spec_name(spec));
}

static void
test_all(void)
{
	struct make_spec spec = { 0 };
	struct made m;
	int way;

	for (spec.minor = 12; spec.minor <= 16; spec.minor++)
		for (spec.compression = 0; spec.compression <= 3;
		    spec.compression++)
			for (way = 0; way < 8; way++) {
				if (spec.minor < 15 && spec.compression > 1)
					continue;
				spec.offsets = way == 1;
				spec.second = way == 2 || way == 4 || way >= 6;
				spec.schema_only = way == 3 || way == 4;
				spec.statistics = way > 4;
				spec.bare = way == 7;
				if (spec.statistics && spec.minor < 16)
					continue;
				make_archive(&m, &spec);
				test_whole(&spec, &m);
				test_cuts(&spec, &m);
				test_more(&spec, &m);
				if (spec.minor % 2 == 0 &&
				    spec.compression == (spec.minor == 14))
					test_flips(&spec, &m);
				made_wipe(&m);
			}
}

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

	fprintf(t->f, "header 1.%d %d %04d-%02d-%02d %02d:%02d:%02d %s|%s|%s\n",
	    h->minor, (int)h->compression, h->year, h->month, h->day, h->hour,
	    h->min, h->sec, h->dbname, h->server, h->dumper);
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

static const struct archive_watch told_all = { told_header, told_entry,
	told_toc_end, told_block, told_data, told_data_end, told_block_end };

static void
test_watch(void)
{
	static const char want[] =
	    "header 1.16 0 2026-11-22 02:00:59 appdb|"
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
	    "end 2900 16400\nend 2900 4000000000\nblock end 2900\n";
	const struct make_spec spec = { .minor = 16, .second = true };
	struct made m;
	size_t step;
	char expected[4096];

	make_archive(&m, &spec);
	snprintf(expected, sizeof(expected), want, m.block_at[6],
	    m.block_at[6] + 11, m.block_at[7], m.block_at[7] + 11,
	    m.block_at[8], m.block_at[8] + 16, m.block_at[8] + 16 + 55);
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
	char *long_one = malloc(3 * ARCHIVE_DEFN_MAX), *got;
	struct make_spec spec = { .minor = 16, .second = true,
	    .metadata = long_one };
	size_t len;
	struct made m;

	for (len = ARCHIVE_DEFN_MAX - 1; len < 3 * ARCHIVE_DEFN_MAX;
	    len += len <= ARCHIVE_DEFN_MAX ? 1 : ARCHIVE_DEFN_MAX) {
		memset(long_one, '7', len);
		long_one[len] = '\0';
		got = more(&spec, &m, len % 2 * 10007);
		ok(strstr(got, len < ARCHIVE_DEFN_MAX ?
		    "\n500 LONG 65535 - " : len == ARCHIVE_DEFN_MAX ?
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

static void
test_hash(void)
{
	uint8_t key[HASH_KEY], in[15];
	struct hash h;
	size_t i, cut;
	bool good = true;

	for (i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (i = 0; i < 15; i++)
		in[i] = (uint8_t)i;
	for (cut = 0; cut <= 15; cut++) {
		hash_begin(&h, key);
		hash_add(&h, in, cut);
		hash_add(&h, in + cut, 15 - cut);
		if (hash_end(&h) != 0xa129ca6149be45e5ULL)
			good = false;
	}
	ok(good, "SipHash-2-4: the published example, in two pieces");
}

int
main(void)
{

	test_hash();
	test_watch();
	test_more_told();
	test_long_definition();
	test_objection();
	test_all();
	return (tap_done());
}
