/* SPDX-License-Identifier: ISC */
/*
 * lz4: one frame a piece.
 */
#include <stdlib.h>

#include <lz4frame.h>

#include "squeeze-impl.h"

#define LZ4_SEARCHES	3	/* first level of the slow kind */

/* A block of text at the very worst, and the end; nothing is held back. */
#define LZ4_RESERVE	(SQUEEZE_BLOCK + 1024)

_Static_assert(LZ4_RESERVE <= SQUEEZE_OUT, "the library asks for it");

struct lz4 {
	LZ4F_cctx *z;
	LZ4F_preferences_t prefs;
};

static void
lz4_close(void *ctx)
{
	struct lz4 *c = ctx;

	LZ4F_freeCompressionContext(c->z);
	free(c);
}

static void *
lz4_open(const struct zspec *spec)
{
	struct lz4 *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	/* Blocks that refer to each other are 3 % smaller with the levels that
	 * search, but only 0.1 % with the others, which take a third longer. */
	c->prefs.frameInfo.blockMode = spec->level >= LZ4_SEARCHES ?
	    LZ4F_blockLinked : LZ4F_blockIndependent;
	c->prefs.frameInfo.blockSizeID = LZ4F_max256KB;
	c->prefs.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	c->prefs.compressionLevel = spec->level == ZSPEC_DEFAULT ? 0 :
	    spec->level;
	c->prefs.autoFlush = 1;
	if (LZ4F_isError(LZ4F_createCompressionContext(&c->z, LZ4F_VERSION)) ||
	    LZ4F_compressBound(SQUEEZE_BLOCK, &c->prefs) > LZ4_RESERVE) {
		lz4_close(c);
		return (NULL);
	}
	return (c);
}

/* n bytes lie in squeeze_out(), or n is an error. */
static int
lz4_put(struct squeeze *s, size_t n)
{
	if (LZ4F_isError(n))
		return (squeeze_fail(s, LZ4F_getErrorName(n)));
	return (squeeze_bytes(s, squeeze_out(s), n));
}

static int
lz4_start(struct squeeze *s, void *ctx)
{
	struct lz4 *c = ctx;

	return (lz4_put(s, LZ4F_compressBegin(c->z, squeeze_out(s),
	    SQUEEZE_OUT, &c->prefs)));
}

static int
lz4_feed(struct squeeze *s, void *ctx, const uint8_t *buf, size_t len)
{
	struct lz4 *c = ctx;

	return (lz4_put(s, LZ4F_compressUpdate(c->z, squeeze_out(s),
	    SQUEEZE_OUT, buf, len, NULL)));
}

static int
lz4_finish(struct squeeze *s, void *ctx, bool last)
{
	struct lz4 *c = ctx;

	(void)last;
	return (lz4_put(s, LZ4F_compressEnd(c->z, squeeze_out(s), SQUEEZE_OUT,
	    NULL)));
}

const struct squeeze_method squeeze_lz4 = {
	lz4_open, lz4_close, lz4_start, lz4_feed, lz4_finish,
	SQUEEZE_PIECE, LZ4_RESERVE,
};
