/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "archive/archive-toc.h"
#include "carrier/carrier-impl.h"

/*
 * pg_dump's custom format, walked as it goes by.
 *
 * An archive is a header, a table of contents, and one block for each entry
 * that has data, in the table's order.  There is no end mark, no length and no
 * checksum; whole is an archive all of whose promised blocks were there,
 * closed, and then nothing.  So the walk is strict: every byte that is not
 * payload has few values it can have, and anything else is damage.
 *
 *	header | count, entry, entry ... | block, block ... [| second table]
 *
 * One thing may follow.  pg_dump 16 and newer, writing to a redirected file,
 * goes back at the end to fill in where the blocks are, but has switched the
 * file to append before: the table lands behind the last block, once more.  It
 * is accepted when it is the first one with just the true offsets added.  That
 * such an archive is whole without it as well is no flaw: pg_restore never
 * reads it.
 *
 * archive-item.c gathers integers and strings, archive-toc.c and
 * archive-entry.c read header and table; here are the blocks and the end.
 * Bytes come in pieces of any size; payload is counted, not looked at.  Memory
 * grows with what has arrived: 12 bytes an entry for the second table, and 16
 * and a name for each block that is to come.
 */

#define BLOCK_DATA	1
#define BLOCK_BLOBS	3

enum step {
	STEP_TOC,
	STEP_TYPE,		/* of a block; or the end */
	STEP_ID,		/* of the block's entry */
	STEP_LOID,		/* a large object, or 0 */
	STEP_LEN,		/* of a chunk, or 0 */
	STEP_CHUNK,
	STEP_AGAIN,		/* the second table */
	STEP_NOTHING		/* may follow */
};

struct walk {
	struct toc toc;
	enum step step;
	struct item item;
	uint64_t item_at;
	uint32_t loid;
	uint64_t chunk_at;
	uint32_t chunk_left;
};

static void
go(struct walk *w, enum step step)
{

	w->step = step;
	w->item_at = w->toc.pos;
	if (step == STEP_TYPE)
		item_begin(&w->item, ITEM_BYTES, 1, NULL);
	else
		item_begin(&w->item, ITEM_INT, 0, NULL);
}

static void
walk_free(void *state)
{
	struct walk *w = state;

	toc_wipe(&w->toc);
	free(w);
}

static void *
walk_new(struct carrier *c, const void *arg)
{
	struct walk *w = calloc(1, sizeof(*w));

	(void)arg;
	if (w != NULL && toc_init(&w->toc, c, ARCHIVE_CUSTOM, 0) != 0) {
		walk_free(w);
		return (NULL);
	}
	return (w);
}

/* Fail at the item that was read last, in the block that is due. */
static int
fail(struct walk *w, const char *what)
{
	const struct toc *t = &w->toc;

	return (carrier_fail(t->c, w->item_at, "entry %d (%s): %s",
	    (int)t->data[t->due].id, toc_due_name(t), what));
}

/* What the watcher said: 0, or -1 when it objected. */
static int
heard(struct walk *w, const char *why)
{

	if (why == NULL)
		return (0);
	if (why == archive_told)
		return (carrier_told(w->toc.c, STATUS_DATA));
	return (fail(w, why));
}

static int
block_type(struct walk *w)
{
	const struct toc *t = &w->toc;
	struct toc_data *d = &w->toc.data[t->due];
	uint8_t type = w->item.raw[0];

	if (type != (d->blobs ? BLOCK_BLOBS : BLOCK_DATA))
		return (carrier_fail(t->c, w->item_at, "no block begins where "
		    "that of entry %d (%s) is due", (int)d->id,
		    toc_due_name(t)));
	if (t->offset_flag == OFFSET_SET && d->at != w->item_at)
		return (carrier_fail(t->c, w->item_at, "entry %d (%s): its "
		    "block should be at byte %llu", (int)d->id,
		    toc_due_name(t), (unsigned long long)d->at));
	d->at = w->item_at;
	go(w, STEP_ID);
	return (0);
}

static int
block_id(struct walk *w)
{
	const struct toc *t = &w->toc;
	const struct toc_data *d = &t->data[t->due];

	if (w->item.value != d->id)
		return (carrier_fail(t->c, w->item_at, "block of entry %lld "
		    "where that of entry %d (%s) is due",
		    (long long)w->item.value, (int)d->id,
		    toc_due_name(t)));
	w->loid = 0;
	go(w, d->blobs ? STEP_LOID : STEP_LEN);
	if (t->watch != NULL && t->watch->block != NULL)
		return (heard(w, t->watch->block(t->watch_arg, d->id,
		    d->at)));
	return (0);
}

static int
block_end(struct walk *w)
{
	const struct toc *t = &w->toc;

	if (t->watch != NULL && t->watch->block_end != NULL &&
	    heard(w, t->watch->block_end(t->watch_arg,
	    t->data[t->due].id)) != 0)
		return (-1);
	toc_due_next(&w->toc);
	go(w, STEP_TYPE);
	return (0);
}

static int
large_object(struct walk *w)
{

	/* pg_dump writes the OID as a signed integer. */
	w->loid = (uint32_t)w->item.value;
	if (w->loid == 0)
		return (block_end(w));
	go(w, STEP_LEN);
	return (0);
}

static int
chunk_len(struct walk *w)
{
	const struct toc *t = &w->toc;
	const struct toc_data *d = &t->data[t->due];

	if (w->item.value < 0)
		return (fail(w, "a chunk of negative length"));
	if (w->item.value > 0) {
		w->chunk_at = t->pos;
		w->chunk_left = (uint32_t)w->item.value;
		w->step = STEP_CHUNK;
		return (0);
	}
	if (t->watch != NULL && t->watch->data_end != NULL &&
	    heard(w, t->watch->data_end(t->watch_arg, d->id, w->loid)) != 0)
		return (-1);
	if (!d->blobs)
		return (block_end(w));
	go(w, STEP_LOID);
	return (0);
}

static int
chunk(struct walk *w, const uint8_t **buf, size_t *len)
{
	struct toc *t = &w->toc;
	size_t n = w->chunk_left < *len ? w->chunk_left : *len;

	w->item_at = t->pos;
	if (t->watch != NULL && t->watch->data != NULL &&
	    heard(w, t->watch->data(t->watch_arg, t->data[t->due].id, w->loid,
	    *buf, n, w->chunk_at)) != 0)
		return (-1);
	*buf += n;
	*len -= n;
	t->pos += n;
	w->chunk_left -= (uint32_t)n;
	if (w->chunk_left == 0)
		go(w, STEP_LEN);
	return (0);
}

/* The byte or integer that a block has here. */
static int
block_item(struct walk *w, const uint8_t **buf, size_t *len)
{
	const uint8_t *from = *buf;
	int rc = item_feed(&w->item, buf, len);

	w->toc.pos += (uint64_t)(*buf - from);
	if (rc == -1) {
		if (w->item.error == item_no_memory)
			carrier_memory(w->toc.c);
		return (fail(w, w->item.error));
	}
	if (rc == 0)
		return (0);
	switch (w->step) {
	case STEP_TYPE:
		return (block_type(w));
	case STEP_ID:
		return (block_id(w));
	case STEP_LOID:
		return (large_object(w));
	default:
		return (chunk_len(w));
	}
}

/* Bytes behind the last block: only a second table can begin here, and only
 * where the first has no offsets. */
static int
begin_again(struct walk *w)
{
	struct toc *t = &w->toc;

	if (t->offset_flag == OFFSET_SET)
		return (carrier_fail(t->c, t->pos, "more bytes after the last "
		    "block"));
	toc_again(t);
	w->step = STEP_AGAIN;
	return (0);
}

static int
walk_toc(struct walk *w, const uint8_t **buf, size_t *len)
{
	int rc = toc_feed(&w->toc, buf, len);

	if (rc == 1 && w->step == STEP_TOC)
		go(w, STEP_TYPE);
	else if (rc == 1)
		w->step = STEP_NOTHING;
	return (rc == -1 ? -1 : 0);
}

static int
walk_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct walk *w = state;
	int rc = 0;

	while (len > 0 && rc == 0) {
		if (w->step == STEP_CHUNK)
			rc = chunk(w, &buf, &len);
		else if (w->step == STEP_TOC || w->step == STEP_AGAIN)
			rc = walk_toc(w, &buf, &len);
		else if (w->step == STEP_NOTHING)
			rc = carrier_fail(c, w->toc.pos, "more bytes after the "
			    "second table of contents");
		else if (w->step == STEP_TYPE &&
		    w->toc.due == w->toc.data_count)
			rc = begin_again(w);
		else
			rc = block_item(w, &buf, &len);
	}
	return (rc);
}

static enum carrier_verdict
walk_end(struct carrier *c, void *state)
{
	struct walk *w = state;
	const struct toc *t = &w->toc;
	bool inside = w->step != STEP_TYPE;

	if (w->step == STEP_TOC || w->step == STEP_AGAIN)
		return (toc_cut(&w->toc));
	if (w->step == STEP_NOTHING || (!inside && t->due == t->data_count))
		return (CARRIER_PROVEN);
	return (carrier_cut(c, "cut short: %zu of %zu blocks seen, %s entry %d "
	    "(%s)", t->due, t->data_count, inside ? "ends inside that of" :
	    "the next would be that of", (int)t->data[t->due].id,
	    toc_due_name(t)));
}

const struct carrier_ops carrier_custom = {
	.name = "custom archive",
	.new = walk_new,
	.free = walk_free,
	.feed = walk_feed,
	.end = walk_end,
};
