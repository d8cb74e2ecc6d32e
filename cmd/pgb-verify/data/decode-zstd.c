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

#include "data/decode-frames.h"

#define WINDOW_LOG	27	/* 128 MiB, what pg_restore takes */
#define WINDOW_LOG_SMALL 23	/* 8 MiB: several at a time */
#define CHECKSUM_FLAG	4	/* in the descriptor */

struct zs {
	struct frames f;		/* must be first */
	ZSTD_DStream *d;
	bool small;		/* begun with DECODE_SMALL */
	bool ended;		/* one ended in this chunk */
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
	frames_begin(&s->f);
	s->ended = false;
	if (ZSTD_isError(ZSTD_DCtx_reset(s->d, ZSTD_reset_session_only)) ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(s->d, ZSTD_d_windowLogMax,
	    s->small ? WINDOW_LOG_SMALL : WINDOW_LOG)))
		return (-1);
	return (0);
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

	while (ib.pos < ib.size || (s->f.open && ob.pos < ob.size)) {
		if (!s->f.open && s->ended)
			return (decode_fail(d, "pg_restore leaves out the rest "
			    "of the chunk, and says nothing", "a frame ends "
			    "inside a chunk"));
		if (!s->f.open)
			frames_open(&s->f);
		frames_look(&s->f, *in + ib.pos, ib.size - ib.pos, 0x28,
		    CHECKSUM_FLAG);
		rc = ZSTD_decompressStream(s->d, &ob, &ib);
		if (ZSTD_isError(rc))
			break;
		if (rc == 0) {
			s->f.open = false;
			s->ended = true;
		} else if (ib.pos == ib.size || ob.pos == ob.size)
			break;
	}
	*in += ib.pos;
	*in_len -= ib.pos;
	*out += ob.pos;
	*out_len -= ob.pos;
	if (ZSTD_isError(rc))
		return (failed(d, s, rc));
	return (s->f.open && *out_len == 0 ? DECODE_FULL : DECODE_DRAINED);
}

static void
zs_chunk_end(void *ctx)
{
	struct zs *s = ctx;

	s->ended = false;
}

const struct decode_method decode_zstd = {
	.new = zs_new,
	.free = zs_free,
	.begin = zs_begin,
	.run = zs_run,
	.chunk_end = zs_chunk_end,
	.is_edge = frames_is_edge,
	.end = frames_end,
	.has_check = frames_has_check,
};
