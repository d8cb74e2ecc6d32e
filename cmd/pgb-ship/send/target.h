/* SPDX-License-Identifier: ISC */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dest.h"
#include "send/cargo.h"
#include "ship.h"
#include "ssh/fault.h"
#include "status.h"

/*
 * One destination being written: a file on a server (upload.c) or on this
 * machine (local.c) that appears under its name whole or not at all.
 *
 * All functions are called by the thread that reads the stream.  Those that
 * return enum status have printed one error line where it is not STATUS_OK
 * (none for a caught signal); after the first failure only describe() and
 * close() may be called.
 */

/* A small file that goes beside the backup: NAME and suffix. */
struct beside {
	const char *suffix;	/* ".json" */
	const uint8_t *data;
	size_t len;
};

/* What the stream was, once it is over and proven. */
struct manifest {
	uint64_t bytes;
	uint64_t crc;		/* cargo_crc() of all */
	const char *sum_hex;	/* BLAKE2b-512; NULL: not computed */
	const struct beside *beside;
	size_t beside_count;
};

struct target_how {
	char transport[40];	/* "libssh2 1.10.0", "ssh", "file" */
	unsigned connections;	/* at once, at most; 0: it has none */
	unsigned reconnects;
};

struct target {
	/* The next block, which is held for as long as it is needed. */
	enum status (*put)(struct target *, struct block *);

	/* Under the cargo's lock: whether another block would be of use now. */
	bool (*wants)(struct target *);

	/* How it is so far: the first failure, or STATUS_OK. */
	enum status (*state)(struct target *);

	/* The stream is over and proven: begin to store it and to give it its
	 * name; m is borrowed until close(). */
	void (*finish)(struct target *, const struct manifest *m);

	/* Wait until it has its name, durably. */
	enum status (*published)(struct target *);

	/* How it went, for the record. */
	void (*describe)(struct target *, struct target_how *);

	/* Take away what was not published, and free. */
	void (*close)(struct target *);
};

/* What all destinations of a run share; borrowed until close(). */
struct target_common {
	const struct ship_opts *opts;
	struct cargo *cargo;
};

/*
 * upload_open(d, path, name, common, status):
 * local_open(path, common, status):
 * Check all that can be checked before a byte is sent, create the temporary
 * file, and sweep those that died.
 *
 * d, path, name	borrowed until close(); name is the object of messages
 *
 * NULL after one error line, with the status.
 */
struct target *upload_open(const struct dest *d, const char *path,
    const char *name, const struct target_common *common,
    enum status *status);
struct target *local_open(const char *path, const struct target_common *common,
    enum status *status);

/*
 * local_same(a, b):
 * Whether two paths name one entry of one directory.  A directory that is not
 * there yet is none that both are in.
 */
bool local_same(const char *a, const char *b);

/* How often a quiet upload touches its own. */
#define TARGET_TOUCH_MS		(600 * 1000)

/*
 * target_short(f, avail, opts, expect, status):
 * The fault where avail bytes are free, which is too few: for
 * opts->expect_size, where expect is true, or for what is to be left free.
 */
enum status target_short(struct fault *f, uint64_t avail,
    const struct ship_opts *opts, bool expect, enum status status);

#endif
