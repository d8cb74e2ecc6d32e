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
 * What lies in the directory of url, or of url's pattern there, on stdout,
 * which is closed: by series and time, then what goes beside a backup that is
 * not there, then temporary files.  STATUS_OK (also where there is nothing), or
 * a status after one error line (none for EPIPE and a caught signal).
 */
enum status shelf_list(const char *url, bool json,
    const struct ship_opts *opts);

/*
 * shelf_prune(url, keep, dry_run, json, opts):
 * Of each series of url's pattern remove what keep (keep.h) does not ask for,
 * and what goes beside it; of the directory what dead runs have left behind.
 * Say of each file what became of it, and why, on stdout.  opts->with are
 * further endings of what goes beside a backup (".sql").
 *
 * The status as above.  Where single files cannot be removed the others are,
 * and there is one error line at the end: STATUS_REMOTE, or STATUS_LOCAL.
 */
enum status shelf_prune(const char *url, const struct keep *keep, bool dry_run,
    bool json, const struct ship_opts *opts);

/*
 * shelf_latest(url, opts, status):
 * The URL of the newest backup whose name is of url's pattern, where {latest}
 * stands for {time}: freed by the caller; NULL after one error line, with the
 * status (STATUS_DATA where there is none).  One with a time in the future is
 * passed over with a warning, unless there is no other.
 */
char *shelf_latest(const char *url, const struct ship_opts *opts,
    enum status *status);

#endif
