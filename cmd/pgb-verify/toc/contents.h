/* SPDX-License-Identifier: ISC */
#ifndef CONTENTS_H
#define CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "text/encoding.h"

/*
 * What pgb-verify keeps of an archive's header and table of contents: enough
 * to check it as a whole, to check the data against it, to name an entry, and,
 * where it is to be listed, to list it.
 *
 * There may be many millions of entries (an archive of PostgreSQL 16 has one
 * for each large object), so an entry is small: strings that come again are
 * kept once, names only of entries with data unless all are wanted.  On the
 * average of what pg_dump writes it is below 64 bytes, all counted.
 */
struct contents;

struct contents_opts {
	bool all_names;		/* for contents_list() */
	uint64_t most;		/* bytes of memory; 0: no limit */
};

/* An entry that has data, in archive order. */
struct contents_data {
	int32_t id;
	bool is_blobs;
	bool is_copy;		/* COPY text; else INSERT statements */
	bool loids_known;	/* false: any may come */
	bool seen;		/* what the data turned out to be is known */
	const char *schema;	/* "" where none; borrowed from the contents,
				 * after contents_end() */
	const char *tag;
	const char *member;	/* tar: its file name */
	size_t columns;		/* of the COPY statement */
	size_t loids_from, loids;	/* BLOBS: which of contents_loids() */

	/* Set by the data room, with seen. */
	uint64_t rows;		/* BLOBS: large objects */
	uint64_t bytes;		/* of rows, without the end mark; of objects */
	uint64_t stored;	/* in the archive, without framing */
	uint8_t *hash;		/* BLAKE2b-512 of these bytes: 64 bytes, of the
				 * heap; NULL: not asked for */
};

struct contents *contents_new(const struct contents_opts *);
void contents_free(struct contents *);

/* Keep: 0, or -1 where memory has no room or opts.most is reached:
 * contents_error() is a sentence then ("its table of contents needs more than
 * 1024 MiB of memory: see --max-memory"). */
int contents_set_header(struct contents *, const struct archive_header *);
int contents_add(struct contents *, const struct archive_entry *);
const char *contents_error(const struct contents *);

/* After the last entry: put the large objects in order and make the table of
 * data entries.  As above. */
int contents_end(struct contents *);

/* The header, own copies; NULL before one was seen. */
const struct archive_header *contents_header(const struct contents *);

size_t contents_count(const struct contents *);		/* of entries */
size_t contents_data_count(const struct contents *);	/* of those with data */
struct contents_data *contents_data(const struct contents *, size_t n);

/* The OIDs of large objects, each BLOBS entry's ascending. */
const uint32_t *contents_loids(const struct contents *);

/* What the ENCODING and STDSTRINGS entries say; NULL where none or unknown;
 * true where none. */
const struct encoding *contents_encoding(const struct contents *);
bool contents_plain_strings(const struct contents *);

/* "TABLE DATA public.t" of the nth entry with data. */
void contents_describe(const struct contents *, size_t n, char *out,
    size_t size);

/* "none", "gzip", "lz4" or "zstd". */
const char *contents_compression(enum archive_compression);

/*
 * contents_list(c, emit, arg):
 * The table of contents as `pg_restore --list` prints it, fit for its
 * --use-list, a line at a time; behind each entry with data, in a comment that
 * --use-list leaves alone, rows and bytes.  Wants opts.all_names.  emit returns
 * 0, or -1 with errno to stop; so does this.
 */
int contents_list(const struct contents *,
    int (*emit)(void *arg, const char *line, size_t len), void *arg);

/* BLAKE2b-512 of all entries as they were told, but for where they and their
 * data lie: 64 bytes.  After contents_end().  It is the same for the same
 * entries only if the watch had all_sql in both cases. */
void contents_hash(const struct contents *, uint8_t out[64]);

/* Bytes of memory that it holds. */
uint64_t contents_memory(const struct contents *);

#endif
