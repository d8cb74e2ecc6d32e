/* SPDX-License-Identifier: ISC */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "archive/archive-hash.h"
#include "toc/lex.h"

/*
 * The columns of a table that COPY loads, by its CREATE statement and by its
 * COPY statement: the same names, written in the same way, in the same order.
 */
struct columns {
	uint64_t hash;		/* of the names */
	uint32_t count;		/* generated ones do not count */
	bool partitioned;	/* PARTITION BY */
};

enum columns_found {
	COLUMNS_ALL,
	COLUMNS_OPEN,		/* there are others, or there may be */
	COLUMNS_ODD,		/* pg_dump does not write them so */
};

/* CREATE [...] TABLE, as pg_dump since 12 writes it. */
enum columns_found columns_of_table(const char *sql, const struct lex_opts *,
    const uint8_t key[HASH_KEY], struct columns *);

/* Those behind the parenthesis of a COPY statement that is in order; NULL:
 * none. */
void columns_of_copy(const char *list, const uint8_t key[HASH_KEY],
    struct columns *);

#endif
