/* SPDX-License-Identifier: ISC */
#include "archive/archive-hash.h"

static uint64_t
word(const uint8_t *p)
{
	uint64_t w = 0;
	int i;

	for (i = 7; i >= 0; i--)
		w = w << 8 | p[i];
	return (w);
}

static uint64_t
rotate(uint64_t x, int bits)
{
	return (x << bits | x >> (64 - bits));
}

static void
rounds(uint64_t v[4], int count)
{

	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
take(uint64_t v[4], uint64_t w)
{

	v[3] ^= w;
	rounds(v, 2);
	v[0] ^= w;
}

void
hash_begin(struct hash *h, const uint8_t key[HASH_KEY])
{
	uint64_t k0 = word(key), k1 = word(key + 8);

	h->v[0] = k0 ^ 0x736f6d6570736575ULL;
	h->v[1] = k1 ^ 0x646f72616e646f6dULL;
	h->v[2] = k0 ^ 0x6c7967656e657261ULL;
	h->v[3] = k1 ^ 0x7465646279746573ULL;
	h->len = 0;
}

void
hash_add(struct hash *h, const uint8_t *buf, size_t len)
{

	while (len > 0) {
		if (h->len % 8 == 0 && len >= 8) {
			take(h->v, word(buf));
			h->len += 8;
			buf += 8;
			len -= 8;
			continue;
		}
		h->part[h->len++ % 8] = *buf++;
		len--;
		if (h->len % 8 == 0)
			take(h->v, word(h->part));
	}
}

uint64_t
hash_end(const struct hash *h)
{
	uint64_t v[4] = { h->v[0], h->v[1], h->v[2], h->v[3] };
	uint64_t last = h->len << 56;
	unsigned int i;

	for (i = 0; i < h->len % 8; i++)
		last |= (uint64_t)h->part[i] << 8 * i;
	take(v, last);
	v[2] ^= 0xff;
	rounds(v, 4);
	return (v[0] ^ v[1] ^ v[2] ^ v[3]);
}
