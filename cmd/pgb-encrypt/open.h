/* SPDX-License-Identifier: ISC */
#ifndef OPEN_H
#define OPEN_H

#include "identity.h"
#include "status.h"

/*
 * open_run(ids, report):
 * Decrypt the age file at stdin, binary or armored, to stdout.  Every byte
 * written was authenticated; only when the final chunk has opened is the tail
 * of the output written.  What is inside may be anything.  report may be NULL.
 * Returns pump_run()'s status.
 */
enum status open_run(const struct identities *ids, const char *report);

#endif
