/* SPDX-License-Identifier: ISC */
/*
 * The protocol engine.
 *
 * A request is a packet with a number; its answer carries the number back, and
 * answers may come in any order.  READs and WRITEs are many at a time: each is
 * a struct sftp_io of the caller, in the list s->ios until its answer came.
 * Every other request is alone (s->small): its caller waits for the answer,
 * and while he waits the READs and WRITEs go on.
 *
 * All bytes move in turn(): send what the wire takes, read what it has, hand
 * each whole packet to whom it answers, and only when nothing moved, poll.
 * What waits to be sent is a queue of packets that stay where they are: the
 * data of a WRITE is shared with other connections, and is copied only by the
 * wire, which is given many packets at once so that it can fill its own.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sftp/sftp-impl.h"

#define LAST_WORDS_MS	(10 * 1000)
#define PING_MS		(15 * 1000)
#define PIECES		16		/* for one write of the wire */

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

int64_t
sftp_now(void)
{

	return (now_us() / 1000);
}

int
sftp_lose(struct sftp *s, const char *fmt, ...)
{
	va_list ap;

	if (s->lost[0] == '\0') {
		va_start(ap, fmt);
		vsnprintf(s->lost, sizeof(s->lost), fmt, ap);
		va_end(ap);
	}
	return (SFTP_LOST);
}

int
garbage(struct sftp *s, const char *what)
{

	s->garbage = !sftp_is_lost(s);
	return (sftp_lose(s,
	    "the server does not keep to the SFTP protocol: %s", what));
}

struct sftp *
sftp_new(struct wire *w, const struct sftp_opts *opts)
{
	struct sftp *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->wire = w;
	s->o = *opts;
	s->block = s->read_block = SFTP_BLOCK;
	s->out_end = &s->out;
	s->ios_end = &s->ios;
	return (s);
}

void
sftp_free(struct sftp *s)
{

	if (s == NULL)
		return;
	s->wire->close(s->wire);
	free(s);
}

bool
sftp_has(const struct sftp *s, enum sftp_ext ext)
{

	return ((s->exts & (int)ext) != 0);
}

const struct wire *
sftp_wire(const struct sftp *s)
{

	return (s->wire);
}

int64_t
sftp_rtt_us(const struct sftp *s)
{

	return (s->rtt_us);
}

bool
sftp_is_full(const struct sftp *s)
{

	return (s->out != NULL);
}

size_t
sftp_block(const struct sftp *s)
{

	return (s->block);
}

size_t
sftp_read_block(const struct sftp *s)
{

	return (s->read_block);
}

void
sftp_last_words(struct sftp *s)
{

	s->deaf = true;
	if (s->last_words == 0)
		s->last_words = sftp_now() + LAST_WORDS_MS;
}

void
sftp_deafen(struct sftp *s, bool on)
{

	s->deaf = on;
}

bool
sftp_is_lost(const struct sftp *s)
{

	return (s->lost[0] != '\0');
}

bool
sftp_is_garbage(const struct sftp *s)
{

	return (s->garbage);
}

const char *
sftp_strerror(const struct sftp *s, int error)
{

	switch (error) {
	case SFTP_OK:
		return ("no error");
	case SFTP_LOST:
		return (s->lost);
	case SFTP_SIGNAL:
		return ("interrupted");
	case SFTP_EOF:
		return ("end of file");
	case SFTP_NO_FILE:
		return ("no such file or directory");
	case SFTP_DENIED:
		return ("permission denied");
	case SFTP_UNSUPPORTED:
		return ("the server does not support this");
	default:
		return (s->words[0] != '\0' ? s->words : "failure");
	}
}

/* --- packets out --- */

static void
enqueue(struct sftp *s, struct sftp_packet *p)
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

/* Wait until *busy is false. */
static int
await(struct sftp *s, const bool *busy, int limit_ms)
{
	int64_t since = sftp_now();
	bool moved;
	int rc;

	/* What is asked behind an fsync waits for it. */
	if (limit_ms == 0)
		limit_ms = s->syncs > 0 ? SFTP_FSYNC_MS : s->o.stall_ms;
	/* Not even for an fsync. */
	if (s->last_words != 0 && limit_ms > LAST_WORDS_MS)
		limit_ms = LAST_WORDS_MS;
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

	return (await(s, &io->busy, 0));
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

/* --- requests --- */

int
request_begin(struct sftp *s, struct sftp_put *o, enum sftp_type type)
{
	int rc;

	/* One that was given up may still be half sent. */
	if ((rc = await(s, &s->small.queued, 0)) != SFTP_OK)
		return (rc);
	if (s->waiting) {
		s->stale = true;
		s->stale_id = s->small_id;
		s->waiting = false;
	}
	*o = (struct sftp_put){ .buf = s->small_buf,
	    .max = sizeof(s->small_buf) };
	put_u32(o, 0);		/* length, set when known */
	put_bytes(o, &(uint8_t){ (uint8_t)type }, 1);
	if (type == FXP_INIT)
		return (SFTP_OK);
	s->small_id = s->next_id++;
	put_u32(o, s->small_id);
	return (SFTP_OK);
}

/* Write the packet's length, now that it is known, payload included. */
static void
set_length(struct sftp_put *o, size_t payload)
{
	struct sftp_put head = { .buf = o->buf, .max = 4 };

	put_u32(&head, (uint32_t)(o->len - 4 + payload));
}

static void
note_rtt(struct sftp *s)
{
	int64_t took = now_us() - s->asked_us;

	if (s->rtt_us == 0 || took < s->rtt_us)
		s->rtt_us = took > 0 ? took : 1;
}

int
request_wait(struct sftp *s, struct sftp_put *o, int limit_ms,
    enum sftp_type type, struct sftp_get *reply)
{
	int rc, error;

	if (o->bad) {
		snprintf(s->words, sizeof(s->words), "path too long");
		return (SFTP_FAILURE);
	}
	set_length(o, 0);
	s->small.head = o->buf;
	s->small.headlen = o->len;
	s->small.len = 0;
	enqueue(s, &s->small);
	s->waiting = true;
	s->asked_us = now_us();
	if ((rc = await(s, &s->waiting, limit_ms)) != SFTP_OK)
		return (rc);
	note_rtt(s);
	if (type != FXP_VERSION && s->reply_type == FXP_STATUS) {
		if ((rc = sftp_status(s, &s->reply, &error)) != SFTP_OK)
			return (rc);
		if (error == SFTP_OK && type != FXP_STATUS)
			return (garbage(s, "a status in place of an answer"));
		return (error);
	}
	if (type != FXP_VERSION && s->reply_type != type)
		return (garbage(s, "an answer of the wrong kind"));
	*reply = s->reply;
	return (SFTP_OK);
}

/* --- READ and WRITE --- */

/* The head of the packet is written: number it, and put it on its way. */
static void
start_io(struct sftp *s, struct sftp_io *io, const struct sftp_put *o,
    size_t payload)
{

	io->busy = true;
	io->error = SFTP_OK;
	io->packet.head = o->buf;
	io->packet.headlen = o->len;
	io->packet.data = io->buf;
	io->packet.len = payload;
	enqueue(s, &io->packet);
	if (s->ios == NULL)
		s->answered = sftp_now();
	io->next = NULL;
	*s->ios_end = io;
	s->ios_end = &io->next;
}

static void
begin_io(struct sftp *s, struct sftp_io *io, struct sftp_put *o,
    enum sftp_type type)
{

	*o = (struct sftp_put){ .buf = io->head, .max = sizeof(io->head) };
	io->id = s->next_id++;
	io->type = (uint8_t)type;
	put_u32(o, 0);
	put_bytes(o, &io->type, 1);
	put_u32(o, io->id);
}

static void
move(struct sftp *s, const struct sftp_handle *h, struct sftp_io *io,
    enum sftp_type type)
{
	size_t payload = type == FXP_WRITE ? io->len : 0;
	struct sftp_put o;

	begin_io(s, io, &o, type);
	put_blob(&o, h->v, h->len);
	put_u64(&o, io->offset);
	put_u32(&o, (uint32_t)io->len);
	set_length(&o, payload);
	start_io(s, io, &o, payload);
}

void
sftp_write(struct sftp *s, const struct sftp_handle *h, struct sftp_io *io)
{

	move(s, h, io, FXP_WRITE);
}

void
sftp_read(struct sftp *s, const struct sftp_handle *h, struct sftp_io *io)
{

	move(s, h, io, FXP_READ);
}

void
sftp_sync(struct sftp *s, const struct sftp_handle *h, struct sftp_io *io)
{
	struct sftp_put o;

	begin_io(s, io, &o, FXP_EXTENDED);
	put_text(&o, "fsync@openssh.com");
	put_blob(&o, h->v, h->len);
	set_length(&o, 0);
	start_io(s, io, &o, 0);
	s->syncs++;
}
