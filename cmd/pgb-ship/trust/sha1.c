/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "trust/sha1.h"

#define BLOCK	64

struct sha1 {
	uint32_t h[5];
	uint64_t len;
	uint8_t buf[BLOCK];
};

static uint32_t
rol(uint32_t v, unsigned n)
{

	return (v << n | v >> (32 - n));
}

static void
compress(struct sha1 *s)
{
	uint32_t a = s->h[0], b = s->h[1], c = s->h[2], d = s->h[3];
	uint32_t e = s->h[4], f, k, t, w[80];
	unsigned i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)s->buf[4 * i] << 24 |
		    (uint32_t)s->buf[4 * i + 1] << 16 |
		    (uint32_t)s->buf[4 * i + 2] << 8 |
		    (uint32_t)s->buf[4 * i + 3];
	for (; i < 80; i++)
		w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (i = 0; i < 80; i++) {
		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		t = rol(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = t;
	}
	s->h[0] += a;
	s->h[1] += b;
	s->h[2] += c;
	s->h[3] += d;
	s->h[4] += e;
}

static void
start(struct sha1 *s)
{
	static const uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe,
	    0x10325476, 0xc3d2e1f0 };

	memcpy(s->h, h, sizeof(h));
	s->len = 0;
}

static void
update(struct sha1 *s, const uint8_t *p, size_t len)
{

	for (; len > 0; len--) {
		s->buf[s->len++ % BLOCK] = *p++;
		if (s->len % BLOCK == 0)
			compress(s);
	}
}

static void
finish(struct sha1 *s, uint8_t out[SHA1_LEN])
{
	uint64_t bits = 8 * s->len;
	uint8_t v[8];
	unsigned i;

	update(s, (const uint8_t *)"\x80", 1);
	while (s->len % BLOCK != BLOCK - 8)
		update(s, (const uint8_t *)"", 1);
	for (i = 0; i < 8; i++)
		v[i] = (uint8_t)(bits >> (56 - 8 * i));
	update(s, v, sizeof(v));
	for (i = 0; i < SHA1_LEN; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

void
hmac_sha1(const uint8_t *key, size_t keylen, const void *msg, size_t msglen,
    uint8_t out[SHA1_LEN])
{
	uint8_t pad[BLOCK], inner[SHA1_LEN];
	struct sha1 s;
	size_t i;

	for (i = 0; i < BLOCK; i++)
		pad[i] = (i < keylen ? key[i] : 0) ^ 0x36;
	start(&s);
	update(&s, pad, sizeof(pad));
	update(&s, msg, msglen);
	finish(&s, inner);
	for (i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	start(&s);
	update(&s, pad, sizeof(pad));
	update(&s, inner, sizeof(inner));
	finish(&s, out);
}
