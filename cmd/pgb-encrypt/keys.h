/* SPDX-License-Identifier: ISC */
#ifndef KEYS_H
#define KEYS_H

#include "age/identity.h"
#include "status.h"

/*
 * New keys, and what the public half of one is.  Call sodium_init() first.
 */

/*
 * keygen(path):
 * Make an identity file, which must not exist, in age-keygen's form, mode
 * 0600; when it is on the disk, print its recipient on stdout.  STATUS_OK,
 * STATUS_USAGE (exists) or STATUS_LOCAL after one error line.  Where only the
 * printing fails, the file stays, and a hint says so.
 */
enum status keygen(const char *path);

/*
 * keys_print(ids):
 * Print their recipients on stdout, one a line.  STATUS_OK; STATUS_USAGE after
 * one error line where a plugin alone knows one; STATUS_LOCAL.
 */
enum status keys_print(const struct identities *);

#endif
