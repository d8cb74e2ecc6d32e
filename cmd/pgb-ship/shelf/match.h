/* SPDX-License-Identifier: ISC */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "opt.h"
#include "status.h"

/*
 * Names that were made from a pattern (dest.h), read back: which time is in
 * them, and which series of backups they belong to.
 *
 *	{time} {latest}		20261128T020000Z
 *	%Y %m %d %H %M %S %F %j	as strftime(3) writes them; others: refused
 *	{db} {server} {host}	any text of what dest_expand() may put there
 *
 * Nothing here prints but match_new().
 */
struct match;

/*
 * match_new(pattern, url, name, status):
 * The last part of a destination's path, as it was written; in a URL %XX is a
 * byte.  A pattern without a time to the day at least is refused.  NULL after
 * one error line about name, with the status.
 */
struct match *match_new(const char *pattern, bool url, const char *name,
    enum status *status);
void match_free(struct match *);	/* NULL is allowed */

/* A pattern for a directory without one: any name with a {time} in it; what is
 * around it is the series.  Hidden names and those that have the ending of what
 * goes beside a backup are not of it.  NULL without memory. */
struct match *match_any(void);

#define MATCH_NAME_MAX	255	/* longer names are of no pattern */

struct match_found {
	int64_t time;		/* UTC, seconds */
	char series[2 * MATCH_NAME_MAX]; /* the name, with the pattern's own
				 * words in place of its time, and of what
				 * {server} is the major version alone */
	size_t len;		/* of the backup's name */
};

/*
 * match_name(m, name, found):
 * Whether a name, from its first byte to its last, is of the pattern.
 */
bool match_name(const struct match *, const char *name, struct match_found *);

/*
 * match_beside(m, extra, name, depth, found):
 * Whether it is such a name with the endings of depth (1 or 2) files that go
 * beside a backup behind it: .b2 .json .minisig .sha256 and those of the list
 * extra (".sql"), as in ".json" and ".json.minisig".  found->len is the length
 * of the backup's own name.
 *
 * Where a pattern ends in {db}, a name may be of it and beside it too.
 */
bool match_beside(const struct match *, const struct opt_list *extra,
    const char *name, unsigned depth, struct match_found *);

#endif
