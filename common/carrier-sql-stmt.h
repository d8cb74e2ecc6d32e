/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_SQL_STMT_H
#define CARRIER_SQL_STMT_H

#include "carrier-sql-lex.h"

/*
 * Which statement is open, as far as it decides how what follows is read: the
 * two SETs about quotes, and COPY ... FROM stdin.  For carrier-sql-lex.c.
 */

/* A byte outside of quotes and comments, at offset at. */
void sql_stmt_text(struct sql_lex *, uint8_t b, uint64_t at);

/* Bytes inside a string of a SET. */
void sql_stmt_string(struct sql_lex *, const uint8_t *p, size_t n);

/* A semicolon; whether COPY data begin with the next line. */
bool sql_stmt_end(struct sql_lex *);

/* The byte before was not a statement's first, but a comment's. */
void sql_stmt_undo(struct sql_lex *);

/* Report SQL_GOT_ODD at offset at. */
void sql_lex_odd(struct sql_lex *, uint64_t at);

#endif
