/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_ITEM_H
#define ARCHIVE_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The primitives a table of contents is made of, gathered from pieces of any
 * size: single bytes, integers (sign byte, four bytes little-endian) and
 * strings (an integer for the length, -1 for NULL, then bytes).
 * Source: PostgreSQL, pg_backup_archiver.c, WriteInt() and WriteStr().
 */

/* Bytes that arrived, with a NUL behind them; all zero at first.  It grows
 * with what is really there, never by what a length promises. */
struct text {
	char *s;
	size_t len;
	size_t size;
};

enum item_kind {
	ITEM_BYTES,		/* max bytes, into raw */
	ITEM_INT,		/* into value */
	ITEM_TEXT,		/* up to max bytes, into text; value is the
				 * length, -1 for NULL */
	ITEM_SKIP,		/* the same, looked through; its first
				 * ITEM_SKIP_MAX bytes go into text where there
				 * is one */
};

#define ITEM_SKIP_MAX	(64 * 1024)

#define ITEM_RAW_MAX	16

extern const char item_no_memory[];

struct item {
	enum item_kind kind;
	uint32_t max;
	struct text *text;
	uint8_t raw[ITEM_RAW_MAX];
	size_t have;
	bool body;		/* of a string: its length is known */
	uint32_t left;
	int64_t value;
	const char *error;	/* part of a sentence, static; item_no_memory
				 * is not the archive's fault */
};

/*
 * item_begin(it, kind, max, text):
 * Expect one.  text is for ITEM_TEXT and, if wanted, ITEM_SKIP; borrowed until
 * the item is whole.
 */
void item_begin(struct item *, enum item_kind kind, uint32_t max,
    struct text *text);

/*
 * item_feed(it, buf, len):
 * Take bytes from *buf, forward, never more than the item has.  Returns 1 when
 * it is whole, 0 when it wants more, -1 when it cannot be (error is set).
 */
int item_feed(struct item *, const uint8_t **buf, size_t *len);

/* The text; "" where nothing arrived. */
const char *text_str(const struct text *);

/* Append: 0, or -1 without memory. */
int text_add(struct text *, const void *buf, size_t len);
void text_wipe(struct text *);

/*
 * array_grow(array, size, count, width):
 * Make room for one more than count elements of width bytes; *size is how many
 * there is room for.  Returns the array, which may have moved, or NULL without
 * memory: it is unchanged then.
 */
void *array_grow(void *array, size_t *size, size_t count, size_t width);

#endif
