/* SPDX-License-Identifier: ISC */
#ifndef FETCH_H
#define FETCH_H

#include "ship.h"
#include "status.h"

/*
 * fetch_run(text, opts):
 * Write the file that text names (a URL or a path) to stdout, through the
 * pump: whole and marked, or without its tail.  STATUS_OK, or a status after
 * one error line (none for EPIPE and a caught signal).
 */
enum status fetch_run(const char *text, const struct ship_opts *opts);

#endif
