/* SPDX-License-Identifier: ISC */
/*
 * What a server may have lost.
 *
 * An acknowledged block is in the server's memory; on its disk it is after an
 * fsync.  When a session dies nothing acknowledged is lost, unless the server's
 * machine has died with it: then any of these blocks may be missing, or be
 * there as zeros with the file's size as it should be.  SFTP does not tell
 * which of the two it was.
 *
 * But a session that was there before a block was acknowledged, and answers
 * still, shows that the machine has not died in between.  Sessions are numbered
 * in the order in which they began, and each block keeps the number of the one
 * that it was acknowledged to.  The oldest session that lives vouches for all
 * blocks with its own number and later ones; those with an earlier number are
 * in doubt, and it reads them back.  It alone asks for fsyncs, and what was
 * acknowledged (and not in doubt) when it asked is on disk when it is answered.
 *
 * So where one of several connections breaks there is no doubt at all, unless
 * it was the oldest, and what is to be read back is never more than what came
 * since the last fsync.  What was read back after an fsync is on disk too: a
 * line that breaks again and again gets on all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "send/ledger.h"

struct entry {
	uint64_t crc;		/* of the stream up to its end */
	uint32_t len;
	unsigned born;		/* 0: not acknowledged */
};

struct ledger {
	struct entry *v;	/* the blocks from durable on */
	size_t first, count, room;
	uint64_t durable;	/* offset of the first of them */
	uint64_t durable_crc;	/* of the stream up to there */
	size_t acked;		/* so many of them, from the first on, are */
	uint64_t acked_to;	/* where these end */
	uint64_t end;		/* of the last one that is */
};

struct ledger *
ledger_new(void)
{

	return (calloc(1, sizeof(struct ledger)));
}

void
ledger_free(struct ledger *l)
{

	if (l != NULL)
		free(l->v);
	free(l);
}

static struct entry *
entry_of(const struct ledger *l, uint64_t offset)
{
	size_t i;

	if (offset < l->durable)
		return (NULL);
	/* Only the last block of all is shorter. */
	i = (size_t)((offset - l->durable) / CARGO_BLOCK);
	return (i < l->count ? l->v + l->first + i : NULL);
}

/* Room for one more behind the last. */
static int
make_room(struct ledger *l)
{
	struct entry *v;
	size_t room;

	if (l->first + l->count < l->room)
		return (0);
	if (l->first > l->room / 2) {
		memmove(l->v, l->v + l->first, l->count * sizeof(*l->v));
		l->first = 0;
		return (0);
	}
	room = l->room == 0 ? 256 : l->room * 2;
	if ((v = realloc(l->v, room * sizeof(*v))) == NULL)
		return (-1);
	l->v = v;
	l->room = room;
	return (0);
}

int
ledger_add(struct ledger *l, const struct block *b)
{

	if (make_room(l) == -1)
		return (-1);
	l->v[l->first + l->count++] = (struct entry){ .crc = b->crc,
	    .len = (uint32_t)b->len };
	return (0);
}

/* Move the end of what is acknowledged without a gap. */
static void
count_acked(struct ledger *l)
{
	const struct entry *e;

	while (l->acked < l->count) {
		e = l->v + l->first + l->acked;
		if (e->born == 0)
			return;
		l->acked++;
		l->acked_to += e->len;
	}
}

void
ledger_ack(struct ledger *l, const struct block *b, unsigned born)
{
	struct entry *e = entry_of(l, b->offset);

	/* It may have been on its way twice. */
	if (e == NULL || e->born != 0)
		return;
	e->born = born;
	if (b->offset + b->len > l->end)
		l->end = b->offset + b->len;
	count_acked(l);
}

bool
ledger_has(const struct ledger *l, const struct block *b)
{
	const struct entry *e = entry_of(l, b->offset);

	return (e == NULL || e->born != 0);
}

uint64_t
ledger_acked(const struct ledger *l)
{

	return (l->acked_to);
}

uint64_t
ledger_durable(const struct ledger *l)
{

	return (l->durable);
}

uint64_t
ledger_end(const struct ledger *l)
{

	return (l->end);
}

size_t
ledger_doubts(const struct ledger *l, unsigned born, struct ledger_block *v,
    size_t max)
{
	uint64_t offset = l->durable, crc = l->durable_crc;
	const struct entry *e;
	size_t i, n = 0;

	for (i = 0; i < l->count && n < max; i++) {
		e = l->v + l->first + i;
		if (e->born != 0 && e->born < born)
			v[n++] = (struct ledger_block){ .offset = offset,
			    .len = e->len, .crc_before = crc, .crc = e->crc };
		offset += e->len;
		crc = e->crc;
	}
	return (n);
}

/* The first n blocks are on disk: nobody has to remember them. */
static void
forget(struct ledger *l, size_t n)
{

	for (; n > 0; n--) {
		l->durable += l->v[l->first].len;
		l->durable_crc = l->v[l->first].crc;
		l->first++;
		l->count--;
		l->acked--;
	}
}

void
ledger_proved(struct ledger *l, const struct ledger_block *b, unsigned born)
{
	struct entry *e = entry_of(l, b->offset);

	if (e == NULL)
		return;
	e->born = born;
	if (b->offset == l->durable && l->acked > 0)
		forget(l, 1);
}

void
ledger_synced(struct ledger *l, uint64_t upto)
{

	while (l->acked > 0 && l->durable + l->v[l->first].len <= upto)
		forget(l, 1);
}
