/* SPDX-License-Identifier: ISC */
#ifndef LEARN_H
#define LEARN_H

#include <stddef.h>
#include <stdint.h>

/*
 * learn_key(path, name, key, len):
 * Add a line to a known_hosts file, in one write(2): a file that is missing is
 * made with mode 0600, its directory with 0700.  Anything that is not a regular
 * file is refused.
 *
 * name	"host" or "[host]:port"
 *
 * 0, or -1 with errno.  Prints nothing.
 */
int learn_key(const char *path, const char *name, const uint8_t *key,
    size_t len);

#endif
