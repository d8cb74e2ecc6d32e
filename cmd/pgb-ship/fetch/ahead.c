/* SPDX-License-Identifier: ISC */
/*
 * Reading ahead.
 *
 * A READ is answered a round trip later, so a fast reader keeps as many on
 * their way as the line holds.  How many that is shows only under way: the
 * window is twice the rate times the shortest round trip, between AHEAD_MIN and
 * AHEAD_MAX.  A window that was the limit doubles from one measurement to the
 * next; one that was not stays a little above what the line holds.  It counts
 * what is asked for and not yet handed on, so that it bounds the memory too,
 * and a reader who stops stops the requests.
 *
 * Each request has a slot, and the slots stand in the queue in the order of the
 * file.  Answers come in any order and fill their own slot; only the first one
 * is waited for and handed on.  An answer may be shorter than what was asked
 * for: the rest is asked for at once, in the same slot; and where two in a row
 * have the same length, that is what the server gives, and no more is asked
 * for.
 *
 * Slots that are free are used again last in, first out: memory that nobody
 * needs is never touched, and the rest stays in the cache.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fetch/ahead.h"
#include "ssh/halt.h"

#define MEMORY		(AHEAD_MAX + SFTP_BLOCK_MAX)
#define SLOTS		(MEMORY / SFTP_BLOCK)
#define GUESS		(16.0 * 1024 * 1024)	/* bytes a second, at first */
#define MEASURE_US	50000
#define SHORTEST	1024	/* READ that is worth its packet */

struct slot {
	struct sftp_io io;	/* for what is not there yet */
	bool asked;		/* and its answer not yet looked at */
	struct slot *next;
	uint8_t *buf;		/* of a block's size */
	uint64_t offset;
	size_t want, have, used;
};

struct ahead {
	struct bucket *limit;
	struct sftp *sftp;
	const struct sftp_handle *h;
	uint64_t pos;		/* the next byte to hand on */
	uint64_t asked, end;
	size_t ask;		/* length of a READ */
	size_t cut;		/* the last answer was that short; 0: whole */

	struct slot *first, **last;	/* the queue */
	struct slot *spare;
	struct slot slots[SLOTS];
	uint8_t *memory;

	size_t window;
	uint64_t came;		/* bytes, since since_us */
	int64_t since_us;
};

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

struct ahead *
ahead_new(struct bucket *limit)
{
	struct ahead *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	a->limit = limit;
	if ((a->memory = malloc(MEMORY)) == NULL) {
		free(a);
		return (NULL);
	}
	return (a);
}

void
ahead_free(struct ahead *a)
{

	if (a == NULL)
		return;
	free(a->memory);
	free(a);
}

/* --- the window --- */

static size_t
window_for(const struct ahead *a, double rate)
{
	double bytes = 2 * rate * (double)sftp_rtt_us(a->sftp) / 1e6;

	if (bytes < (double)AHEAD_MIN)
		return (AHEAD_MIN);
	return (bytes > (double)AHEAD_MAX ? AHEAD_MAX : (size_t)bytes);
}

static void
measure(struct ahead *a)
{
	int64_t now = now_us(), took = now - a->since_us;
	size_t window;

	if (took < MEASURE_US || took < 2 * sftp_rtt_us(a->sftp))
		return;
	window = window_for(a, (double)a->came * 1e6 / (double)took);
	/* That a reader rests for a moment shall not cost much. */
	if (window < a->window)
		window = a->window - (a->window - window) / 4;
	a->window = window;
	a->came = 0;
	a->since_us = now;
}

void
ahead_start(struct ahead *a, struct sftp *s, const struct sftp_handle *h,
    uint64_t from, uint64_t end)
{
	size_t block = sftp_read_block(s), i;

	a->sftp = s;
	a->h = h;
	a->pos = a->asked = from;
	a->end = end;
	a->ask = block;
	a->cut = 0;
	a->first = a->spare = NULL;
	a->last = &a->first;
	for (i = 0; i < SLOTS && i < MEMORY / block; i++) {
		a->slots[i].buf = a->memory + i * block;
		a->slots[i].next = a->spare;
		a->spare = &a->slots[i];
	}
	a->window = window_for(a, GUESS);
	a->came = 0;
	a->since_us = now_us();
}

/* --- requests --- */

static void
ask(struct ahead *a, struct slot *s)
{

	s->io.buf = s->buf + s->have;
	s->io.len = s->want - s->have;
	s->io.offset = s->offset + s->have;
	s->asked = true;
	sftp_read(a->sftp, a->h, &s->io);
}

/* Ask for what the window has room for: 0, or how many ms later to go on. */
static int
fill(struct ahead *a)
{
	struct slot *s;
	size_t len;
	int wait;

	while (a->asked < a->end && a->asked - a->pos < a->window &&
	    (s = a->spare) != NULL) {
		len = bucket_piece(a->limit, a->ask);
		if (a->end - a->asked < len)
			len = (size_t)(a->end - a->asked);
		if ((wait = bucket_take(a->limit, len)) > 0)
			return (wait);
		a->spare = s->next;
		s->next = NULL;
		*a->last = s;
		a->last = &s->next;
		s->offset = a->asked;
		s->want = len;
		s->have = s->used = 0;
		a->asked += len;
		ask(a, s);
	}
	return (0);
}

/* --- answers --- */

static void
settle(struct ahead *a, struct slot *s)
{
	size_t got = s->io.len;

	s->asked = false;
	if (s->io.error != SFTP_OK)
		return;
	s->have += got;
	a->came += got;
	if (s->have == s->want) {
		if (got >= a->ask)
			a->cut = 0;
		return;
	}
	if (got == a->cut && got < a->ask && got >= SHORTEST)
		a->ask = got;
	a->cut = got;
	ask(a, s);
}

static void
settle_all(struct ahead *a)
{
	struct slot *s;

	for (s = a->first; s != NULL; s = s->next)
		if (s->asked && !s->io.busy)
			settle(a, s);
}

static size_t
hand_on(struct ahead *a, uint8_t *buf, size_t len)
{
	size_t got = 0, n;
	struct slot *s;

	while ((s = a->first) != NULL && s->have > s->used && got < len) {
		n = s->have - s->used;
		if (n > len - got)
			n = len - got;
		memcpy(buf + got, s->buf + s->used, n);
		s->used += n;
		got += n;
		a->pos += n;
		if (s->used < s->want)
			continue;
		if ((a->first = s->next) == NULL)
			a->last = &a->first;
		s->next = a->spare;
		a->spare = s;
	}
	return (got);
}

/* Until the first one's answer, or the moment to ask for more. */
static int
await(struct ahead *a, int wait)
{

	if (wait == 0)
		return (sftp_await(a->sftp, &a->first->io));
	if (halt_asked(NULL))
		return (SFTP_SIGNAL);
	return (sftp_step(a->sftp, wait < HALT_STEP_MS ? wait : HALT_STEP_MS,
	    -1));
}

int
ahead_read(struct ahead *a, void *buf, size_t len, size_t *got)
{
	int wait, rc = SFTP_OK;

	for (;;) {
		wait = fill(a);
		settle_all(a);
		if ((*got = hand_on(a, buf, len)) > 0)
			break;
		if (rc != SFTP_OK)
			return (rc);
		if (a->first != NULL && !a->first->asked)
			return (a->first->io.error);
		rc = await(a, wait);
	}
	/* The reader may be slow: let the requests go first.  If the
	 * connection is lost the next call says so. */
	(void)fill(a);
	(void)sftp_poke(a->sftp);
	measure(a);
	return (SFTP_OK);
}
