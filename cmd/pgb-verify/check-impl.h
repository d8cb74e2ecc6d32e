/* SPDX-License-Identifier: ISC */
#ifndef CHECK_IMPL_H
#define CHECK_IMPL_H

#include "check.h"
#include "digest.h"
#include "text/rows.h"
#include "toc/toc-check.h"

/* For check.c, which is told of archives, and check-sql.c, of plain SQL. */
struct check {
	struct check_opts opts;
	struct findings *findings;
	struct contents *toc;
	struct toc_check *toc_check;
	struct blocks *blocks;
	struct tables *tables;
	struct check_totals totals;
	bool failed;		/* no memory: why */
	char why[160];

	size_t block;		/* how many have begun */

	/* Plain SQL. */
	bool sql;
	const struct encoding *encoding;
	struct rows rows;
	struct digest *digest;
	char name[640];		/* of the table whose rows go by */
	uint64_t rows_at;
	bool told;
};

/* No memory, or no more of it than was allowed: why.  What the carrier is to be
 * answered. */
const char *check_fail(struct check *, const char *why);

/* NULL, or archive_told where the run is to end. */
const char *check_go_on(const struct check *);

#endif
