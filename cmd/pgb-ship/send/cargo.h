/* SPDX-License-Identifier: ISC */
#ifndef CARGO_H
#define CARGO_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The stream, cut into blocks that all destinations share.  The essay is in
 * cargo.c.
 */

#define CARGO_BLOCK	((size_t)128 * 1024)
#define CARGO_ENDS	16	/* destinations */

/* Filled once, by the thread that reads the stream; then only read. */
struct block {
	uint64_t offset;	/* of the stream */
	size_t len;		/* CARGO_BLOCK, but for the last */
	uint64_t crc_before;	/* of the stream up to offset; ... */
	uint64_t crc;		/* ... and up to offset + len */
	unsigned refs;		/* the cargo's lock */
	struct block *next;	/* free ones */
	uint8_t data[CARGO_BLOCK];
};

/* The lock of all that the threads of one run share, and one condition, told
 * after every change that somebody may wait for. */
struct cargo {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct block *free;
	size_t made, max;	/* blocks */
	uint64_t stored[CARGO_ENDS];	/* bytes, by destination */
	unsigned ends;
};

int cargo_init(struct cargo *, size_t max_bytes);
void cargo_wipe(struct cargo *);	/* wipes what the blocks held */

/* Under the lock.  A block with one reference, or NULL where max are in use (or
 * there is no memory and at least one is in use); and its end. */
struct block *cargo_take(struct cargo *);
void cargo_hold(struct block *);
void cargo_drop(struct cargo *, struct block *);

/*
 * For the progress, which tells what the slowest destination has.  Under the
 * lock: one more, and its number; so many bytes are there, or CARGO_GONE, where
 * it is not waited for any more.
 */
#define CARGO_GONE	UINT64_MAX
unsigned cargo_end(struct cargo *);
void cargo_stored(struct cargo *, unsigned number, uint64_t bytes);

/* Wait for a change, HALT_STEP_MS at most.  Under the lock. */
void cargo_wait(struct cargo *);

/* The CRC of the stream: crc64_ecma_refl() of ISA-L, seed 0. */
uint64_t cargo_crc(uint64_t crc, const void *buf, size_t len);

#endif
