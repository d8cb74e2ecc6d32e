/* SPDX-License-Identifier: ISC */
/*
 * A file on a server: how it grows, survives the network, and gets its name.
 *
 * The thread that reads the stream puts blocks into this destination's queue
 * and goes on.  Each connection (a line) is a thread with a session of its own:
 * it takes blocks from the queue and writes them into the one temporary file,
 * each at its own offset, as many at once as its window allows (upload-flow.c).
 * A block is held until the server has acknowledged it, and the ledger knows
 * which are, and which of these are on disk.
 *
 * When a session dies, the blocks that it had under way go back into the queue,
 * where other lines find them, and the line connects again.  Writing the same
 * bytes at the same place twice does no harm, not even when the old session
 * turns out to be alive and does it late.  What the server may have forgotten,
 * because its machine died, is read back first (ledger.c, upload-check.c).
 * What cannot pass by itself (a host key, a refused key, a refused write) ends
 * the upload at once; everything else only when nothing has moved for
 * --retry-time.
 *
 * The oldest session that lives is the elder: it alone asks for fsyncs, reads
 * back, and does the steps of the end (upload-name.c), when all blocks were
 * given, the stream is proven, and all of it is acknowledged.  Each step is
 * either done or can be repeated by the next elder.  Until the last of them
 * nothing has our file's name, and whatever fails before takes the temporary
 * file away again.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "send/upload-impl.h"

static struct upload *
upload_of(struct target *t)
{

	return ((struct upload *)(void *)t);
}

/* --- between the threads; the lock's but for the first two --- */

void
upload_fail(struct upload *u, enum status status)
{

	pthread_mutex_lock(&u->cargo->lock);
	if (u->phase != PHASE_DONE && u->failed == STATUS_OK) {
		u->failed = status;
		u->phase = PHASE_FAILED;
	}
	atomic_store(&u->halt.asked, true);
	upload_wake(u);
	pthread_cond_broadcast(&u->cargo->change);
	pthread_mutex_unlock(&u->cargo->lock);
}

void
upload_fault(struct upload *u, const struct fault *f)
{
	enum status status = f->status != STATUS_OK ? f->status :
	    STATUS_LOCAL;
	bool first;

	/* Ours from here on: nobody else prints, and who joins us waits. */
	pthread_mutex_lock(&u->cargo->lock);
	first = u->failed == STATUS_OK && u->phase != PHASE_DONE;
	if (first) {
		u->failed = status;
		u->phase = PHASE_FAILED;
	}
	pthread_mutex_unlock(&u->cargo->lock);
	if (first)
		(void)fault_print(f, u->name);
	upload_fail(u, status);
}

void
upload_wake(struct upload *u)
{
	const uint64_t one = 1;
	size_t i;

	for (i = 0; i < u->lines_started; i++) {
		if (!u->lines[i].dozes)
			continue;
		u->lines[i].dozes = false;
		u->lines[i].rung = true;
		/* It cannot fail: the count is far from its end. */
		if (write(u->lines[i].wake, &one, sizeof(one)) == -1)
			continue;
	}
}

bool
upload_is_elder(const struct upload *u, const struct line *l)
{
	size_t i;

	for (i = 0; i < u->lines_started; i++)
		if (u->lines[i].born != 0 && u->lines[i].born < l->born)
			return (false);
	return (l->born != 0);
}

int
upload_start_line(struct upload *u)
{
	struct line *l = &u->lines[u->lines_started];
	int rc;

	/* Who joins them has counted them by then. */
	if (atomic_load(&u->halt.asked) || u->failed != STATUS_OK)
		return (-1);
	l->u = u;
	l->number = u->lines_started;
	if ((l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return (-1);
	if ((rc = pthread_create(&l->thread, NULL, line_main, l)) != 0) {
		fd_close(&l->wake);
		errno = rc;
		return (-1);
	}
	l->running = true;
	u->lines_started++;
	return (0);
}

static void
judge_hunger(struct upload *u)
{
	size_t lines = u->connected > 0 ? u->connected : 1;

	if (u->queue_len <= lines * QUEUE_LOW && !u->hungry) {
		u->hungry = true;
		pthread_cond_broadcast(&u->cargo->change);
	} else if (u->queue_len >= lines * QUEUE_HIGH)
		u->hungry = false;
}

struct block *
upload_next(struct upload *u)
{
	struct block *b;

	while (u->queue_len > 0) {
		b = u->queue[0];
		u->queue_len--;
		memmove(u->queue, u->queue + 1,
		    u->queue_len * sizeof(u->queue[0]));
		judge_hunger(u);
		/* It may have come back, and be there all the same. */
		if (!ledger_has(u->ledger, b))
			return (b);
		cargo_drop(u->cargo, b);
	}
	return (NULL);
}

void
upload_put_back(struct upload *u, struct block *b)
{
	size_t i = 0;

	if (ledger_has(u->ledger, b)) {
		cargo_drop(u->cargo, b);
		return;
	}
	while (i < u->queue_len && u->queue[i]->offset < b->offset)
		i++;
	memmove(u->queue + i + 1, u->queue + i,
	    (u->queue_len - i) * sizeof(u->queue[0]));
	u->queue[i] = b;
	u->queue_len++;
	judge_hunger(u);
}

/* --- the methods --- */

static enum status
upload_put(struct target *t, struct block *b)
{
	struct upload *u = upload_of(t);
	enum status status;

	pthread_mutex_lock(&u->cargo->lock);
	if ((status = u->failed) == STATUS_OK &&
	    ledger_add(u->ledger, b) == -1)
		status = STATUS_LOCAL;
	if (status == STATUS_OK) {
		cargo_hold(b);
		u->queue[u->queue_len++] = b;
		if (u->last != NULL)
			cargo_drop(u->cargo, u->last);
		cargo_hold(b);
		u->last = b;
		u->given += b->len;
		judge_hunger(u);
		upload_wake(u);
	}
	pthread_mutex_unlock(&u->cargo->lock);
	if (status == STATUS_LOCAL && u->failed == STATUS_OK) {
		msg_error("%s: no memory", u->name);
		upload_fail(u, status);
	}
	return (status);
}

static bool
upload_wants(struct target *t)
{
	struct upload *u = upload_of(t);

	return (u->hungry);
}

static enum status
upload_state(struct target *t)
{
	struct upload *u = upload_of(t);
	enum status status;

	pthread_mutex_lock(&u->cargo->lock);
	status = u->failed;
	pthread_mutex_unlock(&u->cargo->lock);
	return (status);
}

static void
upload_finish(struct target *t, const struct manifest *m)
{
	struct upload *u = upload_of(t);

	pthread_mutex_lock(&u->cargo->lock);
	u->manifest = m;
	if (u->phase == PHASE_SENDING)
		u->phase = PHASE_FINISHING;
	upload_wake(u);
	pthread_mutex_unlock(&u->cargo->lock);
}

/* Wait until a phase is over: the first failure, STATUS_LOCAL for a signal. */
static enum status
await_phase(struct upload *u, bool opening)
{
	enum status status;

	pthread_mutex_lock(&u->cargo->lock);
	while (u->failed == STATUS_OK && u->phase != PHASE_DONE &&
	    !(opening && u->phase != PHASE_OPENING) && sig_caught() == 0)
		cargo_wait(u->cargo);
	status = u->failed;
	if (status == STATUS_OK && u->phase != PHASE_DONE &&
	    sig_caught() != 0)
		status = STATUS_LOCAL;
	pthread_mutex_unlock(&u->cargo->lock);
	return (status);
}

static enum status
upload_published(struct target *t)
{

	return (await_phase(upload_of(t), false));
}

static void
upload_describe(struct target *t, struct target_how *how)
{
	struct upload *u = upload_of(t);

	snprintf(how->transport, sizeof(how->transport), "%s",
	    route_transport(u->route));
	pthread_mutex_lock(&u->cargo->lock);
	how->connections = u->lines_most;
	how->reconnects = u->reconnects;
	pthread_mutex_unlock(&u->cargo->lock);
}

/* --- beginning and end --- */

static void
join_all(struct upload *u)
{
	size_t i, n;

	pthread_mutex_lock(&u->cargo->lock);
	atomic_store(&u->halt.asked, true);
	/* No line starts another from now on. */
	u->lines_wanted = 0;
	n = u->lines_started;
	upload_wake(u);
	pthread_mutex_unlock(&u->cargo->lock);
	for (i = 0; i < n; i++) {
		(void)pthread_join(u->lines[i].thread, NULL);
		fd_close(&u->lines[i].wake);
	}
}

static void
free_naming(struct naming *n)
{

	free(n->path);
	free(n->temp);
}

static void
upload_close(struct target *t)
{
	struct upload *u = upload_of(t);
	size_t i;

	join_all(u);
	warn_left(u);
	pthread_mutex_lock(&u->cargo->lock);
	while (u->queue_len > 0)
		cargo_drop(u->cargo, u->queue[--u->queue_len]);
	if (u->last != NULL)
		cargo_drop(u->cargo, u->last);
	cargo_stored(u->cargo, u->number, CARGO_GONE);
	pthread_mutex_unlock(&u->cargo->lock);
	for (i = 0; u->beside != NULL && i < u->manifest->beside_count; i++)
		free_naming(&u->beside[i]);
	free(u->beside);
	ledger_free(u->ledger);
	route_free(u->route);
	free(u->queue);
	free(u);
}

static enum status
prepare(struct upload *u, const struct dest *d)
{
	struct fault f = { 0 };

	dest_parent(u->path, u->dir);
	u->ledger = ledger_new();
	/* One more: the block that is being put back was not counted. */
	u->queue = calloc(u->cargo->max + 1, sizeof(u->queue[0]));
	if (u->ledger == NULL || u->queue == NULL) {
		msg_errno(u->name);
		return (STATUS_LOCAL);
	}
	u->route = route_new(d, u->name, u->opts, u->opts->secrets, NULL,
	    &f);
	if (u->route == NULL)
		return (fault_print(&f, u->name));
	u->lines_wanted = u->opts->connections == 0 ? 1 : u->opts->connections;
	return (STATUS_OK);
}

static enum status
start(struct upload *u)
{
	int rc;

	pthread_mutex_lock(&u->cargo->lock);
	rc = upload_start_line(u);
	pthread_mutex_unlock(&u->cargo->lock);
	if (rc == 0)
		return (await_phase(u, true));
	msg_error("%s: thread: %s", u->name, strerror(errno));
	return (STATUS_LOCAL);
}

struct target *
upload_open(const struct dest *d, const char *path, const char *name,
    const struct target_common *common, enum status *status)
{
	struct upload *u;

	if ((u = calloc(1, sizeof(*u))) == NULL) {
		msg_errno(name);
		*status = STATUS_LOCAL;
		return (NULL);
	}
	u->target = (struct target){ upload_put, upload_wants, upload_state,
	    upload_finish, upload_published, upload_describe, upload_close };
	u->common = common;
	u->opts = common->opts;
	u->cargo = common->cargo;
	u->name = name;
	u->path = path;
	u->mode = common->opts->mode;
	u->hungry = true;
	bucket_init(&u->bucket, u->opts->limit);
	pthread_mutex_lock(&u->cargo->lock);
	u->number = cargo_end(u->cargo);
	pthread_mutex_unlock(&u->cargo->lock);
	if ((*status = prepare(u, d)) == STATUS_OK &&
	    (*status = start(u)) == STATUS_OK)
		return (&u->target);
	upload_close(&u->target);
	return (NULL);
}
