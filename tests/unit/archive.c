/* A custom archive is proven exactly when it is whole. */
/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "archive-hash.h"
#include "archive-make.h"
#include "carrier-impl.h"
#include "tap.h"

/*
 * The walker alone, without the detection and the other formats: a carrier
 * that is just the frame around it.
 */
struct carrier {
	const struct archive_watch *watch;
	void *arg;
	const struct archive_header *header;
	uint64_t offset;
	bool broken, stray;
	char why[512];
};

int
carrier_fail(struct carrier *c, uint64_t at, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (c->broken)
		return (-1);
	c->broken = true;
	n = (size_t)snprintf(c->why, sizeof(c->why), "byte %llu: ",
	    (unsigned long long)at);
	va_start(ap, fmt);
	vsnprintf(c->why + n, sizeof(c->why) - n, fmt, ap);
	va_end(ap);
	return (-1);
}

enum carrier_verdict
carrier_cut(struct carrier *c, const char *fmt, ...)
{
	va_list ap;

	c->broken = true;
	va_start(ap, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, ap);
	va_end(ap);
	return (CARRIER_BROKEN);
}

void
carrier_stray(struct carrier *c, const char *why)
{

	c->stray = true;
	snprintf(c->why, sizeof(c->why), "%s", why);
}

const struct archive_watch *
carrier_watch(const struct carrier *c, void **arg)
{

	*arg = c->arg;
	return (c->watch);
}

void
carrier_set_archive(struct carrier *c, const struct archive_header *header)
{

	c->header = header;
}

/* Feed len bytes in pieces of step, each in memory of its own so that the
 * sanitizers see a read beyond; 0: all at once.  The reason is in why. */
static char why[512];

static enum carrier_verdict
judge(const uint8_t *buf, size_t len, size_t step,
    const struct archive_watch *watch, void *arg)
{
	struct carrier c = { .watch = watch, .arg = arg };
	void *state = carrier_custom.new(&c, NULL);
	enum carrier_verdict v = CARRIER_BROKEN;
	size_t at, n;
	uint8_t *piece;

	for (at = 0; at < len && !c.broken && !c.stray; at += n) {
		n = step == 0 || len - at < step ? len - at : step;
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, buf + at, n);
		(void)carrier_custom.feed(&c, state, piece, n);
		c.offset += n;
		free(piece);
	}
	if (c.stray && !c.broken)
		v = CARRIER_FOREIGN;
	else if (!c.broken)
		v = carrier_custom.end(&c, state);
	carrier_custom.free(state);
	snprintf(why, sizeof(why), "%s", c.why);
	return (v);
}

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

/* One thing wrong, and a part of the sentence that must say so. */
static void
expect(const struct made *m, const char *name, const char *part)
{
	enum carrier_verdict v = judge(m->buf, m->len, 0, NULL, NULL);

	if (!ok(v == CARRIER_BROKEN && strstr(why, part) != NULL, "%s", name))
		printf("# verdict %d: %s\n", (int)v, why);
}

static void
patch(const struct make_spec *spec, size_t at, int byte, const char *name,
    const char *part)
{
	struct made m;

	make_archive(&m, spec);
	m.buf[at] = (uint8_t)byte;
	expect(&m, name, part);
	made_wipe(&m);
}

static void
test_header(void)
{
	const struct make_spec old = { .minor = 14 }, new = { .minor = 16 };

	patch(&new, 8, 8, "integers of another size", "integers of 8 bytes");
	patch(&new, 9, 4, "offsets of another size", "offsets of 4 bytes");
	patch(&new, 10, 5, "a directory's table of contents", "lie elsewhere");
	patch(&new, 10, 2, "another format", "format 2");
	patch(&new, 11, 4, "unknown compression", "compression 4");
	patch(&old, 12, 10, "compression level", "compression level: 10");
	patch(&old, 11, 1, "negative zero", "no integer that pg_dump writes");
	patch(&old, 11, 2, "sign byte", "sign byte");
	patch(&old, 15, 0x80, "huge level", "no integer");
	patch(&new, 13, 61, "creation time", "header: second: 61 cannot be");
}

static void
test_table(void)
{
	const struct make_spec spec = { .minor = 16 };
	struct make_spec set = { .minor = 16, .offsets = true };
	struct made m;
	size_t t = 6, id, off;	/* entry 6 is the first TABLE DATA */

	make_archive(&m, &spec);
	id = m.entry_at[t];
	off = m.offset_at[t];
	patch(&spec, m.toc_at + 1, 0, "no entries", "number of entries: 0");
	patch(&spec, m.toc_at + 4, 0x7f, "too many entries", "cannot be");
	patch(&spec, m.toc_at + 1, (int)m.entry_count - 1, "an entry too few",
	    "no block begins where that of entry 3000");
	patch(&spec, id + 1, m.buf[m.entry_at[4] + 1], "an ID changed",
	    "byte");
	patch(&spec, id, 1, "a negative ID", "dump ID: -3000 cannot be");
	patch(&spec, id + 6, 0, "data flag taken", "data flag and offset flag");
	patch(&spec, id + 6, 2, "data flag 2", "data flag: 2");
	patch(&spec, off, 3, "offset flag taken", "data flag and offset flag");
	patch(&spec, off, 0, "offset flag 0", "offset flag is 0");
	patch(&spec, off, 4, "offset flag 4", "offset flag is 4");
	patch(&spec, off + 1, 9, "an offset that is not set", "contradict");
	patch(&spec, off - 11, 'f', "with OIDs", "byte");
	patch(&set, off + 1, m.buf[off + 1] ^ 1, "a wrong offset",
	    "its block should be at");
	m.buf[id + 6] = 0;
	m.buf[off] = 3;
	expect(&m, "data taken from a table",
	    "entry 3000 (TABLE DATA public.t): has no data, which");
	made_wipe(&m);

	make_archive(&m, &spec);
	m.buf[m.entry_at[4] + 6] = 1;
	m.buf[m.offset_at[4]] = 1;
	expect(&m, "data given to a table's definition",
	    "entry 200 (TABLE public.t): has data, which");
	made_wipe(&m);

	make_archive(&m, &spec);
	memcpy(m.buf + m.entry_at[5], m.buf + m.entry_at[4], 5);
	expect(&m, "the same ID twice", "dump ID 200 stands there twice");
	made_wipe(&m);

	make_archive(&m, &set);
	memset(m.buf + m.offset_at[7] + 1, 0, 8);
	m.buf[m.offset_at[7]] = 1;
	expect(&m, "some offsets set", "some offsets are set");
	made_wipe(&m);

	make_archive(&m, &spec);
	m.buf[m.entry_at[0] + 16] = '\0';
	expect(&m, "a NUL in a number", "NUL");
	made_wipe(&m);
}

static void
test_blocks(void)
{
	const struct make_spec spec = { .minor = 14 };
	struct made m, other;
	size_t first, second, third;

	make_archive(&m, &spec);
	first = m.block_at[6];
	second = m.block_at[7];
	third = m.block_at[8];
	patch(&spec, first, 3, "block of another type", "no block begins where "
	    "that of entry 3000 (TABLE DATA public.t) is due");
	patch(&spec, third, 1, "objects as data", "no block begins");
	patch(&spec, first, 0, "block of no type", "no block begins");
	patch(&spec, first + 2, m.buf[second + 2], "another entry's block",
	    "block of entry 3001 where that of entry 3000");
	patch(&spec, first + 6, 1, "a negative chunk",
	    "a chunk of negative length");

	/* Blocks that changed places, are missing, or come twice. */
	memset(&other, 0, sizeof(other));
	make_bytes(&other, m.buf, first, false);
	make_bytes(&other, m.buf + second, third - second, false);
	make_bytes(&other, m.buf + first, second - first, false);
	make_bytes(&other, m.buf + third, m.len - third, false);
	expect(&other, "two blocks change places", "block of entry 3001 where");
	other.len = 0;
	make_bytes(&other, m.buf, second, false);
	make_bytes(&other, m.buf + third, m.len - third, false);
	expect(&other, "a block is missing", "no block begins where that of "
	    "entry 3001 (TABLE DATA public.empty)");
	other.len = 0;
	make_bytes(&other, m.buf, second, false);
	make_bytes(&other, m.buf + first, m.len - first, false);
	expect(&other, "a block twice", "block of entry 3000 where");
	other.len = 0;
	make_bytes(&other, m.buf, third, false);
	expect(&other, "the last block missing", "cut short: 2 of 3 blocks "
	    "seen, the next would be that of entry 2900 (BLOBS BLOBS)");
	other.len = 0;
	make_bytes(&other, m.buf, first + 8, false);
	expect(&other, "cut in a chunk", "cut short: 0 of 3 blocks seen, ends "
	    "inside that of entry 3000 (TABLE DATA public.t)");
	made_wipe(&other);
	made_wipe(&m);
}

static void
test_second(void)
{
	const struct make_spec spec = { .minor = 15, .second = true };
	const struct make_spec set = { .minor = 15, .offsets = true };
	struct make_spec stat = { .minor = 16, .second = true,
		.statistics = true, .bare = true };
	struct made m;
	size_t shift, toc;

	make_archive(&m, &spec);
	shift = m.end_at - m.toc_at;
	toc = m.end_at;
	patch(&spec, toc + 1, 1, "second TOC: another count",
	    "after the last block");
	patch(&spec, m.entry_at[5] + shift + 1, 9, "second TOC: another ID",
	    "second table of contents: entry 9 (TABLE public.empty): differs");
	patch(&spec, m.offset_at[7] + shift, 1, "second TOC: offset not set",
	    "contradict");
	patch(&spec, m.offset_at[7] + shift + 1, 0, "second TOC: wrong offset",
	    "the offset is not that of its block");
	m.len--;
	expect(&m, "second TOC: cut", "second table of contents: entry 2900");
	m.len = m.end_at;
	make_bytes(&m, m.buf + m.toc_at, m.data_at - m.toc_at, false);
	expect(&m, "second TOC: without offsets", "not that of its block");
	made_wipe(&m);

	make_archive(&m, &set);
	make_bytes(&m, m.buf + m.toc_at, m.data_at - m.toc_at, false);
	expect(&m, "second TOC: though the first has offsets", "more bytes");
	made_wipe(&m);

	/* The definition may be missing, nothing else of that entry. */
	make_archive(&m, &stat);
	shift = m.end_at - m.toc_at;
	patch(&stat, m.entry_at[9] + shift + 1, 0x3d,
	    "second TOC: bare statistics of another ID", "differs");
	patch(&stat, m.len - 15, '1', "second TOC: bare statistics, other "
	    "field", "differs");
	made_wipe(&m);
}

static void
test_stray(void)
{
	static const struct {
		uint8_t version[3];
		const char *part;
	} strays[] = {
		{ { 1, 17, 0 }, "1.17-0 is newer" },
		{ { 1, 16, 1 }, "1.16-1 is newer" },
		{ { 2, 0, 0 }, "2.0-0 is newer" },
		{ { 1, 11, 0 }, "1.11-0 is older" },
		{ { 0, 15, 0 }, "0.15-0 is older" },
	};
	const struct make_spec spec = { .minor = 16 };
	struct made m;
	size_t i, step;

	make_archive(&m, &spec);
	for (i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
		bool good = true;

		memcpy(m.buf + 5, strays[i].version, 3);
		for (step = 0; step < 3; step++)
			if (judge(m.buf, m.len, step, NULL, NULL) !=
			    CARRIER_FOREIGN ||
			    strstr(why, strays[i].part) == NULL)
				good = false;
		ok(good, "a version that is not known is foreign: %s", why);
	}
	made_wipe(&m);
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
	return (t->object_to == h->dbname ? "header" : NULL);
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
	{
		struct told t = { .object_to = "w" };
		const struct archive_watch only = { .data = told_data };

		t.f = open_memstream(&t.text, &t.size);
		ok(judge(m.buf, m.len, 0, &only, &t) == CARRIER_PROVEN,
		    "a watcher of data alone");
		t.object_to = "b";
		ok(judge(m.buf, m.len, 0, &only, &t) == CARRIER_BROKEN &&
		    strstr(why, "entry 2900 (BLOBS BLOBS): I do not like it") !=
		    NULL, "who may object: %s", why);
		fclose(t.f);
		free(t.text);
	}
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
	test_header();
	test_table();
	test_blocks();
	test_second();
	test_stray();
	test_watch();
	test_all();
	return (tap_done());
}
