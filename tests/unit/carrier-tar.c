/* SPDX-License-Identifier: ISC */
/*
 * Promise: a tar of pg_dump counts as whole only with both blocks of zeros at
 * its end, every member header sound, and nothing behind them.
 */
#include "carrier-try.h"

#define BLOCK	512
#define TOC	"PGDMP\x01\x0e\x00\x04\x08\x03"
#define ROWS	"1\tone\n2\ttwo\n\\.\n\n\n"
#define SCRIPT	"--\n-- PostgreSQL database dump\n--\n"

static uint8_t tar[64 * BLOCK];
static size_t tar_len;

static void
set_checksum(uint8_t *h)
{
	unsigned sum = 0;
	size_t i;

	memset(h + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%07o", sum);
	h[155] = ' ';
}

/* A header as src/port/tar.c makes it. */
static void
set_header(uint8_t *h, const char *name, uint64_t size)
{
	char text[32];
	size_t i;

	memset(h, 0, BLOCK);
	snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100, "0000600 0004000 0002000 ", 24);
	if (size < (uint64_t)1 << 33) {
		snprintf(text, sizeof(text), "%011llo ",
		    (unsigned long long)size);
		memcpy(h + 124, text, 12);
	} else {
		h[124] = 0x80;
		for (i = 11; i >= 1; i--, size >>= 8)
			h[124 + i] = (uint8_t)size;
	}
	memcpy(h + 136, "15100000000 ", 12);
	h[156] = '0';
	memcpy(h + 257, "ustar\0" "00", 8);
	memcpy(h + 265, "postgres", 8);
	set_checksum(h);
}

static size_t
add(const char *name, const void *data, size_t len)
{
	size_t at = tar_len;

	set_header(tar + at, name, len);
	memset(tar + at + BLOCK, 0, (len + BLOCK - 1) / BLOCK * BLOCK);
	memcpy(tar + at + BLOCK, data, len);
	tar_len += BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK;
	return (at);
}

static void
zeros(size_t n)
{
	memset(tar + tar_len, 0, n);
	tar_len += n;
}

/* toc.dat, data and restore.sql, without an end; where the data begin. */
static size_t
begin(void)
{
	size_t at;

	tar_len = 0;
	add("toc.dat", TOC, sizeof(TOC) - 1);
	at = add("3375.dat", ROWS, sizeof(ROWS) - 1);
	add("blob_16400.dat", tar, 512);
	add("3376.dat", "", 0);
	add("restore.sql", SCRIPT, sizeof(SCRIPT) - 1);
	return (at);
}

static void
is(enum carrier_verdict want, const char *why, const char *name)
{
	try_is(tar, tar_len, want, why, name);
}

static void
ends(void)
{
	begin();
	is(CARRIER_BROKEN, "two blocks of zeros", "no zeros");
	zeros(512);
	is(CARRIER_BROKEN, "two blocks of zeros", "one block of zeros");
	zeros(511);
	is(CARRIER_BROKEN, "two blocks of zeros", "a byte less than two");
	zeros(1);
	is(CARRIER_PROVEN, NULL, "two blocks of zeros");
	same(try_name, "tar archive", "name");
	try_cuts(tar, tar_len, "tar");
	zeros(1);
	is(CARRIER_BROKEN, "follows the end", "a zero behind the zeros");
	tar[tar_len - 1] = 'x';
	is(CARRIER_BROKEN, "follows the end", "a byte behind the zeros");
	tar[tar_len - 2] = 'x';
	is(CARRIER_BROKEN, "two blocks of zeros", "a byte in the zeros");
	begin();
	zeros(512);
	add("3377.dat", "x", 1);
	is(CARRIER_BROKEN, "two blocks of zeros", "a member behind one block");
	begin();
	memcpy(tar + tar_len, tar, tar_len);
	tar_len *= 2;
	zeros(1024);
	is(CARRIER_BROKEN, "another archive", "two without an end");
	tar_len = 0;
	add("toc.dat", TOC, sizeof(TOC) - 1);
	begin();
	memmove(tar + 2048, tar, tar_len);
	tar_len += 2048;
	zeros(1024);
	is(CARRIER_BROKEN, "another archive", "one that died, and another");
}

static void
headers(void)
{
	size_t at = begin(), i, bad;
	enum carrier_verdict v;

	zeros(1024);
	for (i = 0, bad = tar_len; i < BLOCK * 8 && bad == tar_len; i++) {
		tar[at + i / 8] ^= (uint8_t)(1 << i % 8);
		v = try_bytes(tar, tar_len, 1 << 20);
		tar[at + i / 8] ^= (uint8_t)(1 << i % 8);
		/* A number may begin and end with blanks. */
		if (v != CARRIER_BROKEN && (i / 8 < 148 || i / 8 > 155))
			bad = i;
	}
	ok(bad == tar_len, "each bit of a header flipped (%zu)", bad);

	tar[at + 156] = '2';
	set_checksum(tar + at);
	is(CARRIER_BROKEN, "3375.dat is no regular file", "symbolic link");
	tar[at + 156] = '\0';
	memcpy(tar + at + 257, "ustar  \0", 8);
	set_checksum(tar + at);
	is(CARRIER_PROVEN, NULL, "the header of old");
	memcpy(tar + at + 124, "0000000002x ", 12);
	set_checksum(tar + at);
	is(CARRIER_BROKEN, "size is no number", "size that is none");
	memset(tar + at + 124, 0xff, 12);
	set_checksum(tar + at);
	is(CARRIER_BROKEN, "size is no number", "negative size");
	tar[at + 124] = 0x80;
	set_checksum(tar + at);
	is(CARRIER_BROKEN, "size is no number", "size beyond all measure");
	memset(tar + at, 0xff, 100);
	set_checksum(tar + at);
	is(CARRIER_BROKEN, "member ?", "name that does not print");

	at = begin();
	zeros(1024);
	tar[at + BLOCK + sizeof(ROWS) - 1] = 'x';
	is(CARRIER_BROKEN, "padding of member 3375.dat", "padding");
	begin();
	zeros(1024);
	tar[BLOCK + 4] = 'X';
	is(CARRIER_BROKEN, "byte 516: member toc.dat", "toc.dat that is none");
	tar_len = 0;
	add("toc.data", TOC, sizeof(TOC) - 1);
	zeros(1024);
	is(CARRIER_FOREIGN, "unknown format", "any other tar");
}

/* Sizes from 8 GiB on are base-256; the data are fed, not stored. */
static void
huge(uint64_t missing, enum carrier_verdict want, const char *name)
{
	const uint64_t size = ((uint64_t)1 << 33) + 7;
	const size_t piece = 1 << 22;
	struct carrier *c = carrier_new(NULL);
	uint64_t left = (size + BLOCK - 1) / BLOCK * BLOCK - missing;
	uint8_t *data = calloc(1, piece);
	size_t n;
	enum carrier_verdict v;

	tar_len = 0;
	add("toc.dat", TOC, sizeof(TOC) - 1);
	set_header(tar + tar_len, "3375.dat", size);
	carrier_feed(c, tar, tar_len + BLOCK);
	for (; left > 0; left -= n) {
		n = left < piece ? (size_t)left : piece;
		carrier_feed(c, data, n);
	}
	tar_len = 0;
	add("restore.sql", "x", 1);
	zeros(1024);
	carrier_feed(c, tar, tar_len);
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
	huge(0, CARRIER_PROVEN, "a member of 8 GiB and 7 bytes");
	huge(512, CARRIER_BROKEN, "the same, a block less");
	return (tap_done());
}
