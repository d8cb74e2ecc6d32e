/* SPDX-License-Identifier: ISC */
#ifndef MILL_H
#define MILL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Work in two steps: the first may be done by many threads in any order, but
 * for jobs that continue the one before; the second in the order of the jobs,
 * by whatever thread has time.  The essay is in mill.c.
 */
struct mill;

#define MILL_THREADS_MAX	16

/* First member of what a job is. */
struct mill_job {
	bool chained;		/* set before mill_put(): its first step comes
				 * after that of the job before is complete */

	/* The mill's own. */
	bool begun_one, complete, begun_two, done;
};

struct mill_ops {
	/* The first step.  Whether it is complete: if not, the second step
	 * completes it, and a chained job behind it waits for that. */
	bool (*one)(void *arg, void *job);
	void (*two)(void *arg, void *job);
};

/*
 * mill_new(threads, jobs, count, ops, arg):
 * threads	1 to MILL_THREADS_MAX: the caller's own and threads - 1 more,
 *		which are started here
 * jobs	count pointers to jobs; borrowed
 *
 * NULL without memory or threads (errno).
 */
struct mill *mill_new(unsigned threads, void *const *jobs, size_t count,
    const struct mill_ops *ops, void *arg);

/* Ends the threads, work that nobody has begun undone.  NULL is allowed. */
void mill_free(struct mill *);

/* The next job to fill; NULL where all are in use: mill_take() one first. */
void *mill_next(struct mill *);

/* It is filled: have it done. */
void mill_put(struct mill *);

/*
 * mill_take(m, wait):
 * The oldest job that was put, done: the caller's until mill_drop().  NULL
 * where none was put; without wait also where it is not done yet.  Who waits
 * helps.
 */
void *mill_take(struct mill *, bool wait);
void mill_drop(struct mill *);

#endif
