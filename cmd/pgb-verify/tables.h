/* SPDX-License-Identifier: ISC */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "toc/contents.h"

/*
 * The tables of a dump with what was counted of each: those of an archive
 * (contents.h), or of plain SQL, kept here as they go by.
 */
struct tables;

struct table {
	const char *database;	/* of cluster dumps; else "" */
	const char *schema;
	const char *name;
	bool counted;		/* rows is known */
	uint64_t rows;
	uint64_t bytes;
	bool has_stored;
	uint64_t stored;	/* bytes in the archive */
	const uint8_t *hash;	/* DIGEST_LEN bytes; NULL: none */
};

/* most: bytes of memory; 0: no limit.  NULL without memory. */
struct tables *tables_new(uint64_t most);
void tables_free(struct tables *);

/* Those of an archive stand there: borrowed. */
void tables_use(struct tables *, const struct contents *);

/* Of plain SQL: the database of those that follow; a table by its name as it
 * stands behind COPY (public."T"); what was counted of that, hash NULL or
 * DIGEST_LEN bytes, copied.  0, or -1 without memory or past `most`. */
int tables_database(struct tables *, const char *name);
int tables_add(struct tables *, const char *copy_name);
int tables_set(struct tables *, uint64_t rows, uint64_t bytes,
    const uint8_t *hash);

/* After -1 of one of these, what was missing: a sentence. */
const char *tables_error(const struct tables *);

/* Entries with data, in the order of the dump; large objects are no table:
 * their name is NULL. */
size_t tables_count(const struct tables *);
struct table tables_get(const struct tables *, size_t n);

/* A line for a person: "public.t  12 rows  340 bytes", of plain SQL. */
int tables_list(const struct tables *,
    int (*emit)(void *arg, const char *line, size_t len), void *arg);

#endif
