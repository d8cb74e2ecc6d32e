/* SPDX-License-Identifier: ISC */
#ifndef THROUGH_H
#define THROUGH_H

#include <stddef.h>
#include <stdint.h>

#include "pump.h"
#include "status.h"

/*
 * A foreign filter run between our input and our output, so that its output
 * has a proven end too: it must read its input to the end and exit 0, and only
 * then is the last of its output passed on.
 */
struct through;

/*
 * through_start(command, status):
 * Start `/bin/sh -c command`, in a process group of its own where there is no
 * terminal; its stderr is ours.  A pipeline or a background command is refused
 * (STATUS_USAGE).  NULL after one error line.
 */
struct through *through_start(const char *command, enum status *status);

/* For struct pump_stage; arg is the through.  What the filter writes is
 * emitted. */
enum status through_data(void *arg, struct pump *, const uint8_t *, size_t);

/*
 * through_finish(arg, p):
 * Wait until the filter has read everything, end its input, emit the rest of
 * its output and reap it.  A filter that wrote nothing is STATUS_DATA.
 */
enum status through_finish(void *arg, struct pump *);

/* End the filter where it still runs, by SIGTERM to its group; NULL allowed. */
void through_free(struct through *);

#endif
