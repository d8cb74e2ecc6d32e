/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier-impl.h"
#include "carrier/carrier-tar-member.h"

/*
 * The tar that pg_dump -Ft writes: members, two blocks of zeros, and nothing
 * behind them.  Whole it is when the zeros were there and, in front of them,
 * all that the table of contents in its first member promises; the latter is
 * for carrier-tar-member.c.
 *
 *	header | data | padding | header ... | zeros
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
	uint64_t header_at;
	size_t have;			/* bytes of the header */
	uint8_t header[BLOCK];
	char name[TAR_NAME_MAX + 1];
	struct tar_members members;
};

static void
tar_free(void *state)
{
	struct tar *t = state;

	members_wipe(&t->members);
	free(t);
}

static void *
tar_new(struct carrier *c, const void *arg)
{
	struct tar *t = calloc(1, sizeof(*t));

	(void)arg;
	if (t != NULL && members_init(&t->members, c, BLOCK) != 0) {
		tar_free(t);
		return (NULL);
	}
	return (t);
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

static unsigned int
checksum(const uint8_t *h)
{
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	return (sum);
}

/*
 * The checksum covers all but itself, so its own digits must be written in one
 * of the ways that pg_dump has written them: today's, and those of old.
 */
static bool
checksum_good(const uint8_t *h)
{
	unsigned int sum = checksum(h);
	char now[9], old[9];

	snprintf(now, sizeof(now), "%07o ", sum);
	snprintf(old, sizeof(old), "%06o ", sum);
	return (memcmp(h + 148, now, 8) == 0 || memcmp(h + 148, old, 8) == 0);
}

/* The member's name, of what prints: a name that does not is none of ours. */
static void
set_name(struct tar *t)
{
	size_t i;

	for (i = 0; i < TAR_NAME_MAX && t->header[i] != '\0'; i++)
		t->name[i] = (char)(t->header[i] >= ' ' &&
		    t->header[i] <= '~' ? t->header[i] : '?');
	t->name[i] = '\0';
}

/* A block of zeros where a header could be: the first of two. */
static int
begin_zeros(struct carrier *c, struct tar *t)
{
	char what[512];

	if (members_missing(&t->members, what, sizeof(what)))
		return (carrier_fail(c, t->header_at,
		    "the archive ends without %s", what));
	t->state = ZEROS;
	t->left = BLOCK;
	return (0);
}

static int
header(struct carrier *c, struct tar *t)
{
	const uint8_t *h = t->header;

	if (all_zero(h, BLOCK))
		return (begin_zeros(c, t));
	if (memcmp(h + 257, "ustar\0" "00", 8) != 0 &&
	    memcmp(h + 257, "ustar  ", 8) != 0)
		return (carrier_fail(c, t->header_at,
		    "no member header where one should be"));
	if (!checksum_good(h))
		return (carrier_fail(c, t->header_at,
		    "a member header with a wrong checksum"));
	set_name(t);
	if (h[156] != '0' && h[156] != '\0')
		return (carrier_fail(c, t->header_at,
		    "member %s is no regular file", t->name));
	if (number(h + 124, 12, &t->left) != 0 || t->left > SIZE_LIMIT)
		return (carrier_fail(c, t->header_at,
		    "member %s: its size is no number", t->name));
	t->padding = (unsigned)(-t->left & (BLOCK - 1));
	t->state = DATA;
	return (members_begin(&t->members, t->name, t->header_at,
	    t->header_at + BLOCK));
}

static size_t
gather(struct tar *t, const uint8_t *p, size_t len)
{
	size_t n = BLOCK - t->have < len ? BLOCK - t->have : len;

	memcpy(t->header + t->have, p, n);
	t->have += n;
	return (n);
}

/* Take len bytes of what the state has left of. */
static int
take(struct carrier *c, struct tar *t, uint64_t at, const uint8_t *p,
    size_t len)
{
	if (t->state == DATA)
		return (members_data(&t->members, p, len, at));
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
static int
next(struct tar *t, uint64_t at)
{
	if (t->state == DATA) {
		t->state = PADDING;
		t->left = t->padding;
		return (members_end(&t->members, at));
	}
	if (t->state == PADDING) {
		t->state = HEADER;
		t->have = 0;
	} else
		t->state = ENDED;
	return (0);
}

static int
tar_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct tar *t = state;
	uint64_t at = carrier_offset(c);
	size_t n;

	for (; len > 0 && !t->members.toc.stray; buf += n, len -= n) {
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
		at += n;
		while (t->state != HEADER && t->state != ENDED &&
		    t->left == 0 && !t->members.toc.stray)
			if (next(t, at) != 0)
				return (-1);
	}
	return (0);
}

static enum carrier_verdict
tar_end(struct carrier *c, void *state)
{
	struct tar *t = state;
	char what[512];

	if (t->state == ENDED)
		return (CARRIER_PROVEN);
	if (t->state == DATA && t->members.kind == TAR_TOC &&
	    !t->members.whole)
		return (toc_cut(&t->members.toc));
	if (t->state == DATA || t->state == PADDING)
		return (carrier_cut(c, "cut short in member %s, which begins at"
		    " byte %llu", t->name, (unsigned long long)t->header_at));
	if (t->state == HEADER && members_missing(&t->members, what,
	    sizeof(what)))
		return (carrier_cut(c, "cut short behind member %s: next would "
		    "be %s", t->name, what));
	return (carrier_cut(c, "cut short behind member %s: the two blocks of "
	    "zeros at the end are missing", t->name));
}

const struct carrier_ops carrier_tar = {
	.name = "tar archive",
	.new = tar_new,
	.free = tar_free,
	.feed = tar_feed,
	.end = tar_end,
};
