/* SPDX-License-Identifier: ISC */
#ifndef CONTENTS_H
#define CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive.h"

/*
 * What pgb-verify keeps of an archive's header and table of contents: enough
 * to list it and to name an entry in a message.
 */
struct contents_entry {
	int32_t id;
	uint32_t table_oid;
	uint32_t oid;
	char *desc;
	char *schema;
	char *tag;
	char *owner;
	bool has_data;
	bool is_copy;		/* table data as COPY text */
};

struct contents {
	bool known;		/* a header was seen */
	int minor;
	enum archive_compression compression;
	char made[20];		/* 2026-11-22 02:00:00, local to the dump */
	char *dbname;
	char *server;
	char *dumper;
	struct contents_entry *v;	/* count entries, in archive order */
	size_t count;
	size_t room;
};

/* Keep a copy: 0, or -1 without memory. */
int contents_set_header(struct contents *, const struct archive_header *);
int contents_add(struct contents *, const struct archive_entry *);
void contents_wipe(struct contents *);

/* "none", "gzip", "lz4" or "zstd". */
const char *contents_compression(enum archive_compression);

/*
 * contents_text(toc):
 * The table of contents as `pg_restore --list` prints it, fit for its
 * --use-list.  Freed by the caller; NULL without memory.
 */
char *contents_text(const struct contents *);

#endif
