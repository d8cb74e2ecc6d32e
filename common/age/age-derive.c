/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>

#include "age/age-key.h"

_Static_assert(AGE_FILE_KEY_LEN + AGE_TAG_LEN == AGE_BODY_LEN,
    "length of a sealed file key");

static const uint8_t nothing[1];

/*
 * With 32 bytes out, HKDF is two HMACs.  libsodium gets HKDF in 1.0.19 only;
 * before that, its pointers must not be NULL even where the length is 0.
 */
void
age_hkdf(const uint8_t *ikm, size_t ikm_len, const uint8_t *salt,
    size_t salt_len, const char *info, uint8_t out[AGE_KEY_LEN])
{
	static const uint8_t one = 1;
	crypto_auth_hmacsha256_state st;
	uint8_t prk[AGE_KEY_LEN];

	crypto_auth_hmacsha256_init(&st, salt != NULL ? salt : nothing,
	    salt_len);
	crypto_auth_hmacsha256_update(&st, ikm, ikm_len);
	crypto_auth_hmacsha256_final(&st, prk);

	crypto_auth_hmacsha256_init(&st, prk, sizeof(prk));
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)info, strlen(info));
	crypto_auth_hmacsha256_update(&st, &one, 1);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(&st, sizeof(st));
}

void
age_header_mac(const uint8_t file_key[AGE_FILE_KEY_LEN], const uint8_t *header,
    size_t len, uint8_t mac[32])
{
	crypto_auth_hmacsha256_state st;
	uint8_t key[AGE_KEY_LEN];

	age_hkdf(file_key, AGE_FILE_KEY_LEN, NULL, 0, "header", key);
	crypto_auth_hmacsha256_init(&st, key, sizeof(key));
	crypto_auth_hmacsha256_update(&st, header, len);
	crypto_auth_hmacsha256_final(&st, mac);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&st, sizeof(st));
}

void
age_payload_key(const uint8_t file_key[AGE_FILE_KEY_LEN],
    const uint8_t nonce[AGE_NONCE_LEN], uint8_t out[AGE_KEY_LEN])
{

	age_hkdf(file_key, AGE_FILE_KEY_LEN, nonce, AGE_NONCE_LEN, "payload",
	    out);
}

/* Such a key is used once, so the nonce may be zero. */
static const uint8_t
    zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

void
age_body_seal(const uint8_t wrap_key[AGE_KEY_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], uint8_t body[AGE_BODY_LEN])
{

	(void)crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key,
	    AGE_FILE_KEY_LEN, NULL, 0, NULL, zero_nonce, wrap_key);
}

int
age_body_open(const uint8_t wrap_key[AGE_KEY_LEN],
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN])
{

	return (crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL, NULL,
	    body, AGE_BODY_LEN, NULL, 0, zero_nonce, wrap_key));
}
