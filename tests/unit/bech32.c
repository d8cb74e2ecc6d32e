/* SPDX-License-Identifier: ISC */
/* Bech32 is BIP 173's, and nothing but the one canonical text is read. */
#include <stdlib.h>

#include "age/bech32.h"
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
	bech32_encode("age1pq", out, 1216, text);
	ok(strlen(text) == 1959 && decode("age1pq", text, 1216) == 0,
	    "a post-quantum recipient's length");
	for (i = 0; i <= 64; i++) {
		bech32_encode("x", out, i, text);
		if (strlen(text) != BECH32_LEN(1, i) ||
		    decode("x", text, i) == -1)
			break;
	}
	ok(i == 65, "any length");
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

/* The checksum of BIP 173, by its own words, behind "a1" and count characters,
 * the third of them 'q'. */
static uint32_t
sum_of(const char *text, size_t count)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	static const uint32_t gen[5] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3
	};
	uint32_t sum = 1, top, word;
	size_t i, k;

	for (i = 0; i < 3 + count + 6; i++) {
		if (i < 3)
			word = i == 0 ? 'a' >> 5 : i == 1 ? 0 : 'a' & 31;
		else if (i < 3 + count && i - 3 < 2)
			word = (uint32_t)(strchr(alphabet, text[i - 3]) -
			    alphabet);
		else
			word = 0;
		top = sum >> 25;
		sum = (sum & 0x1ffffff) << 5 ^ word;
		for (k = 0; k < 5; k++)
			sum ^= (top >> k & 1) != 0 ? gen[k] : 0;
	}
	return (sum ^ 1);
}

/* bech32_check(): the HRP that it finds, or "". */
static const char *
hrp_of(const char *text)
{
	static char hrp[84];

	return (bech32_check(text, strlen(text), hrp, sizeof(hrp)) == -1 ? "" :
	    hrp);
}

static void
whole(void)
{
	static const uint8_t data[BECH32_DATA_MAX] = { 1, 2, 3 };
	const char *good = vector_keys[0][1];
	char text[BECH32_LEN(20, BECH32_DATA_MAX) + 2], hrp[84];
	size_t i, len = strlen(good);
	unsigned bit, passed = 0;

	/* BIP 173's own, with their HRPs. */
	same(hrp_of("A12UEL5L"), "A", "HRP of A12UEL5L");
	same(hrp_of("a12uel5l"), "a", "of a12uel5l");
	same(hrp_of(abcdef), "abcdef", "of abcdef1...");
	same(hrp_of("an83characterlonghumanreadablepartthatcontainsthenumber1"
	    "andtheexcludedcharactersbio1tt5tgs"), "an83characterlonghuman"
	    "readablepartthatcontainsthenumber1andtheexcludedcharactersbio",
	    "of one with a 1 in it");
	memset(text, 'q', 90);
	memcpy(text, "11", 2);
	strcpy(text + 84, "c8247j");
	same(hrp_of(text), "1", "of 11qqq...");
	same(hrp_of("split1checkupstagehandshakeupstreamerranterredcaperred2y9"
	    "e3w"), "split", "of split1...");
	same(hrp_of("?1ezyfcl"), "?", "of ?");
	same(hrp_of(vector_keys[0][0]), "AGE-SECRET-KEY-", "of an identity");
	bech32_encode("age1pq", data, 1216, text);
	same(hrp_of(text), "age1pq", "of a post-quantum recipient");
	bech32_encode("AGE-PLUGIN-X-", data, BECH32_DATA_MAX, text);
	same(hrp_of(text), "AGE-PLUGIN-X-", "of the longest that is written");
	bech32_encode("age1x", data, 0, text);
	same(hrp_of(text), "age1x", "of one without data");

	same(hrp_of("\0401nwldj5"), "", "a blank in the HRP");
	same(hrp_of("\1771axkwrx"), "", "a DEL in the HRP");
	same(hrp_of("\2001eym55h"), "", "a byte of UTF-8 in the HRP");
	same(hrp_of("pzry9x0s0muk"), "", "no separator");
	same(hrp_of("1pzry9x0s0muk"), "", "no HRP");
	same(hrp_of("x1b4n0q5v"), "", "a character outside the alphabet");
	same(hrp_of("li1dgmt3"), "", "a checksum that is too short");
	same(hrp_of("de1lg7wt\377"), "", "a byte of no text in the checksum");
	same(hrp_of("A1G7SGD8"), "", "the checksum over upper case");
	same(hrp_of("10a06t8"), "", "no HRP");
	same(hrp_of("1qzzfhee"), "", "no HRP");
	same(hrp_of("a12UEL5L"), "", "two cases: the HRP in lower");
	same(hrp_of("A12uel5l"), "", "two cases: the HRP in upper");
	same(hrp_of("A12uEL5L"), "", "two cases in the data");
	same(hrp_of("aB12UEL5L"), "", "two cases in the HRP");
	same(hrp_of("a1lqfn3a"), "", "bech32m");
	same(hrp_of(""), "", "nothing");
	same(hrp_of("1"), "", "a separator alone");
	ok(bech32_check(abcdef, strlen(abcdef), hrp, 7) == 0 &&
	    bech32_check(abcdef, strlen(abcdef), hrp, 6) == -1,
	    "room for the HRP, and a byte less");
	ok(bech32_check(abcdef, strlen(abcdef) + 1, hrp, sizeof(hrp)) == -1,
	    "a NUL behind it");

	for (i = 0; i < len; i++)
		passed += bech32_check(good, i, hrp, sizeof(hrp)) == 0;
	ok(passed == 0, "cut at every character");
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			strcpy(text, good);
			text[i] = (char)(text[i] ^ (1 << bit));
			passed += bech32_check(text, len, hrp, sizeof(hrp)) ==
			    0;
		}
	}
	ok(passed == 0, "a bit flipped at every character");
}

/* The checksum is right, and so is all but the bits that are left over. */
static void
left_over(void)
{
	static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	char text[16], hrp[8];
	unsigned a, b, i, passed = 0, zero = 0;
	uint32_t all;

	/* Three characters are one byte and seven bits: never canonical.  Two
	 * are one byte and two bits: only with these zero. */
	for (a = 0; a < 32 * 32; a++) {
		snprintf(text, sizeof(text), "a1%c%c......", alphabet[a / 32],
		    alphabet[a % 32]);
		for (b = 0; b < 2; b++) {
			text[4] = alphabet[0];
			all = sum_of(text + 2, 2 + b);
			for (i = 0; i < 6; i++)
				text[4 + b + i] =
				    alphabet[all >> 5 * (5 - i) & 31];
			text[10 + b] = '\0';
			if (bech32_check(text, 10 + b, hrp, sizeof(hrp)) == -1)
				continue;
			passed++;
			zero += b == 0 && (a & 3) == 0;
		}
	}
	ok(passed == 256 && zero == 256, "one text for each byte");
}

int
main(void)
{

	known();
	refused();
	padding();
	whole();
	left_over();
	return (tap_done());
}
