/* SPDX-License-Identifier: ISC */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far the dump is, on stderr: on a terminal one line that is drawn again
 * and again, elsewhere a line each ten seconds.  For one thread at a time; what
 * other threads say by msg.h stays whole meanwhile.
 */
struct progress;

struct progress_now {
	uint64_t done, total;	/* bytes of relations; total 0: unknown */
	const char *current;	/* what is being read, or NULL */
	uint64_t out;		/* bytes of the archive */
};

/*
 * progress_new(force):
 * NULL where nothing is to be shown: stderr is no terminal that can draw, and
 * force is false; or no memory.  progress_show() and progress_end() take NULL.
 */
struct progress *progress_new(bool force);

/*
 * progress_show(p, now):
 * To be called about twice a second, and a last time in front of
 * progress_end(); decides itself what is shown.  now is borrowed for the call.
 * Does not wait for a terminal that was stopped.
 */
void progress_show(struct progress *, const struct progress_now *now);

/* Wipe the line, or print the last one, and free. */
void progress_end(struct progress *);

#endif
