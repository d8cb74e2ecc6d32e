/* SPDX-License-Identifier: ISC */
#ifndef CREW_IMPL_H
#define CREW_IMPL_H

#include <pthread.h>

#include "crew.h"

/*
 * What crew.c (sessions and threads) and crew-work.c (tasks) share.
 */

/* One who works: a thread, its session, its compressor. */
struct hand {
	struct crew *crew;
	pthread_t thread;
	bool started;
	struct pg *pg;		/* NULL: the server had no session left */
	struct squeeze *squeeze;
	struct squeeze_sink sink;
	struct task *task;
	int pid;		/* of its backend; under the lock */
	uint32_t locked;	/* the table whose lock it keeps */
	enum status status;	/* of its beginning; read after ready */
};

struct crew {
	const struct crew_opts *o;
	struct hand *hands;
	struct hand leader;
	struct plan *plan;
	struct emit *emit;
	const char *encoding;
	bool has_locks;		/* the leader */
	int wake_fd;		/* the leader is needed */
	int64_t pinged;		/* of the leader's thread */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* Under the lock. */
	unsigned ready;		/* workers who have connected, or not */
	unsigned size;		/* those who have */
	unsigned busy;		/* those who may still hand something over */
	bool begun, stop;
	struct task **handed;	/* for the leader, first come first */
	size_t handed_count, handed_room;
	bool told;		/* somebody has said why all ends, */
	enum status told_status;	/* and what comes of it */
};

/* All stops, with the status that somebody told, or else this one. */
void crew_fail(struct crew *, enum status);

/* The leader has something to do, or an end. */
void crew_wake_leader(struct crew *);

/* The leader does a task: false after a failure, which was told. */
bool crew_lead_task(struct hand *, struct task *);

/* Tasks until there is none: false after a failure, which was told. */
bool crew_do_tasks(struct hand *);

#endif
