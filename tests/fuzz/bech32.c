/* SPDX-License-Identifier: ISC */
/*
 * Promise: what bech32 text is written of some data reads as that data, and as
 * nothing else with a character changed; what reads is the one text that would
 * be written of it.
 *
 * The input is tried as text; and its first byte says how many of the next are
 * a human-readable part, behind which the data stand.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/bech32.c common/age/bech32.c
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "age/bech32.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define HRP_MAX	64
#define TEXT	(BECH32_LEN(HRP_MAX, BECH32_DATA_MAX) + 1)

/* Of no text that is a key of age's is the case unknown. */
static bool
has_letter(const char *hrp)
{

	for (; *hrp != '\0'; hrp++)
		if ((*hrp >= 'a' && *hrp <= 'z') ||
		    (*hrp >= 'A' && *hrp <= 'Z'))
			return (true);
	return (false);
}

/* It has been read: so it is written. */
static void
again(const char *hrp, const char *text, size_t len, const uint8_t *data,
    size_t size)
{
	char out[TEXT];

	bech32_encode(hrp, data, size, out);
	if (strlen(out) != len || memcmp(out, text, len) != 0)
		abort();
}

static void
read_text(const char *text, size_t len)
{
	static const char *const hrps[] = { "age", "AGE-SECRET-KEY-",
	    "AGE-SECRET-KEY-PQ-" };
	uint8_t data[BECH32_DATA_MAX];
	char hrp[HRP_MAX];
	size_t i, size;

	for (i = 0; i < sizeof(hrps) / sizeof(hrps[0]); i++)
		if (bech32_decode(hrps[i], text, len, data, 32) == 0) {
			again(hrps[i], text, len, data, 32);
			if (bech32_check(text, len, hrp, sizeof(hrp)) == -1 ||
			    strcmp(hrp, hrps[i]) != 0)
				abort();
		}
	if (bech32_decode("age1pq", text, len, data, 1216) == 0)
		again("age1pq", text, len, data, 1216);
	if (bech32_check(text, len, hrp, sizeof(hrp)) == -1)
		return;
	size = (len - strlen(hrp) - 7) * 5 / 8;
	if (size > BECH32_DATA_MAX || !has_letter(hrp))
		return;
	if (bech32_decode(hrp, text, len, data, size) == -1)
		abort();
	again(hrp, text, len, data, size);
}

/* Bytes that may stand in a human-readable part, in one case. */
static size_t
make_hrp(const uint8_t *data, size_t len, bool upper, char hrp[HRP_MAX])
{
	size_t i, n = len < HRP_MAX - 1 ? len : HRP_MAX - 1;

	for (i = 0; i < n; i++) {
		hrp[i] = (char)(33 + data[i] % 94);
		if (upper && hrp[i] >= 'a' && hrp[i] <= 'z')
			hrp[i] = (char)(hrp[i] - 'a' + 'A');
		if (!upper && hrp[i] >= 'A' && hrp[i] <= 'Z')
			hrp[i] = (char)(hrp[i] - 'A' + 'a');
	}
	hrp[n] = '\0';
	return (n);
}

static void
write_data(const char *hrp, const uint8_t *data, size_t len)
{
	char text[TEXT], found[HRP_MAX];
	uint8_t out[BECH32_DATA_MAX];
	size_t n, at;

	bech32_encode(hrp, data, len, text);
	n = strlen(text);
	if (n != BECH32_LEN(strlen(hrp), len) ||
	    bech32_decode(hrp, text, n, out, len) == -1 ||
	    (len > 0 && memcmp(out, data, len) != 0) ||
	    bech32_check(text, n, found, sizeof(found)) == -1 ||
	    strcmp(found, hrp) != 0)
		abort();
	if (bech32_decode(hrp, text, n, out, len + 1) == 0 ||
	    (len > 0 && bech32_decode(hrp, text, n, out, len - 1) == 0))
		abort();
	at = len > 0 ? (size_t)data[len - 1] * 31 % n : 0;
	text[at] = (char)(text[at] ^ (1 << (len % 7)));
	if (bech32_decode(hrp, text, n, out, len) == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char hrp[HRP_MAX];
	size_t n;

	read_text((const char *)data, len);
	if (len < 2)
		return (0);
	n = 1 + (data[0] & 0x7f) % (len - 1);
	n = make_hrp(data + 1, n, data[0] >> 7 != 0, hrp);
	data += 1 + n;
	len -= 1 + n;
	write_data(hrp, data, len < BECH32_DATA_MAX ? len : BECH32_DATA_MAX);
	return (0);
}
