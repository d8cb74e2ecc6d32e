/* SPDX-License-Identifier: ISC */
/*
 * Pieces.
 *
 * A table's data is one compressed stream in the archive.  Here it is put
 * together of pieces, which refer to nothing in front of them: so several can
 * be made at once, and whoever reads them can inflate them apart.
 *
 * - gzip: raw deflate with its history reset, ended by a sync flush (an empty
 *   stored block: 00 00 FF FF at a byte's edge).  A zlib header stands before
 *   the first piece, an Adler-32 of all text behind the last, combined from
 *   those of the parts.
 * - zstd and lz4: a frame with a checksum, which stock pg_dump leaves out.
 *
 * A piece begins a chunk of the archive.  For deflate it is that chunk; a frame
 * may take several, but no chunk has the end of one and more: pg_restore drops
 * what stands behind the end of a zstd frame in its chunk.
 *
 * Text is gathered before a codec sees it, for a row is short and a call is
 * dear.  A piece ends early enough that what the codec still holds, and what
 * was gathered, fits into the chunk however badly it compresses.
 */
#include <stdlib.h>
#include <string.h>
#include <isa-l/igzip_lib.h>

#include "squeeze-impl.h"

struct squeeze {
	const struct codec *codec;	/* NULL: none */
	void *state;
	struct squeeze_sink sink;
	const char *error;
	bool first;		/* the stream's header is owed */
	bool open;		/* a chunk is */
	bool piece;		/* and a piece */
	size_t chunk_len, piece_len;
	uint32_t check;
	uint64_t text;
	size_t have;
	uint8_t buf[GATHER];
};

static const struct codec *
codec_for(const struct zspec *z)
{

	switch (z->method) {
	case ARCHIVE_GZIP:
		return (z->level == ZSPEC_DEFAULT || z->level <= 3 ?
		    &codec_isal : &codec_zlib);
	case ARCHIVE_ZSTD:
		return (&codec_zstd);
	case ARCHIVE_LZ4:
		return (&codec_lz4);
	case ARCHIVE_NONE:
		break;
	}
	return (NULL);
}

struct squeeze *
squeeze_new(const struct zspec *z)
{
	struct squeeze *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return (NULL);
	q->codec = codec_for(z);
	if (q->codec != NULL && (q->state = q->codec->new(z)) == NULL) {
		free(q);
		return (NULL);
	}
	return (q);
}

void
squeeze_free(struct squeeze *q)
{

	if (q == NULL)
		return;
	if (q->codec != NULL)
		q->codec->free(q->state);
	free(q);
}

void
squeeze_begin(struct squeeze *q, const struct squeeze_sink *sink, bool first)
{

	q->sink = *sink;
	q->first = first;
	q->open = q->piece = false;
	q->error = NULL;
	q->check = 1;
	q->text = 0;
	q->have = 0;
}

const char *
squeeze_error(const struct squeeze *q)
{

	return (q->error);
}

uint32_t
squeeze_check(const struct squeeze *q)
{

	return (q->check);
}

uint64_t
squeeze_text(const struct squeeze *q)
{

	return (q->text);
}

int
squeeze_fail(struct squeeze *q, const char *why)
{

	q->error = why;
	return (-1);
}

static int
end_chunk(struct squeeze *q)
{

	if (!q->open)
		return (0);
	q->open = false;
	return (q->sink.end(q->sink.arg) ? 0 : -1);
}

uint8_t *
squeeze_room(struct squeeze *q, size_t *len)
{
	uint8_t *room;

	if (q->open && q->chunk_len == SQUEEZE_CHUNK && end_chunk(q) != 0)
		return (NULL);
	if (!q->open) {
		if (!q->sink.begin(q->sink.arg))
			return (NULL);
		q->open = true;
		q->chunk_len = 0;
	}
	if ((room = q->sink.room(q->sink.arg, len)) == NULL)
		return (NULL);
	if (*len > SQUEEZE_CHUNK - q->chunk_len)
		*len = SQUEEZE_CHUNK - q->chunk_len;
	return (room);
}

void
squeeze_used(struct squeeze *q, size_t len)
{

	q->sink.used(q->sink.arg, len);
	q->chunk_len += len;
	q->piece_len += len;
}

int
squeeze_raw(struct squeeze *q, const void *buf, size_t len)
{
	const uint8_t *from = buf;
	uint8_t *to;
	size_t n;

	while (len > 0) {
		if ((to = squeeze_room(q, &n)) == NULL)
			return (-1);
		if (n > len)
			n = len;
		memcpy(to, from, n);
		squeeze_used(q, n);
		from += n;
		len -= n;
	}
	return (0);
}

static int
begin_piece(struct squeeze *q)
{
	static const uint8_t zlib_header[2] = { 0x78, 0x9c };

	q->piece = true;
	q->piece_len = 0;
	if (q->codec->adler && q->first &&
	    squeeze_raw(q, zlib_header, sizeof(zlib_header)) != 0)
		return (-1);
	q->first = false;
	return (q->codec->begin(q->state) == 0 ? 0 :
	    squeeze_fail(q, "the codec does not begin"));
}

/* What was gathered goes to the codec, and with it the end of something. */
static int
run(struct squeeze *q, const uint8_t *buf, size_t len, enum codec_end end)
{

	q->text += len;
	if (q->codec == NULL) {
		if (squeeze_raw(q, buf, len) != 0)
			return (-1);
		return (end == END_NOTHING ? 0 : end_chunk(q));
	}
	if (!q->piece && begin_piece(q) != 0)
		return (-1);
	if (q->codec->adler)
		q->check = isal_adler32(q->check, buf, len);
	if (end == END_NOTHING && q->piece_len >= q->codec->piece)
		end = END_PIECE;
	if (q->codec->run(q->state, q, buf, len, end) != 0)
		return (-1);
	if (end == END_NOTHING)
		return (0);
	q->piece = false;
	/* The check value stands in the last chunk. */
	return (end == END_STREAM ? 0 : end_chunk(q));
}

int
squeeze_put(struct squeeze *q, const void *buf, size_t len)
{
	const uint8_t *from = buf;
	size_t n;

	while (len >= GATHER - q->have) {
		n = GATHER - q->have;
		memcpy(q->buf + q->have, from, n);
		from += n;
		len -= n;
		q->have = 0;
		if (run(q, q->buf, GATHER, END_NOTHING) != 0)
			return (-1);
	}
	memcpy(q->buf + q->have, from, len);
	q->have += len;
	return (0);
}

int
squeeze_end(struct squeeze *q, enum squeeze_how how)
{
	size_t len = q->have;
	uint8_t check[4];

	q->have = 0;
	if (how == SQUEEZE_MORE || q->codec == NULL || !q->codec->adler) {
		/* The stream's header must not be lost with a first part that
		 * has no text; a frame need not be there at all. */
		if (len == 0 && !q->piece && !q->open &&
		    (q->codec == NULL || !q->codec->adler || !q->first) &&
		    (how == SQUEEZE_MORE || q->codec == NULL))
			return (0);
		return (run(q, q->buf, len, END_PIECE));
	}
	if (run(q, q->buf, len, END_STREAM) != 0)
		return (-1);
	if (how == SQUEEZE_WHOLE) {
		check[0] = (uint8_t)(q->check >> 24);
		check[1] = (uint8_t)(q->check >> 16);
		check[2] = (uint8_t)(q->check >> 8);
		check[3] = (uint8_t)q->check;
		if (squeeze_raw(q, check, sizeof(check)) != 0)
			return (-1);
	}
	return (end_chunk(q));
}
