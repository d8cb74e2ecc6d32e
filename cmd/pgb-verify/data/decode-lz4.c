/* SPDX-License-Identifier: ISC */
/*
 * lz4, one frame or many, however they lie in chunks.  Whether a frame has a
 * checksum of its text, or of its blocks, stands in its fifth byte.
 * Source: LZ4 frame format, version 1.6; PostgreSQL, compress_lz4.c.
 */
#include <lz4frame.h>
#include <stdlib.h>

#include "data/decode-impl.h"

#define HEAD_LEN	5	/* magic number, FLG */
#define BLOCK_CHECKSUM	0x10	/* in FLG */
#define TEXT_CHECKSUM	0x04

struct lz {
	LZ4F_dctx *d;
	bool open;		/* inside a frame */
	uint64_t frames;	/* that hold something */
	bool unchecked;		/* one of them has no checksum */
	uint8_t head[HEAD_LEN];
	size_t have;
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
	s->open = s->unchecked = false;
	s->frames = 0;
	s->have = 0;
	LZ4F_resetDecompressionContext(s->d);
	return (0);
}

static void
look(struct lz *s, const uint8_t *in, size_t len)
{

	if (s->have == HEAD_LEN)
		return;
	while (s->have < HEAD_LEN && len-- > 0)
		s->head[s->have++] = *in++;
	if (s->have < HEAD_LEN || s->head[0] != 0x04)
		return;
	s->frames++;
	if ((s->head[4] & (BLOCK_CHECKSUM | TEXT_CHECKSUM)) == 0)
		s->unchecked = true;
}

static enum decode_result
lz_run(struct decode *d, void *ctx, const uint8_t **in, size_t *in_len,
    uint8_t **out, size_t *out_len)
{
	struct lz *s = ctx;
	size_t rc, took, gave;

	for (;;) {
		if (!s->open) {
			if (*in_len == 0)
				return (DECODE_DRAINED);
			s->open = true;
			s->have = 0;
		}
		look(s, *in, *in_len);
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
			s->open = false;
		else if (*out_len == 0)
			return (DECODE_FULL);
		else if (*in_len == 0)
			return (DECODE_DRAINED);
		else if (took == 0 && gave == 0)
			return (decode_fail(d, decode_stops, "compressed data "
			    "are damaged (the decoder does not go on)"));
	}
}

static bool
lz_is_edge(const void *ctx)
{
	const struct lz *s = ctx;

	return (!s->open);
}

static int
lz_end(struct decode *d, void *ctx, uint32_t adler)
{
	const struct lz *s = ctx;

	(void)adler;
	if (s->open || s->frames == 0)
		return (decode_bad_end(d, "pg_restore 16 to 18 restores what "
		    "is there, and says nothing", "compressed data are cut "
		    "short"));
	return (0);
}

static bool
lz_has_check(const void *ctx)
{
	const struct lz *s = ctx;

	return (!s->unchecked);
}

const struct decode_method decode_lz4 = {
	.new = lz_new,
	.free = lz_free,
	.begin = lz_begin,
	.run = lz_run,
	.is_edge = lz_is_edge,
	.end = lz_end,
	.has_check = lz_has_check,
};
