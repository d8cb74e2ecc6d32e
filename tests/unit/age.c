/* SPDX-License-Identifier: ISC */
/* What pgb-encrypt seals is age, byte for byte, however the input comes. */
#include "pgb-encrypt/seal.c"
#include "tap.h"

#include "age-vectors.h"
#include "bech32.h"

#define FILE_MAX	(200 * 1024)

/* In place of the pump: what is emitted is kept. */
struct pump {
	size_t len;
	uint8_t buf[FILE_MAX];
};

enum status
pump_emit(struct pump *p, const void *buf, size_t len)
{

	if (len > sizeof(p->buf) - p->len)
		return (STATUS_LOCAL);
	memcpy(p->buf + p->len, buf, len);
	p->len += len;
	return (STATUS_OK);
}

enum status
pump_run(const struct pump_opts *o)
{

	(void)o;
	return (STATUS_LOCAL);
}

/* Randomness that age-vectors.py knows. */
static size_t random_at;

static const char *
random_name(void)
{

	return ("known");
}

static void
random_fill(void *buf, size_t len)
{
	uint8_t *p = buf;

	for (; len > 0; len--)
		*p++ = (uint8_t)(random_at++ * 181 + 43);
}

static uint32_t
random_word(void)
{
	uint32_t word;

	random_fill(&word, sizeof(word));
	return (word);
}

static struct randombytes_implementation known = {
	.implementation_name = random_name,
	.random = random_word,
	.buf = random_fill,
};

static uint8_t plain[FILE_MAX];
static struct pump out;

static const char *
hex(const uint8_t *p, size_t len)
{
	static char text[2048];
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	return (text);
}

static void
load(struct recipients *to, size_t count)
{
	size_t i;

	to->count = count;
	for (i = 0; i < count; i++)
		if (bech32_decode("age", vector_keys[i][1], 62, to->point[i],
		    AGE_X25519_LEN) == -1)
			abort();
}

/* Seal len bytes given in pieces of step. */
static bool
seal(size_t len, size_t recipients, size_t step)
{
	static struct recipients to;
	struct seal *s;
	size_t i, n;
	bool good = true;

	load(&to, recipients);
	random_at = 0;
	out.len = 0;
	if ((s = seal_new(&to)) == NULL)
		return (false);
	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		good = good && seal_data(s, &out, plain + i, n) == STATUS_OK;
	}
	good = good && seal_finish(s, &out) == STATUS_OK;
	seal_free(s);
	return (good);
}

static bool
sealed_is(const char *want)
{
	uint8_t sum[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(sum, out.buf, out.len);
	return (strcmp(hex(sum, sizeof(sum)), want) == 0);
}

static void
known_files(void)
{
	static const size_t steps[] = { 1, 4096, 65535, 65536, 65537, 100000,
	    FILE_MAX };
	size_t i, k, n = sizeof(vectors) / sizeof(vectors[0]);
	const struct vector *v;

	for (i = 0; i < n; i++)
		for (v = &vectors[i], k = 0; k < 7; k++)
			ok(seal(v->len, v->recipients, steps[k]) &&
			    sealed_is(v->sha256), "%zu bytes, %zu recipients, "
			    "in pieces of %zu", v->len, v->recipients,
			    steps[k]);
	ok(seal(1, 1, 1), "one byte");
	same(hex(out.buf, out.len), vector_file, "is this file");
	ok(seal(0, 1, 1) && out.len == 200, "an empty payload has 200 bytes");
}

/* Without finish() there is no final chunk, and nothing of the last bytes. */
static void
unfinished(void)
{
	static struct recipients to;
	struct seal *s;

	load(&to, 1);
	out.len = 0;
	if ((s = seal_new(&to)) == NULL)
		abort();
	ok(seal_data(s, &out, plain, 65536) == STATUS_OK && out.len == 184,
	    "a full chunk is held while nothing is behind it");
	ok(seal_data(s, &out, plain, 1) == STATUS_OK &&
	    out.len == 184 + AGE_SEALED_LEN, "one byte more lets it go");
	ok(seal_data(s, &out, plain, 65536) == STATUS_OK &&
	    out.len == 184 + 2 * AGE_SEALED_LEN, "and so the next");
	seal_free(s);
}

static void
chunks(void)
{
	uint8_t key[AGE_KEY_LEN], got[17], back1[1];
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	age_chunk_seal(key, 0x0102030405060708, false,
	    (const uint8_t *)"x", 1, got);
	same(hex(got, 17), vector_chunk, "a chunk of a high number");
	ok(age_chunk_open(key, 0x0102030405060708, false, got, 17, back1) == 0
	    && back1[0] == 'x', "opens");
	ok(age_chunk_open(key, 0x0102030405060709, false, got, 17, back1) ==
	    -1, "but not under another number");
	ok(age_chunk_open(key, 0x0102030405060708, true, got, 17, back1) == -1
	    && back1[0] == 0, "nor as the final chunk, and leaves nothing");
	age_chunk_seal(key, 0x0102030405060708, true, (const uint8_t *)"x", 1,
	    got);
	same(hex(got, 17), vector_final, "the same as the final chunk");
	age_chunk_seal(key, 65536, false, (const uint8_t *)"x", 1, got);
	ok(age_chunk_open(key, 0, false, got, 17, back1) == -1,
	    "chunk 65536 is not chunk 0");
}

static void
low_order(void)
{
	uint8_t zero[AGE_X25519_LEN] = { 0 }, one[AGE_X25519_LEN] = { 1 };
	uint8_t secret[AGE_X25519_LEN], fk[AGE_FILE_KEY_LEN] = { 0 };
	uint8_t body[AGE_X25519_LEN] = { 0 };
	char stanza[AGE_STANZA_LEN];

	memset(secret, 0x42, sizeof(secret));
	ok(age_x25519_wrap(zero, secret, fk, stanza) == -1,
	    "no stanza for the recipient 0");
	ok(age_x25519_wrap(one, secret, fk, stanza) == -1,
	    "nor for the recipient 1");
	ok(age_x25519_unwrap(secret, one, zero, body, fk) == AGE_UNWRAP_BAD,
	    "share 0 is refused");
	ok(age_x25519_unwrap(secret, one, one, body, fk) == AGE_UNWRAP_BAD,
	    "share 1 is refused");
}

int
main(void)
{
	size_t i;

	randombytes_set_implementation(&known);
	if (sodium_init() == -1)
		return (1);
	for (i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t)(i * 131 + (i >> 8));
	known_files();
	unfinished();
	chunks();
	low_order();
	return (tap_done());
}
