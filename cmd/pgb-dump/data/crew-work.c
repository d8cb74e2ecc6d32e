/* SPDX-License-Identifier: ISC */
/*
 * One task after the other: from a session through a compressor into a lane.
 */
#include <stdlib.h>
#include <unistd.h>

#include "crew-impl.h"
#include "msg.h"

#define COPY_END	"\\.\n\n\n"	/* as pg_dump ends a table's data */

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

	lane_came(h->task, len);
	return (squeeze_used(h->squeeze, len) == 0);
}

static bool
on_bytes(void *arg, const void *buf, size_t len)
{
	struct hand *h = arg;

	lane_came(h->task, len);
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

void
crew_wake_leader(struct crew *c)
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
	crew_wake_leader(c);
	return (status);
}

bool
crew_lead_task(struct hand *h, struct task *t)
{
	struct crew *c = h->crew;
	enum pg_copy got;
	enum status status;

	got = do_task(h, t, &status);
	if (got == PG_COPY_BUSY) {
		msg_verbose("%s: somebody has an index of the table locked: "
		    "waiting", t->entry->label);
		emit_loosen(c->emit, true);
		while (got == PG_COPY_BUSY && !emit_failed(c->emit))
			got = do_task(h, t, &status);
		emit_loosen(c->emit, false);
	}
	if (got == PG_COPY_OK)
		return (true);
	crew_fail(c, status);
	return (false);
}

/* A worker's, or where there are no workers the leader's. */
static bool
work(struct hand *h, struct task *t)
{
	struct crew *c = h->crew;
	enum status status;

	if (h == &c->leader)
		return (crew_lead_task(h, t));
	switch (do_task(h, t, &status)) {
	case PG_COPY_OK:
		return (true);
	case PG_COPY_BUSY:
		if ((status = hand_to_leader(c, t)) == STATUS_OK)
			return (true);
		break;
	case PG_COPY_STOPPED:
	case PG_COPY_FAILED:
		break;
	}
	crew_fail(c, status);
	return (false);
}

bool
crew_do_tasks(struct hand *h)
{
	struct crew *c = h->crew;
	struct task *t;

	while ((t = emit_take(c->emit, c->plan)) != NULL)
		if (!work(h, t))
			return (false);
	return (true);
}
