/* SPDX-License-Identifier: ISC */
/* What pgb-encrypt seals is age, byte for byte, however the input comes. */
#include "pgb-encrypt/armor.c"
#include "pgb-encrypt/recipients.c"
#include "pgb-encrypt/recipients-wrap.c"
#include "pgb-encrypt/seal.c"
#include "tap.h"

#include "age-vectors.h"

#define FILE_MAX	(800 * 1024)

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

uint8_t *
pump_reserve(struct pump *p, size_t len)
{

	(void)p;
	(void)len;
	return (NULL);
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

static struct recipients *
load(size_t count)
{
	struct recipients *to;
	size_t i;

	if ((to = recipients_new()) == NULL)
		abort();
	for (i = 0; i < count; i++)
		if (recipients_add(to, "-r", vector_keys[i][1]) != STATUS_OK)
			abort();
	return (to);
}

/* How the bytes come, and who seals them. */
struct way {
	size_t step;		/* 0: pieces of any size, with pauses */
	unsigned threads;
	bool room;		/* into the stage's own memory */
};

static size_t
piece(const struct way *w, size_t left, unsigned *seed)
{
	size_t n = w->step;

	if (n == 0) {
		n = (size_t)rand_r(seed) % (3 * AGE_CHUNK_LEN) + 1;
		if (rand_r(seed) % 4 == 0)
			usleep((unsigned)rand_r(seed) % 2000);
	}
	return (n < left ? n : left);
}

static enum status
give(struct seal *s, const uint8_t *p, size_t len, bool room)
{
	enum status status;
	uint8_t *to;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len;
		to = room ? seal_room(s, &out, &n) : NULL;
		if (n > len)
			n = len;
		if (to != NULL)
			memcpy(to, p, n);
		status = seal_data(s, &out, to != NULL ? to : p, n);
		if (status != STATUS_OK)
			return (status);
	}
	return (STATUS_OK);
}

static bool
seal_by(size_t len, size_t recipients, const struct way *w)
{
	struct recipients *to = load(recipients);
	const struct seal_opts o = { .to = to, .threads = w->threads };
	unsigned seed = 1;
	struct seal *s;
	size_t i, n;
	bool good = true;

	random_at = 0;
	out.len = 0;
	if ((s = seal_new(&o)) == NULL || make_header(s) != STATUS_OK)
		abort();
	for (i = 0; i < len; i += n) {
		n = piece(w, len - i, &seed);
		good = good && give(s, plain + i, n, w->room) == STATUS_OK;
	}
	good = good && seal_finish(s, &out) == STATUS_OK;
	seal_stop(s);
	seal_free(s);
	recipients_free(to);
	return (good);
}

/* Seal len bytes given in pieces of step. */
static bool
seal(size_t len, size_t recipients, size_t step)
{
	const struct way w = { .step = step, .threads = 1 };

	return (seal_by(len, recipients, &w));
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
	    200000 };
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

/* Nothing but the plaintext, file key and nonce makes a difference. */
static void
any_way(void)
{
	static const struct way ways[] = {
		{ 1000000, 1, false }, { 1000000, 2, true }, { 65536, 2, true },
		{ 65537, 3, false }, { 4096, 8, true }, { 100000, 2, true },
		{ 0, 1, true }, { 0, 2, false }, { 0, 2, true }, { 0, 3, true },
		{ 0, 8, false }, { 0, 64, true }, { 7, 4, true }
	};
	static const size_t sizes[] = { 1, 65536, 65537, 131072, 131073,
	    196608, 5 * 65536, 5 * 65536 + 1, 700000 };
	static uint8_t first[FILE_MAX];
	size_t i, k, len;
	bool good;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		good = seal(sizes[i], 1, 1000000);
		len = out.len;
		memcpy(first, out.buf, len);
		for (k = 0; k < sizeof(ways) / sizeof(ways[0]); k++)
			good = good && seal_by(sizes[i], 1, &ways[k]) &&
			    out.len == len &&
			    memcmp(first, out.buf, len) == 0;
		ok(good, "%zu bytes: the same file by any number of threads, "
		    "from pieces of any size, with pauses", sizes[i]);
	}
}

/* Without finish() there is no final chunk, and nothing of the last bytes. */
static void
unfinished(void)
{
	struct recipients *to = load(1);
	const struct seal_opts o = { .to = to, .threads = 1 };
	struct seal *s;

	out.len = 0;
	if ((s = seal_new(&o)) == NULL || make_header(s) != STATUS_OK)
		abort();
	ok(seal_data(s, &out, plain, 131072) == STATUS_OK && out.len == 184,
	    "a full batch is held while nothing is behind it");
	ok(seal_data(s, &out, plain, 131072) == STATUS_OK &&
	    seal_data(s, &out, plain, 131072) == STATUS_OK &&
	    seal_data(s, &out, plain, 131072) == STATUS_OK &&
	    out.len < 184 + 6 * (size_t)AGE_SEALED_LEN + 1,
	    "and the last one always");
	seal_stop(s);
	seal_free(s);
	recipients_free(to);
}

/* Age is not encrypted again by mistake. */
static void
twice(void)
{
	static const char armor[] = "\n -----BEGIN AGE ENCRYPTED FILE-----\n";
	static const char *const heads[] = { "age-encryption.org/v1\n",
	    "age-encryption.org/v2\n", armor + 2 };
	struct recipients *to = load(1);
	struct seal_opts o = { .to = to, .threads = 1 };
	struct carrier *c;
	struct seal *s;
	size_t i, k;

	for (i = 0; i < 6; i++) {
		const char *head = heads[i % 3];
		enum status got = STATUS_OK;

		o.raw = i >= 3;
		out.len = 0;
		if ((c = carrier_new(NULL)) == NULL ||
		    (s = seal_new(&o)) == NULL ||
		    make_header(s) != STATUS_OK)
			abort();
		s->carrier = c;
		for (k = 0; head[k] != '\0' && got == STATUS_OK; k++) {
			carrier_feed(c, head + k, 1);
			got = seal_data(s, &out, (const uint8_t *)head + k, 1);
		}
		if (got == STATUS_OK)
			got = seal_finish(s, &out);
		ok(got == (o.raw ? STATUS_OK : STATUS_USAGE), "%.22s: %s",
		    head, o.raw ? "taken with --raw" : "refused");
		seal_stop(s);
		seal_free(s);
		carrier_free(c);
	}
	recipients_free(to);
}

/* Both libraries, one against the other, and both against the vectors. */
static void
chunks_by(const struct cipher_ops *a, const struct cipher_ops *b)
{
	static uint8_t sealed[2][AGE_SEALED_LEN], back[AGE_CHUNK_LEN];
	static const size_t lens[] = { 0, 1, 15, 16, 17, 63, 64, 65, 1000,
	    65535, 65536 };
	uint8_t key[CIPHER_KEY_LEN], nonce[CIPHER_NONCE_LEN];
	void *x, *y;
	size_t i, n;
	bool good;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		n = lens[i];
		memset(key, (int)i + 1, sizeof(key));
		memset(nonce, (int)i + 77, sizeof(nonce));
		if ((x = a->new(key, 3)) == NULL || (y = b->new(key, 3)) == NULL)
			abort();
		good = a->seal(x, nonce, plain, n, sealed[0]) == 0 &&
		    b->seal(y, nonce, plain, n, sealed[1]) == 0 &&
		    memcmp(sealed[0], sealed[1], n + CIPHER_TAG_LEN) == 0;
		ok(good, "%zu bytes: %s seals as %s", n, a->name(), b->name());
		good = a->open(x, nonce, sealed[1], n + CIPHER_TAG_LEN,
		    back) == 0 && memcmp(back, plain, n) == 0;
		sealed[0][n / 2] ^= 4;
		good = good && a->open(x, nonce, sealed[0],
		    n + CIPHER_TAG_LEN, back) == -1;
		sealed[0][n / 2] ^= 4;
		sealed[0][n + 15] ^= 1;
		good = good && a->open(x, nonce, sealed[0],
		    n + CIPHER_TAG_LEN, back) == -1;
		good = good && a->open(x, nonce, sealed[1],
		    n + CIPHER_TAG_LEN, back) == 0;
		ok(good, "and opens, or not what is damaged");
		a->free(x);
		b->free(y);
	}
}

static void
chunks(void)
{
	uint8_t key[CIPHER_KEY_LEN], got[17], back1[1];
	struct cipher *c;
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	if ((c = cipher_new(key, CIPHER_SEAL | CIPHER_OPEN)) == NULL)
		abort();
	ok(cipher_seal(c, 0x0102030405060708, false, (const uint8_t *)"x", 1,
	    got) == 0, "a chunk");
	same(hex(got, 17), vector_chunk, "a chunk of a high number");
	ok(cipher_open(c, 0x0102030405060708, false, got, 17, back1) == 0
	    && back1[0] == 'x', "opens");
	ok(cipher_open(c, 0x0102030405060709, false, got, 17, back1) ==
	    -1, "but not under another number");
	ok(cipher_open(c, 0x0102030405060708, true, got, 17, back1) == -1
	    && back1[0] == 0, "nor as the final chunk, and leaves nothing");
	(void)cipher_seal(c, 0x0102030405060708, true, (const uint8_t *)"x", 1,
	    got);
	same(hex(got, 17), vector_final, "the same as the final chunk");
	(void)cipher_seal(c, 65536, false, (const uint8_t *)"x", 1, got);
	ok(cipher_open(c, 0, false, got, 17, back1) == -1,
	    "chunk 65536 is not chunk 0");
	cipher_free(c);
}

static void
low_order(void)
{
	uint8_t zero[AGE_X25519_LEN] = { 0 }, one[AGE_X25519_LEN] = { 1 };
	uint8_t secret[AGE_X25519_LEN], fk[AGE_FILE_KEY_LEN] = { 0 };
	uint8_t body[AGE_X25519_LEN] = { 0 };
	struct age_text stanza = { 0 };

	memset(secret, 0x42, sizeof(secret));
	ok(age_x25519_wrap(zero, secret, fk, &stanza) == -1,
	    "no stanza for the recipient 0");
	ok(age_x25519_wrap(one, secret, fk, &stanza) == -1,
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
	any_way();
	unfinished();
	twice();
#ifndef AEAD_SODIUM
	chunks_by(&cipher_crypto, &cipher_sodium);
	chunks_by(&cipher_sodium, &cipher_crypto);
#endif
	chunks_by(&cipher_sodium, &cipher_sodium);
	chunks();
	low_order();
	return (tap_done());
}
