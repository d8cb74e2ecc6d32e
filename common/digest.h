/* SPDX-License-Identifier: ISC */
#ifndef DIGEST_H
#define DIGEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * BLAKE2b-512, as b2sum computes it.  By libcrypto, which is twice as fast as
 * libsodium; by that in its absence (make AEAD=sodium).
 */
struct digest;

#define DIGEST_LEN	64
#define DIGEST_HEX	(2 * DIGEST_LEN + 1)	/* with the NUL */

/* NULL without memory.  Nothing is opened or loaded later: a sandbox may
 * come. */
struct digest *digest_new(void);
void digest_free(struct digest *);

/* Begin again.  0, or -1 without memory. */
int digest_begin(struct digest *);

/* Lack of memory, of digest_begin() too, is told at the end: 0 or -1. */
void digest_add(struct digest *, const void *buf, size_t len);
int digest_end(struct digest *, uint8_t out[DIGEST_LEN]);

/* In small hexadecimal digits. */
void digest_hex(const uint8_t hash[DIGEST_LEN], char out[DIGEST_HEX]);

#endif
