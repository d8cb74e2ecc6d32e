/* SPDX-License-Identifier: ISC */
/*
 * Deflate: ISA-L where it is as good as zlib's fast levels and many times as
 * fast, zlib for its strong ones.
 */
#include <stdlib.h>
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include "squeeze-impl.h"

/* Both codecs hold less than this back when they are not told to flush. */
#define HELD		(128 * 1024)
#define PIECE		(SQUEEZE_CHUNK - 2 * GATHER - HELD)

struct isal {
	struct isal_zstream z;
	uint32_t level, level_size;
	uint8_t *level_buf;
};

static void *
isal_new(const struct zspec *spec)
{
	static const uint32_t size[] = { 0, ISAL_DEF_LVL1_DEFAULT,
	    ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT };
	struct isal *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return (NULL);
	s->level = spec->level == ZSPEC_DEFAULT ? 1 : (uint32_t)spec->level;
	s->level_size = size[s->level];
	if ((s->level_buf = malloc(s->level_size)) == NULL) {
		free(s);
		return (NULL);
	}
	return (s);
}

static void
isal_free(void *state)
{
	struct isal *s = state;

	free(s->level_buf);
	free(s);
}

static int
isal_begin(void *state)
{
	struct isal *s = state;

	isal_deflate_init(&s->z);
	s->z.level = s->level;
	s->z.level_buf = s->level_buf;
	s->z.level_buf_size = s->level_size;
	s->z.gzip_flag = IGZIP_DEFLATE;
	return (0);
}

static int
isal_run(void *state, struct squeeze *q, const uint8_t *buf, size_t len,
    enum codec_end end)
{
	struct isal *s = state;
	uint8_t *in, *room;
	size_t n;

	/* ISA-L does not write to its input. */
	in = (uint8_t *)(uintptr_t)buf;
	s->z.next_in = in;
	s->z.avail_in = (uint32_t)len;
	s->z.flush = end == END_PIECE ? SYNC_FLUSH : NO_FLUSH;
	s->z.end_of_stream = end == END_STREAM;
	do {
		if ((room = squeeze_room(q, &n)) == NULL)
			return (-1);
		s->z.next_out = room;
		s->z.avail_out = (uint32_t)n;
		if (isal_deflate(&s->z) != COMP_OK)
			return (squeeze_fail(q, "ISA-L refuses"));
		squeeze_used(q, n - s->z.avail_out);
	} while (s->z.avail_in > 0 || s->z.avail_out == 0);
	return (0);
}

const struct codec codec_isal = {
	isal_new, isal_free, isal_begin, isal_run, .piece = PIECE,
	.adler = true,
};

static void *
zlib_new(const struct zspec *spec)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (z != NULL && deflateInit2(z, spec->level, Z_DEFLATED, -15, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return (NULL);
	}
	return (z);
}

static void
zlib_free(void *state)
{

	(void)deflateEnd(state);
	free(state);
}

static int
zlib_begin(void *state)
{

	return (deflateReset(state) == Z_OK ? 0 : -1);
}

static int
zlib_run(void *state, struct squeeze *q, const uint8_t *buf, size_t len,
    enum codec_end end)
{
	z_stream *z = state;
	int flush = end == END_PIECE ? Z_SYNC_FLUSH :
	    end == END_STREAM ? Z_FINISH : Z_NO_FLUSH;
	size_t n;
	int got;

	/* zlib does not write to its input. */
	z->next_in = (uint8_t *)(uintptr_t)buf;
	z->avail_in = (uInt)len;
	do {
		if ((z->next_out = squeeze_room(q, &n)) == NULL)
			return (-1);
		z->avail_out = (uInt)n;
		got = deflate(z, flush);
		if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
			return (squeeze_fail(q, "zlib refuses"));
		squeeze_used(q, n - z->avail_out);
	} while (z->avail_in > 0 || z->avail_out == 0);
	return (0);
}

const struct codec codec_zlib = {
	zlib_new, zlib_free, zlib_begin, zlib_run, .piece = PIECE,
	.adler = true,
};
