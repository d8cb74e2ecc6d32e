/* SPDX-License-Identifier: ISC */
#ifndef AGE_KEY_H
#define AGE_KEY_H

#include "age/age.h"

/*
 * The cryptography of age's headers, over libsodium: call sodium_init() first.
 * Nothing here prints; all is safe from many threads.  What wraps a file key
 * writes its stanza to a text.
 * Source: age-encryption.org/v1; RFC 5869, 7748, 8439.
 */

#define AGE_FILE_KEY_LEN	16
#define AGE_KEY_LEN		32	/* of the AEAD, and of HMAC-SHA-256 */

/* How keys are written: the human-readable parts of their bech32. */
#define AGE_HRP			"age"
#define AGE_HRP_XWING		"age1pq"
#define AGE_HRP_SECRET		"AGE-SECRET-KEY-"
#define AGE_HRP_SECRET_XWING	"AGE-SECRET-KEY-PQ-"

/* --- derivations (age-derive.c) ---------- */

/* HKDF-SHA-256 with 32 bytes out; info is text. */
void age_hkdf(const uint8_t *ikm, size_t ikm_len, const uint8_t *salt,
    size_t salt_len, const char *info, uint8_t out[AGE_KEY_LEN]);

/* The MAC over the header's bytes from the first through "---". */
void age_header_mac(const uint8_t file_key[AGE_FILE_KEY_LEN],
    const uint8_t *header, size_t len, uint8_t mac[32]);

void age_payload_key(const uint8_t file_key[AGE_FILE_KEY_LEN],
    const uint8_t nonce[AGE_NONCE_LEN], uint8_t out[AGE_KEY_LEN]);

/*
 * A stanza's body: the file key, sealed under a wrap key that is used once.
 * Opening returns 0, or -1 where the wrap key is another.
 */
void age_body_seal(const uint8_t wrap_key[AGE_KEY_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], uint8_t body[AGE_BODY_LEN]);
int age_body_open(const uint8_t wrap_key[AGE_KEY_LEN],
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN]);

/* What trying a key on a stanza came to. */
enum age_unwrap {
	AGE_UNWRAP_OK,
	AGE_UNWRAP_OTHER,	/* the stanza is for somebody else */
	AGE_UNWRAP_BAD,		/* forged: a share of low order; or meant for
				 * this key, and damaged */
	AGE_UNWRAP_MEMORY,	/* scrypt: none */
	AGE_UNWRAP_STOPPED	/* scrypt: by a caught signal */
};

/* --- X25519 (age-x25519.c) ---------- */

/*
 * age_x25519_wrap(point, secret, file_key, out):
 * secret	the ephemeral scalar: random, fresh for each stanza
 *
 * Returns 0, or -1 where the recipient is no usable point (of low order).
 */
int age_x25519_wrap(const uint8_t point[AGE_X25519_LEN],
    const uint8_t secret[AGE_X25519_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out);

enum age_unwrap age_x25519_unwrap(const uint8_t secret[AGE_X25519_LEN],
    const uint8_t point[AGE_X25519_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN]);

/* --- ssh-ed25519 (age-ssh.c); the keys' files: ssh-key.h ---------- */

#define AGE_ED25519_LEN	32	/* a public key, or a seed */

/*
 * age_ssh_wrap(pk, secret, file_key, out):
 * pk	the Ed25519 public key
 * secret	the ephemeral scalar, as above
 *
 * Returns 0, or -1 where the key is not usable (not on the curve, low order).
 */
int age_ssh_wrap(const uint8_t pk[AGE_ED25519_LEN],
    const uint8_t secret[AGE_X25519_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out);

/*
 * age_ssh_unwrap(scalar, point, pk, tag, share, body, file_key):
 * scalar, point	the key pair on Curve25519: age_ssh_scalar()
 *
 * AGE_UNWRAP_OTHER where the tag is another key's; AGE_UNWRAP_BAD where it is
 * ours and the body does not open, or the share is of low order.
 */
enum age_unwrap age_ssh_unwrap(const uint8_t scalar[AGE_X25519_LEN],
    const uint8_t point[AGE_X25519_LEN], const uint8_t pk[AGE_ED25519_LEN],
    const uint8_t tag[AGE_SSH_TAG_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN]);

/* From an Ed25519 seed: 0, or -1 where pk is not its public key. */
int age_ssh_scalar(const uint8_t seed[AGE_ED25519_LEN],
    const uint8_t pk[AGE_ED25519_LEN], uint8_t scalar[AGE_X25519_LEN],
    uint8_t point[AGE_X25519_LEN]);

/* --- passphrases (age-scrypt.c) ---------- */

#define AGE_WORK_WRITE	18	/* log2 N of what we write: 256 MiB, 1 s */
#define AGE_WORK_READ	22	/* and read, unless told otherwise: 4 GiB */
#define AGE_WORK_MAX	30

/* Bytes that scrypt needs for a work factor. */
uint64_t age_scrypt_bytes(unsigned log_n);

/*
 * age_scrypt_wrap(pass, len, salt, log_n, file_key, out):
 * Returns 0, or -1 without the memory (errno ENOMEM) or for a caught signal
 * (EINTR), which does not wait for scrypt's end: the process is to end then.
 */
int age_scrypt_wrap(const char *pass, size_t len,
    const uint8_t salt[AGE_SALT_LEN], unsigned log_n,
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out);

/* log_n is at most AGE_WORK_MAX.  Where memory is known to be too little for
 * it, that is said before any is taken. */
enum age_unwrap age_scrypt_unwrap(const char *pass, size_t len,
    const uint8_t salt[AGE_SALT_LEN], unsigned log_n,
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN]);

/* --- mlkem768x25519, post-quantum (age-xwing.c) ---------- */

#define AGE_XWING_SEED_LEN	32
#define AGE_XWING_POINT_LEN	1216

/* Whether the libsodium that we were built with has it (1.0.22); without,
 * the functions below return -1 or AGE_UNWRAP_OTHER. */
bool age_xwing_known(void);

/* The recipient of an identity: 0 or -1. */
int age_xwing_point(const uint8_t seed[AGE_XWING_SEED_LEN],
    uint8_t point[AGE_XWING_POINT_LEN]);

/* Returns 0, or -1 where the recipient is not usable. */
int age_xwing_wrap(const uint8_t point[AGE_XWING_POINT_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out);

enum age_unwrap age_xwing_unwrap(const uint8_t seed[AGE_XWING_SEED_LEN],
    const uint8_t enc[AGE_XWING_LEN], const uint8_t body[AGE_BODY_LEN],
    uint8_t file_key[AGE_FILE_KEY_LEN]);

#endif
