/* SPDX-License-Identifier: ISC */
#ifndef ARCHIVE_ENTRY_H
#define ARCHIVE_ENTRY_H

#include "archive/archive-toc.h"

/*
 * What archive-toc.c (the order of the fields) and archive-entry.c (what an
 * entry's fields mean) share.
 */

#define SHOWN_MAX	200		/* bytes of a name in a message */

enum {
	F_MAGIC, F_SIZES, F_ALGORITHM, F_LEVEL,
	F_SEC, F_MIN, F_HOUR, F_DAY, F_MONTH, F_YEAR, F_DST,
	F_DBNAME, F_SERVER, F_DUMPER,
	F_COUNT,
	F_ID, F_HAS_DATA, F_TABLE_OID, F_OID, F_TAG, F_DESC, F_SECTION,
	F_DEFN, F_DROP, F_COPY, F_SCHEMA, F_TABLESPACE, F_TABLEAM, F_RELKIND,
	F_OWNER, F_WITH_OIDS, F_DEP, F_OFFSET, F_MEMBER,
	F_END
};

/* An entry begins. */
void entry_begin(struct toc *);

/* The next bytes of the current field, whole or not. */
void entry_bytes(struct toc *, const uint8_t *buf, size_t len);

/* Whether a watcher wants that field, a definition or a drop statement, of the
 * entry that is being read. */
bool entry_tells(const struct toc *, int field);

/* The current field is whole: the one to expect next; F_END at the end of the
 * table; -1 after toc_fail(). */
int entry_next(struct toc *);

/* carrier_fail() at the current field, with what is being read in front:
 * returns -1. */
int toc_fail(struct toc *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What the watcher said: 0, or -1 when it objected. */
int toc_heard(struct toc *, const char *why);

/* "KIND SCHEMA.NAME" of the entry, as far as it was read. */
void toc_describe(const struct toc *, char *out, size_t size);

#endif
