/* SPDX-License-Identifier: ISC */
#ifndef AGE_KEY_H
#define AGE_KEY_H

#include "age.h"
#include "identity.h"

/*
 * The cryptography of age, over libsodium: call sodium_init() first.  Nothing
 * here prints.  Source: age-encryption.org/v1; RFC 5869, 7748, 8439.
 */

#define AGE_FILE_KEY_LEN	16
#define AGE_KEY_LEN		32	/* of the AEAD, and of HMAC-SHA-256 */

/* One X25519 recipient stanza with a body, as text. */
#define AGE_STANZA_LEN		98

/* --- ChaCha20-Poly1305 (age-aead.c) ----------
 * The one place that knows which library does it.  Safe from many threads.
 */

/*
 * age_chunk_seal(key, index, last, in, len, out):
 * Encrypt chunk number index of a payload.
 *
 * in	len bytes, 1 <= len <= AGE_CHUNK_LEN; 0 only in an empty payload
 * out	room for len + AGE_TAG_LEN bytes; may not overlap in
 *
 * Cannot fail.
 */
void age_chunk_seal(const uint8_t key[AGE_KEY_LEN], uint64_t index, bool last,
    const uint8_t *in, size_t len, uint8_t *out);

/*
 * age_chunk_open(key, index, last, in, len, out):
 * Decrypt len sealed bytes, AGE_TAG_LEN at least, into len - AGE_TAG_LEN.
 * Returns 0, or -1 where they do not authenticate: out then holds zeros.
 */
int age_chunk_open(const uint8_t key[AGE_KEY_LEN], uint64_t index, bool last,
    const uint8_t *in, size_t len, uint8_t *out);

/* --- derivations (age-derive.c) ---------- */

/* HKDF-SHA-256 with 32 bytes out; info is text. */
void age_hkdf(const uint8_t *ikm, size_t ikm_len, const uint8_t *salt,
    size_t salt_len, const char *info, uint8_t out[AGE_KEY_LEN]);

/* The MAC over the header's bytes from the first through "---". */
void age_header_mac(const uint8_t file_key[AGE_FILE_KEY_LEN],
    const uint8_t *header, size_t len, uint8_t mac[32]);

void age_payload_key(const uint8_t file_key[AGE_FILE_KEY_LEN],
    const uint8_t nonce[AGE_NONCE_LEN], uint8_t out[AGE_KEY_LEN]);

/* --- X25519 stanzas (age-x25519.c) ---------- */

/*
 * age_x25519_wrap(point, secret, file_key, out):
 * The stanza that gives file_key to the recipient at point.
 *
 * secret	the ephemeral scalar: random, fresh for each stanza
 *
 * Returns 0, or -1 where the recipient is no usable point (of low order).
 */
int age_x25519_wrap(const uint8_t point[AGE_X25519_LEN],
    const uint8_t secret[AGE_X25519_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], char out[AGE_STANZA_LEN]);

enum age_unwrap {
	AGE_UNWRAP_OK,
	AGE_UNWRAP_OTHER,	/* the stanza is for somebody else */
	AGE_UNWRAP_BAD		/* its share is of low order: forged */
};

enum age_unwrap age_x25519_unwrap(const uint8_t secret[AGE_X25519_LEN],
    const uint8_t point[AGE_X25519_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t body[AGE_X25519_LEN], uint8_t file_key[AGE_FILE_KEY_LEN]);

/* --- a whole file, opened (age-open.c) ---------- */

enum age_fault {
	AGE_FINE,
	AGE_NOT_AGE,		/* something else, or nothing at all */
	AGE_BAD_HEADER,		/* header or armor malformed, or too large */
	AGE_NO_MATCH,		/* no identity opens it */
	AGE_OTHER_KIND,		/* encrypted to no X25519 key at all */
	AGE_BAD_MAC,		/* opened, but the header was changed */
	AGE_BAD_CHUNK,		/* a chunk does not authenticate */
	AGE_CUT,		/* ends too early, or goes on behind its end */
	AGE_STOPPED,		/* the sink said no */
	AGE_MEMORY
};

struct age_opener;

/*
 * age_opener_new(ids, sink, arg):
 * Opens binary and armored age alike.  The sink gets authenticated plaintext
 * alone, in order.  ids is borrowed until age_opener_free().  NULL without
 * memory.
 */
struct age_opener *age_opener_new(const struct identities *ids, age_sink sink,
    void *arg);
void age_opener_free(struct age_opener *);

/* The next bytes: 0, or -1; it stays so. */
int age_opener_feed(struct age_opener *, const uint8_t *buf, size_t len);

/* End of file: 0 where the final chunk was there, alone and last; or -1. */
int age_opener_end(struct age_opener *);

/* After -1: what is wrong, as part of a sentence, and where in the file (with
 * armor: the line's first byte). */
enum age_fault age_opener_fault(const struct age_opener *);
const char *age_opener_why(const struct age_opener *);
uint64_t age_opener_at(const struct age_opener *);

#endif
