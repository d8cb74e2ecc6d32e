/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "progress/progress.h"
#include "send/upload-impl.h"

/* Blocks that are read back at once. */
#define BATCH	16

/* One block being read back, piece by piece. */
struct reading {
	struct sftp_io *ios;	/* its pieces */
	size_t *wanted;		/* bytes of each */
	uint8_t *buf;		/* CARGO_BLOCK bytes */
	struct ledger_block at;
	bool is_short;		/* the file ends before it does */
};

struct reader {
	struct line *l;
	struct sftp_handle h;
	bool is_open;
	size_t piece, pieces;	/* bytes; a block's */
	struct reading v[BATCH];
};

/* As upload_refused(), for what asks to read. */
static int
unreadable(struct line *l, const char *what, int rc, struct fault *f)
{

	upload_refused(l, what, rc, f);
	if (rc == SFTP_DENIED)
		fault_hint(f, "after a reconnect, and for --read-back, the "
		    "file must be read: the account has to be allowed to");
	return (rc);
}

static void
reader_free(struct reader *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < BATCH; i++) {
		free(r->v[i].ios);
		free(r->v[i].wanted);
		free(r->v[i].buf);
	}
	free(r);
}

static struct reader *
reader_new(struct line *l)
{
	struct reader *r;
	size_t i;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	r->l = l;
	r->piece = sftp_block(l->sftp) < SFTP_BLOCK ? sftp_block(l->sftp) :
	    SFTP_BLOCK;
	r->pieces = (CARGO_BLOCK + r->piece - 1) / r->piece;
	for (i = 0; i < BATCH; i++) {
		r->v[i].ios = calloc(r->pieces, sizeof(*r->v[i].ios));
		r->v[i].wanted = calloc(r->pieces, sizeof(size_t));
		r->v[i].buf = malloc(CARGO_BLOCK);
		if (r->v[i].ios == NULL || r->v[i].wanted == NULL ||
		    r->v[i].buf == NULL) {
			reader_free(r);
			return (NULL);
		}
	}
	return (r);
}

/* Ask for all of a block. */
static void
ask(struct reader *r, struct reading *v)
{
	size_t i, done = 0;

	v->is_short = false;
	for (i = 0; i < r->pieces && done < v->at.len; i++) {
		v->wanted[i] = v->at.len - done < r->piece ?
		    v->at.len - done : r->piece;
		v->ios[i].buf = v->buf + done;
		v->ios[i].len = v->wanted[i];
		v->ios[i].offset = v->at.offset + done;
		sftp_read(r->l->sftp, &r->h, &v->ios[i]);
		done += v->wanted[i];
	}
}

/* Wait for one piece, however few bytes the server gives at a time. */
static int
get_piece(struct reader *r, struct reading *v, struct sftp_io *io, size_t want)
{
	size_t got = 0;
	int rc;

	for (;;) {
		if ((rc = sftp_await(r->l->sftp, io)) != SFTP_OK)
			return (rc);
		if (io->error == SFTP_EOF) {
			v->is_short = true;
			return (SFTP_OK);
		}
		if (io->error != SFTP_OK)
			return (io->error);
		got += io->len;
		if (got == want)
			return (SFTP_OK);
		io->buf += io->len;
		io->offset += io->len;
		io->len = want - got;
		sftp_read(r->l->sftp, &r->h, io);
	}
}

/* Wait for all of a block. */
static int
get(struct reader *r, struct reading *v)
{
	size_t i, done = 0;
	int rc;

	for (i = 0; done < v->at.len; i++) {
		rc = get_piece(r, v, &v->ios[i], v->wanted[i]);
		if (rc != SFTP_OK)
			return (rc);
		done += v->wanted[i];
	}
	return (SFTP_OK);
}

static int
differs(const struct upload *u, const char *path,
    const struct ledger_block *b, struct fault *f)
{

	fault_set(f, STATUS_DATA, "read back, %s is not what was sent: from "
	    "byte %" PRIu64 " on", path, b->offset);
	fault_hint(f, "the server has lost or changed acknowledged data: did "
	    "its machine restart? %s was not published", u->name);
	return (SFTP_FAILURE);
}

/* --- what is in doubt --- */

static void
prove(struct line *l, const struct ledger_block *b)
{
	struct upload *u = l->u;

	uint64_t durable;

	pthread_mutex_lock(&u->cargo->lock);
	durable = ledger_durable(u->ledger);
	ledger_proved(u->ledger, b, l->born);
	/* Behind a gap the same is proved again and again: no progress. */
	if (ledger_durable(u->ledger) > durable) {
		u->progress = sftp_now();
		u->lost_since = 0;
	}
	pthread_mutex_unlock(&u->cargo->lock);
}

/*
 * Read count blocks and compare each with its CRC: it is proved then.
 */
static int
compare(struct reader *r, size_t count, struct fault *f)
{
	struct upload *u = r->l->u;
	size_t i;
	int rc;

	for (i = 0; i < count; i++)
		ask(r, &r->v[i]);
	for (i = 0; i < count; i++) {
		struct reading *v = &r->v[i];

		if ((rc = get(r, v)) != SFTP_OK)
			return (unreadable(r->l, "read back", rc, f));
		if (v->is_short || cargo_crc(v->at.crc_before, v->buf,
		    v->at.len) != v->at.crc)
			return (differs(u, u->temp, &v->at, f));
		prove(r->l, &v->at);
	}
	return (SFTP_OK);
}

static size_t
doubts(struct line *l, struct ledger_block *v, size_t max)
{
	struct upload *u = l->u;
	size_t n;

	pthread_mutex_lock(&u->cargo->lock);
	n = ledger_doubts(u->ledger, l->born, v, max);
	pthread_mutex_unlock(&u->cargo->lock);
	return (n);
}

static int
open_reader(struct line *l, struct reader **r, struct fault *f)
{
	int rc;

	if ((*r = reader_new(l)) == NULL) {
		fault_set(f, STATUS_LOCAL, "no memory");
		return (SFTP_FAILURE);
	}
	rc = sftp_open(l->sftp, l->u->temp, SFTP_READ, 0, &(*r)->h);
	(*r)->is_open = rc == SFTP_OK;
	return (unreadable(l, "open for reading", rc, f));
}

/* No READ may be under way when its memory goes. */
static void
drain(struct reader *r)
{
	struct sftp *s = r->l->sftp;
	size_t i, j;

	for (i = 0; i < BATCH; i++)
		for (j = 0; j < r->pieces; j++)
			if (sftp_await(s, &r->v[i].ios[j]) != SFTP_OK)
				return;
}

static int
close_reader(struct line *l, struct reader *r, int rc, struct fault *f)
{
	int closed;

	if (r == NULL)
		return (rc);
	/* Then this is the session's end: no more halts. */
	if (rc == SFTP_SIGNAL)
		sftp_last_words(l->sftp);
	drain(r);
	if (r->is_open && !sftp_is_lost(l->sftp)) {
		closed = sftp_close(l->sftp, &r->h);
		if (rc == SFTP_OK)
			rc = upload_refused(l, "close", closed, f);
	}
	if (sftp_is_lost(l->sftp) && rc == SFTP_OK)
		rc = SFTP_LOST;
	reader_free(r);
	return (rc);
}

int
check_doubts(struct line *l, struct fault *f)
{
	struct ledger_block v[BATCH];
	struct reader *r;
	size_t n, i;
	int rc;

	if ((n = doubts(l, v, BATCH)) == 0)
		return (SFTP_OK);
	/* Only what is on disk counts from now on. */
	if (sftp_has(l->sftp, SFTP_FSYNC)) {
		rc = sftp_fsync(l->sftp, &l->handle);
		if (upload_synced(l, rc, f) != SFTP_OK)
			return (rc);
	}
	if ((rc = open_reader(l, &r, f)) == SFTP_OK)
		for (; n > 0 && rc == SFTP_OK; n = doubts(l, v, BATCH)) {
			for (i = 0; i < n; i++)
				r->v[i].at = v[i];
			rc = compare(r, n, f);
		}
	return (close_reader(l, r, rc, f));
}

/* --- all of it --- */

static void
note_progress(struct line *l)
{

	pthread_mutex_lock(&l->u->cargo->lock);
	l->u->progress = sftp_now();
	l->u->lost_since = 0;
	pthread_mutex_unlock(&l->u->cargo->lock);
}

/* Ask for the block at *at, where there is one. */
static void
ask_next(struct reader *r, struct reading *v, uint64_t *at, uint64_t bytes)
{

	v->at = (struct ledger_block){ .offset = *at };
	if (*at == bytes)
		return;
	v->at.len = bytes - *at < CARGO_BLOCK ? (size_t)(bytes - *at) :
	    CARGO_BLOCK;
	*at += v->at.len;
	ask(r, v);
}

/*
 * The stream's CRC, out of the file.  All of it was synced before, so what an
 * earlier session has read need not be read again.
 */
static int
sum_up(struct reader *r, uint64_t bytes, struct fault *f)
{
	struct upload *u = r->l->u;
	uint64_t asked = u->back_at;
	struct reading *v;
	size_t i;
	int rc;

	for (i = 0; i < BATCH; i++)
		ask_next(r, &r->v[i], &asked, bytes);
	for (i = 0; u->back_at < bytes; i = (i + 1) % BATCH) {
		v = &r->v[i];
		if ((rc = get(r, v)) != SFTP_OK)
			return (unreadable(r->l, "read back", rc, f));
		if (v->is_short)
			return (differs(u, u->temp, &v->at, f));
		u->back_crc = cargo_crc(u->back_crc, v->buf, v->at.len);
		u->back_at += v->at.len;
		note_progress(r->l);
		ask_next(r, v, &asked, bytes);
	}
	return (SFTP_OK);
}

int
check_all(struct line *l, struct fault *f)
{
	const struct ledger_block from = { 0 };
	struct upload *u = l->u;
	struct reader *r;
	int rc;

	progress_state(PROGRESS_BACK);
	if ((rc = open_reader(l, &r, f)) == SFTP_OK &&
	    (rc = sum_up(r, u->manifest->bytes, f)) == SFTP_OK &&
	    u->back_crc != u->manifest->crc)
		rc = differs(u, u->temp, &from, f);
	return (close_reader(l, r, rc, f));
}

/* --- whose file it is --- */

int
check_ours(struct line *l, const char *path, uint64_t size,
    const uint8_t *end, size_t endlen, bool *ours)
{
	struct sftp_attrs attrs;
	struct reader *r;
	struct fault f;
	int rc;

	*ours = false;
	if ((rc = sftp_stat(l->sftp, path, &attrs)) != SFTP_OK)
		return (rc);
	if (!attrs.has_size || attrs.size != size || endlen > CARGO_BLOCK)
		return (SFTP_OK);
	if ((r = reader_new(l)) == NULL)
		return (SFTP_FAILURE);
	rc = sftp_open(l->sftp, path, SFTP_READ, 0, &r->h);
	if ((r->is_open = rc == SFTP_OK)) {
		r->v[0].at = (struct ledger_block){ .offset = size - endlen,
		    .len = endlen };
		ask(r, &r->v[0]);
		rc = get(r, &r->v[0]);
		*ours = rc == SFTP_OK && !r->v[0].is_short &&
		    memcmp(r->v[0].buf, end, endlen) == 0;
	}
	return (close_reader(l, r, rc, &f));
}
