/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_SQL_STMT_H
#define CARRIER_SQL_STMT_H

#include "carrier/carrier-sql-lex.h"

/*
 * Which statement is open, as far as it decides how what follows is read: the
 * two SETs about quotes, and COPY ... FROM stdin.  For carrier-sql-lex.c; and
 * for carrier-sql.c, names that stand in statements and commands.
 */

/* A byte outside of quotes and comments, at offset at. */
void sql_stmt_text(struct sql_lex *, uint8_t b, uint64_t at);

/* Bytes of a quoted name, with the quote at its end. */
void sql_stmt_name(struct sql_lex *, const uint8_t *p, size_t n);

/* Any bytes of a statement whose head is not full yet. */
void sql_stmt_head(struct sql_lex *, const uint8_t *p, size_t n);

/* A semicolon; whether COPY data begin with the next line. */
bool sql_stmt_end(struct sql_lex *);

/* After SQL_GOT_STMT: the name that the statement gives to client_encoding, len
 * bytes; NULL where it is another statement. */
const char *sql_stmt_encoding(const struct sql_lex *, size_t *len);

/* The byte at offset at was not a statement's first, but a comment's. */
void sql_stmt_undo(struct sql_lex *, uint64_t at);

/* After SQL_GOT_META: whether it is \connect and names a database; its name.
 * name has room for SQL_LINE_MAX + 1 bytes. */
bool sql_meta_connect(const struct sql_lex *, char *name);

/* Report SQL_GOT_ODD at offset at. */
void sql_lex_odd(struct sql_lex *, uint64_t at);

#endif
