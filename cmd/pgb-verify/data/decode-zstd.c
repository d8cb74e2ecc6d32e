/* SPDX-License-Identifier: ISC */
/*
 * zstd, one frame or many.  pg_restore asks for the next chunk when a frame
 * ends, and forgets what is left of the old one: so a frame ends where its
 * chunk does.  Whether a frame has a checksum stands in its fifth byte.
 * Source: RFC 8878; PostgreSQL, compress_zstd.c.
 */
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "data/decode-impl.h"

#define WINDOW_LOG	27	/* 128 MiB, what pg_restore takes */
#define WINDOW_LOG_SMALL 23	/* 8 MiB: several at a time */
#define HEAD_LEN	5	/* magic number, descriptor */
#define CHECKSUM_FLAG	4	/* in the descriptor */

struct zs {
	ZSTD_DStream *d;
	bool small;		/* begun with DECODE_SMALL */
	bool open;		/* inside a frame */
	bool ended;		/* one ended in this chunk */
	uint64_t frames;	/* that hold something */
	bool unchecked;		/* one of them has no checksum */
	uint8_t head[HEAD_LEN];
	size_t have;
};

static void
zs_free(void *ctx)
{
	struct zs *s = ctx;

	ZSTD_freeDStream(s->d);
	free(s);
}

static void *
zs_new(void)
{
	struct zs *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	if ((s->d = ZSTD_createDStream()) == NULL) {
		free(s);
		return (NULL);
	}
	return (s);
}

static int
zs_begin(void *ctx, int how)
{
	struct zs *s = ctx;

	s->small = (how & DECODE_SMALL) != 0;
	s->open = s->ended = s->unchecked = false;
	s->frames = 0;
	s->have = 0;
	if (ZSTD_isError(ZSTD_DCtx_reset(s->d, ZSTD_reset_session_only)) ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(s->d, ZSTD_d_windowLogMax,
	    s->small ? WINDOW_LOG_SMALL : WINDOW_LOG)))
		return (-1);
	return (0);
}

/* The frame's first bytes, which the library will read too. */
static void
look(struct zs *s, const uint8_t *in, size_t len)
{

	if (s->have == HEAD_LEN)
		return;
	while (s->have < HEAD_LEN && len-- > 0)
		s->head[s->have++] = *in++;
	/* Skippable frames have another magic number, and hold nothing. */
	if (s->have < HEAD_LEN || s->head[0] != 0x28)
		return;
	s->frames++;
	if ((s->head[4] & CHECKSUM_FLAG) == 0)
		s->unchecked = true;
}

static enum decode_result
failed(struct decode *d, const struct zs *s, size_t rc)
{
	switch (ZSTD_getErrorCode(rc)) {
	case ZSTD_error_memory_allocation:
		return (decode_memory(d));
	case ZSTD_error_frameParameter_windowTooLarge:
		if (s->small)
			return (decode_too_small(d));
		return (decode_fail(d, decode_stops, "compressed with a window "
		    "of more than 128 MiB"));
	default:
		return (decode_fail(d, decode_stops, "compressed data are "
		    "damaged (%s)", ZSTD_getErrorName(rc)));
	}
}

static enum decode_result
zs_run(struct decode *d, void *ctx, const uint8_t **in, size_t *in_len,
    uint8_t **out, size_t *out_len)
{
	struct zs *s = ctx;
	ZSTD_inBuffer ib = { *in, *in_len, 0 };
	ZSTD_outBuffer ob = { *out, *out_len, 0 };
	size_t rc = 1;

	while (ib.pos < ib.size || (s->open && ob.pos < ob.size)) {
		if (!s->open && s->ended)
			return (decode_fail(d, "pg_restore leaves out the rest "
			    "of the chunk, and says nothing", "a frame ends "
			    "inside a chunk"));
		if (!s->open) {
			s->open = true;
			s->have = 0;
		}
		look(s, *in + ib.pos, ib.size - ib.pos);
		rc = ZSTD_decompressStream(s->d, &ob, &ib);
		if (ZSTD_isError(rc))
			break;
		if (rc == 0) {
			s->open = false;
			s->ended = true;
		} else if (ib.pos == ib.size && ob.pos < ob.size)
			break;
		else if (ob.pos == ob.size)
			break;
	}
	*in += ib.pos;
	*in_len -= ib.pos;
	*out += ob.pos;
	*out_len -= ob.pos;
	if (ZSTD_isError(rc))
		return (failed(d, s, rc));
	return (s->open && *out_len == 0 ? DECODE_FULL : DECODE_DRAINED);
}

static void
zs_chunk_end(void *ctx)
{
	struct zs *s = ctx;

	s->ended = false;
}

static bool
zs_is_edge(const void *ctx)
{
	const struct zs *s = ctx;

	return (!s->open);
}

static int
zs_end(struct decode *d, void *ctx, uint32_t adler)
{
	const struct zs *s = ctx;

	(void)adler;
	if (s->open || s->frames == 0)
		return (decode_bad_end(d, "pg_restore 16 to 18 restores what "
		    "is there, and says nothing", "compressed data are cut "
		    "short"));
	return (0);
}

static bool
zs_has_check(const void *ctx)
{
	const struct zs *s = ctx;

	return (!s->unchecked);
}

const struct decode_method decode_zstd = {
	.new = zs_new,
	.free = zs_free,
	.begin = zs_begin,
	.run = zs_run,
	.chunk_end = zs_chunk_end,
	.is_edge = zs_is_edge,
	.end = zs_end,
	.has_check = zs_has_check,
};
