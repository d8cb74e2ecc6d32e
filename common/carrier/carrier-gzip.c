/* SPDX-License-Identifier: ISC */
/*
 * gzip, one member or many (pigz, bgzip, cat), each held against its CRC and
 * length.  gzip(1) itself lets anything follow the last member; here only
 * another member may.
 *
 * Deflate by ISA-L, twice as fast as zlib; what is around it here, since
 * it reads a few bytes beyond the end of the deflate data and keeps them: those
 * are taken back and read again as the trailer and what follows.
 * Source: RFC 1952, RFC 1951.
 */
#include <stdlib.h>

#include <isa-l.h>

#include "carrier/carrier-impl.h"

#define OUT_SIZE	((size_t)256 * 1024)
#define PIECE		((size_t)1 << 30)	/* that its counters hold */

/* Flags of the header. */
#define FLAG_HCRC	2
#define FLAG_EXTRA	4
#define FLAG_NAME	8
#define FLAG_COMMENT	16
#define FLAGS_NONE	0xe0

enum at {
	AT_MEMBER,		/* one begins, or the end */
	AT_FIXED,		/* ten bytes of the header */
	AT_EXTRA_LEN, AT_EXTRA, AT_NAME, AT_COMMENT, AT_HCRC,
	AT_BODY,
	AT_TRAILER
};

struct gz {
	enum at at;
	uint64_t pos;		/* offset of the next byte */
	uint64_t member_at;
	uint8_t bytes[10];	/* of what is gathered */
	size_t have;
	unsigned flags;
	size_t extra;		/* bytes left of it */
	uint32_t head_crc;
	uint32_t crc, len;	/* of the text */
	struct inflate_state z;
	uint8_t out[OUT_SIZE];
};

static void *
gz_new(struct carrier *c, const void *arg)
{
	struct gz *g = malloc(sizeof(*g));

	(void)c, (void)arg;
	if (g != NULL) {
		g->at = AT_MEMBER;
		g->pos = g->member_at = 0;
	}
	return (g);
}

static int
damaged(struct carrier *c, const struct gz *g, const char *why)
{
	return (carrier_fail(c, g->pos, "damaged in the member that begins at "
	    "byte %llu: %s", (unsigned long long)g->member_at, why));
}

/* Take bytes of the header: whether need of them are there. */
static bool
gather(struct gz *g, size_t need, const uint8_t **p, size_t *n)
{
	const uint8_t *from = *p;

	for (; g->have < need && *n > 0; (*n)--)
		g->bytes[g->have++] = *(*p)++;
	g->pos += (uint64_t)(*p - from);
	return (g->have == need);
}

/* The part of the header that comes next. */
static void
go(struct gz *g, enum at at)
{
	static const unsigned wants[] = {
		[AT_EXTRA_LEN] = FLAG_EXTRA, [AT_EXTRA] = FLAG_EXTRA,
		[AT_NAME] = FLAG_NAME, [AT_COMMENT] = FLAG_COMMENT,
		[AT_HCRC] = FLAG_HCRC,
	};

	while (at >= AT_EXTRA_LEN && at <= AT_HCRC &&
	    (g->flags & wants[at]) == 0)
		at++;
	g->at = at;
	g->have = 0;
	if (at != AT_BODY)
		return;
	g->crc = g->len = 0;
	isal_inflate_init(&g->z);
	g->z.crc_flag = ISAL_DEFLATE;
}

static void
add_head(struct gz *g, const uint8_t *p, size_t n)
{

	g->head_crc = crc32_gzip_refl(g->head_crc, p, n);
}

static int
fixed(struct carrier *c, struct gz *g)
{
	const uint8_t *b = g->bytes;

	if (b[0] != 0x1f || b[1] != 0x8b) {
		if (g->member_at > 0)
			return (carrier_fail(c, g->member_at, "what follows "
			    "the member in front is not gzip"));
		return (damaged(c, g, "not gzip"));
	}
	if (b[2] != 8)
		return (damaged(c, g, "unknown compression method"));
	g->flags = b[3];
	if ((g->flags & FLAGS_NONE) != 0)
		return (damaged(c, g, "unknown header flags set"));
	g->head_crc = 0;
	add_head(g, b, 10);
	go(g, AT_EXTRA_LEN);
	return (0);
}

/* A text that ends with a NUL. */
static void
skip_text(struct gz *g, const uint8_t **p, size_t *n)
{
	const uint8_t *from = *p;
	bool end = false;

	while (*n > 0 && !end) {
		end = **p == 0;
		(*p)++;
		(*n)--;
	}
	add_head(g, from, (size_t)(*p - from));
	g->pos += (uint64_t)(*p - from);
	if (end)
		go(g, g->at + 1);
}

static void
skip_extra(struct gz *g, const uint8_t **p, size_t *n)
{
	size_t k = g->extra < *n ? g->extra : *n;

	add_head(g, *p, k);
	*p += k;
	*n -= k;
	g->pos += k;
	g->extra -= k;
	if (g->extra == 0)
		go(g, AT_NAME);
}

static int
header(struct carrier *c, struct gz *g, const uint8_t **p, size_t *n)
{
	switch (g->at) {
	case AT_FIXED:
		/* Two bytes decide, so that it is told early. */
		if (g->have < 2 && !gather(g, 2, p, n))
			return (0);
		if (g->bytes[0] != 0x1f || g->bytes[1] != 0x8b)
			return (fixed(c, g));
		return (gather(g, 10, p, n) ? fixed(c, g) : 0);
	case AT_EXTRA_LEN:
		if (!gather(g, 2, p, n))
			return (0);
		add_head(g, g->bytes, 2);
		g->extra = (size_t)g->bytes[0] | (size_t)g->bytes[1] << 8;
		go(g, g->extra > 0 ? AT_EXTRA : AT_NAME);
		return (0);
	case AT_EXTRA:
		skip_extra(g, p, n);
		return (0);
	case AT_HCRC:
		if (!gather(g, 2, p, n))
			return (0);
		if ((g->head_crc & 0xffff) != (uint32_t)(g->bytes[0] |
		    g->bytes[1] << 8))
			return (damaged(c, g, "header crc mismatch"));
		go(g, AT_BODY);
		return (0);
	default:
		skip_text(g, p, n);
		return (0);
	}
}

static const char *
say(int rc)
{
	switch (rc) {
	case ISAL_INVALID_BLOCK:
		return ("invalid block");
	case ISAL_INVALID_SYMBOL:
		return ("invalid code");
	default:
		return ("reaches back too far");
	}
}

/* Bytes that the decoder has read beyond its end: how many, into back. */
static size_t
take_back(struct gz *g, uint8_t back[8])
{
	uint64_t bits = g->z.read_in >> g->z.read_in_length % 8;
	size_t n = (size_t)g->z.read_in_length / 8, i;

	for (i = 0; i < n; i++, bits >>= 8)
		back[i] = (uint8_t)bits;
	g->pos -= n;
	return (n);
}

/* Inflate until the output is full or the input taken. */
static int
body(struct carrier *c, struct gz *g, const uint8_t **p, size_t *n)
{
	uint32_t give = (uint32_t)(*n < PIECE ? *n : PIECE);
	size_t got;
	int rc;

	/* It only reads what next_in points to. */
	g->z.next_in = (uint8_t *)(uintptr_t)*p;
	g->z.avail_in = give;
	g->z.next_out = g->out;
	g->z.avail_out = OUT_SIZE;
	rc = isal_inflate(&g->z);
	give -= g->z.avail_in;
	*p += give;
	*n -= give;
	g->pos += give;
	if (rc < 0)
		return (damaged(c, g, say(rc)));
	got = OUT_SIZE - g->z.avail_out;
	g->crc = crc32_gzip_refl(g->crc, g->out, got);
	g->len += (uint32_t)got;
	return (got > 0 ? carrier_inside(c, g->out, got) : 0);
}

static uint32_t
word(const uint8_t *b)
{
	return ((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[3] << 24);
}

static int
trailer(struct carrier *c, struct gz *g)
{

	if (word(g->bytes) != g->crc)
		return (damaged(c, g, "incorrect data check"));
	if (word(g->bytes + 4) != g->len)
		return (damaged(c, g, "incorrect length check"));
	g->at = AT_MEMBER;
	return (0);
}

static int some(struct carrier *, struct gz *, const uint8_t *, size_t);

/* Deflate data, all that there are; the rest is read by the caller. */
static int
deflated(struct carrier *c, struct gz *g, const uint8_t **p, size_t *n)
{
	uint8_t back[8];

	do {
		if (body(c, g, p, n) != 0)
			return (-1);
		if (g->z.block_state == ISAL_BLOCK_FINISH) {
			g->at = AT_TRAILER;
			g->have = 0;
			return (some(c, g, back, take_back(g, back)));
		}
	} while (*n > 0 || g->z.avail_out == 0);
	return (0);
}

static int
some(struct carrier *c, struct gz *g, const uint8_t *p, size_t n)
{
	int rc = 0;

	while (n > 0 && rc == 0) {
		if (g->at == AT_MEMBER) {
			g->member_at = g->pos;
			g->at = AT_FIXED;
			g->have = 0;
		}
		if (g->at == AT_BODY)
			rc = deflated(c, g, &p, &n);
		else if (g->at != AT_TRAILER)
			rc = header(c, g, &p, &n);
		else if (gather(g, 8, &p, &n))
			rc = trailer(c, g);
	}
	return (rc);
}

static int
gz_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	return (some(c, state, buf, len));
}

static enum carrier_verdict
gz_end(struct carrier *c, void *state)
{
	const struct gz *g = state;

	if (g->at != AT_MEMBER)
		return (carrier_cut(c, "cut short in the member that begins at"
		    " byte %llu", (unsigned long long)g->member_at));
	return (carrier_inside_end(c));
}

const struct carrier_ops carrier_gzip = {
	.name = "gzip",
	.new = gz_new,
	.free = free,
	.feed = gz_feed,
	.end = gz_end,
};
