/* SPDX-License-Identifier: ISC */
/*
 * All bytes move in turn(): send what the wire takes, read what it has, hand
 * each whole packet to whom it answers, and only when nothing moved, poll.
 * What waits to be sent is a queue of packets that stay where they are: the
 * data of a WRITE is shared with other connections, and is copied only by the
 * wire, which is given many packets at once so that it can fill its own.
 */
#include <poll.h>

#include "sftp/sftp-impl.h"

#define PING_MS		(15 * 1000)
#define PIECES		16		/* for one write of the wire */

void
sftp_enqueue(struct sftp *s, struct sftp_packet *p)
{

	p->next = NULL;
	p->done = 0;
	p->queued = true;
	*s->out_end = p;
	s->out_end = &p->next;
}

static int
add_piece(struct iovec *v, int count, const uint8_t *base, size_t len,
    size_t skip)
{

	if (skip >= len)
		return (count);
	/* iov_base is not const; nobody writes there. */
	v[count].iov_base = (void *)(uintptr_t)(base + skip);
	v[count].iov_len = len - skip;
	return (count + 1);
}

/* The beginning of the queue, as pieces. */
static int
gather(const struct sftp *s, struct iovec *v)
{
	const struct sftp_packet *p;
	int count = 0;

	for (p = s->out; p != NULL && count + 2 <= PIECES; p = p->next) {
		count = add_piece(v, count, p->head, p->headlen, p->done);
		count = add_piece(v, count, p->data, p->len,
		    p->done > p->headlen ? p->done - p->headlen : 0);
	}
	return (count);
}

/* n bytes of the queue are gone. */
static void
sent(struct sftp *s, size_t n)
{
	struct sftp_packet *p;
	size_t left;

	while ((p = s->out) != NULL) {
		left = p->headlen + p->len - p->done;
		if (n < left) {
			p->done += n;
			return;
		}
		n -= left;
		if ((s->out = p->next) == NULL)
			s->out_end = &s->out;
		p->queued = false;
	}
}

static int
flush(struct sftp *s, bool *moved)
{
	struct iovec v[PIECES];
	ssize_t n;

	while (s->out != NULL) {
		n = s->wire->write(s->wire, v, gather(s, v));
		if (n == -1)
			return (sftp_lose(s, "%s", s->wire->why));
		if (n == 0)
			break;
		*moved = true;
		sent(s, (size_t)n);
	}
	return (SFTP_OK);
}

/* --- turns and waits --- */

/* Sleep until the wire or wake is ready, wait_ms at most. */
static void
doze(struct sftp *s, int wait_ms, int wake)
{
	struct pollfd p[WIRE_FDS + 1];
	bool heard = false;
	int count, i;

	count = s->wire->want(s->wire, p);
	p[count] = (struct pollfd){ .fd = wake, .events = POLLIN };
	if (poll(p, (nfds_t)count + 1, wait_ms) > 0)
		for (i = 0; i < count; i++)
			heard |= (p[i].revents & POLLIN) != 0;
	if (heard || (s->wire->taken != NULL && s->wire->taken(s->wire)))
		s->heard = sftp_now();
}

/* One round; sleeps only where nothing could be moved. */
static int
turn(struct sftp *s, int wait_ms, int wake, bool *moved)
{
	int rc;

	*moved = false;
	if (sftp_is_lost(s))
		return (SFTP_LOST);
	if ((rc = flush(s, moved)) != SFTP_OK ||
	    (rc = sftp_receive(s, moved)) != SFTP_OK)
		return (rc);
	if (!*moved && wait_ms > 0)
		doze(s, wait_ms, wake);
	return (SFTP_OK);
}

/*
 * Whether the wait that began at since has gone on for too long.  A server
 * that is busy syncing a disk still answers pings, so silence and slowness are
 * told apart where the wire can ping; one that cannot looks after its end
 * itself.
 */
static int
check_clock(struct sftp *s, int64_t since, int limit_ms)
{
	int64_t now = sftp_now(), quiet;

	if (now - since > limit_ms)
		return (sftp_lose(s, "no answer for %d seconds",
		    limit_ms / 1000));
	quiet = now - (s->heard > since ? s->heard : since);
	if ((s->wire->ping != NULL || limit_ms <= s->o.stall_ms) &&
	    quiet > s->o.silence_ms)
		return (sftp_lose(s, "no sign of life for %d seconds",
		    s->o.silence_ms / 1000));
	if (s->wire->ping != NULL && s->out == NULL && quiet > PING_MS &&
	    now - s->pinged > PING_MS) {
		s->pinged = now;
		s->wire->ping(s->wire);
	}
	return (SFTP_OK);
}

/* How long to sleep: 0 where the time for last words is over. */
static int
nap_ms(const struct sftp *s)
{
	int64_t left;

	if (s->last_words == 0)
		return (HALT_STEP_MS);
	left = s->last_words - sftp_now();
	return (left > HALT_STEP_MS ? HALT_STEP_MS : left > 0 ? (int)left : 0);
}

int
sftp_wait(struct sftp *s, const bool *busy, int limit_ms)
{
	int64_t since = sftp_now();
	bool moved;
	int rc;

	/* What is asked behind an fsync waits for it. */
	if (limit_ms == 0)
		limit_ms = s->syncs > 0 ? SFTP_FSYNC_MS : s->o.stall_ms;
	/* Not even for an fsync. */
	if (s->last_words != 0 && limit_ms > SFTP_LAST_WORDS_MS)
		limit_ms = SFTP_LAST_WORDS_MS;
	while (*busy) {
		if (!s->deaf && halt_asked(s->o.halt))
			return (SFTP_SIGNAL);
		rc = turn(s, nap_ms(s), -1, &moved);
		if (rc != SFTP_OK)
			return (rc);
		if (*busy && !moved && s->last_words != 0 &&
		    sftp_now() >= s->last_words)
			return (sftp_lose(s, "no answer to the last words"));
		if (*busy &&
		    (rc = check_clock(s, since, limit_ms)) != SFTP_OK)
			return (rc);
	}
	return (SFTP_OK);
}

int
sftp_step(struct sftp *s, int wait_ms, int wake)
{
	bool moved;
	int rc;

	if ((rc = turn(s, wait_ms, wake, &moved)) != SFTP_OK)
		return (rc);
	if (s->ios == NULL || moved)
		return (SFTP_OK);
	return (check_clock(s, s->answered, s->syncs > 0 ? SFTP_FSYNC_MS :
	    s->o.stall_ms));
}

int
sftp_await(struct sftp *s, struct sftp_io *io)
{

	return (sftp_wait(s, &io->busy, 0));
}

int
sftp_poke(struct sftp *s)
{
	bool moved;
	int rc;

	do
		rc = turn(s, 0, -1, &moved);
	while (rc == SFTP_OK && moved);
	return (rc);
}
