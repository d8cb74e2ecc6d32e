/* SPDX-License-Identifier: ISC */
#ifndef TRUST_H
#define TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "hostkey.h"
#include "opt.h"
#include "status.h"

/*
 * Whether a server is the one that it should be: the files, the verdict
 * (hostkey.h), and what the user is told.
 */
struct trust;

/*
 * trust_new(name, host, port, files, status):
 * Read known_hosts: the files of the list, or where it is empty the user's and
 * the system's.
 *
 * name, host, files	borrowed until trust_free(); name is the object of
 *			messages
 *
 * NULL after one error line, with the status: STATUS_USAGE where a file of the
 * list cannot be read.
 */
struct trust *trust_new(const char *name, const char *host, unsigned port,
    const struct opt_list *files, enum status *status);
void trust_free(struct trust *);

/* The algorithms to offer: see hostkeys_prefer(). */
void trust_prefer(const struct trust *, char *out, size_t outlen);

/*
 * trust_check(t, key, len):
 * STATUS_OK only where a line of the files holds this very key for this host
 * and none revokes it; else STATUS_REMOTE after an error line and a hint.
 */
enum status trust_check(const struct trust *, const uint8_t *key, size_t len);

#endif
