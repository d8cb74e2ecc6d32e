/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>

#include "age-key.h"

#define NONCE_LEN	12
#define COUNTER_LEN	11

/* The chunk's number, big-endian, and a byte that tells the final chunk. */
static void
make_nonce(uint64_t index, bool last, uint8_t nonce[NONCE_LEN])
{
	size_t i;

	memset(nonce, 0, NONCE_LEN);
	for (i = 0; i < sizeof(index); i++)
		nonce[COUNTER_LEN - 1 - i] = (uint8_t)(index >> 8 * i);
	nonce[COUNTER_LEN] = last ? 1 : 0;
}

void
age_chunk_seal(const uint8_t key[AGE_KEY_LEN], uint64_t index, bool last,
    const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t nonce[NONCE_LEN];

	make_nonce(index, last, nonce);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, in, len,
	    NULL, 0, NULL, nonce, key);
}

int
age_chunk_open(const uint8_t key[AGE_KEY_LEN], uint64_t index, bool last,
    const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t nonce[NONCE_LEN];

	make_nonce(index, last, nonce);
	return (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, in,
	    len, NULL, 0, nonce, key));
}
