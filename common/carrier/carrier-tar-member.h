/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_TAR_MEMBER_H
#define CARRIER_TAR_MEMBER_H

#include "archive/archive-hash.h"
#include "archive/archive-toc.h"

/*
 * The members of a tar archive, held against its table of contents and told to
 * the watcher; for carrier-tar.c, which knows how a tar is made.
 *
 *	toc.dat			header and table of contents
 *	3000.dat ...		rows of the entry with dump ID 3000
 *	blob_16400.dat ...	a large object
 *	blobs.toc		the list of those in front of it; from format
 *				1.16 on blobs_2900.toc, one an entry
 *	restore.sql		a script, for people
 *
 * toc.dat is first, restore.sql last; between them stand the data in the order
 * of the table.
 * Source: PostgreSQL, src/bin/pg_dump/pg_backup_tar.c.
 */

#define TAR_NAME_MAX	100		/* bytes, in a header */
#define TAR_LINE_MAX	30		/* of a list: two OIDs and some text */

struct tar_members {
	struct toc toc;
	enum tar_member {
		TAR_NONE,		/* none was seen */
		TAR_TOC, TAR_ROWS, TAR_OBJECT, TAR_LIST, TAR_SCRIPT
	} kind;			/* of the member that is being read, or was */
	char name[TAR_NAME_MAX + 1];	/* its name, only what prints */
	uint64_t data_at;
	bool whole;			/* the table was read to its end */

	/* Of the large objects of one entry. */
	uint32_t loid;
	uint64_t seen, listed;
	struct hash seen_hash, listed_hash;
	char line[TAR_LINE_MAX + 1];
	size_t line_len;
};

/* 0, or -1 without memory or randomness; members_wipe() is needed either
 * way. */
int members_init(struct tar_members *, struct carrier *, uint64_t data_at);
void members_wipe(struct tar_members *);

/*
 * members_begin(m, name, header_at, data_at), members_data(m, buf, len, at),
 * members_end(m, at):
 * A member: its name, its bytes in pieces of any size, its end; at is the byte
 * offset of each.  They return 0, or -1 after carrier_fail().  After
 * carrier_stray() the first -- see toc.stray -- no more is wanted.
 */
int members_begin(struct tar_members *, const char *name, uint64_t header_at,
    uint64_t data_at);
int members_data(struct tar_members *, const uint8_t *buf, size_t len,
    uint64_t at);
int members_end(struct tar_members *, uint64_t at);

/*
 * members_missing(m, out, size):
 * The member that is due: "3000.dat, the data of entry 3000 (TABLE DATA
 * public.t)".  Returns false after the last one.
 */
bool members_missing(const struct tar_members *, char *out, size_t size);

#endif
