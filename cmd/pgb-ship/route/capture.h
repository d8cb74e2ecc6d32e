/* SPDX-License-Identifier: ISC */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>

#include "ssh/halt.h"

/* The output of another program. */
struct capture {
	char *out;		/* the caller's: outmax bytes, for its stdout */
	size_t outmax;
	size_t outlen;		/* at most outmax - 1; a NUL stands behind */
	char *err;		/* the caller's, the same for its stderr; ... */
	size_t errmax, errlen;	/* ... NULL: it shares ours */
	int wstatus;		/* of waitpid(2) */
};

/*
 * capture(c, argv, timeout_ms, halt):
 * Run argv[0] (sought in PATH where it has no slash) to its end, with nothing
 * to read.  What it writes to stderr beyond errmax is dropped.
 *
 * timeout_ms	-1: it may take as long as it likes
 *
 * 0, or -1 with errno after it was ended: ENOENT and the like where it did not
 * start, ETIMEDOUT, EINTR where halt was asked, EFBIG where it wrote too much.
 * Prints nothing.  Safe from many threads.
 */
int capture(struct capture *c, char *const argv[], int timeout_ms,
    const struct halt *halt);

#endif
