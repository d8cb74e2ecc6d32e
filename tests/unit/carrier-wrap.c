/* SPDX-License-Identifier: ISC */
/*
 * Promise: gzip, zstd and lz4 count as whole only with every member or frame
 * complete, nothing else behind them, and a whole dump inside.
 */
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "carrier-try.h"

static const char sql[] = "--\n-- PostgreSQL database dump\n--\n\n"
    "SET standard_conforming_strings = on;\n\n"
    "COPY public.t (a, b) FROM stdin;\n1\tone\n2\ttwo\n3\tthree\n\\.\n\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n";
#define SQL_LEN	(sizeof(sql) - 1)
#define MAX	65536

static uint8_t buf[MAX];

/* One member or frame at out: its length. */
typedef size_t wrap_fn(uint8_t *out, const void *data, size_t len);

static size_t
gz(uint8_t *out, const void *data, size_t len)
{
	z_stream z;

	memset(&z, 0, sizeof(z));
	deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (unsigned)len;
	z.next_out = out;
	z.avail_out = MAX / 2;
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return (z.total_out);
}

static size_t
zs_with(uint8_t *out, const void *data, size_t len, int checksum)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	size_t n;

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, checksum);
	n = ZSTD_compress2(z, out, MAX / 2, data, len);
	ZSTD_freeCCtx(z);
	return (n);
}

static size_t
zs(uint8_t *out, const void *data, size_t len)
{
	return (zs_with(out, data, len, 1));
}

static size_t
zs_bare(uint8_t *out, const void *data, size_t len)
{
	return (zs_with(out, data, len, 0));
}

static size_t
lz_with(uint8_t *out, const void *data, size_t len, bool checksum)
{
	LZ4F_preferences_t p;

	memset(&p, 0, sizeof(p));
	p.frameInfo.contentChecksumFlag = checksum ?
	    LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
	return (LZ4F_compressFrame(out, MAX / 2, data, len, &p));
}

static size_t
lz(uint8_t *out, const void *data, size_t len)
{
	return (lz_with(out, data, len, true));
}

static size_t
lz_bare(uint8_t *out, const void *data, size_t len)
{
	return (lz_with(out, data, len, false));
}

/* The library's own answer to the whole: bytes at out, or 0. */
static size_t
open_gz(uint8_t *out, const uint8_t *in, size_t len)
{
	z_stream z;

	memset(&z, 0, sizeof(z));
	inflateInit2(&z, 15 + 16);
	z.next_in = (Bytef *)(uintptr_t)in;
	z.avail_in = (unsigned)len;
	z.next_out = out;
	z.avail_out = MAX;
	inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return (z.total_out);
}

static size_t
open_zs(uint8_t *out, const uint8_t *in, size_t len)
{
	size_t n = ZSTD_decompress(out, MAX, in, len);

	return (ZSTD_isError(n) ? 0 : n);
}

static size_t
open_lz(uint8_t *out, const uint8_t *in, size_t len)
{
	LZ4F_dctx *d;
	size_t n = MAX;

	LZ4F_createDecompressionContext(&d, LZ4F_VERSION);
	if (LZ4F_decompress(d, out, &n, in, &len, NULL) != 0)
		n = 0;
	LZ4F_freeDecompressionContext(d);
	return (n);
}

static const struct kind {
	const char *name, *what;
	wrap_fn *wrap;
	size_t (*open)(uint8_t *, const uint8_t *, size_t);
	bool checked;
} kinds[] = {
	{ "gzip", "gzip of plain SQL dump", gz, open_gz, true },
	{ "zstd", "zstd of plain SQL dump", zs, open_zs, true },
	{ "lz4", "lz4 of plain SQL dump", lz, open_lz, true },
	{ "zstd, no checksum", "zstd of plain SQL dump", zs_bare, open_zs,
	    false },
	{ "lz4, no checksum", "lz4 of plain SQL dump", lz_bare, open_lz,
	    false },
};

/* Each bit flipped: never proven with other bytes inside. */
static void
flips(const struct kind *k, size_t len)
{
	static uint8_t out[MAX];
	size_t i, bad = 0, harmless = 0;

	for (i = 0; i < len * 8; i += tap_step()) {
		buf[i / 8] ^= (uint8_t)(1 << i % 8);
		if (try_bytes(buf, len, 1 << 20) == CARRIER_PROVEN) {
			if (k->open(out, buf, len) == SQL_LEN &&
			    memcmp(out, sql, SQL_LEN) == 0)
				harmless++;
			else
				bad++;
		}
		buf[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ok(bad == 0 || !k->checked, "%s: each bit flipped, %zu of %zu harmless",
	    k->name, harmless, len * 8);
}

static void
one(const struct kind *k)
{
	char name[64];
	size_t n, m;

	n = k->wrap(buf, sql, SQL_LEN);
	try_is(buf, n, CARRIER_PROVEN, NULL, k->name);
	same(try_name, k->what, k->name);
	try_cuts(buf, n, k->name);
	flips(k, n);

	snprintf(name, sizeof(name), "%s, in three pieces", k->name);
	n = k->wrap(buf, sql, 100);
	m = n += k->wrap(buf + n, sql + 100, 50);
	n += k->wrap(buf + n, sql + 150, SQL_LEN - 150);
	try_is(buf, n, CARRIER_PROVEN, NULL, name);
	try_cuts(buf, n, name);
	snprintf(name, sizeof(name), "%s, two pieces of three", k->name);
	try_is(buf, m, CARRIER_BROKEN, "inside", name);

	snprintf(name, sizeof(name), "%s, an empty piece behind", k->name);
	n = k->wrap(buf, sql, SQL_LEN);
	m = n + k->wrap(buf + n, "", 0);
	try_is(buf, m, CARRIER_PROVEN, NULL, name);
	snprintf(name, sizeof(name), "%s, an empty piece in front", k->name);
	m = k->wrap(buf, "", 0);
	m += k->wrap(buf + m, sql, SQL_LEN);
	try_is(buf, m, CARRIER_PROVEN, NULL, name);

	snprintf(name, sizeof(name), "%s, a zero behind", k->name);
	n = k->wrap(buf, sql, SQL_LEN);
	buf[n] = 0;
	try_is(buf, n + 1, CARRIER_BROKEN, NULL, name);
	snprintf(name, sizeof(name), "%s, words behind", k->name);
	memcpy(buf + n, "something else here", 19);
	try_is(buf, n + 19, CARRIER_BROKEN, "byte", name);
	snprintf(name, sizeof(name), "%s, a second dump behind", k->name);
	n += k->wrap(buf + n, sql, SQL_LEN);
	try_is(buf, n, CARRIER_BROKEN, "follows the end", name);

	snprintf(name, sizeof(name), "%s, whole, of a cut dump", k->name);
	n = k->wrap(buf, sql, SQL_LEN - 1);
	try_is(buf, n, CARRIER_BROKEN, "plain SQL dump: byte", name);
	snprintf(name, sizeof(name), "%s of nothing", k->name);
	n = k->wrap(buf, "", 0);
	try_is(buf, n, CARRIER_EMPTY, "nothing inside", name);
	snprintf(name, sizeof(name), "%s of words", k->name);
	n = k->wrap(buf, "nothing that we know", 20);
	try_is(buf, n, CARRIER_FOREIGN, "unknown format", name);
}

/* A skippable frame of n bytes. */
static size_t
skippable(uint8_t *out, uint8_t n)
{
	memcpy(out, "\x5a\x2a\x4d\x18\0\0\0\0", 8);
	out[4] = n;
	memset(out + 8, 'x', n);
	return (8 + (size_t)n);
}

static void
skipped(const struct kind *k)
{
	char name[64];
	size_t n, m;

	n = k->wrap(buf, sql, SQL_LEN);
	m = n += skippable(buf + n, 0);
	n += skippable(buf + n, 9);
	snprintf(name, sizeof(name), "%s, skippable behind", k->name);
	try_is(buf, n, CARRIER_PROVEN, NULL, name);
	snprintf(name, sizeof(name), "%s, skippable cut", k->name);
	for (m++; m < n; m++)
		if (try_bytes(buf, m, 1 << 20) != CARRIER_BROKEN)
			break;
	ok(m == n, "%s (%zu of %zu)", name, m, n);
	n = k->wrap(buf, sql, 80);
	n += skippable(buf + n, 200);
	n += k->wrap(buf + n, sql + 80, SQL_LEN - 80);
	snprintf(name, sizeof(name), "%s, skippable between", k->name);
	try_is(buf, n, CARRIER_PROVEN, NULL, name);
}

static void
nested(void)
{
	static uint8_t a[MAX], b[MAX];
	size_t n;

	n = zs(a, sql, SQL_LEN);
	n = gz(b, a, n);
	try_is(b, n, CARRIER_PROVEN, NULL, "gzip of zstd");
	same(try_name, "gzip of zstd of plain SQL dump", "gzip of zstd");
	try_cuts(b, n, "gzip of zstd");
	n = lz(a, b, n);
	n = zs(b, a, n);
	try_is(b, n, CARRIER_PROVEN, NULL, "four deep");
	n = gz(a, b, n);
	try_is(a, n, CARRIER_BROKEN, "wrapped more than", "five deep");
	n = gz(a, sql, SQL_LEN);
	n = lz(b, a, n - 1);
	try_is(b, n, CARRIER_BROKEN, "inside lz4: gzip: byte",
	    "lz4, whole, of a cut gzip");
}

/* Zeros beyond measure, and windows that would need memory. */
static void
bombs(void)
{
	static const uint8_t window[] = "\x28\xb5\x2f\xfd\x00\x90\x01\x00\x00";
	static const uint8_t dictionary[] =
	    "\x28\xb5\x2f\xfd\x21\x07\x00\x01\x00\x00";
	static uint8_t zero[1 << 20];
	uint8_t *bomb = malloc(2 << 20);
	z_stream z;
	int i;

	memset(&z, 0, sizeof(z));
	deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_out = bomb;
	z.avail_out = 2 << 20;
	for (i = 0; i < 256; i++) {
		z.next_in = zero;
		z.avail_in = sizeof(zero);
		deflate(&z, i == 255 ? Z_FINISH : Z_NO_FLUSH);
	}
	deflateEnd(&z);
	ok(try_bytes(bomb, z.total_out, 65536) == CARRIER_FOREIGN,
	    "256 MiB of zeros in %lu bytes", z.total_out);
	free(bomb);
	try_is(window, sizeof(window) - 1, CARRIER_FOREIGN, "window",
	    "zstd with a window of 256 MiB");
	try_is(dictionary, sizeof(dictionary) - 1, CARRIER_FOREIGN,
	    "dictionary", "zstd with a dictionary");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		one(&kinds[i]);
		if (kinds[i].wrap != gz)
			skipped(&kinds[i]);
	}
	nested();
	bombs();
	return (tap_done());
}
