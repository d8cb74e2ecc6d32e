/* SPDX-License-Identifier: ISC */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shelf/match.h"
#include "shelf/store.h"

/*
 * What lies in a directory, told apart: backups, what goes beside them, and
 * temporary files.
 */

struct view_item {
	const struct store_file *file;
	struct match_found found;
	bool complete;		/* a regular file that is not empty */
	struct view_item *beside;	/* of a backup: the first that goes
					 * beside it, by name; of those: next */
};

struct view {
	struct dest dest;
	char dir[DEST_PATH_MAX];
	char *name;		/* of the directory, for messages */
	struct match *match;
	struct store *store;
	struct store_list list;
	int64_t ours, theirs;	/* clocks; see store_clock() */

	/* By series, time and name. */
	struct view_item *backups;
	size_t backup_count;
	struct view_item *besides;
	size_t beside_count;
	struct view_item **orphans;	/* besides whose backup is not there */
	size_t orphan_count;

	const struct store_file **temps;
	size_t temp_count;
	size_t strangers;	/* all that is none of these */
};

enum view_what {
	VIEW_ANY,		/* a directory, or a pattern */
	VIEW_PATTERN,
};

/*
 * view_open(v, url, what, extra, opts):
 * Look at the directory of url.  extra are further endings of what goes beside
 * a backup (match.h), or NULL.  All are borrowed.  STATUS_OK, or a status after
 * one error line (none for a caught signal).  Closed with view_close() in any
 * case.
 */
enum status view_open(struct view *, const char *url, enum view_what what,
    const struct opt_list *extra, const struct ship_opts *opts);
void view_close(struct view *);

/* More than a day ahead of all clocks: somebody's clock was wrong, and how old
 * it is nobody knows. */
#define VIEW_DAY	(24 * 3600)
bool view_is_future(const struct view *, int64_t time);

/* "1.2 GiB" */
#define VIEW_HUMAN	16
void view_human(uint64_t bytes, char text[VIEW_HUMAN]);

#endif
