/* SPDX-License-Identifier: ISC */
/* Bech32 is BIP 173's, and nothing but the one canonical text is read. */
#include <stdlib.h>

#include "bech32.h"
#include "tap.h"

#include "age-vectors.h"

/* One of BIP 173's own: 20 bytes. */
static const char abcdef[] = "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw";
static const char abcdef_hex[] = "00443214c74254b635cf84653a56d7c675be77df";

static const char *
hex(const uint8_t *p, size_t len)
{
	static char out[2 * BECH32_DATA_MAX + 1];
	size_t i;

	for (i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", p[i]);
	return (out);
}

static int
decode(const char *hrp, const char *text, size_t outlen)
{
	uint8_t out[BECH32_DATA_MAX];

	return (bech32_decode(hrp, text, strlen(text), out, outlen));
}

static void
known(void)
{
	char text[BECH32_LEN(20, BECH32_DATA_MAX) + 1];
	uint8_t out[BECH32_DATA_MAX];
	size_t i;

	ok(decode("a", "a12uel5l", 0) == 0, "BIP 173: a12uel5l");
	ok(decode("A", "A12UEL5L", 0) == 0, "BIP 173: A12UEL5L");
	ok(bech32_decode("abcdef", abcdef, strlen(abcdef), out, 20) == 0 &&
	    strcmp(hex(out, 20), abcdef_hex) == 0, "BIP 173: abcdef1...");
	bech32_encode("abcdef", out, 20, text);
	same(text, abcdef, "BIP 173: abcdef1..., written");
	for (i = 0; i < 3; i++) {
		ok(bech32_decode("AGE-SECRET-KEY-", vector_keys[i][0], 74, out,
		    32) == 0, "identity %zu is read", i);
		bech32_encode("AGE-SECRET-KEY-", out, 32, text);
		same(text, vector_keys[i][0], "and written");
		ok(bech32_decode("age", vector_keys[i][1], 62, out, 32) == 0,
		    "recipient %zu is read", i);
		bech32_encode("age", out, 32, text);
		same(text, vector_keys[i][1], "and written");
	}
	memset(out, 0xa5, sizeof(out));
	bech32_encode("age", out, BECH32_DATA_MAX, text);
	ok(decode("age", text, BECH32_DATA_MAX) == 0, "the longest");
}

static void
refused(void)
{
	const char *good = vector_keys[0][1];
	char text[80];
	uint8_t out[BECH32_DATA_MAX];
	size_t i, len = strlen(good);
	unsigned bit, passed = 0;

	ok(decode("A", "A1G7SGD8", 0) == -1, "BIP 173: checksum over upper "
	    "case");
	ok(decode("abcdef", abcdef, 19) == -1, "fewer bytes are wanted");
	ok(decode("abcdef", abcdef, 21) == -1, "more bytes are wanted");
	ok(decode("abcdeg", abcdef, 20) == -1, "another HRP");
	ok(decode("age", "age1", 32) == -1, "nothing behind the HRP");
	ok(decode("age", "", 32) == -1, "nothing at all");
	ok(decode("age", good, BECH32_DATA_MAX + 1) == -1, "too long for us");

	/* bech32m has another constant: "a" and no data. */
	ok(decode("A", "A1LQFN3A", 0) == -1, "bech32m");

	for (i = 0; i < len; i++)
		passed += bech32_decode("age", good, i, out, 32) == 0;
	ok(passed == 0, "cut at every character");
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			strcpy(text, good);
			text[i] = (char)(text[i] ^ (1 << bit));
			passed += bech32_decode("age", text, len, out, 32) == 0;
		}
	}
	ok(passed == 0, "a bit flipped at every character, case included");

	snprintf(text, sizeof(text), "%s", good);
	for (i = 0; i < len; i++)
		if (text[i] >= 'a')
			text[i] = (char)(text[i] - 'a' + 'A');
	ok(decode("age", text, 32) == -1, "upper case where lower is due");
	ok(decode("AGE", text, 32) == 0, "it is the case that was wrong");
	snprintf(text, sizeof(text), "%s ", good);
	ok(decode("age", text, 32) == -1, "a blank behind it");
}

/* 32 bytes leave 4 bits over in the last but six character: only zero is
 * canonical, though the checksum could be right with others. */
static void
padding(void)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	char text[80];
	unsigned a, passed = 0, tried = 0;
	size_t at, i;

	strcpy(text, vector_keys[0][1]);
	at = strlen(text) - 7;
	for (a = 0; a < 32; a++) {
		text[at] = alphabet[a];
		/* Find the checksum's last characters by brute force over
		 * two, to have at least some whose sum is right. */
		for (i = 0; i < 32 * 32; i++) {
			text[at + 5] = alphabet[i / 32];
			text[at + 6] = alphabet[i % 32];
			tried++;
			if (strcmp(text, vector_keys[0][1]) != 0)
				passed += decode("age", text, 32) == 0;
		}
	}
	ok(tried == 32 * 32 * 32 && passed == 0, "no second text for a key");
	/* BIP 173: one byte's worth of bits too many, all zero. */
	ok(decode("a", "a1qqqqqqqq", 1) == -1, "padding of five bits or more");
}

int
main(void)
{

	known();
	refused();
	padding();
	return (tap_done());
}
