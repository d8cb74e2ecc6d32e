/* SPDX-License-Identifier: ISC */
#ifndef FENCE_H
#define FENCE_H

#include <stdbool.h>

#include "status.h"

/*
 * What a program may reach that opens files and connections to its end: a list
 * of both, made while everything can still be reached.  Behind the fence no
 * other file is opened, nothing is run, no TCP connection is made to another
 * port.  Landlock, as far as the kernel has it: TCP from Linux 6.7 on; UDP and
 * Unix sockets that have a path are not governed.  Who needs none of that has
 * sandbox.h.
 */
struct fence;

enum {
	FENCE_READ = 1,		/* files; of a directory all below, and its
				 * names */
	FENCE_WRITE = 2,	/* files; not their making */
	FENCE_MAKE = 4,		/* files can be made, renamed and removed */
	FENCE_DIRS = 8,		/* directories can be made */
	FENCE_DEVICE = 16,	/* ioctl: a terminal */
};

/*
 * fence_new(off, child):
 * off		the user wants none: --no-sandbox
 * child	one was started, and is there to be killed: others of this user
 *		can be, then
 *
 * NULL without memory, printed.  Where the kernel has no Landlock that is told
 * under -v, and what follows does nothing.
 */
struct fence *fence_new(bool off, bool child);
void fence_free(struct fence *);	/* NULL is allowed */

/*
 * fence_path(f, path, rights):
 * A file or directory; a symbolic link is followed now.  What is not there, or
 * NULL, is passed over.  Whatever else fails is told by fence_enter().
 */
void fence_path(struct fence *, const char *path, unsigned rights);

/* The directory that path lies in, or will; or the next one above that there
 * is, for who makes what is missing. */
void fence_parent(struct fence *, const char *path, unsigned rights);
void fence_above(struct fence *, const char *path, unsigned rights);

/* A TCP port that may be connected to. */
void fence_port(struct fence *, unsigned port);

/* What the C library and others read on their own: libraries, certificates,
 * time zones, names of users and hosts; and DNS by TCP. */
void fence_usual(struct fence *);

/*
 * fence_enter(f):
 * The calling thread, and those that it starts; what is called by many threads
 * binds each.  STATUS_OK, or STATUS_LOCAL after one error line.
 */
enum status fence_enter(struct fence *);

#endif
