/* SPDX-License-Identifier: ISC */
#ifndef SIGNATURE_H
#define SIGNATURE_H

#include <stdbool.h>

#include "toc/lex.h"

/*
 * Arguments of functions, three times: the entry's name has the types of those
 * that go in; the DROP statement has modes and names besides, and those that
 * come out; the CREATE statement has defaults besides.  Each text is what is
 * behind the opening parenthesis; the DROP statement ends with the closing one.
 */
bool signature_types_agree(const char *tag, const char *drop);
bool signature_defaults_agree(const char *drop, const char *create,
    const struct lex_opts *);

#endif
