/* SPDX-License-Identifier: ISC */
#ifndef CREW_H
#define CREW_H

#include <stdbool.h>

#include "emit.h"
#include "pg/pg.h"
#include "plan.h"
#include "sandbox/fence.h"
#include "squeeze/zspec.h"

/*
 * Those who read the server: workers, each with a session of its own, and the
 * leader, whose session has the snapshot and the locks.  The essay is in
 * crew.c.
 */
struct crew;

struct crew_opts {
	struct pg *leader;	/* lent; its thread's alone from
				 * crew_begin() to crew_end() */
	unsigned jobs;
	const char *snapshot;
	const struct pg_settings *settings;
	const struct zspec *zspec;
	struct fence *fence;	/* lent; each worker enters it first */
};

/*
 * crew_new(opts):
 * Start the workers, who connect and import the snapshot.  opts is borrowed
 * until crew_free().  NULL after one error line.
 */
struct crew *crew_new(const struct crew_opts *);

/*
 * crew_begin(c, plan, emit, encoding, locked):
 * Wait for them, and let them work.  encoding: the archive's statement.
 * locked: the leader has locks on all tables.  Fewer sessions than asked for
 * are a note; none at all leaves the work to the leader.  STATUS_OK, or a
 * status after one error line.  Later errors go to emit_fail().
 */
enum status crew_begin(struct crew *, struct plan *, struct emit *,
    const char *encoding, bool locked);

/*
 * crew_end(c):
 * All was read: wait for the threads' end and see that the leader's session
 * has lived until now.  STATUS_OK, or a status after one error line.
 */
enum status crew_end(struct crew *);

/*
 * crew_tell(c, status, vague):
 * Before an error line, of any thread: whether to print it; false: another one
 * was printed.  vague: it may be that another thread knows more, so give it a
 * moment.
 */
bool crew_tell(struct crew *, enum status, bool vague);

/* End all that runs (emit_fail() first, if crew_begin() was called). */
void crew_free(struct crew *);

/* The processes on the server as "{1,2}", for pg_blocked(); stock: 0 in place
 * of the leader.  Freed by the caller; NULL without memory.  After
 * crew_begin(). */
char *crew_pids(struct crew *, bool stock);

/* Sessions at work, without the leader's. */
unsigned crew_size(const struct crew *);

#endif
