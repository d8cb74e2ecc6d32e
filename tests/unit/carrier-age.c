/* SPDX-License-Identifier: ISC */
/* Age is proven by its END line, or by its final chunk and what is inside. */
#include "age-make.h"
#include "carrier/carrier.h"

static const char dump[] =
    "--\n-- PostgreSQL database dump\n--\n\n"
    "SET statement_timeout = 0;\n\n"
    "--\n-- PostgreSQL database dump complete\n--\n\n";

static struct file armored;
static const struct carrier_opts *opts;	/* NULL: age stays shut */
static char why[700];

/* An age file of a plaintext. */
static void
encrypt(const char *header, const uint8_t *plain, size_t len)
{
	static uint8_t sealed[AGE_SEALED_LEN];
	size_t n;
	bool last;

	make(header);
	do {
		n = len < AGE_CHUNK_LEN ? len : AGE_CHUNK_LEN;
		last = n == len;
		seal_chunk(f.index++, last, plain, n, sealed);
		put(sealed, n + AGE_TAG_LEN);
		plain += n;
		len -= n;
	} while (!last);
}

static void
armor(void)
{
	size_t i, n, at;
	char line[128];

	at = (size_t)sprintf((char *)armored.buf, AGE_ARMOR_BEGIN "\n");
	for (i = 0; i < f.len; i += n) {
		n = f.len - i < 48 ? f.len - i : 48;
		base64_encode(f.buf + i, n, line);
		memcpy(line + BASE64_LEN(n), "==", 2);
		line[(n + 2) / 3 * 4] = '\0';
		at += (size_t)sprintf((char *)armored.buf + at, "%s\n", line);
	}
	at += (size_t)sprintf((char *)armored.buf + at, AGE_ARMOR_END "\n");
	armored.len = at;
}

static enum carrier_verdict
verdict_by(const uint8_t *buf, size_t len, size_t step)
{
	enum carrier_verdict v;
	struct carrier *c;
	size_t i, n;

	if ((c = carrier_new(opts)) == NULL)
		abort();
	for (i = 0; i < len; i += n) {
		n = len - i < step ? len - i : step;
		if (carrier_feed(c, buf + i, n) == -1)
			break;
	}
	v = carrier_end(c);
	snprintf(why, sizeof(why), "%s", carrier_why(c));
	carrier_free(c);
	return (v);
}

static enum carrier_verdict
verdict(const uint8_t *buf, size_t len)
{

	return (verdict_by(buf, len, len == 0 ? 1 : len));
}

/* How many cuts, shorter than the whole, have a verdict. */
static size_t
cuts(const struct file *file, enum carrier_verdict which)
{
	size_t i, count = 0;

	for (i = 0; i < file->len; i++)
		count += verdict(file->buf, i) == which;
	return (count);
}

static size_t
flips(struct file *file, enum carrier_verdict which)
{
	size_t i, count = 0;
	unsigned bit;

	for (i = 0; i < file->len; i += tap_step()) {
		for (bit = 0; bit < 8; bit++) {
			file->buf[i] ^= (uint8_t)(1 << bit);
			count += verdict(file->buf, file->len) == which;
			file->buf[i] ^= (uint8_t)(1 << bit);
		}
	}
	return (count);
}

static void
shut(void)
{
	static uint8_t zeros[3 * AGE_CHUNK_LEN];
	size_t n, head, bad = 0, edge;

	opts = NULL;
	encrypt(H "@N", (const uint8_t *)dump, strlen(dump));
	head = f.len - strlen(dump) - AGE_TAG_LEN;
	ok(verdict(f.buf, f.len) == CARRIER_OPEN, "binary: no end is seen");
	same(why, "age: shows no end that could be checked without its key",
	    "and it says so");
	ok(verdict_by(f.buf, f.len, 1) == CARRIER_OPEN, "byte by byte too");
	for (n = 22; n < head + AGE_TAG_LEN; n++)
		bad += verdict(f.buf, n) == CARRIER_BROKEN;
	ok(bad == head + AGE_TAG_LEN - 22, "broken before one whole tag");
	ok(cuts(&f, CARRIER_PROVEN) == 0, "no cut is proven");
	ok(flips(&f, CARRIER_PROVEN) == 0, "no flipped bit makes it proven");

	encrypt(H "@N", zeros, sizeof(zeros));
	for (edge = 1; edge <= 2; edge++) {
		n = head + edge * AGE_SEALED_LEN;
		ok(verdict(f.buf, n) == CARRIER_OPEN, "open at edge %zu", edge);
		for (bad = 0; verdict(f.buf, n + bad + 1) == CARRIER_BROKEN;)
			bad++;
		ok(bad == 16, "broken 1 to 16 bytes past it");
	}
	make(V "@T-> X25519 AAAA\n@B\n---@M\n@N@1");
	ok(verdict(f.buf, f.len) == CARRIER_BROKEN, "malformed stanza");
	same(why, "age: byte 123: header: stanza 2: malformed X25519 stanza",
	    "and it says where");
	make("age-encryption.org/v2\n@T---@M\n@N@1");
	ok(verdict(f.buf, f.len) == CARRIER_FOREIGN, "version 2 is foreign");
}

static void
shut_armor(void)
{

	opts = NULL;
	encrypt(H "@N", (const uint8_t *)dump, strlen(dump));
	armor();
	ok(verdict(armored.buf, armored.len) == CARRIER_PROVEN,
	    "armor: the END line proves");
	ok(verdict_by(armored.buf, armored.len, 1) == CARRIER_PROVEN,
	    "byte by byte too");
	/* The armor itself permits that the last LF lacks. */
	ok(verdict(armored.buf, armored.len - 1) == CARRIER_PROVEN,
	    "without its last LF it is whole");
	ok(cuts(&armored, CARRIER_PROVEN) == 1, "no other cut is");
	ok(verdict(armored.buf, 200) == CARRIER_BROKEN, "but broken");
	make(H "@Nshort");
	armor();
	ok(verdict(armored.buf, armored.len) == CARRIER_BROKEN,
	    "a cut file, armored whole");
	make("PGDMP");
	armor();
	ok(verdict(armored.buf, armored.len) == CARRIER_BROKEN,
	    "no age in the armor");
}

static void
opened(void)
{

	encrypt(H "@N", (const uint8_t *)dump, strlen(dump));
	ok(verdict(f.buf, f.len) == CARRIER_PROVEN, "with the key: proven");
	ok(verdict_by(f.buf, f.len, 1) == CARRIER_PROVEN, "byte by byte too");
	ok(cuts(&f, CARRIER_PROVEN) == 0, "no cut is");
	ok(flips(&f, CARRIER_PROVEN) == 0, "no flipped bit is");
	armor();
	ok(verdict(armored.buf, armored.len) == CARRIER_PROVEN,
	    "armored, with the key: proven");
	ok(verdict_by(armored.buf, armored.len, 1) == CARRIER_PROVEN,
	    "byte by byte too");
	ok(cuts(&armored, CARRIER_PROVEN) == 1, "no cut but the last LF");
	ok(flips(&armored, CARRIER_PROVEN) == 0, "no flipped bit is");

	encrypt(H "@N", (const uint8_t *)dump, strlen(dump));
	put("x", 1);
	ok(verdict(f.buf, f.len) == CARRIER_BROKEN, "a byte behind it");
	encrypt(V "@O---@M\n@N", (const uint8_t *)dump, strlen(dump));
	ok(verdict(f.buf, f.len) == CARRIER_BROKEN, "another's file");
	same(why, "age: byte 0: no identity matches (tried: 1; "
	    "recipients of their kinds: 1)", "and it says so");
	ok(verdict(f.buf, 0) == CARRIER_EMPTY, "nothing at all is empty");
}

static void
count_opened(void *arg)
{

	++*(unsigned *)arg;
}

static void
told_opened(struct carrier_opts *key)
{
	static uint8_t big[2 * AGE_CHUNK_LEN + 1];
	unsigned count = 0;

	key->opened = count_opened;
	key->opened_arg = &count;
	encrypt(H "@N", (const uint8_t *)dump, strlen(dump));
	(void)verdict_by(f.buf, f.len, 1);
	ok(count == 1, "opened: told once");
	encrypt(H "@N", big, sizeof(big));
	(void)verdict(f.buf, f.len);
	ok(count == 2, "of three chunks as well, though what is inside is "
	    "foreign");
	encrypt(H "@N", big, 0);
	(void)verdict(f.buf, f.len);
	ok(count == 3, "and where nothing is inside");
	(void)verdict(f.buf, f.len - 1);
	encrypt(V "@O---@M\n@N", (const uint8_t *)dump, strlen(dump));
	(void)verdict(f.buf, f.len);
	ok(count == 3, "not of what could not be opened");
	encrypt(H "@N", (const uint8_t *)dump, strlen(dump));
	armor();
	(void)verdict(armored.buf, armored.len);
	ok(count == 4, "armored: once");
	key->opened = NULL;
}

/* Stock age closes what broke off with a final chunk. */
static void
inside(void)
{
	static uint8_t big[2 * AGE_CHUNK_LEN + 1];
	size_t i, n = strlen(dump), proven = 0;
	uint8_t *p = big;

	for (i = 0; i < n - 2; i++) {
		encrypt(H "@N", (const uint8_t *)dump, i);
		proven += verdict(f.buf, f.len) == CARRIER_PROVEN;
	}
	ok(proven == 0, "a cut dump inside a whole age file");
	encrypt(H "@N", (const uint8_t *)dump, n - 30);
	ok(verdict(f.buf, f.len) == CARRIER_BROKEN, "is broken");
	ok(strncmp(why, "inside age: plain SQL dump: ", 28) == 0,
	    "and it says where: %s", why);
	encrypt(H "@N", (const uint8_t *)"what is this? and that?", 23);
	ok(verdict(f.buf, f.len) == CARRIER_FOREIGN, "foreign inside");
	encrypt(H "@N", big, 0);
	ok(verdict(f.buf, f.len) == CARRIER_EMPTY, "nothing inside");

	memset(big, '\n', sizeof(big));
	memcpy(big, dump, 35);
	memcpy(p + sizeof(big) - (n - 35), dump + 35, n - 35);
	encrypt(H "@N", big, sizeof(big));
	ok(verdict(f.buf, f.len) == CARRIER_PROVEN, "three chunks");
	ok(verdict_by(f.buf, f.len, 65537) == CARRIER_PROVEN, "in pieces too");
	i = 184 + AGE_SEALED_LEN;
	f.buf[i + 9] ^= 1;
	ok(verdict(f.buf, f.len) == CARRIER_BROKEN, "one bit in the second");
	same(why, "age: byte 65736: chunk 1 is damaged: it does not "
	    "authenticate", "and it says where");
	ok(verdict(f.buf, i) == CARRIER_BROKEN, "only one chunk is there");
	same(why, "age: byte 65736: cut short behind chunk 0: no final chunk",
	    "and it says so");
}

int
main(void)
{
	static struct carrier_opts key = { .age_key = &carrier_age_key };

	begin();
	shut();
	shut_armor();
	key.age_key_arg = ids;
	opts = &key;
	opened();
	told_opened(&key);
	inside();
	identities_free(ids);
	return (tap_done());
}
