/* SPDX-License-Identifier: ISC */
#ifndef SFTP_H
#define SFTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/halt.h"
#include "ssh/wire.h"

/*
 * SFTP version 3, the client's side, as far as shipping a file needs it.
 * Source: draft-ietf-secsh-filexfer-02; OpenSSH's PROTOCOL, section 4.
 *
 * A function that returns int returns SFTP_OK or a negative enum sftp_error.
 * Nothing here prints.  One thread.
 */

enum sftp_error {
	SFTP_OK = 0,
	/* The server's answer: minus its SSH_FX_ code. */
	SFTP_EOF = -1,
	SFTP_NO_FILE = -2,
	SFTP_DENIED = -3,
	SFTP_FAILURE = -4,	/* also what a full disk is called */
	SFTP_BAD_MESSAGE = -5,
	SFTP_UNSUPPORTED = -8,
	/* No answer: nothing more can be asked but sftp_free(). */
	SFTP_LOST = -100,
	/* A caught signal, or the halt, ended the wait. */
	SFTP_SIGNAL = -101,
};

enum sftp_ext {
	SFTP_POSIX_RENAME = 1,	/* posix-rename@openssh.com */
	SFTP_FSYNC = 2,		/* fsync@openssh.com */
	SFTP_STATVFS = 4,	/* statvfs@openssh.com */
	SFTP_LIMITS = 8,	/* limits@openssh.com */
};

#define SFTP_PATH_MAX	4096

#define SFTP_READ	0x01
#define SFTP_WRITE	0x02
#define SFTP_CREAT	0x08
#define SFTP_EXCL	0x20

struct sftp;

struct sftp_handle {
	uint8_t v[256];
	size_t len;
};

struct sftp_attrs {
	bool has_size, has_mode, has_times;
	uint64_t size;
	uint32_t mode;		/* with the file type, as in stat(2) */
	uint32_t mtime;		/* seconds, by the server's clock */
};

/* A request that waits to be sent: two pieces, the second may be empty. */
struct sftp_packet {
	struct sftp_packet *next;
	const uint8_t *head, *data;
	size_t headlen, len;
	size_t done;		/* of both */
	bool queued;
};

#define SFTP_HEAD_MAX	320

/*
 * One READ, WRITE or fsync under way.  The caller owns it and what buf points
 * to, and leaves both alone while busy is true.
 */
struct sftp_io {
	uint8_t *buf;		/* a WRITE only reads it */
	size_t len;		/* WRITE: bytes; READ: asked for, then got */
	uint64_t offset;

	bool busy;		/* on its way */
	int error;		/* once not busy: how it ended */

	/* The engine's. */
	struct sftp_packet packet;
	struct sftp_io *next;
	uint32_t id;
	uint8_t type;
	uint8_t head[SFTP_HEAD_MAX];
};

struct sftp_opts {
	/* The connection counts as lost when an answer is owed and not one
	 * byte has come for so long; */
	int silence_ms;

	/* ... or when there are signs of life, but no answer (an fsync has an
	 * hour). */
	int stall_ms;

	/* Ends a wait with SFTP_SIGNAL; borrowed, may be NULL. */
	const struct halt *halt;
};

/*
 * sftp_new(w, opts):
 * An engine over w, which it closes in the end.  opts is copied.  NULL without
 * memory; w is then still the caller's.
 */
struct sftp *sftp_new(struct wire *w, const struct sftp_opts *opts);

/* Close the wire and free; NULL is allowed. */
void sftp_free(struct sftp *);

/* What the wire says of its end, after SFTP_LOST: see wire.h. */
const struct wire *sftp_wire(const struct sftp *);

/*
 * sftp_start(s):
 * INIT and VERSION, and the server's limits where it tells them.
 */
int sftp_start(struct sftp *);

bool sftp_has(const struct sftp *, enum sftp_ext);

/* What the server has offered, and then refuses, it does not have. */
void sftp_forgo(struct sftp *, enum sftp_ext);

/* The largest WRITE to be sent, 1024 ... SFTP_BLOCK_MAX. */
#define SFTP_BLOCK_MAX	(128 * 1024)
#define SFTP_BLOCK	(32 * 1024)	/* what every server takes */
size_t sftp_block(const struct sftp *);

/* The same of a READ: larger ones would only be answered shorter. */
size_t sftp_read_block(const struct sftp *);

/*
 * sftp_last_words(s):
 * From now on a caught signal does not end a wait, and all waits together are
 * no longer than some seconds: for taking away what was left behind.  Then what
 * is still waited for is lost.  A second call gives no more time.
 */
void sftp_last_words(struct sftp *);

/* Whether caught signals are not to end a wait. */
void sftp_deafen(struct sftp *, bool on);

/* Monotonic time in ms. */
int64_t sftp_now(void);

/* Whether SFTP_LOST has been returned; and whether because the server does not
 * speak the protocol, so that trying again is no use. */
bool sftp_is_lost(const struct sftp *);
bool sftp_is_garbage(const struct sftp *);

/* What an error means; borrowed until the next call. */
const char *sftp_strerror(const struct sftp *, int error);

/* Requests; each waits for its answer.  Paths are passed on as they are. */
int sftp_open(struct sftp *, const char *path, uint32_t flags, uint32_t mode,
    struct sftp_handle *);
int sftp_close(struct sftp *, const struct sftp_handle *);
int sftp_stat(struct sftp *, const char *path, struct sftp_attrs *);
int sftp_lstat(struct sftp *, const char *path, struct sftp_attrs *);
int sftp_fstat(struct sftp *, const struct sftp_handle *, struct sftp_attrs *);
int sftp_set_mode(struct sftp *, const struct sftp_handle *, uint32_t mode);
int sftp_set_time(struct sftp *, const struct sftp_handle *, uint32_t seconds);
int sftp_mkdir(struct sftp *, const char *path, uint32_t mode);
int sftp_remove(struct sftp *, const char *path);
int sftp_rename(struct sftp *, const char *from, const char *to);
int sftp_posix_rename(struct sftp *, const char *from, const char *to);
int sftp_fsync(struct sftp *, const struct sftp_handle *);

/* The absolute form of a path, in out (SFTP_PATH_MAX bytes). */
int sftp_realpath(struct sftp *, const char *path, char *out);

/* Bytes that this user may still write to the file system of path. */
int sftp_space(struct sftp *, const char *path, uint64_t *avail);

/*
 * sftp_opendir(s, path, h), sftp_readdir(s, h, each, arg):
 * readdir calls each() for every entry of one answer, the attributes as the
 * server gave them, and returns SFTP_EOF after the last.  each() may not use
 * s.
 */
int sftp_opendir(struct sftp *, const char *path, struct sftp_handle *);
int sftp_readdir(struct sftp *, const struct sftp_handle *,
    void (*each)(void *arg, const char *name, const struct sftp_attrs *),
    void *arg);

/*
 * sftp_write(s, h, io), sftp_read(s, h, io):
 * Put a request on its way, without waiting.  A READ that got SFTP_EOF lies
 * behind the end of the file; a shorter one than asked for is no error.
 */
void sftp_write(struct sftp *, const struct sftp_handle *, struct sftp_io *);
void sftp_read(struct sftp *, const struct sftp_handle *, struct sftp_io *);

/* The same for an fsync, which has an hour: of io only busy and error count. */
void sftp_sync(struct sftp *, const struct sftp_handle *, struct sftp_io *);

/*
 * sftp_await(s, io):
 * Until io is not busy.  SFTP_OK where the engine is well; how the request
 * ended is in io->error.
 */
int sftp_await(struct sftp *, struct sftp_io *);

/* Send and receive what can be moved at once. */
int sftp_poke(struct sftp *);

/*
 * sftp_step(s, wait_ms, wake):
 * For who has READs or WRITEs under way and other things to do: one round of
 * sending and receiving.  Where nothing could be moved it sleeps until
 * something can, or wake (a descriptor, -1: none) is readable, or wait_ms have
 * gone.  Also looks whether the connection has fallen silent.
 */
int sftp_step(struct sftp *, int wait_ms, int wake);

/* The shortest time between a request and its answer so far, in microseconds;
 * 0: there was none. */
int64_t sftp_rtt_us(const struct sftp *);

/* Whether requests wait that the wire has not taken yet. */
bool sftp_is_full(const struct sftp *);

#endif
