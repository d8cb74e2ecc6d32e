/* SPDX-License-Identifier: ISC */
/*
 * gzip, the strong levels: zlib.
 */
#include <stdlib.h>

#include <zlib.h>

#include "squeeze-impl.h"

/*
 * zlib holds back at most the 16 Ki symbols of a deflate block (31 bits each
 * with the code that the standard fixes) and the 64 KiB of its window; it
 * never takes more than 9 bits a byte, and stores where that is shorter.
 */
#define ZLIB_WORST(n)	((n) + (n) / 8)
#define ZLIB_RESERVE	((size_t)64 * 1024 + 1024 +			\
			ZLIB_WORST((size_t)64 * 1024) +			\
			ZLIB_WORST(SQUEEZE_BLOCK))

_Static_assert(ZLIB_RESERVE <= SQUEEZE_OUT, "one call writes it all");

static void *
zlib_open(const struct zspec *spec)
{
	z_stream *z;

	if ((z = calloc(1, sizeof(*z))) == NULL)
		return (NULL);
	if (deflateInit2(z, spec->level, Z_DEFLATED, -15, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return (NULL);
	}
	return (z);
}

static void
zlib_close(void *ctx)
{
	deflateEnd(ctx);
	free(ctx);
}

static int
zlib_start(struct squeeze *s, void *ctx)
{
	if (deflateReset(ctx) != Z_OK)
		return (squeeze_fail(s, "gzip: the library failed"));
	return (0);
}

static int
zlib_run(struct squeeze *s, z_stream *z, int flush)
{
	bool full;
	int rc;

	do {
		z->next_out = squeeze_out(s);
		z->avail_out = SQUEEZE_OUT;
		rc = deflate(z, flush);
		/* Z_BUF_ERROR: the last time was just enough. */
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return (squeeze_fail(s, "gzip: the library failed"));
		full = z->avail_out == 0;
		if (squeeze_bytes(s, squeeze_out(s),
		    SQUEEZE_OUT - z->avail_out) != 0)
			return (-1);
	} while (full && rc != Z_STREAM_END);
	if (z->avail_in != 0 || (flush == Z_FINISH && rc != Z_STREAM_END))
		return (squeeze_fail(s, "gzip: the library stopped early"));
	return (0);
}

static int
zlib_feed(struct squeeze *s, void *ctx, const uint8_t *buf, size_t len)
{
	z_stream *z = ctx;

	z->next_in = (Bytef *)(uintptr_t)buf;		/* it only reads */
	z->avail_in = (uInt)len;
	return (zlib_run(s, z, Z_NO_FLUSH));
}

static int
zlib_finish(struct squeeze *s, void *ctx, bool last)
{
	z_stream *z = ctx;

	z->next_in = NULL;
	z->avail_in = 0;
	return (zlib_run(s, z, last ? Z_FINISH : Z_SYNC_FLUSH));
}

const struct squeeze_method squeeze_zlib = {
	zlib_open, zlib_close, zlib_start, zlib_feed, zlib_finish,
	SQUEEZE_CHUNK, ZLIB_RESERVE,
};
