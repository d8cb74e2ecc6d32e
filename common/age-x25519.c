/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>

#include "age-key.h"
#include "base64.h"

#define LABEL	"age-encryption.org/v1/X25519"
#define TYPE	"-> X25519 "

#define SHARE_CHARS	BASE64_LEN(AGE_X25519_LEN)

_Static_assert(AGE_STANZA_LEN == sizeof(TYPE) - 1 + 2 * (SHARE_CHARS + 1),
    "length of an X25519 stanza");
_Static_assert(AGE_FILE_KEY_LEN + AGE_TAG_LEN == AGE_X25519_LEN,
    "length of a wrapped file key");

/*
 * The key that wraps the file key.  crypto_scalarmult() clamps the scalar and
 * fails where the result is all zero, which is the check that age demands.
 */
static int
wrap_key(const uint8_t scalar[AGE_X25519_LEN],
    const uint8_t other[AGE_X25519_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t recipient[AGE_X25519_LEN], uint8_t key[AGE_KEY_LEN])
{
	uint8_t shared[AGE_X25519_LEN], salt[2 * AGE_X25519_LEN];

	if (crypto_scalarmult(shared, scalar, other) != 0)
		return (-1);
	memcpy(salt, share, AGE_X25519_LEN);
	memcpy(salt + AGE_X25519_LEN, recipient, AGE_X25519_LEN);
	age_hkdf(shared, sizeof(shared), salt, sizeof(salt), LABEL, key);
	sodium_memzero(shared, sizeof(shared));
	return (0);
}

int
age_x25519_wrap(const uint8_t point[AGE_X25519_LEN],
    const uint8_t secret[AGE_X25519_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], char out[AGE_STANZA_LEN])
{
	uint8_t share[AGE_X25519_LEN], body[AGE_X25519_LEN];
	uint8_t key[AGE_KEY_LEN];

	if (crypto_scalarmult_base(share, secret) != 0 ||
	    wrap_key(secret, point, share, point, key) == -1)
		return (-1);
	/* A wrap key is used once: its nonce is that of a first chunk. */
	age_chunk_seal(key, 0, false, file_key, AGE_FILE_KEY_LEN, body);
	sodium_memzero(key, sizeof(key));
	memcpy(out, TYPE, strlen(TYPE));
	out += strlen(TYPE);
	base64_encode(share, sizeof(share), out);
	out += SHARE_CHARS;
	*out++ = '\n';
	base64_encode(body, sizeof(body), out);
	out += SHARE_CHARS;
	*out = '\n';
	return (0);
}

enum age_unwrap
age_x25519_unwrap(const uint8_t secret[AGE_X25519_LEN],
    const uint8_t point[AGE_X25519_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t body[AGE_X25519_LEN], uint8_t file_key[AGE_FILE_KEY_LEN])
{
	uint8_t key[AGE_KEY_LEN];
	int opened;

	if (wrap_key(secret, share, share, point, key) == -1)
		return (AGE_UNWRAP_BAD);
	opened = age_chunk_open(key, 0, false, body, AGE_X25519_LEN, file_key);
	sodium_memzero(key, sizeof(key));
	return (opened == 0 ? AGE_UNWRAP_OK : AGE_UNWRAP_OTHER);
}
