/* SPDX-License-Identifier: ISC */
#ifndef OPT_NEAR_H
#define OPT_NEAR_H

#include <stddef.h>

#include "opt.h"

/*
 * opt_near(opts, name, len, out, outlen):
 * What long option may have been meant by the len bytes of name, an option
 * without its dashes that the table does not have: those that begin with it,
 * where there are a few, else the one with the fewest letters to be changed.
 *
 * out	"--keep-daily, --keep-last": at most outlen - 1 bytes and a NUL; empty
 *	where none is near
 *
 * Options that are not shown by --help, or are there to be refused, are not
 * proposed.  Prints nothing.
 */
void opt_near(const struct opt *opts, const char *name, size_t len, char *out,
    size_t outlen);

#endif
