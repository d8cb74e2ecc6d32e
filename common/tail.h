/* SPDX-License-Identifier: ISC */
#ifndef TAIL_H
#define TAIL_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/*
 * The end of an output, held back until the stream is known to be whole.
 *
 * What is put in goes out once TAIL_HOLD more bytes have come.  The formats'
 * proofs all stand in the last bytes (an archive's closing zeros, a dump's
 * closing comment, an age file's final chunk), so what has gone out without
 * them proves nothing to whoever reads it.
 *
 * An age file without a key shows no end: nearly every cut of it is
 * well-formed.  Where the stream is one, each write ends 8 bytes past the edge
 * of a chunk, a length that no valid file has, so that even a stored fragment
 * shows.  Source: age-encryption.org/v1, payload.
 */
struct tail;

#define TAIL_HOLD	(128 * 1024)

/*
 * tail_new(fd, name, ahead):
 * fd	-1: bytes are counted and dropped
 * ahead	bytes that tail_reserve() may give at once, besides what is held
 *
 * NULL without memory.
 */
struct tail *tail_new(int fd, const char *name, size_t ahead);
void tail_free(struct tail *);

/*
 * tail_put(t, buf, len):
 * STATUS_OK, or STATUS_LOCAL after one error line (none for EPIPE or a caught
 * signal).
 */
enum status tail_put(struct tail *, const void *buf, size_t len);

/*
 * tail_room(t, len):
 * Where the next bytes may be made or read, *len of them, one at least: what is
 * put from there is not copied.
 *
 * tail_reserve(t, len):
 * The same for len bytes behind those that are reserved already, to be put
 * later and in that order; only the last may then be fewer.  NULL where there
 * is no room: these have to be put from other memory.
 */
uint8_t *tail_room(struct tail *, size_t *len);
uint8_t *tail_reserve(struct tail *, size_t len);

/*
 * tail_last(t, buf, len):
 * The last len bytes that were put in, at most TAIL_HOLD: 0, or -1 where there
 * were fewer.
 */
int tail_last(const struct tail *, uint8_t *buf, size_t len);

/*
 * tail_patch(t, at, buf, len):
 * Change len bytes that were put in before, at byte offset at of the stream.
 * What is still held changes in memory, what was written by pwrite(2): the
 * caller promises that the output is a regular file, not O_APPEND, whose
 * position was 0 at the first byte.  Returns 0, or -1 with errno (EINVAL: not
 * within the bytes put in).  Prints nothing.
 */
int tail_patch(struct tail *, uint64_t at, const void *buf, size_t len);

/* The stream is whole: write what is held back.  As tail_put(). */
enum status tail_release(struct tail *);

/*
 * tail_stop(t):
 * The stream will not be whole.  Where a write of an age file was cut short,
 * go on to the next length that no valid file has, if the reader takes it
 * within a second.  Prints nothing.
 */
void tail_stop(struct tail *);

/* Bytes put in so far. */
uint64_t tail_bytes(const struct tail *);

#endif
