/* SPDX-License-Identifier: ISC */
#ifndef COMPARE_H
#define COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "check.h"
#include "digest.h"
#include "options.h"
#include "status.h"

/*
 * What the stream is held against: the sum that the user has of it (--check),
 * and an earlier report (--against); whose signatures are looked at first.
 */
struct compare;

/* Read the files.  NULL after one error line. */
struct compare *compare_new(const struct options *, enum status *status);
void compare_free(struct compare *);

bool compare_wants_sum(const struct options *);

/* Whether the stream's hash is the one of --check: STATUS_OK, or STATUS_DATA
 * after one error line. */
enum status compare_sum(const struct compare *, const uint8_t sum[DIGEST_LEN]);

/* Whether the dump has lost no more since --against than it may: STATUS_OK,
 * also where nothing is compared; STATUS_DATA after a table of what has changed
 * and an error line; STATUS_LOCAL.  bytes: of the stream, which are all that is
 * compared where there are no tables on either side. */
enum status compare_drift(const struct compare *, const struct check *,
    uint64_t bytes);

#endif
