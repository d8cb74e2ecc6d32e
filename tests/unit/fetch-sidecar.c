/* SPDX-License-Identifier: ISC */
/* The checksum beside a file is found in all forms that b2sum writes, and no
 * other file's is taken for it. */
#include <stdint.h>

#include "fetch/sidecar.h"
#include "tap.h"

#define HEX \
	"786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419" \
	"d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce"
#define ELSE \
	"ff6a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419" \
	"d25e1031afee585313896444934eb04b903a685b1448b755d56f701afe9be2ce"

static void
try(enum sidecar want, const char *text, const char *base, const char *what)
{
	uint8_t hash[DIGEST_LEN] = { 0 };
	char copy[2000], hex[DIGEST_HEX];
	size_t len = strlen(text);
	enum sidecar got;

	memcpy(copy, text, len);
	copy[len] = 'x';
	got = sidecar_find(copy, len, base, hash);
	digest_hex(hash, hex);
	ok(got == want && (got != SIDECAR_FOUND || strcmp(hex, HEX) == 0),
	    "%s: %d", what, (int)got);
}

int
main(void)
{
	static const char text[] = HEX "  x\n";
	uint8_t hash[DIGEST_LEN];
	unsigned found = 0;
	char copy[sizeof(text)];
	size_t len;

	try(SIDECAR_FOUND, HEX "  x\n", "x", "a line");
	try(SIDECAR_FOUND, HEX "  x", "x", "without LF");
	try(SIDECAR_FOUND, HEX " *x\r\n", "x", "an asterisk, CR LF");
	try(SIDECAR_FOUND, "BLAKE2b (x) = " HEX "\n", "x", "--tag");
	try(SIDECAR_FOUND, "\\" HEX "  a\\\\b\\nc\n", "a\\b\nc", "escapes");
	try(SIDECAR_FOUND, "\\BLAKE2b (a\\\\b) = " HEX "\n", "a\\b",
	    "--tag and escapes");
	try(SIDECAR_FOUND, HEX "  /backups/x\n", "x", "a directory in it");
	try(SIDECAR_FOUND, HEX "  ./x\n", "x", "this directory");
	try(SIDECAR_FOUND, "# hand-made\n\n" ELSE "  y\n" HEX "  x\n", "x",
	    "one of two");
	try(SIDECAR_FOUND, HEX "  x\n" HEX "  ./x\n", "x", "twice the same");
	try(SIDECAR_TWO, HEX "  x\n" ELSE "  x\n", "x", "two that differ");
	try(SIDECAR_TWO, HEX "  a/x\n" ELSE "  b/x\n", "x",
	    "two of other directories");
	try(SIDECAR_NONE, "", "x", "an empty file");
	try(SIDECAR_NONE, "\n\n\r\n", "x", "empty lines");
	try(SIDECAR_NONE, HEX "  y\n", "x", "another name");
	try(SIDECAR_NONE, HEX "  x.dump\n", "x", "a longer name");
	try(SIDECAR_NONE, HEX "  x\n", "x.dump", "a shorter name");
	try(SIDECAR_NONE, HEX "  x/\n", "x", "a directory");
	try(SIDECAR_NONE, HEX "  -\n", "x", "of stdin");
	try(SIDECAR_NONE, HEX "\n", "x", "no name");
	try(SIDECAR_NONE, "SHA512 (x) = " HEX "\n", "x", "another function");
	try(SIDECAR_NONE, "\\" HEX "  a\\x\n", "a\\x", "an escape that is none");
	for (len = 0; len < sizeof(text) - 2; len++) {
		memcpy(copy, text, sizeof(text));
		found += sidecar_find(copy, len, "x", hash) != SIDECAR_NONE;
	}
	ok(found == 0, "cut at every byte: none");
	for (len = 0; len < sizeof(text) - 2; len++) {
		memcpy(copy, text, sizeof(text));
		copy[len] = '\0';
		found += sidecar_find(copy, sizeof(text) - 1, "x", hash) !=
		    SIDECAR_NONE;
	}
	ok(found == 0, "a NUL at every byte: none");
	return (tap_done());
}
