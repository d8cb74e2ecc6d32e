/* SPDX-License-Identifier: ISC */
/*
 * The protocol engine.
 *
 * A request is a packet with a number; its answer carries the number back, and
 * answers may come in any order.  READs and WRITEs are many at a time: each is
 * a struct sftp_io of the caller, in the list s->ios until its answer came.
 * Every other request is alone (s->small): its caller waits for the answer,
 * and while he waits the READs and WRITEs go on.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sftp/sftp-impl.h"


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

void
sftp_forgo(struct sftp *s, enum sftp_ext ext)
{

	s->exts &= ~(int)ext;
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
		s->last_words = sftp_now() + SFTP_LAST_WORDS_MS;
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

/* --- requests --- */

int
request_begin(struct sftp *s, struct sftp_put *o, enum sftp_type type)
{
	int rc;

	/* One that was given up may still be half sent. */
	if ((rc = sftp_wait(s, &s->small.queued, 0)) != SFTP_OK)
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
	sftp_enqueue(s, &s->small);
	s->waiting = true;
	s->asked_us = now_us();
	if ((rc = sftp_wait(s, &s->waiting, limit_ms)) != SFTP_OK)
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
	sftp_enqueue(s, &io->packet);
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
