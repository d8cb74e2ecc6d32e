/* SPDX-License-Identifier: ISC */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include "age/age.h"
#include "age/cipher.h"

/*
 * The payload of an age file, sealed or opened by many threads.  The essay is
 * in payload.c.  Nothing here prints.
 */
struct payload;

enum payload_way { PAYLOAD_SEAL, PAYLOAD_OPEN };

/* After -1: what is wrong. */
enum payload_fault {
	PAYLOAD_FINE,
	PAYLOAD_BAD,		/* a chunk does not authenticate */
	PAYLOAD_CUT,		/* ends too early, or goes on behind its end */
	PAYLOAD_STOPPED,	/* the sink said no */
	PAYLOAD_LIBRARY		/* that of the cipher */
};

/* Room for len bytes behind those that were given before, which the sink will
 * get from there, in that order; NULL: there is none now. */
typedef uint8_t *(*payload_place)(void *arg, size_t len);

/* Bytes that place() is asked for before the sink gets the first of them. */
size_t payload_ahead(unsigned threads);

/*
 * payload_new(way, key, threads, sink, place, arg):
 * The sink gets what was sealed, or authenticated plaintext alone, in order,
 * from the caller's thread.
 *
 * key	copied
 * place	where it is made; NULL: in the payload's own memory, always
 * threads	1 to LANES_MAX
 *
 * NULL without memory or threads (errno).
 */
struct payload *payload_new(enum payload_way way,
    const uint8_t key[CIPHER_KEY_LEN], unsigned threads, age_sink sink,
    payload_place place, void *arg);
void payload_free(struct payload *);

/*
 * payload_room(p, len):
 * Where the next bytes may be read, *len of them: given to payload_put() from
 * there, they are not copied.  May call the sink; NULL after an error.
 */
uint8_t *payload_room(struct payload *, size_t *len);

/* The next bytes: 0, or -1; it stays so. */
int payload_put(struct payload *, const uint8_t *buf, size_t len);

/* More may come, but not from here: hand on the batches that are full and have
 * a byte behind them.  0, or -1 where one of them does not open. */
int payload_flush(struct payload *);

/* They were the last: 0 when the sink has had everything, or -1. */
int payload_end(struct payload *);

/* After -1; at is the offset from the first byte of the payload. */
enum payload_fault payload_fault(const struct payload *);
const char *payload_why(const struct payload *);
uint64_t payload_at(const struct payload *);

#endif
