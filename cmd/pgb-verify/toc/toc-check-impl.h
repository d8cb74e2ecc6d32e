/* SPDX-License-Identifier: ISC */
#ifndef TOC_CHECK_IMPL_H
#define TOC_CHECK_IMPL_H

#include "archive/archive-hash.h"
#include "toc/columns.h"
#include "toc/contents-impl.h"
#include "toc/form.h"
#include "toc/kinds.h"
#include "toc/toc-check.h"

/*
 * What toc-check.c (the table as a whole, and the order of the checks),
 * toc-header.c (header and the entries at the front), toc-fields.c (an entry in
 * itself), toc-deps.c (what it depends on) and toc-belongs.c (what it belongs
 * to) share.
 *
 * Of each entry are kept here, beside what the contents keep: a hash of kind,
 * schema and name, its dependencies in few bytes, and a place in a hash table
 * from IDs to entries; of a table a hash of its columns.
 */

/* "15.20 (Debian ...)". */
struct version {
	int major;		/* 0: not known */
	int minor;		/* 15.20: 20; -1: none */
	bool release;		/* digits and dots alone */
};

/* What an entry should depend on and does not, if it is in the archive; or what
 * must be there. */
struct orphan {
	uint64_t key;
	int32_t id;
	uint8_t kind;
	bool must;
};

/* The columns of a table. */
struct table_columns {
	uint32_t entry;		/* its number */
	uint32_t count;
	uint64_t hash;
};

struct toc_check {
	struct contents *c;	/* borrowed */
	struct findings *f;	/* borrowed */
	struct store store;
	uint8_t key[HASH_KEY];
	uint64_t mix;		/* for the hash table */

	int minor;
	struct version server, dumper;
	int section;		/* the last one that counts */
	bool has_relations;
	int32_t first_late, last_late;	/* IDs of KIND_LATE */
	int32_t far_id, far_at;	/* the highest ID named, and in which entry */

	uint64_t *keys;		/* an entry each */
	size_t key_room;
	uint8_t *deps;		/* see toc-deps.c */
	size_t dep_len, dep_room;
	uint32_t *slots;	/* of entries: number + 1; 0: free */
	size_t slot_room;
	struct table_columns *tables;	/* in order of entries */
	size_t table_count, table_room;
	struct orphan *orphans;
	size_t orphan_count, orphan_room;
	char error[160];
};

/* Versions whose archives were at hand when the rules were made: 12 on.  Of
 * older ones less is demanded. */
#define MINOR_KNOWN	14

#define NOT_NOTICED	"pg_restore does not notice"
#define WOULD_RUN	"a restore would run it as it is"

/* An error or a note about an entry. */
void check_say(struct toc_check *, enum finding_kind,
    const struct archive_entry *, const char *restore, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The hash of kind, schema and name; relations of all kinds share their
 * names, so they count as one kind. */
uint64_t check_key(const struct toc_check *, int kind, const char *schema,
    const char *tag);
uint64_t check_key_name(const struct toc_check *, int kind,
    const char *schema, const struct name *);

/* toc-header.c.  An entry at the front: n is its number, from 0. */
void check_front(struct toc_check *, const struct archive_entry *, size_t n,
    int kind);
bool check_predates_remark(const struct toc_check *);

/* toc-fields.c; *found is what its statements named, *columns what a table
 * has: COLUMNS_ALL. */
enum columns_found check_fields(struct toc_check *,
    const struct archive_entry *, int kind, struct form *found,
    struct columns *);

/* toc-deps.c.  The entry of that ID, or -1; others 0, or -1 without memory. */
int64_t check_lookup(const struct toc_check *, int32_t id);
int check_deps(struct toc_check *, const struct archive_entry *, size_t n,
    int kind, const struct form *found);
int check_deps_end(struct toc_check *);

/* toc-belongs.c: likewise. */
int check_belongs(struct toc_check *, const struct archive_entry *, int kind,
    const struct form *found);

#endif
