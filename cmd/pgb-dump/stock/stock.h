/* SPDX-License-Identifier: ISC */
#ifndef STOCK_H
#define STOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "child.h"
#include "opt.h"
#include "pg/pg.h"
#include "relay.h"
#include "tool.h"

/*
 * Stock pg_dump (or pg_dumpall) at work: its output is read from child.out,
 * its messages are relayed, and its end is judged.
 */
struct stock {
	const struct tool *tool;
	const char *name;	/* "pg_dump" */
	struct pg *pg;
	struct child child;
	struct relay relay;
};

/*
 * stock_start(s, name, tool, pg, words):
 * Run it against the server that pg talks to.  words: its options.  The
 * password goes through its environment, never its command line.  All is
 * borrowed.  STATUS_OK, or a status after one error line.
 */
enum status stock_start(struct stock *, const char *name,
    const struct tool *, struct pg *, const struct opt_list *words);

/* Messages may be there: relay them.  For pump_opts.aux_read; false: at the
 * end. */
bool stock_relay(struct stock *);

/*
 * stock_read(s, out, buf, len, got):
 * The next bytes of its output, *got 0 at the end; messages are relayed
 * meanwhile.  out: the pipe that they will go to, -1: none.  STATUS_OK, or
 * STATUS_LOCAL after one error line (none for a signal, and where nobody reads
 * from out any more).
 */
enum status stock_read(struct stock *, int out, void *buf, size_t len,
    size_t *got);

/*
 * stock_settle(s):
 * Read nothing, and wait until it can do no more: 1 all is written and its
 * output closed, 0 it stands still because the pipe is full, -1 after a signal.
 * Messages are relayed meanwhile.
 */
int stock_settle(struct stock *);

/*
 * stock_end(s):
 * Its output has ended: wait for it and judge.  STATUS_OK if it ended well;
 * else, after its own messages and one error line, STATUS_USAGE, STATUS_RETRY,
 * STATUS_REMOTE or STATUS_DATA by what it said, STATUS_LOCAL where it was
 * killed.
 */
enum status stock_end(struct stock *);

/* End it if it runs.  May be called at any time after zeroing by
 * stock_start() or STOCK_NONE. */
void stock_stop(struct stock *);

#define STOCK_NONE	{ .child = CHILD_NONE }

#endif
