/* SPDX-License-Identifier: ISC */
#ifndef TOC_CHECK_H
#define TOC_CHECK_H

#include "archive/archive.h"
#include "finding.h"
#include "toc/contents.h"

/*
 * What must hold in a table of contents beyond its form, which the walker
 * checks: each entry in itself, as it comes, then the table as a whole.  What
 * pg_dump never writes is an error where a restore would be another one for it,
 * else a note.  No archive that a pg_dump of 9.0 to 18 makes, with whatever
 * options, gets an error.
 */
struct toc_check;

/* c: entries are looked up there; borrowed.  Sets no limits.  NULL without
 * memory. */
struct toc_check *toc_check_new(struct contents *c, struct findings *f,
    uint64_t most);
void toc_check_free(struct toc_check *);

/* Each returns 0, or -1 without memory or past `most` bytes of it; findings go
 * to f.  The entry is kept in the contents by the caller, before; so is the end
 * told to them before. */
int toc_check_header(struct toc_check *, const struct archive_header *);
int toc_check_entry(struct toc_check *, const struct archive_entry *);
int toc_check_end(struct toc_check *);
const char *toc_check_error(const struct toc_check *);

uint64_t toc_check_memory(const struct toc_check *);

#endif
