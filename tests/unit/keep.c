/* SPDX-License-Identifier: ISC */
/* Promise: of a series what any rule asks for is kept, never less than
 * --keep-last, and never nothing; and the reasons told are the reasons. */
#include <time.h>

#include "shelf/keep.h"
#include "tap.h"

static int64_t
at(const char *text)
{
	struct tm tm = { .tm_sec = 0 };

	if (strptime(text, strlen(text) > 10 ? "%Y-%m-%dT%H:%M" : "%Y-%m-%d",
	    &tm) == NULL)
		abort();
	return (timegm(&tm));
}

#define ITEMS_MAX	4000

/* Times, the newest first, blanks between; want: a + or - for each. */
static void
decides(const char *name, const struct keep *keep, const char *times,
    const char *want)
{
	struct keep_item v[64];
	char copy[2048], *p, *save, got[65] = "";
	size_t count = 0, i;

	snprintf(copy, sizeof(copy), "%s", times);
	for (p = strtok_r(copy, " ", &save); p != NULL;
	    p = strtok_r(NULL, " ", &save))
		v[count++] = (struct keep_item){ .time = at(p) };
	keep_decide(v, count, keep);
	for (i = 0; i < count; i++)
		got[i] = v[i].keep ? '+' : '-';
	got[count] = '\0';
	same(got, want, name);
}

static void
test_last(void)
{
	static const char times[] = "2026-11-28 2026-11-27 2026-11-26";

	decides("last 1", &(struct keep){ .last = 1 }, times, "+--");
	decides("last 2", &(struct keep){ .last = 2 }, times, "++-");
	decides("last 3", &(struct keep){ .last = 3 }, times, "+++");
	decides("fewer than last", &(struct keep){ .last = 9 }, times, "+++");
	decides("the largest number", &(struct keep){ .last = -1u }, times,
	    "+++");
	decides("one", &(struct keep){ .last = 1 }, "2026-11-28", "+");
	decides("none", &(struct keep){ .last = 1 }, "", "");
	decides("no rule at all: the newest", &(struct keep){ .last = 0 },
	    times, "+--");
	decides("the same second twice", &(struct keep){ .last = 1 },
	    "2026-11-28 2026-11-28 2026-11-27", "+--");
	decides("the same second twice, of two",
	    &(struct keep){ .last = 2 },
	    "2026-11-28 2026-11-28 2026-11-27", "++-");
}

static void
test_days(void)
{

	decides("daily: the newest of each", &(struct keep){ .daily = 2 },
	    "2026-11-28T23:59 2026-11-28T00:00 2026-11-27T23:59 "
	    "2026-11-27T12:00 2026-11-26T02:00", "+-+--");
	decides("daily: of days that have one", &(struct keep){ .daily = 3 },
	    "2026-11-28 2026-11-20 2026-01-01 2025-01-01", "+++-");
	decides("daily: the same second twice", &(struct keep){ .daily = 1 },
	    "2026-11-28 2026-11-28 2026-11-27", "+--");
	decides("daily: the leap day", &(struct keep){ .daily = 3 },
	    "2024-03-01T02:00 2024-02-29T02:00 2024-02-28T02:00 "
	    "2024-02-27T02:00", "+++-");
	decides("daily: before 1970", &(struct keep){ .daily = 2 },
	    "1970-01-01T00:00 1969-12-31T23:59 1969-12-31T00:00", "++-");
}

static void
test_weeks(void)
{

	/* 2026-11-30 is a Monday. */
	decides("weekly: from Monday", &(struct keep){ .weekly = 2 },
	    "2026-11-30T00:00 2026-11-29T23:59 2026-11-23T00:00 "
	    "2026-11-22T23:59", "++--");
	/* 2026 has 53 weeks: 2026-W53 is 2026-12-28 to 2027-01-03. */
	decides("weekly: W53 goes over the new year",
	    &(struct keep){ .weekly = 3 },
	    "2027-01-04 2027-01-03 2027-01-01 2026-12-31 2026-12-28 "
	    "2026-12-27", "++---+");
	/* 2024-12-30 is in 2025-W01. */
	decides("weekly: W01 begins in the old year",
	    &(struct keep){ .weekly = 2 },
	    "2025-01-05 2025-01-01 2024-12-30 2024-12-29 2024-12-23",
	    "+--+-");
	decides("weekly: the same number of another year",
	    &(struct keep){ .weekly = 2 }, "2026-01-08 2025-01-09", "++");
}

static void
test_months(void)
{

	decides("monthly", &(struct keep){ .monthly = 3 },
	    "2026-11-28 2026-11-01 2026-10-31 2026-10-01 2025-10-31 "
	    "2024-01-01", "+-+-+-");
}

static void
test_together(void)
{

	decides("together", &(struct keep){ 2, 3, 2, 2 },
	    "2026-11-28T12:00 2026-11-28T02:00 2026-11-27T02:00 "
	    "2026-11-26T02:00 2026-11-22T02:00 2026-11-21T02:00 "
	    "2026-10-31T02:00 2026-09-30T02:00", "+++++-+-");
}

static const char *
why(const struct keep_item *item, const struct keep *keep)
{
	static char text[512];
	char v[KEEP_RULES][KEEP_WHY];
	size_t n = keep_why(item, keep, v), i, len = 0;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s", i > 0 ? ", " : "", v[i]);
	return (text);
}

static void
test_why(void)
{
	const struct keep all = { 1, 2, 1, 1 }, none = { .last = 0 };
	struct keep_item v[4] = {
		{ .time = at("2027-01-01T02:00") },
		{ .time = at("2026-12-31T02:00") },
		{ .time = at("2026-12-31T01:00") },
		{ .time = at("2026-12-27T02:00") },
	};

	keep_decide(v, 4, &all);
	same(why(&v[0], &all), "last 1, daily 2027-01-01, weekly 2026-W53, "
	    "monthly 2027-01", "what all rules keep");
	same(why(&v[1], &all), "daily 2026-12-31", "what one keeps");
	same(why(&v[2], &all), "not of the last 1, 2026-12-31 has a newer one,"
	    " 2026-W53 has a newer one, not of the last 1 months",
	    "what none keeps");
	same(why(&v[3], &all), "not of the last 1, not of the last 2 days, "
	    "not of the last 1 weeks, not of the last 1 months",
	    "what is too old");
	keep_decide(v, 4, &none);
	same(why(&v[0], &none), "the newest", "what is kept without a rule");
}

/* Names tell one order, the store's clock another. */
static void
test_late(void)
{
	const struct keep one = { .last = 1 }, two = { .last = 2 };
	struct keep_item v[5] = {
		{ .time = at("2026-11-28T02:00") },
		{ .time = at("2026-11-27T02:00") },
		{ .time = at("2020-01-02T02:00") },
		{ .time = at("2020-01-01T02:00") },
		{ .time = at("2019-12-31T02:00") },
	};

	v[0].written = at("2026-11-28T03:00");
	v[1].written = at("2026-11-28T03:30");
	v[2].written = at("2026-11-30T03:00");
	v[3].written = at("2026-11-28T04:00") + 1;
	v[4].written = at("2026-11-28T04:00");
	keep_decide(v, 5, &one);
	ok(v[0].keep && !v[1].keep && v[2].keep && v[3].keep && !v[4].keep,
	    "what was written an hour and more after the newest is kept");
	ok(!v[0].late && !v[1].late && v[2].late && v[3].late && !v[4].late,
	    "and it is known why");
	same(why(&v[2], &one), "written after the newest one: a wrong clock?",
	    "and told");
	same(why(&v[1], &one), "not of the last 1", "of no other");
	keep_decide(v, 5, &two);
	ok(v[1].keep && v[2].late && v[3].late && !v[4].keep,
	    "and takes no place of another");
	v[2].time = at("2026-11-27T02:00");
	v[1].written = v[2].written;
	keep_decide(v, 5, &two);
	ok(v[1].keep && !v[1].late, "what a rule keeps is not late");
	v[0].written = at("2026-12-01T03:00");
	keep_decide(v, 5, &one);
	ok(v[0].keep && !v[1].keep && !v[2].keep && !v[3].keep && !v[4].keep,
	    "a newer one ends it");

	v[0].written = INT64_MIN;
	v[1].written = INT64_MAX;
	v[2].written = INT64_MIN;
	keep_decide(v, 3, &one);
	ok(v[1].late && !v[2].keep, "times that are none");
	v[0].written = INT64_MAX;
	keep_decide(v, 3, &one);
	ok(!v[1].keep && !v[2].keep, "or the last there is");
}

/* Three years, twice a day: the sets are as large as asked, and the newest N
 * are in it whatever else is asked for. */
static void
test_many(void)
{
	static struct keep_item v[ITEMS_MAX];
	const struct keep k = { 5, 7, 5, 12 };
	const int64_t newest = at("2026-11-28T14:00");
	size_t i, kept = 0, says[KEEP_RULES] = { 0 };
	const size_t count = 3 * 365 * 2;
	enum keep_rule r;

	for (i = 0; i < count; i++)
		v[i].time = newest - (int64_t)i * 12 * 3600;
	keep_decide(v, count, &k);
	for (i = 0; i < count; i++) {
		kept += v[i].keep ? 1 : 0;
		for (r = KEEP_LAST; r < KEEP_RULES; r++)
			says[r] += v[i].says[r] == KEEP_IT ? 1 : 0;
	}
	ok(says[KEEP_LAST] == 5 && says[KEEP_DAILY] == 7 &&
	    says[KEEP_WEEKLY] == 5 && says[KEEP_MONTHLY] == 12,
	    "each rule keeps as many as it says");
	/* Of the days three are among the last, of the weeks one too and one
	 * among the days, of the months one. */
	ok(kept == 5 + (7 - 3) + (5 - 2) + (12 - 1), "together %zu", kept);
	for (i = 0; i < 5; i++)
		ok(v[i].keep && v[i].rank == i + 1, "number %zu", i + 1);
}

int
main(void)
{

	test_last();
	test_days();
	test_weeks();
	test_months();
	test_together();
	test_why();
	test_late();
	test_many();
	return (tap_done());
}
