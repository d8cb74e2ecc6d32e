/* SPDX-License-Identifier: ISC */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory for a ring that has no edge: it is mapped twice, one behind the other,
 * so that size bytes from any place below size are one piece.
 *
 * size	whole pages: RING_PAGE
 *
 * NULL with errno.  Begins on a page; all zero.
 */
uint8_t *ring_new(size_t size);

/* Wipe it and give it back; NULL is allowed. */
void ring_free(uint8_t *, size_t size);

#define RING_PAGE	4096

#endif
