/* SPDX-License-Identifier: ISC */
/*
 * Frames of zstd and lz4, with checksums: pg_restore heeds them, and without
 * them it takes most damage for data.
 */
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "squeeze-impl.h"

#define LEVEL_ZSTD	3
#define FRAME		(4 * SQUEEZE_CHUNK - 4 * GATHER)
#define WINDOW_LONG	27	/* as far as decoders go unasked */

static void *
zstd_new(const struct zspec *spec)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	if (z != NULL && (ZSTD_isError(ZSTD_CCtx_setParameter(z,
	    ZSTD_c_compressionLevel, spec->level == ZSPEC_DEFAULT ?
	    LEVEL_ZSTD : spec->level)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)) ||
	    (spec->long_window && (ZSTD_isError(ZSTD_CCtx_setParameter(z,
	    ZSTD_c_enableLongDistanceMatching, 1)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog,
	    WINDOW_LONG)))))) {
		ZSTD_freeCCtx(z);
		return (NULL);
	}
	return (z);
}

static void
zstd_free(void *state)
{

	ZSTD_freeCCtx(state);
}

static int
zstd_begin(void *state)
{

	return (ZSTD_isError(ZSTD_CCtx_reset(state, ZSTD_reset_session_only)) ?
	    -1 : 0);
}

static int
zstd_run(void *state, struct squeeze *q, const uint8_t *buf, size_t len,
    enum codec_end end)
{
	ZSTD_inBuffer in = { buf, len, 0 };
	ZSTD_outBuffer out;
	size_t left, n;
	uint8_t *room;

	do {
		if ((room = squeeze_room(q, &n)) == NULL)
			return (-1);
		out = (ZSTD_outBuffer){ room, n, 0 };
		left = ZSTD_compressStream2(state, &out, &in,
		    end == END_NOTHING ? ZSTD_e_continue : ZSTD_e_end);
		if (ZSTD_isError(left))
			return (squeeze_fail(q, ZSTD_getErrorName(left)));
		squeeze_used(q, out.pos);
	} while (end == END_NOTHING ? in.pos < in.size : left > 0);
	return (0);
}

const struct codec codec_zstd = {
	zstd_new, zstd_free, zstd_begin, zstd_run, .spans = true,
	.piece = FRAME,
};

struct lz4 {
	LZ4F_cctx *z;
	LZ4F_preferences_t prefs;
	bool header;		/* is owed */
	size_t size;
	uint8_t *out;
};

static void
lz4_free(void *state)
{
	struct lz4 *s = state;

	LZ4F_freeCompressionContext(s->z);
	free(s->out);
	free(s);
}

static void *
lz4_new(const struct zspec *spec)
{
	struct lz4 *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return (NULL);
	s->prefs.compressionLevel = spec->level == ZSPEC_DEFAULT ? 0 :
	    spec->level;
	s->prefs.frameInfo.blockSizeID = LZ4F_max256KB;
	s->prefs.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	s->size = LZ4F_compressBound(GATHER, &s->prefs) +
	    LZ4F_HEADER_SIZE_MAX;
	s->out = malloc(s->size);
	if (s->out == NULL || LZ4F_isError(LZ4F_createCompressionContext(
	    &s->z, LZ4F_VERSION))) {
		lz4_free(s);
		return (NULL);
	}
	return (s);
}

static int
lz4_begin(void *state)
{
	struct lz4 *s = state;

	s->header = true;
	return (0);
}

static int
lz4_put(struct lz4 *s, struct squeeze *q, size_t n)
{

	if (LZ4F_isError(n))
		return (squeeze_fail(q, LZ4F_getErrorName(n)));
	return (squeeze_raw(q, s->out, n));
}

static int
lz4_run(void *state, struct squeeze *q, const uint8_t *buf, size_t len,
    enum codec_end end)
{
	struct lz4 *s = state;

	if (s->header && lz4_put(s, q, LZ4F_compressBegin(s->z, s->out,
	    s->size, &s->prefs)) != 0)
		return (-1);
	s->header = false;
	if (len > 0 && lz4_put(s, q, LZ4F_compressUpdate(s->z, s->out,
	    s->size, buf, len, NULL)) != 0)
		return (-1);
	if (end == END_NOTHING)
		return (0);
	return (lz4_put(s, q, LZ4F_compressEnd(s->z, s->out, s->size, NULL)));
}

const struct codec codec_lz4 = {
	lz4_new, lz4_free, lz4_begin, lz4_run, .spans = true, .piece = FRAME,
};
