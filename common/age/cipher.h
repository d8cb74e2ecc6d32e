/* SPDX-License-Identifier: ISC */
#ifndef CIPHER_H
#define CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ChaCha20-Poly1305 for payloads: by libcrypto, or by libsodium where it was
 * built without (make AEAD=sodium) or libcrypto is not allowed to (FIPS).
 * Source: RFC 8439, section 2.8; age-encryption.org/v1, payload.
 */

#define CIPHER_KEY_LEN		32
#define CIPHER_NONCE_LEN	12
#define CIPHER_TAG_LEN		16

/* What a key is used for: one of them, so that fewer copies of it are made, or
 * both. */
#define CIPHER_SEAL	1
#define CIPHER_OPEN	2

/* What a library gives: cipher-crypto.c, cipher-sodium.c. */
struct cipher_ops {
	const char *(*name)(void);	/* with its version */
	void *(*new)(const uint8_t key[CIPHER_KEY_LEN], int use);
	void (*free)(void *);

	/* len bytes into len + CIPHER_TAG_LEN: 0, or -1 (the library). */
	int (*seal)(void *, const uint8_t nonce[CIPHER_NONCE_LEN],
	    const uint8_t *in, size_t len, uint8_t *out);

	/* len bytes into len - CIPHER_TAG_LEN: 0, or -1: they do not
	 * authenticate, and out holds nothing of them. */
	int (*open)(void *, const uint8_t nonce[CIPHER_NONCE_LEN],
	    const uint8_t *in, size_t len, uint8_t *out);
};

extern const struct cipher_ops cipher_crypto;
extern const struct cipher_ops cipher_sodium;

/* A key in use, for one thread at a time. */
struct cipher;

/* NULL without memory. */
struct cipher *cipher_new(const uint8_t key[CIPHER_KEY_LEN], int use);
void cipher_free(struct cipher *);

/* Which library, for --version. */
const char *cipher_name(void);

/*
 * cipher_seal(c, index, last, in, len, out):
 * Encrypt chunk number index of a payload.
 *
 * in	len bytes; 0 only in an empty payload
 * out	room for len + CIPHER_TAG_LEN bytes; may not overlap in
 *
 * Returns 0, or -1 where the library fails.
 */
int cipher_seal(struct cipher *, uint64_t index, bool last, const uint8_t *in,
    size_t len, uint8_t *out);

/*
 * cipher_open(c, index, last, in, len, out):
 * Decrypt len sealed bytes, CIPHER_TAG_LEN at least, into
 * len - CIPHER_TAG_LEN; not in place.  Returns 0, or -1 where they do not
 * authenticate: out then holds zeros.
 */
int cipher_open(struct cipher *, uint64_t index, bool last, const uint8_t *in,
    size_t len, uint8_t *out);

#endif
