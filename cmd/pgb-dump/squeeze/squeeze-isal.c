/* SPDX-License-Identifier: ISC */
/*
 * gzip, the fast levels: ISA-L.
 */
#include <stdlib.h>

#include <isa-l.h>

#include "squeeze-impl.h"

/*
 * Symbols of one deflate block.  What the library holds back is at most that
 * many, which with the code that the standard fixes would take 31 bits each,
 * and 64 KiB of text; text never takes more than 9 bits a byte with that code,
 * and the library takes the shorter of that and its own.
 */
#define ISAL_TOKENS	((size_t)32 * 1024)
#define ISAL_WORST(n)	((n) + (n) / 8)
#define ISAL_RESERVE	(4 * ISAL_TOKENS + 1024 +			\
			ISAL_WORST((size_t)64 * 1024) +			\
			ISAL_WORST(SQUEEZE_BLOCK))

_Static_assert(ISAL_RESERVE <= SQUEEZE_OUT, "one call writes it all");

struct isal {
	struct isal_zstream z;	/* must be first: it is the aligned one */
	uint8_t *level_buf;
};

static void
isal_close(void *ctx)
{
	struct isal *c = ctx;

	free(c->level_buf);
	free(c);
}

static void *
isal_open(const struct zspec *spec)
{
	static const uint32_t sizes[] = { 0, ISAL_DEF_LVL1_MEDIUM,
	    ISAL_DEF_LVL2_MEDIUM, ISAL_DEF_LVL3_MEDIUM };
	uint32_t level = spec->level == ZSPEC_DEFAULT ? 1 :
	    (uint32_t)spec->level;
	struct isal *c;

	if ((c = aligned_alloc(64, (sizeof(*c) + 63) / 64 * 64)) == NULL)
		return (NULL);
	memset(c, 0, sizeof(*c));
	isal_deflate_init(&c->z);
	if ((c->level_buf = calloc(1, sizes[level])) == NULL) {
		isal_close(c);
		return (NULL);
	}
	c->z.level = level;
	c->z.level_buf = c->level_buf;
	c->z.level_buf_size = sizes[level];
	return (c);
}

static int
isal_start(struct squeeze *s, void *ctx)
{
	struct isal *c = ctx;

	(void)s;
	isal_deflate_reset(&c->z);
	return (0);
}

/* All of the input in, and all of the output out as far as flush and
 * end_of_stream want it. */
static int
isal_run(struct squeeze *s, struct isal_zstream *z)
{
	bool full;

	do {
		z->next_out = squeeze_out(s);
		z->avail_out = SQUEEZE_OUT;
		if (isal_deflate(z) != COMP_OK)
			return (squeeze_fail(s, "gzip: the library failed"));
		full = z->avail_out == 0;
		if (squeeze_bytes(s, squeeze_out(s),
		    SQUEEZE_OUT - z->avail_out) != 0)
			return (-1);
	} while (full);
	if (z->avail_in != 0 || (z->end_of_stream != 0 &&
	    z->internal_state.state != ZSTATE_END))
		return (squeeze_fail(s, "gzip: the library stopped early"));
	return (0);
}

static int
isal_feed(struct squeeze *s, void *ctx, const uint8_t *buf, size_t len)
{
	struct isal *c = ctx;

	c->z.next_in = (uint8_t *)(uintptr_t)buf;	/* it only reads */
	c->z.avail_in = (uint32_t)len;
	c->z.flush = NO_FLUSH;
	c->z.end_of_stream = 0;
	return (isal_run(s, &c->z));
}

static int
isal_finish(struct squeeze *s, void *ctx, bool last)
{
	struct isal *c = ctx;
	uint8_t nothing;

	c->z.next_in = &nothing;
	c->z.avail_in = 0;
	c->z.flush = last ? NO_FLUSH : SYNC_FLUSH;
	c->z.end_of_stream = last;
	return (isal_run(s, &c->z));
}

const struct squeeze_method squeeze_isal = {
	isal_open, isal_close, isal_start, isal_feed, isal_finish,
	SQUEEZE_CHUNK, ISAL_RESERVE,
};
