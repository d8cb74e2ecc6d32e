/* SPDX-License-Identifier: ISC */
/*
 * Promise: a tar of pg_dump counts as whole only with both blocks of zeros at
 * its end, every member header sound, and nothing behind them; cut anywhere it
 * is not, and flipped bits are seen wherever pg_dump leaves no choice.
 */
#include "carrier-try.h"
#include "tar-make.h"

static const struct make_spec spec = { .minor = 14 };
static struct made_tar t;

/* As a whole archive, but for the zeros; where the first rows begin. */
static size_t
begin(void)
{

	tar_wipe(&t);
	make_tar(&t, &spec);
	t.m.len = t.m.end_at;
	return (t.at[1]);
}

static void
is(enum carrier_verdict want, const char *why, const char *name)
{
	try_is(t.m.buf, t.m.len, want, why, name);
}

static void
ends(void)
{
	begin();
	is(CARRIER_BROKEN, "two blocks of zeros", "no zeros");
	tar_zeros(&t, 512);
	is(CARRIER_BROKEN, "two blocks of zeros", "one block of zeros");
	tar_zeros(&t, 511);
	is(CARRIER_BROKEN, "two blocks of zeros", "a byte less than two");
	tar_zeros(&t, 1);
	is(CARRIER_PROVEN, NULL, "two blocks of zeros");
	same(try_name, "tar archive", "name");
	tar_zeros(&t, 1);
	is(CARRIER_BROKEN, "follows the end", "a zero behind the zeros");
	t.m.buf[t.m.len - 1] = 'x';
	is(CARRIER_BROKEN, "follows the end", "a byte behind the zeros");
	t.m.buf[t.m.len - 2] = 'x';
	is(CARRIER_BROKEN, "two blocks of zeros", "a byte in the zeros");
	begin();
	tar_zeros(&t, 512);
	tar_add(&t, "3377.dat", "x", 1, false);
	is(CARRIER_BROKEN, "two blocks of zeros", "a member behind one block");
	begin();
	make_bytes(&t.m, t.m.buf, t.m.len, false);
	tar_zeros(&t, 1024);
	is(CARRIER_BROKEN, "another archive", "two without an end");
	begin();
	make_bytes(&t.m, t.m.buf, t.m.len, false);
	memmove(t.m.buf + t.at[2], t.m.buf + t.m.end_at, t.m.end_at);
	t.m.len = t.at[2] + t.m.end_at;
	tar_zeros(&t, 1024);
	is(CARRIER_BROKEN, "another archive", "one that died, and another");
}

static void
headers(void)
{
	size_t at = begin();

	tar_zeros(&t, 1024);
	t.m.buf[at + 156] = '2';
	tar_checksum(t.m.buf + at);
	is(CARRIER_BROKEN, "3000.dat is no regular file", "symbolic link");
	t.m.buf[at + 156] = '\0';
	memcpy(t.m.buf + at + 257, "ustar  \0", 8);
	tar_checksum(t.m.buf + at);
	memmove(t.m.buf + at + 148, t.m.buf + at + 149, 7);
	t.m.buf[at + 155] = '\0';
	is(CARRIER_PROVEN, NULL, "the header of old");
	memcpy(t.m.buf + at + 124, "0000000002x ", 12);
	tar_checksum(t.m.buf + at);
	is(CARRIER_BROKEN, "size is no number", "size that is none");
	memset(t.m.buf + at + 124, 0xff, 12);
	tar_checksum(t.m.buf + at);
	is(CARRIER_BROKEN, "size is no number", "negative size");
	t.m.buf[at + 124] = 0x80;
	tar_checksum(t.m.buf + at);
	is(CARRIER_BROKEN, "size is no number", "size beyond all measure");
	memset(t.m.buf + at + 124, 0, 11);
	t.m.buf[at + 124] = 0x80;
	t.m.buf[at + 135] = 31;
	tar_checksum(t.m.buf + at);
	is(CARRIER_PROVEN, NULL, "a small size in base 256");
	memset(t.m.buf + at, 0xff, 100);
	tar_checksum(t.m.buf + at);
	is(CARRIER_BROKEN, "member ?", "name that does not print");

	at = begin();
	tar_zeros(&t, 1024);
	t.m.buf[at + 2 * TAR_BLOCK - 1] = 'x';
	is(CARRIER_BROKEN, "padding of member 3000.dat", "padding");
	begin();
	tar_zeros(&t, 1024);
	t.m.buf[TAR_BLOCK + 4] = 'X';
	is(CARRIER_BROKEN, "byte 512: header of toc.dat: not an archive",
	    "toc.dat that is none");
	tar_wipe(&t);
	tar_add(&t, "toc.data", "PGDMP", 5, false);
	tar_zeros(&t, 1024);
	is(CARRIER_FOREIGN, "unknown format", "any other tar");
}

static const char *
shape(const struct make_spec *s)
{
	static char name[64];

	snprintf(name, sizeof(name), "1.%d%s", s->minor, s->schema_only ?
	    ", schema only" : "");
	return (name);
}

/* Each bit turned over, but those of rows, large objects and the script. */
static void
flips(const struct make_spec *s)
{
	size_t at, toc = 0, toc_seen = 0, rest = 0, rest_seen = 0;
	bool seen, is_toc;
	int bit;

	for (at = 0; at < t.m.len; at += tap_step())
		for (bit = 0; bit < 8 && !t.m.payload[at]; bit++) {
			t.m.buf[at] ^= (uint8_t)(1 << bit);
			seen = try_bytes(t.m.buf, t.m.len, at % 2 == 0 ?
			    1 << 20 : 509) != CARRIER_PROVEN;
			t.m.buf[at] ^= (uint8_t)(1 << bit);
			is_toc = at >= TAR_BLOCK && at < t.toc_end;
			*(is_toc ? &toc : &rest) += 1;
			*(is_toc ? &toc_seen : &rest_seen) += seen;
		}
	printf("# flips noticed: toc.dat %zu of %zu, the rest %zu of %zu\n",
	    toc_seen, toc, rest_seen, rest);
	ok(rest_seen == rest && toc_seen > toc / 3, "%s: flipped bits of "
	    "headers, padding, lists and zeros are seen", shape(s));
}

/* In toc.dat, each bit of what is no text. */
static void
structure(const struct make_spec *s)
{
	size_t i, n, at, bad = 0;
	int bit;

	for (i = 0; i < t.m.entry_count; i++)
		for (n = 0; n < 10; n++) {	/* dump ID and data flag */
			at = t.m.entry_at[i] + n;
			for (bit = 0; bit < 8; bit++) {
				t.m.buf[at] ^= (uint8_t)(1 << bit);
				/* Another ID, where nothing hangs on it. */
				if (try_bytes(t.m.buf, t.m.len, 1 << 20) ==
				    CARRIER_PROVEN && (n == 0 || n > 4 ||
				    t.m.block_at[i] != 0))
					bad++;
				t.m.buf[at] ^= (uint8_t)(1 << bit);
			}
		}
	for (i = 0; i < t.m.entry_count; i++) {
		size_t end = i + 1 < t.m.entry_count ? t.m.entry_at[i + 1] :
		    t.toc_end;

		for (at = t.m.offset_at[i]; at < end; at++)
			for (bit = 0; bit < 8; bit++) {
				t.m.buf[at] ^= (uint8_t)(1 << bit);
				bad += try_bytes(t.m.buf, t.m.len, 1 << 20) ==
				    CARRIER_PROVEN;
				t.m.buf[at] ^= (uint8_t)(1 << bit);
			}
	}
	ok(bad == 0, "%s: so are those of dump IDs, data flags and file names",
	    shape(s));
}

static void
every_byte(void)
{
	struct make_spec s = { 0 };
	char name[64];

	for (s.minor = 12; s.minor <= 16; s.minor++) {
		for (s.schema_only = false; ; s.schema_only = true) {
			tar_wipe(&t);
			make_tar(&t, &s);
			snprintf(name, sizeof(name), "%s", shape(&s));
			is(CARRIER_PROVEN, NULL, name);
			try_cuts(t.m.buf, t.m.len, name);
			if (s.minor % 2 == 0) {
				flips(&s);
				structure(&s);
			}
			if (s.schema_only)
				break;
		}
	}
}

/* Sizes from 8 GiB on are base-256; the data are fed, not stored. */
static void
huge(uint64_t missing, enum carrier_verdict want, const char *name)
{
	const struct make_table one = { "t", "(a)", "" };
	const struct make_object object = { 7, "x" };
	const struct make_spec s = { .minor = 15, .tables = &one,
		.table_count = 1, .objects = &object, .object_count = 1 };
	const uint64_t size = ((uint64_t)1 << 33) + 7;
	const size_t piece = 1 << 22;
	struct carrier *c = carrier_new(NULL);
	uint64_t left = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK -
	    missing;
	uint8_t *data = calloc(1, piece);
	size_t n;
	enum carrier_verdict v;

	tar_wipe(&t);
	make_tar(&t, &s);
	tar_header(t.m.buf + t.at[1], "3000.dat", size);
	carrier_feed(c, t.m.buf, t.at[1] + TAR_BLOCK);
	for (; left > 0; left -= n) {
		n = left < piece ? (size_t)left : piece;
		carrier_feed(c, data, n);
	}
	carrier_feed(c, t.m.buf + t.at[2], t.m.len - t.at[2]);
	v = carrier_end(c);
	ok(v == want, "%s: %s", name, verdicts[want]);
	if (v != want)
		printf("# %s: %s\n", verdicts[v], carrier_why(c));
	carrier_free(c);
	free(data);
}

int
main(void)
{
	ends();
	headers();
	every_byte();
	huge(0, CARRIER_PROVEN, "a member of 8 GiB and 7 bytes");
	huge(512, CARRIER_BROKEN, "the same, a block less");
	tar_wipe(&t);
	return (tap_done());
}
