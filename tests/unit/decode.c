/* SPDX-License-Identifier: ISC */
/*
 * Promise: a stream is decoded as it was made, whatever the pieces that come in
 * and go out; where it is cut, longer, or its checksum another one, that is
 * seen; a piece can be decoded by itself, and where it cannot, it fails.
 */
#include <lz4frame.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "pgb-verify/data/decode.c"
#include "pgb-verify/data/decode-gzip.c"
#include "pgb-verify/data/decode-frames.c"
#include "pgb-verify/data/decode-zstd.c"
#include "pgb-verify/data/decode-lz4.c"
#include "tap.h"

#define TEXT	300000
#define ROOM	(2 * TEXT)

static uint8_t text[TEXT], made[ROOM], got[ROOM];
static size_t made_len;

static void
make_text(void)
{
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < TEXT; i++) {
		x = x * 1103515245 + 12345;
		text[i] = (uint8_t)((x >> 16) % 7 == 0 ? '\n' :
		    'a' + (x >> 20) % 13);
	}
	/* Something to look back to. */
	for (i = 1000; i + 700 < TEXT; i += 1500)
		memcpy(text + i + 300, text + i - 900, 400);
}

/* One zlib stream; flush after each `piece` bytes of text. */
static void
make_zlib(int level, int flush, size_t piece)
{
	z_stream z = { 0 };
	size_t at, n;

	if (deflateInit(&z, level) != Z_OK)
		abort();
	z.next_out = made;
	z.avail_out = ROOM;
	for (at = 0; at < TEXT; at += n) {
		n = TEXT - at < piece ? TEXT - at : piece;
		z.next_in = text + at;
		z.avail_in = (uInt)n;
		if (deflate(&z, at + n == TEXT ? Z_FINISH : flush) < 0)
			abort();
	}
	made_len = ROOM - z.avail_out;
	deflateEnd(&z);
}

static uint32_t
adler_of(const uint8_t *buf, size_t len)
{
	return ((uint32_t)adler32(1, buf, (uInt)len));
}

/* Decode made[from, len) in steps: what came of it. */
struct result {
	bool failed;
	bool ended;
	bool edge;
	size_t len;
};

static struct result
decode_all(enum archive_compression how, size_t from, size_t len, int begin,
    size_t in_step, size_t out_step)
{
	struct decode *d = decode_new(how);
	struct result r = { 0 };
	enum decode_result rc = DECODE_DRAINED;
	const uint8_t *in;
	size_t at, n, room;
	uint8_t *out;

	decode_begin(d, begin);
	for (at = from; at < len && rc != DECODE_FAILED; at += n) {
		n = len - at < in_step ? len - at : in_step;
		in = made + at;
		do {
			size_t left = (size_t)(made + at + n - in);

			out = got + r.len;
			room = ROOM - r.len < out_step ? ROOM - r.len :
			    out_step;
			rc = decode_run(d, &in, &left, &out, &room);
			r.len = (size_t)(out - got);
		} while (rc == DECODE_FULL);
		if (rc == DECODE_DRAINED && in != made + at + n)
			r.failed = true;
	}
	r.failed |= rc == DECODE_FAILED;
	r.edge = decode_is_edge(d);
	r.ended = !r.failed && decode_end(d, adler_of(got, r.len)) == 0;
	decode_free(d);
	return (r);
}

static bool
is_text(const struct result *r, size_t from)
{
	return (r->len == TEXT - from &&
	    memcmp(got, text + from, r->len) == 0);
}

static void
whole(enum archive_compression how, const char *name)
{
	static const size_t in[] = { 1, 7, 4096, ROOM };
	static const size_t out[] = { 1000, 65536, ROOM };
	struct result r;
	bool good = true;
	size_t i, k;

	for (i = 0; i < 4; i++)
		for (k = 0; k < 3; k++) {
			r = decode_all(how, 0, made_len, 0, in[i], out[k]);
			good &= !r.failed && r.ended && is_text(&r, 0);
		}
	ok(good, "%s: whole, in pieces of any size", name);
	good = true;
	for (i = 0; i < made_len; i += i < 300 || made_len - i < 300 ?
	    tap_step() : 997) {
		r = decode_all(how, 0, i, 0, 10000, ROOM);
		good &= !r.ended;
	}
	ok(good, "%s: cut: no end", name);
}

static void
damaged(enum archive_compression how, const char *name)
{
	struct result r;
	size_t i, missed = 0;

	for (i = 0; i < made_len; i += i < 100 || made_len - i < 100 ?
	    tap_step() : 1009) {
		made[i] ^= 4;
		r = decode_all(how, 0, made_len, 0, ROOM, ROOM);
		missed += r.ended && !is_text(&r, 0);
		made[i] ^= 4;
	}
	ok(missed == 0, "%s: a bit changed: %zu not seen", name, missed);
	made[made_len] = 0x55;
	r = decode_all(how, 0, made_len + 1, 0, ROOM, ROOM);
	ok(!r.ended, "%s: a byte more", name);
}

/* The last byte of deflate data has bits that mean nothing, and are zero. */
static void
padding(void)
{
	struct result r;
	unsigned bit, missed = 0;

	for (bit = 1; bit < 256; bit <<= 1) {
		made[made_len - 5] ^= (uint8_t)bit;
		r = decode_all(ARCHIVE_GZIP, 0, made_len, 0, ROOM, ROOM);
		missed += r.ended;
		made[made_len - 5] ^= (uint8_t)bit;
	}
	ok(missed == 0, "no bit of the last byte can be another one");
}

static size_t
find_flush(size_t from)
{
	size_t i;

	for (i = from; i + 4 < made_len; i++)
		if (memcmp(made + i, "\0\0\xff\xff", 4) == 0)
			return (i + 4);
	return (0);
}

static void
gzip_pieces(int level, int flush, bool apart)
{
	struct result r;
	size_t at, piece = 50000;

	make_zlib(level, flush, piece);
	at = find_flush(0);
	r = decode_all(ARCHIVE_GZIP, 0, at, 0, 999, 1000);
	ok(!r.failed && r.edge && r.len == piece, "level %d, flush %d: an edge "
	    "behind the first piece", level, flush);
	r = decode_all(ARCHIVE_GZIP, 0, at - 1, 0, ROOM, ROOM);
	ok(!r.edge, "none in front of its last byte");
	r = decode_all(ARCHIVE_GZIP, at, made_len, DECODE_MIDST, ROOM, ROOM);
	if (apart)
		ok(!r.failed && is_text(&r, piece) && !r.ended,
		    "the rest is decoded by itself, but for the checksum");
	else
		ok(r.failed, "the rest needs what is in front of it");
	whole(ARCHIVE_GZIP, "gzip in pieces");
}

static void
gzip(void)
{
	static const int levels[] = { 0, 1, 6, 9 };
	char name[32];
	size_t i;

	for (i = 0; i < 4; i++) {
		make_zlib(levels[i], Z_NO_FLUSH, TEXT);
		snprintf(name, sizeof(name), "gzip %d", levels[i]);
		whole(ARCHIVE_GZIP, name);
		if (i > 0)
			damaged(ARCHIVE_GZIP, name);
		padding();
	}
	gzip_pieces(6, Z_FULL_FLUSH, true);
	gzip_pieces(6, Z_SYNC_FLUSH, false);
	gzip_pieces(1, Z_FULL_FLUSH, true);
}

static bool
has_check(enum archive_compression how)
{
	struct decode *d = decode_new(how);
	const uint8_t *in = made;
	size_t left = made_len, room = ROOM;
	uint8_t *out = got;
	bool has;

	decode_begin(d, 0);
	(void)decode_run(d, &in, &left, &out, &room);
	has = decode_has_check(d);
	decode_free(d);
	return (has);
}

/* Frames one after the other, each of so much text. */
static void
make_zstd(size_t piece, bool check)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t at, n;

	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, check);
	made_len = 0;
	for (at = 0; at < TEXT; at += n) {
		n = TEXT - at < piece ? TEXT - at : piece;
		made_len += ZSTD_compress2(c, made + made_len,
		    ROOM - made_len, text + at, n);
	}
	ZSTD_freeCCtx(c);
}

static void
zstd(void)
{
	struct result r;
	size_t first;

	make_zstd(TEXT, true);
	whole(ARCHIVE_ZSTD, "zstd");
	damaged(ARCHIVE_ZSTD, "zstd");
	ok(has_check(ARCHIVE_ZSTD), "zstd: its checksum is seen");
	make_zstd(TEXT, false);
	ok(!has_check(ARCHIVE_ZSTD), "zstd: without one, that is seen");
	make_zstd(100000, true);
	first = ZSTD_findFrameCompressedSize(made, made_len);
	r = decode_all(ARCHIVE_ZSTD, first, made_len, DECODE_MIDST, first,
	    ROOM);
	ok(r.failed, "zstd: a frame ends inside a chunk");
	r = decode_all(ARCHIVE_ZSTD, 0, first, DECODE_SMALL, 1000, ROOM);
	ok(!r.failed && r.edge && r.ended && r.len == 100000, "zstd: an edge "
	    "behind the first frame");
}

static void
make_lz4(size_t piece, bool check)
{
	LZ4F_preferences_t p = { 0 };
	size_t at, n;

	p.frameInfo.contentChecksumFlag = check;
	made_len = 0;
	for (at = 0; at < TEXT; at += n) {
		n = TEXT - at < piece ? TEXT - at : piece;
		made_len += LZ4F_compressFrame(made + made_len,
		    ROOM - made_len, text + at, n, &p);
	}
}

static void
lz4(void)
{

	make_lz4(TEXT, true);
	whole(ARCHIVE_LZ4, "lz4");
	damaged(ARCHIVE_LZ4, "lz4");
	ok(has_check(ARCHIVE_LZ4), "lz4: its checksum is seen");
	make_lz4(TEXT, false);
	ok(!has_check(ARCHIVE_LZ4), "lz4: without one, that is seen");
	make_lz4(TEXT, true);
	ok(decode_all(ARCHIVE_LZ4, 0, made_len, 0, 100, ROOM).edge,
	    "lz4: an edge behind the frame");
}

static void
guesses(void)
{
	static const uint8_t flush[] = { 0, 0, 0xff, 0xff };
	static const uint8_t other[] = { 0, 1, 0xff, 0xff };
	static const uint8_t zs[] = { 0x28, 0xb5, 0x2f, 0xfd };

	ok(decode_may_begin(ARCHIVE_GZIP, flush, other, 4) &&
	    !decode_may_begin(ARCHIVE_GZIP, other, flush, 4) &&
	    decode_may_begin(ARCHIVE_ZSTD, other, zs, 4) &&
	    !decode_may_begin(ARCHIVE_ZSTD, zs, other, 4) &&
	    !decode_may_begin(ARCHIVE_NONE, flush, zs, 4),
	    "where a piece may begin");
}

int
main(void)
{

	make_text();
	gzip();
	zstd();
	lz4();
	guesses();
	return (tap_done());
}
