/* SPDX-License-Identifier: ISC */
/*
 * The window of one connection.
 *
 * A connection takes blocks from the destination's queue and cuts them into
 * WRITEs as large as the server takes; a block is done when all its WRITEs are
 * acknowledged, in whatever order.  How many bytes may be unacknowledged is
 * kept between two evils: less than rate times round trip leaves the line idle,
 * and more than about 1 MiB in excess of that piles up in sshd, which then
 * spends its time on growing buffers and is half as fast.  So the rate is
 * measured all the time, and the window is twice what it asks for, 1 MiB at
 * least: with less a machine of few processors waits for its own scheduler.
 */
#include <stdlib.h>

#include "send/upload-impl.h"

#define RATE_LEAST_MS	20
#define FLOW_NEAR_US	5000	/* a round trip that is nothing */
#define FLOW_FAR	((size_t)2 * 1024 * 1024)	/* to begin with */
#define LIMIT_EXTRA_US	200000	/* for the window under --limit */

/* A block under way. */
struct flight {
	struct block *b;	/* NULL: not in use */
	size_t cut;		/* bytes that were put on their way */
	unsigned out;		/* WRITEs not acknowledged */
};

struct slot {
	struct sftp_io io;
	struct flight *flight;	/* NULL: not in use */
};

int
flow_init(struct line *l)
{
	size_t size = sftp_block(l->sftp), pieces;

	pieces = (CARGO_BLOCK + size - 1) / size;
	l->flight_count = FLOW_MOST / CARGO_BLOCK + 1;
	l->slot_count = l->flight_count * pieces;
	l->slots = calloc(l->slot_count, sizeof(*l->slots));
	l->flights = calloc(l->flight_count, sizeof(*l->flights));
	l->filling = NULL;
	l->flying = 0;
	l->window = sftp_rtt_us(l->sftp) < FLOW_NEAR_US ? FLOW_LEAST : FLOW_FAR;
	l->rate = 0;
	l->rate_bytes = 0;
	l->rate_since = sftp_now();
	if (l->slots != NULL && l->flights != NULL)
		return (0);
	flow_free(l);
	return (-1);
}

void
flow_free(struct line *l)
{

	free(l->slots);
	free(l->flights);
	l->slots = NULL;
	l->flights = NULL;
	l->slot_count = l->flight_count = 0;
}

/* --- sending --- */

/* Whether --limit lets so much go now. */
static bool
may_send(struct upload *u, size_t len)
{
	bool may;

	if (u->opts->limit == 0)
		return (true);
	pthread_mutex_lock(&u->cargo->lock);
	may = bucket_take(&u->bucket, len) == 0;
	pthread_mutex_unlock(&u->cargo->lock);
	return (may);
}

static struct flight *
free_flight(struct line *l)
{
	size_t i;

	for (i = 0; i < l->flight_count; i++)
		if (l->flights[i].b == NULL)
			return (&l->flights[i]);
	return (NULL);
}

static struct slot *
free_slot(struct line *l)
{
	size_t i;

	for (i = 0; i < l->slot_count; i++)
		if (l->slots[i].flight == NULL)
			return (&l->slots[i]);
	return (NULL);
}

/* The next block of the queue, and why there is none. */
static enum flow
take_block(struct line *l)
{
	struct upload *u = l->u;
	struct flight *f;

	if ((f = free_flight(l)) == NULL)
		return (FLOW_FULL);
	pthread_mutex_lock(&u->cargo->lock);
	f->b = upload_next(u);
	pthread_mutex_unlock(&u->cargo->lock);
	if (f->b == NULL)
		return (FLOW_EMPTY);
	f->cut = 0;
	f->out = 0;
	l->filling = f;
	return (FLOW_ON);
}

/* Put the next piece of the block on its way. */
static enum flow
send_piece(struct line *l)
{
	struct flight *f = l->filling;
	size_t len = bucket_piece(&l->u->bucket, sftp_block(l->sftp));
	struct slot *s;

	if (len > f->b->len - f->cut)
		len = f->b->len - f->cut;
	if ((s = free_slot(l)) == NULL)
		return (FLOW_FULL);
	if (!may_send(l->u, len))
		return (FLOW_LIMITED);
	s->flight = f;
	s->io.buf = f->b->data + f->cut;
	s->io.len = len;
	s->io.offset = f->b->offset + f->cut;
	sftp_write(l->sftp, &l->handle, &s->io);
	f->cut += len;
	f->out++;
	l->flying += len;
	l->quiet_since = sftp_now();
	if (f->cut == f->b->len)
		l->filling = NULL;
	return (FLOW_ON);
}

enum flow
flow_send(struct line *l)
{
	enum flow flow;

	while (l->flying < l->window) {
		if (l->filling == NULL && (flow = take_block(l)) != FLOW_ON)
			return (flow);
		if ((flow = send_piece(l)) != FLOW_ON)
			return (flow);
	}
	return (FLOW_FULL);
}

/* --- taking --- */

static size_t
clamp(double v, size_t least, size_t most)
{

	return (v < (double)least ? least : v > (double)most ? most :
	    (size_t)v);
}

static void
set_window(struct line *l, size_t acked)
{
	int64_t now = sftp_now(), rtt = sftp_rtt_us(l->sftp), past;
	uint64_t limit = l->u->opts->limit;
	size_t most = FLOW_MOST;

	l->rate_bytes += acked;
	past = now - l->rate_since;
	if (past < RATE_LEAST_MS || past * 1000 < 2 * rtt)
		return;
	l->rate = (double)l->rate_bytes / (double)past;
	l->rate_bytes = 0;
	l->rate_since = now;
	if (limit > 0)
		most = clamp((double)limit * (double)(rtt + LIMIT_EXTRA_US) /
		    1e6, CARGO_BLOCK, FLOW_MOST);
	l->window = clamp(2 * l->rate * (double)rtt / 1000,
	    most < FLOW_LEAST ? most : FLOW_LEAST, most);
}

/* The whole block is there. */
static void
land(struct line *l, struct flight *f)
{
	struct upload *u = l->u;

	pthread_mutex_lock(&u->cargo->lock);
	ledger_ack(u->ledger, f->b, l->born);
	u->acked_bytes += f->b->len;
	cargo_stored(u->cargo, u->number, ledger_acked(u->ledger));
	u->progress = sftp_now();
	u->lost_since = 0;
	cargo_drop(u->cargo, f->b);
	if (u->phase == PHASE_FINISHING &&
	    ledger_acked(u->ledger) == u->given)
		upload_wake(u);
	pthread_mutex_unlock(&u->cargo->lock);
	f->b = NULL;
}

int
flow_take(struct line *l)
{
	struct flight *f;
	struct slot *s;
	size_t i, acked = 0;

	for (i = 0; i < l->slot_count; i++) {
		s = &l->slots[i];
		if ((f = s->flight) == NULL || s->io.busy)
			continue;
		if (s->io.error != SFTP_OK)
			return (s->io.error);
		s->flight = NULL;
		acked += s->io.len;
		l->flying -= s->io.len;
		if (--f->out == 0 && f->cut == f->b->len)
			land(l, f);
	}
	if (acked > 0)
		set_window(l, acked);
	return (SFTP_OK);
}

void
flow_return(struct line *l)
{
	struct upload *u = l->u;
	size_t i;

	pthread_mutex_lock(&u->cargo->lock);
	for (i = 0; i < l->flight_count; i++)
		if (l->flights[i].b != NULL)
			upload_put_back(u, l->flights[i].b);
	upload_wake(u);
	pthread_mutex_unlock(&u->cargo->lock);
	flow_free(l);
	l->filling = NULL;
	l->flying = 0;
}
