/* SPDX-License-Identifier: ISC */
/*
 * Ordered lanes.
 *
 * What is parallel: each worker reads its task from the server, compresses it,
 * and puts the archive's bytes into the lane of the task.  What is in order:
 * the lanes stand in a queue in the order of the archive, and one reader takes
 * the bytes of the lane at the head.
 *
 * A lane is a list of slabs.  The worker fills the last one; the reader may
 * read each up to its `ready` mark, which moves when a chunk is whole (a chunk
 * begins with its length, so no part of it can go out before).  Slabs belong
 * to the worker beyond that mark and to the reader before it, and go back to
 * the pool when they are read.
 *
 * What bounds memory: the pool, EMIT_SHARE a worker.  The lane at the head must
 * always get on, or all would wait for ever; so the last RESERVE slabs are for
 * it alone.  They suffice for the chunk that is being made, and each chunk that
 * is made is read.  All others wait when the pool is down to the reserve; what
 * they have finished stays queued while their workers go on.
 *
 * A worker that reads a part of a table has locks on its indexes, and a REINDEX
 * that waits for them blocks all who write.  So it must not wait for a slow
 * reader in the middle of it: such a task begins only when slabs for all that
 * it is expected to make can be set aside.  What is expected is what the plan
 * says, or what the largest one of that table has made so far.  One that makes
 * more than a worker's share (rows of many megabytes, or rows that were
 * compressed in the heap) has to wait all the same; the next ones of its table
 * are shorter.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "emit-impl.h"
#include "msg.h"
#include "sig.h"

#define IDLE_MS		200
#define BLOCK_DATA	1	/* types of a block in the archive */
#define BLOCK_BLOBS	3

void
emit_int(uint8_t out[INT_LEN], uint32_t value)
{

	out[0] = 0;
	out[1] = (uint8_t)value;
	out[2] = (uint8_t)(value >> 8);
	out[3] = (uint8_t)(value >> 16);
	out[4] = (uint8_t)(value >> 24);
}

struct emit *
emit_new(unsigned jobs, bool gzip)
{
	struct emit *e = calloc(1, sizeof(*e));
	pthread_condattr_t attr;

	if (e == NULL)
		return (NULL);
	if ((e->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1) {
		free(e);
		return (NULL);
	}
	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->ready, &attr);
	pthread_cond_init(&e->room, &attr);
	pthread_condattr_destroy(&attr);
	e->gzip = gzip;
	e->free_count = (size_t)jobs * (EMIT_SHARE / EMIT_SLAB);
	e->share = (e->free_count - RESERVE) / jobs;
	e->tail = &e->head;
	return (e);
}

static void
free_slabs(struct slab *s)
{
	struct slab *next;

	for (; s != NULL; s = next) {
		next = s->next;
		free(s);
	}
}

void
emit_free(struct emit *e)
{
	struct task *t;

	if (e == NULL)
		return;
	while ((t = e->head) != NULL) {
		e->head = t->next;
		free_slabs(t->slabs);
		free(t);
	}
	free_slabs(e->free);
	close(e->stop_fd);
	pthread_cond_destroy(&e->ready);
	pthread_cond_destroy(&e->room);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

void
emit_fail_locked(struct emit *e, enum status status)
{
	const uint64_t one = 1;

	if (e->status == STATUS_OK)
		e->status = status;
	(void)!write(e->stop_fd, &one, sizeof(one));
	pthread_cond_broadcast(&e->room);
	pthread_cond_broadcast(&e->ready);
}

void
emit_fail(struct emit *e, enum status status)
{
	bool first;

	pthread_mutex_lock(&e->lock);
	first = e->status == STATUS_OK;
	emit_fail_locked(e, status);
	pthread_mutex_unlock(&e->lock);
	/* The locks go with us: a reader that is stuck must not keep them. */
	if (first)
		sig_stop();
}

void
emit_stop(struct emit *e)
{

	pthread_mutex_lock(&e->lock);
	emit_fail_locked(e, STATUS_LOCAL);
	pthread_mutex_unlock(&e->lock);
}

enum status
emit_status(struct emit *e)
{
	enum status status;

	pthread_mutex_lock(&e->lock);
	status = e->status;
	pthread_mutex_unlock(&e->lock);
	return (status);
}

bool
emit_failed(struct emit *e)
{

	return (emit_status(e) != STATUS_OK);
}

int
emit_stop_fd(const struct emit *e)
{

	return (e->stop_fd);
}

/* Slabs to be set aside for the plan's next task. */
static size_t
needed(const struct emit *e, const struct plan *p)
{
	const struct plan_entry *entry = plan_peek(p);
	size_t n;

	if (entry == NULL)
		return (0);
	n = (size_t)(entry->task_bytes / EMIT_SLAB);
	n += n / 4 + 1;
	if (n < entry->most_slabs)
		n = entry->most_slabs;
	return (n < e->share ? n : e->share);
}

struct task *
emit_take(struct emit *e, struct plan *p)
{
	struct task *t = calloc(1, sizeof(*t));
	size_t need = 0;

	pthread_mutex_lock(&e->lock);
	/* An empty queue has all slabs. */
	while (e->status == STATUS_OK && (need = needed(e, p)) > 0 &&
	    e->head != NULL && e->free_count - e->reserved < need + RESERVE)
		pthread_cond_wait(&e->room, &e->lock);
	if (t == NULL) {
		msg_errno("tasks");
		emit_fail_locked(e, STATUS_LOCAL);
		sig_stop();
	} else if (e->status != STATUS_OK || !plan_next(p, t)) {
		free(t);
		t = NULL;
		e->ended = true;
	} else {
		t->emit = e;
		t->reserved = need;
		e->reserved += need;
		*e->tail = t;
		e->tail = &t->next;
	}
	pthread_cond_signal(&e->ready);
	pthread_mutex_unlock(&e->lock);
	return (t);
}

void
emit_loosen(struct emit *e, bool loose)
{

	pthread_mutex_lock(&e->lock);
	e->loose = loose;
	pthread_cond_broadcast(&e->room);
	pthread_mutex_unlock(&e->lock);
}

bool
emit_is_head(struct emit *e, const struct task *t)
{
	bool head;

	pthread_mutex_lock(&e->lock);
	head = e->head == t;
	pthread_mutex_unlock(&e->lock);
	return (head);
}

/* The block's beginning goes out before its first bytes. */
static void
begin_block(struct emit *e, const struct task *t)
{

	e->begun = true;
	if (!t->first)
		return;
	e->own[e->own_len++] = t->entry->blobs ? BLOCK_BLOBS : BLOCK_DATA;
	emit_int(e->own + e->own_len, (uint32_t)t->entry->id);
	e->own_len += INT_LEN;
	e->check = 1;
}

/* A slab was read: under the lock.  What is kept for the head comes back first,
 * then what went beyond the limit goes. */
static void
put_slab(struct emit *e, struct slab *s)
{

	if (e->over > 0 && e->free_count - e->reserved >= RESERVE) {
		e->over--;
		free(s);
		return;
	}
	s->next = e->free;
	e->free = s;
	e->free_count++;
}

/* All of the head's lane was read: under the lock. */
static void
end_lane(struct emit *e)
{
	struct task *t = e->head;
	uint32_t c;

	if (t->split && e->gzip)
		e->check = (uint32_t)adler32_combine(e->check, t->check,
		    (z_off_t)t->text);
	if (t->last && t->split && e->gzip) {
		c = e->check;
		emit_int(e->own + e->own_len, 4);
		e->own_len += INT_LEN;
		e->own[e->own_len++] = (uint8_t)(c >> 24);
		e->own[e->own_len++] = (uint8_t)(c >> 16);
		e->own[e->own_len++] = (uint8_t)(c >> 8);
		e->own[e->own_len++] = (uint8_t)c;
	}
	if (t->last) {
		emit_int(e->own + e->own_len, 0);
		e->own_len += INT_LEN;
	}
	e->state.done += t->weight;
	if ((e->head = t->next) == NULL)
		e->tail = &e->head;
	e->begun = false;
	if (t->slabs != NULL)
		put_slab(e, t->slabs);
	free(t);
	pthread_cond_broadcast(&e->room);
}

/* Slabs that are read and closed go back: under the lock. */
static void
free_read(struct emit *e, struct task *t)
{
	struct slab *s;

	while ((s = t->slabs) != NULL && s->closed && s->read == s->used) {
		t->slabs = s->next;
		put_slab(e, s);
		pthread_cond_broadcast(&e->room);
	}
}

/*
 * What can be had without waiting: bytes of *from, or 0; *end: there is and
 * will be none.  Under the lock.
 */
static size_t
look(struct emit *e, const uint8_t **from, bool *end)
{
	struct task *t;
	struct slab *s;

	*end = false;
	for (;;) {
		if (e->own_read < e->own_len) {
			*from = e->own + e->own_read;
			return (e->own_len - e->own_read);
		}
		e->own_read = e->own_len = 0;
		if ((t = e->head) == NULL) {
			*end = e->ended;
			return (0);
		}
		e->state.entry = t->entry;
		if (!e->begun) {
			begin_block(e, t);
			continue;
		}
		free_read(e, t);
		s = t->slabs;
		if (s != NULL && s->read < s->ready) {
			*from = s->data + s->read;
			return (s->ready - s->read);
		}
		if (!t->done)
			return (0);
		end_lane(e);
	}
}

static void
took(struct emit *e, size_t n)
{

	if (e->own_read < e->own_len)
		e->own_read += n;
	else
		e->head->slabs->read += n;
	e->state.out += n;
}

static void
wait_ready(struct emit *e)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += IDLE_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(&e->ready, &e->lock, &until);
}

enum status
emit_read(struct emit *e, uint8_t *buf, size_t len, size_t *got,
    enum status (*idle)(void *), void *arg)
{
	enum status status;
	const uint8_t *from;
	size_t n;
	bool end;

	*got = 0;
	pthread_mutex_lock(&e->lock);
	while ((status = e->status) == STATUS_OK && *got < len) {
		if ((n = look(e, &from, &end)) > 0) {
			if (n > len - *got)
				n = len - *got;
			/* The worker does not touch what is ready. */
			pthread_mutex_unlock(&e->lock);
			memcpy(buf + *got, from, n);
			pthread_mutex_lock(&e->lock);
			took(e, n);
			*got += n;
			continue;
		}
		if (end || *got > 0)
			break;
		e->state.waiting = true;
		wait_ready(e);
		pthread_mutex_unlock(&e->lock);
		status = sig_caught() != 0 ? STATUS_LOCAL : idle(arg);
		pthread_mutex_lock(&e->lock);
		e->state.waiting = false;
		if (status != STATUS_OK)
			emit_fail_locked(e, status);
	}
	pthread_mutex_unlock(&e->lock);
	return (status);
}

void
emit_follow(struct emit *e, size_t len)
{

	pthread_mutex_lock(&e->lock);
	e->state.out += len;
	e->state.waiting = len == 0;
	pthread_mutex_unlock(&e->lock);
}

void
emit_state(struct emit *e, struct emit_state *out)
{

	pthread_mutex_lock(&e->lock);
	*out = e->state;
	/* A relation's rows may take more room in the archive than on disk. */
	if (e->head != NULL)
		out->done += e->head->shown < e->head->weight ?
		    e->head->shown : e->head->weight;
	pthread_mutex_unlock(&e->lock);
}
