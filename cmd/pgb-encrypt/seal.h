/* SPDX-License-Identifier: ISC */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

#include "keys.h"
#include "status.h"

/*
 * seal_run(to, raw, report):
 * Encrypt stdin to stdout as an age file for all recipients of to, of which
 * there is one at least.  raw and report as in pump.h; report may be NULL.
 * Call sodium_init() first.  Returns pump_run()'s status.
 */
enum status seal_run(const struct recipients *to, bool raw,
    const char *report);

#endif
