/* SPDX-License-Identifier: ISC */
/*
 * aead: what one core seals and opens of age's chunks, by each library, in
 * memory.  Prints GB/s.  It is the bound of make bench-encrypt.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "age/age.h"
#include "age/cipher.h"

#define ROUNDS	4096

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void
measure(const struct cipher_ops *ops)
{
	static uint8_t in[AGE_CHUNK_LEN], out[AGE_SEALED_LEN];
	uint8_t key[CIPHER_KEY_LEN] = { 1 }, nonce[CIPHER_NONCE_LEN] = { 0 };
	double t, best[2] = { 1e9, 1e9 };
	void *c = ops->new(key, CIPHER_SEAL | CIPHER_OPEN);
	int i, k;

	if (c == NULL)
		exit(3);
	for (k = 0; k < 3; k++) {
		t = now();
		for (i = 0; i < ROUNDS; i++)
			if (ops->seal(c, nonce, in, sizeof(in), out) != 0)
				exit(3);
		t = now() - t;
		best[0] = t < best[0] ? t : best[0];
		t = now();
		for (i = 0; i < ROUNDS; i++)
			if (ops->open(c, nonce, out, sizeof(out), in) != 0)
				exit(3);
		t = now() - t;
		best[1] = t < best[1] ? t : best[1];
	}
	printf("%-24s one core, in memory: seals %.2f GB/s, opens %.2f GB/s\n",
	    ops->name(), (double)ROUNDS * sizeof(in) / best[0] / 1e9,
	    (double)ROUNDS * sizeof(in) / best[1] / 1e9);
	ops->free(c);
}

int
main(void)
{

	if (sodium_init() == -1)
		return (3);
#ifndef AEAD_SODIUM
	measure(&cipher_crypto);
#endif
	measure(&cipher_sodium);
	return (0);
}
