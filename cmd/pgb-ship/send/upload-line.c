/* SPDX-License-Identifier: ISC */
/*
 * One connection's thread: connect, work, and when the session breaks, again.
 */
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "msg.h"
#include "progress/progress.h"
#include "send/upload-impl.h"

#define IDLE_MS		(15 * 1000)	/* then we show that we are there */
#define WARN_MS		(10 * 1000)	/* between two words on losses */
#define LIMIT_STEP_MS	10		/* under --limit */
#define STARTED_AT_ONCE	3
#define OPEN_ATTEMPTS	3		/* before there is a file */
#define EXTRA_ATTEMPTS	4		/* where others work */
#define NEVER_RTT_US	5000		/* below that more lines do not help */
#define CHANNEL_WINDOW	(2.0 * 1024 * 1024)	/* of OpenSSH's server */

/* What is to be done next, seen under the lock. */
struct view {
	bool over;		/* nothing, the thread may end */
	bool elder, all_acked, finishing;
	uint64_t acked, durable;
};

static struct view
look(const struct line *l)
{
	struct upload *u = l->u;
	struct view v;

	pthread_mutex_lock(&u->cargo->lock);
	v.elder = upload_is_elder(u, l);
	v.acked = ledger_acked(u->ledger);
	v.durable = ledger_durable(u->ledger);
	v.finishing = u->phase == PHASE_FINISHING;
	v.all_acked = v.acked == u->given;
	v.over = u->phase == PHASE_DONE || u->phase == PHASE_FAILED ||
	    (v.finishing && v.all_acked && !v.elder && u->connected >
	    (l->born != 0 ? 1 : 0));
	pthread_mutex_unlock(&u->cargo->lock);
	return (v);
}

/* --- the session's end --- */

/* Print a loss, unless one was told just now. */
static void
tell_loss(struct line *l)
{
	struct upload *u = l->u;
	int64_t now = sftp_now();
	bool loud;

	pthread_mutex_lock(&u->cargo->lock);
	loud = u->connected == 0 &&
	    (u->warned == 0 || now - u->warned > WARN_MS);
	if (loud) {
		u->warned = now;
		u->told = true;
	}
	pthread_mutex_unlock(&u->cargo->lock);
	if (loud)
		msg_warning("%s: %s; trying again", u->name,
		    sftp_strerror(l->sftp, SFTP_LOST));
	else
		msg_verbose("%s: connection %u: %s", u->name, l->number + 1,
		    sftp_strerror(l->sftp, SFTP_LOST));
}

/* End the session; what was on its way is to be sent again. */
static void
hang_up(struct line *l)
{
	struct upload *u = l->u;

	if (l->sftp == NULL)
		return;
	pthread_mutex_lock(&u->cargo->lock);
	if (l->born != 0) {
		l->born = 0;
		if (--u->connected == 0 && u->lost_since == 0)
			u->lost_since = sftp_now();
		if (u->connected == 0 && (u->phase == PHASE_SENDING ||
		    u->phase == PHASE_FINISHING))
			progress_state(PROGRESS_LOST);
		if (u->progress >= l->began)
			l->attempts = 0;
	}
	pthread_mutex_unlock(&u->cargo->lock);
	if (sftp_is_lost(l->sftp) && !halt_asked(&u->halt))
		tell_loss(l);
	sftp_free(l->sftp);
	l->sftp = NULL;
	l->is_open = l->sure = l->syncing = l->sync.busy = false;
	flow_return(l);
}

/* --- the session's beginning --- */

static void
settle_in(struct line *l)
{
	struct upload *u = l->u;
	uint64_t acked;
	unsigned n;
	bool told;

	l->quiet_since = l->touched = l->synced = sftp_now();
	pthread_mutex_lock(&u->cargo->lock);
	l->born = ++u->births;
	u->connected++;
	if (u->phase == PHASE_OPENING)
		u->phase = PHASE_SENDING;
	else if (l->ever)
		u->reconnects++;
	told = u->told;
	u->told = false;
	acked = ledger_acked(u->ledger);
	if (u->connected > u->lines_most)
		u->lines_most = u->connected;
	/* A few at a time: a server admits but some that are not logged in. */
	for (n = 0; n < STARTED_AT_ONCE && u->lines_started < u->lines_wanted;
	    n++)
		(void)upload_start_line(u);
	pthread_cond_broadcast(&u->cargo->change);
	pthread_mutex_unlock(&u->cargo->lock);
	if (l->ever)
		progress_state(PROGRESS_MOVING);
	l->ever = true;
	if (told)
		msg_note("%s: connected again, %" PRIu64 " bytes are there",
		    u->name, acked);
}

static bool
is_opening(struct upload *u)
{
	bool yes;

	pthread_mutex_lock(&u->cargo->lock);
	yes = u->phase == PHASE_OPENING;
	pthread_mutex_unlock(&u->cargo->lock);
	return (yes);
}

/* Connect, and have the file open: an enum sftp_error, with the fault set
 * unless that is SFTP_OK, SFTP_LOST with a session, or SFTP_SIGNAL. */
static int
begin(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	bool opening = is_opening(u);
	int rc;

	if (opening && l->attempts == 0)
		l->sftp = remote_first(u->route, &u->halt, f);
	else
		l->sftp = remote_open(u->route, &u->halt, f);
	if (l->sftp == NULL)
		return (halt_asked(&u->halt) ? SFTP_SIGNAL :
		    f->status == STATUS_RETRY ? SFTP_LOST : SFTP_FAILURE);
	if (flow_init(l) == -1) {
		fault_set(f, STATUS_LOCAL, "no memory");
		return (SFTP_FAILURE);
	}
	l->began = sftp_now();
	l->ever |= opening;
	rc = opening ? upload_create(l, f) : upload_reopen(l, f);
	if (rc == SFTP_OK)
		settle_in(l);
	return (rc);
}

/* --- work --- */

static bool
is_due(const struct line *l, const struct view *v)
{

	return (v->acked - v->durable >= CHECKPOINT_BYTES ||
	    (v->acked > v->durable &&
	    sftp_now() - l->synced >= CHECKPOINT_MS));
}

/* fsync now and then, so that little is in doubt when it comes to that.  The
 * stream goes on meanwhile. */
static int
checkpoint(struct line *l, const struct view *v, struct fault *f)
{
	struct upload *u = l->u;

	if (!l->syncing) {
		if (!is_due(l, v))
			return (SFTP_OK);
		l->sync_to = v->acked;
		l->syncing = true;
		l->sync.error = SFTP_OK;
		if (sftp_has(l->sftp, SFTP_FSYNC))
			sftp_sync(l->sftp, &l->handle, &l->sync);
	}
	if (l->sync.busy)
		return (SFTP_OK);
	l->syncing = false;
	if (l->sync.error == SFTP_LOST || l->sync.error == SFTP_SIGNAL)
		(void)remote_fault(l->sftp, "fsync", l->sync.error, f);
	if (upload_synced(l, l->sync.error, f) != SFTP_OK)
		return (l->sync.error);
	l->synced = sftp_now();
	pthread_mutex_lock(&u->cargo->lock);
	ledger_synced(u->ledger, l->sync_to);
	u->progress = l->synced;
	pthread_mutex_unlock(&u->cargo->lock);
	return (upload_space(l, false, f));
}

/*
 * A question that every server answers keeps the connection open on the way,
 * and finds out when it no longer is.  Now and then the file's time is moved,
 * so that nobody takes it for the leftover of a dead run.
 */
static int
show_life(struct line *l)
{
	struct sftp_attrs attrs;
	int64_t now = sftp_now();
	int rc;

	if (l->flying > 0 || l->syncing || now - l->quiet_since < IDLE_MS)
		return (SFTP_OK);
	if (now - l->touched >= TARGET_TOUCH_MS && l->is_open &&
	    l->u->clock_at != 0) {
		l->touched = now;
		rc = sftp_set_time(l->sftp, &l->handle,
		    (uint32_t)(l->u->server_clock +
		    (now - l->u->clock_at) / 1000));
	} else
		rc = sftp_stat(l->sftp, l->u->dir, &attrs);
	l->quiet_since = now;
	if (rc != SFTP_OK)
		return (rc == SFTP_LOST || rc == SFTP_SIGNAL ? rc : SFTP_OK);
	pthread_mutex_lock(&l->u->cargo->lock);
	l->u->lost_since = 0;
	pthread_mutex_unlock(&l->u->cargo->lock);
	return (SFTP_OK);
}

/*
 * Whether another connection would help: where OpenSSH's channel, which takes 2
 * MiB a round trip, is what bounds us.  One more, then two more, as long as
 * each step brings a tenth.
 */
static void
grow(struct line *l)
{
	struct upload *u = l->u;
	int64_t now = sftp_now(), rtt = sftp_rtt_us(l->sftp);
	double rate;

	if (u->opts->connections != 0 || u->grown_up ||
	    now - u->grow_since < 1000)
		return;
	pthread_mutex_lock(&u->cargo->lock);
	rate = (double)(u->acked_bytes - u->grow_bytes) /
	    (double)(now - u->grow_since);
	u->grow_bytes = u->acked_bytes;
	u->grow_since = now;
	if (rtt >= NEVER_RTT_US && u->queue_len > 0 &&
	    rate / u->connected * (double)rtt / 1000 > CHANNEL_WINDOW / 2)
		u->grow_seconds++;
	else
		u->grow_seconds = 0;
	if (u->grow_seconds >= 3) {
		u->grow_seconds = 0;
		u->grown_up = u->lines_started >= LINES_AUTO ||
		    rate < u->grow_rate * 1.1;
		u->grow_rate = rate;
		if (!u->grown_up) {
			u->lines_wanted = u->lines_started * 2;
			(void)upload_start_line(u);
		}
	}
	pthread_mutex_unlock(&u->cargo->lock);
}

/* Move what can be moved, or sleep until something can. */
static int
doze(struct line *l, enum flow flow)
{
	int wait_ms = flow == FLOW_LIMITED ? LIMIT_STEP_MS : HALT_STEP_MS;
	struct upload *u = l->u;
	uint64_t ignored;
	bool rung;
	int rc;

	pthread_mutex_lock(&u->cargo->lock);
	/* What came since we looked must not be slept through. */
	l->dozes = flow != FLOW_LIMITED && u->queue_len == 0;
	if ((flow == FLOW_EMPTY && !l->dozes) || halt_asked(&u->halt) ||
	    u->failed != STATUS_OK)
		wait_ms = 0;
	pthread_mutex_unlock(&u->cargo->lock);
	rc = sftp_step(l->sftp, wait_ms, l->wake);
	pthread_mutex_lock(&u->cargo->lock);
	rung = l->rung;
	l->dozes = l->rung = false;
	pthread_mutex_unlock(&u->cargo->lock);
	if (rung && read(l->wake, &ignored, sizeof(ignored)) == -1) {
		/* It cannot be, or should be tried again. */
		pthread_mutex_lock(&u->cargo->lock);
		l->rung = true;
		pthread_mutex_unlock(&u->cargo->lock);
	}
	return (rc);
}

static int
write_refused(struct line *l, int rc, struct fault *f)
{
	struct upload *u = l->u;
	uint64_t avail;

	/* SFTP says "failure" for a full disk as for anything else. */
	if (rc == SFTP_FAILURE && sftp_has(l->sftp, SFTP_STATVFS) &&
	    sftp_space(l->sftp, u->dir, &avail) == SFTP_OK &&
	    avail < FULL_BYTES) {
		fault_set(f, STATUS_REMOTE, "write: disk full (%" PRIu64
		    " bytes free)", avail);
		return (rc);
	}
	(void)remote_fault(l->sftp, "write", rc, f);
	if (rc == SFTP_FAILURE)
		fault_hint(f, "a quota, or a failing disk: the server does not "
		    "say which");
	return (rc);
}

/* One turn of the work.  SFTP_OK: again; *over: there is no more. */
static int
work(struct line *l, bool *over, struct fault *f)
{
	struct view v = look(l);
	int rc;

	if ((*over = v.over))
		return (SFTP_OK);
	if (halt_asked(&l->u->halt))
		return (SFTP_SIGNAL);
	if (v.elder && l->is_open) {
		/* No session older than the elder acknowledges anything any
		 * more, so once is enough. */
		if (!l->sure && (rc = check_doubts(l, f)) != SFTP_OK)
			return (rc);
		l->sure = true;
		if ((rc = checkpoint(l, &v, f)) != SFTP_OK)
			return (rc);
		grow(l);
	}
	if (v.elder && v.finishing && v.all_acked && !l->syncing)
		return (finish_upload(l, f));
	if ((rc = doze(l, flow_send(l))) != SFTP_OK)
		return (rc);
	if ((rc = flow_take(l)) != SFTP_OK)
		return (write_refused(l, rc, f));
	return (show_life(l));
}

/* --- the thread --- */

/* There is no session, or none that is of use: whether to try again, after a
 * while.  false ends the thread. */
static bool
patience(struct line *l, int rc, const struct fault *f)
{
	struct upload *u = l->u;
	bool others, opening;
	int64_t lost_since;
	unsigned n;

	if (look(l).over)
		return (false);
	pthread_mutex_lock(&u->cargo->lock);
	others = u->connected > (l->born != 0 ? 1 : 0);
	opening = u->phase == PHASE_OPENING;
	if (u->lost_since == 0)
		u->lost_since = sftp_now();
	lost_since = u->lost_since;
	pthread_mutex_unlock(&u->cargo->lock);
	n = l->attempts++;
	/* The others can do without. */
	if (others && (rc != SFTP_LOST || n >= EXTRA_ATTEMPTS)) {
		msg_note("%s: connection %u: %s; going on without it",
		    u->name, l->number + 1, f->text);
		return (false);
	}
	if (!others && (rc != SFTP_LOST ||
	    (opening && (!l->ever || n >= OPEN_ATTEMPTS)) ||
	    sftp_now() - lost_since >= u->opts->retry_ms)) {
		upload_fault(u, f);
		return (false);
	}
	msg_verbose("%s: %s; trying again", u->name, f->text);
	(void)remote_pause(remote_backoff_ms(n), &u->halt);
	return (true);
}

/* A session, or what is there in its place, has ended with rc: whether to go
 * on. */
static bool
go_on(struct line *l, int rc, bool begun, struct fault *f)
{
	bool fatal;

	if (rc == SFTP_SIGNAL || halt_asked(&l->u->halt)) {
		upload_fail(l->u, STATUS_LOCAL);
		return (false);
	}
	/* A server that speaks nonsense will do so again. */
	if (rc == SFTP_LOST && l->sftp != NULL)
		(void)remote_fault(l->sftp, NULL, rc, f);
	fatal = rc != SFTP_LOST || f->status != STATUS_RETRY;
	if (fatal && begun) {
		upload_fault(l->u, f);
		return (false);
	}
	if (!fatal)
		hang_up(l);
	return (patience(l, fatal ? SFTP_FAILURE : rc, f));
}

static void
run(struct line *l)
{
	struct fault f = { 0 };
	bool over = false, begun;
	int rc;

	do {
		begun = l->sftp != NULL;
		rc = begun ? work(l, &over, &f) : begin(l, &f);
	} while (!over && (rc == SFTP_OK || go_on(l, rc, begun, &f)));
}

void *
line_main(void *arg)
{
	struct line *l = arg;
	struct upload *u = l->u;
	sigset_t all;

	/* Signals are the main thread's, which tells us. */
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, NULL);
	run(l);
	clean_up(l);
	hang_up(l);
	pthread_mutex_lock(&u->cargo->lock);
	l->running = false;
	pthread_cond_broadcast(&u->cargo->change);
	pthread_mutex_unlock(&u->cargo->lock);
	return (NULL);
}
