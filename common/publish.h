/* SPDX-License-Identifier: ISC */
#ifndef PUBLISH_H
#define PUBLISH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "status.h"

/*
 * A local file that appears under its name whole, or not at all: written under
 * a hidden temporary name in the same directory, fsync, rename, fsync of the
 * directory.
 */

struct publish;

#define PUBLISH_OVERWRITE	1	/* replace an existing file */
#define PUBLISH_MKDIR		2	/* make missing directories, 0700 */
#define PUBLISH_REPORT		4	/* replace a report, or an empty file */
#define PUBLISH_SUM		8	/* the same of lines of b2sum's */
#define PUBLISH_LIST		16	/* of a list: it begins with ";" */
#define PUBLISH_SIGNATURE	32	/* of minisign's signatures */

/*
 * publish_temp_name(name, out, outlen):
 * ".NAME.<16 hexadecimal digits>.pgbtmp" for the last part of a path; a name
 * too long for the file system is cut.  Used for remote files too.  0 or -1
 * (no randomness, or outlen below 256).
 */
int publish_temp_name(const char *name, char *out, size_t outlen);

/* Whether a directory entry is such a temporary name. */
bool publish_is_temp(const char *name);

/*
 * publish_open(path, mode, flags):
 * Create the temporary file beside path.  Without PUBLISH_OVERWRITE an
 * existing path is refused here, and again, atomically, at publish_commit().
 * With PUBLISH_REPORT one that is neither empty nor a record of this suite is
 * refused, here and at publish_commit(): it may be the backup itself.  One that
 * was changed in between must be opened again to be known: in a sandbox it is
 * refused.  So it is with the flags behind it.  What is stdin or stdout is
 * refused in any case.
 * Returns NULL after printing one error line; the status is in *status.
 */
struct publish *publish_open(const char *path, mode_t mode, int flags,
    enum status *status);

/* The temporary's descriptor, owned by the publish. */
int publish_fd(const struct publish *);

/*
 * publish_dirfd(p):
 * The descriptor of the directory in which it appears, owned by the publish;
 * -1 where p is NULL.  For a sandbox's list (sandbox.h): what comes after
 * publish_open() renames, removes and looks at names in there, and opens none.
 */
int publish_dirfd(const struct publish *p);

/*
 * publish_is_left(dirfd, name, fresh):
 * Whether that entry is a temporary file that was last written so long before
 * fresh, and that no run has open: each locks its own (flock).  Not over a
 * network, where a lock may forbid to read, or wait for a server: there the
 * time alone tells.
 */
#define PUBLISH_STALE_SECONDS	(24 * 3600)
bool publish_is_left(int dirfd, const char *name, time_t fresh);

/*
 * publish_sweep(p):
 * Remove what runs that were killed have left under this name: our own
 * temporaries of it, by publish_is_left() and the clock of the one of p.
 * Prints under -v alone.  To be called before a sandbox is entered.
 */
void publish_sweep(const struct publish *p);

/* Whether both will have the same name. */
bool publish_same(const struct publish *, const struct publish *);

/*
 * publish_write(p, buf, len):
 * Append.  STATUS_OK, or STATUS_LOCAL after one error line.
 */
enum status publish_write(struct publish *, const void *buf, size_t len);

/*
 * publish_sync(p):
 * All that was written is on the disk: what is left for publish_commit() takes
 * no room any more.  STATUS_OK, or STATUS_LOCAL after one error line.
 */
enum status publish_sync(struct publish *);

/*
 * publish_commit(p):
 * fsync, close, rename, fsync of the directory.  On an error the temporary is
 * removed.  STATUS_OK, or a status after one error line (an existing file:
 * STATUS_USAGE).  Frees p in any case.
 */
enum status publish_commit(struct publish *p);

/* Remove the temporary and free p; NULL is allowed. */
void publish_abort(struct publish *p);

#endif
