/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_TOC_H
#define ARCHIVE_TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive-hash.h"
#include "archive/archive-item.h"
#include "carrier/carrier-impl.h"

/*
 * Header and table of contents, of a custom archive for carrier-archive.c,
 * where the essay is, or in the toc.dat of a tar for carrier-tar-member.c.
 */

/* What is kept of an entry that has data. */
struct toc_data {
	uint64_t at;		/* of its block: as the TOC says or, where it
				 * does not, as carrier-archive.c saw it */
	int32_t id;
	bool blobs;
};

/* The strings that are kept while they are needed. */
enum toc_text {
	TEXT_DBNAME, TEXT_SERVER, TEXT_DUMPER,
	TEXT_NUMBER, TEXT_TAG, TEXT_DESC, TEXT_DEFN, TEXT_DROP, TEXT_COPY,
	TEXT_SCHEMA, TEXT_TABLESPACE, TEXT_TABLEAM, TEXT_OWNER, TEXT_MEMBER,
	TEXT_COUNT
};

struct toc {
	struct carrier *c;
	const struct archive_watch *watch;	/* NULL: nobody */
	void *watch_arg;
	uint64_t pos;		/* bytes of the archive consumed so far, kept by
				 * toc_feed() and carrier-archive.c */

	struct archive_header header;
	bool stray;		/* of a version that is not known */
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
	uint64_t again_at;
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
	struct text names;	/* theirs: "TABLE DATA public.t", NUL, ... */

	/* Of data, the entry that is due: its block is what comes next, or is
	 * being read; data_count after the last. */
	size_t due, due_name;
};

/* How an entry's block offset is given. */
#define OFFSET_UNSET	1
#define OFFSET_SET	2
#define OFFSET_NO_DATA	3

/*
 * toc_init(t, c, format, at):
 * Expect a header at byte offset at of the archive.  Returns 0, or -1 without
 * memory or randomness; toc_wipe() is needed either way.
 */
int toc_init(struct toc *, struct carrier *, enum archive_format format,
    uint64_t at);
void toc_wipe(struct toc *);

/*
 * toc_feed(t, buf, len):
 * Read on from *buf.  Returns 1 at the end of the table, *buf behind it; 0
 * when all bytes were taken; -1 after carrier_fail().  After carrier_stray() it
 * is 0 too, and stray is set.
 */
int toc_feed(struct toc *, const uint8_t **buf, size_t *len);

/* Expect the second table, after the data; then toc_feed() again. */
void toc_again(struct toc *);

/* "TABLE DATA public.t" of the entry that is due; the next one is. */
const char *toc_due_name(const struct toc *);
void toc_due_next(struct toc *);

/* carrier_cut() with what is missing of the table that is being read; the same
 * where the file toc.dat ends at byte offset at: returns -1. */
enum carrier_verdict toc_cut(struct toc *);
int toc_short(struct toc *, uint64_t at);

#endif
