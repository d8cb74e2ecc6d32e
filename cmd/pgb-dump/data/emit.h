/* SPDX-License-Identifier: ISC */
#ifndef EMIT_H
#define EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan.h"
#include "squeeze/squeeze.h"
#include "status.h"

/*
 * Many write, one reads, in order.  The essay is in emit.c.
 */
struct emit;

#define EMIT_SLAB	(256 * 1024)		/* bytes */
#define EMIT_SHARE	(16 * 1024 * 1024)	/* bytes of memory a worker */
#define EMIT_TASK	(EMIT_SHARE / 4)	/* what a part of a table is to
						 * make of it */

/*
 * emit_new(jobs, gzip):
 * For that many workers; gzip: a table in several tasks needs its check value
 * put behind.  NULL without memory.
 */
struct emit *emit_new(unsigned jobs, bool gzip);
void emit_free(struct emit *);

/*
 * emit_take(e, plan):
 * The next task of the plan, its lane at the end of the queue; NULL when there
 * is none, or after emit_fail().  Waits until there is memory for all that a
 * part of a table is expected to make.  Tasks are owned by the emit.  Safe from
 * many threads, as all that follows; nothing prints, but where there is no
 * memory, which is an emit_fail() too.
 */
struct task *emit_take(struct emit *, struct plan *);

/*
 * The lane of a task, for the thread that works on it.  lane_sink() fills in
 * the functions for a squeeze.  lane_bytes() puts bytes between chunks.
 * lane_came(): so many bytes of rows came, for emit_state().
 * lane_done(): nothing more comes; check and text are those of the squeeze.
 * The functions return false (NULL) after emit_fail().
 */
void lane_sink(struct task *, struct squeeze_sink *);
bool lane_bytes(struct task *, const void *buf, size_t len);
void lane_came(struct task *, size_t len);
void lane_done(struct task *, uint32_t check, uint64_t text);

/* Whether everything in front of the task has been read. */
bool emit_is_head(struct emit *, const struct task *);

/*
 * emit_fail(e, status):
 * A thread failed, and has said so: all others stop, and the main one is
 * interrupted in whatever it waits for (sig_stop()).  The first status counts.
 * emit_stop(e): the main thread wants all to stop.
 */
void emit_fail(struct emit *, enum status);
void emit_stop(struct emit *);
bool emit_failed(struct emit *);

/* That status, or STATUS_OK. */
enum status emit_status(struct emit *);

/*
 * emit_loosen(e, loose):
 * While loose, parts of tables that have begun get memory beyond the limit, so
 * that they end: somebody waits for the locks that they have.
 */
void emit_loosen(struct emit *, bool loose);

/* Becomes readable when emit_fail() is called: for poll(2). */
int emit_stop_fd(const struct emit *);

/*
 * emit_read(e, buf, len, got, idle, arg):
 * The next bytes of the blocks, in order; *got 0 at the end of the plan.  While
 * it waits it calls idle a few times a second, which returns STATUS_OK or a
 * status after one error line.  Returns the status of emit_fail(), or
 * STATUS_LOCAL for a signal.  For one thread.
 */
enum status emit_read(struct emit *, uint8_t *buf, size_t len,
    size_t *got, enum status (*idle)(void *), void *arg);

/* Bytes went past, from elsewhere: len; 0: more are being waited for. */
void emit_follow(struct emit *, size_t len);

/* For the progress: bytes of relations whose tasks are done, and of the one
 * that is being written as many as rows came; its entry (or NULL); bytes handed
 * out. */
struct emit_state {
	uint64_t done;
	const struct plan_entry *entry;
	uint64_t out;
	bool waiting;		/* the reader waits for a worker */
};
void emit_state(struct emit *, struct emit_state *);

#endif
