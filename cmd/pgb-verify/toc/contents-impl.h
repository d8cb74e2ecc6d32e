/* SPDX-License-Identifier: ISC */
#ifndef CONTENTS_IMPL_H
#define CONTENTS_IMPL_H

#include "toc/contents.h"
#include "toc/pool.h"
#include "toc/store.h"

/*
 * What contents.c, contents-objects.c, contents-list.c and toc-check.c share.
 */

/* What is kept of every entry: 16 bytes. */
struct row {
	int32_t id;
	uint32_t oid;
	uint32_t owner;		/* in the pool */
	uint8_t kind;		/* toc/kinds.h */
	uint8_t section;
	bool has_data;
	uint8_t relkind;
};

/* What a list needs besides. */
struct label {
	uint32_t table_oid;
	uint32_t desc, schema, tag;	/* in the pool */
};

/* Names of an entry with data, until the pool stands still. */
struct data_names {
	uint32_t schema, tag, member;
	int32_t dep;			/* the first one, or 0 */
};

/* The large objects of a BLOB METADATA entry. */
struct metadata {
	int32_t id;
	bool cut;			/* there are more */
	size_t from, count;		/* of loids */
};

struct contents {
	struct contents_opts opts;
	struct store store;
	struct pool pool;
	struct archive_header *header;
	char *strings[3];		/* of the header */
	const struct encoding *encoding;
	bool escapes;			/* a backslash in a string is one */

	struct row *rows;
	size_t count, row_room;
	struct label *labels;		/* count, with opts.all_names */
	size_t label_room;
	struct contents_data *data;
	size_t data_count, data_room;
	struct data_names *names;	/* data_count, until the end */
	size_t name_room;
	uint32_t *loids;
	size_t loid_count, loid_room;
	struct metadata *metadata;
	size_t metadata_count, metadata_room;

	struct contents_hash *hash;
	uint8_t digest[64];
	char error[160];
};

/* Keep a BLOB METADATA's objects; at the end, give each BLOBS entry its own.
 * 0, or -1 without memory. */
int contents_add_objects(struct contents *, const struct archive_entry *);
int contents_end_objects(struct contents *);

/* "KIND SCHEMA.NAME", as far as given. */
void contents_name(char *out, size_t size, const char *desc,
    const char *schema, const char *tag);

#endif
