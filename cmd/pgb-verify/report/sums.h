/* SPDX-License-Identifier: ISC */
#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/* Files of lines that b2sum writes and checks (b2sum.h). */
#define SUMS_HASH	64

/* Of FILE.b2 and the like (.b2sum, .BLAKE2b, .blake2b) the name is FILE without
 * directories and ending; of others "-".  Freed by the caller; NULL without
 * memory. */
char *sums_name(const char *path);

/*
 * sums_load(path, name, hash):
 * The hash that a file of such lines has for name; name NULL: the file has one
 * line only.  Lines of b2sum --tag are read too, in LF or CR LF; empty lines,
 * those that begin with "#" and those of other programs do not count.
 *
 * STATUS_OK, or after one error line and a hint: STATUS_USAGE where there are
 * several lines, no such name, no such file, no b2sum line at all (another
 * length: which it seems to be of); STATUS_DATA where there are two hashes for
 * the name; STATUS_LOCAL.
 */
enum status sums_load(const char *path, const char *name,
    uint8_t hash[SUMS_HASH]);

#endif
