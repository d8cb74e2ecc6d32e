/* SPDX-License-Identifier: ISC */
#ifndef OPT_IMPL_H
#define OPT_IMPL_H

#include "opt.h"
#include "status.h"

/* What opt.c and opt-refuse.c share. */
#define OPTS_MAX	160	/* options in one table */
#define LONG_BASE	256	/* getopt's value of table row i is this + i */

/* Rows that every table has; their index follows the table's own. */
enum { ROW_HELP = OPTS_MAX, ROW_VERSION, ROW_VERBOSE, ROW_BAD };

/* What getopt_long() refused with got is told, with a hint: STATUS_USAGE. */
enum status opt_refuse(const struct opt_spec *, int got, char **argv);

/*
 * opt_swallowed(spec, argv):
 * getopt takes any word for an argument: whether the one that it has just taken
 * is an option of ours.  STATUS_OK, or STATUS_USAGE after an error line.
 */
enum status opt_swallowed(const struct opt_spec *, char **argv);

#endif
