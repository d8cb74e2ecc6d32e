/* SPDX-License-Identifier: ISC */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Memory of which an account is kept: arrays that grow, up to a limit of bytes
 * in all.
 */
struct store {
	uint64_t used;
	uint64_t most;		/* 0: no limit */
	bool past;		/* more was wanted than that */
	bool failed;		/* there was no memory */
};

/*
 * store_grow(s, p, room, need, width):
 * Make room for need elements of width bytes; *room is how many there is room
 * for.  Returns the array, which may have moved, or NULL: it is unchanged then.
 */
void *store_grow(struct store *, void *p, size_t *room, size_t need,
    size_t width);

/* Free an array that has room for that many elements; sets *room to 0. */
void store_free(struct store *, void *p, size_t *room, size_t width);

/* Why store_grow() gave nothing: a sentence in out; "" where it gave all. */
void store_error(const struct store *, char *out, size_t size);

#endif
