/* SPDX-License-Identifier: ISC */
#ifndef SPOOL_H
#define SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Bytes kept for later: the first SPOOL_MEMORY in memory, what is beyond them
 * in a file of $TMPDIR or /tmp that has no name.  For one thread.  Nothing here
 * prints.
 */
struct spool;

#define SPOOL_MEMORY	(4 * 1024 * 1024)

/* NULL without memory.  Freeing NULL does nothing. */
struct spool *spool_new(void);
void spool_free(struct spool *);

/* Put buf behind what is there: 0; or -1 with errno, and a part of it may be
 * there. */
int spool_add(struct spool *, const void *buf, size_t len);

/*
 * spool_read(s, buf, len):
 * The next bytes, from the first one added on, each once: how many, at most
 * len; 0 when none is left (more may be added then); -1 with errno.
 */
ssize_t spool_read(struct spool *, void *buf, size_t len);

/* Bytes added so far, read or not. */
uint64_t spool_bytes(const struct spool *);

#endif
