/* SPDX-License-Identifier: ISC */
#ifndef AHEAD_H
#define AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "bucket.h"
#include "sftp/sftp.h"

/*
 * A file of a server, read with many requests on their way, and handed on in
 * its order.  The essay is in ahead.c.  Prints nothing.
 */
struct ahead;

/* What is asked for and not yet handed on, at least and at most; memory is
 * used as it is needed. */
#define AHEAD_MIN	((size_t)1024 * 1024)
#define AHEAD_MAX	((size_t)8 * 1024 * 1024)

/* limit is borrowed.  NULL without memory. */
struct ahead *ahead_new(struct bucket *limit);

/* Not before the engine that was read from is freed: it fills our memory. */
void ahead_free(struct ahead *);	/* NULL is allowed */

/*
 * ahead_start(a, s, h, from, end):
 * Read the bytes from .. end - 1 of an open file of s; both are borrowed.  What
 * was under way before is forgotten: its engine is freed.
 */
void ahead_start(struct ahead *, struct sftp *s, const struct sftp_handle *h,
    uint64_t from, uint64_t end);

/*
 * ahead_read(a, buf, len, got):
 * The next bytes, up to len, at least one; not called at the end.  SFTP_OK, or
 * an enum sftp_error: SFTP_EOF where the file ends before, SFTP_LOST after all
 * that had come in order was handed on.
 */
int ahead_read(struct ahead *, void *buf, size_t len, size_t *got);

#endif
