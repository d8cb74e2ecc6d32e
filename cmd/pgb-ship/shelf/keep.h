/* SPDX-License-Identifier: ISC */
#ifndef KEEP_H
#define KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shelf/shelf.h"

/*
 * Which backups of one series are kept.  Times in, decisions out; nothing here
 * looks at a clock, prints or fails.
 *
 * --keep-last N keeps the newest N; --keep-daily, -weekly, -monthly N the
 * newest one of each of the newest N days, ISO 8601 weeks, months (of UTC) that
 * have one.  What any rule keeps is kept, and so is the newest in any case.
 *
 * A clock that falls back gives new backups old names.  The store has a clock
 * of its own: what it has written more than an hour after the newest one is
 * late, and kept whatever the rules say.  The next one with a right name ends
 * that.
 */

enum keep_rule { KEEP_LAST, KEEP_DAILY, KEEP_WEEKLY, KEEP_MONTHLY, KEEP_RULES };

enum keep_says {
	KEEP_NOTHING,		/* the rule is not asked for */
	KEEP_IT,
	KEEP_NEWER,		/* its day, week or month has a newer one */
	KEEP_BEYOND,		/* older than the newest N */
};

struct keep_item {
	int64_t time;		/* in: UTC, seconds */
	int64_t written;	/* in: the same, by the store's clock */
	bool keep;		/* out */
	bool late;		/* kept for that alone */
	enum keep_says says[KEEP_RULES];
	unsigned rank;		/* 1 is the newest */
};

/* Whether a file is late that was written then, where the newest backup of its
 * series was written at newest. */
bool keep_is_late(int64_t written, int64_t newest);

/* v is in order, the newest first. */
void keep_decide(struct keep_item *v, size_t count, const struct keep *keep);

/*
 * keep_why(item, keep, why):
 * The reasons of a decision, in words: for what is kept the rules that keep it
 * ("last 1", "daily 2026-11-28", "weekly 2026-W48", "monthly 2026-11"), or that
 * it is late; for what is not what each rule says.  Returns how many there are,
 * at least 1.
 */
#define KEEP_WHY	64
size_t keep_why(const struct keep_item *, const struct keep *,
    char why[KEEP_RULES][KEEP_WHY]);

#endif
