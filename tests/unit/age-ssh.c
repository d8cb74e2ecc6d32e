/* SPDX-License-Identifier: ISC */
/* A stanza for an ssh-ed25519 key is age's, and opens for that key alone. */
#include <sodium.h>
#include <stdlib.h>

#include "age/age-key.h"
#include "age/base64.h"
#include "tap.h"

#include "age-ssh-vectors.h"

struct stanza {
	uint8_t tag[AGE_SSH_TAG_LEN];
	uint8_t share[AGE_X25519_LEN];
	uint8_t body[AGE_BODY_LEN];
};

static const char vector[] = VECTOR_SSH;
static uint8_t seed[AGE_ED25519_LEN], pk[AGE_ED25519_LEN];
static uint8_t scalar[AGE_X25519_LEN], point[AGE_X25519_LEN];
static uint8_t secret[AGE_X25519_LEN], file_key[AGE_FILE_KEY_LEN];

/* The seven points of low order, as they are usually written. */
static const char *const low[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/* Ed25519: of order 1, 2, 4, 8; none on the curve; not in the main group. */
static const char *const unusable[] = {
	"0100000000000000000000000000000000000000000000000000000000000000",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"0000000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"0200000000000000000000000000000000000000000000000000000000000000",
	"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void
unhex(const char *text, uint8_t *out, size_t len)
{
	size_t n;

	if (sodium_hex2bin(out, len, text, strlen(text), NULL, &n, NULL) != 0 ||
	    n != len)
		abort();
}

static void
part(const char *text, uint8_t *out, size_t len)
{
	size_t n;

	if (base64_decode((const uint8_t *)text, BASE64_LEN(len), false, out,
	    len, &n) == -1 || n != len)
		abort();
}

static struct stanza
stanza(void)
{
	const char *p = vector + strlen("-> ssh-ed25519 ");
	struct stanza s;

	part(p, s.tag, sizeof(s.tag));
	part(p + 7, s.share, sizeof(s.share));
	part(p + 7 + 44, s.body, sizeof(s.body));
	return (s);
}

static enum age_unwrap
unwrap(const struct stanza *s)
{
	uint8_t got[AGE_FILE_KEY_LEN] = { 0 };
	enum age_unwrap rc;

	rc = age_ssh_unwrap(scalar, point, pk, s->tag, s->share, s->body, got);
	if (rc == AGE_UNWRAP_OK && memcmp(got, file_key, sizeof(got)) != 0)
		abort();
	return (rc);
}

static void
known(void)
{
	uint8_t want[AGE_X25519_LEN], other[AGE_ED25519_LEN];
	struct age_text t = { 0 };
	struct stanza s = stanza();

	ok(age_ssh_scalar(seed, pk, scalar, point) == 0, "a seed and its key");
	unhex(VECTOR_SCALAR, want, sizeof(want));
	ok(memcmp(scalar, want, sizeof(want)) == 0, "the scalar");
	unhex(VECTOR_POINT, want, sizeof(want));
	ok(memcmp(point, want, sizeof(want)) == 0, "the point");
	memcpy(other, pk, sizeof(other));
	other[0] ^= 1;
	ok(age_ssh_scalar(seed, other, want, want) == -1, "another's key");

	age_text_put(&t, "x", 1);
	ok(age_ssh_wrap(pk, secret, file_key, &t) == 0 && !t.failed, "wrapped");
	age_text_put(&t, "", 1);
	same((const char *)t.buf, "x" VECTOR_SSH, "the stanza, appended");
	age_text_wipe(&t);
	ok(unwrap(&s) == AGE_UNWRAP_OK, "opens");
}

static void
damaged(void)
{
	struct stanza s, good = stanza();
	unsigned bit, n = 0;
	size_t i;

	for (i = 0; i < sizeof(s.tag) * 8; i++) {
		s = good;
		s.tag[i / 8] ^= (uint8_t)(1U << i % 8);
		n += unwrap(&s) == AGE_UNWRAP_OTHER;
	}
	ok(n == 32, "another tag is for another key");
	for (n = 0, i = 0; i < sizeof(s.body); i++) {
		for (bit = 0; bit < 8; bit++) {
			s = good;
			s.body[i] ^= (uint8_t)(1U << bit);
			n += unwrap(&s) == AGE_UNWRAP_BAD;
		}
	}
	ok(n == 256, "a damaged body is an error, since the tag is ours");
	s = good;
	s.share[0] ^= 1;
	ok(unwrap(&s) == AGE_UNWRAP_BAD, "a damaged share, too");
	for (n = 0, i = 0; i < sizeof(low) / sizeof(low[0]); i++) {
		s = good;
		unhex(low[i], s.share, sizeof(s.share));
		n += unwrap(&s) == AGE_UNWRAP_BAD;
	}
	ok(n == 7, "shares of low order are refused");
}

static void
refused(void)
{
	struct age_text t = { 0 };
	uint8_t bad[AGE_ED25519_LEN];
	size_t i;

	for (i = 0; i < sizeof(unusable) / sizeof(unusable[0]); i++) {
		unhex(unusable[i], bad, sizeof(bad));
		ok(age_ssh_wrap(bad, secret, file_key, &t) == -1 && t.len == 0,
		    "no stanza for the key %.8s...", unusable[i]);
	}
	age_text_wipe(&t);
}

int
main(void)
{

	if (sodium_init() == -1)
		return (1);
	unhex(VECTOR_SEED, seed, sizeof(seed));
	unhex(VECTOR_PK, pk, sizeof(pk));
	unhex(VECTOR_SECRET, secret, sizeof(secret));
	unhex(VECTOR_FILE_KEY, file_key, sizeof(file_key));
	known();
	damaged();
	refused();
	return (tap_done());
}
