/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "ring.h"
#include "sig.h"
#include "tail.h"

#define ROOM		(384 * 1024)	/* whole pages */
#define BATCH		(64 * 1024)	/* smaller writes wait for more */

#define AGE_LINE	"age-encryption.org/v1\n"
#define AGE_NONCE	16
#define AGE_CHUNK	65552		/* 64 KiB and the tag */
#define AGE_PAST	8		/* a final chunk has 17 bytes or more */

#define STOP_MS		1000
#define STOP_STEP	4096		/* what a writable pipe surely takes */

enum age_state { AGE_START, AGE_HEADER, AGE_PAYLOAD, AGE_NOT };

struct tail {
	int fd;
	const char *name;
	uint64_t in;		/* bytes put in */
	uint64_t out;		/* bytes written; in - out <= size */
	uint64_t reserved;	/* up to where tail_reserve() has given */

	enum age_state age;	/* of the bytes put in */
	uint64_t payload;	/* AGE_PAYLOAD: offset of the first chunk */
	unsigned dashes;	/* AGE_HEADER: dashes the line begins with, or
				 * more than 3 where it is another line */
	size_t size;
	uint8_t *ring;		/* size bytes: ring.h */
};

struct tail *
tail_new(int fd, const char *name, size_t ahead)
{
	struct tail *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	t->fd = fd;
	t->name = name;
	t->size = ROOM + (ahead + RING_PAGE - 1) / RING_PAGE * RING_PAGE;
	if ((t->ring = ring_new(t->size)) == NULL) {
		free(t);
		return (NULL);
	}
	return (t);
}

void
tail_free(struct tail *t)
{

	if (t == NULL)
		return;
	/* It may hold the end of a plain dump, or of what was decrypted. */
	ring_free(t->ring, t->size);
	free(t);
}

/* Where the byte at an offset of the stream is, and those behind it. */
static uint8_t *
place(const struct tail *t, uint64_t at)
{

	return (t->ring + at % t->size);
}

/*
 * Follow an age header: a line that begins with "---" ends it.  Called for
 * the bytes [t->in, t->in + len) of the stream.
 */
static void
watch_age(struct tail *t, const uint8_t *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len && t->age != AGE_PAYLOAD && t->age != AGE_NOT;
	    i++) {
		if (t->age == AGE_START) {
			if (buf[i] != (uint8_t)AGE_LINE[t->in + i])
				t->age = AGE_NOT;
			else if (t->in + i + 2 == sizeof(AGE_LINE))
				t->age = AGE_HEADER;
			continue;
		}
		if (buf[i] == '\n') {
			if (t->dashes == 3) {
				t->age = AGE_PAYLOAD;
				t->payload = t->in + i + 1 + AGE_NONCE;
			}
			t->dashes = 0;
		} else if (t->dashes < 3)
			t->dashes = buf[i] == '-' ? t->dashes + 1 : 4;
	}
}

/* The last offset up to limit at which a write of this stream may end. */
static uint64_t
last_stop(const struct tail *t, uint64_t limit)
{
	uint64_t past;

	if (t->age != AGE_PAYLOAD || limit < t->payload)
		return (limit);
	past = (limit - t->payload) % AGE_CHUNK;
	if (past >= AGE_PAST)
		return (limit - (past - AGE_PAST));
	if (limit - t->payload < AGE_CHUNK)
		return (t->payload);	/* no file ends at its nonce */
	return (limit - past - AGE_CHUNK + AGE_PAST);
}

static void
refused(const struct tail *t, int error)
{

	errno = error;
	msg_errno(t->name);
	fd_hint_full(t->fd, error, t->out, true);
}

/* Write up to offset end, counting what went out even where it fails. */
static enum status
write_to(struct tail *t, uint64_t end)
{
	ssize_t n;

	while (t->out < end) {
		n = -1;
		errno = EINTR;
		if (t->fd == -1)
			n = (ssize_t)(end - t->out);
		else if (sig_caught() == 0)
			n = write(t->fd, place(t, t->out),
			    (size_t)(end - t->out));
		if (n == -1) {
			if (errno == EINTR && sig_caught() == 0)
				continue;
			if (errno == EAGAIN) {
				struct pollfd p = { t->fd, POLLOUT, 0 };

				(void)poll(&p, 1, -1);
				continue;
			}
			if (errno == EBADF)
				msg_error("%s is closed", t->name);
			else if (errno != EPIPE && errno != EINTR)
				refused(t, errno);
			return (STATUS_LOCAL);
		}
		t->out += (uint64_t)n;
	}
	return (STATUS_OK);
}

/* Write what need not be held, if that is enough to be worth a write. */
static enum status
drain(struct tail *t, uint64_t least)
{
	uint64_t end;

	if (t->in < TAIL_HOLD)
		return (STATUS_OK);
	end = last_stop(t, t->in - TAIL_HOLD);
	if (end < t->out + least)
		return (STATUS_OK);
	return (write_to(t, end));
}

uint8_t *
tail_room(struct tail *t, size_t *len)
{

	*len = t->size - (size_t)(t->in - t->out);
	return (place(t, t->in));
}

uint8_t *
tail_reserve(struct tail *t, size_t len)
{
	uint64_t at = t->reserved > t->in ? t->reserved : t->in;

	/* Without room too: what comes next has its place all the same. */
	t->reserved = at + len;
	return (at + len - t->out > t->size ? NULL : place(t, at));
}

int
tail_last(const struct tail *t, uint8_t *buf, size_t len)
{

	if (len > t->in || len > TAIL_HOLD)
		return (-1);
	memcpy(buf, place(t, t->in - len), len);
	return (0);
}

enum status
tail_put(struct tail *t, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	enum status status;
	size_t n;

	while (len > 0) {
		n = t->size - (size_t)(t->in - t->out);
		if (n > len)
			n = len;
		if (p != place(t, t->in))
			memcpy(place(t, t->in), p, n);
		watch_age(t, p, n);
		t->in += n;
		p += n;
		len -= n;
		if ((status = drain(t, BATCH)) != STATUS_OK)
			return (status);
	}
	return (STATUS_OK);
}

/*
 * Change what the file has.  The promise is held against what the kernel says:
 * a write at the wrong place would break an archive that was whole, and Linux
 * appends where O_APPEND is set, wherever pwrite(2) is told to write.
 */
static int
rewrite(const struct tail *t, uint64_t at, const uint8_t *buf, size_t len)
{
	int flags;
	off_t pos;

	if (t->fd == -1)
		return (0);
	if ((flags = fcntl(t->fd, F_GETFL)) == -1 ||
	    (pos = lseek(t->fd, 0, SEEK_CUR)) == -1)
		return (-1);
	if ((flags & O_APPEND) != 0 || (uint64_t)pos != t->out) {
		errno = EINVAL;
		return (-1);
	}
	return (fd_write_at(t->fd, buf, len, at));
}

int
tail_patch(struct tail *t, uint64_t at, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t n;

	if (len > t->in || at > t->in - len) {
		errno = EINVAL;
		return (-1);
	}
	if (at < t->out && len > 0) {
		n = len < t->out - at ? len : (size_t)(t->out - at);
		if (rewrite(t, at, p, n) == -1)
			return (-1);
		at += n;
		p += n;
		len -= n;
	}
	memcpy(place(t, at), p, len);
	return (0);
}

enum status
tail_release(struct tail *t)
{

	return (write_to(t, t->in));
}

void
tail_stop(struct tail *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLOUT };
	uint64_t end;
	size_t len;
	ssize_t n;

	/* Up to there it is shorter than any age file. */
	if (t->fd == -1 || t->age != AGE_PAYLOAD ||
	    t->out < t->payload + AGE_PAST)
		return;
	end = last_stop(t, t->out);
	if (end == t->out)
		return;
	end += AGE_CHUNK;
	if (end >= t->in)
		return;
	while (t->out < end && poll(&p, 1, STOP_MS) == 1 &&
	    (p.revents & POLLOUT) != 0) {
		len = (size_t)(end - t->out);
		if (len > STOP_STEP)
			len = STOP_STEP;
		if ((n = write(t->fd, place(t, t->out), len)) <= 0)
			return;
		t->out += (uint64_t)n;
	}
}

uint64_t
tail_bytes(const struct tail *t)
{

	return (t->in);
}
