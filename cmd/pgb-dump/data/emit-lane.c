/* SPDX-License-Identifier: ISC */
/*
 * The lane of a task: a worker's side of emit.c.
 */
#include <stdlib.h>
#include <string.h>

#include "emit-impl.h"
#include "msg.h"
#include "sig.h"

/* Whether the pool has a slab for the lane.  What is kept for the head is not
 * touched, not even while loose: a later head could not get on. */
static bool
pool_has(const struct emit *e, const struct task *t)
{

	return (t->reserved > 0 ||
	    e->free_count - e->reserved > (e->head == t ? 0 : RESERVE));
}

/* Whether the lane may have another slab. */
static bool
has_room(const struct emit *e, const struct task *t)
{

	return (pool_has(e, t) || (e->loose && t->split));
}

/* A slab of the pool, or a new one, or NULL without memory. */
static struct slab *
take_slab(struct emit *e, struct task *t)
{
	struct slab *s = NULL;

	if (!pool_has(e, t)) {
		if ((s = malloc(sizeof(*s))) != NULL)
			e->over++;
		return (s);
	}
	if ((s = e->free) != NULL)
		e->free = s->next;
	else if ((s = malloc(sizeof(*s))) == NULL)
		return (NULL);
	e->free_count--;
	if (t->reserved > 0) {
		t->reserved--;
		e->reserved--;
	}
	return (s);
}

/* Another slab for the lane, or NULL after emit_fail(). */
static struct slab *
get_slab(struct task *t)
{
	struct emit *e = t->emit;
	struct slab *s = NULL;

	pthread_mutex_lock(&e->lock);
	while (e->status == STATUS_OK && !has_room(e, t))
		pthread_cond_wait(&e->room, &e->lock);
	if (e->status != STATUS_OK)
		goto out;
	if ((s = take_slab(e, t)) == NULL) {
		msg_errno(t->entry->label);
		emit_fail_locked(e, STATUS_LOCAL);
		sig_stop();
		goto out;
	}
	t->taken++;
	s->next = NULL;
	s->used = s->ready = s->read = 0;
	s->closed = false;
	if (t->slab != NULL) {
		t->slab->next = s;
		t->slab->closed = true;
	} else
		t->slabs = s;
	t->slab = s;
out:
	pthread_mutex_unlock(&e->lock);
	return (s);
}

/* What its size has taught: the next ones of the table are to fit.  Under the
 * lock, which the plan is under, too. */
static void
learn(const struct emit *e, const struct task *t)
{
	struct plan_entry *entry = t->entry;

	if (!t->split || t->taken <= entry->most_slabs)
		return;
	entry->most_slabs = t->taken;
	if (t->taken > e->share && entry->step > 1) {
		entry->step = (uint32_t)((uint64_t)entry->step * e->share /
		    t->taken);
		entry->step += entry->step == 0;
		entry->most_slabs = e->share;
	}
}

/* What was put in so far may be read, the unfinished slab's part too. */
static bool
hand_over(struct task *t, bool done)
{
	struct emit *e = t->emit;
	struct slab *s;
	bool ok;

	pthread_mutex_lock(&e->lock);
	/* Those in front were handed over before, and may be gone. */
	for (s = t->slabs; s != NULL; s = s->next)
		s->ready = s->used;
	t->shown = t->came;
	t->done = done;
	if (done) {
		learn(e, t);
		e->reserved -= t->reserved;
		t->reserved = 0;
		pthread_cond_broadcast(&e->room);
	}
	if (e->head == t)
		pthread_cond_signal(&e->ready);
	ok = e->status == STATUS_OK;
	pthread_mutex_unlock(&e->lock);
	return (ok);
}

static bool
lane_begin(void *arg)
{
	struct task *t = arg;

	if ((t->slab == NULL || EMIT_SLAB - t->slab->used < INT_LEN) &&
	    get_slab(t) == NULL)
		return (false);
	t->chunk = t->slab->data + t->slab->used;
	t->chunk_len = 0;
	t->slab->used += INT_LEN;
	return (true);
}

static uint8_t *
lane_room(void *arg, size_t *len)
{
	struct task *t = arg;

	if (t->slab->used == EMIT_SLAB && get_slab(t) == NULL)
		return (NULL);
	*len = EMIT_SLAB - t->slab->used;
	return (t->slab->data + t->slab->used);
}

static void
lane_used(void *arg, size_t len)
{
	struct task *t = arg;

	t->slab->used += len;
	t->chunk_len += len;
}

static bool
lane_end(void *arg)
{
	struct task *t = arg;

	emit_int(t->chunk, (uint32_t)t->chunk_len);
	return (hand_over(t, false));
}

void
lane_sink(struct task *t, struct squeeze_sink *sink)
{

	*sink = (struct squeeze_sink){ lane_begin, lane_room, lane_used,
	    lane_end, t };
}

bool
lane_bytes(struct task *t, const void *buf, size_t len)
{
	const uint8_t *from = buf;
	size_t n;

	while (len > 0) {
		if ((t->slab == NULL || t->slab->used == EMIT_SLAB) &&
		    get_slab(t) == NULL)
			return (false);
		n = EMIT_SLAB - t->slab->used;
		if (n > len)
			n = len;
		memcpy(t->slab->data + t->slab->used, from, n);
		t->slab->used += n;
		from += n;
		len -= n;
	}
	return (true);
}

void
lane_came(struct task *t, size_t len)
{

	t->came += len;
}

void
lane_done(struct task *t, uint32_t check, uint64_t text)
{

	t->check = check;
	t->text = text;
	hand_over(t, true);
}
