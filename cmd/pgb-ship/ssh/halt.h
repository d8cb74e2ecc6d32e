/* SPDX-License-Identifier: ISC */
#ifndef HALT_H
#define HALT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "sig.h"

/*
 * Whether a wait is to be given up: a signal was caught, or another thread asks
 * for it.  Waits look at it at least every HALT_STEP_MS.
 */
struct halt {
	atomic_bool asked;
};

#define HALT_STEP_MS	200

static inline bool
halt_asked(const struct halt *h)
{

	return (sig_caught() != 0 || (h != NULL && atomic_load(&h->asked)));
}

#endif
