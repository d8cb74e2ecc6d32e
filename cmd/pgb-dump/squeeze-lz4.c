/* SPDX-License-Identifier: ISC */
/*
 * lz4: one frame a piece.
 */
#include <stdlib.h>

#include <lz4frame.h>

#include "squeeze-impl.h"

/* Room for a block of text, or the end of a frame; the library writes nowhere
 * else.  It holds no text back. */
#define OUT_SIZE	(SQUEEZE_BLOCK + 1024)

struct lz4 {
	LZ4F_cctx *z;
	LZ4F_preferences_t prefs;
	uint8_t out[OUT_SIZE];
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
	c->prefs.frameInfo.blockSizeID = LZ4F_max256KB;
	c->prefs.frameInfo.blockMode = LZ4F_blockLinked;
	c->prefs.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	c->prefs.compressionLevel = spec->level == ZSPEC_DEFAULT ? 0 :
	    spec->level;
	c->prefs.autoFlush = 1;
	if (LZ4F_isError(LZ4F_createCompressionContext(&c->z, LZ4F_VERSION)) ||
	    LZ4F_compressBound(SQUEEZE_BLOCK, &c->prefs) > OUT_SIZE) {
		lz4_close(c);
		return (NULL);
	}
	return (c);
}

/* n bytes lie in out, or n is an error. */
static int
put(struct squeeze *s, struct lz4 *c, size_t n)
{
	if (LZ4F_isError(n))
		return (squeeze_fail(s, LZ4F_getErrorName(n)));
	return (squeeze_bytes(s, c->out, n));
}

static int
lz4_start(struct squeeze *s, void *ctx)
{
	struct lz4 *c = ctx;

	return (put(s, c, LZ4F_compressBegin(c->z, c->out, sizeof(c->out),
	    &c->prefs)));
}

static int
lz4_feed(struct squeeze *s, void *ctx, const uint8_t *buf, size_t len)
{
	struct lz4 *c = ctx;

	return (put(s, c, LZ4F_compressUpdate(c->z, c->out, sizeof(c->out),
	    buf, len, NULL)));
}

static int
lz4_finish(struct squeeze *s, void *ctx, bool last)
{
	struct lz4 *c = ctx;

	(void)last;
	return (put(s, c, LZ4F_compressEnd(c->z, c->out, sizeof(c->out),
	    NULL)));
}

const struct squeeze_method squeeze_lz4 = {
	lz4_open, lz4_close, lz4_start, lz4_feed, lz4_finish,
	SQUEEZE_PIECE, OUT_SIZE + 1024,
};
