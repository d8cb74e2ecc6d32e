/* SPDX-License-Identifier: ISC */
#ifndef VERSION_H
#define VERSION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * version_major(p, len):
 * How many bytes of these are the major version, where they are the version of
 * a PostgreSQL server and nothing else: of "15.18" and "15beta1" the 15, of
 * "9.6.24" the 9.6.  All of them where they are not.
 */
size_t version_major(const char *p, size_t len);

/* Whether a number of name goes on before the len bytes at p, or behind them,
 * as in "1|5", "15|.18" and "15.|18". */
bool version_is_cut(const char *name, const char *p, size_t len);

#endif
