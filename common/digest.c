/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdlib.h>

#ifdef AEAD_SODIUM
#include <sodium.h>
#else
#include <openssl/evp.h>

#include "libcrypto.h"
#endif

#include "digest.h"

#ifdef AEAD_SODIUM

struct digest {
	crypto_generichash_state *state;
};

struct digest *
digest_new(void)
{
	struct digest *d;

	if (sodium_init() == -1 || (d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	/* It wants an alignment of 64. */
	d->state = aligned_alloc(64,
	    (crypto_generichash_statebytes() + 63) / 64 * 64);
	if (d->state == NULL || digest_begin(d) == -1) {
		digest_free(d);
		return (NULL);
	}
	return (d);
}

void
digest_free(struct digest *d)
{

	if (d == NULL)
		return;
	free(d->state);
	free(d);
}

int
digest_begin(struct digest *d)
{

	return (crypto_generichash_init(d->state, NULL, 0, DIGEST_LEN));
}

void
digest_add(struct digest *d, const void *buf, size_t len)
{

	(void)crypto_generichash_update(d->state, buf, len);
}

int
digest_end(struct digest *d, uint8_t out[DIGEST_LEN])
{
	return (crypto_generichash_final(d->state, out, DIGEST_LEN));
}

#else

struct digest {
#ifdef OWN_CONTEXT
	OSSL_LIB_CTX *library;
	EVP_MD *md;
#endif
	EVP_MD_CTX *ctx;
	bool loaded;
	bool failed;
};

#ifdef OWN_CONTEXT
static const EVP_MD *
find(struct digest *d)
{

	if ((d->library = OSSL_LIB_CTX_new()) != NULL)
		d->md = EVP_MD_fetch(d->library, "BLAKE2B-512", NULL);
	return (d->md);
}
#else
static const EVP_MD *
find(struct digest *d)
{

	(void)d;
	return (EVP_blake2b512());
}
#endif

struct digest *
digest_new(void)
{
	struct digest *d;

	if (libcrypto_begin() == -1)
		return (NULL);
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	if ((d->ctx = EVP_MD_CTX_new()) == NULL || digest_begin(d) == -1) {
		digest_free(d);
		return (NULL);
	}
	return (d);
}

void
digest_free(struct digest *d)
{

	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
#ifdef OWN_CONTEXT
	EVP_MD_free(d->md);
	OSSL_LIB_CTX_free(d->library);
#endif
	free(d);
}

/* With NULL for the type what was loaded the first time is used again. */
int
digest_begin(struct digest *d)
{

	const EVP_MD *md = NULL;

	d->failed = (!d->loaded && (md = find(d)) == NULL) ||
	    EVP_DigestInit_ex(d->ctx, md, NULL) != 1;
	if (d->failed)
		return (-1);
	d->loaded = true;
	return (0);
}

void
digest_add(struct digest *d, const void *buf, size_t len)
{

	if (!d->failed && EVP_DigestUpdate(d->ctx, buf, len) != 1)
		d->failed = true;
}

int
digest_end(struct digest *d, uint8_t out[DIGEST_LEN])
{

	if (!d->failed && EVP_DigestFinal_ex(d->ctx, out, NULL) != 1)
		d->failed = true;
	return (d->failed ? -1 : 0);
}

#endif

void
digest_hex(const uint8_t hash[DIGEST_LEN], char out[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < DIGEST_LEN; i++) {
		out[2 * i] = digits[hash[i] >> 4];
		out[2 * i + 1] = digits[hash[i] & 15];
	}
	out[2 * DIGEST_LEN] = '\0';
}
