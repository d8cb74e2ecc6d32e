/* SPDX-License-Identifier: ISC */
#include <lz4frame.h>
#include <stdlib.h>

#include "carrier/carrier-impl.h"

/*
 * lz4, one frame or many, skippable ones among them.  lz4(1) puts a checksum
 * into its frames, libraries often do not.
 */

#define OUT_SIZE	131072

struct lz {
	LZ4F_dctx *d;
	bool open;		/* inside a frame */
	uint64_t frame_at;
	uint8_t out[OUT_SIZE];
};

static void *
lz_new(struct carrier *c, const void *arg)
{
	struct lz *s = calloc(1, sizeof(*s));

	(void)c, (void)arg;
	if (s != NULL && LZ4F_isError(LZ4F_createDecompressionContext(&s->d,
	    LZ4F_VERSION))) {
		free(s);
		s = NULL;
	}
	return (s);
}

static void
lz_free(void *state)
{
	struct lz *s = state;

	LZ4F_freeDecompressionContext(s->d);
	free(s);
}

static int
lz_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct lz *s = state;
	uint64_t at = carrier_offset(c);
	size_t rc, in, out, pos = 0;

	do {
		if (!s->open) {
			s->open = true;
			s->frame_at = at + pos;
		}
		in = len - pos;
		out = OUT_SIZE;
		rc = LZ4F_decompress(s->d, s->out, &out, buf + pos, &in, NULL);
		if (LZ4F_isError(rc))
			return (carrier_fail(c, at + pos, "damaged in the frame"
			    " that begins at byte %llu: %s",
			    (unsigned long long)s->frame_at,
			    LZ4F_getErrorName(rc)));
		if (in == 0 && out == 0 && pos < len)
			return (carrier_fail(c, at + pos, "damaged: the decoder"
			    " does not go on"));
		pos += in;
		if (out > 0 && carrier_inside(c, s->out, out) != 0)
			return (-1);
		if (rc == 0)
			s->open = false;
	} while (pos < len || (s->open && out == OUT_SIZE));
	return (0);
}

static enum carrier_verdict
lz_end(struct carrier *c, void *state)
{
	const struct lz *s = state;

	if (s->open)
		return (carrier_cut(c, "cut short in the frame that begins at"
		    " byte %llu", (unsigned long long)s->frame_at));
	return (carrier_inside_end(c));
}

const struct carrier_ops carrier_lz4 = {
	.name = "lz4",
	.new = lz_new,
	.free = lz_free,
	.feed = lz_feed,
	.end = lz_end,
};
