/* SPDX-License-Identifier: ISC */
#ifndef ZIP_H
#define ZIP_H

#include <lz4frame.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/*
 * What an archive's data is compressed with, by the stock libraries, as pg_dump
 * calls them; for convert.c.  Whatever goes wrong ends the program.
 */

struct out {
	unsigned char *buf;
	size_t len, size;
};

static inline void
die(const char *why)
{

	fprintf(stderr, "convert: %s\n", why);
	exit(1);
}

static inline void *
need(void *p)
{

	if (p == NULL)
		die("no memory");
	return (p);
}

static inline void
put(struct out *o, const void *buf, size_t len)
{

	if (o->len + len > o->size) {
		o->size = (o->len + len) * 2;
		o->buf = need(realloc(o->buf, o->size));
	}
	if (len > 0)
		memcpy(o->buf + o->len, buf, len);
	o->len += len;
}

static inline struct out
unzip_gzip(const struct out *raw)
{
	struct out text = { NULL, 0, 0 };
	unsigned char buf[65536];
	z_stream z = { .next_in = raw->buf, .avail_in = (uInt)raw->len };
	int rc = Z_OK;

	if (inflateInit(&z) != Z_OK)
		die("no memory");
	while (rc == Z_OK) {
		z.next_out = buf;
		z.avail_out = sizeof(buf);
		rc = inflate(&z, Z_NO_FLUSH);
		put(&text, buf, sizeof(buf) - z.avail_out);
	}
	if (rc != Z_STREAM_END)
		die("data that is no zlib stream");
	inflateEnd(&z);
	return (text);
}

static struct out
unzip_lz4(const struct out *raw)
{
	struct out text = { NULL, 0, 0 };
	unsigned char buf[65536];
	size_t at = 0, in, n, rc = 1;
	LZ4F_decompressionContext_t c;

	if (LZ4F_isError(LZ4F_createDecompressionContext(&c, LZ4F_VERSION)))
		die("no memory");
	while (rc != 0 && at < raw->len) {
		in = raw->len - at;
		n = sizeof(buf);
		rc = LZ4F_decompress(c, buf, &n, raw->buf + at, &in, NULL);
		if (LZ4F_isError(rc))
			die("data that is no lz4 frame");
		put(&text, buf, n);
		at += in;
	}
	LZ4F_freeDecompressionContext(c);
	return (text);
}

static inline struct out
unzip_zstd(const struct out *raw)
{
	struct out text = { NULL, 0, 0 };
	unsigned char buf[65536];
	ZSTD_DCtx *c = need(ZSTD_createDCtx());
	ZSTD_inBuffer in = { raw->buf, raw->len, 0 };
	size_t rc = 1;

	while (rc != 0 && in.pos < in.size) {
		ZSTD_outBuffer to = { buf, sizeof(buf), 0 };

		rc = ZSTD_decompressStream(c, &to, &in);
		if (ZSTD_isError(rc))
			die("data that is no zstd frame");
		put(&text, buf, to.pos);
	}
	ZSTD_freeDCtx(c);
	return (text);
}

static inline void
zip_gzip(struct out *o, const struct out *in)
{
	uLongf len = compressBound(in->len);

	o->buf = need(malloc(len));
	if (compress2(o->buf, &len, in->buf, in->len, 6) != Z_OK)
		die("zlib");
	o->len = len;
}

/* As pg_dump does it: how long it will be is not known at the beginning. */
static void
zip_lz4(struct out *o, const struct out *in, bool sums)
{
	LZ4F_preferences_t prefs = { .frameInfo = { .contentChecksumFlag =
	    sums ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum } };
	size_t room = LZ4F_compressBound(in->len, &prefs) + 64, n;
	LZ4F_compressionContext_t c;

	o->buf = need(malloc(room));
	if (LZ4F_isError(LZ4F_createCompressionContext(&c, LZ4F_VERSION)))
		die("lz4");
	n = LZ4F_compressBegin(c, o->buf, room, &prefs);
	if (!LZ4F_isError(n)) {
		o->len += n;
		n = LZ4F_compressUpdate(c, o->buf + o->len, room - o->len,
		    in->buf, in->len, NULL);
	}
	if (!LZ4F_isError(n)) {
		o->len += n;
		n = LZ4F_compressEnd(c, o->buf + o->len, room - o->len, NULL);
	}
	if (LZ4F_isError(n))
		die("lz4");
	o->len += n;
	LZ4F_freeCompressionContext(c);
}

static inline void
zip_zstd(struct out *o, const struct out *in, bool sums)
{
	ZSTD_CCtx *c = need(ZSTD_createCCtx());
	ZSTD_inBuffer from = { in->buf, in->len, 0 };
	ZSTD_outBuffer to = { NULL, ZSTD_compressBound(in->len) + 64, 0 };
	size_t rc = 0;

	to.dst = o->buf = need(malloc(to.size));
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, sums);
	while (from.pos < from.size && !ZSTD_isError(rc))
		rc = ZSTD_compressStream2(c, &to, &from, ZSTD_e_continue);
	if (!ZSTD_isError(rc))
		rc = ZSTD_compressStream2(c, &to, &from, ZSTD_e_end);
	if (rc != 0)
		die("zstd");
	o->len = to.pos;
	ZSTD_freeCCtx(c);
}

#endif
