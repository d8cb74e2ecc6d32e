/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shelf/keep.h"

static const struct rule {
	const char *name, *unit;
	const char *period;	/* for strftime(3); NULL: each by itself */
} rules[KEEP_RULES] = {
	[KEEP_LAST] = { "last", "", NULL },
	[KEEP_DAILY] = { "daily", " days", "%Y-%m-%d" },
	[KEEP_WEEKLY] = { "weekly", " weeks", "%G-W%V" },
	[KEEP_MONTHLY] = { "monthly", " months", "%Y-%m" },
};

static unsigned
asked(const struct keep *k, enum keep_rule rule)
{

	switch (rule) {
	case KEEP_LAST:
		return (k->last);
	case KEEP_DAILY:
		return (k->daily);
	case KEEP_WEEKLY:
		return (k->weekly);
	case KEEP_MONTHLY:
		return (k->monthly);
	default:
		return (0);
	}
}

#define PERIOD_MAX	32

/* The period that a backup stands for, or its rank where each does. */
static void
period(const struct keep_item *item, enum keep_rule rule, char *text)
{
	time_t t = (time_t)item->time;
	struct tm tm;

	if (rules[rule].period == NULL) {
		snprintf(text, PERIOD_MAX, "%u", item->rank);
		return;
	}
	/* The formats are those above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, PERIOD_MAX, rules[rule].period, &tm) == 0)
		snprintf(text, PERIOD_MAX, "%" PRId64, item->time);
#pragma GCC diagnostic pop
}

/* One period follows the other, and the first of each is its newest. */
static void
apply(struct keep_item *v, size_t count, enum keep_rule rule, unsigned most)
{
	char here[PERIOD_MAX], before[PERIOD_MAX] = "";
	unsigned periods = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		period(&v[i], rule, here);
		if (strcmp(here, before) != 0) {
			memcpy(before, here, sizeof(before));
			if (periods <= most)
				periods++;
			v[i].says[rule] = periods <= most ? KEEP_IT :
			    KEEP_BEYOND;
		} else
			v[i].says[rule] = periods <= most ? KEEP_NEWER :
			    KEEP_BEYOND;
		if (v[i].says[rule] == KEEP_IT)
			v[i].keep = true;
	}
}

#define LATE_SECONDS	3600

bool
keep_is_late(int64_t written, int64_t newest)
{

	/* They are the store's words: their difference may be of any size. */
	return (written > newest &&
	    (uint64_t)written - (uint64_t)newest > LATE_SECONDS);
}

void
keep_decide(struct keep_item *v, size_t count, const struct keep *keep)
{
	enum keep_rule rule;
	size_t i;

	for (i = 0; i < count; i++) {
		v[i].rank = (unsigned)i + 1;
		v[i].keep = i == 0;
		memset(v[i].says, 0, sizeof(v[i].says));
	}
	for (rule = KEEP_LAST; rule < KEEP_RULES; rule++)
		if (asked(keep, rule) > 0)
			apply(v, count, rule, asked(keep, rule));
	for (i = 0; i < count; i++) {
		v[i].late = !v[i].keep &&
		    keep_is_late(v[i].written, v[0].written);
		v[i].keep = v[i].keep || v[i].late;
	}
}

size_t
keep_why(const struct keep_item *item, const struct keep *keep,
    char why[KEEP_RULES][KEEP_WHY])
{
	enum keep_rule rule;
	char text[PERIOD_MAX];
	size_t n = 0;

	for (rule = KEEP_LAST; rule < KEEP_RULES; rule++) {
		period(item, rule, text);
		if (item->says[rule] == KEEP_IT)
			snprintf(why[n++], KEEP_WHY, "%s %s",
			    rules[rule].name, text);
		else if (item->keep)
			continue;
		else if (item->says[rule] == KEEP_NEWER)
			snprintf(why[n++], KEEP_WHY, "%s has a newer one",
			    text);
		else if (item->says[rule] == KEEP_BEYOND)
			snprintf(why[n++], KEEP_WHY, "not of the last %u%s",
			    asked(keep, rule), rules[rule].unit);
	}
	if (n == 0)
		snprintf(why[n++], KEEP_WHY, "%s", item->late ?
		    "written after the newest one: a wrong clock?" :
		    "the newest");
	return (n);
}
