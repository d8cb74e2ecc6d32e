/* SPDX-License-Identifier: ISC */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The character encodings that PostgreSQL knows, as far as bytes can be held
 * against them.  Source: PostgreSQL, src/common/encnames.c and wchar.c.
 */
struct encoding;

/* By PostgreSQL's name in any of its spellings ("UTF8", "utf-8", "LATIN1",
 * "SJIS"); NULL: it knows none of that name. */
const struct encoding *encoding_find(const char *name);

/* PostgreSQL's own name: "UTF8". */
const char *encoding_name(const struct encoding *);

/* Whether bytes of it can be wrong at all: not so in SQL_ASCII and in those of
 * a byte a character, and MULE_INTERNAL is not looked at. */
bool encoding_is_checked(const struct encoding *);

/* Whether a character's later bytes may be below 0x80 (a backslash, but never
 * a tab or a line feed): SJIS, SHIFT_JIS_2004, BIG5, GBK, UHC, GB18030,
 * JOHAB. */
bool encoding_embeds_ascii(const struct encoding *);

/*
 * encoding_char(e, p, len):
 * The character that begins at p, len >= 1 bytes being there: its bytes (1 to
 * 4); 0 where len is too few to tell and they are well so far; -1 where it
 * cannot be one.  A byte below 0x80 is a character of one byte (NUL too).
 */
int encoding_char(const struct encoding *, const uint8_t *p, size_t len);

/*
 * encoding_valid(e, p, len):
 * Bytes from p on that are whole, sound characters; quick where they are ASCII
 * or UTF-8.  What is behind them is unsound, or a character cut by the end.
 */
size_t encoding_valid(const struct encoding *, const uint8_t *p, size_t len);

/* A character of which not all bytes have come. */
struct encoding_part {
	uint8_t buf[4];
	uint8_t len;
};

/*
 * encoding_more(e, part, b):
 * The next byte.  What encoding_char() says of all that are there; where it is
 * whole, the part is empty again.
 */
int encoding_more(const struct encoding *, struct encoding_part *part,
    uint8_t b);

#endif
