/* SPDX-License-Identifier: ISC */
#ifndef WIRE_H
#define WIRE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * A byte stream to an SFTP server and back: all that the protocol engine
 * (sftp.c) knows of SSH.  Nothing here waits and nothing prints.
 */
struct wire {
	/*
	 * Up to len bytes: the number taken, 0 where nothing can be moved now,
	 * -1 where the connection is gone (why says how).  A write that took
	 * less than len is continued with the very next byte, which must stay
	 * where it is in memory until it is taken.
	 */
	ssize_t (*read)(struct wire *, void *buf, size_t len);
	ssize_t (*write)(struct wire *, const void *buf, size_t len);

	/* The descriptor to poll(2), and for what. */
	int (*want)(struct wire *, short *events);

	/* Whether the other end's machine has taken bytes of a write since the
	 * last call: on a slow line the only sign of life for long.  May be
	 * NULL. */
	bool (*taken)(struct wire *);

	/* Make the other end send something, if only to show that it is there.
	 * Called only when nothing of a write is left over.  May be NULL. */
	void (*ping)(struct wire *);

	/* End the session and free the wire. */
	void (*close)(struct wire *);

	char why[200];
};

#endif
