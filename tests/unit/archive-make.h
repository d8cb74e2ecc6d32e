/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_MAKE_H
#define ARCHIVE_MAKE_H

#include <lz4frame.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/*
 * Custom archives as pg_dump writes them, made in memory, for tests: all
 * versions and compressions, tables, large objects, a second table of contents.
 * Tar archives are made of the same parts in tar-make.h.
 */

struct make_table {
	const char *name;
	const char *columns;	/* "(a, b)" */
	const char *rows;	/* COPY text; the end mark is added */
};

struct make_object {
	uint32_t oid;
	const char *bytes;
};

struct make_spec {
	int minor;		/* 12 ... 16 */
	int compression;	/* 0 none, 1 gzip, 2 lz4, 3 zstd */
	bool tar;		/* header and table of a tar's toc.dat */
	bool offsets;		/* as into a file */
	bool second;		/* as pg_dump 16+ into a redirected file */
	bool schema_only;
	bool statistics;	/* an entry of pg_dump 18 */
	bool bare;		/* whose definition the second table lacks */
	size_t chunk;		/* bytes a chunk, 0: 50 */
	const char *metadata;	/* definition of BLOB METADATA, NULL: ours */
	const char *remark;	/* definition of TABLE DATA, NULL: "" */
	const char *sql;	/* definition of TABLE, NULL: ours */
	const char *drop;	/* drop statement of TABLE, NULL: ours */
	bool oids;		/* the tables are WITH OIDS */
	int groups;		/* entries of large objects, 0: one; each has
				 * all of them */
	const struct make_table *tables;	/* NULL: two of our own */
	size_t table_count;
	const struct make_object *objects;	/* NULL: two of our own */
	size_t object_count;
};

#define MAKE_ENTRIES	64

struct made {
	uint8_t *buf;
	uint8_t *payload;	/* 1 where a byte of buf is payload or the OID
				 * of a large object: no framing checks it */
	size_t len, size;
	size_t toc_at;		/* the number of entries */
	size_t data_at;		/* the first block, or the end */
	size_t end_at;		/* behind the last block */
	size_t entry_count;
	size_t entry_at[MAKE_ENTRIES];	/* dump ID */
	size_t offset_at[MAKE_ENTRIES];	/* offset flag */
	size_t block_at[MAKE_ENTRIES];	/* 0: has none */
};

/* buf may lie in m itself. */
static inline void
make_bytes(struct made *m, const void *buf, size_t len, bool payload)
{
	size_t size = m->len + len;
	uint8_t *old = NULL, *more;

	if (size > m->size) {
		m->size = size * 2;
		if ((more = malloc(m->size)) == NULL)
			abort();
		if (m->len > 0)
			memcpy(more, m->buf, m->len);
		old = m->buf;
		m->buf = more;
		m->payload = realloc(m->payload, m->size);
		if (m->payload == NULL)
			abort();
	}
	if (len > 0) {
		memcpy(m->buf + m->len, buf, len);
		memset(m->payload + m->len, payload, len);
	}
	free(old);
	m->len = size;
}

static inline void
make_byte(struct made *m, int byte)
{
	uint8_t b = (uint8_t)byte;

	make_bytes(m, &b, 1, false);
}

static inline void
make_int(struct made *m, int64_t value)
{
	uint64_t magnitude = (uint64_t)(value < 0 ? -value : value);
	int i;

	make_byte(m, value < 0);
	for (i = 0; i < 4; i++)
		make_byte(m, (int)(magnitude >> 8 * i & 0xff));
}

static inline void
make_str(struct made *m, const char *s)
{

	make_int(m, s == NULL ? -1 : (int64_t)strlen(s));
	if (s != NULL)
		make_bytes(m, s, strlen(s), false);
}

static inline void
make_header(struct made *m, const struct make_spec *spec)
{
	static const int tm[] = { 59, 0, 2, 22, 10, 126, 0 };
	size_t i;

	make_bytes(m, "PGDMP\1", 6, false);
	make_byte(m, spec->minor);
	make_bytes(m, spec->tar ? "\0\4\10\3" : "\0\4\10\1", 4, false);
	if (spec->minor >= 15)
		make_byte(m, spec->compression);
	else
		make_int(m, spec->compression != 0 ? -1 : 0);
	for (i = 0; i < sizeof(tm) / sizeof(tm[0]); i++)
		make_int(m, tm[i]);
	make_str(m, "appdb");
	make_str(m, "15.20 (Debian 15.20-0+deb12u1)");
	make_str(m, "15.20");
}

struct make_entry {
	int id;
	const char *desc, *schema, *tag, *defn, *copy;
	int section, oid, dep;
	bool has_data;
	bool bare;
};

static inline void
make_entry(struct made *m, const struct make_spec *spec,
    const struct make_entry *e, bool second)
{
	char number[16];
	size_t n = m->entry_count, i;
	uint64_t offset = 0;
	bool table = strcmp(e->desc, "TABLE") == 0;

	if (n >= MAKE_ENTRIES)
		abort();
	if (!second)
		m->entry_at[n] = m->len;
	make_int(m, e->id);
	make_int(m, e->has_data);
	make_str(m, e->has_data ? "0" : "1259");
	snprintf(number, sizeof(number), "%d", e->oid);
	make_str(m, number);
	make_str(m, e->tag);
	make_str(m, e->desc);
	make_int(m, e->section);
	if (!e->bare || !second)
		make_str(m, e->defn);
	make_str(m, strcmp(e->desc, "STATISTICS DATA") == 0 ? NULL :
	    table ? spec->drop : "");
	make_str(m, e->copy);
	make_str(m, e->schema);
	make_str(m, table ? "fast" : "");
	if (spec->minor >= 14)
		make_str(m, table ? "heap" : NULL);
	if (spec->minor >= 16)
		make_int(m, table ? 'r' : 0);
	make_str(m, "postgres");
	make_str(m, table && spec->oids ? "true" : "false");
	snprintf(number, sizeof(number), "%d", e->dep);
	if (e->dep != 0)
		make_str(m, number);
	make_str(m, NULL);
	if (!second)
		m->offset_at[n] = m->len;
	m->entry_count = n + 1;
	if (spec->tar) {
		snprintf(number, sizeof(number), "%d.dat", e->id);
		make_str(m, e->has_data ? number : "");
		return;
	}
	if (e->has_data && second)
		offset = m->block_at[n];
	make_byte(m, !e->has_data ? 3 : second ? 2 : 1);
	for (i = 0; i < 8; i++)
		make_byte(m, (int)(offset >> 8 * i & 0xff));
}

static const struct make_table make_tables[] = {
	{ "t", "(id, word)", "1\tone\n2\t\\N\n3\tthree\n" },
	{ "empty", "(id)", "" },
};

static const struct make_object make_objects[] = {
	{ 16400, "a large object of some length, longer than a chunk is here" },
	{ 4000000000U, "" },
};

static inline struct make_spec
make_defaults(const struct make_spec *in)
{
	struct make_spec spec = *in;

	if (spec.chunk == 0)
		spec.chunk = 50;
	if (spec.metadata == NULL)
		spec.metadata = "16400\n4000000000\n";
	if (spec.remark == NULL)
		spec.remark = "";
	if (spec.groups == 0)
		spec.groups = 1;
	if (spec.sql == NULL)
		spec.sql = "CREATE TABLE ...;\n";
	if (spec.drop == NULL)
		spec.drop = "DROP TABLE ...;\n";
	if (spec.tables == NULL) {
		spec.tables = make_tables;
		spec.table_count = 2;
	}
	if (spec.objects == NULL) {
		spec.objects = make_objects;
		spec.object_count = 2;
	}
	return (spec);
}

/* Dump IDs of a table, of its data, of the objects' data. */
#define MAKE_TABLE_ID(i)	(200 + (int)(i))
#define MAKE_DATA_ID(i)		(3000 + (int)(i))
#define MAKE_BLOBS_ID		2900	/* and further on */

static inline void
make_toc(struct made *m, const struct make_spec *spec, bool second)
{
	const struct make_entry fixed[] = {
		{ 3100, "ENCODING", NULL, "ENCODING",
		    "SET client_encoding = 'UTF8';\n", NULL, 2, 0, 0, 0, 0 },
		{ 3101, "STDSTRINGS", NULL, "STDSTRINGS",
		    "SET standard_conforming_strings = 'on';\n", NULL, 2, 0, 0,
		    0, 0 },
		{ 3102, "SEARCHPATH", NULL, "SEARCHPATH", "SELECT "
		    "pg_catalog.set_config('search_path', '', false);\n", NULL,
		    2, 0, 0, 0, 0 },
		{ 500, "BLOB METADATA", NULL, "16400", spec->metadata, NULL, 2,
		    0, 0, 0, 0 },
	};
	size_t i, tables = spec->table_count;
	char copy[128];

	m->entry_count = 0;
	make_int(m, (int64_t)(4 + tables + (spec->schema_only ? 0 :
	    (size_t)spec->groups + tables) + spec->statistics));
	for (i = 0; i < 4; i++)
		make_entry(m, spec, &fixed[i], second);
	for (i = 0; i < tables; i++) {
		struct make_entry e = { MAKE_TABLE_ID(i), "TABLE", "public",
		    spec->tables[i].name, spec->sql, NULL, 2,
		    16384 + (int)i, 0, false, false };

		make_entry(m, spec, &e, second);
	}
	for (i = 0; i < tables && !spec->schema_only; i++) {
		struct make_entry e = { MAKE_DATA_ID(i), "TABLE DATA",
		    "public", spec->tables[i].name, spec->remark, copy, 3,
		    16384 + (int)i, MAKE_TABLE_ID(i), true, false };

		snprintf(copy, sizeof(copy), "COPY public.%s %s FROM stdin;\n",
		    spec->tables[i].name, spec->tables[i].columns);
		make_entry(m, spec, &e, second);
	}
	for (i = 0; i < (size_t)spec->groups && !spec->schema_only; i++) {
		struct make_entry e = { MAKE_BLOBS_ID + (int)i, "BLOBS", NULL,
		    "BLOBS", "", NULL, 3, 0, 500, true, false };

		make_entry(m, spec, &e, second);
	}
	if (spec->statistics) {
		struct make_entry e = { 3900, "STATISTICS DATA", "public", "t",
		    "SELECT * FROM pg_restore_relation_stats(...);\n",
		    NULL, 4, 0, 200, false, spec->bare };

		make_entry(m, spec, &e, second);
	}
}

/* The rows of a table with their end mark; to be freed. */
static inline char *
make_rows(const struct make_table *table, size_t *len)
{
	static const char end[] = "\\.\n\n\n";
	size_t n = strlen(table->rows);
	char *text = malloc(n + sizeof(end));

	if (text == NULL)
		abort();
	memcpy(text, table->rows, n);
	memcpy(text + n, end, sizeof(end));
	*len = n + sizeof(end) - 1;
	return (text);
}

/* One compressed stream, cut into chunks, and the 0 behind them. */
static inline void
make_stream(struct made *m, const struct make_spec *spec, const void *in,
    size_t len)
{
	size_t room = len + len / 2 + 1024, at, n;
	uint8_t *out = malloc(room);
	uLongf zlen = room;

	if (out == NULL)
		abort();
	switch (spec->compression) {
	case 1:
		if (compress2(out, &zlen, in, len, 6) != Z_OK)
			abort();
		room = zlen;
		break;
	case 2:
		room = LZ4F_compressFrame(out, room, in, len, NULL);
		if (LZ4F_isError(room))
			abort();
		break;
	case 3:
		room = ZSTD_compress(out, room, in, len, 3);
		if (ZSTD_isError(room))
			abort();
		break;
	default:
		memcpy(out, in, room = len);
	}
	for (at = 0; at < room; at += n) {
		n = room - at < spec->chunk ? room - at : spec->chunk;
		make_int(m, (int64_t)n);
		make_bytes(m, out + at, n, true);
	}
	make_int(m, 0);
	free(out);
}

static inline void
make_objects_block(struct made *m, const struct make_spec *spec, int id)
{
	size_t i;

	make_byte(m, 3);
	make_int(m, id);
	for (i = 0; i < spec->object_count; i++) {
		make_int(m, (int32_t)spec->objects[i].oid);
		memset(m->payload + m->len - 5, 1, 5);
		make_stream(m, spec, spec->objects[i].bytes,
		    strlen(spec->objects[i].bytes));
	}
	make_int(m, 0);
}

static inline void
make_blocks(struct made *m, const struct make_spec *spec)
{
	size_t first = 4 + spec->table_count, i, len;
	char *text;

	for (i = 0; i < spec->table_count; i++) {
		m->block_at[first + i] = m->len;
		make_byte(m, 1);
		make_int(m, MAKE_DATA_ID(i));
		text = make_rows(&spec->tables[i], &len);
		make_stream(m, spec, text, len);
		free(text);
	}
	for (i = 0; i < (size_t)spec->groups; i++) {
		m->block_at[first + spec->table_count + i] = m->len;
		make_objects_block(m, spec, MAKE_BLOBS_ID + (int)i);
	}
}

/* Freed with made_wipe(). */
static inline void
make_archive(struct made *m, const struct make_spec *in)
{
	struct make_spec spec = make_defaults(in);
	size_t end;

	memset(m, 0, sizeof(*m));
	make_header(m, &spec);
	m->toc_at = m->len;
	make_toc(m, &spec, false);
	m->data_at = m->len;
	if (!spec.schema_only)
		make_blocks(m, &spec);
	m->end_at = end = m->len;
	if (spec.second)
		make_toc(m, &spec, true);
	if (spec.offsets) {
		m->len = m->toc_at;
		make_toc(m, &spec, true);
		m->len = end;
	}
}

static inline void
made_wipe(struct made *m)
{

	free(m->buf);
	free(m->payload);
	memset(m, 0, sizeof(*m));
}

#endif
