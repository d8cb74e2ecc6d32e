/* SPDX-License-Identifier: ISC */
#ifndef JOB_H
#define JOB_H

#include "data/toc.h"
#include "filter.h"
#include "options.h"
#include "stock/stock.h"

/*
 * What the jobs have in common: a server, the program that fits it, and the
 * program at work under our snapshot.
 */
struct job {
	const struct options *o;
	struct pg *pg;
	struct tool tool;
	struct stock stock;
	struct toc toc;
	struct carrier *carrier;
	const char *snapshot;	/* NULL: there is none */
	int64_t snapshot_ms;	/* clock_ms() when it was taken */
	struct filter filter;
	struct pg_settings settings;	/* of our sessions */
	int out;		/* where the archive goes, -1: not a descriptor
				 * that others read */
};

/* The jobs; each returns STATUS_OK, or a status after one error line (none for
 * EPIPE and a signal). */
enum status dump_run(const struct options *);		/* dump.c */
enum status globals_run(const struct options *);
enum status estimate_run(const struct options *);	/* estimate.c */
enum status list_run(const struct options *);		/* list.c */

/*
 * job_begin(job, o):
 * Connect, find the pg_dump, export the snapshot, start it; its output waits
 * in job->stock.child.out, and job->carrier follows it into job->toc.
 * job_begin_globals(): the same for pg_dumpall --globals-only, without a
 * snapshot.  STATUS_OK, or a status after one error line.
 */
enum status job_begin(struct job *, const struct options *);
enum status job_begin_globals(struct job *, const struct options *);

/* The same server again: a new snapshot, a new pg_dump, and a new carrier.
 * After stock_stop(). */
enum status job_again(struct job *);

/*
 * job_carrier(job, planned):
 * The table of contents is known: a new carrier, to follow what goes out.
 * planned: it is made by the plan, and the plan notes where blocks are.
 */
enum status job_carrier(struct job *, bool planned);

/* End what runs and free all; after either of them in any case. */
void job_end(struct job *);

#endif
