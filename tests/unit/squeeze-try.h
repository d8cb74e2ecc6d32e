/* SPDX-License-Identifier: ISC */
#ifndef SQUEEZE_TRY_H
#define SQUEEZE_TRY_H

/*
 * A sink for squeeze that keeps what it gets and watches how it is called, and
 * decoders for it.
 */
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "pgb-dump/squeeze/squeeze.h"

#define SLAB		(256 * 1024)
#define CHUNKS		4096

/* --- a sink that keeps what it gets, and watches -------------------------- */

struct kept {
	uint8_t *data;
	size_t len, size;
	size_t ends[CHUNKS], count;	/* chunks */
	size_t begun;			/* where the open one begins */
	bool open, wrong;
	size_t most;			/* bytes of a room; 0: random */
	size_t room;			/* of the one that was offered, or 0 */
	size_t calls, stop_at;		/* stop_at 0: never */
	bool stopped;
	uint8_t *slab;
};

static uint32_t seed = 1;

static size_t
dice(size_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return ((seed >> 8) % sides);
}

static bool
go(struct kept *k)
{
	if (k->stopped)
		k->wrong = true;
	k->stopped = ++k->calls == k->stop_at;
	return (!k->stopped);
}

static bool
sink_begin(void *arg)
{
	struct kept *k = arg;

	if (k->open || k->count == CHUNKS)
		k->wrong = true;
	k->open = true;
	k->begun = k->len;
	return (go(k));
}

/* Rooms end where the memory ends, for the sanitizer to see beyond. */
static uint8_t *
sink_place(void *arg, size_t *len)
{
	struct kept *k = arg;

	if (!k->open)
		k->wrong = true;
	if (!go(k))
		return (NULL);
	if (k->room == 0)
		k->room = k->most != 0 ? k->most :
		    1 + dice(dice(2) == 0 ? 300 : SLAB);
	*len = k->room;
	return (k->slab + SLAB - k->room);
}

static void
sink_took(void *arg, size_t len)
{
	struct kept *k = arg;

	if (!k->open || k->stopped || len == 0 || len > k->room ||
	    k->len - k->begun + len > SQUEEZE_CHUNK || k->len + len > k->size) {
		k->wrong = true;
		return;
	}
	memcpy(k->data + k->len, k->slab + SLAB - k->room, len);
	k->len += len;
	k->room = 0;
}

static bool
sink_end(void *arg)
{
	struct kept *k = arg;

	if (!k->open || k->len == k->begun)
		k->wrong = true;
	k->open = false;
	k->room = 0;
	k->ends[k->count++] = k->len;
	return (go(k));
}

static struct squeeze_sink
sink_of(struct kept *k)
{
	return ((struct squeeze_sink){ sink_begin, sink_place, sink_took,
	    sink_end, k });
}

static void
kept_init(struct kept *k, size_t size)
{
	memset(k, 0, sizeof(*k));
	k->size = size;
	k->data = malloc(size);
	k->slab = malloc(SLAB);
}

static void
kept_free(struct kept *k)
{
	free(k->data);
	free(k->slab);
}

/* --- decoders: the bytes of text, or (size_t)-1 --------------------------- */

#define BAD	((size_t)-1)

static size_t
whole_zlib(const struct kept *k, uint8_t *out, size_t size)
{
	z_stream z = { .next_in = k->data, .avail_in = (uInt)k->len,
	    .next_out = out, .avail_out = (uInt)size };
	int rc;

	inflateInit(&z);
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return (rc == Z_STREAM_END && z.avail_in == 0 ? z.total_out : BAD);
}

/* Chunk by chunk, each with a decoder that knows of no other. */
static size_t
apart_gzip(const struct kept *k, uint8_t *out, size_t size)
{
	static const uint8_t mark[4] = { 0x00, 0x00, 0xff, 0xff };
	size_t i, at, end, n = 0;
	z_stream z;
	int rc;

	for (i = 0; i < k->count; i++) {
		at = i == 0 ? 2 : k->ends[i - 1];
		end = k->ends[i] - (i == k->count - 1 ? 4 : 0);
		z = (z_stream){ .next_in = k->data + at,
		    .avail_in = (uInt)(end - at), .next_out = out + n,
		    .avail_out = (uInt)(size - n) };
		inflateInit2(&z, -15);
		rc = inflate(&z, Z_SYNC_FLUSH);
		inflateEnd(&z);
		n += z.total_out;
		if (z.avail_in != 0 ||
		    rc != (i == k->count - 1 ? Z_STREAM_END : Z_OK) ||
		    (rc == Z_OK && memcmp(k->data + end - 4, mark, 4) != 0))
			return (BAD);
	}
	return (n);
}

/* As pg_restore does: what follows a frame in its chunk is lost. */
static size_t
chunks_zstd(const struct kept *k, uint8_t *out, size_t size)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_outBuffer o = { out, size, 0 };
	size_t i, left = 0, frame = 0;
	bool good = true;

	for (i = 0; good && i < k->count; i++) {
		size_t at = i == 0 ? 0 : k->ends[i - 1];
		ZSTD_inBuffer in = { k->data, k->ends[i], at };

		if (left == 0) {
			frame = at;
			good = (k->data[at + 4] & 4) != 0;	/* checksum */
		}
		while (good && in.pos < in.size) {
			left = ZSTD_decompressStream(d, &o, &in);
			if (ZSTD_isError(left) ||
			    (left == 0 && in.pos < in.size) ||
			    in.pos - frame > SQUEEZE_PIECE)
				good = false;
		}
	}
	ZSTD_freeDCtx(d);
	return (good && left == 0 && k->count > 0 ? o.pos : BAD);
}

static size_t
chunks_lz4(const struct kept *k, uint8_t *out, size_t size)
{
	size_t i, at, frame = 0, left = 0, n = 0;
	LZ4F_dctx *d;

	LZ4F_createDecompressionContext(&d, LZ4F_VERSION);
	for (i = 0, at = 0; i < k->count; i++) {
		if (left == 0) {
			frame = at;
			if ((k->data[at + 4] & 4) == 0)		/* checksum */
				break;
		}
		while (at < k->ends[i]) {
			size_t got = size - n, used = k->ends[i] - at;

			left = LZ4F_decompress(d, out + n, &got,
			    k->data + at, &used, NULL);
			n += got;
			at += used;
			if (LZ4F_isError(left) || (left == 0 &&
			    at < k->ends[i]) || at - frame > SQUEEZE_PIECE)
				break;
		}
		if (at < k->ends[i])
			break;
	}
	LZ4F_freeDecompressionContext(d);
	return (i == k->count && i > 0 && left == 0 ? n : BAD);
}

static size_t
chunks_none(const struct kept *k, uint8_t *out, size_t size)
{
	if (k->len > size)
		return (BAD);
	memcpy(out, k->data, k->len);
	return (k->len);
}

/* Whether all decoders make that text of it. */
static bool
decodes(const struct kept *k, enum archive_compression method,
    const uint8_t *text, size_t len)
{
	uint8_t *out = malloc(len + 1);
	bool good = false;

	switch (method) {
	case ARCHIVE_GZIP:
		good = whole_zlib(k, out, len + 1) == len &&
		    memcmp(out, text, len) == 0 &&
		    apart_gzip(k, out, len + 1) == len;
		break;
	case ARCHIVE_ZSTD:
		good = chunks_zstd(k, out, len + 1) == len;
		break;
	case ARCHIVE_LZ4:
		good = chunks_lz4(k, out, len + 1) == len;
		break;
	case ARCHIVE_NONE:
		good = chunks_none(k, out, len + 1) == len;
		break;
	}
	good = good && memcmp(out, text, len) == 0 && !k->wrong && !k->open;
	free(out);
	return (good);
}

#endif
