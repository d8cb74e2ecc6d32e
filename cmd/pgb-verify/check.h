/* SPDX-License-Identifier: ISC */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

#include "archive.h"
#include "contents.h"

/*
 * The checks that look deeper into a custom archive than its framing: every
 * byte of gzip payloads is inflated and held against its checksum, one stream
 * an entry, nothing behind it; COPY text ends where pg_dump ends it.
 */
struct check;

/* NULL without memory. */
struct check *check_new(void);
void check_free(struct check *);

/* For struct carrier_opts; the argument is the check. */
extern const struct archive_watch check_watch;

const struct contents *check_contents(const struct check *);

struct check_totals {
	uint64_t entries;	/* in the table of contents */
	uint64_t blocks;	/* with data */
	uint64_t tables;	/* of these, table data */
	uint64_t large_objects;
	uint64_t payload;	/* bytes as stored */
	uint64_t data;		/* bytes inflated; 0 where not inflated */
};

const struct check_totals *check_totals(const struct check *);

#endif
