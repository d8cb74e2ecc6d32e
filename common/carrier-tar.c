/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "carrier-impl.h"

/*
 * The tar that pg_dump -Ft writes: toc.dat, a member for each table's data and
 * each large object, restore.sql, two blocks of zeros, and nothing behind
 * them.  Where a member ends there is no telling whether another one should
 * follow, so only the zeros prove the end.
 *
 * Source: POSIX.1-2008, ustar Interchange Format; PostgreSQL,
 * src/bin/pg_dump/pg_backup_tar.c and src/port/tar.c (sizes from 8 GiB on are
 * base-256, GNU's way).
 */

#define BLOCK		512
#define SIZE_LIMIT	((uint64_t)1 << 62)	/* of a member */

struct tar {
	enum { HEADER, DATA, PADDING, ZEROS, ENDED } state;
	uint64_t left;			/* bytes, of data or padding or zeros */
	unsigned padding;		/* behind this member's data */
	uint64_t members;
	bool last;			/* restore.sql was seen */
	uint64_t header_at;
	size_t have;			/* bytes of the header */
	uint8_t header[BLOCK];
	size_t magic;			/* bytes of toc.dat looked at */
	char name[101];
};

static void *
tar_new(struct carrier *c, const void *arg)
{
	(void)c, (void)arg;
	return (calloc(1, sizeof(struct tar)));
}

static void
tar_free(void *state)
{
	free(state);
}

/* A number field: 0, or -1 where it is none or too big. */
static int
number(const uint8_t *p, size_t len, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] == 0x80) {
		for (i = 1; i < len; i++) {
			if (v >= SIZE_LIMIT >> 8)
				return (-1);
			v = v << 8 | p[i];
		}
		*out = v;
		return (0);
	}
	while (i < len && p[i] == ' ')
		i++;
	if (i == len || p[i] < '0' || p[i] > '7')
		return (-1);
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	for (; i < len; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return (-1);
	*out = v;
	return (0);
}

static bool
all_zero(const uint8_t *p, size_t len)
{
	return (len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0));
}

static uint64_t
checksum(const uint8_t *h)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return (sum);
}

/* The member's name for messages: nothing but what prints. */
static void
set_name(struct tar *t)
{
	size_t i;

	for (i = 0; i < 100 && t->header[i] != '\0'; i++)
		t->name[i] = (char)(t->header[i] >= ' ' &&
		    t->header[i] <= '~' ? t->header[i] : '?');
	t->name[i] = '\0';
}

static int
header(struct carrier *c, struct tar *t)
{
	const uint8_t *h = t->header;
	uint64_t sum;

	if (all_zero(h, BLOCK)) {
		if (t->members == 0)
			return (carrier_fail(c, t->header_at,
			    "no member in front of the end"));
		t->state = ZEROS;
		t->left = BLOCK;
		return (0);
	}
	if (memcmp(h + 257, "ustar\0" "00", 8) != 0 &&
	    memcmp(h + 257, "ustar  ", 8) != 0)
		return (carrier_fail(c, t->header_at,
		    "no member header where one should be"));
	if (number(h + 148, 8, &sum) != 0 || sum != checksum(h))
		return (carrier_fail(c, t->header_at,
		    "a member header with a wrong checksum"));
	set_name(t);
	if (h[156] != '0' && h[156] != '\0')
		return (carrier_fail(c, t->header_at,
		    "member %s is no regular file", t->name));
	if (number(h + 124, 12, &t->left) != 0 || t->left > SIZE_LIMIT)
		return (carrier_fail(c, t->header_at,
		    "member %s: its size is no number", t->name));
	if (t->members == 0 && strcmp(t->name, "toc.dat") != 0)
		return (carrier_fail(c, t->header_at,
		    "the first member is %s, not toc.dat", t->name));
	if (t->last || (t->members > 0 && strcmp(t->name, "toc.dat") == 0))
		return (carrier_fail(c, t->header_at,
		    "another archive begins before this one has ended"));
	t->last = strcmp(t->name, "restore.sql") == 0;
	t->members++;
	t->padding = (unsigned)(-t->left & (BLOCK - 1));
	t->state = DATA;
	return (0);
}

static size_t
gather(struct tar *t, const uint8_t *p, size_t len)
{
	size_t n = BLOCK - t->have < len ? BLOCK - t->have : len;

	memcpy(t->header + t->have, p, n);
	t->have += n;
	return (n);
}

/* toc.dat begins like a custom archive, or pg_restore will not have it. */
static int
look(struct carrier *c, struct tar *t, uint64_t at, const uint8_t *p,
    size_t len)
{
	static const char magic[] = "PGDMP";
	size_t i;

	for (i = 0; i < len && t->members == 1 && t->magic < 5; i++)
		if (p[i] != (uint8_t)magic[t->magic++])
			return (carrier_fail(c, at + i,
			    "member toc.dat is no table of contents"));
	return (0);
}

/* Take len bytes of what the state has left of. */
static int
take(struct carrier *c, struct tar *t, uint64_t at, const uint8_t *p,
    size_t len)
{
	if (t->state == DATA)
		return (look(c, t, at, p, len));
	if (all_zero(p, len))
		return (0);
	while (*p == 0)
		p++, at++;
	return (carrier_fail(c, at, t->state == PADDING ?
	    "something in the padding of member %s" :
	    "something in the two blocks of zeros behind member %s",
	    t->name));
}

/* What comes when nothing is left of the state. */
static void
next(struct tar *t)
{
	if (t->state == DATA) {
		t->state = PADDING;
		t->left = t->padding;
	} else if (t->state == PADDING) {
		t->state = HEADER;
		t->have = 0;
	} else
		t->state = ENDED;
}

static int
tar_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct tar *t = state;
	uint64_t at = carrier_offset(c);
	size_t n;

	for (; len > 0; buf += n, len -= n, at += n) {
		if (t->state == ENDED)
			return (carrier_fail(c, at,
			    "something follows the end of the archive"));
		if (t->state == HEADER) {
			if (t->have == 0)
				t->header_at = at;
			n = gather(t, buf, len);
			if (t->have == BLOCK && header(c, t) != 0)
				return (-1);
		} else {
			n = t->left < len ? (size_t)t->left : len;
			if (take(c, t, at, buf, n) != 0)
				return (-1);
			t->left -= n;
		}
		while (t->state != HEADER && t->state != ENDED && t->left == 0)
			next(t);
	}
	return (0);
}

static enum carrier_verdict
tar_end(struct carrier *c, void *state)
{
	const struct tar *t = state;

	switch (t->state) {
	case DATA:
	case PADDING:
		return (carrier_cut(c, "cut short in member %s, which begins at"
		    " byte %llu", t->name, (unsigned long long)t->header_at));
	case HEADER:
	case ZEROS:
		return (carrier_cut(c, "cut short behind member %s: the two"
		    " blocks of zeros at the end are missing", t->name));
	case ENDED:
		break;
	}
	return (CARRIER_PROVEN);
}

const struct carrier_ops carrier_tar = {
	.name = "tar archive",
	.new = tar_new,
	.free = tar_free,
	.feed = tar_feed,
	.end = tar_end,
};
