/* SPDX-License-Identifier: ISC */
#ifndef LANDLOCK_H
#define LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The system calls of Landlock, younger than the headers of some systems.
 * Nothing here prints.  Source: landlock(7), linux/landlock.h.
 */
struct landlock {
	long version;		/* of the kernel's; 0: it has none */
	int fd;			/* rules; -1: none */
	uint64_t files, net;	/* rights that are governed */
};

/* Rights to files; in front of the line to what is no directory, too. */
#define LL_EXECUTE	(1ULL << 0)
#define LL_WRITE_FILE	(1ULL << 1)
#define LL_READ_FILE	(1ULL << 2)
#define LL_TRUNCATE	(1ULL << 14)
#define LL_IOCTL_DEV	(1ULL << 15)
/* --- */
#define LL_READ_DIR	(1ULL << 3)
#define LL_REMOVE_FILE	(1ULL << 5)
#define LL_MAKE_DIR	(1ULL << 7)
#define LL_MAKE_REG	(1ULL << 8)

/*
 * landlock_begin(l, signals):
 * Rules that give up all rights which this kernel knows: to files, to TCP, to
 * abstract Unix sockets of others, and where signals is true to signals to
 * them.  0; 1 where there is no Landlock here (errno); -1 with errno.
 */
int landlock_begin(struct landlock *, bool signals);

/* But these, for what fd (maybe O_PATH) is and lies below it.  0 or -1. */
int landlock_allow(struct landlock *, int fd, uint64_t rights);

/* But a connection to this port. */
int landlock_connect(struct landlock *, unsigned port);

/* The calling thread, and those that it starts from now on. */
int landlock_enter(struct landlock *);

void landlock_end(struct landlock *);

#endif
