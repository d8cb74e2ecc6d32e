/* SPDX-License-Identifier: ISC */
#ifndef LANES_H
#define LANES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Work that may be done in any order by many threads, and is wanted in the
 * order in which it was given.  The essay is in lanes.c.
 */
struct lanes;

#define LANES_MAX	64	/* threads, the caller's among them */

/* Do one job; worker is below the number of threads, 0 the caller's own. */
typedef void (*lanes_work)(void *arg, unsigned worker, void *job);

/*
 * lanes_new(threads, jobs, count, work, arg):
 * threads	1 to LANES_MAX: the caller's own and threads - 1 more
 * jobs	count pointers to what work() understands; borrowed
 * count	2 at least
 *
 * NULL without memory or threads (errno).
 */
struct lanes *lanes_new(unsigned threads, void *const *jobs, size_t count,
    lanes_work work, void *arg);

/* Ends the threads, work that nobody has begun undone.  NULL is allowed. */
void lanes_free(struct lanes *);

/* The next job to fill, the caller's until lanes_put(); NULL where all are in
 * use: lanes_take() one first. */
void *lanes_next(struct lanes *);

/* Have the oldest of those that are filled done. */
void lanes_put(struct lanes *);

/*
 * lanes_take(l, wait):
 * The oldest job that was put, done: the caller's until lanes_drop().  NULL
 * where none was put; without wait also where it is not done yet.  Who waits
 * helps: jobs that nobody has begun are done by the caller.
 */
void *lanes_take(struct lanes *, bool wait);

/* What lanes_take() gave is free to be filled again. */
void lanes_drop(struct lanes *);

#endif
