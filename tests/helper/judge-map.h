/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_MAP_H
#define JUDGE_MAP_H

#include "arc.h"

/*
 * What every byte of a custom archive is, for judge.c: by arc.h's reading of
 * it, not by the suite's own.
 */

static inline void
die(const char *why)
{

	fprintf(stderr, "judge: %s\n", why);
	exit(2);
}

enum region { HEADER, TABLE, FRAMING, PAYLOAD, SECOND, REGIONS };

static const char *const regions[] = { "header", "TOC", "framing", "payload",
    "second TOC" };

struct byte {
	enum region region;
	const char *field;
	long entry;		/* index; -1: none */
};

struct map {
	struct arc *a;
	struct byte *bytes;
	enum region region;
	long entry;
	struct { const unsigned char *s; long len; } desc[ARC_MAX],
	    tag[ARC_MAX];
};

static inline void
mark(struct map *m, size_t from, enum region region, const char *field)
{

	for (size_t i = from; i < m->a->at; i++) {
		m->bytes[i].region = region;
		m->bytes[i].field = field;
		m->bytes[i].entry = m->entry;
	}
}

static inline void
map_bytes(struct map *m, size_t len, const char *field)
{
	size_t from = m->a->at;

	arc_need(m->a, len);
	m->a->at += len;
	mark(m, from, m->region, field);
}

static inline long
map_int(struct map *m, const char *field)
{
	size_t from = m->a->at;
	long n = arc_int(m->a);

	mark(m, from, m->region, field);
	return (n);
}

static inline long
map_str(struct map *m, const char *field)
{
	long len = map_int(m, "length of a string");

	if (len > 0)
		map_bytes(m, (size_t)len, field);
	return (len);
}

static inline void
map_header(struct map *m)
{
	static const char *const times[] = { "second", "minute", "hour",
	    "day", "month", "year", "summer time" };

	m->a->at = 0;
	m->entry = -1;
	m->region = HEADER;
	map_bytes(m, 5, "magic");
	map_bytes(m, 3, "version");
	map_bytes(m, 2, "sizes");
	map_bytes(m, 1, "format");
	map_bytes(m, m->a->minor >= 15 ? 1 : 5, "compression");
	for (int i = 0; i < 7; i++)
		map_int(m, times[i]);
	map_str(m, "database");
	map_str(m, "server's version");
	map_str(m, "pg_dump's version");
}

static inline void
map_entry(struct map *m, size_t n)
{
	struct arc *a = m->a;

	m->entry = (long)n;
	map_int(m, "dump ID");
	map_int(m, "data flag");
	map_str(m, "catalog");
	map_str(m, "OID");
	m->tag[n].len = map_str(m, "name");
	m->tag[n].s = a->buf + a->at - (m->tag[n].len > 0 ? m->tag[n].len : 0);
	m->desc[n].len = map_str(m, "kind");
	m->desc[n].s = a->buf + a->at - m->desc[n].len;
	map_int(m, "section");
	map_str(m, "definition");
	map_str(m, "DROP statement");
	map_str(m, "COPY statement");
	map_str(m, "schema");
	map_str(m, "tablespace");
	if (a->minor >= 14)
		map_str(m, "access method");
	if (a->minor >= 16)
		map_int(m, "kind of relation");
	map_str(m, "owner");
	map_str(m, "OIDs in rows");
	while (map_str(m, "dependency") >= 0)
		;
	map_bytes(m, 1, "offset flag");
	map_bytes(m, 8, "offset");
	m->entry = -1;
}

static inline void
map_table(struct map *m, enum region region)
{

	m->region = region;
	m->entry = -1;
	map_int(m, "count");
	for (size_t i = 0; i < m->a->entries; i++)
		map_entry(m, i);
}

static inline void
map_stream(struct map *m)
{
	long len;

	while ((len = map_int(m, "length of a chunk")) != 0) {
		m->region = PAYLOAD;
		map_bytes(m, (size_t)len, "data");
		m->region = FRAMING;
	}
}

static inline void
map_blocks(struct map *m)
{
	unsigned type;

	for (size_t i = 0; i < m->a->entries; i++) {
		if (!m->a->entry[i].has_data)
			continue;
		m->region = FRAMING;
		m->entry = (long)i;
		type = m->a->buf[m->a->at];
		map_bytes(m, 1, "type of a block");
		map_int(m, "ID of a block");
		if (type == 3)
			while (map_int(m, "OID of an object") != 0)
				map_stream(m);
		else
			map_stream(m);
	}
}

static inline struct map *
map_read(const char *path)
{
	struct map *m = calloc(1, sizeof(*m));

	if (m == NULL)
		die("no memory");
	m->a = arc_read(path);
	m->bytes = calloc(m->a->len + 1, sizeof(*m->bytes));
	if (m->bytes == NULL)
		die("no memory");
	map_header(m);
	map_table(m, TABLE);
	map_blocks(m);
	if (m->a->at < m->a->len)
		map_table(m, SECOND);
	return (m);
}

static inline unsigned char *
copy(const struct map *m)
{
	unsigned char *buf = malloc(m->a->len);

	if (buf == NULL)
		die("no memory");
	memcpy(buf, m->a->buf, m->a->len);
	return (buf);
}

#endif
