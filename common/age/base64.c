/* SPDX-License-Identifier: ISC */
#include "age/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a character, or 64. */
static unsigned
sextet(uint8_t c)
{

	if (c >= 'A' && c <= 'Z')
		return (c - 'A' + 0U);
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26U);
	if (c >= '0' && c <= '9')
		return (c - '0' + 52U);
	if (c == '+')
		return (62);
	return (c == '/' ? 63 : 64);
}

int
base64_decode(const uint8_t *in, size_t inlen, bool padded, uint8_t *out,
    size_t room, size_t *outlen)
{
	uint32_t acc = 0;
	unsigned bits = 0, six;
	size_t i, n = 0;

	if (padded) {
		if (inlen % 4 != 0)
			return (-1);
		if (inlen > 0 && in[inlen - 1] == '=')
			inlen -= in[inlen - 2] == '=' ? 2 : 1;
	}
	if (inlen % 4 == 1)
		return (-1);
	for (i = 0; i < inlen; i++) {
		if ((six = sextet(in[i])) == 64)
			return (-1);
		acc = acc << 6 | six;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == room)
			return (-1);
		out[n++] = (uint8_t)(acc >> bits);
		acc &= (1U << bits) - 1;
	}
	if (acc != 0)
		return (-1);
	*outlen = n;
	return (0);
}

void
base64_encode(const uint8_t *in, size_t len, char *out)
{
	uint32_t acc = 0;
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		acc = acc << 8 | in[i];
		bits += 8;
		while (bits >= 6) {
			bits -= 6;
			*out++ = alphabet[acc >> bits & 63];
		}
		acc &= (1U << bits) - 1;
	}
	if (bits > 0)
		*out = alphabet[acc << (6 - bits) & 63];
}
