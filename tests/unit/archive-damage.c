/* SPDX-License-Identifier: ISC */
/*
 * Promise: a custom archive in which one thing is wrong is never proven, and
 * the sentence says what it is and where.
 */
#include "archive-try.h"

/* One thing wrong, and a part of the sentence that must say so. */
static void
expect(const struct made *m, const char *name, const char *part)
{
	enum carrier_verdict v = judge(m->buf, m->len, 0, NULL, NULL);

	if (!ok(v == CARRIER_BROKEN && strstr(why, part) != NULL, "%s", name))
		printf("# verdict %d: %s\n", (int)v, why);
}

static void
patch(const struct make_spec *spec, size_t at, int byte, const char *name,
    const char *part)
{
	struct made m;

	make_archive(&m, spec);
	m.buf[at] = (uint8_t)byte;
	expect(&m, name, part);
	made_wipe(&m);
}

static void
test_header(void)
{
	const struct make_spec old = { .minor = 14 }, new = { .minor = 16 };

	patch(&new, 8, 8, "integers of another size", "integers of 8 bytes");
	patch(&new, 9, 4, "offsets of another size", "offsets of 4 bytes");
	patch(&new, 10, 5, "a directory's table of contents", "lie elsewhere");
	patch(&new, 10, 2, "another format", "format 2");
	patch(&new, 11, 4, "unknown compression", "compression 4");
	patch(&old, 12, 10, "compression level", "compression level: 10");
	patch(&old, 11, 1, "negative zero", "no integer that pg_dump writes");
	patch(&old, 11, 2, "sign byte", "sign byte");
	patch(&old, 15, 0x80, "huge level", "no integer");
	patch(&new, 13, 61, "creation time", "header: second: 61 cannot be");
}

static void
test_table(void)
{
	const struct make_spec spec = { .minor = 16 };
	struct make_spec set = { .minor = 16, .offsets = true };
	struct made m;
	size_t t = 6, id, off;	/* entry 6 is the first TABLE DATA */

	make_archive(&m, &spec);
	id = m.entry_at[t];
	off = m.offset_at[t];
	patch(&spec, m.toc_at + 1, 0, "no entries", "number of entries: 0");
	patch(&spec, m.toc_at + 4, 0x7f, "too many entries", "cannot be");
	patch(&spec, m.toc_at + 1, (int)m.entry_count - 1, "an entry too few",
	    "no block begins where that of entry 3000");
	patch(&spec, id + 1, m.buf[m.entry_at[4] + 1], "an ID changed",
	    "byte");
	patch(&spec, id, 1, "a negative ID", "dump ID: -3000 cannot be");
	patch(&spec, id + 6, 0, "data flag taken", "data flag and offset flag");
	patch(&spec, id + 6, 2, "data flag 2", "data flag: 2");
	patch(&spec, off, 3, "offset flag taken", "data flag and offset flag");
	patch(&spec, off, 0, "offset flag 0", "offset flag is 0");
	patch(&spec, off, 4, "offset flag 4", "offset flag is 4");
	patch(&spec, off + 1, 9, "an offset that is not set", "contradict");
	patch(&spec, off - 11, 'f', "with OIDs", "byte");
	patch(&set, off + 1, m.buf[off + 1] ^ 1, "a wrong offset",
	    "its block should be at");
	m.buf[id + 6] = 0;
	m.buf[off] = 3;
	expect(&m, "data taken from a table",
	    "entry 3000 (TABLE DATA public.t): has no data, which");
	made_wipe(&m);

	make_archive(&m, &spec);
	m.buf[m.entry_at[4] + 6] = 1;
	m.buf[m.offset_at[4]] = 1;
	expect(&m, "data given to a table's definition",
	    "entry 200 (TABLE public.t): has data, which");
	made_wipe(&m);

	make_archive(&m, &spec);
	memcpy(m.buf + m.entry_at[5], m.buf + m.entry_at[4], 5);
	expect(&m, "the same ID twice", "dump ID 200 stands there twice");
	made_wipe(&m);

	make_archive(&m, &set);
	memset(m.buf + m.offset_at[7] + 1, 0, 8);
	m.buf[m.offset_at[7]] = 1;
	expect(&m, "some offsets set", "some offsets are set");
	made_wipe(&m);

	make_archive(&m, &spec);
	m.buf[m.entry_at[0] + 16] = '\0';
	expect(&m, "a NUL in a number", "NUL");
	made_wipe(&m);
}

static void
test_blocks(void)
{
	const struct make_spec spec = { .minor = 14 };
	struct made m, other;
	size_t first, second, third;

	make_archive(&m, &spec);
	first = m.block_at[6];
	second = m.block_at[7];
	third = m.block_at[8];
	patch(&spec, first, 3, "block of another type", "no block begins where "
	    "that of entry 3000 (TABLE DATA public.t) is due");
	patch(&spec, third, 1, "objects as data", "no block begins");
	patch(&spec, first, 0, "block of no type", "no block begins");
	patch(&spec, first + 2, m.buf[second + 2], "another entry's block",
	    "block of entry 3001 where that of entry 3000");
	patch(&spec, first + 6, 1, "a negative chunk",
	    "a chunk of negative length");

	/* Blocks that changed places, are missing, or come twice. */
	memset(&other, 0, sizeof(other));
	make_bytes(&other, m.buf, first, false);
	make_bytes(&other, m.buf + second, third - second, false);
	make_bytes(&other, m.buf + first, second - first, false);
	make_bytes(&other, m.buf + third, m.len - third, false);
	expect(&other, "two blocks change places", "block of entry 3001 where");
	other.len = 0;
	make_bytes(&other, m.buf, second, false);
	make_bytes(&other, m.buf + third, m.len - third, false);
	expect(&other, "a block is missing", "no block begins where that of "
	    "entry 3001 (TABLE DATA public.empty)");
	other.len = 0;
	make_bytes(&other, m.buf, second, false);
	make_bytes(&other, m.buf + first, m.len - first, false);
	expect(&other, "a block twice", "block of entry 3000 where");
	other.len = 0;
	make_bytes(&other, m.buf, third, false);
	expect(&other, "the last block missing", "cut short: 2 of 3 blocks "
	    "seen, the next would be that of entry 2900 (BLOBS BLOBS)");
	other.len = 0;
	make_bytes(&other, m.buf, first + 8, false);
	expect(&other, "cut in a chunk", "cut short: 0 of 3 blocks seen, ends "
	    "inside that of entry 3000 (TABLE DATA public.t)");
	made_wipe(&other);
	made_wipe(&m);
}

static void
test_second(void)
{
	const struct make_spec spec = { .minor = 15, .second = true };
	const struct make_spec set = { .minor = 15, .offsets = true };
	struct make_spec stat = { .minor = 16, .second = true,
		.statistics = true, .bare = true };
	struct made m;
	size_t shift, toc;

	make_archive(&m, &spec);
	shift = m.end_at - m.toc_at;
	toc = m.end_at;
	patch(&spec, toc + 1, 1, "second TOC: another count",
	    "after the last block");
	patch(&spec, m.entry_at[5] + shift + 1, 9, "second TOC: another ID",
	    "second table of contents: entry 9 (TABLE public.empty): differs");
	patch(&spec, m.offset_at[7] + shift, 1, "second TOC: offset not set",
	    "contradict");
	patch(&spec, m.offset_at[7] + shift + 1, 0, "second TOC: wrong offset",
	    "the offset is not that of its block");
	m.len--;
	expect(&m, "second TOC: cut", "cut short in the second "
	    "table of contents: 8 of 9 entries seen, ends in entry 2900");
	m.len = m.end_at;
	make_bytes(&m, m.buf + m.toc_at, m.data_at - m.toc_at, false);
	expect(&m, "second TOC: without offsets", "not that of its block");
	made_wipe(&m);

	make_archive(&m, &set);
	make_bytes(&m, m.buf + m.toc_at, m.data_at - m.toc_at, false);
	expect(&m, "second TOC: though the first has offsets", "more bytes");
	made_wipe(&m);

	/* The definition may be missing, nothing else of that entry. */
	make_archive(&m, &stat);
	shift = m.end_at - m.toc_at;
	patch(&stat, m.entry_at[9] + shift + 1, 0x3d,
	    "second TOC: bare statistics of another ID", "differs");
	patch(&stat, m.len - 15, '1', "second TOC: bare statistics, other "
	    "field", "differs");
	made_wipe(&m);
}

static void
test_stray(void)
{
	static const struct {
		uint8_t version[3];
		const char *part;
	} strays[] = {
		{ { 1, 17, 0 }, "1.17-0 is newer" },
		{ { 1, 16, 1 }, "1.16-1 is newer" },
		{ { 2, 0, 0 }, "2.0-0 is newer" },
		{ { 1, 11, 0 }, "1.11-0 is older" },
		{ { 0, 15, 0 }, "0.15-0 is older" },
	};
	const struct make_spec spec = { .minor = 16 };
	struct made m;
	size_t i, step;

	make_archive(&m, &spec);
	for (i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
		bool good = true;

		memcpy(m.buf + 5, strays[i].version, 3);
		for (step = 0; step < 3; step++)
			if (judge(m.buf, m.len, step, NULL, NULL) !=
			    CARRIER_FOREIGN ||
			    strstr(why, strays[i].part) == NULL)
				good = false;
		ok(good, "a version that is not known is foreign: %s", why);
	}
	made_wipe(&m);
}

int
main(void)
{

	test_header();
	test_table();
	test_blocks();
	test_second();
	test_stray();
	return (tap_done());
}
