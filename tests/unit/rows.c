/* SPDX-License-Identifier: ISC */
/* COPY text is sound or not, however it comes in pieces and whichever way. */
#include "pgb-verify/text/encoding.c"
#include "pgb-verify/text/rows-quick.c"
#include "pgb-verify/text/rows.c"
#include "tap.h"

#define ROOM	(64 * 1024)
#define END	"\\.\n\n\n"

struct text {
	uint8_t buf[ROOM];
	size_t len;
};

static rows_run *const ways[] = {
	NULL,
#ifdef __SSE2__
	run_sse2, run_avx2,
#endif
};

#define WAYS	(sizeof(ways) / sizeof(ways[0]))

static bool
have(size_t way)
{
#ifdef __SSE2__
	return (ways[way] != run_avx2 || rows_quick() == run_avx2);
#else
	(void)way;
	return (true);
#endif
}

static void
keep(void *arg, const uint8_t *buf, size_t len)
{
	struct text *t = arg;

	if (len == 0 || len > sizeof(t->buf) - t->len)
		abort();
	memcpy(t->buf + t->len, buf, len);
	t->len += len;
}

/* Pieces of at most step bytes, by turns shorter. */
static void
judge(struct rows *r, size_t columns, const char *encoding, bool marked,
    const void *buf, size_t len, size_t step, size_t way, struct text *told)
{
	const uint8_t *p = buf;
	size_t n, i = 0;

	told->len = 0;
	rows_begin(r, columns, encoding == NULL ? NULL :
	    encoding_find(encoding), marked, keep, told);
	if (columns > 0)
		r->run = ways[way];
	for (; len > 0; p += n, len -= n) {
		n = step - i++ % 3 * (step / 4);
		n = n < len ? n : len;
		rows_feed(r, p, n);
	}
	rows_end(r);
}

static bool
alike_rows(const struct rows *a, const struct rows *b)
{
	return (a->count == b->count && a->bytes == b->bytes &&
	    a->faults == b->faults && a->first.row == b->first.row &&
	    a->first.column == b->first.column &&
	    a->first.at == b->first.at &&
	    a->first.restore == b->first.restore &&
	    strcmp(a->first.what, b->first.what) == 0);
}

/* The same by each way and in pieces of many sizes: r is the answer. */
static bool
same_all(struct rows *r, size_t columns, const char *encoding, bool marked,
    const void *buf, size_t len)
{
	static const size_t steps[] = { ROOM, 1, 2, 3, 7, 63, 64, 65, 200 };
	static struct text told, other;
	struct rows again;
	size_t i, way;

	judge(r, columns, encoding, marked, buf, len, len + 1, 0, &told);
	for (way = 0; way < WAYS; way++)
		for (i = 0; have(way) && i < sizeof(steps) / sizeof(steps[0]);
		    i++) {
			judge(&again, columns, encoding, marked, buf, len,
			    steps[i], way, &other);
			if (!alike_rows(r, &again) || other.len != told.len ||
			    memcmp(other.buf, told.buf, told.len) != 0)
				return (false);
		}
	/* The text is what came, but for the mark. */
	return (r->bytes == told.len && told.len <= len &&
	    memcmp(told.buf, buf, told.len) == 0);
}

/* Texts, and what is wrong with them; NULL: nothing. */
static const struct {
	size_t columns;
	const char *encoding;
	const char *text;
	size_t len;
	uint64_t count, faults, row;
	size_t column, at;
	const char *what;
} cases[] = {
#define T(s)	(s), sizeof(s) - 1
	{ 2, "UTF8", T(END), 0, 0, 0, 0, 0, NULL },
	{ 2, "UTF8", T("a\tb\n" END), 1, 0, 0, 0, 0, NULL },
	{ 1, "UTF8", T("\n\n" END), 2, 0, 0, 0, 0, NULL },
	{ 0, "UTF8", T("\n\n\n" END), 3, 0, 0, 0, 0, NULL },
	{ 0, "UTF8", T("\n\t\n" END), 2, 1, 2, 0, 1, "2 columns, not 0" },
	{ 0, "UTF8", T("\nx\n" END), 2, 1, 2, 0, 1, "1 column, not 0" },
	{ 3, NULL, T("\\N\t\\N\t\\N\n\t\t\n" END), 2, 0, 0, 0, 0, NULL },
	{ 1, NULL, T("\\b\\f\\n\\r\\t\\v\\\\N\\\\.\n\\\\.\n" END), 2, 0, 0, 0,
	    0, NULL },
	{ 1, NULL, T("\001\033\177\n" END), 1, 0, 0, 0, 0, NULL },
	{ 1, NULL, T("\200\377\n" END), 1, 0, 0, 0, 0, NULL },
	{ 1, "LATIN1", T("\200\377\n" END), 1, 0, 0, 0, 0, NULL },
	{ 2, NULL, T("a\tb\na\na\tb\tc\n" END), 3, 2, 2, 0, 4,
	    "1 column, not 2" },
	{ 1, NULL, T("a\nb\t\n" END), 2, 1, 2, 0, 2, "2 columns, not 1" },
	{ 2, NULL, T("a\tx\\Ny\n" END), 1, 1, 1, 2, 3,
	    "\\N in a longer value" },
	{ 2, NULL, T("a\t\\Ny\n" END), 1, 1, 1, 2, 2,
	    "\\N in a longer value" },
	{ 1, NULL, T("\\N\\N\n" END), 1, 1, 1, 1, 0,
	    "\\N in a longer value" },
	{ 1, NULL, T("a\\x41\n" END), 1, 1, 1, 1, 1,
	    "an escape that is none, \\x" },
	{ 1, NULL, T("\\101\n" END), 1, 1, 1, 1, 0,
	    "an escape that is none, \\1" },
	{ 1, NULL, T("\\\t\n" END), 1, 1, 1, 1, 0,
	    "a backslash in front of byte 0x09" },
	{ 1, NULL, T("a\\\nb\n" END), 2, 1, 1, 1, 1,
	    "a backslash at the end of the row" },
	{ 1, NULL, T("a\rb\n" END), 1, 1, 1, 1, 1,
	    "a control character 0x0d that is not escaped" },
	{ 1, NULL, T("\0\n" END), 1, 1, 1, 1, 0,
	    "a control character 0x00 that is not escaped" },
	{ 2, NULL, T("a\t\b\v\f\n" END), 1, 1, 1, 2, 2,
	    "a control character 0x08 that is not escaped" },
	{ 1, "UTF8", T("\303\244\n" END), 1, 0, 0, 0, 0, NULL },
	{ 2, "UTF8", T("a\t\303\n" END), 1, 1, 1, 2, 2,
	    "bytes 0xc3 0x0a are not UTF8" },
	{ 2, "UTF8", T("a\303\tb\n" END), 1, 1, 1, 1, 1,
	    "bytes 0xc3 0x09 are not UTF8" },
	{ 1, "UTF8", T("x\340\200\200\n" END), 1, 1, 1, 1, 1,
	    "bytes 0xe0 0x80 are not UTF8" },
	{ 1, "EUC_JP", T("\241\\\n" END), 1, 1, 1, 1, 0,
	    "bytes 0xa1 0x5c are not EUC_JP" },
	{ 2, "SJIS", T("\203\\\t\203\\N\n" END), 1, 0, 0, 0, 0, NULL },
	{ 1, "BIG5", T("\\N\n\245\\\\\\\n" END), 2, 0, 0, 0, 0, NULL },
	{ 1, "SJIS", T("\203\\\\N\n" END), 1, 1, 1, 1, 2,
	    "\\N in a longer value" },
	/* Ends. */
	{ 1, NULL, T("a\n"), 1, 1, 0, 0, 2, "the end mark is missing" },
	{ 1, NULL, T(""), 0, 1, 0, 0, 0, "the end mark is missing" },
	{ 1, NULL, T("a\nb"), 1, 1, 2, 0, 3, "the last row is cut" },
	{ 1, NULL, T("a\n\\"), 1, 1, 2, 0, 3, "the last row is cut" },
	{ 1, NULL, T("a\n\\."), 1, 1, 2, 0, 4, "the last row is cut" },
	{ 1, NULL, T("a\n\\.\n"), 1, 1, 0, 0, 2, "the end mark is cut" },
	{ 1, NULL, T("a\n\\.\n\n"), 1, 1, 0, 0, 2, "the end mark is cut" },
	{ 1, NULL, T("a\n" END "\n"), 4, 2, 2, 0, 2,
	    "something stands behind the end mark" },
	{ 2, NULL, T("a\tb\n\\.\nc\td\n" END), 2, 1, 2, 0, 4,
	    "a line \\. that is not the end mark" },
	{ 2, NULL, T("a\tb\n" END "c\td\n" END), 4, 3, 2, 0, 4,
	    "something stands behind the end mark" },
	{ 2, NULL, T("a\tb\n\\.x\tb\n" END), 2, 1, 2, 1, 4,
	    "\\. is not alone in its line" },
	{ 2, NULL, T("a\t\\.\n" END), 1, 1, 1, 2, 2, "\\. in a row" },
	{ 1, NULL, T("a\\.\n" END), 1, 1, 1, 1, 1, "\\. in a row" },
};

static void
table(void)
{
	struct rows r;
	size_t i;
	bool all;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		all = same_all(&r, cases[i].columns, cases[i].encoding, true,
		    cases[i].text, cases[i].len);
		ok(all && r.count == cases[i].count &&
		    r.faults == cases[i].faults &&
		    r.first.row == cases[i].row &&
		    r.first.column == cases[i].column &&
		    r.first.at == cases[i].at &&
		    (r.faults > 0) == (r.first.restore != NULL) &&
		    strcmp(r.first.what, cases[i].what == NULL ? "" :
		    cases[i].what) == 0, "case %zu: %s", i,
		    cases[i].what == NULL ? "sound" : cases[i].what);
	}
}

/* Without the end mark. */
static void
unmarked(void)
{
	struct rows r;

	ok(same_all(&r, 2, NULL, false, T("a\tb\n")) && r.count == 1 &&
	    r.faults == 0 && r.bytes == 4, "rows that have no end mark");
	ok(same_all(&r, 2, NULL, false, T("")) && r.faults == 0, "no rows");
	ok(same_all(&r, 2, NULL, false, T("a\tb\n\\.\nc\td\n")) &&
	    r.count == 2 && r.faults == 1 && r.bytes == 11 &&
	    r.first.row == 2 && r.first.at == 4, "a line that is one");
	ok(same_all(&r, 1, NULL, false, T("a\n\\.")) && r.faults == 1 &&
	    r.bytes == 4, "a row that is cut, and all of it told");
}

static unsigned
dice(unsigned *seed, unsigned sides)
{

	*seed = *seed * 1103515245 + 12345;
	return ((*seed >> 16) % sides);
}

/* Values of all kinds; what kind of them most often, dense says. */
static size_t
value(uint8_t *p, unsigned *seed, unsigned dense)
{
	static const char *const parts[] = { "\\\\", "\\n", "\\t", "\\b",
	    "\\f", "\\r", "\\v", "\303\244", "\342\202\254",
	    "\360\237\230\200", "\355\237\277", "\340\240\200",
	    "\364\217\277\277", "\1", "\177", "\\\\N", "." };
	size_t n = dice(seed, 12), len = 0;

	if (dice(seed, 4) == 0) {
		memcpy(p, "\\N", 2);
		return (2);
	}
	while (n-- > 0)
		if (dice(seed, 8) < dense) {
			const char *s = parts[dice(seed,
			    sizeof(parts) / sizeof(parts[0]))];

			memcpy(p + len, s, strlen(s));
			len += strlen(s);
		} else
			p[len++] = (uint8_t)('a' + dice(seed, 26));
	return (len);
}

static size_t
sound_rows(uint8_t *buf, size_t room, size_t columns, unsigned *seed,
    unsigned dense, uint64_t *count)
{
	size_t len = 0, i;

	for (*count = 0; len < room - columns * 60; (*count)++)
		for (i = 0; i < columns; i++) {
			len += value(buf + len, seed, dense);
			buf[len++] = i + 1 < columns ? '\t' : '\n';
		}
	memcpy(buf + len, END, 5);
	return (len + 5);
}

/* Sound ones are, and of damaged ones all ways say the same. */
static void
random_rows(void)
{
	static uint8_t buf[4096];
	unsigned seed = 5, i, k, good = 0, alike = 0, found = 0;
	uint64_t count;
	struct rows r;
	size_t len, columns;

	for (i = 0; i < 300; i++) {
		columns = 1 + dice(&seed, 12);
		len = sound_rows(buf, columns * 60 + 1 + dice(&seed, 1500),
		    columns, &seed, dice(&seed, 9), &count);
		good += same_all(&r, columns, "UTF8", true, buf, len) &&
		    r.faults == 0 && r.count == count && r.bytes == len - 5;
		for (k = 0; k < 4; k++) {
			buf[dice(&seed, (unsigned)len)] ^=
			    (uint8_t)(1 << dice(&seed, 8));
			alike += same_all(&r, columns, "UTF8", true, buf,
			    len);
			found += r.faults > 0;
		}
	}
	ok(good == 300, "random rows are sound (%u of 300)", good);
	ok(alike == 1200, "damaged ones are the same to all ways (%u of 1200)",
	    alike);
	ok(found > 600, "and most are found (%u)", found);
}

/* Each byte, and each pair, at each place of a block. */
static void
places(void)
{
	static const char odd[] = "\\N\tn.\n\303\244\355\240\200\360\1\r\0";
	uint8_t buf[200];
	unsigned alike = 0, all = 0;
	struct rows r;
	size_t i, j, k;

	for (i = 0; i < sizeof(odd); i++)
		for (j = 0; j < sizeof(odd); j++)
			for (k = 50; k < 70; k++) {
				memset(buf, 'x', sizeof(buf));
				memcpy(buf + 190, "\n" END, 6);
				buf[k] = (uint8_t)odd[i];
				buf[k + 1] = (uint8_t)odd[j];
				buf[k + 2] = (uint8_t)odd[(i + j) %
				    sizeof(odd)];
				all++;
				alike += same_all(&r, 1, "UTF8", true, buf,
				    196);
			}
	ok(alike == all, "odd bytes at the edges of blocks (%u of %u)", alike,
	    all);
}

/* Each lead with what may follow it, in front of a block's edge and across. */
static void
utf8_edges(void)
{
	static const uint8_t next[] = { 'x', 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
	    0xc2, 0xf0 };
	static struct text told;
	unsigned wrong = 0, i, way, good;
	uint8_t buf[140];
	struct rows r;
	size_t at;

	for (i = 0; i < 9 * 9 * 9 * 64; i++) {
		at = 55 + i % 11;
		memset(buf, 'x', sizeof(buf));
		memcpy(buf + 134, "\n" END, 6);
		buf[at] = (uint8_t)(0xc0 + i % 64);
		buf[at + 1] = next[i / 64 % 9];
		buf[at + 2] = next[i / 64 / 9 % 9];
		buf[at + 3] = next[i / 64 / 81];
		good = encoding_valid(encoding_find("UTF8"), buf, 140) == 140;
		for (way = 0; way < WAYS; way++) {
			if (!have(way))
				continue;
			judge(&r, 1, "UTF8", true, buf, 140, 140, way, &told);
			wrong += (r.faults == 0) != good || r.count != 1;
		}
	}
	ok(wrong == 0, "characters of UTF-8 at the edge of a block");
}

/* Five control characters are escaped, others are not. */
static void
controls(void)
{
	char text[] = "x\n" END;
	unsigned b, wrong = 0;
	struct rows r;

	for (b = 0; b < 0x80; b++) {
		if (b == '\t' || b == '\n' || b == '\\')
			continue;
		text[0] = (char)b;
		wrong += !same_all(&r, 1, "UTF8", true, text,
		    sizeof(text) - 1) || (r.faults > 0) != (b == 0 || b == 8 ||
		    b == 11 || b == 12 || b == 13);
	}
	ok(wrong == 0, "control characters");
}

/* A sink is called once a piece, and a mark more. */
static void
count_calls(void *arg, const uint8_t *buf, size_t len)
{

	(void)buf;
	(void)len;
	++*(size_t *)arg;
}

static void
calls(void)
{
	size_t n = 0;
	struct rows r;

	rows_begin(&r, 1, NULL, true, count_calls, &n);
	rows_feed(&r, (const uint8_t *)"a\nb\0\nc\n\\N\n", 10);
	ok(n == 1, "one call for a piece with a fault");
	rows_feed(&r, (const uint8_t *)END, 5);
	rows_end(&r);
	ok(n == 1 && r.bytes == 10 && r.faults == 1, "none for the end mark");
}

int
main(void)
{

	table();
	unmarked();
	random_rows();
	places();
	utf8_edges();
	controls();
	calls();
	return (tap_done());
}
