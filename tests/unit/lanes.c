/* SPDX-License-Identifier: ISC */
/* Jobs come out in the order in which they went in, each done once. */
#include <stdint.h>

#include "lanes.h"
#include "tap.h"

#define JOBS	9

struct job {
	unsigned number;	/* of what it was filled with */
	unsigned done;		/* times */
	unsigned by;
};

static uint64_t threads_seen;	/* bits; only the caller's thread looks */

static void
work(void *arg, unsigned worker, void *p)
{
	struct job *j = p;
	unsigned seed = j->number;

	(void)arg;
	if (rand_r(&seed) % 3 == 0)
		usleep((unsigned)rand_r(&seed) % 300);
	j->done++;
	j->by = worker;
}

/* Take one, the next in order. */
static bool
take(struct lanes *l, unsigned *expect, bool wait)
{
	struct job *j = lanes_take(l, wait);

	if (j == NULL)
		return (false);
	if (j->number != *expect || j->done != 1)
		*expect = ~0U - 1000000;	/* never right again */
	else
		(*expect)++;
	threads_seen |= (uint64_t)1 << j->by;
	lanes_drop(l);
	return (true);
}

/* count jobs through a ring of size by so many threads. */
static bool
run(unsigned threads, size_t size, unsigned count, unsigned seed)
{
	struct job jobs[JOBS] = { 0 }, *j;
	void *v[JOBS];
	unsigned filled = 0, expect = 0;
	struct lanes *l;
	size_t i;

	for (i = 0; i < size; i++)
		v[i] = &jobs[i];
	if ((l = lanes_new(threads, v, size, work, NULL)) == NULL)
		abort();
	threads_seen = 0;
	while (filled < count) {
		if ((j = lanes_next(l)) == NULL) {
			if (!take(l, &expect, true))
				break;
			continue;
		}
		j->number = filled++;
		j->done = 0;
		lanes_put(l);
		if (rand_r(&seed) % 2 == 0)
			while (take(l, &expect, rand_r(&seed) % 5 == 0))
				;
	}
	while (take(l, &expect, true))
		;
	lanes_free(l);
	return (filled == count && expect == count);
}

/* What is filled and not put is not done, and what nobody took hurts nobody. */
static void
left(void)
{
	struct job jobs[4] = { 0 }, *j;
	void *v[4] = { &jobs[0], &jobs[1], &jobs[2], &jobs[3] };
	struct lanes *l = lanes_new(2, v, 4, work, NULL);
	unsigned expect = 0;
	size_t i;

	if (l == NULL)
		abort();
	for (i = 0; i < 4; i++) {
		j = lanes_next(l);
		j->number = (unsigned)i;
		if (i < 3)
			lanes_put(l);
	}
	ok(lanes_next(l) == NULL, "no job beyond the ring");
	ok(take(l, &expect, true) && take(l, &expect, true) &&
	    take(l, &expect, true) && expect == 3, "three that were put");
	ok(lanes_take(l, true) == NULL, "the one that was not is not waited for");
	lanes_put(l);
	lanes_free(l);
	ok(jobs[3].done <= 1, "the end may come before it is done");
	lanes_free(NULL);
}

int
main(void)
{
	static const unsigned threads[] = { 1, 2, 3, 8, LANES_MAX };
	size_t i, size;

	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		for (size = 2; size <= JOBS; size += 7)
			ok(run(threads[i], size, 2000, (unsigned)i + 1),
			    "%u threads, a ring of %zu", threads[i], size);
	ok(run(1, 2, 50, 3) && threads_seen == 1, "one thread is the caller's");
	left();
	return (tap_done());
}
