/* SPDX-License-Identifier: ISC */
#ifndef SIDECAR_H
#define SIDECAR_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"

/* The file of a checksum that lies beside a backup: NAME.b2. */

#define SIDECAR_MAX	((size_t)64 * 1024)

enum sidecar {
	SIDECAR_NONE,		/* no line of b2sum's for that name */
	SIDECAR_FOUND,
	SIDECAR_TWO,		/* two that differ */
};

/*
 * sidecar_find(text, len, base, hash):
 * The checksum of the file that is called base, its directory left out, in the
 * text of a sidecar.  text is changed, and has room for a NUL behind its len
 * bytes.  Prints nothing.
 */
enum sidecar sidecar_find(char *text, size_t len, const char *base,
    uint8_t hash[DIGEST_LEN]);

#endif
