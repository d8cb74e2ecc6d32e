/* SPDX-License-Identifier: ISC */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "check.h"
#include "digest.h"
#include "publish.h"
#include "record.h"
#include "status.h"

/*
 * What pgb-verify reports (pgb-report(5)): the pump's record with what was
 * found out about the dump, and a list of its tables.
 */

/* Facts and totals. */
void report_facts(struct record *, const struct check *, uint64_t notes);

/*
 * report_write(check, line, to, hash):
 * The record's line, and in its object the tables, which are written one by
 * one: there may be many.
 *
 * line	ends in "}\n"; changed
 * to	NULL: nowhere
 * sum	NULL, or is fed the same bytes
 *
 * STATUS_OK, or STATUS_LOCAL after one error line.
 */
enum status report_write(const struct check *, char *line,
    struct publish *to, struct digest *sum);

#endif
