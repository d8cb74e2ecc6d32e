/* SPDX-License-Identifier: ISC */
/*
 * Promise: no payload makes the data room crash or hang; one thread and three
 * find the same; a stream is accepted if and only if the library that
 * pg_restore uses takes it, whole, to its end, and makes the same text of it.
 *
 * Input: a byte for the compression (0 gzip, 1 zstd, 2 lz4, 3 none, 4 deflate
 * that gets its zlib header and checksum from us), a byte for the size of
 * chunks, then the stream; chunks end behind 00 00 FF FF too.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd/pgb-verify -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/data.c \
 *     cmd/pgb-verify/data/[a-z]*.c cmd/pgb-verify/text/[a-z]*.c \
 *     cmd/pgb-verify/toc/[a-z]*.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp -pthread
 */
#include <lz4frame.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "data/blocks.h"
#include "data/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define TEXT_MOST	(4 << 20)	/* beyond this nothing is compared */
#define INPUT_MOST	(1 << 20)

struct findings {
	size_t count;
	char text[600];
};

void
finding(struct findings *f, enum finding_kind kind, const struct place *p,
    const char *restore, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	(void)kind;
	(void)restore;
	if (f->count++ > 0)
		return;
	n = (size_t)snprintf(f->text, sizeof(f->text), "%llu %u %llu ",
	    (unsigned long long)p->at, p->loid, (unsigned long long)p->row);
	va_start(ap, fmt);
	vsnprintf(f->text + n, sizeof(f->text) - n, fmt, ap);
	va_end(ap);
}

bool
findings_stop(const struct findings *f)
{
	return (f->count > 0);
}

/* --- as pg_restore's library has it --------------------------------------- */

static uint8_t out[TEXT_MOST];

/* Length of the text, -1: not taken, -2: longer than is compared. */
static long
by_zlib(const uint8_t *in, size_t len)
{
	z_stream z = { 0 };
	long n = -1;
	int rc;

	if (inflateInit(&z) != Z_OK)
		abort();
	z.next_in = (uint8_t *)(uintptr_t)in;
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = TEXT_MOST;
	rc = inflate(&z, Z_NO_FLUSH);
	if (z.avail_out == 0)
		n = -2;
	else if (rc == Z_STREAM_END && z.avail_in == 0)
		n = (long)z.total_out;
	inflateEnd(&z);
	return (n);
}

static long
by_zstd(const uint8_t *in, size_t len)
{
	ZSTD_inBuffer ib = { in, len, 0 };
	ZSTD_outBuffer ob = { out, TEXT_MOST, 0 };
	ZSTD_DStream *d = ZSTD_createDStream();
	size_t rc = 1;
	long n = -1;

	ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, 27);
	while (ib.pos < ib.size && ob.pos < ob.size) {
		rc = ZSTD_decompressStream(d, &ob, &ib);
		if (ZSTD_isError(rc))
			break;
	}
	if (ob.pos == ob.size)
		n = -2;
	else if (rc == 0)
		n = (long)ob.pos;
	ZSTD_freeDStream(d);
	return (n);
}

static long
by_lz4(const uint8_t *in, size_t len)
{
	size_t pos = 0, at = 0, took, gave, rc = 1;
	LZ4F_dctx *d;
	long n = -1;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
		abort();
	while (pos < len && at < TEXT_MOST) {
		took = len - pos;
		gave = TEXT_MOST - at;
		rc = LZ4F_decompress(d, out + at, &gave, in + pos, &took, NULL);
		if (LZ4F_isError(rc) || (took == 0 && gave == 0))
			break;
		pos += took;
		at += gave;
	}
	if (at == TEXT_MOST)
		n = -2;
	else if (rc == 0 && pos == len)
		n = (long)at;
	LZ4F_freeDecompressionContext(d);
	return (n);
}

/* --- as we have it -------------------------------------------------------- */

static struct contents *
make_contents(enum archive_compression how)
{
	struct archive_header h = { .format = ARCHIVE_CUSTOM, .minor = 16,
	    .compression = how, .year = 2026, .month = 1, .day = 1,
	    .dbname = "", .server = "18", .dumper = "18" };
	struct archive_entry e = { .id = 1, .tag = "BLOBS", .desc = "BLOBS",
	    .schema = "", .owner = "", .copy = "", .section = 3,
	    .has_data = true, .is_blobs = true, .defn = "", .drop = "",
	    .tablespace = "", .tableam = "", .member = "" };
	struct contents_opts o = { 0 };
	struct contents *c = contents_new(&o);

	if (c == NULL || contents_set_header(c, &h) != 0 ||
	    contents_add(c, &e) != 0 || contents_end(c) != 0)
		abort();
	return (c);
}

/* Chunks end as the input's second byte says, or behind a flush. */
static size_t
chunk(const uint8_t *in, size_t len, size_t most)
{
	size_t i;

	for (i = 4; i < len && i < most; i++)
		if (memcmp(in + i - 4, "\0\0\xff\xff", 4) == 0)
			return (i);
	return (len < most ? len : most);
}

static uint64_t
by_us(enum archive_compression how, const uint8_t *in, size_t len, size_t most,
    unsigned threads, struct findings *f)
{
	const struct blocks_opts o = { .threads = threads, .hash = true,
	    .max_data = (uint64_t)TEXT_MOST * 64 };
	struct contents *c = make_contents(how);
	struct blocks *b = blocks_new(&o, c, f);
	uint64_t bytes;
	size_t at, n;

	memset(f, 0, sizeof(*f));
	if (b == NULL)
		abort();
	if (blocks_begin(b, 0, 50) == 0) {
		for (at = 0; at < len; at += n) {
			n = chunk(in + at, len - at, most);
			if (blocks_data(b, 7, in + at, n, 100 + at * 6) != 0)
				break;
		}
		if (at == len && blocks_stream_end(b, 7) == 0)
			(void)blocks_end(b);
	}
	(void)blocks_drain(b);
	if (blocks_error(b) != NULL)
		abort();
	bytes = blocks_totals(b)->data;
	blocks_free(b);
	contents_free(c);
	return (bytes);
}

/* Of zstd, frames end where chunks do; else it is refused by us alone. */
static bool
is_ours_alone(const struct findings *f)
{
	return (strstr(f->text, "a frame ends inside") != NULL ||
	    strstr(f->text, "--max-data") != NULL ||
	    strstr(f->text, "bits behind the end") != NULL ||
	    /* No frame that holds something: pg_dump writes one. */
	    strstr(f->text, "cut short") != NULL);
}

static void
compare(enum archive_compression how, const uint8_t *in, size_t len,
    size_t most)
{
	struct findings one, three;
	uint64_t bytes = by_us(how, in, len, most, 1, &one);
	long want;

	(void)by_us(how, in, len, most, 3, &three);
	if (strcmp(one.text, three.text) != 0 ||
	    (one.count > 0) != (three.count > 0))
		abort();
	if (how == ARCHIVE_NONE)
		return;
	want = how == ARCHIVE_GZIP ? by_zlib(in, len) : how == ARCHIVE_ZSTD ?
	    by_zstd(in, len) : by_lz4(in, len);
	if (want == -2)
		return;
	if (one.count == 0 && (want == -1 || (uint64_t)want != bytes))
		abort();
	if (one.count > 0 && want >= 0 && !(is_ours_alone(&one) &&
	    (how != ARCHIVE_GZIP || strstr(one.text, "cut short") == NULL)))
		abort();
}

/* Deflate as a zlib stream, with the checksum of what our decoder makes of
 * it. */
static void
dress(const uint8_t *in, size_t len, size_t most)
{
	struct decode *d = decode_new(ARCHIVE_GZIP);
	uint8_t *z = malloc(len + 6), *p = out;
	const uint8_t *from = in;
	size_t left = len, room = TEXT_MOST, i;
	uint32_t sum;

	if (d == NULL || z == NULL)
		abort();
	decode_begin(d, DECODE_MIDST);
	(void)decode_run(d, &from, &left, &p, &room);
	decode_free(d);
	sum = (uint32_t)adler32(1, out, (uInt)(TEXT_MOST - room));
	memcpy(z, "\x78\x9c", 2);
	memcpy(z + 2, in, len);
	for (i = 0; i < 4; i++)
		z[2 + len + i] = (uint8_t)(sum >> (24 - 8 * i));
	compare(ARCHIVE_GZIP, z, len + 6, most);
	free(z);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum archive_compression how[] = { ARCHIVE_GZIP,
	    ARCHIVE_ZSTD, ARCHIVE_LZ4, ARCHIVE_NONE };
	size_t most;

	if (size < 2 || size > INPUT_MOST)
		return (0);
	most = data[1] == 0 ? SIZE_MAX : (size_t)data[1] * 37;
	if (data[0] % 5 == 4)
		dress(data + 2, size - 2, most);
	else
		compare(how[data[0] % 5], data + 2, size - 2, most);
	return (0);
}
