/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "archive/archive-item.h"

const char item_no_memory[] = "out of memory";

#define INT_LEN	5	/* sign byte and magnitude */

void
item_begin(struct item *it, enum item_kind kind, uint32_t max,
    struct text *text)
{

	it->kind = kind;
	it->max = max;
	it->text = text;
	it->have = 0;
	it->body = false;
	it->error = NULL;
	if (text != NULL) {
		text->len = 0;
		if (text->s != NULL)
			text->s[0] = '\0';
	}
}

/* Gather need bytes in raw: whether they are all there. */
static bool
gather(struct item *it, size_t need, const uint8_t **buf, size_t *len)
{
	size_t n = need - it->have;

	if (n > *len)
		n = *len;
	memcpy(it->raw + it->have, *buf, n);
	it->have += n;
	*buf += n;
	*len -= n;
	return (it->have == need);
}

/*
 * Only what WriteInt() can have written: a magnitude that an int has, and no
 * negative zero.  The reader of PostgreSQL lets more pass; here it is damage.
 */
static int
parse_int(struct item *it)
{
	uint32_t magnitude = (uint32_t)it->raw[1] |
	    (uint32_t)it->raw[2] << 8 | (uint32_t)it->raw[3] << 16 |
	    (uint32_t)it->raw[4] << 24;

	if (it->raw[0] > 1) {
		it->error = "its sign byte is neither 0 nor 1";
		return (-1);
	}
	if (it->raw[0] == 1 ? magnitude == 0 || magnitude > 0x80000000U :
	    magnitude > INT32_MAX) {
		it->error = "no integer that pg_dump writes";
		return (-1);
	}
	it->value = it->raw[0] == 1 ? -(int64_t)magnitude : (int64_t)magnitude;
	return (1);
}

/* The length of a string was read: 1 when that was all of it. */
static int
begin_body(struct item *it)
{

	if (it->value < -1) {
		it->error = "its length is negative";
		return (-1);
	}
	if (it->value > (int64_t)it->max) {
		it->error = "longer than can be";
		return (-1);
	}
	if (it->value <= 0)
		return (1);
	it->body = true;
	it->left = (uint32_t)it->value;
	return (0);
}

/* How many of the n bytes that come next are kept. */
static size_t
kept(const struct item *it, size_t n)
{
	size_t room;

	if (it->text == NULL)
		return (0);
	if (it->kind == ITEM_TEXT)
		return (n);
	room = ITEM_SKIP_MAX - it->text->len;
	return (n < room ? n : room);
}

static int
feed_body(struct item *it, const uint8_t **buf, size_t *len)
{
	size_t n = it->left < *len ? it->left : *len, keep = kept(it, n);

	if (memchr(*buf, '\0', n) != NULL) {
		it->error = "a NUL byte in a string";
		return (-1);
	}
	if (keep > 0 && text_add(it->text, *buf, keep) != 0) {
		it->error = item_no_memory;
		return (-1);
	}
	*buf += n;
	*len -= n;
	it->left -= (uint32_t)n;
	return (it->left == 0);
}

int
item_feed(struct item *it, const uint8_t **buf, size_t *len)
{
	int rc;

	if (it->kind == ITEM_BYTES)
		return (gather(it, it->max, buf, len));
	if (!it->body) {
		if (!gather(it, INT_LEN, buf, len))
			return (0);
		if ((rc = parse_int(it)) != 1 || it->kind == ITEM_INT)
			return (rc);
		if ((rc = begin_body(it)) != 0)
			return (rc);
	}
	return (*len == 0 ? 0 : feed_body(it, buf, len));
}

const char *
text_str(const struct text *t)
{
	return (t->s != NULL ? t->s : "");
}

int
text_add(struct text *t, const void *buf, size_t len)
{
	size_t size = t->size;
	char *s;

	if (len >= SIZE_MAX / 4 - t->len)
		return (-1);
	if (t->len + len >= size) {
		size = size < 64 ? 64 : size + size / 2;
		if (size <= t->len + len)
			size = t->len + len + 1;
		if ((s = realloc(t->s, size)) == NULL)
			return (-1);
		t->s = s;
		t->size = size;
	}
	memcpy(t->s + t->len, buf, len);
	t->len += len;
	t->s[t->len] = '\0';
	return (0);
}

void
text_wipe(struct text *t)
{

	free(t->s);
	memset(t, 0, sizeof(*t));
}

void *
array_grow(void *array, size_t *size, size_t count, size_t width)
{
	size_t more = *size < 16 ? 16 : *size + *size / 2;
	void *p;

	if (count < *size)
		return (array);
	if (more > SIZE_MAX / 2 / width)
		return (NULL);
	if ((p = realloc(array, more * width)) != NULL)
		*size = more;
	return (p);
}
