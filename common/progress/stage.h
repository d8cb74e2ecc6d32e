/* SPDX-License-Identifier: ISC */
#ifndef STAGE_H
#define STAGE_H

#include <sys/types.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "progress/figures.h"

/*
 * A stage of a pipeline: what it tells of itself once (struct stage_hello),
 * what it shows all the time (struct stage_shown, in memory that it shares with
 * the line process), and what the line process knows of it (struct stage).
 */

#define STAGE_VERSION	1	/* of what is shared; no other is spoken to */
#define STAGE_PROGRAM	16
#define STAGE_OBJECT	256	/* the NUL included */
#define STAGE_WORDS	(STAGE_OBJECT / sizeof(uint64_t))

enum {
	STAGE_SOURCE = 1,	/* nothing comes in: it makes the stream */
	STAGE_SINK = 2,		/* nothing goes out */
	STAGE_STORES = 4,	/* what is stored counts, not what goes out */
	STAGE_SCREEN = 8	/* its output is on the terminal */
};

struct stage_hello {
	uint32_t version;
	uint32_t flags;
	char program[STAGE_PROGRAM];	/* "dump" */
	uint64_t in_pipe, out_pipe;	/* inodes; 0: no pipe */
};

/*
 * Written by the stage alone, but for drawn.  Figures are each whole, not
 * together.  Of the two names the one that counts is chosen by the lowest bit
 * of turn; the other one is written.
 */
struct stage_shown {
	_Atomic uint64_t in, out, stored;	/* bytes */
	_Atomic uint64_t done, total;	/* of what there is; total 0: unknown */
	_Atomic uint32_t state;		/* enum progress_state */
	atomic_uint drawn;		/* there is a line on the terminal */
	_Atomic uint32_t turn;
	_Atomic uint64_t name[2][STAGE_WORDS];
};

struct stage {
	char program[STAGE_PROGRAM];
	unsigned flags;
	uint64_t in_pipe, out_pipe;
	pid_t pid;
	bool ended;

	/* As it was last read. */
	uint64_t in, out;
	uint64_t done, total;
	unsigned state;
	char object[STAGE_OBJECT];

	/* How fast: of done, or of its bytes.  ms of clock_ms(). */
	int64_t began, seen;
	uint64_t counted;
	struct mean rate, slow;
};

/* Bytes that went through it, for who wants one number. */
uint64_t stage_bytes(const struct stage *);

/* The figures of another ms, for its rates. */
void stage_count(struct stage *, int64_t ms);

/* Read what it shows. */
void stage_read(struct stage *, struct stage_shown *);

/* For the stage itself. */
void stage_name(struct stage_shown *, const char *object);

#define STAGES_MAX	32

/* How a stage hangs on the one in front of it. */
enum stage_link {
	LINK_DIRECT,		/* by a pipe */
	LINK_FOREIGN,		/* somebody else's program is between them */
	LINK_BESIDE		/* it is another end of the same stream */
};

struct pipeline {
	struct stage *stages[STAGES_MAX];
	enum stage_link links[STAGES_MAX];
	size_t count;
};

/*
 * stage_order(all, count, out):
 * What of count stages (STAGES_MAX at most) belongs together, in the order of
 * the stream.  Returns how many pipelines there are.
 */
size_t stage_order(struct stage *const *all, size_t count,
    struct pipeline out[STAGES_MAX]);

#endif
