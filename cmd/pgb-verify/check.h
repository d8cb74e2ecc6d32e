/* SPDX-License-Identifier: ISC */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/archive.h"
#include "data/blocks.h"
#include "finding.h"
#include "carrier/sql.h"
#include "status.h"
#include "tables.h"
#include "toc/contents.h"

/*
 * The checks that look deeper into a dump than its framing, which proves that
 * it is whole (carrier.h): table of contents, data, rows.  For custom archives,
 * tar archives and plain SQL; what the carrier tells goes to the rooms toc/,
 * data/ and text/, and what they find to the findings.
 */
struct check;

struct check_opts {
	unsigned threads;
	bool hash;		/* of each table */
	bool all_names;		/* check_list() will be called */
	uint64_t max_data;	/* as blocks.h */
	uint64_t max_memory;	/* bytes for the table of contents */

	/* Called before the first thread is started; NULL: nobody. */
	void (*starting)(void *arg);
	void *starting_arg;
};

/* findings is borrowed.  NULL without memory. */
struct check *check_new(const struct check_opts *, struct findings *);
void check_free(struct check *);

/* For struct carrier_opts; the argument is the check. */
extern const struct archive_watch check_watch;
extern const struct sql_watch check_sql_watch;

/*
 * check_drain(c):
 * All that has gone by was checked and what was found is printed: STATUS_OK,
 * STATUS_DATA where there was an error, STATUS_LOCAL without memory (printed).
 */
enum status check_drain(struct check *);

/* What the dump was; the header is NULL where it is no archive. */
const struct contents *check_contents(const struct check *);
const struct tables *check_tables(const struct check *);
bool check_is_sql(const struct check *);

struct check_totals {
	struct blocks_totals data;
	uint64_t entries;	/* in the table of contents */
	uint64_t inserts;	/* INSERT statements of plain SQL: not counted
				 * as rows */
	bool again;		/* a second table of contents */
};
const struct check_totals *check_totals(const struct check *);

/* What no check covers, as notes: after check_drain(), where all went well. */
void check_unchecked(struct check *);

/* The same, a sentence at a time, for the report. */
void check_each_unchecked(const struct check *,
    void (*tell)(void *arg, const char *sentence), void *arg);

/* The list of --list, a line at a time: as contents_list(). */
int check_list(const struct check *,
    int (*emit)(void *arg, const char *line, size_t len), void *arg);

#endif
