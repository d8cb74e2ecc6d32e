/* SPDX-License-Identifier: ISC */
#ifndef DECODE_FRAMES_H
#define DECODE_FRAMES_H

#include "data/decode-impl.h"

/*
 * What zstd and lz4 have in common: a stream is of frames, in whose fifth byte
 * stands whether there is a checksum.  First member of what they are.
 */
#define FRAME_HEAD	5	/* magic number, and that byte */

struct frames {
	bool open;		/* inside a frame */
	uint64_t count;		/* of frames that hold something */
	bool unchecked;		/* one of them has no checksum */
	uint8_t head[FRAME_HEAD];
	size_t have;
};

void frames_begin(struct frames *);

/* A frame begins. */
void frames_open(struct frames *);

/*
 * frames_look(f, in, len, magic, flags):
 * Its first bytes, which the library will read too.  magic is the first of
 * those that hold something; flags: any of them in the fifth byte is a
 * checksum.
 */
void frames_look(struct frames *, const uint8_t *in, size_t len,
    uint8_t magic, uint8_t flags);

/* For struct decode_method. */
bool frames_is_edge(const void *ctx);
int frames_end(struct decode *, void *ctx, uint32_t adler);
bool frames_has_check(const void *ctx);

#endif
