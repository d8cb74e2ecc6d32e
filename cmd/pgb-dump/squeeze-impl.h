/* SPDX-License-Identifier: ISC */
#ifndef SQUEEZE_IMPL_H
#define SQUEEZE_IMPL_H

#include "squeeze.h"

/*
 * What squeeze.c and the codecs share.
 */

#define GATHER		(128 * 1024)	/* bytes given to a codec at once */

/* What a call of run() ends. */
enum codec_end {
	END_NOTHING,
	END_PIECE,		/* history ends, bytes are aligned */
	END_STREAM,
};

struct codec {
	void *(*new)(const struct zspec *);
	void (*free)(void *);

	/* A piece begins: 0 or -1. */
	int (*begin)(void *);

	/* Up to GATHER bytes, and what ends with them: 0 or -1.  Output by
	 * squeeze_raw() or squeeze_room() and squeeze_used(). */
	int (*run)(void *, struct squeeze *, const uint8_t *buf, size_t len,
	    enum codec_end);

	/* A piece may be longer than a chunk. */
	bool spans;
	size_t piece;		/* a piece ends when it has so many bytes */
	bool adler;
};

extern const struct codec codec_isal, codec_zlib, codec_zstd, codec_lz4;

/* The chunk's next bytes, less than or equal to what fits into it. */
uint8_t *squeeze_room(struct squeeze *, size_t *len);
void squeeze_used(struct squeeze *, size_t len);

/* Copy to the chunk: 0 or -1. */
int squeeze_raw(struct squeeze *, const void *buf, size_t len);

/* To be told by squeeze_error(): returns -1. */
int squeeze_fail(struct squeeze *, const char *why);

#endif
