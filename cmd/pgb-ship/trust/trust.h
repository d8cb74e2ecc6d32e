/* SPDX-License-Identifier: ISC */
#ifndef TRUST_H
#define TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "ssh/fault.h"
#include "trust/hostkey.h"
#include "route/route.h"

/*
 * Whether a server is the one that it should be: the files, the verdict
 * (hostkey.h), and what the user is told.
 */
struct trust;

/*
 * trust_new(r, warn, fault):
 * Read known_hosts: the files of the route, or where it has none the user's and
 * the system's.
 *
 * r	borrowed until trust_free()
 * warn	of files that are there and cannot be read
 *
 * NULL with the fault: STATUS_USAGE where a file that was asked for by option
 * cannot be read.
 */
struct trust *trust_new(const struct route *r, bool warn,
    struct fault *fault);
void trust_free(struct trust *);

/* The algorithms to offer: see hostkeys_prefer(). */
void trust_prefer(const struct trust *, char *out, size_t outlen);

/* See hostkeys_only(). */
enum hostkey_only trust_only(const struct trust *);

/*
 * trust_check(t, key, len, fault):
 * STATUS_OK where a line of the files holds this very key for this host and
 * none revokes it; and where the user has asked for that (--accept-new), no
 * line is for this host and the key could be added to a file: with a note.
 * Else STATUS_REMOTE with the fault.
 */
enum status trust_check(const struct trust *, const uint8_t *key, size_t len,
    struct fault *fault);

#endif
