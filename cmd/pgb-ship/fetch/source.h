/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_H
#define SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "dest.h"
#include "bucket.h"
#include "ship.h"
#include "ssh/fault.h"
#include "status.h"

/*
 * Where a file is read from: a server (source-sftp.c) or this machine
 * (source-local.c).
 *
 * Functions that return enum status print one error line (none for a caught
 * signal); after the first failure only close() may be called.  One thread.
 */
struct source {
	const char *name;	/* the object of messages */
	const char *path;	/* of the file */
	struct bucket limit;

	uint64_t size;		/* once it is open */
	uint64_t pos, end;	/* what is read next; and up to where */

	int out;		/* who reads that may go: then a lost
				 * connection is not made again; -1 */
	const char *transport;	/* for the record */
	unsigned reconnects;

	/*
	 * A whole small file, up to max bytes.  *lack tells why there is none
	 * to be had (STATUS_OK: it was read; else see its text, which is "" for
	 * a file that is not there).
	 */
	enum status (*slurp)(struct source *, const char *path, char *buf,
	    size_t max, size_t *len, struct fault *lack);

	/* Open the file: sets size, pos (0) and end (size). */
	enum status (*open)(struct source *);

	/* The next bytes, *got 0 at the end.  A file that ends earlier has been
	 * changed: STATUS_DATA. */
	enum status (*read)(struct source *, void *buf, size_t len,
	    size_t *got);

	/* All was read: the file is still what it was when it was opened. */
	enum status (*check)(struct source *);

	void (*close)(struct source *);
};

/*
 * source_sftp(d, path, name, opts, status), source_local(path, name, opts):
 * All are borrowed until close().  NULL after one error line, with the status
 * (local: STATUS_LOCAL).
 */
struct source *source_sftp(const struct dest *d, const char *path,
    const char *name, const struct ship_opts *opts, enum status *status);
struct source *source_local(const char *path, const char *name,
    const struct ship_opts *opts);

/* STATUS_DATA after an error line: it is not what it was. */
enum status source_changed(const struct source *);

/* STATUS_USAGE after an error line: a directory, a device. */
enum status source_irregular(const struct source *);

#endif
