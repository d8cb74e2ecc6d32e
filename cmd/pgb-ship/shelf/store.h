/* SPDX-License-Identifier: ISC */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dest.h"
#include "ship.h"
#include "ssh/fault.h"
#include "status.h"

/*
 * The directory where backups lie, on a server or on this machine: looked at,
 * and cleared of files.  A connection that is lost is made again, until
 * opts->retry_ms have passed without anything that worked.
 */
struct store;

struct store_file {
	char *name;		/* without directory; may hold any bytes */
	bool regular;		/* neither a directory, nor a link, ... */
	uint64_t size;		/* 0 where not regular */
	int64_t mtime;		/* seconds, by the clock of where it lies */
};

struct store_list {
	struct store_file *v;	/* by name (strcmp), each once */
	size_t count, room;
};

/*
 * store_open(d, dir, name, opts, status):
 * dir is a path as dest_expand() makes it.  All are borrowed until
 * store_close(); name is the object of messages.  NULL after one error line
 * (none for a caught signal), with the status.
 */
struct store *store_open(const struct dest *d, const char *dir,
    const char *name, const struct ship_opts *opts, enum status *status);
void store_close(struct store *);	/* NULL is allowed */

/* All that is there, whole: STATUS_OK, or a status after one error line (none
 * for a caught signal).  Freed with store_list_free() in any case. */
enum status store_list(struct store *, struct store_list *);
void store_list_free(struct store_list *);

/* The one of that name (its first len bytes), or NULL. */
const struct store_file *store_find(const struct store_list *,
    const char *name, size_t len);

/*
 * store_remove(s, name, fault):
 * Remove a file; one that is not there is as good as removed.  Prints no
 * error: STORE_REFUSED and the fault for this file alone, STORE_GONE where
 * nothing more can be removed (no connection, a caught signal).
 */
enum store_removed { STORE_REMOVED, STORE_REFUSED, STORE_GONE };
enum store_removed store_remove(struct store *, const char *name,
    struct fault *fault);

/*
 * store_clock(s, reached):
 * A time that the store's own clock has reached for certain: when an entry of
 * the directory was last made, renamed or removed.  STATUS_OK, or a status
 * after one error line; *reached is INT64_MIN where it is not told.
 */
enum status store_clock(struct store *, int64_t *reached);

#endif
