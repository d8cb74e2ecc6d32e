/* SPDX-License-Identifier: ISC */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

#include "doors.h"
#include "recipients.h"
#include "status.h"

struct seal_opts {
	const struct recipients *to;	/* one at least */
	bool raw;		/* as in pump.h; age is encrypted again, too */
	bool armor;
	unsigned threads;
	const char *report;	/* NULL: none */
	struct doors *doors;	/* lent; shut before a byte is read */
};

/*
 * seal_run(o):
 * Encrypt stdin to stdout as an age file.  Call sodium_init() first.  Returns
 * pump_run()'s status.
 */
enum status seal_run(const struct seal_opts *);

#endif
