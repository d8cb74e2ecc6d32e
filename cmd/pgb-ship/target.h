/* SPDX-License-Identifier: ISC */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "dest.h"
#include "ship.h"
#include "status.h"

/*
 * One destination being written: a file on a server (upload.c) or on this
 * machine (local.c) that appears under its name whole or not at all.
 *
 * Functions that return enum status print one error line each (none for a
 * caught signal); after the first failure only close() may be called.
 */
struct target {
	enum status (*write)(struct target *, const uint8_t *, size_t);

	/* Nothing was written for some seconds: show that we are alive, and
	 * see whether the other end is. */
	enum status (*idle)(struct target *);

	/* All is written and proven: the file takes its name, durably. */
	enum status (*publish)(struct target *);

	/* Take away what was not published, and free. */
	void (*close)(struct target *);
};

/*
 * upload_open(d, path, name, opts, status):
 * local_open(path, opts, status):
 * Check all that can be checked before a byte is read, create the temporary
 * file, and sweep those that died.
 *
 * d, path, name, opts	borrowed until close(); name is the object of messages
 *
 * NULL after one error line, with the status.
 */
struct target *upload_open(const struct dest *d, const char *path,
    const char *name, const struct ship_opts *opts, enum status *status);
struct target *local_open(const char *path, const struct ship_opts *opts,
    enum status *status);

/*
 * local_same(a, b):
 * Whether two paths name one entry of one directory.  A directory that is not
 * there yet is none that both are in.
 */
bool local_same(const char *a, const char *b);

/* A temporary file that was not touched for so long belongs to nobody. */
#define TARGET_STALE_SECONDS	(24 * 3600)

/* How often a quiet upload touches its own. */
#define TARGET_TOUCH_MS		(600 * 1000)

/* "PATH: only N bytes free, M expected" */
enum status target_short(const char *name, uint64_t avail, uint64_t expected,
    enum status status);

#endif
