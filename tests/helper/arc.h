/* SPDX-License-Identifier: ISC */
#ifndef ARC_H
#define ARC_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A custom archive of a stock pg_dump, taken apart for the tests by code that
 * shares nothing with the suite's own.  Trusts its input; ends the program
 * where that is not an archive.  Source: PostgreSQL, pg_backup_archiver.c.
 */

#define ARC_MAX	65536

struct arc {
	const unsigned char *buf;
	size_t len;
	size_t at;		/* reading stands here */

	int minor;
	size_t toc;		/* the count of entries begins here */
	size_t data;		/* behind the TOC */

	struct {
		size_t start, offset, end;	/* offset: its flag byte */
		long id;
		bool has_data;
		size_t block;			/* 0: none was found */
	} entry[ARC_MAX];
	size_t entries;

	size_t edge[ARC_MAX];	/* in the data: of blocks, chunks, objects */
	size_t edges;
};

static inline void
arc_need(const struct arc *a, size_t n)
{
	if (n <= a->len - a->at)
		return;
	fprintf(stderr, "not a whole archive: byte %zu of %zu\n", a->at,
	    a->len);
	exit(1);
}

static inline unsigned
arc_byte(struct arc *a)
{
	arc_need(a, 1);
	return (a->buf[a->at++]);
}

static inline long
arc_int(struct arc *a)
{
	bool neg = arc_byte(a) != 0;
	long v = 0;

	for (int i = 0; i < 4; i++)
		v |= (long)arc_byte(a) << (8 * i);
	return (neg ? -v : v);
}

/* A string is stepped over: whether it was NULL. */
static inline bool
arc_null(struct arc *a)
{
	long len = arc_int(a);

	if (len <= 0)
		return (len < 0);
	arc_need(a, (size_t)len);
	a->at += (size_t)len;
	return (false);
}

static inline void
arc_edge(struct arc *a)
{
	if (a->edges == ARC_MAX)
		exit(1);
	a->edge[a->edges++] = a->at;
}

static inline void
arc_header(struct arc *a)
{
	arc_need(a, 11);
	if (memcmp(a->buf, "PGDMP\1", 6) != 0 || a->buf[8] != 4 ||
	    a->buf[9] != 8 || a->buf[10] != 1) {
		fprintf(stderr, "not an archive that this helper knows\n");
		exit(1);
	}
	a->minor = a->buf[6];
	a->at = 11;
	if (a->minor >= 15)
		arc_byte(a);
	else
		arc_int(a);
	for (int i = 0; i < 7; i++)
		arc_int(a);
	for (int i = 0; i < 3; i++)
		arc_null(a);
}

static inline void
arc_entry(struct arc *a, size_t n)
{
	a->entry[n].start = a->at;
	a->entry[n].id = arc_int(a);
	a->entry[n].has_data = arc_int(a) != 0;
	for (int i = 0; i < 4; i++)	/* tableoid oid tag desc */
		arc_null(a);
	arc_int(a);			/* section */
	for (int i = 0; i < 5; i++)	/* defn drop copy namespace tablespace */
		arc_null(a);
	if (a->minor >= 14)
		arc_null(a);		/* access method */
	if (a->minor >= 16)
		arc_int(a);		/* relkind */
	arc_null(a);			/* owner */
	arc_null(a);			/* with oids */
	while (!arc_null(a))		/* dependencies */
		;
	a->entry[n].offset = a->at;
	arc_need(a, 9);
	a->at += 9;
	a->entry[n].end = a->at;
}

static inline void
arc_chunks(struct arc *a)
{
	long len;

	while ((len = arc_int(a)) != 0) {
		arc_need(a, (size_t)len);
		a->at += (size_t)len;
		arc_edge(a);
	}
	arc_edge(a);
}

static inline void
arc_block(struct arc *a)
{
	size_t start = a->at;
	unsigned type = arc_byte(a);
	long id = arc_int(a);

	for (size_t i = 0; i < a->entries; i++)
		if (a->entry[i].id == id)
			a->entry[i].block = start;
	arc_edge(a);
	if (type == 3) {
		while (arc_int(a) != 0)
			arc_chunks(a);
		arc_edge(a);
	} else
		arc_chunks(a);
}

/* Read the archive of a file, up to its last block. */
static inline struct arc *
arc_read(const char *path)
{
	static unsigned char buf[256 << 20];
	struct arc *a = calloc(1, sizeof(*a));
	FILE *f = fopen(path, "rb");
	size_t blocks = 0;

	if (a == NULL || f == NULL) {
		perror(path);
		exit(1);
	}
	a->buf = buf;
	a->len = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	arc_header(a);
	a->toc = a->at;
	a->entries = (size_t)arc_int(a);
	if (a->entries > ARC_MAX)
		exit(1);
	for (size_t i = 0; i < a->entries; i++) {
		arc_entry(a, i);
		blocks += a->entry[i].has_data;
	}
	a->data = a->at;
	while (blocks-- > 0)
		arc_block(a);
	return (a);
}

#endif
