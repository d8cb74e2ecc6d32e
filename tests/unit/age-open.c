/* SPDX-License-Identifier: ISC */
/* What is not well-formed, authentic and whole age is refused, by its name. */
#include "age-make.h"

#define SALT	"AAAAAAAAAAAAAAAAAAAAAA"
#define B48	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static void
judge(const char *template, const char *name, enum age_fault want, size_t plain)
{

	make(template);
	judge_file(&f, name, want, plain);
}

static const struct header_case {
	const char *name, *template;
	enum age_fault want;
} header_cases[] = {
	{ "x25519", V "@T" END, AGE_FINE },
	{ "two recipients, ours last", V "@O@T" END, AGE_FINE },
	{ "another's file", V "@O" END, AGE_NO_MATCH },
	{ "grease beside ours", V "-> x-grease !#~ b\nAAAA\n@T" END, AGE_FINE },
	{ "stanza with a type alone", V "-> a\n\n@T" END, AGE_FINE },
	{ "body of 48 bytes and its empty line", V "-> a\n" B48 "\n@T" END,
	    AGE_FINE },
	{ "body of 96 bytes", V "-> a\n" B48 B48 "\n@T" END, AGE_FINE },
	{ "version 2", "age-encryption.org/v2\n@T" END, AGE_BAD_HEADER },
	{ "version 11", "age-encryption.org/v11\n@T" END, AGE_BAD_HEADER },
	{ "CR in the version line", "age-encryption.org/v1\r\n@T" END,
	    AGE_BAD_HEADER },
	{ "byte order mark", "\xef\xbb\xbf" V "@T" END, AGE_NOT_AGE },
	{ "something else", "PGDMP", AGE_NOT_AGE },
	{ "something else with the first letter", "all", AGE_NOT_AGE },
	{ "nothing", "", AGE_NOT_AGE },
	{ "no stanza", V END, AGE_BAD_HEADER },
	{ "version alone", V, AGE_CUT },
	{ "neither stanza nor MAC", V "@T" "x\n" END, AGE_BAD_HEADER },
	{ "empty line between stanzas", V "@T\n@O" END, AGE_BAD_HEADER },
	{ "bad start of a stanza", V "--> a\n\n@T" END, AGE_BAD_HEADER },
	{ "blank before a stanza", V " -> a\n\n@T" END, AGE_BAD_HEADER },
	{ "stanza without a blank", V "->a\n\n@T" END, AGE_BAD_HEADER },
	{ "stanza without a type", V "-> \n\n@T" END, AGE_BAD_HEADER },
	{ "stanza of an arrow", V "->\n\n@T" END, AGE_BAD_HEADER },
	{ "empty argument", V "-> a  b\n\n@T" END, AGE_BAD_HEADER },
	{ "empty first argument", V "->  a\n\n@T" END, AGE_BAD_HEADER },
	{ "blank behind the arguments", V "-> a \n\n@T" END, AGE_BAD_HEADER },
	{ "byte above 126 in an argument", V "-> a \x7f\n\n@T" END,
	    AGE_BAD_HEADER },
	{ "letter outside ASCII", V "-> \xc3\xa4\n\n@T" END, AGE_BAD_HEADER },
	{ "tab in an argument", V "-> a\tb\n\n@T" END, AGE_BAD_HEADER },
	{ "CR in a stanza", V "-> a\r\n\n@T" END, AGE_BAD_HEADER },
	{ "CR in a body", V "-> a\nAAAA\r\n@T" END, AGE_BAD_HEADER },
	{ "no body", V "-> a\n@T" END, AGE_BAD_HEADER },
	{ "no body before the MAC", V "@T-> a\n" END, AGE_BAD_HEADER },
	{ "no short line", V "-> a\n" B48 "@T" END, AGE_BAD_HEADER },
	{ "two short lines", V "-> a\nAAAA\nAAAA\n@T" END, AGE_BAD_HEADER },
	{ "line of 68 columns", V "-> a\nAAAA" B48 "\n@T" END, AGE_BAD_HEADER },
	{ "padding in a body", V "-> a\nAA==\n@T" END, AGE_BAD_HEADER },
	{ "bits left over in a body", V "-> a\nAB\n@T" END, AGE_BAD_HEADER },
	{ "one character of a body", V "-> a\nA\n@T" END, AGE_BAD_HEADER },
	{ "another alphabet", V "-> a\nAA__\n@T" END, AGE_BAD_HEADER },
	{ "passphrase beside ours", V "-> scrypt " SALT " 10\n"
	    "@B\n@T" END, AGE_BAD_HEADER },
	{ "passphrase beside something unknown", V "-> x\n\n"
	    "-> scrypt " SALT " 10\n@B\n" END, AGE_BAD_HEADER },
	{ "passphrase alone", V "-> scrypt " SALT " 10\n@B\n" END,
	    AGE_WANTS_PASSPHRASE },
	{ "no X25519 at all", V "-> ssh-rsa AAAA\nAAAA\n" END, AGE_WANTS_KEY },
	{ "type in lower case", V "-> x25519 @S\n@B\n" END, AGE_WANTS_KEY },
	{ "a longer type", V "-> X25519b @S\n@B\n" END, AGE_WANTS_KEY },
	{ "one argument too many", V "-> X25519 @S 1234\n@B\n" END,
	    AGE_BAD_HEADER },
	{ "no share", V "-> X25519\n@B\n" END, AGE_BAD_HEADER },
	{ "share too long", V "-> X25519 A@S\n@B\n" END, AGE_BAD_HEADER },
	{ "share too short", V "-> X25519 AAAA\n@B\n" END, AGE_BAD_HEADER },
	{ "share with bits left over", V "-> X25519 "
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n@B\n" END,
	    AGE_BAD_HEADER },
	{ "share of low order", V "-> X25519 "
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n@B\n" END,
	    AGE_BAD_HEADER },
	{ "another share of low order", V "-> X25519 "
	    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n@B\n" END,
	    AGE_BAD_HEADER },
	{ "body too long (a file key of 24 bytes)", V "-> X25519 @S\n"
	    "@BAAAAAAAAAA\n" END, AGE_BAD_HEADER },
	{ "body too short", V "-> X25519 @S\nAAAA\n" END, AGE_BAD_HEADER },
	{ "body empty", V "-> X25519 @S\n\n" END, AGE_BAD_HEADER },
	{ "malformed stanza behind ours", V "@T-> X25519 AAAA\n@B\n" END,
	    AGE_BAD_HEADER },
	{ "body of another key", V "-> X25519 @S\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" END, AGE_NO_MATCH },
	{ "work factor with a leading zero", V "-> scrypt " SALT " 010\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor with a sign", V "-> scrypt " SALT " +10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor with a minus", V "-> scrypt " SALT " -10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor with hexadecimal digits", V "-> scrypt " SALT " 0xa\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor with a letter behind it", V "-> scrypt " SALT " 10a\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor zero", V "-> scrypt " SALT " 0\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor with an exponent", V "-> scrypt " SALT " 1e1\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "work factor of three digits is a number", V "-> scrypt " SALT " 123\n"
	    "@B\n" END, AGE_WANTS_PASSPHRASE },
	{ "work factor beyond 64 bits is one", V "-> scrypt " SALT " 18446744073709551626\n"
	    "@B\n" END, AGE_WANTS_PASSPHRASE },
	{ "passphrase without a work factor", V "-> scrypt " SALT "\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "passphrase without a salt", V "-> scrypt 10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "passphrase with one argument more", V "-> scrypt " SALT " 10 10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "salt too short", V "-> scrypt AAAAAAAAAAAAAAAAAAAA 10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "salt too long", V "-> scrypt " SALT "AAAA 10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "salt with bits left over", V "-> scrypt AAAAAAAAAAAAAAAAAAAAAB 10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "two passphrases", V "-> scrypt " SALT " 10\n@B\n"
	    "-> scrypt " SALT " 10\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "SSH stanza for nobody here", V "-> ssh-ed25519 AAAAAA @S\n"
	    "@B\n" END, AGE_WANTS_KEY },
	{ "SSH tag too short", V "-> ssh-ed25519 AAAA @S\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "SSH tag too long", V "-> ssh-ed25519 AAAAAAA @S\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "SSH tag with bits left over", V "-> ssh-ed25519 AAAAAB @S\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "SSH stanza without a share", V "-> ssh-ed25519 AAAAAA\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "SSH share too short", V "-> ssh-ed25519 AAAAAA AAAA\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "SSH stanza with one argument more", V "-> ssh-ed25519 AAAAAA @S x\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "malformed SSH stanza behind ours", V "@T-> ssh-ed25519 AAAAAA\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "post-quantum stanza cut short", V "-> mlkem768x25519 AAAA\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "post-quantum stanza without a share", V "-> mlkem768x25519\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "malformed post-quantum stanza behind ours", V "@T-> mlkem768x25519 AAAA\n"
	    "@B\n" END, AGE_BAD_HEADER },
	{ "body of a passphrase stanza too long", V "-> scrypt " SALT " 10\n@BAAAA\n"
	    END, AGE_BAD_HEADER },
	{ "body of a passphrase stanza too short", V "-> scrypt " SALT " 10\nAAAA\n"
	    END, AGE_BAD_HEADER },
	{ "body of an SSH stanza too long (24 bytes of file key)", V
	    "-> ssh-ed25519 AAAAAA @S\n@BAAAAAAAAAA\n" END, AGE_BAD_HEADER },
	{ "body of an SSH stanza too short", V "-> ssh-ed25519 AAAAAA @S\nAAAA\n"
	    END, AGE_BAD_HEADER },
	{ "no MAC", V "@T---\n@N@1", AGE_BAD_HEADER },
	{ "no MAC but a blank", V "@T--- \n@N@1", AGE_BAD_HEADER },
	{ "wrong MAC", V "@T--- "
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n@N@1", AGE_BAD_MAC },
	{ "MAC with bits left over", V "@T--- "
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB\n@N@1",
	    AGE_BAD_HEADER },
	{ "MAC without its blank", V "@T---"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n@N@1",
	    AGE_BAD_HEADER },
	{ "MAC with two blanks", V "@T--- "
	    " AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n@N@1",
	    AGE_BAD_HEADER },
	{ "blank behind the MAC", V "@T---@M \n@N@1", AGE_BAD_HEADER },
	{ "CR behind the MAC", V "@T---@M\r\n@N@1", AGE_BAD_HEADER },
	{ "MAC too long", V "@T---@MA\n@N@1", AGE_BAD_HEADER },
	{ "MAC too short", V "@T--- AAAA\n@N@1", AGE_BAD_HEADER },
	{ "MAC without its LF", V "@T---@M", AGE_CUT },
	{ "MAC, then nothing", V "@T---@M\n", AGE_CUT },
};

static void
headers(void)
{
	size_t i;

	for (i = 0; i < sizeof(header_cases) / sizeof(header_cases[0]); i++)
		judge(header_cases[i].template, header_cases[i].name,
		    header_cases[i].want, header_cases[i].want == AGE_FINE);
	make(V "@T" END);
	f.buf[strlen(V "-> X25519 ")] ^= 'A' ^ 'B';
	judge_file(&f, "a changed share", AGE_NO_MATCH, 0);
	make(V "-> x\n\n@T" END);
	f.buf[strlen(V "-> ")] ^= 1;
	judge_file(&f, "a changed type beside ours", AGE_BAD_MAC, 0);
}

/* A header of count stanzas, ours last. */
static void
many(const char *name, size_t stanzas, size_t args, size_t body_lines,
    enum age_fault want)
{
	size_t i;

	f.len = 0;
	put(V, strlen(V));
	for (i = 1; i < stanzas; i++)
		put("-> a\n\n", 6);
	if (args > 0) {
		put("-> a", 4);
		for (i = 0; i < args; i++)
			put(" b", 2);
		put("\n\n", 2);
	}
	if (body_lines > 0) {
		put("-> a\n", 5);
		for (i = 0; i < body_lines; i++)
			put(B48, 65);
		put("\n", 1);
	}
	put_mark('T');
	put("---", 3);
	put_mac();
	put("\n", 1);
	put_mark('N');
	put_mark('1');
	judge_file(&f, name, want, want == AGE_FINE);
}

static void
limits(void)
{
	/* V, "-> a\n", lines, "\n", our stanza, MAC line. */
	size_t lines = (AGE_HEADER_MAX - 22 - 5 - 1 - 98 - 48) / 65;

	many("1024 stanzas", AGE_STANZA_MAX, 0, 0, AGE_FINE);
	many("1025 stanzas", AGE_STANZA_MAX + 1, 0, 0, AGE_BAD_HEADER);
	many("128 arguments", 1, AGE_ARG_MAX, 0, AGE_FINE);
	many("129 arguments", 1, AGE_ARG_MAX + 1, 0, AGE_BAD_HEADER);
	many("a header of nearly 2 MiB", 1, 0, lines, AGE_FINE);
	many("a header of more than 2 MiB", 1, 0, lines + 1, AGE_BAD_HEADER);
	f.len = 0;
	put(V "-> ", strlen(V "-> "));
	memset(f.buf + f.len, 'a', ROOM - f.len);
	f.len = ROOM;
	judge_file(&f, "a line without end", AGE_BAD_HEADER, 0);
}

static void
payloads(void)
{
	const size_t full = AGE_CHUNK_LEN;

	judge(H "@N@E", "empty payload", AGE_FINE, 0);
	judge(H "@N@F", "one full final chunk", AGE_FINE, full);
	judge(H "@N@f@1", "two chunks", AGE_FINE, full + 1);
	judge(H "@N@f@F", "two full chunks", AGE_FINE, 2 * full);
	judge(H "@N@f@f@1", "three chunks", AGE_FINE, 2 * full + 1);
	judge(H "short nonce", "short nonce", AGE_CUT, 0);
	judge(H "@N", "no chunk", AGE_CUT, 0);
	judge(H "@Nabcdefghijklmno", "less than a tag", AGE_CUT, 0);
	judge(H "@Nabcdefghijklmnop", "a tag of nothing", AGE_CUT, 0);
	judge(H "@N@f", "no final chunk", AGE_CUT, 0);
	judge(H "@N@f@f", "no final chunk behind another", AGE_CUT, full);
	judge(H "@N@0", "no final chunk, a short one", AGE_CUT, 0);
	judge(H "@N@f@0", "a short one behind another", AGE_CUT, full);
	judge(H "@N@f@E", "an empty final chunk behind another", AGE_CUT, full);
	judge(H "@N@x", "a damaged chunk", AGE_CUT, 0);
	judge(H "@N@f@x", "a damaged second chunk", AGE_CUT, full);
	judge(H "@N@F" "z", "one byte behind the final chunk", AGE_CUT, 0);
	judge(H "@N@f@F" "more bytes than a tag has", "more behind it", AGE_CUT,
	    full);
	judge(H "@N@1" "z", "one byte behind a short final chunk", AGE_CUT, 0);
	judge(H "@N@0@1", "a short chunk that is not the last", AGE_CUT, 0);
	judge(H "@N@F@F", "two final chunks", AGE_CUT, 0);
	judge(H "@N@f@F@F", "two final chunks behind another", AGE_CUT, full);
	judge(H "@N@1@1", "two short final chunks", AGE_CUT, 0);
	make(H "@N@f@f@1");
	f.buf[184 + 100] ^= 0x40;
	judge_file(&f, "damage in the first of three", AGE_BAD_CHUNK, 0);
	make(H "@N@f@f@1");
	f.buf[184 + AGE_SEALED_LEN + 100] ^= 0x40;
	judge_file(&f, "damage in the second of three", AGE_BAD_CHUNK, full);
	make(H "@N@f@F");
	f.buf[184 + AGE_SEALED_LEN + 100] ^= 0x40;
	judge_file(&f, "damage in a full final chunk", AGE_BAD_CHUNK, full);
	make(H "@N@f@f@1");
	memmove(f.buf + 184, f.buf + 184 + AGE_SEALED_LEN,
	    f.len - 184 - AGE_SEALED_LEN);
	f.len -= AGE_SEALED_LEN;
	judge_file(&f, "the first chunk left out", AGE_BAD_CHUNK, 0);
	make(H "@N@f@f@1");
	memcpy(f.buf + 184, f.buf + 184 + AGE_SEALED_LEN, AGE_SEALED_LEN);
	judge_file(&f, "the second chunk in the first's place", AGE_BAD_CHUNK,
	    0);
}

/* One bit flipped, one cut, at every byte of a small file. */
static void
every_byte(const char *template, const char *name)
{
	char why[AGE_WHY_LEN];
	size_t i, bad = 0, len, first = 0;
	unsigned bit;

	make(template);
	threads = 1;
	if (try(&f, ROOM, why) != AGE_FINE)
		abort();
	for (i = 0; i < f.len; i++)
		for (bit = 0; bit < 8; bit++) {
			f.buf[i] ^= (uint8_t)(1U << bit);
			if (try(&f, ROOM, why) == AGE_FINE && bad++ == 0)
				first = i;
			f.buf[i] ^= (uint8_t)(1U << bit);
		}
	ok(bad == 0, "%s: each of %zu flipped bits is seen (%zu not, the first "
	    "at byte %zu)", name, 8 * f.len, bad, first);
	len = f.len;
	for (f.len = 0, bad = 0; f.len < len; f.len++)
		bad += try(&f, ROOM, why) == AGE_FINE;
	ok(bad == 0, "%s: so is a cut at each of %zu bytes", name, len);
}

int
main(void)
{

	begin();
	headers();
	limits();
	payloads();
	every_byte(H "@N@1", "one recipient");
	every_byte(V "@O-> x-grease a\nAAAA\n@T---@M\n@N@E",
	    "two recipients, padding, nothing inside");
	identities_free(ids);
	return (tap_done());
}
