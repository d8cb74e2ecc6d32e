/* SPDX-License-Identifier: ISC */
#ifndef KEYFILE_H
#define KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/*
 * Files with one key a line, in the manner of age: LF or CRLF; empty lines and
 * lines that begin with "#" do not count; blanks are not trimmed.  Read into
 * guarded memory, since a file of recipients that was named may turn out to
 * hold secrets.
 */

#define KEYFILE_MAX		(16 * 1024 * 1024)
#define KEYFILE_LINE_MAX	8192

/*
 * A line that counts: len bytes, borrowed for the call, a NUL behind them.
 * where is "FILE: line N", for messages.  Never print the text.
 */
typedef enum status (*keyfile_line)(void *arg, const char *where,
    const char *text, size_t len);

/* A file as it was read: len bytes, a NUL behind them. */
struct keyfile {
	char *buf;		/* sodium_malloc() */
	size_t len, room;
};
void keyfile_wipe(struct keyfile *);

/* Append: 0, or -1 with errno (EFBIG past KEYFILE_MAX). */
int keyfile_add(struct keyfile *, const void *, size_t len);

/* Whether the name of a file is a secret key, which must not come out in
 * "AGE-SECRET-KEY-1...: No such file"; and the error line about it, which
 * returns STATUS_USAGE. */
bool keyfile_is_key(const char *name);
enum status keyfile_refuse_key(void);

#define KEYFILE_SECRET	1	/* refuse one that others may read or change */
#define KEYFILE_STDIN	2	/* "-" is stdin, which is free */

/*
 * keyfile_load(path, flags, k):
 * Read a file, which may be a pipe, into *k, all zero before.  STATUS_OK;
 * STATUS_USAGE after one error line (cannot be read, others may, too large);
 * STATUS_LOCAL without memory.  Wipe *k in any case.
 */
enum status keyfile_load(const char *path, int flags, struct keyfile *k);

/*
 * keyfile_lines(name, k, take, arg):
 * Give each line that counts to take, until it returns another status than
 * STATUS_OK; that is returned then.  At least one line must count.  NULs are
 * put behind the lines.
 *
 * name	of the file, for messages
 *
 * Returns STATUS_OK, or STATUS_USAGE after one error line.
 */
enum status keyfile_lines(const char *name, const struct keyfile *k,
    keyfile_line take, void *arg);

#endif
