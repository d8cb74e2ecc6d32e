/* SPDX-License-Identifier: ISC */
#ifndef SQUEEZE_H
#define SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "zspec.h"

/*
 * Text in, the chunks of a compressed stream out.  The stream of one entry may
 * be made by several jobs, one after the other or at the same time; what they
 * wrote, in their order, is the stream.
 *
 * It is made of pieces.  A piece begins with an empty history and begins a
 * chunk.  gzip: it is one chunk, and ends on a byte edge in 00 00 FF FF (the
 * last one in the final block).  zstd, lz4: it is one frame with a checksum,
 * at most SQUEEZE_PIECE of output in a few chunks.
 */
struct squeeze;

#define SQUEEZE_CHUNK	((size_t)1024 * 1024)	/* most bytes of one chunk */
#define SQUEEZE_PIECE	(4 * SQUEEZE_CHUNK)	/* most bytes of one piece */

/*
 * Where the chunks go.  begin: a chunk begins.  room: where its next bytes go,
 * *len >= 1.  used: that many bytes were written there, 1 <= len <= *len.  end:
 * the chunk is whole; it has at least one byte and at most SQUEEZE_CHUNK.  What
 * is written does not depend on the rooms.  false and NULL: stop; nothing more
 * is called then until squeeze_begin().
 */
struct squeeze_sink {
	bool (*begin)(void *arg);
	uint8_t *(*room)(void *arg, size_t *len);
	void (*used)(void *arg, size_t len);
	bool (*end)(void *arg);
	void *arg;
};

/*
 * squeeze_new(z):
 * NULL without memory.  A squeeze does any number of jobs, one at a time; it
 * is for one thread.  No function here prints.
 */
struct squeeze *squeeze_new(const struct zspec *z);
void squeeze_free(struct squeeze *);

/*
 * squeeze_begin(s, sink, first):
 * Begin a job; one that has not ended is forgotten.  *sink is copied.  first:
 * the stream begins here (gzip: 78 9c stands in front, in the first chunk).
 * Writes nothing yet.
 */
void squeeze_begin(struct squeeze *s, const struct squeeze_sink *sink,
    bool first);

/*
 * squeeze_put(s, buf, len):
 * More text, of any length; buf is not NULL.  0, or -1: the sink said stop, or
 * squeeze_error() has the reason.  All that follows is -1 then.
 */
static inline int squeeze_put(struct squeeze *s, const void *buf, size_t len);

/*
 * squeeze_room(s, len), squeeze_used(s, len):
 * The same without a copy: where the next text may be put, *len >= 1 bytes of
 * it, or NULL as -1 above; then, how many of them were.
 */
uint8_t *squeeze_room(struct squeeze *s, size_t *len);
int squeeze_used(struct squeeze *s, size_t len);

/*
 * squeeze_end(s, how):
 * MORE: another job goes on; LAST: the stream ends, but for gzip's check value
 * (4 bytes, in a chunk of its own or not), which is the caller's; WHOLE: all of
 * it.  A job without text writes nothing for MORE (but gzip's first, which
 * holds the header), and a valid end for LAST and WHOLE.  As squeeze_put().
 */
enum squeeze_how { SQUEEZE_MORE, SQUEEZE_LAST, SQUEEZE_WHOLE };
int squeeze_end(struct squeeze *s, enum squeeze_how how);

/* Of the job's text up to now, also after squeeze_end(): its Adler-32, counted
 * from 1, and its bytes. */
uint32_t squeeze_check(struct squeeze *s);
uint64_t squeeze_text(const struct squeeze *s);

/* What failed: constant text, or NULL where it was the sink that said stop. */
const char *squeeze_error(const struct squeeze *s);

/* --- the part that has to be quick ---------------------------------------- */

/* Where the next text goes: the first member of what a squeeze is. */
struct squeeze_gather {
	uint8_t *at, *end;
};

int squeeze_spill(struct squeeze *s, const void *buf, size_t len);

static inline int
squeeze_put(struct squeeze *s, const void *buf, size_t len)
{
	struct squeeze_gather *g = (struct squeeze_gather *)s;

	if (len >= (size_t)(g->end - g->at))
		return (squeeze_spill(s, buf, len));
	memcpy(g->at, buf, len);
	g->at += len;
	return (0);
}

#endif
