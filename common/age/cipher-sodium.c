/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "age/cipher.h"

static const char *
name(void)
{
	static char text[64];

	snprintf(text, sizeof(text), "libsodium %s", sodium_version_string());
	return (text);
}

static void *
new(const uint8_t key[CIPHER_KEY_LEN], int use)
{
	uint8_t *mine;

	(void)use;
	if ((mine = sodium_malloc(CIPHER_KEY_LEN)) != NULL)
		memcpy(mine, key, CIPHER_KEY_LEN);
	return (mine);
}

static int
seal(void *key, const uint8_t nonce[CIPHER_NONCE_LEN], const uint8_t *in,
    size_t len, uint8_t *out)
{

	return (crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len,
	    NULL, 0, NULL, nonce, key));
}

static int
open(void *key, const uint8_t nonce[CIPHER_NONCE_LEN], const uint8_t *in,
    size_t len, uint8_t *out)
{

	return (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in,
	    len, NULL, 0, nonce, key));
}

const struct cipher_ops cipher_sodium = { name, new, sodium_free, seal, open };
