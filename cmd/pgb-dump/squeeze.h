/* SPDX-License-Identifier: ISC */
#ifndef SQUEEZE_H
#define SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "zspec.h"

/*
 * One compressed stream made of pieces, by several who do not wait for each
 * other.  The essay is in squeeze.c.
 */
struct squeeze;

#define SQUEEZE_CHUNK	(1024 * 1024)	/* bytes of a chunk at most */

/*
 * Where the chunks go.  begin: one begins; room: where its next bytes go, *len
 * of them, at least one; used: so many were written; end: it is whole.  false
 * and NULL: stop.
 */
struct squeeze_sink {
	bool (*begin)(void *arg);
	uint8_t *(*room)(void *arg, size_t *len);
	void (*used)(void *arg, size_t len);
	bool (*end)(void *arg);
	void *arg;
};

/* NULL without memory. */
struct squeeze *squeeze_new(const struct zspec *);
void squeeze_free(struct squeeze *);

/*
 * squeeze_begin(q, sink, first):
 * A part of a stream.  first: its beginning (the header of zlib).  Nothing is
 * written yet.  sink is copied.
 */
void squeeze_begin(struct squeeze *, const struct squeeze_sink *, bool first);

/*
 * squeeze_put(q, buf, len):
 * More of the text.  0, or -1 when the sink said stop, or for squeeze_error().
 */
int squeeze_put(struct squeeze *, const void *buf, size_t len);

/*
 * squeeze_end(q, how):
 * The part is whole: others follow it (a part without text is then nothing at
 * all), or the stream ends, with or without its check value, which for zlib is
 * made of those of all parts.  As squeeze_put().
 */
enum squeeze_how {
	SQUEEZE_MORE,
	SQUEEZE_LAST,
	SQUEEZE_WHOLE,
};
int squeeze_end(struct squeeze *, enum squeeze_how);

/* What the codec said, static, or NULL. */
const char *squeeze_error(const struct squeeze *);

/* After squeeze_end(): Adler-32 of the part's text (gzip alone), its bytes. */
uint32_t squeeze_check(const struct squeeze *);
uint64_t squeeze_text(const struct squeeze *);

#endif
