/* SPDX-License-Identifier: ISC */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A program that we run, and that does not outlive us: when the thread that
 * started it ends, it gets SIGTERM.  So the thread that starts one is the one
 * that stops it.  Nothing here prints.
 */
struct child {
	pid_t pid;		/* -1: none, or reaped */
	int in;			/* its stdin, where that is a pipe; -1 */
	int out;		/* its stdout, -1: closed */
	int err;		/* its stderr, -1: closed */
	int wstatus;		/* of waitpid(), once reaped */
	bool leads;		/* a session of its own */
};

#define CHILD_NONE	{ .pid = -1, .in = -1, .out = -1, .err = -1 }

/*
 * child_start(c, argv, env):
 * Run argv[0], which is a path, with an empty stdin; stdout and stderr are
 * pipes.  env is a list, ended by NULL, of NAME=VALUE to set and NAME to remove
 * from our own environment; NULL: as ours.  Returns 0, or -1 with errno (that
 * of execve() too).
 */
int child_start(struct child *, char *const argv[], const char *const *env);

/* How else it may be run. */
struct child_how {
	enum {
		CHILD_LISTEN,	/* as child_start() */
		CHILD_PIPES,	/* stdin is a pipe as well */
		CHILD_SOCKET,	/* stdin and stdout are one socket: out is our
				 * end for both */
	} io;
	bool nonblock;		/* our ends */
	bool own_err;		/* its stderr is ours; err stays -1 */
	bool leads;		/* it has a session, so that it can ask nothing
				 * on our terminal; what it has started itself
				 * ends with it, unless that has left too */
	const char *dir;	/* where it runs; NULL: where we are */
};

int child_start_as(struct child *, char *const argv[], const char *const *env,
    const struct child_how *);

/*
 * child_find(name, path, size):
 * The path of a program: of name itself where that has a slash, else in the
 * absolute directories of PATH, or of "/usr/bin:/bin" where that says nothing:
 * a relative one is wherever we happen to be.  0, or -1 with errno ENOENT.
 */
int child_find(const char *name, char *path, size_t size);

/*
 * child_wait(c, timeout_ms):
 * Wait for its end; timeout_ms -1 for ever: 1 ended (or none), 0 still
 * running, -1 when a signal asks us to stop.
 */
int child_wait(struct child *, int timeout_ms);

/* Make it end, if it has not: SIGTERM, after a moment SIGKILL.  Closes our
 * ends and reaps.  May be called at any time. */
void child_stop(struct child *);

#endif
