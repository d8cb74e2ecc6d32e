/* SPDX-License-Identifier: ISC */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * Test Anything Protocol for the unit tests: ok() for each fact, and
 * "return tap_done();" at the end of main, which writes the plan.
 */

static int tap_count, tap_failed;

__attribute__((format(printf, 4, 5)))
static inline bool
tap_ok(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!good) {
		tap_failed++;
		printf("# %s:%d\n", file, line);
	}
	fflush(stdout);
	return (good);
}

#define ok(good, ...)	tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)

static inline bool
tap_same(const char *got, const char *want, const char *file, int line,
    const char *name)
{
	bool good = strcmp(got, want) == 0;

	tap_ok(good, file, line, "%s", name);
	if (!good)
		printf("#  got: %s\n# want: %s\n", got, want);
	return (good);
}

#define same(got, want, name)	tap_same((got), (want), __FILE__, __LINE__, (name))

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return (tap_failed != 0);
}

#endif
