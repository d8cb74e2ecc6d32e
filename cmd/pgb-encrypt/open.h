/* SPDX-License-Identifier: ISC */
#ifndef OPEN_H
#define OPEN_H

#include "age/age-open.h"
#include "doors.h"
#include "status.h"

/*
 * open_run(ids, threads, report, doors):
 * Decrypt the age file at stdin, binary or armored, to stdout.  Every byte
 * written was authenticated; only when the final chunk has opened is the tail
 * of the output written.  What is inside may be anything.  report may be NULL.
 * The doors are shut before the first thread, at best before the first byte.
 * Returns pump_run()'s status.
 */
enum status open_run(struct identities *ids, unsigned threads,
    const char *report, struct doors *doors);

/*
 * open_refuse(fault, w):
 * One error line and a hint about an age file at stdin that does not open;
 * returns the status.  Not for AGE_FINE and AGE_STOPPED.
 */
enum status open_refuse(enum age_fault fault, const struct age_wrong *w);

#endif
