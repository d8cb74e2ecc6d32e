/* SPDX-License-Identifier: ISC */
#ifndef SOURCE_H
#define SOURCE_H

#include "crew.h"
#include "emit.h"
#include "guard.h"
#include "job.h"
#include "spool.h"

/*
 * Where the archive's bytes come from: header and table of contents from
 * pg_dump, then the data from our workers, or, where that cannot be, from
 * pg_dump as well.  The essay is in source.c.
 */
struct source {
	struct job *job;
	struct spool *spool;	/* what pg_dump has written so far */
	uint64_t spool_left;	/* of it, to be read */
	uint8_t head[8];	/* its first bytes */
	bool newer;		/* an archive of a version that is not known,
				 * of which only pg_dump's status tells that it
				 * is whole */
	bool ended;		/* pg_dump's output was read to its end */
	bool ours;		/* the data come from our workers */
	bool keeps;		/* pg_dump stays, for its locks */
	char *changed;		/* table that was rewritten; of the last
				 * attempt, if that was the reason */
	struct fence *fence;	/* for all threads */
	struct crew_opts crew_opts;
	struct crew *crew;
	struct emit *emit;
	char *holders;		/* of crew_pids() */
	struct guard_opts guard_opts;
	struct guard *guard;
};

/*
 * source_open(s, job):
 * After job_begin(): read the table of contents, take the locks, let the
 * workers begin.  STATUS_OK, or a status after one error line.
 */
enum status source_open(struct source *, struct job *);

/* For struct pump_stage; arg is a struct source. */
enum status source_read(void *arg, void *buf, size_t len, size_t *got);

/* The end was read: see that all ended well.  STATUS_OK, or a status after one
 * error line. */
enum status source_end(struct source *);

/* What failed first: status, or what interrupted that. */
enum status source_status(struct source *, enum status);

/* Stop what runs and free; after source_open() in any case. */
void source_close(struct source *);

#endif
