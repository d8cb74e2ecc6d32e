/* SPDX-License-Identifier: ISC */
/*
 * One zlib stream: two bytes, deflate, the Adler-32 of the text.  Deflate by
 * ISA-L, which has no trouble to be several times faster than zlib; header and
 * checksum here, since the text may be made from several places at once.
 * Source: RFC 1950, RFC 1951.
 */
#include <limits.h>
#include <stdlib.h>

#include <isa-l.h>

#include "data/decode-impl.h"

#define HEAD_LEN	2
#define TRAILER_LEN	4

struct gz {
	enum { HEAD, BODY, TRAILER } at;
	uint8_t bytes[TRAILER_LEN];	/* of head or trailer */
	size_t have;
	struct inflate_state z;
};

static void *
gz_new(void)
{
	/* It is set up by begin; 90 KB of zeros would be for nothing. */
	return (malloc(sizeof(struct gz)));
}

static int
gz_begin(void *ctx, int how)
{
	struct gz *g = ctx;

	g->at = (how & DECODE_MIDST) != 0 ? BODY : HEAD;
	g->have = 0;
	isal_inflate_init(&g->z);
	g->z.crc_flag = ISAL_DEFLATE;
	return (0);
}

/* Take bytes of head or trailer: whether all need of them are there. */
static bool
gather(struct gz *g, size_t need, const uint8_t **in, size_t *in_len)
{

	for (; g->have < need && *in_len > 0; (*in_len)--)
		g->bytes[g->have++] = *(*in)++;
	return (g->have == need);
}

static bool
good_head(const uint8_t b[2])
{
	return ((b[0] & 15) == 8 && b[0] >> 4 <= 7 &&
	    (b[0] << 8 | b[1]) % 31 == 0 && (b[1] & 0x20) == 0);
}

static const char *
say(int rc)
{
	switch (rc) {
	case ISAL_INVALID_BLOCK:
		return ("invalid block");
	case ISAL_INVALID_SYMBOL:
		return ("invalid code");
	case ISAL_INVALID_LOOKBACK:
		return ("reaches back too far");
	default:
		return ("invalid");
	}
}

static enum decode_result
too_long(struct decode *d)
{
	return (decode_fail(d, "pg_restore hangs on this", "bytes behind the "
	    "end of its compressed data"));
}

/* The library has read on, by whole bytes from the edge of the last one. */
static enum decode_result
begin_trailer(struct decode *d, struct gz *g)
{
	struct inflate_state *z = &g->z;
	uint64_t bits = z->read_in >> z->read_in_length % 8;
	int32_t count = z->read_in_length / 8;

	if ((z->read_in & ((1U << z->read_in_length % 8) - 1)) != 0)
		return (decode_fail(d, "pg_restore does not notice", "bits "
		    "behind the end of compressed data are set"));
	g->at = TRAILER;
	g->have = 0;
	for (; count > 0 && g->have < TRAILER_LEN; count--, bits >>= 8)
		g->bytes[g->have++] = (uint8_t)bits;
	return (count > 0 ? too_long(d) : DECODE_DRAINED);
}

/* As much as the library's counters hold. */
static uint32_t
bounded(size_t n)
{
	return (n > INT_MAX ? INT_MAX : (uint32_t)n);
}

static enum decode_result
inflate_some(struct decode *d, struct gz *g, const uint8_t **in,
    size_t *in_len, uint8_t **out, size_t *out_len)
{
	struct inflate_state *z = &g->z;
	uint32_t give = bounded(*in_len), room = bounded(*out_len);
	int rc;

	/* It only reads what next_in points to. */
	z->next_in = (uint8_t *)(uintptr_t)*in;
	z->avail_in = give;
	z->next_out = *out;
	z->avail_out = room;
	rc = isal_inflate(z);
	*in += give - z->avail_in;
	*in_len -= give - z->avail_in;
	*out += room - z->avail_out;
	*out_len -= room - z->avail_out;
	if (rc < 0)
		return (decode_fail(d, decode_stops,
		    "compressed data are damaged (%s)", say(rc)));
	if (z->block_state == ISAL_BLOCK_FINISH)
		return (begin_trailer(d, g));
	return (z->avail_out == 0 ? DECODE_FULL : DECODE_DRAINED);
}

static enum decode_result
gz_run(struct decode *d, void *ctx, const uint8_t **in, size_t *in_len,
    uint8_t **out, size_t *out_len)
{
	enum decode_result rc = DECODE_DRAINED;
	struct gz *g = ctx;

	if (g->at == HEAD) {
		if (!gather(g, HEAD_LEN, in, in_len))
			return (DECODE_DRAINED);
		if (!good_head(g->bytes))
			return (decode_fail(d, decode_stops, "compressed data "
			    "do not begin as zlib does"));
		g->at = BODY;
	}
	while (g->at == BODY) {
		rc = inflate_some(d, g, in, in_len, out, out_len);
		if (rc != DECODE_DRAINED || (g->at == BODY && *in_len == 0))
			return (rc);
	}
	if (gather(g, TRAILER_LEN, in, in_len) && *in_len > 0)
		return (too_long(d));
	return (DECODE_DRAINED);
}

/* Between two blocks, on the edge of a byte, with nothing kept. */
static bool
gz_is_edge(const void *ctx)
{
	const struct gz *g = ctx;
	const struct inflate_state *z = &g->z;

	return (g->at == BODY && (z->block_state == ISAL_BLOCK_NEW_HDR ||
	    z->block_state == ISAL_BLOCK_HDR) && z->read_in_length == 0 &&
	    z->tmp_in_size == 0);
}

static int
gz_end(struct decode *d, void *ctx, uint32_t adler)
{
	const struct gz *g = ctx;
	const uint8_t *b = g->bytes;

	if (g->at != TRAILER || g->have < TRAILER_LEN)
		return (decode_bad_end(d, decode_stops,
		    "compressed data are cut short"));
	if (((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3]) != adler)
		return (decode_bad_end(d, decode_stops,
		    "the checksum is not that of its data"));
	return (0);
}

static bool
gz_has_check(const void *ctx)
{
	(void)ctx;
	return (true);
}

const struct decode_method decode_gzip = {
	.new = gz_new,
	.free = free,
	.begin = gz_begin,
	.run = gz_run,
	.is_edge = gz_is_edge,
	.end = gz_end,
	.has_check = gz_has_check,
};
