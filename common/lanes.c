/* SPDX-License-Identifier: ISC */
/*
 * Ordered lanes.  Jobs stand in a ring; four counters, each of which only grows
 * and none of which passes the one before it, say where each job is:
 *
 *	dropped <= begun <= put <= next <= dropped + count
 *
 *	[dropped, begun)  begun by somebody; done where its flag says so
 *	[begun, put)      waits for a thread
 *	[put, next)       the caller fills it
 *
 * One thread, the caller's, moves dropped, put and next; begun is moved by
 * whoever takes work.  All of them, and the flags, are read and changed under
 * the mutex; the jobs themselves are not: a job belongs to whoever has begun
 * it, then, from its flag on, to the caller.  So the order in which jobs come
 * out is that in which they went in, whatever the threads do, and memory is
 * bounded by the ring.
 *
 * The caller is the thread that reads and writes.  Only when it can do neither,
 * since the ring is full and its oldest job not done, it does a job itself:
 * with one thread that is all of them, with two the reading thread works in
 * what time is left, and no core idles.
 *
 * To wake a thread costs as much as a part of a job.  So one is woken when a
 * few jobs wait; fewer are not forgotten, since the caller does what nobody has
 * begun before it waits for anything.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "lanes.h"

#define WORTH	3	/* jobs that wait: a thread is woken for them */

struct worker {
	struct lanes *lanes;
	unsigned number;
	pthread_t thread;
};

struct lanes {
	lanes_work work;
	void *arg;
	size_t count;
	unsigned threads;

	pthread_mutex_t mutex;	/* over what follows */
	pthread_cond_t given;	/* begun < put, or quit */
	pthread_cond_t done;	/* a flag was set */
	uint64_t dropped, begun, put, next;
	bool quit;
	bool *flags;		/* count: done */
	void **jobs;		/* count; themselves fixed */
	struct worker workers[LANES_MAX];
};

/* Begin a job and do it; the mutex is held before and after. */
static void
do_one(struct lanes *l, unsigned worker)
{
	size_t i = (size_t)(l->begun++ % l->count);

	pthread_mutex_unlock(&l->mutex);
	l->work(l->arg, worker, l->jobs[i]);
	pthread_mutex_lock(&l->mutex);
	l->flags[i] = true;
}

static void *
run(void *arg)
{
	const struct worker *w = arg;
	struct lanes *l = w->lanes;

	pthread_mutex_lock(&l->mutex);
	for (;;) {
		while (l->begun == l->put && !l->quit)
			pthread_cond_wait(&l->given, &l->mutex);
		if (l->quit)
			break;
		do_one(l, w->number);
		pthread_cond_signal(&l->done);
	}
	pthread_mutex_unlock(&l->mutex);
	return (NULL);
}

/* Signals are for the caller's thread, which is the one that blocks. */
static int
start(struct lanes *l, unsigned threads)
{
	sigset_t all, old;
	struct worker *w;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (l->threads = 1; l->threads < threads && rc == 0; ) {
		w = &l->workers[l->threads];
		w->lanes = l;
		w->number = l->threads;
		if ((rc = pthread_create(&w->thread, NULL, run, w)) == 0)
			l->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return (rc);
}

struct lanes *
lanes_new(unsigned threads, void *const *jobs, size_t count, lanes_work work,
    void *arg)
{
	struct lanes *l;
	size_t i;
	int rc;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	l->work = work;
	l->arg = arg;
	l->count = count;
	pthread_mutex_init(&l->mutex, NULL);
	pthread_cond_init(&l->given, NULL);
	pthread_cond_init(&l->done, NULL);
	l->flags = calloc(count, sizeof(*l->flags));
	l->jobs = calloc(count, sizeof(*l->jobs));
	if (l->flags == NULL || l->jobs == NULL) {
		lanes_free(l);
		return (NULL);
	}
	for (i = 0; i < count; i++)
		l->jobs[i] = jobs[i];
	if ((rc = start(l, threads)) != 0) {
		lanes_free(l);
		errno = rc;
		return (NULL);
	}
	return (l);
}

void
lanes_free(struct lanes *l)
{
	unsigned i;

	if (l == NULL)
		return;
	pthread_mutex_lock(&l->mutex);
	l->quit = true;
	pthread_cond_broadcast(&l->given);
	pthread_mutex_unlock(&l->mutex);
	for (i = 1; i < l->threads; i++)
		pthread_join(l->workers[i].thread, NULL);
	pthread_mutex_destroy(&l->mutex);
	pthread_cond_destroy(&l->given);
	pthread_cond_destroy(&l->done);
	free(l->flags);
	free(l->jobs);
	free(l);
}

void *
lanes_next(struct lanes *l)
{
	void *job = NULL;

	pthread_mutex_lock(&l->mutex);
	if (l->next - l->dropped < l->count)
		job = l->jobs[l->next++ % l->count];
	pthread_mutex_unlock(&l->mutex);
	return (job);
}

void
lanes_put(struct lanes *l)
{

	pthread_mutex_lock(&l->mutex);
	l->flags[l->put++ % l->count] = false;
	if (l->put - l->begun >= WORTH)
		pthread_cond_signal(&l->given);
	pthread_mutex_unlock(&l->mutex);
}

void *
lanes_take(struct lanes *l, bool wait)
{
	size_t oldest;
	void *job = NULL;

	pthread_mutex_lock(&l->mutex);
	oldest = (size_t)(l->dropped % l->count);
	while (wait && l->dropped < l->put &&
	    !(l->dropped < l->begun && l->flags[oldest])) {
		if (l->begun < l->put)
			do_one(l, 0);
		else
			pthread_cond_wait(&l->done, &l->mutex);
	}
	if (l->dropped < l->begun && l->flags[oldest])
		job = l->jobs[oldest];
	pthread_mutex_unlock(&l->mutex);
	return (job);
}

void
lanes_drop(struct lanes *l)
{

	pthread_mutex_lock(&l->mutex);
	l->dropped++;
	pthread_mutex_unlock(&l->mutex);
}
