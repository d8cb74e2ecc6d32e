/* SPDX-License-Identifier: ISC */
#ifndef TOC_H
#define TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "plan.h"

/*
 * What the archive's table of contents says, noted as it goes by.
 */

#define TOC_DATA_MAX	(16U << 20)	/* entries with data in one archive */

/* The large objects that an entry without data lists (17 and later). */
struct toc_list {
	int32_t id;
	uint32_t *loids;
	size_t count;
};

struct toc {
	uint64_t tables;	/* TABLE entries */
	uint64_t table_data;	/* TABLE DATA entries */
	uint64_t blobs;		/* blocks of large objects */
	struct plan plan;	/* all entries with data, in order */
	char *encoding;		/* "SET client_encoding = 'UTF8';\n" */
	const char *odd;	/* why some entry's data cannot be had by a
				 * COPY of ours; NULL: all can */
	int minor;		/* the archive's version: 1.minor */
	enum archive_compression compression;
	bool ended;		/* the first block begins: nothing can follow */
	uint64_t length;	/* bytes before the first block, once ended */
	size_t written;		/* blocks that toc_blocks has seen */

	struct toc_list *lists;
	size_t lists_count, lists_room;
};

/* For struct carrier_opts; the argument is a struct toc, all zero at first. */
extern const struct archive_watch toc_watch;

/* For the archive that is made by a plan: notes where its blocks are. */
extern const struct archive_watch toc_blocks;

/*
 * toc_columns(copy, from, len):
 * Where in "COPY schema.t (a, b) FROM stdin;\n" the columns stand, with their
 * parentheses; *len 0 where a table has none.  false: it is no such statement.
 */
bool toc_columns(const char *copy, size_t *from, size_t *len);

void toc_free(struct toc *);

#endif
