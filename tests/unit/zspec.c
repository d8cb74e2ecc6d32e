/* SPDX-License-Identifier: ISC */
/* Promise: -Z takes and refuses what pg_dump 16 to 18 take and refuse, on
 * every version, and tells the pg_dump at hand the same in its own words. */
#include "pgb-dump/squeeze/zspec.c"
#include "tap.h"

#define D	ZSPEC_DEFAULT

static void
takes(const char *text, enum archive_compression method, int level,
    bool long_window)
{
	struct zspec z;

	memset(&z, 0x55, sizeof(z));
	ok(zspec_parse(text, &z) == STATUS_OK && z.method == method &&
	    z.level == level && z.long_window == long_window && z.given,
	    "\"%s\" is taken", text);
}

static void
test_takes(void)
{
	takes("0", ARCHIVE_NONE, D, false);
	takes("", ARCHIVE_NONE, D, false);
	takes("none", ARCHIVE_NONE, D, false);
	takes("none:0", ARCHIVE_NONE, D, false);
	takes("none:level=0", ARCHIVE_NONE, D, false);
	takes("1", ARCHIVE_GZIP, 1, false);
	takes(" +6", ARCHIVE_GZIP, 6, false);
	takes("9", ARCHIVE_GZIP, 9, false);
	takes("-1", ARCHIVE_GZIP, D, false);
	takes("gzip", ARCHIVE_GZIP, D, false);
	takes("gzip:-1", ARCHIVE_GZIP, D, false);
	takes("gzip:6", ARCHIVE_GZIP, 6, false);
	takes("gzip:level=9", ARCHIVE_GZIP, 9, false);
	takes("gzip:level=2,level=3", ARCHIVE_GZIP, 3, false);
	takes("lz4", ARCHIVE_LZ4, D, false);
	takes("lz4:0", ARCHIVE_LZ4, D, false);
	takes("lz4:1", ARCHIVE_LZ4, 1, false);
	takes("lz4:level=12", ARCHIVE_LZ4, 12, false);
	takes("zstd", ARCHIVE_ZSTD, D, false);
	takes("zstd:0", ARCHIVE_ZSTD, 0, false);
	takes("zstd:22", ARCHIVE_ZSTD, 22, false);
	takes("zstd:-131072", ARCHIVE_ZSTD, -131072, false);
	takes("zstd:long", ARCHIVE_ZSTD, D, true);
	takes("zstd:long=YES,level=-3", ARCHIVE_ZSTD, -3, true);
	takes("zstd:level=3,long=on", ARCHIVE_ZSTD, 3, true);
	takes("zstd:long=1", ARCHIVE_ZSTD, D, true);
	takes("zstd:long,long=off", ARCHIVE_ZSTD, D, false);
	takes("zstd:long=no", ARCHIVE_ZSTD, D, false);
	takes("zstd:long=0,workers=2", ARCHIVE_ZSTD, D, false);
	takes("zstd:level=3,workers=0,long", ARCHIVE_ZSTD, 3, true);
}

static void
test_refuses(void)
{
	static const char *const wrong[] = {
		"10", "-2", "99999999999999999999", "4294967302", "6 ", "6x",
		"gzip:0", "gzip:10", "gzip:level=0", "gzip:-2", "gzip:",
		"gzip:level", "gzip:level=", "gzip:level=x", "gzip:level=6x",
		"gzip:6,", "gzip:level=6,", "gzip:,level=6", "gzip:6,level=6",
		"gzip:=6", "gzip:Level=6", "gzip:long", "gzip:long=no",
		"gzip:workers=1", "gzip:speed=1", "GZIP", "gzip ", "gz", ":6",
		":", "none:", "none:1", "none:long", "none:workers=1",
		"none:level=1", "lz4:13", "lz4:-1", "lz4:level=13",
		"lz4:long", "lz4:workers=1", "zstd:23", "zstd:-131073",
		"zstd:4294967299", "zstd:", "zstd:long=maybe", "zstd:long=",
		"zstd:workers", "zstd:workers=", "zstd:workers=two",
		"zstd:long,", "zstd:3:long", "zstd,3", "lzma", "bzip2:9",
	};
	struct zspec z;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++)
		ok(zspec_parse(wrong[i], &z) == STATUS_USAGE,
		    "\"%s\" is refused", wrong[i]);
}

/* The option for that pg_dump, or "-" where there is none. */
static void
word(const char *text, int version, const char *want)
{
	struct zspec z = ZSPEC_INIT;
	char got[ZSPEC_WORD], name[128];

	if (text != NULL && zspec_parse(text, &z) != STATUS_OK)
		want = "cannot be read";
	if (zspec_word(&z, version, got) != 0)
		snprintf(got, sizeof(got), "-");
	snprintf(name, sizeof(name), "%s for pg_dump %d: \"%s\"",
	    text != NULL ? text : "nothing", version / 10000, want);
	same(got, want, name);
	ok(zspec_fit(&z, version, 0) ==
	    (strcmp(want, "-") == 0 ? STATUS_USAGE : STATUS_OK),
	    "and whether it fits");
}

static void
test_word(void)
{
	word(NULL, 150020, "");
	word(NULL, 160000, "");
	word("gzip", 150020, "");
	word("gzip", 160003, "--compress=gzip");
	word("6", 130016, "--compress=6");
	word("6", 170001, "--compress=gzip:level=6");
	word("0", 150020, "--compress=0");
	word("none", 180000, "--compress=none");
	word("lz4", 150020, "-");
	word("zstd:3", 159999, "-");
	word("lz4", 160000, "--compress=lz4");
	word("lz4:9", 160000, "--compress=lz4:level=9");
	word("zstd", 160000, "--compress=zstd");
	word("zstd:long", 160000, "--compress=zstd:long");
	word("zstd:long=no", 160000, "--compress=zstd");
	word("zstd:level=-131072,long,workers=4", 180000,
	    "--compress=zstd:level=-131072,long");
}

static void
test_fit(void)
{
	struct zspec z = ZSPEC_INIT;

	ok(zspec_fit(&z, 150020, 14) == STATUS_OK, "gzip fits 1.14");
	z.method = ARCHIVE_NONE;
	ok(zspec_fit(&z, 90624, 12) == STATUS_OK, "none fits 1.12");
	z.method = ARCHIVE_ZSTD;
	ok(zspec_fit(&z, 160000, 15) == STATUS_OK, "zstd fits 1.15");
	ok(zspec_fit(&z, 180000, 16) == STATUS_OK, "zstd fits 1.16");
	ok(zspec_fit(&z, 160000, 14) == STATUS_USAGE, "zstd, not 1.14");
	z.method = ARCHIVE_LZ4;
	ok(zspec_fit(&z, 150020, 15) == STATUS_USAGE, "lz4, not pg_dump 15");
}

int
main(void)
{
	msg_program("zspec");
	test_takes();
	test_refuses();
	test_word();
	test_fit();
	return (tap_done());
}
