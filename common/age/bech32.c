/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <string.h>

#include "age/bech32.h"

#define CHECK_LEN	6

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

/*
 * The characters behind the separator, with the checksum: their bytes, if out
 * is not NULL, and how many these are.  -1 where they are not canonical.
 */
static int
take(const char *hrp, const char *p, size_t n, bool upper, uint8_t *out,
    size_t *len)
{
	uint32_t sum = start(hrp), acc = 0;
	unsigned bits = 0, word;
	size_t i;

	if (n < CHECK_LEN)
		return (-1);
	*len = 0;
	for (i = 0; i < n; i++) {
		if ((word = word_of(p[i], upper)) == 32)
			return (-1);
		sum = step(sum, word);
		if (i >= n - CHECK_LEN)
			continue;
		acc = acc << 5 | word;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			if (out != NULL)
				out[*len] = (uint8_t)(acc >> bits);
			++*len;
			acc &= (1U << bits) - 1;
		}
	}
	return (sum == 1 && acc == 0 && bits < 5 ? 0 : -1);
}

int
bech32_decode(const char *hrp, const char *text, size_t len, uint8_t *out,
    size_t outlen)
{
	size_t hrplen = strlen(hrp), n;

	/* The length leaves room for outlen bytes and no more. */
	if (outlen > BECH32_DATA_MAX || len != BECH32_LEN(hrplen, outlen) ||
	    memcmp(text, hrp, hrplen) != 0 || text[hrplen] != '1' ||
	    take(hrp, text + hrplen + 1, len - hrplen - 1, is_upper(hrp), out,
	    &n) == -1)
		return (-1);
	return (n == outlen ? 0 : -1);
}

int
bech32_check(const char *text, size_t len, char *hrp, size_t size)
{
	const char *one = memrchr(text, '1', len);
	size_t hrplen, i, n;
	bool upper = false;

	if (one == NULL || one == text)
		return (-1);
	hrplen = (size_t)(one - text);
	if (hrplen >= size)
		return (-1);
	for (i = 0; i < hrplen; i++)
		if (text[i] < 33 || text[i] > 126)
			return (-1);
	memcpy(hrp, text, hrplen);
	hrp[hrplen] = '\0';
	for (i = 0; i < len; i++)
		upper = upper || (text[i] >= 'A' && text[i] <= 'Z');
	for (i = 0; upper && i < hrplen; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			return (-1);
	return (take(hrp, one + 1, len - hrplen - 1, upper, NULL, &n));
}

/* Add a five-bit word to text and checksum. */
static char *
put(char *out, uint32_t *sum, uint32_t word, bool upper)
{
	char c = alphabet[word & 31];

	*sum = step(*sum, word & 31);
	*out = upper && c >= 'a' ? (char)(c - 'a' + 'A') : c;
	return (out + 1);
}

void
bech32_encode(const char *hrp, const uint8_t *data, size_t len, char *out)
{
	bool upper = is_upper(hrp);
	uint32_t sum = start(hrp), check, acc = 0;
	unsigned bits = 0;
	size_t i;

	out += strlen(strcpy(out, hrp));
	*out++ = '1';
	for (i = 0; i < len; i++) {
		acc = (acc << 8 | data[i]) & 0xffff;
		for (bits += 8; bits >= 5; bits -= 5)
			out = put(out, &sum, acc >> (bits - 5), upper);
	}
	if (bits > 0)
		out = put(out, &sum, acc << (5 - bits), upper);
	check = sum;
	for (i = 0; i < CHECK_LEN; i++)
		check = step(check, 0);
	check ^= 1;
	for (i = CHECK_LEN; i-- > 0;)
		out = put(out, &sum, check >> 5 * i, upper);
	*out = '\0';
}
