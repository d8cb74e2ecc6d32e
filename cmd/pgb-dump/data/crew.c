/* SPDX-License-Identifier: ISC */
/*
 * Workers and leader.
 *
 * A worker takes the next task, reads it from its session and writes it into
 * the task's lane, until there is none.  What it cannot lock it hands to the
 * leader, whose session has had the lock since before the first byte went out
 * and is not queued behind anybody.
 *
 * The leader works on such a task only when all in front of it have been read:
 * otherwise it could wait for memory with a task that must wait for another one
 * that only the leader can do.  Else it sleeps, says something to the server
 * once a minute (firewalls and poolers end sessions that are silent), and sees
 * when the server ends its session: without the locks nothing that is read
 * afterwards can be trusted.
 *
 * What ends one session often ends all, in any order, and one line is to say
 * why.  The first to fail says it; one who has only seen that the connection or
 * the snapshot was gone leaves the others a moment to say more.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crew.h"
#include "fdio.h"
#include "msg.h"
#include "sig.h"

#define PING_MS		60000
#define TELL_MS		300	/* for one who knows more */
#define LOOK_MS		50	/* at the leader's session */
#define COPY_END	"\\.\n\n\n"	/* as pg_dump ends a table's data */

/* One who works: a thread, its session, its compressor. */
struct hand {
	struct crew *crew;
	pthread_t thread;
	bool started;
	struct pg *pg;		/* NULL: the server had no session left */
	struct squeeze *squeeze;
	struct squeeze_sink sink;
	struct task *task;
	uint32_t locked;	/* the table whose lock it keeps */
	enum status status;	/* of its beginning; read after ready */
};

struct crew {
	const struct crew_opts *o;
	struct hand *hands;
	struct hand leader;
	struct plan *plan;
	struct emit *emit;
	const char *encoding;
	bool has_locks;		/* the leader */
	int wake_fd;		/* the leader is needed */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* Under the lock. */
	unsigned ready;		/* workers who have connected, or not */
	unsigned size;		/* those who have */
	unsigned busy;		/* those who may still hand something over */
	bool begun, stop;
	struct task **handed;	/* for the leader, first come first */
	size_t handed_count, handed_room;
	bool told;		/* somebody has said why all ends, */
	enum status told_status;	/* and what comes of it */
};

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

/* All stops; it was told why, unless a signal or another failure stopped us. */
static void
crew_fail(struct crew *c, enum status status)
{

	pthread_mutex_lock(&c->lock);
	if (c->told)
		status = c->told_status;
	pthread_mutex_unlock(&c->lock);
	emit_fail(c->emit, status != STATUS_OK ? status : STATUS_LOCAL);
}

static enum status
squeeze_failed(const struct hand *h)
{
	const char *why = squeeze_error(h->squeeze);

	if (why == NULL || emit_failed(h->crew->emit))
		return (STATUS_OK);	/* somebody else said why */
	if (crew_tell(h->crew, STATUS_LOCAL, false))
		msg_error("%s: compression: %s", h->task->entry->label, why);
	return (STATUS_LOCAL);
}

static uint8_t *
on_room(void *arg, size_t *len)
{
	struct hand *h = arg;

	return (squeeze_room(h->squeeze, len));
}

static bool
on_used(void *arg, size_t len)
{
	struct hand *h = arg;

	return (squeeze_used(h->squeeze, len) == 0);
}

static bool
on_bytes(void *arg, const void *buf, size_t len)
{
	struct hand *h = arg;

	return (squeeze_put(h->squeeze, buf, len) == 0);
}

static bool
on_blob(void *arg, uint32_t loid)
{
	struct hand *h = arg;
	/* The archive has OIDs as signed integers. */
	uint32_t value = loid < 0x80000000U ? loid : 0U - loid;
	const uint8_t oid[5] = { loid >= 0x80000000U, (uint8_t)value,
	    (uint8_t)(value >> 8), (uint8_t)(value >> 16),
	    (uint8_t)(value >> 24) };

	if (!lane_bytes(h->task, oid, sizeof(oid)))
		return (false);
	squeeze_begin(h->squeeze, &h->sink, true);
	return (true);
}

static bool
on_blob_end(void *arg)
{
	static const uint8_t zero[5];
	struct hand *h = arg;

	return (squeeze_end(h->squeeze, SQUEEZE_WHOLE) == 0 &&
	    lane_bytes(h->task, zero, sizeof(zero)));
}

static enum pg_copy
do_table(struct hand *h, enum pg_lock_how how, const struct pg_rows *rows,
    enum status *status)
{
	struct task *t = h->task;
	enum pg_copy got;

	squeeze_begin(h->squeeze, &h->sink, t->first);
	got = pg_copy_table(h->pg, t->entry, t->from, t->to, t->split, how,
	    rows, status);
	if (got != PG_COPY_OK)
		return (got);
	if ((t->last && squeeze_put(h->squeeze, COPY_END,
	    sizeof(COPY_END) - 1) != 0) || squeeze_end(h->squeeze,
	    !t->split ? SQUEEZE_WHOLE : t->last ? SQUEEZE_LAST :
	    SQUEEZE_MORE) != 0)
		return (PG_COPY_STOPPED);
	return (PG_COPY_OK);
}

/* How this hand comes to the lock of its task's table. */
static enum pg_lock_how
lock_how(struct hand *h)
{
	const struct task *t = h->task;

	if (h == &h->crew->leader && h->crew->has_locks)
		return (LOCK_NONE);
	if (!t->split)
		return (h == &h->crew->leader ? LOCK_BRIEF : LOCK_TURN);
	if (h->locked == t->entry->oid)
		return (LOCK_NONE);
	return (LOCK_KEEP);
}

static enum pg_copy
do_task(struct hand *h, struct task *t, enum status *status)
{
	const struct pg_rows rows = { on_room, on_used, on_bytes, h,
	    emit_stop_fd(h->crew->emit) };
	enum pg_lock_how how;
	enum pg_copy got;

	h->task = t;
	lane_sink(t, &h->sink);
	*status = STATUS_OK;
	if (t->entry->blobs)
		got = pg_copy_blobs(h->pg, t->entry->loids + t->lo_from,
		    t->lo_count, on_blob, &rows, on_blob_end, status);
	else {
		how = lock_how(h);
		got = do_table(h, how, &rows, status);
		if (how == LOCK_TURN)
			h->locked = 0;
		if (got == PG_COPY_OK && how == LOCK_KEEP)
			h->locked = t->entry->oid;
	}
	if (got == PG_COPY_OK)
		lane_done(t, squeeze_check(h->squeeze),
		    squeeze_text(h->squeeze));
	else if (got == PG_COPY_STOPPED)
		*status = squeeze_failed(h);
	return (got);
}

static void
wake_leader(struct crew *c)
{
	const uint64_t one = 1;

	(void)!write(c->wake_fd, &one, sizeof(one));
}

/* The leader has the lock, if anybody has. */
static enum status
hand_to_leader(struct crew *c, struct task *t)
{
	struct task **more;
	enum status status = STATUS_OK;

	if (!c->has_locks) {
		if (!crew_tell(c, STATUS_RETRY, false))
			return (STATUS_RETRY);
		msg_error("%s: somebody waits to change the table, and the "
		    "server has no room for a lock of ours", t->entry->label);
		msg_hint("try again, or raise max_locks_per_transaction");
		return (STATUS_RETRY);
	}
	msg_verbose("%s: somebody waits to change the table: the leader "
	    "reads it", t->entry->label);
	pthread_mutex_lock(&c->lock);
	if (c->handed_count == c->handed_room) {
		c->handed_room += 64;
		more = realloc(c->handed, c->handed_room * sizeof(*more));
		if (more == NULL) {
			msg_errno(t->entry->label);
			c->handed_room -= 64;
			status = STATUS_LOCAL;
		} else
			c->handed = more;
	}
	if (status == STATUS_OK)
		c->handed[c->handed_count++] = t;
	pthread_mutex_unlock(&c->lock);
	wake_leader(c);
	return (status);
}

/* Tasks until there is none: false after a failure. */
static bool
do_tasks(struct hand *h)
{
	struct crew *c = h->crew;
	enum status status;
	struct task *t;

	while ((t = emit_take(c->emit, c->plan)) != NULL) {
		switch (do_task(h, t, &status)) {
		case PG_COPY_OK:
			continue;
		case PG_COPY_BUSY:
			if ((status = hand_to_leader(c, t)) == STATUS_OK)
				continue;
			break;
		case PG_COPY_STOPPED:
		case PG_COPY_FAILED:
			break;
		}
		crew_fail(c, status);
		return (false);
	}
	return (true);
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
	if ((status = pg_turns(h->pg)) != STATUS_OK ||
	    (status = pg_import(h->pg, o->snapshot, true)) !=
	    STATUS_OK)
		return (status);
	return (pg_widen(h->pg));
}

static void *
worker(void *arg)
{
	struct hand *h = arg;
	struct crew *c = h->crew;
	enum status status = open_session(h);
	bool go;

	pthread_mutex_lock(&c->lock);
	h->status = status;
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
			do_tasks(h);
		pthread_mutex_lock(&c->lock);
		c->busy--;
		pthread_mutex_unlock(&c->lock);
		wake_leader(c);
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
	int n = poll(f, 3, hurry ? 20 : PING_MS);

	if (f[0].revents != 0)
		(void)!read(c->wake_fd, &drop, sizeof(drop));
	if (n > 0 && f[2].revents != 0 && !pg_alive(c->o->leader))
		return (false);
	return (n != 0 || hurry || pg_ping(c->o->leader));
}

static void *
lead(void *arg)
{
	struct hand *h = arg;
	struct crew *c = h->crew;
	enum status status;
	enum pg_copy got;
	struct task *t;
	bool end, waits;

	if (crew_size(c) == 0) {
		do_tasks(h);
		return (NULL);
	}
	while (!emit_failed(c->emit)) {
		if ((t = next_handed(c, &end)) != NULL) {
			if ((got = do_task(h, t, &status)) != PG_COPY_OK)
				crew_fail(c, status);
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
	return (h->started);
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
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->cond, NULL);
	pg_set_teller(o->leader, &teller);
	for (i = 0; i < o->jobs; i++)
		if (!start(&c->hands[i], c, worker)) {
			crew_free(c);
			c = NULL;
			goto fail;
		}
	return (c);
fail:
	msg_errno("threads");
	free(c);
	return (NULL);
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
	if (!start(&c->leader, c, lead)) {
		msg_errno("threads");
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
		wake_leader(c);
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
