/* SPDX-License-Identifier: ISC */
/*
 * Promise: the data of an archive are found to be the same, and the same is
 * found to be wrong with them, by any number of threads, however the bytes come
 * in, and wherever a piece might be guessed to begin.
 */
#include <lz4frame.h>
#include <stdarg.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "digest.h"
#include "pgb-verify/data/blocks.h"
#include "tap.h"

/* --- what is found is kept here instead of printed ------------------------ */

struct findings {
	bool all;
	size_t count;
	char text[4000];
};

void
finding(struct findings *f, enum finding_kind kind, const struct place *p,
    const char *restore, const char *fmt, ...)
{
	size_t n = strlen(f->text);
	va_list ap;

	(void)kind;
	f->count++;
	n += (size_t)snprintf(f->text + n, sizeof(f->text) - n, "%llu/%d/%u/"
	    "%llu/", (unsigned long long)p->at, p->entry, p->loid,
	    (unsigned long long)p->row);
	if (n >= sizeof(f->text))
		return;
	va_start(ap, fmt);
	n += (size_t)vsnprintf(f->text + n, sizeof(f->text) - n, fmt, ap);
	va_end(ap);
	if (n < sizeof(f->text))
		snprintf(f->text + n, sizeof(f->text) - n, ": %s\n",
		    restore != NULL ? restore : "-");
}

bool
findings_stop(const struct findings *f)
{
	return (f->count > 0 && !f->all);
}

/* --- text and its chunks -------------------------------------------------- */

#define TEXT	3000000
#define ROOM	(TEXT + TEXT / 4)

static char *text;
static size_t text_len;
static uint64_t row_count;
static uint8_t *made;
static size_t made_len;
static size_t *cuts, cut_count;	/* ends of chunks in made */

static void
make_text(size_t len, bool short_rows)
{
	uint32_t x = 7;
	size_t i;

	text_len = 0;
	row_count = 0;
	while (text_len + 200 < len) {
		text_len += (size_t)sprintf(text + text_len, "%llu\tword ",
		    (unsigned long long)row_count++);
		x = x * 1103515245 + 12345;
		for (i = 0; !short_rows && i < (x >> 16 & 127); i++)
			text[text_len++] = (char)('a' + (x = x * 69069 + 1) %
			    20 / 2);
		text[text_len++] = '\n';
	}
	memcpy(text + text_len, "\\.\n\n\n", 5);
	text_len += 5;
}

static void
cut_here(void)
{

	if (cut_count == 0 || cuts[cut_count - 1] != made_len)
		cuts[cut_count++] = made_len;
}

/* Chunks of so many bytes in what was made since from. */
static void
cut_each(size_t from, size_t chunk)
{
	size_t end = made_len;

	for (made_len = from; made_len < end; ) {
		made_len += end - made_len < chunk ? end - made_len : chunk;
		cut_here();
	}
}

enum shape { STOCK, PIECES, SYNC, FULL_MIDST, FALSE_EDGES };

/* Deflate in pieces of text; where they are flushed, a chunk ends. */
static void
make_gzip(enum shape shape, size_t piece, size_t chunk)
{
	int flush = shape == SYNC ? Z_SYNC_FLUSH : shape == STOCK ?
	    Z_NO_FLUSH : Z_FULL_FLUSH;
	size_t at, n, from;
	z_stream z = { 0 };

	made_len = cut_count = 0;
	if (deflateInit(&z, 1) != Z_OK)
		abort();
	for (at = 0; at < text_len; at += n) {
		n = text_len - at < piece ? text_len - at : piece;
		from = made_len;
		z.next_in = (uint8_t *)text + at;
		z.avail_in = (uInt)n;
		z.next_out = made + made_len;
		z.avail_out = (uInt)(ROOM - made_len);
		if (deflate(&z, at + n == text_len ? Z_FINISH : flush) < 0)
			abort();
		made_len = ROOM - z.avail_out;
		if (shape == FULL_MIDST)
			continue;
		cut_each(from, chunk);
	}
	if (shape == FULL_MIDST)
		cut_each(0, chunk);
	deflateEnd(&z);
}

/* Stored blocks whose text looks like the end of a piece, where chunks end. */
static void
make_false_edges(void)
{
	size_t at, n;
	uint32_t sum = (uint32_t)adler32(1, (uint8_t *)text, (uInt)text_len);

	made_len = cut_count = 0;
	made[made_len++] = 0x78;
	made[made_len++] = 0x01;
	for (at = 0; at < text_len; at += n) {
		n = text_len - at < 60000 ? text_len - at : 60000;
		made[made_len++] = at + n == text_len;
		made[made_len++] = (uint8_t)n;
		made[made_len++] = (uint8_t)(n >> 8);
		made[made_len++] = (uint8_t)~n;
		made[made_len++] = (uint8_t)(~n >> 8);
		memcpy(made + made_len, text + at, n);
		made_len += n;
		if (n == 60000) {
			made_len -= 30000;
			cut_here();
			made_len += 30000;
		}
	}
	for (n = 4; n-- > 0; )
		made[made_len++] = (uint8_t)(sum >> 8 * n);
	cut_here();
}

static void
make_zstd_two(size_t piece, size_t chunk, int window, int second)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t at, n, from;

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	made_len = cut_count = 0;
	for (at = 0; at < text_len; at += n) {
		ZSTD_inBuffer in;
		ZSTD_outBuffer out;

		n = text_len - at < piece ? text_len - at : piece;
		from = made_len;
		if (window > 0)
			ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog,
			    at == 0 ? window : second);
		in = (ZSTD_inBuffer){ text + at, n, 0 };
		out = (ZSTD_outBuffer){ made + made_len, ROOM - made_len, 0 };
		/* Streamed, so that the window is not made to fit. */
		while (ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue) !=
		    0 && in.pos < in.size)
			continue;
		while (ZSTD_compressStream2(c, &out, &in, ZSTD_e_end) != 0)
			continue;
		made_len += out.pos;
		cut_each(from, chunk);
	}
	ZSTD_freeCCtx(c);
}

static void
make_zstd(size_t piece, size_t chunk, int window)
{

	make_zstd_two(piece, chunk, window, window);
}

static void
make_lz4(size_t piece, size_t chunk)
{
	size_t at, n;

	made_len = cut_count = 0;
	for (at = 0; at < text_len; at += n) {
		n = text_len - at < piece ? text_len - at : piece;
		made_len += LZ4F_compressFrame(made + made_len,
		    ROOM - made_len, text + at, n, NULL);
	}
	cut_each(0, chunk);
}

static void
make_none(size_t chunk)
{

	memcpy(made, text, text_len);
	made_len = text_len;
	cut_count = 0;
	cut_each(0, chunk);
}

/* --- trying --------------------------------------------------------------- */

struct result {
	bool good;
	struct findings f;
	struct blocks_totals totals;
	uint64_t rows, bytes;
	uint8_t hash[DIGEST_LEN];
	bool hashed;
};

static struct contents *
make_contents(enum archive_compression how)
{
	struct archive_header h = { .format = ARCHIVE_CUSTOM, .minor = 15,
	    .compression = how, .year = 2026, .month = 11, .day = 28,
	    .dbname = "app", .server = "16.1", .dumper = "16.1" };
	struct archive_entry e = { .id = 17, .oid = 16384, .tag = "t",
	    .desc = "TABLE DATA", .schema = "public", .owner = "me",
	    .copy = "COPY public.t (a, b) FROM stdin;\n", .section = 3,
	    .has_data = true, .defn = "", .drop = "", .tablespace = "",
	    .tableam = "", .member = "" };
	struct contents_opts o = { 0 };
	struct contents *c = contents_new(&o);

	if (c == NULL || contents_set_header(c, &h) != 0 ||
	    contents_add(c, &e) != 0 || contents_end(c) != 0)
		abort();
	return (c);
}

/* What was made, in a block that begins at byte 1000; pieces of step bytes. */
static void
try(enum archive_compression how, unsigned threads, size_t step, bool all,
    struct result *r)
{
	struct blocks_opts o = { .threads = threads, .hash = true };
	struct contents *c = make_contents(how);
	size_t i, at = 0, end, n;
	struct blocks *b;
	uint64_t chunk_at;
	uint8_t *piece;
	int rc;

	memset(r, 0, sizeof(*r));
	r->f.all = all;
	b = blocks_new(&o, c, &r->f);
	rc = blocks_begin(b, 0, 1000);
	for (i = 0; i < cut_count && rc == 0; i++) {
		end = cuts[i];
		chunk_at = 1010 + at + 5 * i;
		for (; at < end && rc == 0; at += n) {
			n = end - at < step ? end - at : step;
			/* Its own memory, to see who reads beyond. */
			if ((piece = malloc(n)) == NULL)
				abort();
			memcpy(piece, made + at, n);
			rc = blocks_data(b, 0, piece, n, chunk_at);
			free(piece);
		}
	}
	if (rc == 0)
		rc = blocks_stream_end(b, 0);
	if (rc == 0)
		rc = blocks_end(b);
	if (blocks_drain(b) != 0)
		rc = -1;
	r->good = rc == 0 && r->f.count == 0;
	r->totals = *blocks_totals(b);
	r->rows = contents_data(c, 0)->rows;
	r->bytes = contents_data(c, 0)->bytes;
	if (contents_data(c, 0)->hash != NULL) {
		r->hashed = true;
		memcpy(r->hash, contents_data(c, 0)->hash, DIGEST_LEN);
	}
	blocks_free(b);
	contents_free(c);
}

static bool
is_right(const struct result *r)
{
	struct digest *d = digest_new();
	uint8_t hash[DIGEST_LEN];

	digest_add(d, text, text_len - 5);
	digest_end(d, hash);
	digest_free(d);
	return (r->good && r->rows == row_count && r->bytes == text_len - 5 &&
	    r->hashed && memcmp(hash, r->hash, sizeof(hash)) == 0 &&
	    r->totals.data == text_len && r->totals.stored == made_len);
}

static const struct {
	unsigned threads;
	size_t step;
} ways[] = {
	{ 1, TEXT }, { 1, 4096 }, { 2, 100000 }, { 2, 777 }, { 3, 65536 },
	{ 5, TEXT },
};
#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static void
good(enum archive_compression how, const char *name)
{
	struct result r;
	bool all = true;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		try(how, ways[i].threads, ways[i].step, false, &r);
		if (!is_right(&r)) {
			printf("# %u threads, pieces of %zu: %s%llu rows\n",
			    ways[i].threads, ways[i].step, r.f.text,
			    (unsigned long long)r.rows);
			all = false;
		}
	}
	ok(all, "%s: %zu bytes of %zu, %zu chunks", name, made_len, text_len,
	    cut_count);
}

/* Something is wrong: all ways find the same, and something. */
static void
bad(enum archive_compression how, const char *name, const char *want)
{
	struct result first, r;
	bool same = true;
	size_t i;

	for (i = 0; i < WAYS; i++) {
		try(how, ways[i].threads, ways[i].step, i % 2 == 1, &r);
		if (i == 0)
			first = r;
		if (strncmp(r.f.text, first.f.text, strlen(first.f.text)) !=
		    0 || r.f.count == 0) {
			printf("# %u threads, pieces of %zu: %s# not %s",
			    ways[i].threads, ways[i].step, r.f.text,
			    first.f.text);
			same = false;
		}
	}
	first.f.text[strcspn(first.f.text, "\n")] = '\0';
	ok(same && strstr(first.f.text, want) != NULL, "%s: %s", name,
	    first.f.text);
}

static void
damage(enum archive_compression how, const char *name)
{
	size_t at = made_len * 2 / 3, keep = cut_count;
	uint8_t byte = made[at];

	made[at] = how == ARCHIVE_NONE ? 0 : made[at] ^ 0x10;
	bad(how, name, "17/0/");
	made[at] = byte;
	byte = made[5];
	made[5] = how == ARCHIVE_NONE ? 0 : made[5] ^ 0xff;
	bad(how, name, "17/0/");
	made[5] = byte;
	while (cut_count > 1 && cuts[cut_count - 1] > at)
		cut_count--;
	bad(how, name, how == ARCHIVE_NONE ? "cut" : "cut short");
	cut_count = keep;
}

static void
gzip(void)
{
	static const struct {
		const char *name;
		enum shape shape;
		size_t piece, chunk;
	} v[] = {
		{ "gzip of pg_dump", STOCK, 10000, 4096 },
		{ "gzip in pieces, a chunk each", PIECES, 600000, ROOM },
		{ "gzip in pieces of many chunks", PIECES, 700001, 4000 },
		{ "gzip in small pieces", PIECES, 20000, ROOM },
		{ "gzip in tiny pieces", PIECES, 900, ROOM },
		{ "gzip flushed, with its history", SYNC, 200000, ROOM },
		{ "gzip flushed often, with its history", SYNC, 30000, 9000 },
		{ "gzip flushed where no chunk ends", FULL_MIDST, 100000,
		    50000 },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		make_gzip(v[i].shape, v[i].piece, v[i].chunk);
		good(ARCHIVE_GZIP, v[i].name);
		damage(ARCHIVE_GZIP, v[i].name);
	}
	make_gzip(STOCK, 10000, 4096);
	made[made_len++] = 0;
	cut_here();
	bad(ARCHIVE_GZIP, "a byte behind the end", "hangs");
	/* As if a flush were there where there is none. */
	memcpy(text + 30000 - 4, "\0\0\xff\xff", 4);
	memcpy(text + 90000 - 4, "\0\0\xff\xff", 4);
	make_false_edges();
	bad(ARCHIVE_GZIP, "what looks like an edge and is none", "17/0/");
}

int
main(void)
{

	text = malloc(TEXT);
	made = malloc(ROOM + 1024);
	cuts = malloc(ROOM * sizeof(*cuts));
	if (text == NULL || made == NULL || cuts == NULL)
		abort();
	make_text(TEXT, false);
	gzip();
	make_text(TEXT, false);
	make_zstd(TEXT, 30000, 0);
	good(ARCHIVE_ZSTD, "zstd of pg_dump");
	make_zstd(400000, 100000, 0);
	good(ARCHIVE_ZSTD, "zstd in frames");
	damage(ARCHIVE_ZSTD, "zstd in frames");
	make_zstd(400000, 100000, 25);
	good(ARCHIVE_ZSTD, "zstd in frames with large windows");
	make_zstd_two(700000, 100000, 20, 25);
	good(ARCHIVE_ZSTD, "zstd in frames, a small window first");
	make_zstd_two(700000, 3, 20, 25);
	good(ARCHIVE_ZSTD, "the same in tiny chunks");
	make_zstd_two(700000, 100000, 25, 20);
	good(ARCHIVE_ZSTD, "zstd in frames, a large window first");
	make_zstd(3000, 100000, 0);
	good(ARCHIVE_ZSTD, "zstd in small frames");
	make_zstd(400000, 3, 0);
	good(ARCHIVE_ZSTD, "zstd in tiny chunks");
	make_lz4(TEXT, 30000);
	good(ARCHIVE_LZ4, "lz4 of pg_dump");
	make_lz4(100000, 9999);
	good(ARCHIVE_LZ4, "lz4 in frames, not as chunks are");
	make_none(100);
	good(ARCHIVE_NONE, "not compressed, small chunks");
	make_none(ROOM);
	good(ARCHIVE_NONE, "not compressed, one chunk");
	make_none(5000);
	damage(ARCHIVE_NONE, "not compressed");
	memcpy(text + 1000000, "\\z", 2);
	make_gzip(PIECES, 600000, ROOM);
	bad(ARCHIVE_GZIP, "a row at fault", "/");
	make_none(5000);
	bad(ARCHIVE_NONE, "a row at fault, not compressed", "/");
	make_text(40, true);
	make_gzip(STOCK, 100, 3);
	good(ARCHIVE_GZIP, "an empty table");
	make_zstd(100, 3, 0);
	good(ARCHIVE_ZSTD, "an empty table, zstd");
	make_lz4(100, 1);
	good(ARCHIVE_LZ4, "an empty table, lz4");
	free(text);
	free(made);
	free(cuts);
	return (tap_done());
}
