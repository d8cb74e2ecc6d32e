/* SPDX-License-Identifier: ISC */
#ifndef LISTS_H
#define LISTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Lists of numbers, and their order.  Sorting is done where the numbers lie, in
 * n log n steps whatever they are.
 */
void sort_u32(uint32_t *, size_t count);

/* The same, and quick, for what nobody outside can choose, such as hashes with
 * a secret key. */
void sort_u64(uint64_t *, size_t count);

/* The same for elements of width bytes, at most 64. */
void sort_ids(void *, size_t count, size_t width,
    int (*compare)(const void *, const void *));

/* The OID of a large object on a line of its own at p, as pg_dump writes it:
 * behind the line; NULL where it is none (0 is none). */
const char *list_loid(const char *p, uint32_t *loid);

#endif
