/* SPDX-License-Identifier: ISC */
#ifndef FORM_H
#define FORM_H

#include "archive/archive.h"
#include "toc/name.h"

/*
 * Forms of SQL statements, for the table of kinds: text that must stand there,
 * [text] that may, alternatives between bars, and
 *
 *	%Q	the entry's name, with its schema in front or not
 *	%N	the entry's name, without
 *	%F	the same as %Q of a function, whose entry's name goes on with
 *		its arguments: "(" must follow
 *	%O	the same of an operator
 *	%D	the entry's name as it is, a number
 *	%X	the entry's name as it is, some words
 *	%L	the same as %Q, in a string
 *	%V	a number, or nothing
 *	%T	a relation of the entry's schema, of which the entry is a part
 *	%I	the part: the entry's name is that, with the relation's in
 *		front or behind or not
 *	%C	a column of a relation of the entry's schema
 *	%A, %G	any name, without and with a schema in front
 *	%*	anything; at the end only
 */

/* What a statement named; s is NULL where it did not. */
struct form {
	struct name table, table_schema;	/* %T */
	struct name part;			/* %I */
};

/* Whether the statement has one of these forms; *out is set then. */
bool form_match(const char *forms, const char *sql,
    const struct archive_entry *, struct form *out);

#endif
