/* SPDX-License-Identifier: ISC */
/*
 * A dump holds ACCESS SHARE locks for as long as it runs.  They stop nobody who
 * reads or writes, but whoever wants to change a table waits, and whoever comes
 * after waits for that one.  So the guard looks who waits for us, with a
 * session of its own that is opened only when the dump has run for a while:
 * short dumps need none.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "guard.h"
#include "msg.h"
#include "progress/progress.h"

#define STEP_MS		500
#define LOOK_MS		2000	/* between two looks at the locks */
#define WAITERS_MAX	64
#define STALL_MS	60000	/* nobody reads from us */

/* A session that waits for us. */
struct waiter {
	int pid;
	int64_t since;		/* as seen by us */
	bool told, seen;
};

struct guard {
	const struct guard_opts *o;
	struct pg *pg;
	bool tried;		/* to connect */
	int64_t looked;
	struct waiter waiters[WAITERS_MAX];
	size_t count;
	uint64_t out;		/* bytes taken from us, */
	int64_t out_at;		/* and when that was seen to grow */
	bool stall_told;

	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool stop;		/* under the lock */
};

static int64_t
age_s(const struct guard *g)
{

	return ((clock_ms() - g->o->snapshot_ms) / 1000);
}

static void
tell(struct guard *g, const struct waiter *w, const char *what,
    const char *table)
{
	int64_t waits = (clock_ms() - w->since) / 1000;

	if (g->o->abort) {
		msg_error("%s: process %d has waited %" PRId64 " s for a lock "
		    "on %s behind this dump: ended (%s; snapshot %" PRId64
		    " s old)", pg_database(g->o->leader), w->pid, waits, table,
		    what, age_s(g));
		emit_fail(g->o->emit, STATUS_RETRY);
		return;
	}
	msg_warning("%s: process %d has waited %" PRId64 " s for a lock on "
	    "%s behind this dump (%s; snapshot %" PRId64 " s old)",
	    pg_database(g->o->leader), w->pid, waits, table, what, age_s(g));
}

/* For pg_blocked(). */
static void
on_waiter(void *arg, int pid, const char *mode, const char *table)
{
	struct guard *g = arg;
	struct waiter *w = NULL;
	size_t i;

	for (i = 0; i < g->count && w == NULL; i++)
		if (g->waiters[i].pid == pid)
			w = &g->waiters[i];
	if (w == NULL) {
		if (g->count == WAITERS_MAX)
			return;
		w = &g->waiters[g->count++];
		*w = (struct waiter){ pid, clock_ms(), false, false };
	}
	w->seen = true;
	if (w->told || clock_ms() - w->since <
	    (int64_t)g->o->max_blocking * 1000)
		return;
	w->told = true;
	tell(g, w, mode, table);
}

/* For struct pg_teller: nothing that fails here ends the dump. */
static bool
never(void *arg, enum status status, bool vague)
{

	(void)arg;
	(void)status;
	(void)vague;
	return (false);
}

static void
look_at_locks(struct guard *g)
{
	const struct pg_teller mute = { never, NULL };
	bool full;
	size_t i, k;

	if (g->o->max_blocking == 0 || clock_ms() - g->looked < LOOK_MS)
		return;
	g->looked = clock_ms();
	if (!g->tried) {
		g->tried = true;
		if (pg_clone(g->o->leader, &mute, &g->pg, &full) != STATUS_OK ||
		    full)
			msg_note("%s: no connection to see who waits for us",
			    pg_database(g->o->leader));
	}
	if (g->pg == NULL)
		return;
	if (!pg_blocked(g->pg, g->o->holders, on_waiter, g)) {
		pg_close(g->pg);
		g->pg = NULL;
		return;
	}
	for (i = k = 0; i < g->count; i++)
		if (g->waiters[i].seen) {
			g->waiters[k] = g->waiters[i];
			g->waiters[k++].seen = false;
		}
	g->count = k;
}

static void
look_at_reader(struct guard *g, const struct emit_state *s)
{

	if (s->out != g->out || s->waiting) {
		if (g->stall_told && s->out != g->out)
			msg_note("the archive is read again");
		g->out = s->out;
		g->out_at = clock_ms();
		g->stall_told = false;
		return;
	}
	if (g->stall_told || clock_ms() - g->out_at < STALL_MS)
		return;
	g->stall_told = true;
	msg_warning("nobody has read from us for %d s: the program behind is "
	    "stuck, and the snapshot is %" PRId64 " s old", STALL_MS / 1000,
	    age_s(g));
}

static void
show(const struct guard *g, const struct emit_state *s)
{

	progress_share(s->done, g->o->total);
	progress_object(s->entry != NULL ? s->entry->label : NULL);
}

static void
look(struct guard *g)
{
	struct emit_state s;

	emit_state(g->o->emit, &s);
	look_at_reader(g, &s);
	look_at_locks(g);
	show(g, &s);
}

static void *
guard(void *arg)
{
	struct guard *g = arg;
	struct emit_state s;
	struct timespec until;

	pthread_mutex_lock(&g->lock);
	while (!g->stop) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += STEP_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&g->cond, &g->lock, &until);
		if (g->stop)
			break;
		pthread_mutex_unlock(&g->lock);
		look(g);
		pthread_mutex_lock(&g->lock);
	}
	pthread_mutex_unlock(&g->lock);
	emit_state(g->o->emit, &s);
	look_at_reader(g, &s);
	show(g, &s);
	pg_close(g->pg);
	return (NULL);
}

struct guard *
guard_start(const struct guard_opts *o)
{
	struct guard *g = calloc(1, sizeof(*g));
	sigset_t all, old;
	int error;

	if (g == NULL) {
		msg_errno("threads");
		return (NULL);
	}
	g->o = o;
	g->looked = g->out_at = clock_ms();
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->cond, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&g->thread, NULL, guard, g);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error == 0)
		return (g);
	msg_errno("threads");
	free(g);
	return (NULL);
}

void
guard_stop(struct guard *g)
{

	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_signal(&g->cond);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	pthread_mutex_destroy(&g->lock);
	pthread_cond_destroy(&g->cond);
	free(g);
}
