/* SPDX-License-Identifier: ISC */
#ifndef SQL_H
#define SQL_H

#include <stddef.h>
#include <stdint.h>

/*
 * A plain SQL dump as it goes by: what carrier-sql.c tells a watcher.  Each
 * function returns NULL, or a sentence of what is wrong, borrowed until the
 * next call: the dump is then broken for that reason (or archive_told, see
 * archive.h).  Any of them may be NULL.  Pointers are borrowed for the call.
 */
struct sql_copy {
	const char *table;	/* as it stands behind COPY: public."T"; cut at
				 * 600 bytes */
	size_t columns;		/* 0: none is named; WITH OIDS is one more */
	uint64_t at;		/* byte offset of the statement */
};

struct sql_watch {
	/* It is plain SQL. */
	void (*begin)(void *arg);

	/* "\connect NAME" of a cluster dump, or with a connection string in
	 * its place: the name, without quotes. */
	const char *(*database)(void *arg, const char *name);

	/* SET client_encoding = 'NAME'; */
	const char *(*encoding)(void *arg, const char *name);

	/* Each statement, at its semicolon: its first bytes, 63 at most. */
	const char *(*statement)(void *arg, const char *head, uint64_t at);

	/* COPY ... FROM stdin;, its rows, LF and all but without the line \.,
	 * in pieces of any size; that line.  What is wrong with rows is told
	 * of the statement's offset, which no cutting changes. */
	const char *(*copy)(void *arg, const struct sql_copy *);
	const char *(*rows)(void *arg, const uint8_t *buf, size_t len,
	    uint64_t at);
	const char *(*copy_end)(void *arg, uint64_t at);
};

#endif
