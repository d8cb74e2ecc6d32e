/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "bech32.h"

#define CHECK_LEN	6
#define WORDS_MAX	((BECH32_DATA_MAX * 8 + 4) / 5)

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* One step of the checksum: BIP 173's polymod. */
static uint32_t
step(uint32_t sum, unsigned word)
{
	static const uint32_t gen[5] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3
	};
	uint32_t top = sum >> 25;
	unsigned i;

	sum = (sum & 0x1ffffff) << 5 ^ word;
	for (i = 0; i < 5; i++)
		if ((top >> i & 1) != 0)
			sum ^= gen[i];
	return (sum);
}

static unsigned
lower(char c)
{

	return (c >= 'A' && c <= 'Z' ? (unsigned)(c - 'A' + 'a') : (unsigned)c);
}

/* The checksum is over the lower case, whatever is written. */
static uint32_t
start(const char *hrp)
{
	uint32_t sum = 1;
	const char *p;

	for (p = hrp; *p != '\0'; p++)
		sum = step(sum, lower(*p) >> 5);
	sum = step(sum, 0);
	for (p = hrp; *p != '\0'; p++)
		sum = step(sum, lower(*p) & 31);
	return (sum);
}

static bool
is_upper(const char *hrp)
{

	for (; *hrp != '\0'; hrp++)
		if (*hrp >= 'A' && *hrp <= 'Z')
			return (true);
	return (false);
}

/* The five bits of a character, or 32. */
static unsigned
word_of(char c, bool upper)
{
	const char *p;

	if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
		return (32);
	if (c == '\0' || (p = strchr(alphabet, (int)lower(c))) == NULL)
		return (32);
	return ((unsigned)(p - alphabet));
}

int
bech32_decode(const char *hrp, const char *text, size_t len, uint8_t *out,
    size_t outlen)
{
	size_t hrplen = strlen(hrp), i, n = 0;
	bool upper = is_upper(hrp);
	uint32_t sum = start(hrp), acc = 0;
	unsigned bits = 0, word;

	if (outlen > BECH32_DATA_MAX || len != BECH32_LEN(hrplen, outlen) ||
	    memcmp(text, hrp, hrplen) != 0 || text[hrplen] != '1')
		return (-1);
	for (i = hrplen + 1; i < len; i++) {
		if ((word = word_of(text[i], upper)) == 32)
			return (-1);
		sum = step(sum, word);
		if (i >= len - CHECK_LEN)
			continue;
		acc = acc << 5 | word;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (uint8_t)(acc >> bits);
			acc &= (1U << bits) - 1;
		}
	}
	return (sum == 1 && acc == 0 && bits < 5 && n == outlen ? 0 : -1);
}

void
bech32_encode(const char *hrp, const uint8_t *data, size_t len, char *out)
{
	bool upper = is_upper(hrp);
	uint8_t words[WORDS_MAX + CHECK_LEN];
	uint32_t sum = start(hrp), acc = 0;
	unsigned bits = 0;
	size_t i, n = 0;

	for (i = 0; i < len; i++) {
		acc = (acc << 8 | data[i]) & 0xffff;
		for (bits += 8; bits >= 5; bits -= 5)
			words[n++] = acc >> (bits - 5) & 31;
	}
	if (bits > 0)
		words[n++] = (uint8_t)(acc << (5 - bits) & 31);
	for (i = 0; i < n; i++)
		sum = step(sum, words[i]);
	for (i = 0; i < CHECK_LEN; i++)
		sum = step(sum, 0);
	sum ^= 1;
	for (i = 0; i < CHECK_LEN; i++)
		words[n++] = (uint8_t)(sum >> 5 * (CHECK_LEN - 1 - i) & 31);
	out += strlen(strcpy(out, hrp));
	*out++ = '1';
	for (i = 0; i < n; i++) {
		*out = alphabet[words[i]];
		if (upper && *out >= 'a')
			*out = (char)(*out - 'a' + 'A');
		out++;
	}
	*out = '\0';
	explicit_bzero(words, sizeof(words));
}
