/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * pg_dump's custom format as it goes by: what the walker (carrier-archive.c)
 * tells a watcher.  Source: PostgreSQL, src/bin/pg_dump/pg_backup_archiver.c
 * and pg_backup_custom.c, versions 9.0 to 18.
 */

enum archive_compression {
	ARCHIVE_NONE = 0,
	ARCHIVE_GZIP = 1,	/* one zlib stream an entry */
	ARCHIVE_LZ4 = 2,
	ARCHIVE_ZSTD = 3,
};

enum archive_format {
	ARCHIVE_CUSTOM = 1,
	ARCHIVE_TAR = 3,	/* toc.dat of pg_dump -Ft, and its members */
};

struct archive_header {
	enum archive_format format;
	int minor;		/* the format's version: 1.minor */
	enum archive_compression compression;
	int year, month, day, hour, min, sec;	/* local time, no zone */
	const char *dbname;	/* never NULL; may be empty */
	const char *server;	/* server version, "15.18 (Debian ...)" */
	const char *dumper;	/* pg_dump's version */
};

#define ARCHIVE_SQL_MAX	(64 * 1024)	/* bytes told of a definition */

struct archive_entry {
	int32_t id;		/* dump ID, 1 ... */
	uint32_t table_oid;	/* catalog the object lives in */
	uint32_t oid;		/* TABLE DATA: the table's OID */
	const char *tag;	/* strings are never NULL; "" where absent */
	const char *desc;	/* "TABLE", "TABLE DATA", "BLOBS", ... */
	const char *schema;
	const char *owner;
	const char *copy;	/* "COPY schema.t (a, b) FROM stdin;\n" or "" */
	int section;		/* 1 none, 2 pre-data, 3 data, 4 post-data; 0
				 * where the version has none */
	bool has_data;		/* a block follows */
	bool is_blobs;		/* its block holds large objects */
	const int32_t *deps;	/* dep_count dump IDs */
	size_t dep_count;
	const char *defn;	/* the definition: where the watch wants all
				 * SQL, else that of an ENCODING, a BLOB
				 * METADATA (whose OIDs are there, one a line)
				 * or a TABLE DATA (a remark), of others "" */
	bool defn_cut;		/* it is longer: defn is its first
				 * ARCHIVE_SQL_MAX bytes */
	const char *drop;	/* the DROP statement, likewise; "" where the
				 * watch does not want SQL */
	const char *tablespace;
	const char *tableam;	/* "heap"; "" where none or the version has
				 * none */
	bool with_oids;
	const char *member;	/* tar: file name of its data; else "" */
	int relkind;		/* pg_class.relkind; 0 where it is no relation
				 * or the version has none */
	size_t count;		/* of entries, as the table has it */
	uint64_t at;		/* byte offset of the entry in the archive */
	uint64_t offset_at;	/* byte offset of the flag of its block's
				 * offset: 1 not set, 2 set, 3 no data; behind
				 * it stand 8 bytes, little-endian.  Tar: of
				 * the member's name */
};

/* For a watcher to return: it has said already what is wrong. */
extern const char archive_told[];

/*
 * Each function returns NULL, or a sentence of what is wrong, borrowed until
 * the next call: the archive is then broken for that reason.  Any of them may
 * be NULL.  Pointers are borrowed for the call.  block_at and chunk_at are
 * byte offsets in the archive: of the block's type, and of the chunk's first
 * byte.  A chunk that comes in several pieces is told piece by piece, with the
 * same chunk_at.  A second table of contents behind the blocks is told by
 * again() when it was seen whole.
 *
 * Of a tar archive a block is what its members hold: block_at is the offset of
 * a member's header, chunk_at that of its first byte, and a block of large
 * objects begins with the first of them and ends with their list.
 */
struct archive_watch {
	bool all_sql;		/* entries are told with all their SQL */

	const char *(*header)(void *arg, const struct archive_header *);
	const char *(*entry)(void *arg, const struct archive_entry *);
	const char *(*toc_end)(void *arg, size_t count);

	/* A block begins; then per large object, or once with loid 0 for
	 * table data: bytes, and the end of them. */
	const char *(*block)(void *arg, int32_t id, uint64_t block_at);
	const char *(*data)(void *arg, int32_t id, uint32_t loid,
	    const uint8_t *buf, size_t len, uint64_t chunk_at);
	const char *(*data_end)(void *arg, int32_t id, uint32_t loid);
	const char *(*block_end)(void *arg, int32_t id);

	const char *(*again)(void *arg, uint64_t at);
};

#endif
