/* SPDX-License-Identifier: ISC */
#ifndef SHELF_H
#define SHELF_H

#include <stdbool.h>

#include "ship.h"
#include "status.h"

/* Backups that lie somewhere: told, chosen from, thinned out. */

struct keep {
	unsigned last, daily, weekly, monthly;
};

/*
 * shelf_list(url, json, opts):
 * What lies in the directory of url, or of url's pattern, on stdout.
 */
enum status shelf_list(const char *url, bool json,
    const struct ship_opts *opts);

/*
 * shelf_prune(url, keep, dry_run, json, opts):
 * Remove what keep does not ask for; say of each file what became of it, and
 * why, on stdout.
 */
enum status shelf_prune(const char *url, const struct keep *keep, bool dry_run,
    bool json, const struct ship_opts *opts);

/*
 * shelf_latest(url, opts, status):
 * The URL of the newest backup whose name is of url's pattern, where {latest}
 * stands for {time}: freed by the caller; NULL after one error line, with the
 * status (STATUS_DATA where there is none).
 */
char *shelf_latest(const char *url, const struct ship_opts *opts,
    enum status *status);

#endif
