/* SPDX-License-Identifier: ISC */
#ifndef REKEY_H
#define REKEY_H

#include <stdbool.h>

#include "age/identity.h"
#include "doors.h"
#include "recipients.h"
#include "status.h"

struct rekey_opts {
	struct identities *ids;
	const struct recipients *to;	/* one at least */
	bool armor;
	const char *report;		/* NULL: none */
	struct doors *doors;		/* lent */
};

/*
 * rekey_run(o):
 * Write the age file at stdin to stdout with a new header; the payload is
 * copied as it is.  Its last chunk must open as the final one before the tail
 * is written.  Says that it revokes nothing.  Returns pump_run()'s status.
 */
enum status rekey_run(const struct rekey_opts *);

#endif
