/* SPDX-License-Identifier: ISC */
#ifndef B2SUM_H
#define B2SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

/*
 * A line as b2sum(1) writes and checks it: BLAKE2b-512 in hexadecimal, two
 * blanks (or blank and asterisk), a name; where that holds a backslash, CR or
 * LF, a backslash in front of the line and escapes in the name.
 */

/* The line with its LF; freed by the caller; NULL without memory. */
char *b2sum_line(const uint8_t hash[DIGEST_LEN], const char *name);

/*
 * b2sum_parse(line, len, hash, name):
 * Whether a line (without its end; a NUL stands behind its len bytes) is such
 * one, or one as "b2sum --tag" writes it.  The line is changed: name points
 * into it.
 */
bool b2sum_parse(char *line, size_t len, uint8_t hash[DIGEST_LEN],
    const char **name);

#endif
