/* SPDX-License-Identifier: ISC */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>
#include <stdint.h>

#include "archive/archive-hash.h"
#include "toc/store.h"

/*
 * Strings in one piece of memory, each known by a number of four bytes; what
 * is interned is kept once.  Number 0 is "".
 */
struct pool {
	struct store *store;	/* borrowed */
	char *s;
	size_t len, room;
	uint32_t *slots;	/* of those interned: open addressing; 0 free */
	size_t slot_room, interned;
	uint8_t key[HASH_KEY];
};

#define POOL_NONE	UINT32_MAX

/* 0, or -1 without memory; pool_wipe() is needed either way. */
int pool_init(struct pool *, struct store *, const uint8_t key[HASH_KEY]);
void pool_wipe(struct pool *);

/* Keep a string: its number, or POOL_NONE without memory. */
uint32_t pool_intern(struct pool *, const char *);
uint32_t pool_put(struct pool *, const char *);

/* Borrowed until more is kept. */
const char *pool_str(const struct pool *, uint32_t);

#endif
