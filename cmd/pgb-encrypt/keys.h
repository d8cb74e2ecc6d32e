/* SPDX-License-Identifier: ISC */
#ifndef KEYS_H
#define KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "age.h"
#include "status.h"

/*
 * Whom to encrypt to, and new keys.  Call sodium_init() first.
 */

struct recipients {
	size_t count;
	uint8_t point[AGE_STANZA_MAX][AGE_X25519_LEN];
};

/*
 * recipients_add(r, where, text):
 * Add the recipient "age1..."; one that is there already is not added again.
 * where says where the text comes from, for messages; the text itself is never
 * shown.  STATUS_OK, or STATUS_USAGE after one error line.
 */
enum status recipients_add(struct recipients *, const char *where,
    const char *text);

/* Add those of a recipients file, in the same manner. */
enum status recipients_load(struct recipients *, const char *path);

/*
 * keygen(path):
 * Make an identity file, which must not exist, in age-keygen's form, mode
 * 0600; when it is on the disk, print its recipient on stdout.  STATUS_OK,
 * STATUS_USAGE (exists) or STATUS_LOCAL after one error line.  Where only the
 * printing fails, the file stays, and a hint says so.
 */
enum status keygen(const char *path);

#endif
