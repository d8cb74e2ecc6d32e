/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>

#include "age/age-key.h"
#include "age/base64.h"

#define TYPE	"ssh-ed25519"
#define LABEL	"age-encryption.org/v1/ssh-ed25519"

#define TYPE_LEN	(sizeof(TYPE) - 1)
#define WIRE_LEN	(4 + TYPE_LEN + 4 + AGE_ED25519_LEN)

/* The key as SSH sends it: what authorized_keys has in base64. */
static void
wire_key(const uint8_t pk[AGE_ED25519_LEN], uint8_t wire[WIRE_LEN])
{
	static const uint8_t type_len[4] = { 0, 0, 0, TYPE_LEN };
	static const uint8_t pk_len[4] = { 0, 0, 0, AGE_ED25519_LEN };

	memcpy(wire, type_len, 4);
	memcpy(wire + 4, TYPE, TYPE_LEN);
	memcpy(wire + 4 + TYPE_LEN, pk_len, 4);
	memcpy(wire + 8 + TYPE_LEN, pk, AGE_ED25519_LEN);
}

/* What tells the holder of a key that a stanza is for it. */
static void
key_tag(const uint8_t wire[WIRE_LEN], uint8_t tag[AGE_SSH_TAG_LEN])
{
	uint8_t sum[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(sum, wire, WIRE_LEN);
	memcpy(tag, sum, AGE_SSH_TAG_LEN);
}

/*
 * The key that wraps the file key.  The tweak makes it one of the SSH key
 * and not of its point alone.  Both multiplications fail where the result is
 * all zero, which is the check that age demands.
 */
static int
wrap_key(const uint8_t scalar[AGE_X25519_LEN],
    const uint8_t other[AGE_X25519_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t recipient[AGE_X25519_LEN], const uint8_t wire[WIRE_LEN],
    uint8_t key[AGE_KEY_LEN])
{
	static const uint8_t nothing[1];
	uint8_t plain[AGE_X25519_LEN], shared[AGE_X25519_LEN];
	uint8_t salt[2 * AGE_X25519_LEN], tweak[AGE_KEY_LEN];
	int rc = -1;

	age_hkdf(nothing, 0, wire, WIRE_LEN, LABEL, tweak);
	/* The result may not overlap the point. */
	if (crypto_scalarmult(plain, scalar, other) != 0 ||
	    crypto_scalarmult(shared, tweak, plain) != 0)
		goto out;
	memcpy(salt, share, AGE_X25519_LEN);
	memcpy(salt + AGE_X25519_LEN, recipient, AGE_X25519_LEN);
	age_hkdf(shared, sizeof(shared), salt, sizeof(salt), LABEL, key);
	rc = 0;
out:
	sodium_memzero(plain, sizeof(plain));
	sodium_memzero(shared, sizeof(shared));
	return (rc);
}

int
age_ssh_wrap(const uint8_t pk[AGE_ED25519_LEN],
    const uint8_t secret[AGE_X25519_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out)
{
	char tag64[BASE64_LEN(AGE_SSH_TAG_LEN) + 1] = "";
	char share64[BASE64_LEN(AGE_X25519_LEN) + 1] = "";
	const char *const args[] = { TYPE, tag64, share64 };
	uint8_t wire[WIRE_LEN], tag[AGE_SSH_TAG_LEN], key[AGE_KEY_LEN];
	uint8_t point[AGE_X25519_LEN], share[AGE_X25519_LEN];
	uint8_t body[AGE_BODY_LEN];

	wire_key(pk, wire);
	if (crypto_sign_ed25519_pk_to_curve25519(point, pk) != 0 ||
	    crypto_scalarmult_base(share, secret) != 0 ||
	    wrap_key(secret, point, share, point, wire, key) == -1)
		return (-1);
	age_body_seal(key, file_key, body);
	sodium_memzero(key, sizeof(key));
	key_tag(wire, tag);
	base64_encode(tag, sizeof(tag), tag64);
	base64_encode(share, sizeof(share), share64);
	age_text_stanza(out, args, 3, body, sizeof(body));
	return (0);
}

enum age_unwrap
age_ssh_unwrap(const uint8_t scalar[AGE_X25519_LEN],
    const uint8_t point[AGE_X25519_LEN], const uint8_t pk[AGE_ED25519_LEN],
    const uint8_t tag[AGE_SSH_TAG_LEN], const uint8_t share[AGE_X25519_LEN],
    const uint8_t body[AGE_BODY_LEN], uint8_t file_key[AGE_FILE_KEY_LEN])
{
	uint8_t wire[WIRE_LEN], own[AGE_SSH_TAG_LEN], key[AGE_KEY_LEN];
	int opened;

	wire_key(pk, wire);
	key_tag(wire, own);
	if (memcmp(tag, own, sizeof(own)) != 0)
		return (AGE_UNWRAP_OTHER);
	if (wrap_key(scalar, share, share, point, wire, key) == -1)
		return (AGE_UNWRAP_BAD);
	opened = age_body_open(key, body, file_key);
	sodium_memzero(key, sizeof(key));
	return (opened == 0 ? AGE_UNWRAP_OK : AGE_UNWRAP_BAD);
}

int
age_ssh_scalar(const uint8_t seed[AGE_ED25519_LEN],
    const uint8_t pk[AGE_ED25519_LEN], uint8_t scalar[AGE_X25519_LEN],
    uint8_t point[AGE_X25519_LEN])
{
	uint8_t own[AGE_ED25519_LEN], sk[crypto_sign_ed25519_SECRETKEYBYTES];
	int rc = -1;

	if (crypto_sign_ed25519_seed_keypair(own, sk, seed) == 0 &&
	    memcmp(own, pk, sizeof(own)) == 0 &&
	    crypto_sign_ed25519_sk_to_curve25519(scalar, sk) == 0 &&
	    crypto_scalarmult_base(point, scalar) == 0)
		rc = 0;
	sodium_memzero(sk, sizeof(sk));
	return (rc);
}
