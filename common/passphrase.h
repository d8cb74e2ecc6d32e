/* SPDX-License-Identifier: ISC */
#ifndef PASSPHRASE_H
#define PASSPHRASE_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/*
 * Passphrases: from a file, a descriptor or the terminal; never from the
 * command line or the environment.
 */

#define PASSPHRASE_MAX	4096		/* bytes */

/* In memory of sodium_malloc(); text has a NUL behind len bytes. */
struct passphrase {
	size_t len;
	char text[PASSPHRASE_MAX + 1];
};

struct passphrase_source {
	const char *file;	/* NULL: none; may be a pipe: /dev/fd/N */
	int fd;			/* -1: none; read to its end, then closed */
};

/*
 * passphrase_take_fd(from, text):
 * The value of --passphrase-fd, NULL where it was not given: from->fd is set,
 * and closed in every program that is run.  STATUS_OK, or STATUS_USAGE after
 * one error line.
 */
enum status passphrase_take_fd(struct passphrase_source *from,
    const char *text);

/*
 * passphrase_get(from, what, twice, status):
 * The file's or descriptor's one line (its LF or CRLF is not part of it), or
 * what is typed at the terminal at the prompt "WHAT: ".
 *
 * twice	from the terminal: ask again, until two in a row agree (three
 *		tries)
 *
 * Call sodium_init() first.  Returns NULL after one error line, with a hint
 * where there is a remedy: STATUS_USAGE where it is empty, longer than
 * PASSPHRASE_MAX, of more than one line, not readable, readable by others (as
 * keyfile.h), or neither given nor a terminal there to ask; STATUS_LOCAL.
 * Free it with sodium_free().
 */
struct passphrase *passphrase_get(const struct passphrase_source *from,
    const char *what, bool twice, enum status *status);

#endif
