/* SPDX-License-Identifier: ISC */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include <stdint.h>

#include "check.h"
#include "digest.h"
#include "options.h"
#include "publish.h"
#include "status.h"

/*
 * The files that a run leaves beside the stream: list, sum, and the signature
 * of the report; the report itself is the pump's.  All are made in the
 * beginning, since nothing can be opened later; written before the tail of the
 * stream is let go; and get their names when all is well.  None takes the place
 * of another kind of file, of another of them, or of the stream.
 */
struct outputs;

/* NULL after one error line. */
struct outputs *outputs_open(const struct options *, enum status *status);
void outputs_free(struct outputs *);

/*
 * outputs_ready(out, report, dirs, count):
 * The directories in which they will be renamed, with that of the report (which
 * may be NULL): at most OUTPUTS_DIRS.  STATUS_OK, or STATUS_USAGE where two of
 * them are one file.
 */
#define OUTPUTS_DIRS	4
enum status outputs_ready(const struct outputs *, const struct publish *report,
    int dirs[OUTPUTS_DIRS], size_t *count);

/* The report's line with its tables into its file, and the signature.  line is
 * changed.  As publish_write(). */
enum status outputs_report(struct outputs *, const struct check *, char *line,
    struct publish *report);

/* Sum and list into their files; what is the stream, for the message that it
 * has nothing to list. */
enum status outputs_write(struct outputs *, const struct check *,
    const uint8_t sum[DIGEST_LEN], const char *what);

/* These and the signature get their names: in front of the report, since
 * whoever sees that finds them. */
enum status outputs_name(struct outputs *);

/*
 * outputs_finish(out, check, what):
 * After the stream: the list is printed, of --list; what is as above.
 */
enum status outputs_finish(struct outputs *, const struct check *,
    const char *what);

#endif
