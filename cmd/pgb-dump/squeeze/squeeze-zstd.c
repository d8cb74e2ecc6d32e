/* SPDX-License-Identifier: ISC */
/*
 * zstd: one frame a piece.  pg_restore drops without a word what follows a
 * frame in the same chunk, hence a frame always ends with its chunk.
 */
#include <zstd.h>

#include "squeeze-impl.h"

#define ZSTD_WINDOW_LOG	27	/* what a reader takes unasked */

/*
 * The library gathers a zstd block of at most 128 KiB and holds back what is
 * left of another one; it stores what does not shrink, at 3 bytes a block.
 */
#define ZSTD_RESERVE	(3 * (size_t)ZSTD_BLOCKSIZE_MAX +		\
			ZSTD_COMPRESSBOUND(SQUEEZE_BLOCK) + 4096)

static void
zs_close(void *ctx)
{
	ZSTD_freeCCtx(ctx);
}

static void *
zs_open(const struct zspec *spec)
{
	int level = spec->level == ZSPEC_DEFAULT ? ZSTD_CLEVEL_DEFAULT :
	    spec->level;
	ZSTD_CCtx *z;
	size_t rc;

	if ((z = ZSTD_createCCtx()) == NULL)
		return (NULL);
	rc = ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level);
	if (!ZSTD_isError(rc))
		rc = ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	if (!ZSTD_isError(rc) && spec->long_window)
		rc = ZSTD_CCtx_setParameter(z,
		    ZSTD_c_enableLongDistanceMatching, 1);
	if (!ZSTD_isError(rc) && spec->long_window)
		rc = ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog,
		    ZSTD_WINDOW_LOG);
	if (ZSTD_isError(rc)) {
		zs_close(z);
		return (NULL);
	}
	return (z);
}

static int
zs_start(struct squeeze *s, void *ctx)
{
	size_t rc;

	rc = ZSTD_CCtx_reset(ctx, ZSTD_reset_session_only);
	if (ZSTD_isError(rc))
		return (squeeze_fail(s, ZSTD_getErrorName(rc)));
	return (0);
}

static int
zs_run(struct squeeze *s, ZSTD_CCtx *z, ZSTD_inBuffer *in,
    ZSTD_EndDirective how)
{
	ZSTD_outBuffer out = { squeeze_out(s), SQUEEZE_OUT, 0 };
	size_t rc;

	do {
		out.pos = 0;
		rc = ZSTD_compressStream2(z, &out, in, how);
		if (ZSTD_isError(rc))
			return (squeeze_fail(s, ZSTD_getErrorName(rc)));
		if (squeeze_bytes(s, out.dst, out.pos) != 0)
			return (-1);
	} while (how == ZSTD_e_end ? rc != 0 : in->pos < in->size);
	return (0);
}

static int
zs_feed(struct squeeze *s, void *ctx, const uint8_t *buf, size_t len)
{
	ZSTD_inBuffer in = { buf, len, 0 };

	return (zs_run(s, ctx, &in, ZSTD_e_continue));
}

static int
zs_finish(struct squeeze *s, void *ctx, bool last)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };

	(void)last;
	return (zs_run(s, ctx, &in, ZSTD_e_end));
}

const struct squeeze_method squeeze_zstd = {
	zs_open, zs_close, zs_start, zs_feed, zs_finish,
	SQUEEZE_PIECE, ZSTD_RESERVE,
};
