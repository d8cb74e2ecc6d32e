/* SPDX-License-Identifier: ISC */
/*
 * A payload is chunks of 64 KiB, each sealed under its number and under a flag
 * that only the final one bears.  Given these two, a chunk depends on no other:
 * so they are sealed, and opened, by many threads, a batch of them a job, and
 * come out in order (lanes.h).  Numbers and batches follow from the offset
 * alone.  What comes out is the same for any number of threads and for any way
 * in which the bytes came.
 *
 * Whether a full chunk is the final one only the byte behind it tells.  So a
 * batch that is full is kept back until there is one (full), and the one that
 * is kept back, or being filled, when the end comes holds the final chunk.
 *
 * The input is read straight into the batch, and what a thread makes of it may
 * be made where the sink wants it: nothing is copied in between.
 *
 * What is done is handed on when more bytes come, and at the end: while the
 * input stands still, so may a few batches.
 *
 * A chunk that does not open ends its batch.  What it was is looked for when
 * its turn comes, in the caller's thread: the chunks before it have then been
 * handed on, and the sentence is that of a single thread.
 */
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/payload.h"
#include "lanes.h"

#define BATCH	1	/* chunks */

struct batch {
	uint64_t index;		/* of the first chunk */
	bool final;		/* its last chunk is the payload's */
	size_t len;		/* bytes of in */
	size_t made;		/* bytes of out that are good */
	size_t used;		/* bytes of in that they come from */
	bool bad;
	uint8_t *in, *own;	/* room for BATCH chunks, sealed ones too */
	uint8_t *out;		/* own, or the sink's */
};

struct payload {
	enum payload_way way;
	size_t unit;		/* bytes of a full chunk as it comes in */
	unsigned threads;
	size_t count;		/* batches */
	age_sink sink;
	payload_place place;
	void *arg;

	struct lanes *lanes;
	struct cipher *ciphers[LANES_MAX];	/* one a thread */
	struct batch *v;
	uint8_t *memory;	/* of all batches */
	struct batch *fill;	/* takes the next bytes; NULL: none yet */
	struct batch *full;	/* waits for the byte behind it */
	uint64_t index;		/* of the next batch's first chunk */

	enum payload_fault fault;
	uint64_t fault_at;
	char why[AGE_WHY_LEN];
};

/*
 * Whole pages: where a page of the input's file is copied to bytes that stand a
 * little further in theirs, the processor takes each load for one of a store
 * before it, and reading costs twice the time.
 */
#define PAGE		4096
#define BATCH_ROOM \
	(((size_t)BATCH * AGE_SEALED_LEN + PAGE - 1) / PAGE * PAGE)

/* One chunk of a batch: 0 or -1. */
static int
work_chunk(const struct payload *p, struct cipher *c, struct batch *b,
    uint64_t index, size_t len, bool last)
{
	const uint8_t *in = b->in + b->used;
	uint8_t *out = b->out + b->made;

	if (p->way == PAYLOAD_SEAL) {
		if (cipher_seal(c, index, last, in, len, out) == -1)
			return (-1);
		b->made += len + AGE_TAG_LEN;
	} else {
		if (len < AGE_TAG_LEN || (len == AGE_TAG_LEN && index > 0) ||
		    cipher_open(c, index, last, in, len, out) == -1)
			return (-1);
		b->made += len - AGE_TAG_LEN;
	}
	b->used += len;
	return (0);
}

/* In any thread. */
static void
work(void *arg, unsigned worker, void *job)
{
	const struct payload *p = arg;
	struct batch *b = job;
	uint64_t index = b->index;
	size_t n;

	/* An empty payload has one empty chunk. */
	do {
		n = b->len - b->used < p->unit ? b->len - b->used : p->unit;
		b->bad = work_chunk(p, p->ciphers[worker], b, index++, n,
		    b->final && b->used + n == b->len) == -1;
	} while (!b->bad && b->used < b->len);
}

void
payload_free(struct payload *p)
{
	unsigned i;

	if (p == NULL)
		return;
	lanes_free(p->lanes);
	for (i = 0; i < p->threads; i++)
		cipher_free(p->ciphers[i]);
	if (p->memory != NULL)
		sodium_memzero(p->memory, p->count * 2 * BATCH_ROOM);
	free(p->memory);
	free(p->v);
	free(p);
}

static int
set_up(struct payload *p, const uint8_t key[CIPHER_KEY_LEN])
{
	void **jobs;
	unsigned t;
	size_t i;

	for (t = 0; t < p->threads; t++)
		if ((p->ciphers[t] = cipher_new(key, p->way == PAYLOAD_SEAL ?
		    CIPHER_SEAL : CIPHER_OPEN)) == NULL)
			return (-1);
	p->v = calloc(p->count, sizeof(*p->v));
	jobs = calloc(p->count, sizeof(*jobs));
	p->memory = aligned_alloc(PAGE, p->count * 2 * BATCH_ROOM);
	if (p->v != NULL && jobs != NULL && p->memory != NULL) {
		for (i = 0; i < p->count; i++) {
			jobs[i] = &p->v[i];
			p->v[i].in = p->memory + i * 2 * BATCH_ROOM;
			p->v[i].own = p->v[i].in + BATCH_ROOM;
		}
		p->lanes = lanes_new(p->threads, jobs, p->count, work, p);
	}
	free(jobs);
	return (p->lanes == NULL ? -1 : 0);
}

/* One thread alone needs the batch it fills and the one that is full; each
 * thread more has one to do and one that waits. */
static size_t
batches(unsigned threads)
{

	return (threads == 1 ? 2 : 2 * (size_t)threads + 2);
}

size_t
payload_ahead(unsigned threads)
{

	return (batches(threads) * BATCH * AGE_SEALED_LEN);
}

struct payload *
payload_new(enum payload_way way, const uint8_t key[CIPHER_KEY_LEN],
    unsigned threads, age_sink sink, payload_place where, void *arg)
{
	struct payload *p;
	int saved;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return (NULL);
	p->way = way;
	p->unit = way == PAYLOAD_SEAL ? AGE_CHUNK_LEN : AGE_SEALED_LEN;
	p->threads = threads;
	p->count = batches(threads);
	p->sink = sink;
	p->place = where;
	p->arg = arg;
	if (set_up(p, key) == -1) {
		saved = errno;
		payload_free(p);
		errno = saved;
		return (NULL);
	}
	return (p);
}

__attribute__((format(printf, 4, 5)))
static int
fail(struct payload *p, enum payload_fault fault, uint64_t at, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, ap);
	va_end(ap);
	p->fault = fault;
	p->fault_at = at;
	return (-1);
}

/* Why the chunk that ended a batch did not open. */
static int
explain(struct payload *p, const struct batch *b)
{
	unsigned long long index = b->index + b->used / p->unit;
	uint64_t at = index * p->unit;
	const uint8_t *in = b->in + b->used;
	size_t len = b->len - b->used;
	struct cipher *c = p->ciphers[0];
	bool last;

	if (p->way == PAYLOAD_SEAL)
		return (fail(p, PAYLOAD_LIBRARY, at, "%s fails",
		    cipher_name()));
	last = b->final && len <= p->unit;
	if (len > p->unit)
		len = p->unit;
	if (last && (len < AGE_TAG_LEN || (len == AGE_TAG_LEN && index > 0)))
		return (fail(p, PAYLOAD_CUT, at + len,
		    "cut short in chunk %llu", index));
	if (last && len < p->unit)
		return (fail(p, PAYLOAD_CUT, at + len, "cut short in chunk "
		    "%llu, or that chunk is damaged", index));
	if (cipher_open(c, index, !last, in, len, b->out) == 0) {
		explicit_bzero(b->out, AGE_CHUNK_LEN);
		if (last)
			return (fail(p, PAYLOAD_CUT, at + len, "cut short "
			    "behind chunk %llu: no final chunk", index));
		return (fail(p, PAYLOAD_CUT, at + len, "something else behind "
		    "its final chunk"));
	}
	return (fail(p, PAYLOAD_BAD, at, "chunk %llu is damaged: it does not "
	    "authenticate", index));
}

/* Hand on the oldest batch, if it is done; wait: until it is.  1, 0 where there
 * was none, or -1. */
static int
hand_on(struct payload *p, bool wait)
{
	struct batch *b;

	if ((b = lanes_take(p->lanes, wait)) == NULL)
		return (0);
	if (b->made > 0 && p->sink(p->arg, b->out, b->made) != 0)
		return (fail(p, PAYLOAD_STOPPED, b->index * p->unit,
		    "stopped"));
	if (b->bad)
		return (explain(p, b));
	lanes_drop(p->lanes);
	return (1);
}

/* A batch to fill; there is none while all of them are at work. */
static int
next(struct payload *p)
{

	while ((p->fill = lanes_next(p->lanes)) == NULL)
		if (hand_on(p, true) == -1)
			return (-1);
	p->fill->out = NULL;
	if (p->place != NULL)
		p->fill->out = p->place(p->arg, p->way == PAYLOAD_SEAL ?
		    BATCH * AGE_SEALED_LEN : BATCH * AGE_CHUNK_LEN);
	if (p->fill->out == NULL)
		p->fill->out = p->fill->own;
	p->fill->index = p->index;
	p->fill->final = false;
	p->fill->len = p->fill->made = p->fill->used = 0;
	p->fill->bad = false;
	p->index += BATCH;
	return (0);
}

uint8_t *
payload_room(struct payload *p, size_t *len)
{

	if (p->fault != PAYLOAD_FINE ||
	    (p->fill == NULL && next(p) == -1))
		return (NULL);
	*len = BATCH * p->unit - p->fill->len;
	return (p->fill->in + p->fill->len);
}

int
payload_put(struct payload *p, const uint8_t *buf, size_t len)
{
	size_t n, room;
	uint8_t *to;
	int got;

	while (len > 0) {
		if ((to = payload_room(p, &room)) == NULL)
			return (-1);
		n = len < room ? len : room;
		if (to != buf)
			memcpy(to, buf, n);
		p->fill->len += n;
		buf += n;
		len -= n;
		if (p->full != NULL) {
			p->full = NULL;
			lanes_put(p->lanes);
		}
		if (n == room) {
			p->full = p->fill;
			p->fill = NULL;
		}
	}
	do {
		if ((got = hand_on(p, false)) == -1)
			return (-1);
	} while (got == 1);
	return (0);
}

int
payload_flush(struct payload *p)
{
	int got;

	if (p->fault != PAYLOAD_FINE)
		return (-1);
	do {
		if ((got = hand_on(p, true)) == -1)
			return (-1);
	} while (got == 1);
	return (0);
}

int
payload_end(struct payload *p)
{
	struct batch *last;

	if (p->fault != PAYLOAD_FINE)
		return (-1);
	/* A batch that room() began and nothing was read into is not one. */
	if ((last = p->full) == NULL) {
		if (p->fill == NULL && next(p) == -1)
			return (-1);
		last = p->fill;
	}
	last->final = true;
	lanes_put(p->lanes);
	return (payload_flush(p));
}

enum payload_fault
payload_fault(const struct payload *p)
{

	return (p->fault);
}

const char *
payload_why(const struct payload *p)
{

	return (p->why);
}

uint64_t
payload_at(const struct payload *p)
{

	return (p->fault_at);
}
