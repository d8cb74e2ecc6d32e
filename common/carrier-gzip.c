/* SPDX-License-Identifier: ISC */
#define ZLIB_CONST
#include <stdlib.h>
#include <zlib.h>

#include "carrier-impl.h"

/*
 * gzip, one member or many (pigz, bgzip, cat).  zlib checks each member's CRC
 * and length.  gzip(1) itself lets anything follow the last member; here only
 * another member may.
 */

#define OUT_SIZE	65536

struct gz {
	z_stream z;
	bool open;		/* inside a member */
	uint64_t member_at;
	uint8_t out[OUT_SIZE];
};

static void *
gz_new(struct carrier *c, const void *arg)
{
	struct gz *g = calloc(1, sizeof(*g));

	(void)c, (void)arg;
	if (g != NULL && inflateInit2(&g->z, 15 + 16) != Z_OK) {
		free(g);
		g = NULL;
	}
	return (g);
}

static void
gz_free(void *state)
{
	struct gz *g = state;

	inflateEnd(&g->z);
	free(g);
}

static int
gz_fail(struct carrier *c, const struct gz *g, int rc, uint64_t at)
{
	if (rc == Z_MEM_ERROR) {
		carrier_memory(c);
		return (carrier_fail(c, at, "out of memory"));
	}
	if (g->z.total_in <= 2 && g->member_at > 0)
		return (carrier_fail(c, at, "what follows the member in front"
		    " is not gzip: %s", g->z.msg != NULL ? g->z.msg : "?"));
	return (carrier_fail(c, at, "damaged in the member that begins at byte"
	    " %llu: %s", (unsigned long long)g->member_at,
	    g->z.msg != NULL ? g->z.msg : "?"));
}

/* One piece that zlib's counters can hold. */
static int
gz_piece(struct carrier *c, struct gz *g, uint64_t at, const uint8_t *buf,
    unsigned len)
{
	z_stream *z = &g->z;
	size_t n;
	int rc;

	z->next_in = buf;
	z->avail_in = len;
	do {
		if (!g->open) {
			g->member_at = at + len - z->avail_in;
			g->open = true;
			(void)inflateReset(z);
		}
		z->next_out = g->out;
		z->avail_out = OUT_SIZE;
		rc = inflate(z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
			return (gz_fail(c, g, rc, at + len - z->avail_in));
		n = OUT_SIZE - z->avail_out;
		if (n > 0 && carrier_inside(c, g->out, n) != 0)
			return (-1);
		if (rc == Z_STREAM_END)
			g->open = false;
	} while (z->avail_in > 0 || (g->open && z->avail_out == 0));
	return (0);
}

static int
gz_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	uint64_t at = carrier_offset(c);
	size_t n;

	for (; len > 0; buf += n, len -= n, at += n) {
		n = len < 1U << 30 ? len : 1U << 30;
		if (gz_piece(c, state, at, buf, (unsigned)n) != 0)
			return (-1);
	}
	return (0);
}

static enum carrier_verdict
gz_end(struct carrier *c, void *state)
{
	const struct gz *g = state;

	if (g->open)
		return (carrier_cut(c, "cut short in the member that begins at"
		    " byte %llu", (unsigned long long)g->member_at));
	return (carrier_inside_end(c));
}

const struct carrier_ops carrier_gzip = {
	.name = "gzip",
	.new = gz_new,
	.free = gz_free,
	.feed = gz_feed,
	.end = gz_end,
};
