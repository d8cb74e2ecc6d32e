/* SPDX-License-Identifier: ISC */
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/encoding.h"

/*
 * What COPY FROM refuses is refused here, what a server may have written is
 * not.  PostgreSQL is exact about UTF8, the EUC family, SJIS and GB18030.  In
 * BIG5, GBK and UHC it takes any second byte but NUL, and a database in
 * SQL_ASCII hands such bytes out; in JOHAB its conversion writes what its check
 * refuses.  In these four any second byte is right, but a control character is
 * held to be damage.  MULE_INTERNAL is not looked at.
 */

/* The longest name that is looked up, as in PostgreSQL (NAMEDATALEN). */
#define NAME_MAX_LEN	63

typedef int step_fn(const uint8_t *, size_t);

struct encoding {
	const char *name;
	step_fn *step;		/* NULL: a byte is a character */
	bool embeds;		/* a later byte may be below 0x80 */
};

static bool
within(uint8_t b, uint8_t from, uint8_t to)
{
	return (b >= from && b <= to);
}

/* The other bytes of a character of n are 0xa1 to 0xfe, the second at most
 * max. */
static int
euc_rest(const uint8_t *p, size_t len, size_t n, uint8_t max)
{
	size_t i;

	for (i = 1; i < n && i < len; i++)
		if (!within(p[i], 0xa1, i == 1 ? max : 0xfe))
			return (-1);
	return (i < n ? 0 : (int)n);
}

static int
euc_jp(const uint8_t *p, size_t len)
{

	if (*p == 0x8e)
		return (euc_rest(p, len, 2, 0xdf));
	if (*p == 0x8f)
		return (euc_rest(p, len, 3, 0xfe));
	return (within(*p, 0xa1, 0xfe) ? euc_rest(p, len, 2, 0xfe) : -1);
}

static int
euc_kr(const uint8_t *p, size_t len)
{
	return (within(*p, 0xa1, 0xfe) ? euc_rest(p, len, 2, 0xfe) : -1);
}

/* The first byte of two is any, for PostgreSQL too. */
static int
euc_tw(const uint8_t *p, size_t len)
{

	if (*p == 0x8e)
		return (euc_rest(p, len, 4, 0xa7));
	return (*p == 0x8f ? -1 : euc_rest(p, len, 2, 0xfe));
}

static int
sjis(const uint8_t *p, size_t len)
{

	if (within(*p, 0xa1, 0xdf))
		return (1);
	if (!within(*p, 0x81, 0x9f) && !within(*p, 0xe0, 0xfc))
		return (-1);
	if (len < 2)
		return (0);
	return (within(p[1], 0x40, 0x7e) || within(p[1], 0x80, 0xfc) ? 2 : -1);
}

/* BIG5, GBK, UHC, JOHAB. */
static int
any_pair(const uint8_t *p, size_t len)
{

	if (len < 2)
		return (0);
	return (p[1] >= 0x20 ? 2 : -1);
}

static int
gb18030(const uint8_t *p, size_t len)
{

	if (!within(*p, 0x81, 0xfe))
		return (-1);
	if (len < 2)
		return (0);
	if (!within(p[1], 0x30, 0x39))
		return (within(p[1], 0x40, 0x7e) || within(p[1], 0x80, 0xfe) ?
		    2 : -1);
	if ((len > 2 && !within(p[2], 0x81, 0xfe)) ||
	    (len > 3 && !within(p[3], 0x30, 0x39)))
		return (-1);
	return (len > 3 ? 4 : 0);
}

/* The second byte is what keeps out the overlong, surrogates, and what is
 * above U+10FFFF. */
static int
utf8(const uint8_t *p, size_t len)
{
	uint8_t from = 0x80, to = 0xbf;
	size_t i, n;

	if (!within(*p, 0xc2, 0xf4))
		return (-1);
	n = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	if (*p == 0xe0)
		from = 0xa0;
	else if (*p == 0xed)
		to = 0x9f;
	else if (*p == 0xf0)
		from = 0x90;
	else if (*p == 0xf4)
		to = 0x8f;
	for (i = 1; i < n && i < len; i++, from = 0x80, to = 0xbf)
		if (!within(p[i], from, to))
			return (-1);
	return (i < n ? 0 : (int)n);
}

#define BYTES(name)	{ name, NULL, false }
#define EUC(name, fn)	{ name, fn, false }
#define MIXED(name, fn)	{ name, fn, true }

enum {
	SQL_ASCII, EUC_JP, EUC_CN, EUC_KR, EUC_TW, EUC_JIS_2004, UTF8,
	MULE_INTERNAL, LATIN1, LATIN2, LATIN3, LATIN4, LATIN5, LATIN6, LATIN7,
	LATIN8, LATIN9, LATIN10, WIN1256, WIN1258, WIN866, WIN874, KOI8R,
	WIN1251, WIN1252, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8,
	WIN1250, WIN1253, WIN1254, WIN1255, WIN1257, KOI8U, SJIS, BIG5, GBK,
	UHC, GB18030, JOHAB, SHIFT_JIS_2004, ENCODINGS
};

static const struct encoding encodings[ENCODINGS] = {
	[SQL_ASCII] = BYTES("SQL_ASCII"),
	[EUC_JP] = EUC("EUC_JP", euc_jp),
	[EUC_CN] = EUC("EUC_CN", euc_kr),
	[EUC_KR] = EUC("EUC_KR", euc_kr),
	[EUC_TW] = EUC("EUC_TW", euc_tw),
	[EUC_JIS_2004] = EUC("EUC_JIS_2004", euc_jp),
	[UTF8] = EUC("UTF8", utf8),
	[MULE_INTERNAL] = BYTES("MULE_INTERNAL"),
	[LATIN1] = BYTES("LATIN1"),
	[LATIN2] = BYTES("LATIN2"),
	[LATIN3] = BYTES("LATIN3"),
	[LATIN4] = BYTES("LATIN4"),
	[LATIN5] = BYTES("LATIN5"),
	[LATIN6] = BYTES("LATIN6"),
	[LATIN7] = BYTES("LATIN7"),
	[LATIN8] = BYTES("LATIN8"),
	[LATIN9] = BYTES("LATIN9"),
	[LATIN10] = BYTES("LATIN10"),
	[WIN1256] = BYTES("WIN1256"),
	[WIN1258] = BYTES("WIN1258"),
	[WIN866] = BYTES("WIN866"),
	[WIN874] = BYTES("WIN874"),
	[KOI8R] = BYTES("KOI8R"),
	[WIN1251] = BYTES("WIN1251"),
	[WIN1252] = BYTES("WIN1252"),
	[ISO_8859_5] = BYTES("ISO_8859_5"),
	[ISO_8859_6] = BYTES("ISO_8859_6"),
	[ISO_8859_7] = BYTES("ISO_8859_7"),
	[ISO_8859_8] = BYTES("ISO_8859_8"),
	[WIN1250] = BYTES("WIN1250"),
	[WIN1253] = BYTES("WIN1253"),
	[WIN1254] = BYTES("WIN1254"),
	[WIN1255] = BYTES("WIN1255"),
	[WIN1257] = BYTES("WIN1257"),
	[KOI8U] = BYTES("KOI8U"),
	[SJIS] = MIXED("SJIS", sjis),
	[BIG5] = MIXED("BIG5", any_pair),
	[GBK] = MIXED("GBK", any_pair),
	[UHC] = MIXED("UHC", any_pair),
	[GB18030] = MIXED("GB18030", gb18030),
	[JOHAB] = MIXED("JOHAB", any_pair),
	[SHIFT_JIS_2004] = MIXED("SHIFT_JIS_2004", sjis),
};

/* Other names: small letters and digits, as all names are compared. */
static const struct {
	const char *name;
	uint8_t is;
} aliases[] = {
	{ "unicode", UTF8 }, { "mskanji", SJIS }, { "shiftjis", SJIS },
	{ "iso88591", LATIN1 }, { "iso88592", LATIN2 }, { "iso88593", LATIN3 },
	{ "iso88594", LATIN4 }, { "iso88599", LATIN5 },
	{ "iso885910", LATIN6 }, { "iso885913", LATIN7 },
	{ "iso885914", LATIN8 }, { "iso885915", LATIN9 },
	{ "iso885916", LATIN10 }, { "koi8", KOI8R }, { "alt", WIN866 },
	{ "win", WIN1251 }, { "abc", WIN1258 }, { "tcvn", WIN1258 },
	{ "tcvn5712", WIN1258 }, { "vscii", WIN1258 },
	{ "windows866", WIN866 }, { "windows874", WIN874 },
	{ "windows1250", WIN1250 }, { "windows1251", WIN1251 },
	{ "windows1252", WIN1252 }, { "windows1253", WIN1253 },
	{ "windows1254", WIN1254 }, { "windows1255", WIN1255 },
	{ "windows1256", WIN1256 }, { "windows1257", WIN1257 },
	{ "windows1258", WIN1258 }, { "win932", SJIS },
	{ "windows932", SJIS }, { "win936", GBK }, { "windows936", GBK },
	{ "win949", UHC }, { "windows949", UHC }, { "win950", BIG5 },
	{ "windows950", BIG5 },
};

/* Small letters and digits alone; to has room for NAME_MAX_LEN + 1. */
static void
bare(char *to, const char *name)
{

	for (; *name != '\0'; name++)
		if (within((uint8_t)*name, 'A', 'Z'))
			*to++ = (char)(*name | 0x20);
		else if (within((uint8_t)*name, 'a', 'z') ||
		    within((uint8_t)*name, '0', '9'))
			*to++ = *name;
	*to = '\0';
}

const struct encoding *
encoding_find(const char *name)
{
	char key[NAME_MAX_LEN + 1], own[NAME_MAX_LEN + 1];
	size_t i;

	if (strlen(name) > NAME_MAX_LEN)
		return (NULL);
	bare(key, name);
	for (i = 0; i < ENCODINGS; i++) {
		bare(own, encodings[i].name);
		if (strcmp(key, own) == 0)
			return (&encodings[i]);
	}
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(key, aliases[i].name) == 0)
			return (&encodings[aliases[i].is]);
	return (NULL);
}

const char *
encoding_name(const struct encoding *e)
{
	return (e->name);
}

bool
encoding_is_checked(const struct encoding *e)
{
	return (e->step != NULL);
}

bool
encoding_embeds_ascii(const struct encoding *e)
{
	return (e->embeds);
}

int
encoding_char(const struct encoding *e, const uint8_t *p, size_t len)
{
	return (*p < 0x80 || e->step == NULL ? 1 : e->step(p, len));
}

int
encoding_more(const struct encoding *e, struct encoding_part *part, uint8_t b)
{
	int n;

	part->buf[part->len++] = b;
	if ((n = encoding_char(e, part->buf, part->len)) > 0)
		part->len = 0;
	return (n);
}

/* Bytes below 0x80 from p on. */
static size_t
ascii(const uint8_t *p, size_t len)
{
	uint64_t w;
	size_t i = 0;

#ifdef __SSE2__
	for (; len - i >= 16; i += 16)
		if (_mm_movemask_epi8(_mm_loadu_si128(
		    (const void *)(p + i))) != 0)
			break;
#endif
	for (; len - i >= sizeof(w); i += sizeof(w)) {
		memcpy(&w, p + i, sizeof(w));
		if ((w & 0x8080808080808080U) != 0)
			break;
	}
	while (i < len && p[i] < 0x80)
		i++;
	return (i);
}

/*
 * UTF-8 as an automaton in shifts.  A state is a number of bits; where a byte
 * leads from it stands so many bits up in the byte's word.  A byte costs one
 * shift then, whatever it is, and nothing is to be guessed by the processor.
 * A way that is not named leads to WRONG, which is 0 and has no ways out.
 */
enum {
	WRONG = 0, SOUND = 6, ONE = 12, TWO = 18, THREE = 24,	/* to come */
	AFTER_E0 = 30, AFTER_ED = 36, AFTER_F0 = 42, AFTER_F4 = 48
};

#define WAY(from, to)	((uint64_t)(to) << (from))
#define REST	(WAY(ONE, SOUND) | WAY(TWO, ONE) | WAY(THREE, TWO))

static const uint64_t utf8_ways[256] = {
	[0x00 ... 0x7f] = WAY(SOUND, SOUND),
	[0x80 ... 0x8f] = REST | WAY(AFTER_ED, ONE) | WAY(AFTER_F4, TWO),
	[0x90 ... 0x9f] = REST | WAY(AFTER_ED, ONE) | WAY(AFTER_F0, TWO),
	[0xa0 ... 0xbf] = REST | WAY(AFTER_E0, ONE) | WAY(AFTER_F0, TWO),
	[0xc2 ... 0xdf] = WAY(SOUND, ONE),
	[0xe0] = WAY(SOUND, AFTER_E0),
	[0xe1 ... 0xec] = WAY(SOUND, TWO),
	[0xed] = WAY(SOUND, AFTER_ED),
	[0xee ... 0xef] = WAY(SOUND, TWO),
	[0xf0] = WAY(SOUND, AFTER_F0),
	[0xf1 ... 0xf3] = WAY(SOUND, THREE),
	[0xf4] = WAY(SOUND, AFTER_F4),
};

static size_t
each(const struct encoding *e, const uint8_t *p, size_t len)
{
	size_t i = 0;
	int n;

	while (i < len) {
		if (p[i] < 0x80) {
			i += ascii(p + i, len - i);
			continue;
		}
		if ((n = e->step(p + i, len - i)) <= 0)
			break;
		i += (size_t)n;
	}
	return (i);
}

size_t
encoding_valid(const struct encoding *e, const uint8_t *p, size_t len)
{
	size_t i, end, at = 0;
	uint64_t state;

	if (e->step == NULL)
		return (len);
	if (e->step != utf8)
		return (each(e, p, len));
	while (at < len) {
		at += ascii(p + at, len - at);
		end = len - at < 256 ? len : at + 256;
		state = SOUND;
		for (i = at; i < end; i++)
			state = utf8_ways[p[i]] >> (state & 63);
		state &= 63;
		if (state == WRONG)
			return (at + each(e, p + at, end - at));
		/* Back to where a character begins that is not all there. */
		while (end > at && state != SOUND)
			if (p[--end] >= 0xc0)
				break;
		if (end == at)
			break;
		at = end;
	}
	return (at);
}
