/* SPDX-License-Identifier: ISC */
/*
 * Promise: the carrier knows a stream by its first bytes, whatever the pieces,
 * looks into wrappers, and no verdict is better than that of the worst part.
 */
#include <stdlib.h>

#include "carrier/carrier-impl.h"
#include "tap.h"

/*
 * In place of the formats: bytes are commands.  '.' as the last byte is the
 * end that a format shows, '!' is damage, '?' a version nobody knows, 'h' the
 * header of an archive.  A wrapper's last byte must be ')'; all between its
 * magic and that is inside.
 */
struct dummy {
	uint64_t seen;
	uint8_t last;
	const char *key;
};

static bool offsets_good = true;
static const struct archive_header dummy_header = { .dbname = "db" };

static void *
dummy_new(struct carrier *c, const void *arg)
{
	struct dummy *d = calloc(1, sizeof(*d));

	(void)c;
	d->key = arg;
	return (d);
}

static void *
dummy_none(struct carrier *c, const void *arg)
{

	(void)c;
	(void)arg;
	return (NULL);
}

static int
leaf_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct dummy *d = state;
	size_t i;

	if (len == 0 || carrier_offset(c) != d->seen)
		offsets_good = false;
	for (i = 0; i < len; i++, d->seen++) {
		d->last = buf[i];
		if (buf[i] == '!')
			return (carrier_fail(c, d->seen, "a bang of %d", 42));
		if (buf[i] == '#')
			return (-1);	/* without carrier_fail() */
		if (buf[i] == 'h')
			carrier_set_archive(c, &dummy_header);
		if (buf[i] == '?') {
			carrier_stray(c, "version 99");
			return (0);
		}
	}
	return (0);
}

static enum carrier_verdict
leaf_end(struct carrier *c, void *state)
{
	struct dummy *d = state;

	if (d->last == '_')
		return (CARRIER_BROKEN);	/* without carrier_cut() */
	return (d->last == '.' ? CARRIER_PROVEN :
	    carrier_cut(c, "no dot after %d", (int)d->seen));
}

static enum carrier_verdict
age_end(struct carrier *c, void *state)
{
	return (leaf_end(c, state) == CARRIER_PROVEN ? CARRIER_OPEN :
	    CARRIER_BROKEN);
}

static int
wrap_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct dummy *d = state;
	size_t i;

	if (carrier_offset(c) != d->seen)
		offsets_good = false;
	for (i = 0; i < len; i++) {
		/* The byte before this one was not the last. */
		if (d->seen > 4 && carrier_inside(c, &d->last, 1) != 0)
			return (-1);
		d->last = buf[i];
		d->seen++;
	}
	return (0);
}

static enum carrier_verdict
wrap_end(struct carrier *c, void *state)
{
	struct dummy *d = state;

	if (d->last != ')')
		return (carrier_cut(c, "not closed"));
	if (d->key != NULL && strcmp(d->key, "wrong") == 0)
		return (carrier_cut(c, "no key fits"));
	return (carrier_inside_end(c));
}

const struct carrier_ops carrier_custom = { "custom archive", dummy_new, free,
	leaf_feed, leaf_end };
const struct carrier_ops carrier_tar = { "tar", dummy_new, free, leaf_feed,
	leaf_end };
const struct carrier_ops carrier_sql = { "SQL", dummy_new, free, leaf_feed,
	leaf_end };
const struct carrier_ops carrier_gzip = { "gzip", dummy_new, free, wrap_feed,
	wrap_end };
const struct carrier_ops carrier_zstd = { "zstd", dummy_new, free, wrap_feed,
	wrap_end };
const struct carrier_ops carrier_lz4 = { "lz4", dummy_none, free, wrap_feed,
	wrap_end };
const struct carrier_ops carrier_age = { "age", dummy_new, free, leaf_feed,
	age_end };
const struct carrier_ops carrier_armor = { "armor", dummy_new, free, leaf_feed,
	leaf_end };
static const struct carrier_ops dummy_key = { "age", dummy_new, free,
	wrap_feed, wrap_end };

static char got_name[128], got_why[700];
static const struct archive_header *got_header;

static enum carrier_verdict
judge_with(const struct carrier_opts *opts, const void *data, size_t len,
    size_t step)
{
	struct carrier *c = carrier_new(opts);
	const uint8_t *buf = data;
	enum carrier_verdict v;
	size_t at, n;
	int rc = 0;

	if (strcmp(carrier_name(c), "empty") != 0 || carrier_known(c))
		offsets_good = false;
	for (at = 0; at < len; at += n) {
		uint8_t *piece;

		n = step == 0 || len - at < step ? len - at : step;
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, buf + at, n);
		if (rc == 0)
			rc = carrier_feed(c, piece, n);
		else if (carrier_feed(c, piece, n) != -1)
			offsets_good = false;	/* broken must stay broken */
		free(piece);
	}
	v = carrier_end(c);
	if (rc == -1 && v != CARRIER_BROKEN)
		offsets_good = false;
	snprintf(got_name, sizeof(got_name), "%s", carrier_name(c));
	snprintf(got_why, sizeof(got_why), "%s", carrier_why(c));
	got_header = carrier_archive(c);
	carrier_free(c);
	return (v);
}

/* In pieces of any size, with one answer. */
static void
expect(const void *data, size_t len, enum carrier_verdict verdict,
    const char *name, const char *why)
{
	static const size_t steps[] = { 0, 1, 2, 3, 5, 300 };
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		enum carrier_verdict v = judge_with(NULL, data, len, steps[i]);

		if (v == verdict && strcmp(got_name, name) == 0 &&
		    strcmp(got_why, why) == 0)
			continue;
		printf("# pieces of %zu: %d, %s, %s\n", steps[i], (int)v,
		    got_name, got_why);
		good = false;
	}
	ok(good, "%s: %s", name, why);
}

#define EXPECT(s, verdict, name, why)	\
	expect((s), sizeof(s) - 1, (verdict), (name), (why))

#define ARMOR	"-----BEGIN AGE ENCRYPTED FILE-----"
#define ZSTD	"\x28\xb5\x2f\xfd"
#define GZIP	"\x1f\x8b\x08 "		/* four bytes, as the dummy wants it */

static void
test_formats(void)
{
	char tar[512] = "toc.dat", space[1100];
	int i;
	bool good = true;

	EXPECT("PGDMP.", CARRIER_PROVEN, "custom archive", "");
	EXPECT("PGDMP", CARRIER_BROKEN, "custom archive",
	    "custom archive: byte 5: no dot after 5");
	EXPECT("PGDMQ.", CARRIER_FOREIGN, "unknown",
	    "unknown format");
	EXPECT("--\n-- PostgreSQL database dump\n.", CARRIER_PROVEN, "SQL", "");
	EXPECT("--\n-- PostgreSQL database cluster dump\n.", CARRIER_PROVEN,
	    "SQL", "");
	EXPECT("--\n-- PostgreSQL database cluster damp\n.", CARRIER_FOREIGN,
	    "unknown", "unknown format");
	EXPECT("age-encryption.org/v1\n.", CARRIER_OPEN, "age",
	    "age: shows no end that could be checked without its key");
	EXPECT("age-encryption.org/v2\n.", CARRIER_FOREIGN, "age",
	    "age: of another version than v1");
	EXPECT(ARMOR ".", CARRIER_PROVEN, "armor", "");
	EXPECT(" \t\r\n\v\f" ARMOR ".", CARRIER_PROVEN, "armor", "");
	EXPECT("\xfd" "7zXZ\0 .", CARRIER_FOREIGN, "unknown",
	    "unknown format: looks like xz, which cannot be looked into");
	EXPECT("", CARRIER_EMPTY, "empty", "empty");
	EXPECT("\0\0", CARRIER_FOREIGN, "unknown",
	    "unknown format");
	EXPECT("  ", CARRIER_FOREIGN, "unknown",
	    "unknown format");

	memcpy(tar + 257, "ustar", 5);
	tar[511] = '.';
	expect(tar, 512, CARRIER_PROVEN, "tar", "");
	expect(tar, 511, CARRIER_BROKEN, "tar",
	    "tar: byte 511: no dot after 511");
	expect(tar, 261, CARRIER_BROKEN, "tar",
	    "tar: byte 261: cut short in its first bytes");
	tar[261] = 'x';
	expect(tar, 512, CARRIER_FOREIGN, "unknown",
	    "unknown format");

	memset(space, ' ', sizeof(space));
	memcpy(space + 1024, ARMOR ".", 35);
	expect(space, 1024 + 35, CARRIER_PROVEN, "armor", "");
	expect(space + 1, 1023 + 35, CARRIER_PROVEN, "armor", "");
	memset(space, '\n', sizeof(space));
	memcpy(space + 1025, ARMOR ".", 35);
	expect(space, 1025 + 35, CARRIER_FOREIGN, "unknown",
	    "unknown format");

	for (i = 0; i < 256; i++) {
		char frame[] = "?\x2a\x4d\x18 PGDMP.)";
		bool zstd;

		frame[0] = (char)i;
		judge_with(NULL, frame, sizeof(frame) - 1, 0);
		zstd = strncmp(got_name, "zstd", 4) == 0;
		if (zstd != (i >= 0x50 && i <= 0x5f))
			good = false;
	}
	ok(good, "zstd's skippable frames are known, all 16 kinds");
}

/* The end comes before the first bytes have decided. */
static void
test_prefixes(void)
{
	static const struct {
		const char *bytes;
		size_t len, enough;
	} prefixes[] = {
		{ "PGDMP", 5, 3 },
		{ "--\n-- PostgreSQL database dump", 30, 8 },
		{ "--\n-- PostgreSQL database cluster dump", 38, 8 },
		{ ZSTD, 4, 3 },
		{ "\x5a\x2a\x4d\x18", 4, 3 },
		{ "\x04\x22\x4d\x18", 4, 3 },
		{ "\x1f\x8b", 2, 2 },
		{ "age-encryption.org/v1\n", 22, 8 },
		{ ARMOR, 34, 11 },
		{ "toc.dat", 8, 7 },
	};
	size_t i, len;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		bool good = true;

		for (len = 0; len < prefixes[i].len; len++) {
			enum carrier_verdict want = len == 0 ? CARRIER_EMPTY :
			    len < prefixes[i].enough ? CARRIER_FOREIGN :
			    CARRIER_BROKEN;

			if (judge_with(NULL, prefixes[i].bytes, len, len % 3) !=
			    want)
				good = false;
		}
		ok(good, "cut in the first bytes: broken from %zu on, foreign "
		    "before", prefixes[i].enough);
	}
}

static void
test_wrappers(void)
{

	EXPECT(GZIP "?PGDMP.)", CARRIER_FOREIGN, "gzip of unknown data",
	    "inside gzip: unknown format");
	EXPECT(GZIP "\0", CARRIER_BROKEN, "gzip",
	    "gzip: byte 5: not closed");
	EXPECT(GZIP ")", CARRIER_EMPTY, "gzip", "gzip: nothing inside");
	EXPECT(GZIP "PGDMP.)", CARRIER_PROVEN, "gzip of custom archive", "");
	EXPECT(GZIP "PGDMP.", CARRIER_BROKEN, "gzip of custom archive",
	    "gzip: byte 10: not closed");
	EXPECT(GZIP "PGDMP)", CARRIER_BROKEN, "gzip of custom archive",
	    "inside gzip: custom archive: byte 5: no dot after 5");
	EXPECT(GZIP "PGDMPxx!.)", CARRIER_BROKEN, "gzip of custom archive",
	    "inside gzip: custom archive: byte 7: a bang of 42");
	EXPECT(GZIP "PGDMPxx!.", CARRIER_BROKEN, "gzip of custom archive",
	    "inside gzip: custom archive: byte 7: a bang of 42");
	EXPECT(GZIP "PGDMPxx#.)", CARRIER_BROKEN, "gzip of custom archive",
	    "inside gzip: custom archive: byte 7: damaged");
	EXPECT(GZIP "PGDMP_)", CARRIER_BROKEN, "gzip of custom archive",
	    "inside gzip: custom archive: byte 6: cut short");
	EXPECT(GZIP "PGDMP?)", CARRIER_FOREIGN, "gzip of custom archive",
	    "inside gzip: custom archive: version 99");
	EXPECT(GZIP "PGDMP?", CARRIER_BROKEN, "gzip of custom archive",
	    "gzip: byte 10: not closed");
	EXPECT(GZIP "PGD)", CARRIER_BROKEN, "gzip of custom archive",
	    "inside gzip: custom archive: byte 3: cut short in its first "
	    "bytes");
	EXPECT(GZIP "age-encryption.org/v1\n.)", CARRIER_OPEN, "gzip of age",
	    "inside gzip: age: shows no end that could be checked without its "
	    "key");
	EXPECT(GZIP ZSTD "PGDMP.))", CARRIER_PROVEN,
	    "gzip of zstd of custom archive", "");
	EXPECT(GZIP ZSTD "PGDMP.)", CARRIER_BROKEN,
	    "gzip of zstd of custom archive",
	    "inside gzip: zstd: byte 10: not closed");
	EXPECT(GZIP ZSTD "PGDMP))", CARRIER_BROKEN,
	    "gzip of zstd of custom archive",
	    "inside gzip: inside zstd: custom archive: byte 5: no dot after 5");
	EXPECT(GZIP ZSTD "))", CARRIER_EMPTY, "gzip of zstd",
	    "inside gzip: zstd: nothing inside");
	EXPECT(GZIP GZIP GZIP GZIP "PGDMP.))))", CARRIER_PROVEN,
	    "gzip of gzip of gzip of gzip of custom archive", "");
	EXPECT("\x04\x22\x4d\x18", CARRIER_BROKEN, "lz4",
	    "lz4: byte 0: out of memory");
}

static void
test_depth(void)
{
	static const char deep[] = GZIP GZIP GZIP GZIP GZIP "PGDMP.)))))";
	enum carrier_verdict v = judge_with(NULL, deep, sizeof(deep) - 1, 0);

	ok(v == CARRIER_BROKEN && strstr(got_why, "wrapped more than 4 times")
	    != NULL, "wrappers in wrappers end: %s", got_why);
}

static void
test_key(void)
{
	static const char binary[] = "age-encryption.org/v1\n.";
	static const char armor[] = ARMOR "PGDMP.)";
	struct carrier_opts opts = { .age_key = &dummy_key,
		.age_key_arg = "right" };
	enum carrier_verdict v;

	/* The dummy's inside begins behind four bytes. */
	v = judge_with(&opts, binary, sizeof(binary) - 1, 1);
	ok(v == CARRIER_BROKEN && strcmp(got_why, "age: byte 23: not closed")
	    == 0, "with a key age is opened: %s", got_why);
	v = judge_with(&opts, armor, sizeof(armor) - 1, 0);
	ok(v == CARRIER_FOREIGN && strcmp(got_name, "age of unknown data") == 0,
	    "armored too: %s", got_name);
	opts.age_key_arg = "wrong";
	v = judge_with(&opts, armor, sizeof(armor) - 1, 0);
	ok(v == CARRIER_BROKEN && strcmp(got_why, "age: byte 41: no key fits")
	    == 0, "what goes with the key is handed on: %s", got_why);
}

static void
test_known(void)
{
	static const char stream[] = GZIP "PGDMPxh.)";
	struct carrier *c = carrier_new(NULL);
	size_t i, known = 0, header = 0;
	char names[256] = "", last[64] = "";

	for (i = 0; i < sizeof(stream) - 1; i++) {
		if (carrier_feed(c, stream + i, 1) != 0)
			break;
		if (known == 0 && carrier_known(c))
			known = i + 1;
		if (header == 0 && carrier_archive(c) == &dummy_header)
			header = i + 1;
		if (strcmp(carrier_name(c), last) != 0) {
			snprintf(last, sizeof(last), "%s", carrier_name(c));
			strcat(strcat(names, last), "; ");
		}
	}
	same(names, "unknown; gzip; gzip of custom archive; ",
	    "the name says what is known so far");
	ok(known == 12 && header == 12, "an archive is known when its header "
	    "was seen");
	ok(carrier_end(c) == CARRIER_PROVEN, "and it is proven");
	carrier_free(c);
	carrier_free(NULL);
}

int
main(void)
{

	test_formats();
	test_prefixes();
	test_wrappers();
	test_depth();
	test_key();
	test_known();
	ok(offsets_good, "offsets are those of the format's own bytes, empty "
	    "pieces are not handed on, and what is broken stays broken");
	return (tap_done());
}
