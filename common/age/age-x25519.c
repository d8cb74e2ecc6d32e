/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>

#include "age/age-key.h"
#include "age/base64.h"

#define LABEL	"age-encryption.org/v1/X25519"

#define SHARE_CHARS	BASE64_LEN(AGE_X25519_LEN)

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
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out)
{
	uint8_t share[AGE_X25519_LEN], body[AGE_BODY_LEN], key[AGE_KEY_LEN];
	char text[SHARE_CHARS + 1] = "";
	const char *args[] = { "X25519", text };

	if (crypto_scalarmult_base(share, secret) != 0 ||
	    wrap_key(secret, point, share, point, key) == -1)
		return (-1);
	age_body_seal(key, file_key, body);
	sodium_memzero(key, sizeof(key));
	base64_encode(share, sizeof(share), text);
	age_text_stanza(out, args, 2, body, sizeof(body));
	return (0);
}

enum age_unwrap
age_x25519_unwrap(const uint8_t secret[AGE_X25519_LEN],
    const uint8_t point[AGE_X25519_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN])
{
	uint8_t key[AGE_KEY_LEN];
	int opened;

	if (wrap_key(secret, share, share, point, key) == -1)
		return (AGE_UNWRAP_BAD);
	opened = age_body_open(key, body, file_key);
	sodium_memzero(key, sizeof(key));
	return (opened == 0 ? AGE_UNWRAP_OK : AGE_UNWRAP_OTHER);
}
