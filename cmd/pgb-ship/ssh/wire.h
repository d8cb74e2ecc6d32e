/* SPDX-License-Identifier: ISC */
#ifndef WIRE_H
#define WIRE_H

#include <sys/types.h>
#include <sys/uio.h>

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A byte stream to an SFTP server and back: all that the protocol engine
 * (sftp.c) knows of SSH.  Nothing here waits for long and nothing prints.  One
 * thread: the one that opened it.
 */
struct wire {
	/*
	 * Up to len bytes, or up to all that the count pieces of v hold: the
	 * number taken, 0 where nothing can be moved now, -1 where the
	 * connection is gone (why says how).  What a write has taken it has
	 * copied.
	 */
	ssize_t (*read)(struct wire *, void *buf, size_t len);
	ssize_t (*write)(struct wire *, const struct iovec *v, int count);

	/* What to poll(2): sets fd and events of p[0 .. WIRE_FDS - 1], returns
	 * how many.  When one is ready, read() is called. */
#define WIRE_FDS	3
	int (*want)(struct wire *, struct pollfd *p);

	/* Whether something was taken further down since the last call: on a
	 * slow line the only sign of life for long.  May be NULL. */
	bool (*taken)(struct wire *);

	/* Make the other end send something, if only to show that it is there.
	 * Called only when nothing of a write is left over.  May be NULL: the
	 * wire looks after that itself and breaks when the end is gone. */
	void (*ping)(struct wire *);

	/* End the session and free the wire. */
	void (*close)(struct wire *);

	/* Once it is broken: why, in words for "NAME: WHY"; a hint, or "";
	 * whether trying again is no use (host key, authentication). */
	char why[700];
	char hint[700];
	bool final;
};

#endif
