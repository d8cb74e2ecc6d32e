/* SPDX-License-Identifier: ISC */
#ifndef EMIT_IMPL_H
#define EMIT_IMPL_H

#include <pthread.h>

#include "emit.h"

/*
 * What emit.c (the queue and its reader) and emit-lane.c (those who write into
 * it) share.  The essay is in emit.c.
 */

#define RESERVE		8	/* slabs for the head alone; a chunk of 1 MiB
				 * takes five */
#define INT_LEN		5	/* an integer in the archive */

struct slab {
	struct slab *next;
	size_t used;		/* of the worker */
	size_t ready;		/* under the lock */
	bool closed;		/* the same: the lane goes on in the next */
	size_t read;		/* of the reader */
	uint8_t data[EMIT_SLAB];
};

struct emit {
	pthread_mutex_t lock;
	pthread_cond_t ready;	/* for the reader: bytes, a new lane */
	pthread_cond_t room;	/* for workers: a slab, a new head */
	int stop_fd;
	bool gzip;
	size_t share;		/* most slabs that are set aside for a task */

	/* Under the lock. */
	enum status status;
	struct slab *free;
	size_t free_count;	/* those that were never made, too */
	size_t reserved;	/* of them, set aside for tasks */
	size_t over;		/* slabs that were made beyond the limit */
	bool loose;
	struct task *head, **tail;
	bool ended;		/* the plan has no more */
	struct emit_state state;

	/* Of the reader. */
	bool begun;		/* the head's block has its beginning */
	uint8_t own[2 * INT_LEN + 8];	/* bytes between lanes */
	size_t own_len, own_read;
	uint32_t check;		/* of the entry so far */
};

/* An integer as the archive has it. */
void emit_int(uint8_t out[INT_LEN], uint32_t value);

/* emit_fail() for one who has the lock; the main thread is not interrupted. */
void emit_fail_locked(struct emit *, enum status);

#endif
