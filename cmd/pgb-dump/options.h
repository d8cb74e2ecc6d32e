/* SPDX-License-Identifier: ISC */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#include "opt.h"
#include "pg/pg.h"
#include "progress/progress.h"
#include "squeeze/zspec.h"

enum options_job {
	JOB_DUMP,		/* an archive of one database */
	JOB_GLOBALS,		/* roles and tablespaces */
	JOB_LIST,		/* names of the databases */
	JOB_ESTIMATE,		/* how large the archive will be */
};

/* The command line, checked. */
struct options {
	enum options_job job;
	struct pg_login login;
	const char *filter;	/* file of rules, "-" is stdin, or NULL */
	const char *report;
	const char *snapshot;	/* the user's, or NULL */
	bool deferrable;
	bool allow_empty;
	bool verbose;
	bool no_sandbox;
	bool want_tables;	/* the archive should describe tables */
	bool want_data;		/* and have the data of some */
	const char *file;	/* to publish, NULL: stdout */
	unsigned jobs;
	bool no_split;
	unsigned split_pages;	/* 0: by size */
	struct zspec zspec;
	struct progress_want progress;
	unsigned max_blocking;	/* seconds; 0: never mind */
	bool abort_blocking;
	struct opt_list pass;	/* for pg_dump */
	struct opt_list pass_globals;	/* for pg_dumpall alone */

	/* As given, before they are put together. */
	bool globals, list, estimate;
	const char *dbname, *format;
	const char *jobs_word, *pages_word, *blocking_word, *compress;
};

/*
 * options_parse(o, argc, argv):
 * STATUS_OK; OPT_DONE when --help or --version was printed; else a status
 * after one error line.
 */
int options_parse(struct options *, int argc, char **argv);
void options_free(struct options *);

#endif
