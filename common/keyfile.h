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

/*
 * keyfile_each(path, secret, take, arg):
 * Give each line that counts to take, until it returns another status than
 * STATUS_OK; that is returned then.  At least one line must count.
 *
 * secret	warn of a file that others may read
 *
 * Returns STATUS_OK; STATUS_USAGE after one error line (cannot be read, too
 * large, nothing in it); STATUS_LOCAL without memory.
 */
enum status keyfile_each(const char *path, bool secret, keyfile_line take,
    void *arg);

#endif
