/* SPDX-License-Identifier: ISC */
/*
 * A file key for an mlkem768x25519 recipient: HPKE in its base mode, one
 * message long.  libsodium's X-Wing is the key encapsulation; the schedule that
 * makes a key and a nonce of its shared secret is HMACs, and stands here.
 * Source: age-encryption.org/v1; RFC 9180, sections 4 and 5.1;
 * draft-connolly-cfrg-xwing-kem.
 */
#include <sodium.h>
#include <string.h>

#include "age/age-key.h"
#include "age/base64.h"

#ifdef crypto_kem_xwing_PUBLICKEYBYTES

#define TYPE	"mlkem768x25519"
#define INFO	"age-encryption.org/mlkem768x25519"	/* without its v1 */

#define HASH_LEN	crypto_auth_hmacsha256_BYTES
#define NONCE_LEN	crypto_aead_chacha20poly1305_ietf_NPUBBYTES
#define SHARED_LEN	crypto_kem_xwing_SHAREDSECRETBYTES
#define CONTEXT_LEN	(1 + 2 * HASH_LEN)

_Static_assert(crypto_kem_xwing_PUBLICKEYBYTES == AGE_XWING_POINT_LEN,
    "length of a recipient");
_Static_assert(crypto_kem_xwing_SECRETKEYBYTES == AGE_XWING_SEED_LEN &&
    crypto_kem_xwing_SEEDBYTES == AGE_XWING_SEED_LEN, "length of an identity");
_Static_assert(crypto_kem_xwing_CIPHERTEXTBYTES == AGE_XWING_LEN,
    "length of what is encapsulated");
_Static_assert(AGE_FILE_KEY_LEN + crypto_aead_chacha20poly1305_ietf_ABYTES ==
    AGE_BODY_LEN, "length of a sealed file key");

/* X-Wing, HKDF-SHA-256, ChaCha20-Poly1305. */
static const uint8_t suite[] = { 'H', 'P', 'K', 'E', 0x64, 0x7a, 0, 1, 0, 3 };

struct schedule {
	uint8_t key[AGE_KEY_LEN];
	uint8_t nonce[NONCE_LEN];
};

static void
put(crypto_auth_hmacsha256_state *st, const char *text)
{

	crypto_auth_hmacsha256_update(st, (const uint8_t *)text, strlen(text));
}

/* LabeledExtract; what has no bytes still needs a pointer. */
static void
extract(const uint8_t *salt, size_t salt_len, const char *label,
    const uint8_t *ikm, size_t ikm_len, uint8_t out[HASH_LEN])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, salt, salt_len);
	put(&st, "HPKE-v1");
	crypto_auth_hmacsha256_update(&st, suite, sizeof(suite));
	put(&st, label);
	crypto_auth_hmacsha256_update(&st, ikm, ikm_len);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

/* LabeledExpand of the context to at most one hash, so one HMAC is enough. */
static void
expand(const uint8_t prk[HASH_LEN], const char *label,
    const uint8_t context[CONTEXT_LEN], uint8_t *out, size_t len)
{
	const uint8_t be_len[2] = { 0, (uint8_t)len }, one = 1;
	crypto_auth_hmacsha256_state st;
	uint8_t block[HASH_LEN];

	crypto_auth_hmacsha256_init(&st, prk, HASH_LEN);
	crypto_auth_hmacsha256_update(&st, be_len, sizeof(be_len));
	put(&st, "HPKE-v1");
	crypto_auth_hmacsha256_update(&st, suite, sizeof(suite));
	put(&st, label);
	crypto_auth_hmacsha256_update(&st, context, CONTEXT_LEN);
	crypto_auth_hmacsha256_update(&st, &one, 1);
	crypto_auth_hmacsha256_final(&st, block);
	memcpy(out, block, len);
	sodium_memzero(block, sizeof(block));
	sodium_memzero(&st, sizeof(st));
}

static void
schedule(const uint8_t shared[SHARED_LEN], struct schedule *s)
{
	static const uint8_t none[1];
	uint8_t context[CONTEXT_LEN] = { 0 };	/* base mode */
	uint8_t secret[HASH_LEN];

	extract(none, 0, "psk_id_hash", none, 0, context + 1);
	extract(none, 0, "info_hash", (const uint8_t *)INFO, strlen(INFO),
	    context + 1 + HASH_LEN);
	extract(shared, SHARED_LEN, "secret", none, 0, secret);
	expand(secret, "key", context, s->key, sizeof(s->key));
	expand(secret, "base_nonce", context, s->nonce, sizeof(s->nonce));
	sodium_memzero(secret, sizeof(secret));
}

bool
age_xwing_known(void)
{

	return (true);
}

int
age_xwing_point(const uint8_t seed[AGE_XWING_SEED_LEN],
    uint8_t point[AGE_XWING_POINT_LEN])
{
	uint8_t secret[AGE_XWING_SEED_LEN];
	int rc;

	rc = crypto_kem_xwing_seed_keypair(point, secret, seed);
	sodium_memzero(secret, sizeof(secret));
	return (rc == 0 ? 0 : -1);
}

int
age_xwing_wrap(const uint8_t point[AGE_XWING_POINT_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out)
{
	uint8_t enc[AGE_XWING_LEN], shared[SHARED_LEN], body[AGE_BODY_LEN];
	char text[BASE64_LEN(AGE_XWING_LEN) + 1];
	const char *const args[] = { TYPE, text };
	struct schedule s;

	if (crypto_kem_xwing_enc(enc, shared, point) != 0)
		return (-1);
	schedule(shared, &s);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key,
	    AGE_FILE_KEY_LEN, NULL, 0, NULL, s.nonce, s.key);
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(&s, sizeof(s));
	base64_encode(enc, sizeof(enc), text);
	text[sizeof(text) - 1] = '\0';
	age_text_stanza(out, args, 2, body, sizeof(body));
	return (0);
}

enum age_unwrap
age_xwing_unwrap(const uint8_t seed[AGE_XWING_SEED_LEN],
    const uint8_t enc[AGE_XWING_LEN], const uint8_t body[AGE_BODY_LEN],
    uint8_t file_key[AGE_FILE_KEY_LEN])
{
	uint8_t shared[SHARED_LEN];
	struct schedule s;
	int opened;

	/* The seed is the secret key; ML-KEM never fails, X25519 may. */
	if (crypto_kem_xwing_dec(shared, enc, seed) != 0)
		return (AGE_UNWRAP_BAD);
	schedule(shared, &s);
	opened = crypto_aead_chacha20poly1305_ietf_decrypt(file_key, NULL,
	    NULL, body, AGE_BODY_LEN, NULL, 0, s.nonce, s.key);
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(&s, sizeof(s));
	return (opened == 0 ? AGE_UNWRAP_OK : AGE_UNWRAP_OTHER);
}

#else

bool
age_xwing_known(void)
{

	return (false);
}

int
age_xwing_point(const uint8_t seed[AGE_XWING_SEED_LEN],
    uint8_t point[AGE_XWING_POINT_LEN])
{

	(void)seed;
	(void)point;
	return (-1);
}

int
age_xwing_wrap(const uint8_t point[AGE_XWING_POINT_LEN],
    const uint8_t file_key[AGE_FILE_KEY_LEN], struct age_text *out)
{

	(void)point;
	(void)file_key;
	(void)out;
	return (-1);
}

enum age_unwrap
age_xwing_unwrap(const uint8_t seed[AGE_XWING_SEED_LEN],
    const uint8_t enc[AGE_XWING_LEN], const uint8_t body[AGE_BODY_LEN],
    uint8_t file_key[AGE_FILE_KEY_LEN])
{

	(void)seed;
	(void)enc;
	(void)body;
	(void)file_key;
	return (AGE_UNWRAP_OTHER);
}

#endif
