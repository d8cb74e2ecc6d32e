/* SPDX-License-Identifier: ISC */
#ifndef DECODE_IMPL_H
#define DECODE_IMPL_H

#include "data/decode.h"

/*
 * One for each compression; what the functions are is told in decode.h.
 */
struct decode_method {
	void *(*new)(void);
	void (*free)(void *ctx);
	int (*begin)(void *ctx, int how);	/* -1: no memory */
	enum decode_result (*run)(struct decode *, void *ctx,
	    const uint8_t **in, size_t *in_len, uint8_t **out,
	    size_t *out_len);
	void (*chunk_end)(void *ctx);		/* NULL: chunks do not matter */
	bool (*is_edge)(const void *ctx);
	int (*end)(struct decode *, void *ctx, uint32_t adler);
	bool (*has_check)(const void *ctx);
};

extern const struct decode_method decode_gzip;
extern const struct decode_method decode_zstd;
extern const struct decode_method decode_lz4;

extern const char decode_stops[];	/* "pg_restore stops here" */

/* restore is static.  The first returns DECODE_FAILED, the second -1. */
enum decode_result decode_fail(struct decode *, const char *restore,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int decode_bad_end(struct decode *, const char *restore, const char *why);
enum decode_result decode_memory(struct decode *);
enum decode_result decode_too_small(struct decode *);

#endif
