/* SPDX-License-Identifier: ISC */
#ifndef BOARD_H
#define BOARD_H

#include "progress/stage.h"

/*
 * The line on the terminal, or the lines that stay: which stages there are, and
 * when and where something is written.  Writes to stderr, but never waits for
 * it.  Times are ms of clock_ms().  For one thread.
 */
struct board {
	bool draws;		/* one line, drawn again; else lines */
	bool drawn;		/* it stands there */
	bool dead;		/* stderr is gone */
	unsigned hidden;	/* how many want no line now */
	int64_t due;
	unsigned turn;		/* which of several pipelines is shown */
	struct stage stages[STAGES_MAX];
	bool used[STAGES_MAX];
};

#define BOARD_TICK_MS	500	/* how often board_tick() is to be called */

void board_init(struct board *, bool draws, int64_t ms);

/* A stage has come: NULL where there are too many. */
struct stage *board_add(struct board *, const struct stage_hello *,
    pid_t pid, int64_t ms);

/* Its figures were read again (stage_read()): show them, if it is time. */
void board_tick(struct board *, int64_t ms);

/* A stage has ended: the line is wiped; where it was the last one of its
 * pipeline, what lines tell is told.  Whether others are left. */
bool board_end(struct board *, struct stage *, int64_t ms);

/* Wipe the line, if there is one, for so long that others can write. */
void board_wipe(struct board *, int64_t ms);

#endif
