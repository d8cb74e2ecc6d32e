/* SPDX-License-Identifier: ISC */
/*
 * Rows are small and libraries are slow to call, so text is gathered, 256 KiB
 * at a time: small enough to be still in the cache when it is counted and
 * compressed, large enough that the cost of a call is nothing.  What is larger
 * than that is not copied at all.
 *
 * Output is copied, though: libraries write other bytes where they find little
 * room (ISA-L cuts stored blocks, zlib repeats its mark), and how much room the
 * sink has must not be seen in the archive.
 *
 * A piece ends where the next block could make it too long, at the very worst
 * that its method can do; this is asked before the block, not behind the last
 * one, so that an end of the stream never stands alone in a chunk behind a
 * piece that was cut for nothing.  A chunk is closed when it is full and more
 * comes, so that its limit holds whatever a library does.
 */
#include <stdlib.h>

#include <isa-l.h>

#include "squeeze-impl.h"

/* Most text of one piece: a reader that inflates pieces apart can tell what to
 * expect, and ISA-L counts with 32 bits. */
#define PIECE_TEXT	((uint64_t)64 * 1024 * 1024)

struct squeeze {
	struct squeeze_gather gather;	/* must be first */
	const struct squeeze_method *method;
	void *ctx;
	uint8_t *block;			/* SQUEEZE_BLOCK bytes: the gathered */
	uint8_t *out;			/* SQUEEZE_OUT bytes */
	struct squeeze_sink sink;
	const char *error;
	bool dead;			/* nothing goes on in this job */
	bool gzip;
	bool header;			/* gzip's is still to be written */
	bool in_chunk, in_piece;
	size_t chunk, piece;		/* bytes of output in each */
	uint64_t piece_text;
	uint64_t text;			/* in blocks, as check */
	uint32_t check;
};

/* --- output --------------------------------------------------------------- */

static int
stop(struct squeeze *s)
{
	s->dead = true;
	s->gather.at = s->gather.end = s->block;
	return (-1);
}

int
squeeze_fail(struct squeeze *s, const char *text)
{
	s->error = text;
	return (stop(s));
}

static int
end_chunk(struct squeeze *s)
{
	if (!s->in_chunk)
		return (0);
	s->in_chunk = false;
	return (s->sink.end(s->sink.arg) ? 0 : stop(s));
}

/* The sink's room in a chunk that has some: *len >= 1. */
static uint8_t *
sink_room(struct squeeze *s, size_t *len)
{
	uint8_t *room;

	if (s->in_chunk && s->chunk == SQUEEZE_CHUNK && end_chunk(s) != 0)
		return (NULL);
	if (!s->in_chunk) {
		if (!s->sink.begin(s->sink.arg)) {
			stop(s);
			return (NULL);
		}
		s->in_chunk = true;
		s->chunk = 0;
	}
	if ((room = s->sink.room(s->sink.arg, len)) == NULL) {
		stop(s);
		return (NULL);
	}
	if (*len > SQUEEZE_CHUNK - s->chunk)
		*len = SQUEEZE_CHUNK - s->chunk;
	return (room);
}

int
squeeze_bytes(struct squeeze *s, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint8_t *room;
	size_t n;

	while (len > 0) {
		if ((room = sink_room(s, &n)) == NULL)
			return (-1);
		if (n > len)
			n = len;
		memcpy(room, p, n);
		s->sink.used(s->sink.arg, n);
		s->chunk += n;
		s->piece += n;
		p += n;
		len -= n;
	}
	return (0);
}

uint8_t *
squeeze_out(struct squeeze *s)
{
	return (s->out);
}

/* --- none: text as it is, in full chunks ---------------------------------- */

static void *
none_open(const struct zspec *z)
{
	static char nothing;

	(void)z;
	return (&nothing);
}

static void
none_close(void *ctx)
{
	(void)ctx;
}

static int
none_start(struct squeeze *s, void *ctx)
{
	(void)s;
	(void)ctx;
	return (0);
}

static int
none_feed(struct squeeze *s, void *ctx, const uint8_t *buf, size_t len)
{
	(void)ctx;
	return (squeeze_bytes(s, buf, len));
}

static int
none_finish(struct squeeze *s, void *ctx, bool last)
{
	(void)s;
	(void)ctx;
	(void)last;
	return (0);
}

static const struct squeeze_method none = {
	none_open, none_close, none_start, none_feed, none_finish,
	SQUEEZE_CHUNK, SQUEEZE_BLOCK,
};

/* --- pieces --------------------------------------------------------------- */

static int
begin_piece(struct squeeze *s)
{
	s->in_piece = true;
	s->piece = 0;
	s->piece_text = 0;
	if (s->header) {
		s->header = false;
		if (squeeze_bytes(s, "\x78\x9c", 2) != 0)
			return (-1);
	}
	return (s->method->start(s, s->ctx));
}

/* The piece ends, and its chunk is still open. */
static int
end_piece(struct squeeze *s, bool last)
{
	s->in_piece = false;
	return (s->method->finish(s, s->ctx, last));
}

static int
feed(struct squeeze *s, const uint8_t *buf, size_t len)
{
	if (s->in_piece &&
	    (s->piece + s->method->reserve > s->method->most ||
	    s->piece_text + len > PIECE_TEXT)) {
		if (end_piece(s, false) != 0 || end_chunk(s) != 0)
			return (-1);
	}
	if (!s->in_piece && begin_piece(s) != 0)
		return (-1);
	s->check = isal_adler32(s->check, buf, len);
	s->text += len;
	s->piece_text += len;
	return (s->method->feed(s, s->ctx, buf, len));
}

static int
feed_gathered(struct squeeze *s)
{
	size_t len = (size_t)(s->gather.at - s->block);

	if (len == 0)
		return (0);
	s->gather.at = s->block;
	return (feed(s, s->block, len));
}

uint8_t *
squeeze_room(struct squeeze *s, size_t *len)
{
	if (s->dead)
		return (NULL);
	*len = (size_t)(s->gather.end - s->gather.at);
	return (s->gather.at);
}

int
squeeze_used(struct squeeze *s, size_t len)
{
	if (s->dead)
		return (-1);
	s->gather.at += len;
	return (s->gather.at == s->gather.end ? feed_gathered(s) : 0);
}

/* squeeze_put() of what fills the block. */
int
squeeze_spill(struct squeeze *s, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t n;

	if (s->dead)
		return (-1);
	if (s->gather.at > s->block) {
		n = (size_t)(s->gather.end - s->gather.at);
		memcpy(s->gather.at, p, n);
		s->gather.at += n;
		p += n;
		len -= n;
		if (feed_gathered(s) != 0)
			return (-1);
	}
	for (; len >= SQUEEZE_BLOCK; p += SQUEEZE_BLOCK, len -= SQUEEZE_BLOCK)
		if (feed(s, p, SQUEEZE_BLOCK) != 0)
			return (-1);
	memcpy(s->gather.at, p, len);
	s->gather.at += len;
	return (0);
}

/* --- jobs ----------------------------------------------------------------- */

static const struct squeeze_method *
method_of(const struct zspec *z)
{
	switch (z->method) {
	case ARCHIVE_GZIP:
		return (z->level == ZSPEC_DEFAULT || z->level <= 3 ?
		    &squeeze_isal : &squeeze_zlib);
	case ARCHIVE_ZSTD:
		return (&squeeze_zstd);
	case ARCHIVE_LZ4:
		return (&squeeze_lz4);
	case ARCHIVE_NONE:
		break;
	}
	return (&none);
}

struct squeeze *
squeeze_new(const struct zspec *z)
{
	struct squeeze *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->method = method_of(z);
	s->gzip = z->method == ARCHIVE_GZIP;
	s->block = aligned_alloc(64, SQUEEZE_BLOCK);
	s->ctx = s->method->open(z);
	s->out = malloc(SQUEEZE_OUT);
	if (s->block == NULL || s->out == NULL || s->ctx == NULL) {
		squeeze_free(s);
		return (NULL);
	}
	stop(s);		/* until a job begins */
	return (s);
}

void
squeeze_free(struct squeeze *s)
{
	if (s == NULL)
		return;
	if (s->ctx != NULL)
		s->method->close(s->ctx);
	free(s->block);
	free(s->out);
	free(s);
}

void
squeeze_begin(struct squeeze *s, const struct squeeze_sink *sink, bool first)
{
	s->sink = *sink;
	s->gather.at = s->block;
	s->gather.end = s->block + SQUEEZE_BLOCK;
	s->error = NULL;
	s->dead = false;
	s->header = first && s->gzip;
	s->in_chunk = s->in_piece = false;
	s->text = 0;
	s->check = 1;
}

/* The check value stands behind the stream with the high byte first. */
static int
put_check(struct squeeze *s)
{
	uint32_t c = s->check;
	uint8_t b[4] = { (uint8_t)(c >> 24), (uint8_t)(c >> 16),
	    (uint8_t)(c >> 8), (uint8_t)c };

	return (squeeze_bytes(s, b, sizeof(b)));
}

int
squeeze_end(struct squeeze *s, enum squeeze_how how)
{
	if (s->dead || feed_gathered(s) != 0)
		return (-1);
	if (!s->in_piece && (how != SQUEEZE_MORE || s->header) &&
	    begin_piece(s) != 0)
		return (-1);
	if (s->in_piece && end_piece(s, how != SQUEEZE_MORE) != 0)
		return (-1);
	if (how == SQUEEZE_WHOLE && s->gzip && put_check(s) != 0)
		return (-1);
	if (end_chunk(s) != 0)
		return (-1);
	stop(s);		/* until the next job begins */
	return (0);
}

uint32_t
squeeze_check(struct squeeze *s)
{
	return (isal_adler32(s->check, s->block,
	    (uint64_t)(s->gather.at - s->block)));
}

uint64_t
squeeze_text(const struct squeeze *s)
{
	return (s->text + (uint64_t)(s->gather.at - s->block));
}

const char *
squeeze_error(const struct squeeze *s)
{
	return (s->error);
}
