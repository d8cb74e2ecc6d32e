/* SPDX-License-Identifier: ISC */
/*
 * Workers and leader.
 *
 * A worker takes the next task, reads it from its session and writes it into
 * the task's lane, until there is none.  What it cannot lock it hands to the
 * leader, whose session has had the lock of the table since before the first
 * byte went out and is not queued behind anybody.
 *
 * The leader works on such a task only when all in front of it have been read:
 * otherwise it could wait for memory with a task that must wait for another one
 * that only the leader can do.  Where it would have to wait for the lock of an
 * index, the others are let past the limit of memory until it has it: one of
 * them may be what it waits for.  Else it sleeps, says something to the server
 * once a minute (firewalls and poolers end sessions that are silent), and sees
 * when the server ends its session: without the locks nothing that is read
 * afterwards can be trusted.
 *
 * What ends one session often ends all, in any order, and one line is to say
 * why.  The first to fail says it; one who has only seen that the connection or
 * the snapshot was gone leaves the others a moment to say more.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "crew-impl.h"
#include "fdio.h"
#include "msg.h"
#include "sig.h"

#define PING_MS		60000
#define HURRY_MS	20	/* until a task's turn may have come */
#define TELL_MS		300	/* for one who knows more */
#define LOOK_MS		50	/* at the leader's session */

/* The time of day that pthread_cond_timedwait() wants. */
static struct timespec
from_now(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ms * 1000000L;
	t.tv_sec += t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return (t);
}

bool
crew_tell(struct crew *c, enum status status, bool vague)
{
	struct timespec until = from_now(TELL_MS);
	bool first;

	pthread_mutex_lock(&c->lock);
	while (vague && !c->told && pthread_cond_timedwait(&c->cond, &c->lock,
	    &until) == 0)
		;
	if ((first = !c->told)) {
		c->told = true;
		c->told_status = status;
		pthread_cond_broadcast(&c->cond);
	}
	pthread_mutex_unlock(&c->lock);
	return (first);
}

/* For struct pg_teller. */
static bool
tell(void *arg, enum status status, bool vague)
{

	return (crew_tell(arg, status, vague));
}

void
crew_fail(struct crew *c, enum status status)
{

	pthread_mutex_lock(&c->lock);
	if (c->told)
		status = c->told_status;
	pthread_mutex_unlock(&c->lock);
	emit_fail(c->emit, status != STATUS_OK ? status : STATUS_LOCAL);
}

/* A worker's session: STATUS_OK without one where the server has none. */
static enum status
open_session(struct hand *h)
{
	const struct crew_opts *o = h->crew->o;
	const struct pg_teller teller = { tell, h->crew };
	enum status status;
	bool full;

	status = pg_clone(o->leader, &teller, &h->pg, &full);
	if (status != STATUS_OK || full)
		return (status);
	if ((status = pg_set(h->pg, o->settings)) != STATUS_OK)
		return (status);
	if ((status = pg_import(h->pg, o->snapshot, true)) != STATUS_OK)
		return (status);
	return (pg_widen(h->pg));
}

static void *
worker(void *arg)
{
	struct hand *h = arg;
	struct crew *c = h->crew;
	enum status status = fence_enter(c->o->fence);
	bool go;

	if (status == STATUS_OK)
		status = open_session(h);
	pthread_mutex_lock(&c->lock);
	h->status = status;
	h->pid = h->pg != NULL ? pg_pid(h->pg) : 0;
	c->ready++;
	go = status == STATUS_OK && h->pg != NULL;
	c->size += go;
	pthread_cond_broadcast(&c->cond);
	while (!c->begun && !c->stop)
		pthread_cond_wait(&c->cond, &c->lock);
	go = go && !c->stop;
	pthread_mutex_unlock(&c->lock);
	if (go) {
		status = pg_encoding(h->pg, c->encoding);
		if (status != STATUS_OK)
			crew_fail(c, status);
		else
			crew_do_tasks(h);
		pthread_mutex_lock(&c->lock);
		c->busy--;
		pthread_mutex_unlock(&c->lock);
		crew_wake_leader(c);
	}
	/* The locks it keeps are not needed any more. */
	pg_close(h->pg);
	h->pg = NULL;
	return (NULL);
}

/* The leader's next task: NULL with *end when there will be none. */
static struct task *
next_handed(struct crew *c, bool *end)
{
	struct task *t = NULL;
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < c->handed_count; i++)
		if (emit_is_head(c->emit, c->handed[i])) {
			t = c->handed[i];
			c->handed[i] = c->handed[--c->handed_count];
			break;
		}
	*end = c->busy == 0 && c->handed_count == 0;
	pthread_mutex_unlock(&c->lock);
	return (t);
}

/* Sleep until there is something to do: false when the leader is lost. */
static bool
leader_sleep(struct crew *c, bool hurry)
{
	struct pollfd f[3] = {
		{ .fd = c->wake_fd, .events = POLLIN },
		{ .fd = emit_stop_fd(c->emit), .events = POLLIN },
		{ .fd = pg_socket(c->o->leader), .events = POLLIN },
	};
	uint64_t drop;
	int n = poll(f, 3, hurry ? HURRY_MS : PING_MS);

	if (f[0].revents != 0)
		(void)!read(c->wake_fd, &drop, sizeof(drop));
	if (n > 0 && f[2].revents != 0 && !pg_alive(c->o->leader))
		return (false);
	if (clock_ms() - c->pinged < PING_MS)
		return (true);
	c->pinged = clock_ms();
	return (pg_ping(c->o->leader));
}

static void *
lead(void *arg)
{
	struct hand *h = arg;
	struct crew *c = h->crew;
	struct task *t;
	bool end, waits;

	if (crew_size(c) == 0) {
		crew_do_tasks(h);
		return (NULL);
	}
	while (!emit_failed(c->emit)) {
		if ((t = next_handed(c, &end)) != NULL) {
			if (!crew_lead_task(h, t))
				break;
			continue;
		}
		if (end)
			break;
		pthread_mutex_lock(&c->lock);
		waits = c->handed_count > 0;
		pthread_mutex_unlock(&c->lock);
		if (!leader_sleep(c, waits))
			crew_fail(c, pg_lost(c->o->leader));
	}
	return (NULL);
}

static bool
start(struct hand *h, struct crew *c, void *(*run)(void *))
{
	sigset_t all, old;
	int error;

	h->crew = c;
	if ((h->squeeze = squeeze_new(c->o->zspec)) == NULL)
		return (false);
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&h->thread, NULL, run, h);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	h->started = error == 0;
	errno = error;
	return (h->started);
}

/* Told once, with what those that have begun may have to tell. */
static void
no_thread(struct crew *c)
{
	int error = errno;

	if (!crew_tell(c, STATUS_LOCAL, false))
		return;
	errno = error;
	msg_errno("threads");
}

struct crew *
crew_new(const struct crew_opts *o)
{
	struct crew *c = calloc(1, sizeof(*c));
	const struct pg_teller teller = { tell, c };
	unsigned i;

	if (c == NULL ||
	    (c->hands = calloc(o->jobs, sizeof(*c->hands))) == NULL)
		goto fail;
	c->o = o;
	if ((c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		goto fail;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->cond, NULL);
	pg_set_teller(o->leader, &teller);
	for (i = 0; i < o->jobs; i++)
		if (!start(&c->hands[i], c, worker)) {
			no_thread(c);
			crew_free(c);
			return (NULL);
		}
	return (c);
fail:
	msg_errno("threads");
	if (c != NULL)
		free(c->hands);
	free(c);
	return (NULL);
}

char *
crew_pids(struct crew *c, bool stock)
{
	char *text = malloc((c->o->jobs + 2) * 12 + 3), *to = text;
	unsigned i;

	if (text == NULL)
		return (NULL);
	to += sprintf(to, "{%d", stock ? 0 : pg_pid(c->o->leader));
	pthread_mutex_lock(&c->lock);
	for (i = 0; i < c->o->jobs; i++)
		if (c->hands[i].pid != 0)
			to += sprintf(to, ",%d", c->hands[i].pid);
	pthread_mutex_unlock(&c->lock);
	stpcpy(to, "}");
	return (text);
}

unsigned
crew_size(const struct crew *c)
{

	return (c->size);
}

/* All workers have a session, or none; the leader's is watched meanwhile. */
static enum status
wait_workers(struct crew *c)
{
	enum status status = STATUS_OK;
	struct timespec until;
	bool alive = true;
	unsigned i;

	pthread_mutex_lock(&c->lock);
	while (alive && c->ready < c->o->jobs) {
		until = from_now(LOOK_MS);
		(void)pthread_cond_timedwait(&c->cond, &c->lock, &until);
		pthread_mutex_unlock(&c->lock);
		alive = pg_alive(c->o->leader);
		pthread_mutex_lock(&c->lock);
	}
	for (i = 0; i < c->o->jobs && status == STATUS_OK; i++)
		status = c->hands[i].status;
	c->busy = c->size;
	pthread_mutex_unlock(&c->lock);
	return (alive ? status : pg_lost(c->o->leader));
}

enum status
crew_begin(struct crew *c, struct plan *plan, struct emit *emit,
    const char *encoding, bool locked)
{
	enum status status;

	c->plan = plan;
	c->emit = emit;
	c->encoding = encoding;
	c->has_locks = locked;
	if ((status = wait_workers(c)) != STATUS_OK)
		return (status);
	if (c->size < c->o->jobs)
		msg_note("%s: %u of %u workers: the server has no connection "
		    "left", pg_database(c->o->leader), c->size, c->o->jobs);
	c->leader.pg = c->o->leader;
	c->pinged = clock_ms();
	if (!start(&c->leader, c, lead)) {
		no_thread(c);
		return (STATUS_LOCAL);
	}
	pthread_mutex_lock(&c->lock);
	c->begun = true;
	pthread_cond_broadcast(&c->cond);
	pthread_mutex_unlock(&c->lock);
	return (STATUS_OK);
}

static void
join(struct hand *h)
{

	if (h->started)
		pthread_join(h->thread, NULL);
	h->started = false;
}

static void
join_all(struct crew *c)
{
	unsigned i;

	for (i = 0; i < c->o->jobs; i++)
		join(&c->hands[i]);
	if (c->emit != NULL)
		crew_wake_leader(c);
	join(&c->leader);
}

enum status
crew_end(struct crew *c)
{

	join_all(c);
	return (pg_ping(c->o->leader) ? STATUS_OK : pg_lost(c->o->leader));
}

void
crew_free(struct crew *c)
{
	unsigned i;

	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->cond);
	pthread_mutex_unlock(&c->lock);
	join_all(c);
	pg_set_teller(c->o->leader, NULL);
	for (i = 0; i < c->o->jobs; i++)
		squeeze_free(c->hands[i].squeeze);
	squeeze_free(c->leader.squeeze);
	fd_close(&c->wake_fd);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->cond);
	free(c->handed);
	free(c->hands);
	free(c);
}
