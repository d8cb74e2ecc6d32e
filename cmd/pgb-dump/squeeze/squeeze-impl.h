/* SPDX-License-Identifier: ISC */
#ifndef SQUEEZE_IMPL_H
#define SQUEEZE_IMPL_H

#include "squeeze.h"

/*
 * What the methods' files share with squeeze.c; for nobody else.
 */

/* Text is handed on in blocks of this many bytes, wherever it is cut by
 * squeeze_put(): what comes out depends on the text alone. */
#define SQUEEZE_BLOCK	((size_t)256 * 1024)

/* Bytes of squeeze_out(): room for all that one call of a library can write. */
#define SQUEEZE_OUT	((size_t)512 * 1024)

/*
 * One method.  A context is made once and used for any number of pieces.
 *
 * open		NULL without memory
 * start	a piece begins, with an empty history
 * feed		1 <= len <= SQUEEZE_BLOCK bytes of its text
 * finish	it ends; last: and the stream with it
 * most		bytes of output a piece may have
 * reserve	bytes that may still come out for text fed before, for one
 *		more block, and for the end, at the very worst
 *
 * start, feed and finish return 0, or -1 as squeeze_fail() and the functions
 * below do.
 */
struct squeeze_method {
	void *(*open)(const struct zspec *);
	void (*close)(void *ctx);
	int (*start)(struct squeeze *, void *ctx);
	int (*feed)(struct squeeze *, void *ctx, const uint8_t *buf,
	    size_t len);
	int (*finish)(struct squeeze *, void *ctx, bool last);
	size_t most, reserve;
};

extern const struct squeeze_method squeeze_isal;
extern const struct squeeze_method squeeze_zlib;
extern const struct squeeze_method squeeze_zstd;
extern const struct squeeze_method squeeze_lz4;

/* Where a library may write its output; it lies there until the next call. */
uint8_t *squeeze_out(struct squeeze *s);

/* Output goes to the sink, and begins and ends chunks; len may be 0. */
int squeeze_bytes(struct squeeze *s, const void *buf, size_t len);

/* The job cannot go on: text is constant.  Always -1. */
int squeeze_fail(struct squeeze *s, const char *text);

#endif
