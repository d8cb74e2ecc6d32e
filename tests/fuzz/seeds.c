/* SPDX-License-Identifier: ISC */
/*
 * seeds DIR: writes what the fuzz targets begin with to DIR/TARGET/NAME, the
 * same in every run.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "age/age.h"
#include "unit/archive-make.h"

#define ROOM	65536

#define V	"age-encryption.org/v1\n"
#define A43	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A64	A43 "AAAAAAAAAAAAAAAAAAAAA"
#define MAC	"--- " A43 "\n"
#define BEGIN	AGE_ARMOR_BEGIN "\n"
#define END	AGE_ARMOR_END "\n"
#define SEALED	"\n@N@{the words that were sealed@]"

#define X25519	"-> X25519 " A43 "\n" A43 "\n"
#define SCRYPT	"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\n" A43 "\n"
#define SSH	"-> ssh-ed25519 AAAAAA " A43 "\n" A43 "\n"

#define PUBLIC	"\0\0\0\013ssh-ed25519\0\0\0 "
#define KEY	"0123456789abcdef0123456789abcdef"

#define HEX16	"0123456789abcdef"
#define HEX128	HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16
#define REPORT(more) \
	"{\"program\":\"pgb-verify\",\"version\":\"1\",\"format\":1," \
	"\"notes\":0,\"input\":\"sql\",\"bytes_in\":9,\"bytes_out\":9," \
	"\"proof\":\"mark\",\"started\":\"2026-11-28T02:00:00Z\"," \
	"\"seconds\":1.25" more "}\n"

struct seed {
	const char *target;
	const char *name;
	const char *text;
	size_t len;
};

#define S(target, name, text)	{ target, name, text, sizeof(text) - 1 }

static const struct seed seeds[] = {
	S("minisign", "public", "untrusted comment: x\n"
	    "RWQwMTIzNDU2N8aCJjfH0xDsV2J74AuiWdJTdJ9Kr2REcM/75To19zJC" "\n"),
	S("minisign", "plain", "untrusted comment: x\n"
	    "RWQAAEIyc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3MAAAAAAAAAAA"
	    "AAAAAAAAAAMDEyMzQ1NjdVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"
	    "VcaCJjfH0xDsV2J74AuiWdJTdJ9Kr2REcM/75To19zJCAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAA=" "\n"),
	S("minisign", "locked", "untrusted comment: x\n"
	    "RWRTY0Iyc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3MAgAAAAAAAAA"
	    "CAAAAAAAAAmdhY5hgtWju4sKG7UMRMGmwckcPYCVZMyKot/f/lkq3Dp7+nvqb5"
	    "WjIwV7uUViPQNL9cd1AYdocvxT9iohr+JVpme/2mRy8xXJTSQC9UQnSb/2WL/l"
	    "NqXWbq8juWovNJC+6nrjCOOeI=" "\n"),
	S("minisign", "public-bytes", "x\n@(EdKKKKKKKK" KEY "@]\n"),
	S("minisign", "costly", "x\n@(EdScB2" KEY "\0\0\0\0\0\0\0\1"
	    "\0\0\0\0\0\0\0\1" KEY KEY KEY "01234567@]\n"),
	S("minisign", "signature", "untrusted comment: x\n@(EDKKKKKKKK" KEY KEY
	    "@]\ntrusted comment: a\tb\n@(" KEY KEY "@]\n"),
	S("minisign", "legacy", "untrusted comment: x\r\n@(EdKKKKKKKK" KEY KEY
	    "@]\r\ntrusted comment: \r\r\n@(" KEY KEY "@]"),
	S("minisign", "comment", "a\tb\033[m\377\303\266\t"),

	/* Columns, encoding, flags, two sizes of pieces. */
	S("rows", "rows", "\3\6\3\7\100a\tb\tc\n\\N\t\\\\\t\303\244\n"
	    "\\.\n\n\n"),
	S("rows", "sjis", "\1\43\3\3\5\203\\\203\\N\n\\.\n\n\n"),
	S("rows", "inserts", "\0\6\3\3\5INSERT INTO t (a) VALUES\n\t('a''b'),"
	    "\n\t(B'1') ON CONFLICT DO NOTHING;\n\n\n"),

	S("earlier", "least", REPORT("")),
	S("earlier", "totals", REPORT(",\"made\":\"2026-11-28 02:00:00\","
	    "\"database\":\"appdb\",\"rows\":7,\"data_bytes\":70,"
	    "\"large_objects\":2,\"large_object_bytes\":20,"
	    "\"unchecked\":[\"x\"],\"blake2b\":\"" HEX128 "\","
	    "\"schema_blake2b\":\"" HEX128 "\"")),
	S("earlier", "tables", REPORT(",\"tables\":[{\"schema\":\"public\","
	    "\"name\":\"t\",\"rows\":12,\"bytes\":340,\"stored\":120,"
	    "\"blake2b\":\"" HEX128 "\"},{\"database\":\"x\","
	    "\"schema\":\"\",\"name\":\"\\n\",\"bytes\":5}]")),
	S("earlier", "newer", "{\"program\":\"pgb-verify\",\"format\":2}"),
	S("earlier", "other", "{\"program\":\"pgb-dump\",\"format\":1}"),

	S("age-header", "x25519", V X25519 MAC),
	S("age-header", "scrypt", V SCRYPT MAC),
	S("age-header", "ssh", V SSH X25519 MAC),
	S("age-header", "unknown", V "-> a b c\n" A64 "\nAA\n-> d\n\n" MAC
	    "behind it"),
	S("age-header", "full-line", V "-> a\n" A64 "\n\n" MAC),
	S("age-header", "no-stanza", V MAC),
	S("age-header", "two-blanks", V "-> a  b\n\n" MAC),
	S("age-header", "last-blank", V "-> a \n\n" MAC),
	S("age-header", "cr", "age-encryption.org/v1\r\n" X25519 MAC),
	S("age-header", "v2", "age-encryption.org/v2\n" X25519 MAC),
	S("age-header", "body-without-end", V "-> a\n" A64 "\n" MAC),
	S("age-header", "long-line", V "-> a\n" A64 "A\n\n" MAC),
	S("age-header", "passphrase-beside", V SCRYPT X25519 MAC),
	S("age-header", "short-mac", V X25519 "--- AAAA\n"),

	S("age-stanza", "known", X25519 SSH),
	S("age-stanza", "scrypt", SCRYPT),
	S("age-stanza", "scrypt-0", "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 018\n"
	    A43 "\n"),
	S("age-stanza", "scrypt-100", "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 100\n"
	    A43 "\n"),
	S("age-stanza", "short-body", "-> X25519 " A43 "\nAAAA\n"),
	S("age-stanza", "long-body", "-> X25519 " A43 "\n" A64 "\n\n"),
	S("age-stanza", "bodies", "-> a\n\n-> b\nAA\n-> c\n" A64 "\n" A64
	    "\nAAAA\n"),
	S("age-stanza", "more-args", "-> X25519 " A43 " more\n" A43 "\n"),
	S("age-stanza", "not-canonical", "-> a\nAB\n"),

	S("bech32", "a", "a12uel5l"),
	S("bech32", "upper", "A12UEL5L"),
	S("bech32", "abcdef", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"),
	S("bech32", "split", "split1checkupstagehandshakeupstreamerranterred"
	    "caperred2y9e3w"),
	S("bech32", "ones", "11qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
	    "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqc8247j"),
	S("bech32", "data", "\002age" KEY),
	S("bech32", "identity", "\216AGE-SECRET-KEY-" KEY),

	S("age-armor", "short", BEGIN "AAAA\n" END),
	S("age-armor", "padded", BEGIN "AAA=\n" END),
	S("age-armor", "lines", BEGIN A64 "\n" A64 "\nAA==\n" END),
	S("age-armor", "full", BEGIN A64 "\n" END),
	S("age-armor", "empty", BEGIN END),
	S("age-armor", "crlf", "\r\n \n-----BEGIN AGE ENCRYPTED FILE-----\r\n"
	    "AAAA\r\n-----END AGE ENCRYPTED FILE-----\r\n \t\n"),
	S("age-armor", "no-lf", BEGIN "AAAA\n" AGE_ARMOR_END),
	S("age-armor", "behind", BEGIN "AAAA\n" END "x"),
	S("age-armor", "empty-line", BEGIN "\nAAAA\n" END),
	S("age-armor", "after-short", BEGIN "AAAA\nAAAA\n" END),
	S("age-armor", "indented", " " BEGIN "AAAA\n" END),

	S("ssh-key", "public", "@r me@here"),
	S("ssh-key", "options", "command=\"a \\\" b\",no-pty @r\tme"),
	S("ssh-key", "rsa", "ssh-rsa @(\0\0\0\007ssh-rsa\0\0\0\003\1\0\1@]"),
	S("ssh-key", "public-blob", "ssh-ed25519 @(" PUBLIC KEY "@]"),
	S("ssh-key", "private", "@k"),
	S("ssh-key", "pem", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"),
	S("ssh-key", "locked", "-----BEGIN OPENSSH PRIVATE KEY-----\n@("
	    "openssh-key-v1\0\0\0\0\012aes256-ctr\0\0\0\006bcrypt\0\0\0\0"
	    "\0\0\0\1\0\0\0\063" PUBLIC KEY "\0\0\0\010AAAAAAAA@]\n"
	    "-----END OPENSSH PRIVATE KEY-----\n"),
	S("ssh-key", "plain", "-----BEGIN OPENSSH PRIVATE KEY-----\n@("
	    "openssh-key-v1\0\0\0\0\004none\0\0\0\004none\0\0\0\0"
	    "\0\0\0\1\0\0\0\063" PUBLIC KEY "\0\0\0\250AAAAAAAA" PUBLIC KEY
	    "\0\0\0@" KEY KEY "\0\0\0\1x\1\2\3@]\n"
	    "-----END OPENSSH PRIVATE KEY-----\n"),

	S("age-open", "x25519", V "@T---@M" SEALED),
	S("age-open", "ssh", V "@H---@M" SEALED),
	S("age-open", "passphrase", V "@P---@M" SEALED),
	S("age-open", "second", V "@O-> a b\n\n@T---@M" SEALED),
	S("age-open", "other", V "@O---@M" SEALED),
	S("age-open", "share", V "-> X25519 @S\n@B\n---@M" SEALED),
	S("age-open", "low-order", V X25519 "@T---@M" SEALED),
	S("age-open", "body", V "-> X25519 @S\n" A43 "\n---@M" SEALED),
	S("age-open", "work", V "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 4\n" A43
	    "\n---@M" SEALED),
	S("age-open", "work-5", V "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 5\n" A43
	    "\n---@M" SEALED),
	S("age-open", "mac", V "@T--- " A43 SEALED),
	S("age-open", "empty", V "@T---@M\n@N@E"),
	S("age-open", "chunks", V "@T---@M\n@N@f@f@1"),
	S("age-open", "full", V "@T---@M\n@N@f@F"),
	S("age-open", "no-final", V "@T---@M\n@N@f@f"),
	S("age-open", "behind", V "@T---@M\n@N@f@F@0"),
	S("age-open", "empty-final", V "@T---@M\n@N@f@E"),
	S("age-open", "damaged", V "@T---@M\n@N@f@f@x@f@f@1"),
	S("age-open", "cut", V "@T---@M\n@N@f@f@c"),
	S("age-open", "armor", "@[" V "@T---@M" SEALED "@]"),
	S("age-open", "armor-chunks", "\n@[" V "@H---@M\n@N@f@1@]\n"),
	S("age-open", "armor-damaged", "@[" V "@T---@M\n@N@0@1@]x"),

	S("identity", "ours", "# created: today\n@K\n"),
	S("identity", "crlf", "\r\n@K\r\n#\r\n@L\r\n"),
	S("identity", "two", "@K\n@<AGE-SECRET-KEY-," KEY "@]\n"),
	S("identity", "plugin", "@L"),
	S("identity", "plugin-name", "@<AGE-PLUGIN-X+Y-,data@]"),
	S("identity", "post-quantum", "@<AGE-SECRET-KEY-PQ-," KEY "@]"),
	S("identity", "recipient", "@R\n"),
	S("identity", "damaged", "@K@x\n"),
	S("identity", "ssh", "@k"),
	S("identity", "ssh-public", "@r"),
	S("identity", "encrypted", V "@P---@M\n@N@{@K\n@]"),
	S("identity", "armored", "@[" V "@P---@M\n@N@{#\n@K\n@]@]"),
	S("identity", "encrypted-ssh", V "@P---@M\n@N@{@k@]"),
	S("identity", "encrypted-twice", V "@P---@M\n@N@{" V "@P@]"),
	S("identity", "to-a-key", V "@T---@M\n@N@{@K\n@]"),
	S("identity", "empty", V "@P---@M\n@N@E"),
	S("identity", "nothing", "# nothing\n"),

	S("recipients", "ours", "# us\n@R\n@r me\n"),
	S("recipients", "twice", "@R\n@R\r\n\n@<age," KEY "@]\n"),
	S("recipients", "plugin", "@l\n"),
	S("recipients", "post-quantum", "@<age1pq,x@]\n"),
	S("recipients", "tag", "@<age1tag,x@]\n"),
	S("recipients", "identity", "@K\n"),
	S("recipients", "private", "@k"),
	S("recipients", "damaged", "@R@x\n"),
	S("recipients", "upper", "@<AGE," KEY "@]\n"),
	S("recipients", "rsa", "ssh-rsa @(\0\0\0\007ssh-rsa@]\n@r\n"),
	S("recipients", "rsa-alone", "ssh-rsa @(\0\0\0\007ssh-rsa@]\n"),
	S("recipients", "blob", "ssh-ed25519 @(" PUBLIC KEY "@]\n"),
	S("recipients", "encrypted", V "@P---@M\n@N@1"),

	/* The first byte: 1 unwrap, 2 stderr, 4 no terminal, 8.. answers. */
	S("plugin-talk", "wrap", "\0-> recipient-stanza 0 mold a\nAAAA\n"
	    "-> labels b a b\n\n-> done\n\n"),
	S("plugin-talk", "two", "\2-> recipient-stanza 0 mold\n" A64 "\n\n"
	    "-> recipient-stanza 0 z\n\n-> done\n\n"),
	S("plugin-talk", "malformed", "\0-> recipient-stanza 0 X25519 a\n"
	    "AAAA\n-> done\n\n"),
	S("plugin-talk", "key", "\1-> file-key 0\nAAAAAAAAAAAAAAAAAAAAAA\n"
	    "-> done\n\n"),
	S("plugin-talk", "short-key", "\1-> file-key 0\nAAAA\n-> done\n\n"),
	S("plugin-talk", "none", "\1-> done\n\n"),
	S("plugin-talk", "grease", "\1-> x-grease a\nAA\n-> done\n\n"),
	S("plugin-talk", "message", "\11-> msg\nG1toaQ0K\n-> done\n\n"),
	S("plugin-talk", "confirm", "\1-> confirm eWVz bm8\naGkK\n-> confirm "
	    "b2s\naGk\n-> done\n\n"),
	S("plugin-talk", "ask", "\31-> request-secret\nUElOOg\n"
	    "-> request-public\nbmFtZQ\n-> done\n\n"),
	S("plugin-talk", "nobody", "\5-> request-secret\nUElO\n-> done\n\n"),
	S("plugin-talk", "error", "\1-> error internal\nYmFkCg\n"
	    "-> done\n\n"),
	S("plugin-talk", "error-stanza", "\1-> error stanza 0 1\nYmFk\n"
	    "-> done\n\n"),
	S("plugin-talk", "error-recipient", "\0-> error recipient 0\n\n"
	    "-> done\n\n"),
	S("plugin-talk", "behind", "\1-> done\n\n-> more\n\n"),
	S("plugin-talk", "cut", "\1-> file-key 0\nAA"),

	/* The last byte: 1, 2 a head in front, 4 the end behind. */
	S("sql", "copy", "COPY public.t (a) FROM stdin;\n1\n\\.\n\n\5"),
	S("sql", "quotes", "SELECT 'a''b', E'\\'', \"c\"\"d\";\n\5"),
	S("sql", "dollar", "CREATE FUNCTION f() AS $x$ ; $$ $x$;\n\5"),
	S("sql", "comment", "/* a /* b */ c */ -- d\n;\n\5"),
	S("sql", "cluster", "CREATE ROLE a;\n\\connect b\n\2"),
	S("sql", "whole", "--\n-- PostgreSQL database dump\n--\n\n"
	    "SET a = b;\n\n--\n-- PostgreSQL database dump complete\n--\n\n"
	    "\010"),

	S("carrier", "sql", "\0\12--\n-- PostgreSQL database dump\n--\n\n"),
	S("carrier", "age", "\0\12" V X25519 MAC "0123456789abcdef"
	    "0123456789abcdef"),
	S("carrier", "armor", "\0\12" BEGIN A64 "\n" END),
	S("carrier", "text", "\0\2words"),
};

static const char *top;

static void
put(const char *target, const char *name, const void *p, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", top, target);
	if (mkdir(path, 0777) == -1 && errno != EEXIST)
		goto fail;
	snprintf(path, sizeof(path), "%s/%s/%s", top, target, name);
	if ((f = fopen(path, "w")) == NULL)
		goto fail;
	if (fwrite(p, 1, len, f) != len || fclose(f) != 0)
		goto fail;
	return;
fail:
	perror(path);
	exit(1);
}

/* Text, a word so many times, text. */
static void
repeat(const char *target, const char *name, const char *front,
    const char *word, size_t count, const char *back)
{
	static char buf[ROOM];
	size_t i, n = strlen(word), len = strlen(front);

	if (len + count * n + strlen(back) > sizeof(buf))
		abort();
	memcpy(buf, front, len);
	for (i = 0; i < count; i++, len += n)
		memcpy(buf + len, word, n);
	memcpy(buf + len, back, strlen(back));
	put(target, name, buf, len + strlen(back));
}

/* What is at a limit, and what is beyond it. */
static void
limits(void)
{

	repeat("age-header", "stanzas", V, "-> a\n\n", AGE_STANZA_MAX, MAC);
	repeat("age-header", "more-stanzas", V, "-> a\n\n", AGE_STANZA_MAX + 1,
	    MAC);
	repeat("age-header", "args", V "-> a", " b", AGE_ARG_MAX, "\n\n" MAC);
	repeat("age-header", "more-args", V "-> a", " b", AGE_ARG_MAX + 1,
	    "\n\n" MAC);
	repeat("age-header", "body", V "-> a\n", A64 "\n", 300, "\n" MAC);
	repeat("age-stanza", "args", "-> a", " b", AGE_ARG_MAX, "\n\n");
	repeat("age-stanza", "xwing", "-> mlkem768x25519 ", "AA", 747,
	    "\n" A43 "\n");
	repeat("age-armor", "blanks", "", "\n", AGE_ARMOR_BLANK, BEGIN END);
	repeat("age-armor", "more-blanks", "", "\n", AGE_ARMOR_BLANK + 1,
	    BEGIN END);
	repeat("age-armor", "blanks-behind", BEGIN END, " ",
	    AGE_ARMOR_BLANK + 1, "");
	repeat("recipients", "long-line", "age1", "q", 9000, "\n");
	repeat("recipients", "long-comment", "#", "q", 9000, "\n@R\n");
	repeat("bech32", "long", "\2age", "x", 1280, "");
	repeat("bech32", "post-quantum", "\5age1pq", "x", 1216, "");
	repeat("plugin-talk", "args", "\10-> recipient-stanza 0 a", " b",
	    AGE_ARG_MAX, "\n\n-> done\n\n");
	repeat("plugin-talk", "more-args", "\10-> recipient-stanza 0 a", " b",
	    AGE_ARG_MAX + 1, "\n\n-> done\n\n");
}

/* A tar with a table of contents: the target sets the checksums. */
static void
tar(void)
{
	static uint8_t t[6 * 512];

	strcpy((char *)t, "toc.dat");
	memcpy(t + 100, "0000600 0004000 0002000 ", 24);
	memcpy(t + 124, "00000000013 14000000000 ", 24);
	t[156] = '0';
	memcpy(t + 257, "ustar\0" "00", 8);
	memcpy(t + 512, "PGDMP\1\16\0\4\10\3", 11);
	put("tar", "toc", t, 4 * 512);
	put("tar", "no-end", t, 2 * 512);
	put("tar", "behind", t, sizeof(t));
}

static void
archives(void)
{
	static const struct make_spec specs[] = {
		{ .minor = 12 },
		{ .minor = 14, .compression = 1, .offsets = true },
		{ .minor = 15, .compression = 2 },
		{ .minor = 16, .compression = 3, .offsets = true,
		    .second = true, .statistics = true },
		{ .minor = 16, .schema_only = true },
	};
	struct made all = { 0 }, archive;
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		make_archive(&archive, &specs[i]);
		make_bytes(&all, "\1\0", 2, false);
		make_bytes(&all, archive.buf, archive.len, false);
		snprintf(name, sizeof(name), "archive-%zu", i);
		put("carrier", name, all.buf, all.len);
		put("toc", name, all.buf, all.len);
		made_wipe(&archive);
		made_wipe(&all);
	}
}

/* For the data target: compression, size of chunks, the stream. */
static void
stream(const char *name, uint8_t how, uint8_t chunk, const uint8_t *buf,
    size_t len)
{
	static uint8_t all[ROOM];

	if (len + 2 > ROOM)
		abort();
	all[0] = how;
	all[1] = chunk;
	memcpy(all + 2, buf, len);
	put("data", name, all, len + 2);
}

/* Deflate, flushed so behind each piece; a zlib stream, or raw. */
static size_t
deflated(uint8_t *out, size_t room, const uint8_t *text, size_t len,
    int flush, size_t piece, bool raw, int level)
{
	z_stream z = { 0 };
	size_t at, n;

	if (deflateInit2(&z, level, Z_DEFLATED, raw ? -15 : 15, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_out = out;
	z.avail_out = (uInt)room;
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		z.next_in = (uint8_t *)(uintptr_t)text + at;
		z.avail_in = (uInt)n;
		if (deflate(&z, at + n == len ? Z_FINISH : flush) < 0)
			abort();
	}
	n = room - z.avail_out;
	deflateEnd(&z);
	return (n);
}

static void
streams(void)
{
	static uint8_t text[40000], out[ROOM - 2];
	LZ4F_preferences_t p = { .frameInfo.contentChecksumFlag = 1 };
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t i, n;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)("row\twith\tcolumns\n"[i % 17] +
		    (i % 97 == 3) + (i % 1013 == 7));
	n = deflated(out, sizeof(out), text, 3000, Z_NO_FLUSH, 3000, false, 6);
	stream("gzip", 0, 0, out, n);
	stream("gzip-chunks", 0, 1, out, n);
	n = deflated(out, sizeof(out), text, sizeof(text), Z_FULL_FLUSH, 9000,
	    false, 1);
	stream("gzip-pieces", 0, 0, out, n);
	n = deflated(out, sizeof(out), text, sizeof(text), Z_SYNC_FLUSH, 9000,
	    false, 9);
	stream("gzip-flushed", 0, 0, out, n);
	n = deflated(out, sizeof(out), text, 2000, Z_SYNC_FLUSH, 700, true, 9);
	stream("deflate", 4, 0, out, n);
	n = deflated(out, sizeof(out), text, 300, Z_NO_FLUSH, 300, true, 0);
	stream("deflate-stored", 4, 3, out, n);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(c, out, sizeof(out), text, 3000);
	stream("zstd", 1, 0, out, n);
	n += ZSTD_compress2(c, out + n, sizeof(out) - n, text, 900);
	stream("zstd-frames", 1, 0, out, n);
	ZSTD_freeCCtx(c);
	n = LZ4F_compressFrame(out, sizeof(out), text, 3000, &p);
	stream("lz4", 2, 0, out, n);
	n += LZ4F_compressFrame(out + n, sizeof(out) - n, text, 900, NULL);
	stream("lz4-frames", 2, 2, out, n);
	stream("none", 3, 1, text, 200);
}

/* --- a server's answers, in the order that tests/fuzz/sftp.c asks --- */

#define TEXT3	"\0\0\0\3abc"
#define NO_TAG	"\0\0\0\0"
#define OK	"\0\0\0\0\0\0\0\7Success" NO_TAG
#define NUMBER	"\0\0\0\0\0\0\20\1"
#define ATTRS	"\200\0\0\17" NUMBER NUMBER "\0\0\201\200" \
		"\1\2\3\4\5\6\7\10\0\0\0\1" TEXT3 TEXT3
#define EXT(name, len) "\0\0\0" len name "@openssh.com\0\0\0\0011"

static const struct answer {
	uint8_t type, which;
	const char *body;
	size_t len;
} answers[] = {
#define A(type, which, body)	{ type, which, body, sizeof(body) - 1 }
	A(2, 0, "\0\0\0\3" EXT("posix-rename", "\030") EXT("fsync", "\021")
	    EXT("statvfs", "\023") EXT("limits", "\022")),
	A(201, 0, "\0\0\0\0\0\4\0\0\0\0\0\0\0\3\374\0"
	    "\0\0\0\0\0\3\374\0\0\0\0\0\0\0\1\0"),
	A(102, 0, TEXT3),				/* open */
	A(101, 3, OK), A(101, 0, OK), A(101, 1, OK), A(101, 0, OK), /* write */
	A(105, 0, ATTRS), A(101, 0, OK),		/* fstat, set_mode */
	A(101, 0, OK),					/* set_time */
	A(103, 1, TEXT3), A(103, 0, TEXT3),		/* read */
	A(101, 0, "\0\0\0\1\0\0\0\0" NO_TAG), A(103, 0, TEXT3),
	A(101, 0, OK), A(101, 0, OK),			/* fsync, close */
	A(105, 0, ATTRS), A(105, 0, "\0\0\0\0"),	/* stat, lstat */
	A(101, 0, OK), A(101, 0, "\0\0\0\3"),		/* mkdir, remove */
	A(101, 0, "\0\0\0\4\0\0\0\3no\n" NO_TAG),	/* rename */
	A(101, 0, OK),					/* posix_rename */
	A(104, 0, "\0\0\0\1" TEXT3 TEXT3 ATTRS),	/* realpath */
	A(201, 0, NUMBER NUMBER NUMBER NUMBER NUMBER NUMBER NUMBER NUMBER
	    NUMBER NUMBER NUMBER),			/* space */
	A(102, 0, TEXT3),				/* opendir */
	A(104, 0, "\0\0\0\2" TEXT3 TEXT3 ATTRS TEXT3 TEXT3 "\0\0\0\0"),
	A(101, 0, "\0\0\0\1"),				/* readdir */
#undef A
};

/* In their order the requests have the numbers 0, 1, ...: but for the first. */
static void
sftp(void)
{
	static uint8_t list[ROOM], raw[ROOM];
	size_t l = 1, r = 1, i, len;
	const struct answer *a;

	list[0] = 1;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		a = &answers[i];
		list[l++] = a->type;
		list[l++] = a->which;
		list[l++] = (uint8_t)(a->len >> 8);
		list[l++] = (uint8_t)a->len;
		memcpy(list + l, a->body, a->len);
		l += a->len;

		len = a->len + (i == 0 ? 1 : 5);
		raw[r + 2] = (uint8_t)(len >> 8);
		raw[r + 3] = (uint8_t)len;
		raw[r + 4] = a->type;
		r += 5;
		if (i > 0) {
			raw[r + 3] = (uint8_t)(i - 1);
			r += 4;
		}
		memcpy(raw + r, a->body, a->len);
		r += a->len;
	}
	put("sftp", "list", list, l);
	put("sftp", "raw", raw, r);
	put("sftp", "greeting", "\0Welcome to vault\n", 18);
}

int
main(int argc, char *argv[])
{
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return (2);
	}
	top = argv[1];
	for (i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		put(seeds[i].target, seeds[i].name, seeds[i].text,
		    seeds[i].len);
	limits();
	tar();
	archives();
	streams();
	sftp();
	return (0);
}
