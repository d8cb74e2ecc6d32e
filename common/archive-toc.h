/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_TOC_H
#define ARCHIVE_TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive-hash.h"
#include "archive-item.h"
#include "carrier-impl.h"

/*
 * Header and table of contents of a custom archive, for carrier-archive.c.
 * The essay is there.
 */

/* What is kept of an entry that has data. */
struct toc_data {
	int32_t id;
	bool blobs;
	uint64_t offset;	/* of the block, as the TOC says; 0 if it does
				 * not */
	uint64_t block_at;	/* as it was seen; set by carrier-archive.c */
	size_t name;		/* in names: "TABLE DATA public.t" */
};

/* The strings that are kept while they are needed. */
enum toc_text {
	TEXT_DBNAME, TEXT_SERVER, TEXT_DUMPER,
	TEXT_NUMBER, TEXT_TAG, TEXT_DESC, TEXT_DEFN, TEXT_COPY, TEXT_SCHEMA,
	TEXT_OWNER,
	TEXT_COUNT
};

struct toc {
	struct carrier *c;
	const struct archive_watch *watch;	/* NULL: nobody */
	void *watch_arg;
	uint64_t pos;		/* bytes of the archive consumed so far, kept by
				 * toc_feed() and carrier-archive.c */

	struct archive_header header;
	struct text text[TEXT_COUNT];

	/* The field that is being read. */
	int field;
	uint64_t field_at;
	struct item item;

	/* The entry that is being read. */
	struct archive_entry entry;
	int32_t *deps;
	size_t deps_size;
	struct hash hash, lean;
	bool has_lean;		/* lean is being made */
	bool is_bare;		/* STATISTICS DATA without its definition */

	/* The whole table. */
	uint8_t key[HASH_KEY];
	bool again;		/* the second one is being read */
	size_t count, seen;
	int32_t *ids;		/* until the end of the first */
	size_t ids_size;
	uint64_t *hashes;	/* an entry each, without its offset */
	size_t hashes_size;
	uint64_t *leans;	/* see entry_bytes() */
	size_t leans_size, leans_count, leans_seen;
	int offset_flag;	/* of all entries with data; 0: none yet */
	struct toc_data *data;
	size_t data_size, data_count, data_seen;
	struct text names;
};

/* How an entry's block offset is given. */
#define OFFSET_UNSET	1
#define OFFSET_SET	2
#define OFFSET_NO_DATA	3

/* 0, or -1 without memory or randomness; toc_wipe() is needed either way. */
int toc_init(struct toc *, struct carrier *);
void toc_wipe(struct toc *);

/*
 * toc_feed(t, buf, len):
 * Read on from *buf.  Returns 1 at the end of the table, *buf behind it; 0
 * when all bytes were taken; -1 after carrier_fail().  After carrier_stray() it
 * is 0 too.
 */
int toc_feed(struct toc *, const uint8_t **buf, size_t *len);

/* Expect the second table, after the data; then toc_feed() again. */
void toc_again(struct toc *);

/* "TABLE DATA public.t" of the nth entry that has data. */
const char *toc_name(const struct toc *, size_t n);

/* carrier_cut() with what is missing of the table that is being read. */
enum carrier_verdict toc_cut(struct toc *);

#endif
