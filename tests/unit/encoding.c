/* SPDX-License-Identifier: ISC */
/* Encodings are found by all their names; sound bytes are, and only they. */
#include "pgb-verify/text/encoding.c"
#include "tap.h"

static void
names(void)
{
	static const char *const pairs[][2] = {
		{ "UTF8", "UTF8" }, { "utf-8", "UTF8" }, { "Unicode", "UTF8" },
		{ "SQL_ASCII", "SQL_ASCII" }, { "ISO 8859-1", "LATIN1" },
		{ "iso_8859_5", "ISO_8859_5" }, { "latin-10", "LATIN10" },
		{ "Shift_JIS", "SJIS" }, { "mskanji", "SJIS" },
		{ "windows-936", "GBK" }, { "WIN949", "UHC" },
		{ "KOI8-R", "KOI8R" }, { "koi8", "KOI8R" }, { "ALT", "WIN866" },
		{ "ShiftJIS2004", "SHIFT_JIS_2004" },
		{ "EUC_JIS_2004", "EUC_JIS_2004" }, { "vscii", "WIN1258" },
	};
	char longer[80];
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		ok(encoding_find(pairs[i][0]) != NULL &&
		    strcmp(encoding_name(encoding_find(pairs[i][0])),
		    pairs[i][1]) == 0, "%s is %s", pairs[i][0], pairs[i][1]);
	for (i = 0; i < ENCODINGS; i++)
		if (encoding_find(encodings[i].name) != &encodings[i])
			break;
	ok(i == ENCODINGS && i == 42, "all 42 by their own names");
	memset(longer, '-', sizeof(longer));
	memcpy(longer, "utf8", 4);
	longer[63] = '\0';
	ok(encoding_find(longer) != NULL, "63 bytes");
	longer[63] = '-';
	longer[64] = '\0';
	ok(encoding_find(longer) == NULL, "64 are no name");
	ok(encoding_find("") == NULL && encoding_find("UTF-16") == NULL &&
	    encoding_find("utf") == NULL, "no names");
}

static void
kinds(void)
{
	static const char *const embeds[] = { "SJIS", "BIG5", "GBK", "UHC",
	    "GB18030", "JOHAB", "SHIFT_JIS_2004" };
	static const char *const unchecked[] = { "SQL_ASCII", "LATIN1", "KOI8U",
	    "MULE_INTERNAL", "WIN1252" };
	size_t i, n = 0;

	for (i = 0; i < ENCODINGS; i++)
		n += encoding_embeds_ascii(&encodings[i]);
	for (i = 0; i < sizeof(embeds) / sizeof(embeds[0]); i++)
		n -= encoding_embeds_ascii(encoding_find(embeds[i]));
	ok(n == 0, "seven embed ASCII");
	for (i = 0; i < sizeof(unchecked) / sizeof(unchecked[0]); i++)
		ok(!encoding_is_checked(encoding_find(unchecked[i])),
		    "%s is not checked", unchecked[i]);
	ok(encoding_is_checked(encoding_find("UTF8")) &&
	    encoding_is_checked(encoding_find("BIG5")) &&
	    encoding_is_checked(encoding_find("EUC_TW")), "others are");
}

/* The UTF-8 of c, surrogates and what is too much too. */
static size_t
put(uint8_t *p, uint32_t c, size_t len)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = len; i-- > 1; c >>= 6)
		p[i] = (uint8_t)(0x80 | (c & 0x3f));
	p[0] = (uint8_t)(lead[len] | c);
	return (len);
}

static void
utf8_all(void)
{
	const struct encoding *e = encoding_find("UTF8");
	uint32_t c, wrong = 0;
	uint8_t p[5];
	size_t len, need;
	bool good;

	for (c = 0; c < 0x200000; c++)
		for (len = 1; len <= 4; len++) {
			if (c >= (len == 1 ? 0x80U : 1U << (5 * len + 1)))
				continue;
			need = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 :
			    4;
			good = len == need && c <= 0x10ffff &&
			    (c < 0xd800 || c > 0xdfff);
			put(p, c, len);
			p[len] = 'x';
			wrong += encoding_char(e, p, len) !=
			    (good ? (int)len : -1);
			wrong += encoding_valid(e, p, len + 1) !=
			    (good ? len + 1 : 0);
		}
	ok(wrong == 0, "each character of UTF-8, and each that is none");
}

static int
try(const char *name, const char *bytes)
{
	return (encoding_char(encoding_find(name), (const uint8_t *)bytes,
	    strlen(bytes)));
}

static void
characters(void)
{
	static const struct {
		const char *name, *bytes;
		int want;
	} cases[] = {
		{ "UTF8", "\303", 0 }, { "UTF8", "\360\237\230", 0 },
		{ "UTF8", "\200", -1 }, { "UTF8", "\360\237x", -1 },
		{ "EUC_JP", "\216\241", 2 }, { "EUC_JP", "\216\340", -1 },
		{ "EUC_JP", "\217\241\376", 3 }, { "EUC_JP", "\217\241", 0 },
		{ "EUC_JP", "\241\240", -1 }, { "EUC_JP", "\220\241", -1 },
		{ "EUC_KR", "\241\376", 2 }, { "EUC_KR", "\216\241", -1 },
		{ "EUC_CN", "\376\241", 2 }, { "EUC_CN", "\377\241", -1 },
		{ "EUC_TW", "\216\247\241\241", 4 },
		{ "EUC_TW", "\216\250\241\241", -1 },
		{ "EUC_TW", "\216\247\241", 0 }, { "EUC_TW", "\217\241", -1 },
		{ "EUC_TW", "\201\241", 2 },
		{ "SJIS", "\261", 1 }, { "SJIS", "\203\\", 2 },
		{ "SJIS", "\203\177", -1 }, { "SJIS", "\240", -1 },
		{ "SJIS", "\374\374", 2 }, { "SJIS", "\203", 0 },
		{ "BIG5", "\245\\", 2 }, { "BIG5", "\245\t", -1 },
		{ "BIG5", "\245\n", -1 }, { "GBK", "\201\377", 2 },
		{ "GB18030", "\2010\2010", 4 }, { "GB18030", "\2010\201", 0 },
		{ "GB18030", "\2010\201\\", -1 }, { "GB18030", "\2010x", -1 },
		{ "GB18030", "\201\177", -1 }, { "GB18030", "\200@", -1 },
		{ "GB18030", "\376\376", 2 },
		{ "JOHAB", "\211\\", 2 }, { "JOHAB", "\211\n", -1 },
		{ "LATIN1", "\377", 1 }, { "SQL_ASCII", "\200", 1 },
		{ "MULE_INTERNAL", "\201\241", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(try(cases[i].name, cases[i].bytes) == cases[i].want,
		    "%s, case %zu: %d", cases[i].name, i, cases[i].want);
}

/* What encoding_valid() takes is what encoding_char() takes. */
static void
agree(void)
{
	static const uint8_t parts[][5] = { "a", "\303\244", "\342\202\254",
	    "\360\237\230\200", "\355\240\200", "\300", "\203\\", "\2010\2010",
	    "\241\241", "\0" };
	static const size_t lens[] = { 1, 2, 3, 4, 3, 1, 2, 4, 2, 1 };
	unsigned seed = 3, wrong = 0, i, k;
	struct encoding_part part;
	uint8_t buf[1200];
	size_t len, at, limit;
	int n;

	for (i = 0; i < 20000; i++) {
		const struct encoding *e = &encodings[i % ENCODINGS];

		limit = (size_t)(rand_r(&seed) % 1000);
		for (len = 0; len < limit; len += lens[k]) {
			k = (unsigned)rand_r(&seed) % 4;
			if (rand_r(&seed) % 200 == 0)
				k = (unsigned)rand_r(&seed) % 10;
			memcpy(buf + len, parts[k], lens[k]);
		}
		memset(&part, 0, sizeof(part));
		for (at = 0; at < len; at += (size_t)n) {
			n = encoding_char(e, buf + at, len - at);
			for (k = 0; n > 0 && k < (unsigned)n; k++)
				wrong += encoding_more(e, &part, buf[at + k]) !=
				    (k + 1 == (unsigned)n ? n : 0);
			if (n <= 0)
				break;
		}
		wrong += encoding_valid(e, buf, len) != at;
	}
	ok(wrong == 0, "a run of characters is as each of them");
}

int
main(void)
{

	names();
	kinds();
	utf8_all();
	characters();
	agree();
	return (tap_done());
}
