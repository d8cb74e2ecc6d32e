/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_TRY_H
#define CARRIER_TRY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier.h"
#include "tap.h"

/* For the carrier-*.c tests: a whole stream through a carrier. */

static const char *const verdicts[] = {
	"proven", "open", "foreign", "broken", "empty"
};

static char try_why[1024], try_name[256];

/* In pieces of step bytes; 0: in odd pieces of all sizes. */
static inline enum carrier_verdict
try_bytes(const void *data, size_t len, size_t step)
{
	struct carrier *c = carrier_new(NULL);
	const char *p = data;
	size_t i, n, odd = 1;
	enum carrier_verdict v;

	for (i = 0; i < len; i += n) {
		n = step > 0 ? step : (odd = odd * 5 % 97 + 1);
		n = n < len - i ? n : len - i;
		if (carrier_feed(c, p + i, n) != 0)
			break;
	}
	v = carrier_end(c);
	snprintf(try_why, sizeof(try_why), "%s", carrier_why(c));
	snprintf(try_name, sizeof(try_name), "%s", carrier_name(c));
	carrier_free(c);
	return (v);
}

/* The same verdict whole, byte by byte and in odd pieces. */
static inline void
try_is(const void *data, size_t len, enum carrier_verdict want,
    const char *reason, const char *name)
{
	static const size_t steps[] = { 1 << 20, 1, 2, 3, 13, 0 };
	enum carrier_verdict v = want;
	size_t i;
	bool good = true;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && good; i++) {
		v = try_bytes(data, len, steps[i]);
		good = v == want && (reason == NULL ||
		    strstr(try_why, reason) != NULL);
	}
	ok(good, "%s: %s", name, verdicts[want]);
	if (!good)
		printf("# in pieces of %zu: %s, %s\n", steps[i - 1],
		    verdicts[v], try_why);
}

/* Cut at every byte: broken, or too little to know, but never whole. */
static inline void
try_cuts(const void *data, size_t len, const char *name)
{
	size_t i, bad = len;
	enum carrier_verdict v;

	for (i = 0; i < len && bad == len; i++) {
		v = try_bytes(data, i, 1 << 20);
		if (v == CARRIER_PROVEN || v == CARRIER_OPEN ||
		    (i == 0) != (v == CARRIER_EMPTY) ||
		    (i > 16 && v != CARRIER_BROKEN) || try_why[0] == '\0')
			bad = i;
	}
	ok(bad == len, "%s: cut at each of %zu bytes", name, len);
	if (bad != len)
		printf("# at %zu: %s\n", bad, try_why);
}

#endif
