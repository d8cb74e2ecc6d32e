/* SPDX-License-Identifier: ISC */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

/*
 * One status line for all programs of a pipeline.  The essay is in progress.c.
 *
 * A process has one stderr, and so this has one state, which is not passed.
 * Nothing here prints by itself, waits for the terminal or fails: where there
 * is no line, all of it does nothing.  After progress_begin() it needs no
 * rights but to read, write, poll and close what is open, and all but that and
 * progress_end() may be called by any thread.
 */

/* What the options and PGB_PROGRESS ask for. */
struct progress_want {
	bool on;		/* --progress: lines where it cannot be drawn */
	bool off;		/* --no-progress */
};

/* The rows of a table of options; TO is its macro, which gives the place of the
 * field "progress", a struct progress_want. */
#define PROGRESS_ROWS(TO)						\
	{ OPT_FLAG, 0, "progress", NULL, TO(progress.on),		\
	    "show progress, to what is no terminal too" },		\
	{ OPT_FLAG, 0, "no-progress", NULL, TO(progress.off),		\
	    "show none, to a terminal neither" }

/* STATUS_USAGE after an error line where both were given. */
enum status progress_check(const struct progress_want *);

struct progress_stage {
	const char *name;	/* "dump" */
	bool source;		/* stdin is not its input */
	bool sink;		/* stdout is not for its output */
	bool stores;		/* progress_stored() is told what counts */
};

/*
 * progress_begin(want, stage):
 * Take part in the line.  Before the first thread, before rights are given up,
 * before keys are read (it forks), after sig_install().
 */
void progress_begin(const struct progress_want *,
    const struct progress_stage *);

/* Bytes so far, of the one thread that moves them. */
void progress_bytes(uint64_t in, uint64_t out);

/* How much of what there is was done.  total 0: not known.  A regular file at
 * stdin is known without that. */
void progress_share(uint64_t done, uint64_t total);

/* So many bytes will come in. */
void progress_expect(uint64_t bytes);

void progress_stored(uint64_t bytes);

/* What is being worked on: "public.orders"; NULL: nothing. */
void progress_object(const char *);

/* It begins with the first; the pump sets the second. */
enum progress_state {
	PROGRESS_STARTING,
	PROGRESS_MOVING,
	PROGRESS_LOST,		/* a connection, which is being made again */
	PROGRESS_BACK,		/* what was stored is read back */
	PROGRESS_PUBLISHING
};
void progress_state(enum progress_state);

/*
 * progress_hide(), progress_unhide():
 * While a person is asked something the terminal shows no line.
 */
void progress_hide(void);
void progress_unhide(void);

/*
 * progress_end():
 * This stage is done, well or not: its line is off the terminal when this
 * returns (which waits for that a moment at most).  Again: nothing.
 */
void progress_end(void);

#endif
