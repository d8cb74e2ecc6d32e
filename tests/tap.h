/* SPDX-License-Identifier: ISC */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Test Anything Protocol for the unit tests: ok() for each fact, and
 * "return tap_done();" at the end of main, which writes the plan.
 *
 * The messages that the code under test prints, as it should, are not shown
 * under prove; run the test by hand to see them.
 */

static int tap_count, tap_failed, tap_err = 2;

__attribute__((constructor))
static void
tap_hush(void)
{
	int null;

	if (getenv("HARNESS_ACTIVE") == NULL)
		return;
	tap_err = fcntl(2, F_DUPFD_CLOEXEC, 10);
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1)
		return;
	dup2(null, 2);
	close(null);
}

/*
 * How far a loop over all cuts or flips of a stream goes at a time: 1, or what
 * TAP_STEP in the environment says, where each takes long (tests/valgrind.sh).
 */
static inline size_t
tap_step(void)
{
	const char *text = getenv("TAP_STEP");
	size_t step = text != NULL ? (size_t)strtoul(text, NULL, 10) : 1;

	return (step > 0 ? step : 1);
}

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
		dprintf(tap_err, "# not ok %d, %s:%d\n", tap_count, file,
		    line);
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
		dprintf(tap_err, "#  got: %s\n# want: %s\n", got, want);
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
