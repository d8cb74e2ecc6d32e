/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "carrier/carrier-impl.h"

/*
 * zstd, one frame or many, skippable ones among them.  A frame has a checksum
 * only where the writer chose so (zstd does, pzstd and libraries may not).
 */

#define OUT_SIZE	131072
#define WINDOW_LOG	27	/* 128 MiB, what zstd takes unless told */

struct zs {
	ZSTD_DStream *d;
	bool open;		/* inside a frame */
	uint64_t frame_at;
	bool stray;
	uint8_t out[OUT_SIZE];
};

static void
zs_free(void *state)
{
	struct zs *s = state;

	ZSTD_freeDStream(s->d);
	free(s);
}

static void *
zs_new(struct carrier *c, const void *arg)
{
	struct zs *s = calloc(1, sizeof(*s));

	(void)c, (void)arg;
	if (s == NULL)
		return (NULL);
	s->d = ZSTD_createDStream();
	if (s->d == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(s->d,
	    ZSTD_d_windowLogMax, WINDOW_LOG))) {
		zs_free(s);
		return (NULL);
	}
	return (s);
}

/* Frames that are sound but beyond us are no damage. */
static int
zs_fail(struct carrier *c, struct zs *s, size_t rc, uint64_t at)
{
	ZSTD_ErrorCode code = ZSTD_getErrorCode(rc);

	/* Behind a frame that was looked into only damage can say so. */
	if (s->frame_at > 0 &&
	    (code == ZSTD_error_frameParameter_windowTooLarge ||
	    code == ZSTD_error_dictionary_wrong))
		code = ZSTD_error_corruption_detected;
	switch (code) {
	case ZSTD_error_frameParameter_windowTooLarge:
		carrier_stray(c, "a window larger than 128 MiB, which is not"
		    " looked into");
		break;
	case ZSTD_error_dictionary_wrong:
		carrier_stray(c, "needs a dictionary, and is not looked into");
		break;
	case ZSTD_error_memory_allocation:
		carrier_memory(c);
		return (carrier_fail(c, at, "out of memory"));
	case ZSTD_error_prefix_unknown:
		return (carrier_fail(c, s->frame_at,
		    "what follows the frame in front is not zstd"));
	default:
		return (carrier_fail(c, at, "damaged in the frame that begins"
		    " at byte %llu: %s", (unsigned long long)s->frame_at,
		    ZSTD_getErrorName(rc)));
	}
	s->stray = true;
	return (0);
}

static int
zs_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct zs *s = state;
	ZSTD_inBuffer in = { buf, len, 0 };
	uint64_t at = carrier_offset(c);
	ZSTD_outBuffer out;
	size_t rc;

	do {
		if (!s->open) {
			s->open = true;
			s->frame_at = at + in.pos;
		}
		out = (ZSTD_outBuffer){ s->out, OUT_SIZE, 0 };
		rc = ZSTD_decompressStream(s->d, &out, &in);
		if (ZSTD_isError(rc))
			return (zs_fail(c, s, rc, at + in.pos));
		if (out.pos > 0 && carrier_inside(c, s->out, out.pos) != 0)
			return (-1);
		if (rc == 0)
			s->open = false;
	} while (in.pos < in.size || (s->open && out.pos == OUT_SIZE));
	return (0);
}

static enum carrier_verdict
zs_end(struct carrier *c, void *state)
{
	const struct zs *s = state;

	if (s->open)
		return (carrier_cut(c, "cut short in the frame that begins at"
		    " byte %llu", (unsigned long long)s->frame_at));
	return (carrier_inside_end(c));
}

const struct carrier_ops carrier_zstd = {
	.name = "zstd",
	.new = zs_new,
	.free = zs_free,
	.feed = zs_feed,
	.end = zs_end,
};
