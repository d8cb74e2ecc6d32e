/* SPDX-License-Identifier: ISC */
#ifndef COPY_STMT_H
#define COPY_STMT_H

#include "toc/name.h"

/*
 * The COPY statement of a TABLE DATA entry:
 *
 *	COPY [schema.]table [(column, ...)] [WITH OIDS ]FROM stdin;
 */
struct copy_stmt {
	struct name schema;	/* empty where there is none */
	struct name table;
	const char *whole;	/* schema and table, as written */
	size_t whole_len;
	const char *list;	/* behind its parenthesis; NULL: there is
				 * none */
	size_t columns;		/* fields a row; an OID in front counts */
};

/* 0, or -1 where it is no such statement.  Pointers are into s. */
int copy_stmt_parse(const char *s, struct copy_stmt *);

#endif
