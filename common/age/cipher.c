/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "age/cipher.h"

#define COUNTER_LEN	11

struct cipher {
	const struct cipher_ops *ops;
	void *state;
};

static struct cipher *
make(const struct cipher_ops *ops, const uint8_t key[CIPHER_KEY_LEN], int use)
{
	struct cipher *c;

	if ((c = malloc(sizeof(*c))) == NULL)
		return (NULL);
	c->ops = ops;
	if ((c->state = ops->new(key, use)) == NULL) {
		free(c);
		return (NULL);
	}
	return (c);
}

struct cipher *
cipher_new(const uint8_t key[CIPHER_KEY_LEN], int use)
{
#ifndef AEAD_SODIUM
	struct cipher *c;

	if ((c = make(&cipher_crypto, key, use)) != NULL)
		return (c);
#endif
	return (make(&cipher_sodium, key, use));
}

void
cipher_free(struct cipher *c)
{

	if (c == NULL)
		return;
	c->ops->free(c->state);
	free(c);
}

const char *
cipher_name(void)
{
#ifndef AEAD_SODIUM
	return (cipher_crypto.name());
#else
	return (cipher_sodium.name());
#endif
}

/* The chunk's number, big-endian, and a byte that tells the final chunk. */
static void
make_nonce(uint64_t index, bool last, uint8_t nonce[CIPHER_NONCE_LEN])
{
	size_t i;

	memset(nonce, 0, CIPHER_NONCE_LEN);
	for (i = 0; i < sizeof(index); i++)
		nonce[COUNTER_LEN - 1 - i] = (uint8_t)(index >> 8 * i);
	nonce[COUNTER_LEN] = last ? 1 : 0;
}

int
cipher_seal(struct cipher *c, uint64_t index, bool last, const uint8_t *in,
    size_t len, uint8_t *out)
{
	uint8_t nonce[CIPHER_NONCE_LEN];

	make_nonce(index, last, nonce);
	return (c->ops->seal(c->state, nonce, in, len, out));
}

int
cipher_open(struct cipher *c, uint64_t index, bool last, const uint8_t *in,
    size_t len, uint8_t *out)
{
	uint8_t nonce[CIPHER_NONCE_LEN];

	make_nonce(index, last, nonce);
	if (c->ops->open(c->state, nonce, in, len, out) == 0)
		return (0);
	explicit_bzero(out, len - CIPHER_TAG_LEN);
	return (-1);
}
