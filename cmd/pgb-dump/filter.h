/* SPDX-License-Identifier: ISC */
#ifndef FILTER_H
#define FILTER_H

#include <stddef.h>

#include "opt.h"
#include "status.h"

/*
 * pg_dump's filter rules, read by us and handed on as options, so that they
 * work with a pg_dump that has no --filter (before 17).
 * Source: PostgreSQL 18, documentation of pg_dump --filter.
 */

#define FILTER_MAX	(16UL << 20)	/* bytes of rules */

struct filter_rule {
	const char *option;	/* "--exclude-table-data" */
	char *pattern;
	unsigned line;		/* where it begins */
	const char *type;	/* as in the rules: "table_data" */
	int since;		/* first version of pg_dump that has it */
};

struct filter {
	char *name;		/* for messages: "--filter: stdin" */
	struct filter_rule *rules;
	size_t count;
};

/*
 * filter_parse(f, text, len):
 * Read rules; f->name is set.  STATUS_OK, or a status after one error line
 * that names the line.
 */
enum status filter_parse(struct filter *, const char *text, size_t len);

/* filter_read(f, path): the same from a file, "-" is stdin. */
enum status filter_read(struct filter *, const char *path);

/*
 * filter_options(f, version, list):
 * Append the options for a pg_dump of that version (150020) to list; the words
 * are allocated and live as long as the process.  STATUS_OK, or a status after
 * one error line where that pg_dump has no such option.
 */
enum status filter_options(const struct filter *, int version,
    struct opt_list *);

void filter_free(struct filter *);

#endif
