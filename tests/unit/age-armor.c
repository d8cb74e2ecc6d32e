/* SPDX-License-Identifier: ISC */
/* Armor is read strictly: what is not its one form is refused, by its name. */
#include "age-make.h"

static struct file armored;

static void
armor(const char *begin, size_t columns, const char *lf, const char *end)
{
	size_t i, n, at = 0;
	char line[128];
	uint8_t *out = armored.buf;

	at += (size_t)sprintf((char *)out + at, "%s", begin);
	for (i = 0; i < f.len; i += n) {
		n = f.len - i < columns / 4 * 3 ? f.len - i : columns / 4 * 3;
		base64_encode(f.buf + i, n, line);
		memcpy(line + BASE64_LEN(n), "==", 2);
		line[(n + 2) / 3 * 4] = '\0';
		at += (size_t)sprintf((char *)out + at, "%s%s", line, lf);
	}
	at += (size_t)sprintf((char *)out + at, "%s", end);
	armored.len = at;
}

#define AB	AGE_ARMOR_BEGIN "\n"
#define AE	AGE_ARMOR_END "\n"

static void
judge_armor(const char *name, const char *begin, size_t columns,
    const char *lf, const char *end, enum age_fault want)
{

	armor(begin, columns, lf, end);
	judge_file(&armored, name, want, want == AGE_FINE);
}

static char *
blanks(size_t count, const char *behind)
{
	static char text[2 * AGE_ARMOR_BLANK];

	memset(text, '\n', count);
	strcpy(text + count, behind);
	return (text);
}

static void
armors(void)
{
	char end[2 * AGE_ARMOR_BLANK];

	make(H "@N@1");
	judge_armor("armor", AB, 64, "\n", AE, AGE_FINE);
	judge_armor("armor with CRLF", AGE_ARMOR_BEGIN "\r\n", 64, "\r\n",
	    AGE_ARMOR_END "\r\n", AGE_FINE);
	judge_armor("no LF at the end", AB, 64, "\n", AGE_ARMOR_END, AGE_FINE);
	judge_armor("CR alone at the end", AB, 64, "\n", AGE_ARMOR_END "\r",
	    AGE_FINE);
	judge_armor("blank lines outside", "\n \t\r\n\v\f\n" AB, 64, "\n",
	    AE " \n\t\n", AGE_FINE);
	judge_armor("1024 blanks before", blanks(1024, AB), 64, "\n", AE,
	    AGE_FINE);
	judge_armor("1025 blanks before", blanks(1025, AB), 64, "\n", AE,
	    AGE_BAD_HEADER);
	snprintf(end, sizeof(end), AE "%s", blanks(1024, ""));
	judge_armor("1024 blanks behind", AB, 64, "\n", end, AGE_FINE);
	snprintf(end, sizeof(end), AE "%s", blanks(1025, ""));
	judge_armor("1025 blanks behind", AB, 64, "\n", end, AGE_BAD_HEADER);
	judge_armor("blanks before BEGIN in its line", "\n " AB, 64, "\n", AE,
	    AGE_BAD_HEADER);
	judge_armor("blank behind BEGIN", AGE_ARMOR_BEGIN " \n", 64, "\n", AE,
	    AGE_NOT_AGE);
	judge_armor("two CRs", AGE_ARMOR_BEGIN "\r\r\n", 64, "\n", AE,
	    AGE_NOT_AGE);
	judge_armor("BEGIN in lower case",
	    "-----begin age encrypted file-----\n", 64, "\n", AE, AGE_NOT_AGE);
	judge_armor("another type", "-----BEGIN PGP MESSAGE-----\n", 64, "\n",
	    AE, AGE_NOT_AGE);
	judge_armor("garbage before", "garbage\n" AB, 64, "\n", AE,
	    AGE_NOT_AGE);
	judge_armor("garbage behind", AB, 64, "\n", AE "garbage\n",
	    AGE_BAD_HEADER);
	judge_armor("a second file behind", AB, 64, "\n", AE AB,
	    AGE_BAD_HEADER);
	judge_armor("no END line", AB, 64, "\n", "", AGE_CUT);
	judge_armor("END line cut", AB, 64, "\n", "-----END AGE ENCRYPTED",
	    AGE_CUT);
	judge_armor("another END line", AB, 64, "\n",
	    "-----END PGP MESSAGE-----\n", AGE_BAD_HEADER);
	judge_armor("blank behind END in its line", AB, 64, "\n",
	    AGE_ARMOR_END " \n", AGE_BAD_HEADER);
	judge_armor("empty line at the top", AB "\n", 64, "\n", AE,
	    AGE_BAD_HEADER);
	judge_armor("empty line at the end", AB, 64, "\n", "\n" AE,
	    AGE_BAD_HEADER);
	judge_armor("PEM headers", AB "A: b\n\n", 64, "\n", AE,
	    AGE_BAD_HEADER);
	judge_armor("a checksum line", AB, 64, "\n", "=1234\n" AE,
	    AGE_BAD_HEADER);
	judge_armor("lines of 60", AB, 60, "\n", AE, AGE_BAD_HEADER);
	judge_armor("lines of 68", AB, 68, "\n", AE, AGE_BAD_HEADER);
	judge_armor("blank behind each line", AB, 64, " \n", AE,
	    AGE_BAD_HEADER);
	judge_armor("blank before a line", AB " ", 64, "\n", AE,
	    AGE_BAD_HEADER);
	judge_armor("lines ended by CR", AB, 64, "\r", AE, AGE_BAD_HEADER);
	judge_armor("nothing inside", AB AE, 64, "\n", "", AGE_BAD_HEADER);
	make("");
	judge_armor("empty", AB, 64, "\n", AE, AGE_CUT);
}

/* What the last line of base64 may look like. */
static void
armor_ends(void)
{
	size_t n;

	make(V "-> abc\n\n@T" END);	/* one "=" at the end */
	armor(AB, 64, "\n", AE);
	n = armored.len - strlen(AE) - 1;
	if (armored.buf[n - 1] != '=' || armored.buf[n - 2] == '=')
		abort();
	armored.buf[n - 2] ^= 1;	/* 'A' ... have bits left over */
	judge_file(&armored, "bits left over", AGE_BAD_HEADER, 0);
	armor(AB, 64, "\n", AE);
	memmove(armored.buf + n - 1, armored.buf + n, armored.len - n);
	armored.len--;
	judge_file(&armored, "no padding", AGE_BAD_HEADER, 0);

	make(V "-> 34-bytes-make-a-whole-number-lines\n\n@T" END);
	if (f.len % 48 != 0)
		abort();
	armor(AB, 64, "\n", AE);
	judge_file(&armored, "a full last line", AGE_FINE, 1);
	make("age\r\n");
	judge_armor("CRLF in what is decoded", AB, 64, "\n", AE, AGE_NOT_AGE);
	make("age-encryption.org/v1\r\n@T" END);
	judge_armor("CRLF in the header inside", AB, 64, "\n", AE,
	    AGE_BAD_HEADER);
}

int
main(void)
{

	begin();
	armors();
	armor_ends();
	identities_free(ids);
	return (tap_done());
}
