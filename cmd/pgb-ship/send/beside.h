/* SPDX-License-Identifier: ISC */
#ifndef BESIDE_H
#define BESIDE_H

#include "opt.h"
#include "send/target.h"
#include "ship.h"
#include "status.h"

/*
 * --with: small files that go beside the backup, as NAME and what stands behind
 * the first dot of their own names: report.json.minisig as
 * NAME.json.minisig.
 */

#define BESIDE_SUM	".b2"	/* of --sum */
#define BESIDE_MAX	16
#define BESIDE_BYTES	((size_t)64 * 1024 * 1024)
#define BESIDE_WAIT_MS	(60 * 1000)

/*
 * beside_check(opts):
 * Early: whether each file has a suffix, and none has another's.  STATUS_OK, or
 * STATUS_USAGE after one error line.
 */
enum status beside_check(const struct ship_opts *opts);

/* The suffixes that there will be beside a backup, that of --sum included:
 * number i, or NULL behind the last. */
const char *beside_suffix(const struct ship_opts *opts, size_t i);

/*
 * beside_too_long(opts, path, most):
 * The suffix with which the last part of path is longer than most bytes: ""
 * where it is by itself, NULL where all fit.
 */
const char *beside_too_long(const struct ship_opts *opts, const char *path,
    size_t most);

/*
 * beside_load(opts, v):
 * The stream has ended: wait for the files, and read them into v, which has
 * room for BESIDE_MAX.  STATUS_OK, or a status after one error line (none for a
 * caught signal).  Freed with beside_free() in any case.
 */
enum status beside_load(const struct ship_opts *opts, struct beside *v);
void beside_free(const struct ship_opts *opts, struct beside *v);

#endif
