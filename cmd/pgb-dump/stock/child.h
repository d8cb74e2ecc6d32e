/* SPDX-License-Identifier: ISC */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A program that we run: its stdout and stderr come through pipes, its stdin
 * is empty, and it does not outlive us.
 */
struct child {
	pid_t pid;		/* -1: none, or reaped */
	int out;		/* its stdout, -1: closed */
	int err;		/* its stderr, -1: closed */
	int wstatus;		/* of waitpid(), once reaped */
};

#define CHILD_NONE	{ .pid = -1, .out = -1, .err = -1 }

/*
 * child_start(c, argv, env):
 * Run argv[0], which is a path.  env is a list, ended by NULL, of NAME=VALUE to
 * set and NAME to remove from our own environment; NULL: as ours.  Returns 0,
 * or -1 with errno (that of execve() too).  Prints nothing.
 */
int child_start(struct child *, char *const argv[], const char *const *env);

/*
 * child_wait(c, timeout_ms):
 * Wait for its end; timeout_ms -1 for ever: 1 ended (or none), 0 still
 * running, -1 when a signal asks us to stop.
 */
int child_wait(struct child *, int timeout_ms);

/* Make it end, if it has not: SIGTERM, after a moment SIGKILL.  Closes the
 * pipes and reaps.  May be called at any time. */
void child_stop(struct child *);

#endif
