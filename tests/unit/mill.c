/* SPDX-License-Identifier: ISC */
/*
 * Promise: every job is done once in each step; a chained one begins after the
 * one before it is complete; second steps come in order, one at a time; jobs
 * come back in order; with any number of threads.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "pgb-verify/data/mill.c"
#include "tap.h"

#define JOBS	7
#define TOTAL	3000

struct item {
	struct mill_job mill;
	unsigned number;
	bool late;		/* the second step completes it */
	atomic_int one, two;
};

static struct {
	atomic_int complete[TOTAL];
	atomic_uint in_two;	/* threads in a second step */
	unsigned next_two;
	atomic_int bad;
	unsigned threads;
} t;

static uint32_t
random_of(uint32_t *state)
{

	*state = *state * 1103515245 + 12345;
	return (*state >> 16);
}

static void
dawdle(unsigned number)
{
	struct timespec ts = { 0, (long)(number * 2654435761U % 40) * 1000 };

	if (t.threads > 1 && number % 3 == 0)
		nanosleep(&ts, NULL);
}

static bool
one(void *arg, void *job)
{
	struct item *i = job;

	(void)arg;
	if (atomic_fetch_add(&i->one, 1) != 0)
		atomic_store(&t.bad, 1);
	if (i->mill.chained && i->number > 0 &&
	    atomic_load(&t.complete[i->number - 1]) == 0)
		atomic_store(&t.bad, 2);
	dawdle(i->number);
	if (!i->late)
		atomic_store(&t.complete[i->number], 1);
	return (!i->late);
}

static void
two(void *arg, void *job)
{
	struct item *i = job;

	(void)arg;
	if (atomic_fetch_add(&t.in_two, 1) != 0)
		atomic_store(&t.bad, 3);
	if (atomic_load(&i->one) != 1 || atomic_fetch_add(&i->two, 1) != 0)
		atomic_store(&t.bad, 4);
	if (t.next_two++ != i->number)
		atomic_store(&t.bad, 5);
	dawdle(i->number + 1);
	atomic_store(&t.complete[i->number], 1);
	atomic_fetch_sub(&t.in_two, 1);
}

static void
take(struct mill *m, unsigned *taken, bool wait)
{
	struct item *i;

	if ((i = mill_take(m, wait)) == NULL)
		return;
	if (i->number != (*taken)++ || atomic_load(&i->two) != 1)
		atomic_store(&t.bad, 6);
	mill_drop(m);
}

static void
run_all(unsigned threads, size_t jobs, unsigned total, bool finish)
{
	static const struct mill_ops ops = { one, two };
	struct item items[JOBS], *i;
	void *pointers[JOBS];
	unsigned n, taken = 0;
	uint32_t seed = threads * 77 + (uint32_t)jobs;
	struct mill *m;

	for (n = 0; n < TOTAL; n++)
		atomic_store(&t.complete[n], 0);
	atomic_store(&t.in_two, 0);
	t.next_two = 0;
	atomic_store(&t.bad, 0);
	t.threads = threads;
	for (n = 0; n < jobs; n++)
		pointers[n] = &items[n];
	m = mill_new(threads, pointers, jobs, &ops, NULL);
	for (n = 0; n < total; n++) {
		while ((i = mill_next(m)) == NULL)
			take(m, &taken, true);
		i->number = n;
		i->mill.chained = n > 0 && random_of(&seed) % 4 != 0;
		i->late = random_of(&seed) % 5 == 0;
		atomic_store(&i->one, 0);
		atomic_store(&i->two, 0);
		mill_put(m);
		if (random_of(&seed) % 3 == 0)
			take(m, &taken, false);
	}
	while (finish && taken < total)
		take(m, &taken, true);
	if (finish && mill_take(m, true) != NULL)
		atomic_store(&t.bad, 7);
	mill_free(m);
	ok(atomic_load(&t.bad) == 0, "%u threads, %zu jobs, %u in all%s: "
	    "all right (%d)", threads, jobs, total, finish ? "" :
	    ", ended early", atomic_load(&t.bad));
}

int
main(void)
{
	static const unsigned threads[] = { 1, 2, 3, 5 };
	size_t i, jobs;

	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		for (jobs = 2; jobs <= JOBS; jobs++) {
			run_all(threads[i], jobs, TOTAL / 4, true);
			run_all(threads[i], jobs, 9, false);
		}
	return (tap_done());
}
