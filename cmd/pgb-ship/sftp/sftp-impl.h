/* SPDX-License-Identifier: ISC */
#ifndef SFTP_IMPL_H
#define SFTP_IMPL_H

#include <string.h>

#include "sftp/sftp.h"

/*
 * What the engine (sftp.c) and the requests built on it (sftp-req.c) share:
 * the packets' parts, and one exchange at a time besides the READs and WRITEs.
 */

enum sftp_type {
	FXP_INIT = 1,
	FXP_VERSION = 2,
	FXP_OPEN = 3,
	FXP_CLOSE = 4,
	FXP_READ = 5,
	FXP_WRITE = 6,
	FXP_LSTAT = 7,
	FXP_FSTAT = 8,
	FXP_FSETSTAT = 10,
	FXP_OPENDIR = 11,
	FXP_READDIR = 12,
	FXP_REMOVE = 13,
	FXP_MKDIR = 14,
	FXP_REALPATH = 16,
	FXP_STAT = 17,
	FXP_RENAME = 18,
	FXP_STATUS = 101,
	FXP_HANDLE = 102,
	FXP_DATA = 103,
	FXP_NAME = 104,
	FXP_ATTRS = 105,
	FXP_EXTENDED = 200,
	FXP_EXTENDED_REPLY = 201,
};

/* Two paths and the names around them. */
#define SFTP_REQUEST_MAX	(2 * SFTP_PATH_MAX + 512)

/* Largest answer that is read; OpenSSH's own limit. */
#define SFTP_REPLY_MAX		(256 * 1024)

/* A packet being written; bad once something did not fit. */
struct sftp_put {
	uint8_t *buf;
	size_t len, max;
	bool bad;
};

/* A packet being read; bad once it ended too early. */
struct sftp_get {
	const uint8_t *p;
	size_t left;
	bool bad;
};

struct sftp {
	struct wire *wire;
	struct sftp_opts o;
	int exts;		/* enum sftp_ext, or-ed */
	size_t block, read_block;
	bool started;		/* VERSION has come */
	bool deaf;		/* to signals */
	int64_t last_words;	/* until when, ms; 0: not yet */

	uint32_t next_id;
	struct sftp_packet *out, **out_end;
	struct sftp_io *ios, **ios_end;
	unsigned syncs;		/* fsyncs among these */

	/* The request that is alone. */
	uint8_t small_buf[SFTP_REQUEST_MAX];
	struct sftp_packet small;
	uint32_t small_id;
	bool waiting;		/* for the answer to small_id */
	uint32_t stale_id;	/* given up: its answer may still come */
	bool stale;
	struct sftp_get reply;
	uint8_t reply_type;

	int64_t asked_us;	/* when small was put on its way */
	int64_t rtt_us;		/* the shortest so far, 0: none */
	int64_t answered;	/* when the last READ or WRITE was, ms */

	int64_t heard;		/* when bytes came last, ms */
	int64_t pinged;
	char lost[700];		/* why, once lost */
	bool garbage;		/* lost, and the server is to blame */
	char words[200];	/* the server's, of the last STATUS */

	size_t in_pos, in_len;	/* unread part of in[] */
	uint8_t in[4 + SFTP_REPLY_MAX];
};

/*
 * garbage(s, what):
 * The server does not speak the protocol: SFTP_LOST, with the reason.
 * sftp_lose() takes the whole reason; the first one counts.
 */
int garbage(struct sftp *, const char *what);
int sftp_lose(struct sftp *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * sftp_receive(s, moved):
 * Hand the packets that have come to whom they answer; *moved is set where
 * there was one.  Does not wait.
 */
int sftp_receive(struct sftp *, bool *moved);

/* The code of a STATUS, its words kept for sftp_strerror(). */
int sftp_status(struct sftp *, struct sftp_get *, int *error);

static inline void
put_bytes(struct sftp_put *o, const void *v, size_t len)
{

	if (o->bad || len > o->max - o->len) {
		o->bad = true;
		return;
	}
	memcpy(o->buf + o->len, v, len);
	o->len += len;
}

static inline void
put_u32(struct sftp_put *o, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	put_bytes(o, b, sizeof(b));
}

static inline void
put_u64(struct sftp_put *o, uint64_t v)
{

	put_u32(o, (uint32_t)(v >> 32));
	put_u32(o, (uint32_t)v);
}

static inline void
put_blob(struct sftp_put *o, const void *v, size_t len)
{

	if (len > SFTP_REQUEST_MAX)
		o->bad = true;
	put_u32(o, (uint32_t)len);
	put_bytes(o, v, len);
}

static inline void
put_text(struct sftp_put *o, const char *s)
{

	put_blob(o, s, strlen(s));
}

/* The next len bytes, or NULL. */
static inline const uint8_t *
get_bytes(struct sftp_get *g, size_t len)
{
	const uint8_t *v = g->p;

	if (g->bad || len > g->left) {
		g->bad = true;
		return (NULL);
	}
	g->p += len;
	g->left -= len;
	return (v);
}

static inline uint32_t
get_u32(struct sftp_get *g)
{
	const uint8_t *v = get_bytes(g, 4);

	if (v == NULL)
		return (0);
	return ((uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 |
	    (uint32_t)v[2] << 8 | (uint32_t)v[3]);
}

static inline uint64_t
get_u64(struct sftp_get *g)
{
	uint64_t high = get_u32(g);

	return (high << 32 | get_u32(g));
}

/* A counted string inside the packet: *len bytes, not terminated; or NULL. */
static inline const uint8_t *
get_blob(struct sftp_get *g, size_t *len)
{

	*len = get_u32(g);
	return (get_bytes(g, *len));
}

/*
 * request_begin(s, o, type):
 * Start the one request that is not a READ or WRITE; the packet's room and ID
 * are set.  May wait until the last one is out of its buffer.
 */
int request_begin(struct sftp *, struct sftp_put *, enum sftp_type);

/*
 * request_wait(s, o, limit_ms, type, reply):
 * Send it and wait for its answer, limit_ms at most (0: the usual).  A STATUS
 * is turned into its enum sftp_error, SFTP_OK included; an answer of the given
 * type returns SFTP_OK with reply set, borrowed until the next call.  With
 * type FXP_STATUS there is no reply.  Where a type is given, a STATUS that
 * says OK is garbage.
 */
int request_wait(struct sftp *, struct sftp_put *, int limit_ms,
    enum sftp_type type, struct sftp_get *reply);

/* The packet goes out when those in front of it have; it stays where it is
 * until p->queued is false. */
void sftp_enqueue(struct sftp *, struct sftp_packet *p);

/* Wait until *busy is false; limit_ms 0: as long as is usual for what is asked.
 * SFTP_OK, or an enum sftp_error. */
int sftp_wait(struct sftp *, const bool *busy, int limit_ms);

#define SFTP_LAST_WORDS_MS	(10 * 1000)

/* fsync of a large file on a slow disk. */
#define SFTP_FSYNC_MS	(3600 * 1000)

#endif
