/* SPDX-License-Identifier: ISC */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Words in capitals that PostgreSQL writes in SQL, bare.
 */

/* Whether these len bytes, at least 1, are one of them. */
bool word_is_known(const char *, size_t len);

/* Whether they differ from one in a single bit. */
bool word_is_near(const char *, size_t len);

#endif
