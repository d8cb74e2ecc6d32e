/* SPDX-License-Identifier: ISC */
#ifndef FETCH_FAKE_H
#define FETCH_FAKE_H

/*
 * An SFTP server in memory that has one large file and a small one beside it,
 * and whose connections end when the script says so.  In place of ssh/remote.c
 * and what that stands on.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sftp/sftp-impl.h"
#include "ssh/remote.h"
#include "route/route.h"
#include "secret/secrets.h"

#define NEVER		UINT_MAX
#define SILENCE_MS	300

/* What all connections share; set by the test. */
static struct script {
	uint64_t size;
	uint32_t mtime;
	uint8_t salt;		/* another one: other bytes */
	const char *beside;	/* text of the small file; NULL: there is none */
	unsigned beside_error;	/* SSH_FX_ code of opening it */
	bool gone;		/* the large file */
	uint64_t hole;		/* READs fail from here on; 0: never */

	const char *exts;
	uint64_t max_read;	/* of limits@openssh.com */
	size_t give;		/* at most so many bytes of data; 0: all */
	size_t chunk;		/* of one read of the wire; 0: all */
	bool backwards;		/* answer the last request first */

	unsigned die;		/* the connection ends before answer number
				 * die, counted through all of them */
	unsigned lie;		/* this answer is of another kind */
	unsigned mute;		/* from this one on the connection is silent,
				 * the next one is not */
	unsigned each;		/* each connection ends after so many answers */
	unsigned refuse;	/* connections, after the first, not made */
	enum status refusal;
	void (*meanwhile)(void);	/* called before the second one */

	/* What was seen. */
	unsigned answers, connections, refused, opens;
	uint64_t under_way, most;	/* asked for and not yet answered */
} script;

struct fake {
	struct wire wire;	/* first */
	unsigned answers;
	bool silent;
	uint8_t in[1 << 16];
	size_t in_len;
	/* Requests that were not answered yet, and the answer being sent. */
	struct request {
		uint8_t type;
		size_t len;
		uint8_t v[600];
	} todo[600];
	unsigned count;
	uint8_t out[1 << 18];
	size_t out_len, out_pos;
};

static uint8_t
byte_at(uint64_t at)
{

	return ((uint8_t)((at * 2654435761u >> 11) ^ at) ^ script.salt);
}

/* --- answers --- */

static void
put_head(struct sftp_put *o, uint8_t type, uint32_t id)
{

	put_u32(o, 0);
	put_bytes(o, &type, 1);
	put_u32(o, id);
}

static void
put_status(struct sftp_put *o, uint32_t id, uint32_t code)
{

	put_head(o, FXP_STATUS, id);
	put_u32(o, code);
	put_text(o, "words");
	put_text(o, "");
}

static void
put_file_attrs(struct sftp_put *o)
{

	put_u32(o, 1 | 4 | 8);
	put_u64(o, script.size);
	put_u32(o, 0100600);
	put_u32(o, script.mtime);
	put_u32(o, script.mtime);
}

static void
answer_open(struct sftp_put *o, uint32_t id, struct sftp_get *g)
{
	const uint8_t *path;
	size_t len;
	bool beside;

	path = get_blob(g, &len);
	beside = len >= 3 && memcmp(path + len - 3, ".b2", 3) == 0;
	script.opens++;
	if (beside && script.beside_error != 0)
		put_status(o, id, script.beside_error);
	else if (beside ? script.beside == NULL : script.gone)
		put_status(o, id, 2);
	else {
		put_head(o, FXP_HANDLE, id);
		put_text(o, beside ? "b" : "f");
	}
}

static void
answer_read(struct sftp_put *o, uint32_t id, struct sftp_get *g)
{
	const uint8_t *handle;
	uint64_t at, size;
	uint32_t want, n, i;
	size_t len;
	bool beside;

	handle = get_blob(g, &len);
	beside = handle[0] == 'b';
	at = get_u64(g);
	want = n = get_u32(g);
	script.under_way -= want;
	size = beside ? strlen(script.beside) : script.size;
	if (at >= size) {
		put_status(o, id, 1);
		return;
	}
	if (!beside && script.hole > 0 && at >= script.hole) {
		put_status(o, id, 4);
		return;
	}
	if (n > size - at)
		n = (uint32_t)(size - at);
	if (script.give > 0 && n > script.give)
		n = (uint32_t)script.give;
	put_head(o, FXP_DATA, id);
	put_u32(o, n);
	if (n > o->max - o->len)
		abort();
	for (i = 0; i < n; i++)
		o->buf[o->len++] = beside ? (uint8_t)script.beside[at + i] :
		    byte_at(at + i);
}

static void
answer_version(struct sftp_put *o)
{
	char exts[400], *name, *rest = exts;

	put_u32(o, 0);
	put_bytes(o, &(uint8_t){ FXP_VERSION }, 1);
	put_u32(o, 3);
	snprintf(exts, sizeof(exts), "%s", script.exts);
	while ((name = strsep(&rest, " ")) != NULL) {
		put_text(o, name);
		put_text(o, "1");
	}
}

static void
answer_to(struct sftp_put *o, struct request *q)
{
	struct sftp_get g = { .p = q->v, .left = q->len };
	uint32_t id = q->type == FXP_INIT ? 0 : get_u32(&g);

	switch (q->type) {
	case FXP_INIT:
		answer_version(o);
		break;
	case FXP_OPEN:
		answer_open(o, id, &g);
		break;
	case FXP_READ:
		answer_read(o, id, &g);
		break;
	case FXP_FSTAT:
		put_head(o, FXP_ATTRS, id);
		put_file_attrs(o);
		break;
	case FXP_EXTENDED:
		put_head(o, FXP_EXTENDED_REPLY, id);
		put_u64(o, 262144);
		put_u64(o, script.max_read);
		put_u64(o, 261120);
		put_u64(o, 100);
		break;
	default:
		put_status(o, id, 0);
	}
}

/* The next answer: 0, or -1 where the connection ends. */
static int
answer(struct fake *f)
{
	struct sftp_put o = { .buf = f->out, .max = sizeof(f->out) };
	unsigned i = script.backwards ? f->count - 1 : 0;
	struct sftp_put head = { .buf = f->out, .max = 4 };

	if (script.answers == script.die || f->answers == script.each) {
		script.die = script.answers == script.die ? NEVER : script.die;
		snprintf(f->wire.why, sizeof(f->wire.why), "it died");
		return (-1);
	}
	answer_to(&o, &f->todo[i]);
	if (o.bad)
		abort();
	put_u32(&head, (uint32_t)o.len - 4);
	if (script.answers == script.lie)
		f->out[4] ^= 1;
	f->out_len = o.len;
	f->out_pos = 0;
	memmove(&f->todo[i], &f->todo[i + 1],
	    (f->count - i - 1) * sizeof(f->todo[0]));
	f->count--;
	f->answers++;
	script.answers++;
	return (0);
}

static void
note_read(const struct request *q)
{
	struct sftp_get g = { .p = q->v, .left = q->len };
	size_t len;

	(void)get_u32(&g);
	get_blob(&g, &len);
	(void)get_u64(&g);
	script.under_way += get_u32(&g);
	if (script.under_way > script.most)
		script.most = script.under_way;
}

static void
take_requests(struct fake *f)
{
	struct request *q;
	struct sftp_get g;
	size_t len, pos = 0;

	while (f->in_len - pos >= 5) {
		g = (struct sftp_get){ .p = f->in + pos, .left = 4 };
		len = get_u32(&g);
		if (f->in_len - pos - 4 < len)
			break;
		if (f->count == 600 || len - 1 > sizeof(q->v))
			abort();
		q = &f->todo[f->count++];
		q->type = f->in[pos + 4];
		q->len = len - 1;
		memcpy(q->v, f->in + pos + 5, q->len);
		if (q->type == FXP_READ)
			note_read(q);
		pos += 4 + len;
	}
	memmove(f->in, f->in + pos, f->in_len - pos);
	f->in_len -= pos;
}

/* --- the wire --- */

static ssize_t
fake_read(struct wire *w, void *buf, size_t len)
{
	struct fake *f = (struct fake *)(void *)w;

	if (f->out_pos == f->out_len) {
		if (script.answers == script.mute) {
			f->silent = true;
			script.mute = NEVER;
		}
		if (f->count == 0 || f->silent)
			return (0);
		if (answer(f) == -1)
			return (-1);
	}
	if (len > f->out_len - f->out_pos)
		len = f->out_len - f->out_pos;
	if (script.chunk > 0 && len > script.chunk)
		len = script.chunk;
	memcpy(buf, f->out + f->out_pos, len);
	f->out_pos += len;
	return ((ssize_t)len);
}

static ssize_t
fake_write(struct wire *w, const struct iovec *v, int count)
{
	struct fake *f = (struct fake *)(void *)w;
	ssize_t done = 0;
	size_t len;

	for (; count > 0 && f->in_len < sizeof(f->in); v++, count--) {
		len = sizeof(f->in) - f->in_len;
		if (v->iov_len < len)
			len = v->iov_len;
		memcpy(f->in + f->in_len, v->iov_base, len);
		f->in_len += len;
		done += (ssize_t)len;
		if (len < v->iov_len)
			break;
	}
	take_requests(f);
	return (done);
}

static int
fake_want(struct wire *w, struct pollfd *p)
{

	(void)w;
	p[0] = (struct pollfd){ .fd = -1, .events = POLLIN };
	return (1);
}

static void
fake_close(struct wire *w)
{

	free(w);
}

/* --- in place of ssh/remote.c and others --- */

struct secrets *
secrets_new(const struct ship_opts *opts)
{

	(void)opts;
	return (malloc(1));
}

void
secrets_free(struct secrets *s)
{

	free(s);
}

void
secrets_seal(struct secrets *s)
{

	(void)s;
}

struct route *
route_new(const struct dest *d, const char *name,
    const struct ship_opts *opts, struct secrets *secrets,
    const struct halt *halt, struct fault *fault)
{

	(void)d, (void)name, (void)opts, (void)secrets, (void)halt, (void)fault;
	return (calloc(1, sizeof(struct route)));
}

void
route_free(struct route *r)
{

	free(r);
}

const char *
route_transport(const struct route *r)
{

	(void)r;
	return ("fake");
}

int
remote_pause(int ms, const struct halt *halt)
{

	(void)ms, (void)halt;
	return (sig_caught() != 0 ? -1 : 0);
}

int
remote_backoff_ms(unsigned n)
{

	return ((int)n);
}

enum status
remote_fault(const struct sftp *s, const char *what, int error,
    struct fault *fault)
{

	if (error == SFTP_SIGNAL)
		return (fault_halted(fault));
	return (fault_set(fault, error == SFTP_LOST && !sftp_is_garbage(s) ?
	    STATUS_RETRY : STATUS_REMOTE, "%s%s%s", what != NULL ? what : "",
	    what != NULL ? ": " : "", sftp_strerror(s, error)));
}

struct sftp *
remote_open(const struct route *r, const struct halt *halt,
    struct fault *fault)
{
	const struct sftp_opts o = { .silence_ms = SILENCE_MS, .stall_ms = 10000 };
	struct fake *f;
	struct sftp *s;
	int rc;

	(void)r, (void)halt;
	if (script.connections > 0 && script.refused < script.refuse) {
		script.refused++;
		fault_set(fault, script.refusal, "connect: refused");
		return (NULL);
	}
	if (script.connections++ == 1 && script.meanwhile != NULL)
		script.meanwhile();
	script.under_way = 0;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		abort();
	f->wire = (struct wire){ .read = fake_read, .write = fake_write,
	    .want = fake_want, .close = fake_close };
	if ((s = sftp_new(&f->wire, &o)) == NULL)
		abort();
	if ((rc = sftp_start(s)) != SFTP_OK) {
		remote_fault(s, "start", rc, fault);
		sftp_free(s);
		return (NULL);
	}
	return (s);
}

struct sftp *
remote_first(const struct route *r, const struct halt *halt,
    struct fault *fault)
{
	struct sftp *s;

	while ((s = remote_open(r, halt, fault)) == NULL &&
	    fault->status == STATUS_RETRY)
		;
	return (s);
}

static void
script_reset(uint64_t size)
{

	script = (struct script){ .size = size, .mtime = 1700000000,
	    .exts = "limits@openssh.com", .max_read = 261120, .die = NEVER,
	    .lie = NEVER, .mute = NEVER, .each = NEVER, .refusal = STATUS_RETRY };
}

#endif
