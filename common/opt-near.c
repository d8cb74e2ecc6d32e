/* SPDX-License-Identifier: ISC */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "opt-near.h"

#define BEGUN_MAX	5	/* more of them help nobody */
#define NAME_MAX_LEN	40	/* letters of an option that are compared */

static size_t
least(size_t a, size_t b)
{

	return (a < b ? a : b);
}

/*
 * How many letters must be put in, left out, changed or swapped with the next
 * one to make one word of the other.
 */
static size_t
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t row[3][NAME_MAX_LEN + 1], *before, *last, *now, i, j;

	for (j = 0; j <= blen; j++)
		row[0][j] = j;
	for (i = 1; i <= alen; i++) {
		before = row[(i + 1) % 3];	/* i - 2 */
		last = row[(i + 2) % 3];	/* i - 1 */
		now = row[i % 3];
		now[0] = i;
		for (j = 1; j <= blen; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return (row[alen % 3][blen]);
}

static bool
is_proposed(const struct opt *o)
{

	return (o->kind != OPT_TITLE && o->kind != OPT_CLASH &&
	    o->lname != NULL && o->help != NULL);
}

/* Those that begin with it: more than one, or it would have been taken. */
static size_t
list_begun(const struct opt *opts, const char *name, size_t len, char *out,
    size_t outlen)
{
	const struct opt *o;
	size_t n = 0, at = 0;
	int put;

	for (o = opts; o->kind != OPT_END; o++) {
		if (!is_proposed(o) || strncmp(o->lname, name, len) != 0)
			continue;
		put = snprintf(out + at, outlen - at, "%s--%s",
		    n > 0 ? ", " : "", o->lname);
		if (put < 0 || (size_t)put >= outlen - at) {
			out[at] = '\0';
			break;
		}
		at += (size_t)put;
		n++;
	}
	return (n);
}

void
opt_near(const struct opt *opts, const char *name, size_t len, char *out,
    size_t outlen)
{
	const struct opt *o, *best = NULL;
	size_t d, best_d, n;

	out[0] = '\0';
	if (len < 2 || len > NAME_MAX_LEN)
		return;
	if ((n = list_begun(opts, name, len, out, outlen)) > 0) {
		if (n > BEGUN_MAX)
			out[0] = '\0';
		return;
	}
	/* A third of the letters may be wrong, and not more than three. */
	best_d = least(len / 3 + 1, 3) + 1;
	for (o = opts; o->kind != OPT_END; o++) {
		if (!is_proposed(o) || strlen(o->lname) > NAME_MAX_LEN)
			continue;
		d = distance(name, len, o->lname, strlen(o->lname));
		if (d < best_d) {
			best_d = d;
			best = o;
		}
	}
	if (best != NULL)
		snprintf(out, outlen, "--%s", best->lname);
}
