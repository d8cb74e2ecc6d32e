/* SPDX-License-Identifier: ISC */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "emit.h"
#include "pg/pg.h"

/*
 * What watches a dump while it runs, in a thread of its own: shows the
 * progress, warns when sessions wait for our locks, and when nobody takes the
 * archive off our hands.
 */
struct guard;

struct guard_opts {
	const struct pg *leader;	/* its server; for pg_clone() alone */
	const char *holders;		/* backends with locks, as
					 * pg_blocked() wants them */
	struct emit *emit;
	uint64_t total;			/* bytes of relations */
	int64_t snapshot_ms;		/* clock_ms() when it was taken */
	unsigned max_blocking;		/* seconds, 0: never mind */
	bool abort;			/* end the dump then */
};

/* opts is borrowed until guard_stop().  NULL after one error line. */
struct guard *guard_start(const struct guard_opts *);

/* NULL is allowed. */
void guard_stop(struct guard *);

#endif
