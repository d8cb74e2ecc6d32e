/* SPDX-License-Identifier: ISC */
/*
 * The stream on its way to many destinations.
 *
 * One thread reads the stream into blocks, and gives each block to every
 * destination.  A destination holds a block until its server has acknowledged
 * all of it: were the connection lost before, it is sent again from here.  So
 * what bounds memory is the number of blocks, and whoever is slow holds them.
 *
 * Blocks that came back are taken again last in, first out: while all goes well
 * a few of them do all the work, and they stay in the processor's cache.
 *
 * One lock and one condition serve the whole run.  A block is 128 KiB, so even
 * a fast line takes the lock but some ten thousand times a second.
 */
#include <isa-l/crc64.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "progress/progress.h"
#include "send/cargo.h"
#include "ssh/halt.h"

int
cargo_init(struct cargo *c, size_t max_bytes)
{
	pthread_condattr_t attr;
	int rc;

	*c = (struct cargo){ .max = max_bytes / CARGO_BLOCK };
	if (pthread_condattr_init(&attr) != 0)
		return (-1);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	rc = pthread_cond_init(&c->change, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (rc != 0)
		return (-1);
	if (pthread_mutex_init(&c->lock, NULL) != 0) {
		(void)pthread_cond_destroy(&c->change);
		return (-1);
	}
	return (0);
}

void
cargo_wipe(struct cargo *c)
{
	struct block *b;

	while ((b = c->free) != NULL) {
		c->free = b->next;
		sodium_memzero(b->data, sizeof(b->data));
		free(b);
	}
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->change);
}

struct block *
cargo_take(struct cargo *c)
{
	struct block *b;

	if ((b = c->free) != NULL)
		c->free = b->next;
	else if (c->made < c->max && (b = malloc(sizeof(*b))) != NULL)
		c->made++;
	else
		return (NULL);
	b->next = NULL;
	b->refs = 1;
	b->len = 0;
	return (b);
}

void
cargo_hold(struct block *b)
{

	b->refs++;
}

void
cargo_drop(struct cargo *c, struct block *b)
{

	if (--b->refs > 0)
		return;
	b->next = c->free;
	c->free = b;
	pthread_cond_broadcast(&c->change);
}

unsigned
cargo_end(struct cargo *c)
{

	return (c->ends < CARGO_ENDS ? c->ends++ : CARGO_ENDS - 1);
}

void
cargo_stored(struct cargo *c, unsigned number, uint64_t bytes)
{
	uint64_t least = CARGO_GONE;
	unsigned i;

	c->stored[number] = bytes;
	for (i = 0; i < c->ends; i++)
		if (c->stored[i] < least)
			least = c->stored[i];
	if (least != CARGO_GONE)
		progress_stored(least);
}

void
cargo_wait(struct cargo *c)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += HALT_STEP_MS * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	(void)pthread_cond_timedwait(&c->change, &c->lock, &t);
}

uint64_t
cargo_crc(uint64_t crc, const void *buf, size_t len)
{

	return (crc64_ecma_refl(crc, buf, len));
}
