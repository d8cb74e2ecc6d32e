/* SPDX-License-Identifier: ISC */
#ifndef KINDS_H
#define KINDS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The kinds of entries that pg_dump makes, and what is true of all of a kind.
 * Source: PostgreSQL, src/bin/pg_dump/pg_dump.c, versions 9.0 to 18.
 */
struct kind {
	const char *desc;
	uint32_t catalog;	/* OID of its system catalog; 0: none */
	unsigned sections;	/* KIND_PRE ... */
	unsigned flags;		/* KIND_OWN ... */
	const char *relkinds;	/* since 1.16; NULL: none */

	/* What its definition and its DROP statement look like since 1.14: see
	 * form.h; NULL: anything. */
	const char *defn;
	const char *drop;
};

/* A catalog that is not known. */
#define KIND_ANY	UINT32_MAX

/* Sections, as 1 << archive_entry.section. */
#define KIND_NONE	(1U << 1)
#define KIND_PRE	(1U << 2)
#define KIND_DATA	(1U << 3)
#define KIND_POST	(1U << 4)

#define KIND_RELATION	(1U << 0)	/* others can be parts of it */
#define KIND_PART	(1U << 1)	/* of a relation, whose owner it has */
#define KIND_ABOUT	(1U << 2)	/* of its first dependency, whose
					 * schema and owner it has */
#define KIND_ROLES	(1U << 3)	/* its SQL names roles or databases,
					 * which may be in another encoding */
#define KIND_AGAIN	(1U << 4)	/* names need not be unique */
#define KIND_NO_SQL	(1U << 5)	/* its definition is no statement */
#define KIND_FRONT	(1U << 6)	/* stands at the front, once */
#define KIND_OID	(1U << 7)	/* has an OID, though no catalog */
#define KIND_NAMESAKE	(1U << 8)	/* has the owner of what it depends on
					 * that has its name */
#define KIND_LOOSE	(1U << 9)	/* may depend on what the archive has
					 * not: of others pg_dump leaves such
					 * dependencies out, since 9.3 */
#define KIND_LATE	(1U << 11)	/* gets its dump ID when it is written,
					 * not when its object is found */
#define KIND_NEEDS	(1U << 10)	/* depends on the relation that its
					 * statements name */

/* Numbers of some kinds; 0 is a kind that is not known. */
enum kind_number {
	KIND_UNKNOWN,
	KIND_ACL, KIND_AGGREGATE, KIND_BLOB, KIND_BLOB_METADATA, KIND_BLOBS,
	KIND_COMMENT, KIND_DATABASE, KIND_ENCODING, KIND_FOREIGN_TABLE,
	KIND_FUNCTION, KIND_INDEX_ATTACH, KIND_PROCEDURE, KIND_SEARCHPATH,
	KIND_SEQUENCE_OWNED_BY, KIND_STDSTRINGS, KIND_TABLE, KIND_TABLE_ATTACH,
	KIND_TABLE_DATA,
	KIND_OTHERS
};

/* KIND_UNKNOWN, or the number of the kind with that name. */
int kind_find(const char *desc);

/* number is below kind_count(). */
const struct kind *kind_of(int number);
int kind_count(void);

#endif
