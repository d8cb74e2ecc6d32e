/* SPDX-License-Identifier: ISC */
#include "data/decode-frames.h"

void
frames_begin(struct frames *f)
{

	f->open = f->unchecked = false;
	f->count = 0;
	f->have = 0;
}

void
frames_open(struct frames *f)
{

	f->open = true;
	f->have = 0;
}

void
frames_look(struct frames *f, const uint8_t *in, size_t len, uint8_t magic,
    uint8_t flags)
{

	if (f->have == FRAME_HEAD)
		return;
	while (f->have < FRAME_HEAD && len-- > 0)
		f->head[f->have++] = *in++;
	/* Skippable frames have another magic number, and hold nothing. */
	if (f->have < FRAME_HEAD || f->head[0] != magic)
		return;
	f->count++;
	if ((f->head[FRAME_HEAD - 1] & flags) == 0)
		f->unchecked = true;
}

bool
frames_is_edge(const void *ctx)
{
	const struct frames *f = ctx;

	return (!f->open);
}

int
frames_end(struct decode *d, void *ctx, uint32_t adler)
{
	const struct frames *f = ctx;

	(void)adler;
	if (f->open || f->count == 0)
		return (decode_bad_end(d, "pg_restore 16 to 18 restores what "
		    "is there, and says nothing", "compressed data are cut "
		    "short"));
	return (0);
}

bool
frames_has_check(const void *ctx)
{
	const struct frames *f = ctx;

	return (!f->unchecked);
}
