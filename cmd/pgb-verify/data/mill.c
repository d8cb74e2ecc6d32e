/* SPDX-License-Identifier: ISC */
/*
 * The jobs of one archive stand in a ring, in its order:
 *
 *	dropped <= put <= next <= dropped + count
 *
 *	[dropped, put)	in work, or done
 *	[put, next)	the caller fills it
 *
 * A thread looks from the oldest on for something that can be done now: the
 * second step of a job whose first is over and in front of which all second
 * steps are done, or the first step of a job that waits for no other.  So what
 * has to come in order is never late for want of a thread, and what may come in
 * any order fills the rest of their time.  What a job holds is touched by one
 * thread at a time: by who does a step of it; between the steps, and when it is
 * given back, it passes through the mutex.
 *
 * The caller reads, fills and takes; where it can do none of these it works
 * like the others.  With one thread there is nobody else.
 *
 * It is like common/lanes.c, which knows one step.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "data/mill.h"

struct mill {
	struct mill_ops ops;
	void *arg;
	size_t count;
	unsigned threads;
	pthread_t thread[MILL_THREADS_MAX];

	pthread_mutex_t mutex;	/* over what follows, and the jobs' flags */
	pthread_cond_t given;	/* something may have become possible */
	pthread_cond_t done;	/* the same, for the caller */
	uint64_t dropped, put, next;
	uint64_t second;	/* in front of this all second steps are done */
	unsigned idle;		/* threads that wait for given */
	bool quit;
	struct mill_job **jobs;
};

static struct mill_job *
job(const struct mill *m, uint64_t n)
{
	return (m->jobs[n % m->count]);
}

/* Whether the first step of job n has all that it needs. */
static bool
can_begin(const struct mill *m, uint64_t n)
{
	const struct mill_job *j = job(m, n);

	if (j->begun_one)
		return (false);
	return (!j->chained || n == m->dropped || job(m, n - 1)->complete);
}

/* What can be done now: its number and step, or 0. */
static int
find(const struct mill *m, uint64_t *n)
{
	const struct mill_job *j;

	if (m->second < m->put) {
		j = job(m, m->second);
		*n = m->second;
		if (j->begun_one && j->done && !j->begun_two)
			return (2);
	}
	for (*n = m->second; *n < m->put; (*n)++)
		if (can_begin(m, *n))
			return (1);
	return (0);
}

/* Others may go on: the mutex is held. */
static void
tell(struct mill *m)
{

	if (m->idle > 0)
		pthread_cond_signal(&m->given);
	pthread_cond_signal(&m->done);
}

/* Do one step, if there is one; the mutex is held before and after. */
static bool
work(struct mill *m)
{
	struct mill_job *j;
	bool complete;
	uint64_t n;
	int step;

	if ((step = find(m, &n)) == 0)
		return (false);
	j = job(m, n);
	if (step == 1) {
		j->begun_one = true;
		pthread_mutex_unlock(&m->mutex);
		complete = m->ops.one(m->arg, j);
		pthread_mutex_lock(&m->mutex);
		j->complete = complete;
		j->done = true;
	} else {
		j->begun_two = true;
		pthread_mutex_unlock(&m->mutex);
		m->ops.two(m->arg, j);
		pthread_mutex_lock(&m->mutex);
		j->complete = true;
		m->second = n + 1;
	}
	tell(m);
	return (true);
}

static void *
run(void *arg)
{
	struct mill *m = arg;

	pthread_mutex_lock(&m->mutex);
	while (!m->quit) {
		if (work(m))
			continue;
		m->idle++;
		pthread_cond_wait(&m->given, &m->mutex);
		m->idle--;
	}
	pthread_mutex_unlock(&m->mutex);
	return (NULL);
}

/* Signals are for the caller's thread, which is the one that blocks. */
static int
start(struct mill *m, unsigned threads)
{
	sigset_t all, old;
	int rc = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (m->threads = 1; m->threads < threads && rc == 0; ) {
		rc = pthread_create(&m->thread[m->threads], NULL, run, m);
		if (rc == 0)
			m->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return (rc);
}

struct mill *
mill_new(unsigned threads, void *const *jobs, size_t count,
    const struct mill_ops *ops, void *arg)
{
	struct mill *m;
	size_t i;
	int rc;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (NULL);
	m->ops = *ops;
	m->arg = arg;
	m->count = count;
	pthread_mutex_init(&m->mutex, NULL);
	pthread_cond_init(&m->given, NULL);
	pthread_cond_init(&m->done, NULL);
	if ((m->jobs = calloc(count, sizeof(struct mill_job *))) == NULL) {
		mill_free(m);
		return (NULL);
	}
	for (i = 0; i < count; i++)
		m->jobs[i] = jobs[i];
	if ((rc = start(m, threads)) != 0) {
		mill_free(m);
		errno = rc;
		return (NULL);
	}
	return (m);
}

void
mill_free(struct mill *m)
{
	unsigned i;

	if (m == NULL)
		return;
	pthread_mutex_lock(&m->mutex);
	m->quit = true;
	pthread_cond_broadcast(&m->given);
	pthread_mutex_unlock(&m->mutex);
	for (i = 1; i < m->threads; i++)
		pthread_join(m->thread[i], NULL);
	pthread_mutex_destroy(&m->mutex);
	pthread_cond_destroy(&m->given);
	pthread_cond_destroy(&m->done);
	free(m->jobs);
	free(m);
}

void *
mill_next(struct mill *m)
{
	struct mill_job *j = NULL;

	pthread_mutex_lock(&m->mutex);
	if (m->next - m->dropped < m->count)
		j = job(m, m->next++);
	pthread_mutex_unlock(&m->mutex);
	return (j);
}

void
mill_put(struct mill *m)
{
	struct mill_job *j;

	pthread_mutex_lock(&m->mutex);
	j = job(m, m->put++);
	j->begun_one = j->complete = j->begun_two = j->done = false;
	if (m->idle > 0)
		pthread_cond_signal(&m->given);
	pthread_mutex_unlock(&m->mutex);
}

void *
mill_take(struct mill *m, bool wait)
{
	struct mill_job *j = NULL;

	pthread_mutex_lock(&m->mutex);
	while (wait && m->dropped < m->put && m->dropped == m->second)
		if (!work(m))
			pthread_cond_wait(&m->done, &m->mutex);
	if (m->dropped < m->second)
		j = job(m, m->dropped);
	pthread_mutex_unlock(&m->mutex);
	return (j);
}

void
mill_drop(struct mill *m)
{

	pthread_mutex_lock(&m->mutex);
	m->dropped++;
	pthread_mutex_unlock(&m->mutex);
}
