/* SPDX-License-Identifier: ISC */
#ifndef DECODE_H
#define DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"

/*
 * The compressed stream of one entry, or of one large object, decoded as
 * pg_restore decodes it, but stricter: it stops where bytes are damaged,
 * missing, or behind the end.
 *
 * A stream may be begun in its midst, where a piece may begin that knows
 * nothing of what is in front of it: a guess, which holds if it decodes and
 * what is in front ends there in the right state (decode_is_edge()).
 */
struct decode;

/* compression is not ARCHIVE_NONE; NULL without memory. */
struct decode *decode_new(enum archive_compression compression);
void decode_free(struct decode *);

/*
 * decode_begin(d, how):
 * DECODE_MIDST	not the stream begins, but a piece within it
 * DECODE_SMALL	where it would take more than 8 MiB of memory, it fails instead
 */
#define DECODE_MIDST	1
#define DECODE_SMALL	2
void decode_begin(struct decode *, int how);

enum decode_result {
	DECODE_DRAINED,		/* all input was taken, all output given */
	DECODE_FULL,		/* the output is full; there may be more */
	DECODE_FAILED		/* decode_why() */
};

/*
 * decode_run(d, in, in_len, out, out_len):
 * Take input from *in, *in_len bytes, and put output to *out, where there is
 * room for *out_len; all four are moved on.
 */
enum decode_result decode_run(struct decode *, const uint8_t **in,
    size_t *in_len, uint8_t **out, size_t *out_len);

/* A chunk of the archive ends behind what was taken. */
void decode_chunk_end(struct decode *);

/* Whether it wants to be told where chunks end; then each run is of one. */
bool decode_minds_chunks(const struct decode *);

/* Whether a piece may begin behind what was taken; whether one may be guessed
 * there, by the 4 bytes in front of it (gzip) or its own first ones, of which
 * there are len, 4 at most. */
bool decode_is_edge(const struct decode *);
bool decode_may_begin(enum archive_compression, const uint8_t before[4],
    const uint8_t begin[4], size_t len);

/*
 * decode_end(d, adler):
 * No more bytes come: 0, or -1 where the stream has not had its end, or is not
 * the text whose Adler-32 the caller has counted, since it is in its hands that
 * the pieces come together (gzip; others do not look at it).
 */
int decode_end(struct decode *, uint32_t adler);

/* After DECODE_FAILED and -1: what is wrong, as part of a sentence, and what a
 * restore makes of it. */
const char *decode_why(const struct decode *);
const char *decode_restore(const struct decode *);

/* It was begun with DECODE_SMALL, and that is why it failed. */
bool decode_was_too_small(const struct decode *);

/* It is about memory, not about the stream. */
bool decode_no_memory(const struct decode *);

/* Whether every frame so far had a checksum (zstd, lz4; gzip always has). */
bool decode_has_check(const struct decode *);

#endif
