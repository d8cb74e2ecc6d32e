/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_HASH_H
#define ARCHIVE_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * SipHash-2-4: a short keyed hash of bytes that come in pieces.  With a key
 * that nobody outside the process knows, two different inputs have the same
 * hash with a chance of 2^-64, whoever made them.
 * Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF".
 */
#define HASH_KEY	16

struct hash {
	uint64_t v[4];
	uint8_t part[8];	/* of the word that is being filled */
	uint64_t len;
};

void hash_begin(struct hash *, const uint8_t key[HASH_KEY]);
void hash_add(struct hash *, const uint8_t *buf, size_t len);
uint64_t hash_end(const struct hash *);

#endif
