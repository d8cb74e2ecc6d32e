/* SPDX-License-Identifier: ISC */
/*
 * A context of libcrypto's keeps the expanded key in memory of its own, which
 * it wipes when it is freed.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/cipher.h"
#include "libcrypto.h"

struct state {
#ifdef OWN_CONTEXT
	OSSL_LIB_CTX *library;
	EVP_CIPHER *cipher;
#endif
	EVP_CIPHER_CTX *seal, *open;
};

static const char *
name(void)
{

	static char text[64];
	const char *date;

	/* "OpenSSL 3.0.19 27 Jan 2026" */
	snprintf(text, sizeof(text), "%s", OpenSSL_version(OPENSSL_VERSION));
	if ((date = strchr(text, ' ')) != NULL &&
	    (date = strchr(date + 1, ' ')) != NULL)
		text[date - text] = '\0';
	return (text);
}

static void
release(void *arg)
{
	struct state *s = arg;

	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->seal);
	EVP_CIPHER_CTX_free(s->open);
#ifdef OWN_CONTEXT
	EVP_CIPHER_free(s->cipher);
	OSSL_LIB_CTX_free(s->library);
#endif
	free(s);
}

#ifdef OWN_CONTEXT
static const EVP_CIPHER *
find(struct state *s)
{

	if ((s->library = OSSL_LIB_CTX_new()) != NULL)
		s->cipher = EVP_CIPHER_fetch(s->library, "ChaCha20-Poly1305",
		    NULL);
	return (s->cipher);
}
#else
static const EVP_CIPHER *
find(struct state *s)
{

	(void)s;
	return (EVP_chacha20_poly1305());
}
#endif

static void *
new(const uint8_t key[CIPHER_KEY_LEN], int use)
{
	const EVP_CIPHER *cipher;
	struct state *s;

	if (libcrypto_begin() == -1)
		return (NULL);
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	if ((cipher = find(s)) == NULL)
		goto bad;
	if ((use & CIPHER_SEAL) != 0 &&
	    ((s->seal = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_EncryptInit_ex(s->seal, cipher, NULL, key, NULL) != 1))
		goto bad;
	if ((use & CIPHER_OPEN) != 0 &&
	    ((s->open = EVP_CIPHER_CTX_new()) == NULL ||
	    EVP_DecryptInit_ex(s->open, cipher, NULL, key, NULL) != 1))
		goto bad;
	return (s);
bad:
	release(s);
	return (NULL);
}

static int
seal(void *arg, const uint8_t nonce[CIPHER_NONCE_LEN], const uint8_t *in,
    size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *c = ((const struct state *)arg)->seal;
	int n = 0, rest = 0;

	if (EVP_EncryptInit_ex(c, NULL, NULL, NULL, nonce) != 1 ||
	    (len > 0 && EVP_EncryptUpdate(c, out, &n, in, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(c, out + n, &rest) != 1 ||
	    (size_t)(n + rest) != len ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, CIPHER_TAG_LEN,
	    out + len) != 1)
		return (-1);
	return (0);
}

static int
open(void *arg, const uint8_t nonce[CIPHER_NONCE_LEN], const uint8_t *in,
    size_t len, uint8_t *out)
{
	EVP_CIPHER_CTX *c = ((const struct state *)arg)->open;
	uint8_t none[1];
	int n = 0, rest = 0;

	len -= CIPHER_TAG_LEN;
	/* The tag is only read. */
	if (EVP_DecryptInit_ex(c, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, CIPHER_TAG_LEN,
	    (void *)(uintptr_t)(in + len)) != 1 ||
	    (len > 0 && EVP_DecryptUpdate(c, out, &n, in, (int)len) != 1) ||
	    EVP_DecryptFinal_ex(c, none, &rest) != 1 ||
	    (size_t)(n + rest) != len)
		return (-1);
	return (0);
}

const struct cipher_ops cipher_crypto = { name, new, release, seal, open };
