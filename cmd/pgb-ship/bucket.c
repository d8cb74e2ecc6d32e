/* SPDX-License-Identifier: ISC */
#include <time.h>

#include "bucket.h"

#define PIECE_MIN	4096
#define PIECES		20	/* a second */
#define CATCH_UP_US	100000	/* who comes late is paid back so much */
#define WAIT_MAX_MS	1000

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

void
bucket_init(struct bucket *b, uint64_t rate)
{

	b->rate = rate;
	b->due_us = now_us();
}

size_t
bucket_piece(const struct bucket *b, size_t most)
{
	uint64_t piece = b->rate / PIECES;

	if (b->rate == 0 || piece >= most)
		return (most);
	if (piece < PIECE_MIN)
		return (most < PIECE_MIN ? most : PIECE_MIN);
	return ((size_t)piece);
}

int
bucket_take(struct bucket *b, size_t bytes)
{
	int64_t now, wait_ms;

	if (b->rate == 0)
		return (0);
	now = now_us();
	if (b->due_us > now) {
		wait_ms = (b->due_us - now) / 1000 + 1;
		return (wait_ms < WAIT_MAX_MS ? (int)wait_ms : WAIT_MAX_MS);
	}
	if (b->due_us < now - CATCH_UP_US)
		b->due_us = now - CATCH_UP_US;
	b->due_us += (int64_t)((uint64_t)bytes * 1000000 / b->rate);
	return (0);
}
