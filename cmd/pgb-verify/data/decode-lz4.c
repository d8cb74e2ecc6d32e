/* SPDX-License-Identifier: ISC */
/*
 * lz4, one frame or many, however they lie in chunks.  Whether a frame has a
 * checksum of its text, or of its blocks, stands in its fifth byte.
 * Source: LZ4 frame format, version 1.6; PostgreSQL, compress_lz4.c.
 */
#include <lz4frame.h>
#include <stdlib.h>

#include "data/decode-frames.h"

#define BLOCK_CHECKSUM	0x10	/* in FLG */
#define TEXT_CHECKSUM	0x04

struct lz {
	struct frames f;		/* must be first */
	LZ4F_dctx *d;
};

static void
lz_free(void *ctx)
{
	struct lz *s = ctx;

	LZ4F_freeDecompressionContext(s->d);
	free(s);
}

static void *
lz_new(void)
{
	struct lz *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	if (LZ4F_isError(LZ4F_createDecompressionContext(&s->d,
	    LZ4F_VERSION))) {
		free(s);
		return (NULL);
	}
	return (s);
}

static int
lz_begin(void *ctx, int how)
{
	struct lz *s = ctx;

	(void)how;
	frames_begin(&s->f);
	LZ4F_resetDecompressionContext(s->d);
	return (0);
}

static enum decode_result
lz_run(struct decode *d, void *ctx, const uint8_t **in, size_t *in_len,
    uint8_t **out, size_t *out_len)
{
	struct lz *s = ctx;
	size_t rc, took, gave;

	for (;;) {
		if (!s->f.open) {
			if (*in_len == 0)
				return (DECODE_DRAINED);
			frames_open(&s->f);
		}
		frames_look(&s->f, *in, *in_len, 0x04,
		    BLOCK_CHECKSUM | TEXT_CHECKSUM);
		took = *in_len;
		gave = *out_len;
		rc = LZ4F_decompress(s->d, *out, &gave, *in, &took, NULL);
		if (LZ4F_isError(rc))
			return (decode_fail(d, decode_stops, "compressed data "
			    "are damaged (%s)", LZ4F_getErrorName(rc)));
		*in += took;
		*in_len -= took;
		*out += gave;
		*out_len -= gave;
		if (rc == 0)
			s->f.open = false;
		else if (*out_len == 0)
			return (DECODE_FULL);
		else if (*in_len == 0)
			return (DECODE_DRAINED);
		else if (took == 0 && gave == 0)
			return (decode_fail(d, decode_stops, "compressed data "
			    "are damaged (the decoder does not go on)"));
	}
}

const struct decode_method decode_lz4 = {
	.new = lz_new,
	.free = lz_free,
	.begin = lz_begin,
	.run = lz_run,
	.is_edge = frames_is_edge,
	.end = frames_end,
	.has_check = frames_has_check,
};
