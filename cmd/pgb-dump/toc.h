/* SPDX-License-Identifier: ISC */
#ifndef TOC_H
#define TOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive.h"

/*
 * What the archive's table of contents says, noted as it goes by.
 */

#define TOC_OIDS_MAX	(16U << 20)	/* tables with data in one archive */

struct toc {
	uint64_t tables;	/* TABLE entries */
	uint64_t table_data;	/* TABLE DATA entries */
	uint64_t blobs;		/* blocks of large objects */
	uint32_t *oids;		/* table_data tables that have data */
	size_t room;
	bool compressed;
	bool ended;		/* the first block begins: nothing can follow */
	uint64_t length;	/* bytes before the first block, once ended */
};

/* For struct carrier_opts; the argument is a struct toc, all zero at first. */
extern const struct archive_watch toc_watch;

void toc_free(struct toc *);

#endif
