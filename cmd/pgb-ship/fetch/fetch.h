/* SPDX-License-Identifier: ISC */
#ifndef FETCH_H
#define FETCH_H

#include "ship.h"
#include "status.h"

/*
 * fetch_run(text, range, opts):
 * Write the file that text names (a URL or a path, {latest} in it or not) to
 * stdout, through the pump: whole, or without its tail.  Where NAME.b2 lies
 * beside it, what was read must have that checksum.  A lost connection is made
 * again, and goes on where it was.
 *
 * range	"A-B", "A-" or "-N" (the last N bytes), as in HTTP: bytes from
 *		0, both ends included, a B behind the end is the end; NULL: all
 *		of it, checked
 *
 * STATUS_OK, or a status after one error line (none for EPIPE and a caught
 * signal).
 */
enum status fetch_run(const char *text, const char *range,
    const struct ship_opts *opts);

#endif
