/* SPDX-License-Identifier: ISC */
#ifndef HOLD_H
#define HOLD_H

#include <stddef.h>
#include <stdint.h>

#include "pump.h"
#include "status.h"

/*
 * Everything that would be passed on, held back in a temporary file that has no
 * name (0600) until all of it was checked.
 */
struct hold;

/*
 * hold_open(dir, expected, status):
 * dir		for the file; NULL: $TMPDIR, else /var/tmp
 * expected	bytes that will come, where known; else 0.  Refused when the
 *		file system has not so many free.
 *
 * NULL after one error line.
 */
struct hold *hold_open(const char *dir, uint64_t expected,
    enum status *status);
void hold_free(struct hold *);

/* STATUS_OK, or STATUS_LOCAL after one error line that names directory, bytes
 * held and bytes free (none for a caught signal).  What is free is looked at
 * before each 64 MiB. */
enum status hold_put(struct hold *, const void *buf, size_t len);

/*
 * hold_release(h, p):
 * Give all of it to pump_emit(), from the beginning; its last piece only where
 * all of it reads back as it was put in.  STATUS_OK, STATUS_LOCAL after one
 * error line (none for a caught signal), or what pump_emit() returned.
 */
enum status hold_release(struct hold *, struct pump *);

#endif
