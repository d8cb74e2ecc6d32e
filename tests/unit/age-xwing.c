/* SPDX-License-Identifier: ISC */
/* Post-quantum stanzas: what age writes we open, and the other way round. */
#include <sodium.h>

#include "age/age-key.h"
#include "age/bech32.h"
#include "tap.h"

#include "age-xwing-vector.h"

#define HRP		"age1pq"
#define HRP_SECRET	"AGE-SECRET-KEY-PQ-"
#define TAIL		"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static const uint8_t file_key[AGE_FILE_KEY_LEN] = { 1, 2, 3, 250, 251, 252 };

/* What a stanza holds. */
struct sealed {
	uint8_t enc[AGE_XWING_LEN];
	uint8_t body[AGE_BODY_LEN];
};

/* The decoded bytes of the vector. */
struct bytes {
	size_t len;
	uint8_t buf[4096];
};

static int
collect(void *arg, const uint8_t *buf, size_t len)
{
	struct bytes *b = arg;

	if (len > sizeof(b->buf) - b->len)
		return (-1);
	memcpy(b->buf + b->len, buf, len);
	b->len += len;
	return (0);
}

/* The stanzas of a header whose MAC nobody looks at: their count, or 0. */
static size_t
parse(const struct age_text *stanzas, struct age_header *h)
{
	struct age_text t = { 0 };
	size_t used;
	int got;

	age_text_put(&t, AGE_VERSION, strlen(AGE_VERSION));
	age_text_put(&t, stanzas->buf, stanzas->len);
	age_text_put(&t, TAIL, strlen(TAIL));
	if (t.failed)
		abort();
	got = age_header_feed(h, t.buf, t.len, &used);
	age_text_wipe(&t);
	return (got == 1 ? h->count : 0);
}

/* Wrap our file key; what the one stanza holds. */
static bool
seal(const uint8_t point[AGE_XWING_POINT_LEN], struct sealed *s)
{
	struct age_header h = { 0 };
	struct age_text t = { 0 };
	bool good;

	good = age_xwing_wrap(point, file_key, &t) == 0 && !t.failed &&
	    t.len == 1557 && parse(&t, &h) == 1 &&
	    age_stanza_xwing(&h, 0, s->enc, s->body) == 0;
	age_header_wipe(&h);
	age_text_wipe(&t);
	return (good);
}

static enum age_unwrap
unseal(const uint8_t seed[AGE_XWING_SEED_LEN], const struct sealed *s)
{
	uint8_t got[AGE_FILE_KEY_LEN];
	enum age_unwrap tried;

	tried = age_xwing_unwrap(seed, s->enc, s->body, got);
	if (tried == AGE_UNWRAP_OK &&
	    memcmp(got, file_key, sizeof(got)) != 0)
		abort();
	return (tried);
}

static void
test_round_trip(void)
{
	uint8_t seed[AGE_XWING_SEED_LEN], other[AGE_XWING_SEED_LEN];
	uint8_t point[AGE_XWING_POINT_LEN], again[AGE_XWING_POINT_LEN];
	struct sealed s, t;

	memset(seed, 0x5a, sizeof(seed));
	memset(other, 0x5a, sizeof(other));
	other[31] ^= 1;
	ok(age_xwing_point(seed, point) == 0 &&
	    age_xwing_point(seed, again) == 0 &&
	    memcmp(point, again, sizeof(point)) == 0,
	    "a seed has one recipient");
	ok(seal(point, &s), "wrapping makes a stanza of 1557 bytes");
	ok(unseal(seed, &s) == AGE_UNWRAP_OK, "its identity opens it");
	ok(unseal(other, &s) == AGE_UNWRAP_OTHER, "another does not");
	ok(seal(point, &t) && memcmp(&s, &t, sizeof(s)) != 0,
	    "wrapping again makes another stanza");
}

static void
test_damage(void)
{
	uint8_t seed[AGE_XWING_SEED_LEN], point[AGE_XWING_POINT_LEN];
	size_t i, bad = 0;
	struct sealed s, t;

	memset(seed, 7, sizeof(seed));
	if (age_xwing_point(seed, point) == -1 || !seal(point, &s))
		abort();
	for (i = 0; i < AGE_XWING_LEN; i++) {
		t = s;
		/* The last is the one bit that X25519 itself ignores. */
		t.enc[i] ^= (uint8_t)(1U << i % 8);
		bad += unseal(seed, &t) != AGE_UNWRAP_OTHER;
	}
	ok(bad == 0, "a flipped bit in what is encapsulated: not opened");
	for (i = 0, bad = 0; i < AGE_BODY_LEN; i++) {
		t = s;
		t.body[i] ^= 0x10;
		bad += unseal(seed, &t) != AGE_UNWRAP_OTHER;
	}
	ok(bad == 0, "a flipped bit in the body: not opened");
	t = s;
	memset(t.enc + AGE_XWING_LEN - AGE_X25519_LEN, 0, AGE_X25519_LEN);
	ok(unseal(seed, &t) == AGE_UNWRAP_BAD, "a share of zeros: forged");
	t.enc[AGE_XWING_LEN - AGE_X25519_LEN] = 1;
	ok(unseal(seed, &t) == AGE_UNWRAP_BAD, "a share of low order: forged");
}

static void
test_unusable(void)
{
	uint8_t seed[AGE_XWING_SEED_LEN], point[AGE_XWING_POINT_LEN];
	struct sealed s;

	memset(seed, 9, sizeof(seed));
	if (age_xwing_point(seed, point) == -1)
		abort();
	memset(point + sizeof(point) - AGE_X25519_LEN, 0, AGE_X25519_LEN);
	ok(!seal(point, &s), "a recipient of low order is refused");
	if (age_xwing_point(seed, point) == -1)
		abort();
	memset(point, 0xff, 3);
	ok(!seal(point, &s), "so is one whose numbers are not reduced");
}

/* The whole of what age wrote: its stanza, MAC and payload. */
static void
test_vector(void)
{
	struct bytes b = { 0 };
	struct age_armor a = { .sink = collect, .arg = &b };
	struct age_header h = { 0 };
	struct sealed s;
	uint8_t seed[AGE_XWING_SEED_LEN], point[AGE_XWING_POINT_LEN];
	uint8_t want[AGE_XWING_POINT_LEN], key[AGE_FILE_KEY_LEN], mac[32];
	uint8_t payload_key[AGE_KEY_LEN], nonce[12] = { [11] = 1 };
	uint8_t plain[sizeof(b.buf)];
	unsigned long long len = 0;
	size_t used = 0;

	ok(bech32_decode(HRP_SECRET, vector_identity, strlen(vector_identity),
	    seed, sizeof(seed)) == 0 && age_xwing_point(seed, point) == 0,
	    "age's identity");
	ok(bech32_decode(HRP, vector_recipient, strlen(vector_recipient), want,
	    sizeof(want)) == 0 && memcmp(point, want, sizeof(want)) == 0,
	    "has the recipient that age says");
	if (!ok(age_armor_feed(&a, (const uint8_t *)vector_file,
	    strlen(vector_file)) == 0 && age_armor_end(&a) == 0 &&
	    age_header_feed(&h, b.buf, b.len, &used) == 1 && h.count == 1 &&
	    age_stanza_xwing(&h, 0, s.enc, s.body) == 0 &&
	    b.len - used > AGE_NONCE_LEN, "age's file"))
		return;
	ok(age_xwing_unwrap(seed, s.enc, s.body, key) == AGE_UNWRAP_OK,
	    "its stanza is opened");
	age_header_mac(key, h.raw, h.mac_at, mac);
	ok(memcmp(mac, h.mac, sizeof(mac)) == 0, "the file key makes its MAC");
	age_payload_key(key, b.buf + used, payload_key);
	used += AGE_NONCE_LEN;
	ok(crypto_aead_chacha20poly1305_ietf_decrypt(plain, &len, NULL,
	    b.buf + used, b.len - used, NULL, 0, nonce, payload_key) == 0 &&
	    len == strlen(vector_plain) &&
	    memcmp(plain, vector_plain, (size_t)len) == 0,
	    "and opens its payload");
	age_header_wipe(&h);
}

static void
test_stubs(void)
{
	uint8_t seed[AGE_XWING_SEED_LEN] = { 0 };
	uint8_t point[AGE_XWING_POINT_LEN] = { 0 };
	struct sealed s = { 0 };
	struct age_text t = { 0 };

	ok(age_xwing_point(seed, point) == -1, "no recipient of a seed");
	ok(age_xwing_wrap(point, file_key, &t) == -1 && t.len == 0,
	    "nothing is wrapped");
	ok(unseal(seed, &s) == AGE_UNWRAP_OTHER, "nothing is opened");
	age_text_wipe(&t);
}

int
main(void)
{

	if (sodium_init() == -1)
		return (1);
	if (age_xwing_known()) {
		test_round_trip();
		test_damage();
		test_unusable();
		test_vector();
	} else {
		printf("# this libsodium has no X-Wing\n");
		test_stubs();
	}
	return (tap_done());
}
