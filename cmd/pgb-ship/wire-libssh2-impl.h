/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LIBSSH2_IMPL_H
#define WIRE_LIBSSH2_IMPL_H

#include <libssh2.h>
#include <stdint.h>

#include "wire-libssh2.h"

/* Shared by wire-libssh2.c and wire-libssh2-auth.c, and by nobody else. */
struct ssh {
	struct wire wire;	/* first: a struct wire * is this */
	const struct dest *dest;
	const char *name;
	const struct ship_opts *opts;
	char *user;
	int fd;
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	uint64_t acked;		/* bytes that the other machine's TCP took */
	bool pinged;		/* nothing but pings was sent since */

	/* Authentication. */
	char tried[600];	/* for the message */
	bool rsa_passed_over;
	char *password;		/* while keyboard-interactive runs, or NULL */
};

/*
 * ssh_wait(w):
 * Wait for the socket as libssh2 wants it: 0, or -1 when nothing happened for
 * the timeout, or after a caught signal.
 */
int ssh_wait(struct ssh *);

/* Repeat a call of libssh2 until it is done, or waiting for it is. */
#define SSH_CALL(rc, w, call)						\
	do								\
		(rc) = (call);						\
	while ((rc) == LIBSSH2_ERROR_EAGAIN && ssh_wait(w) == 0)

/*
 * ssh_fail(w, what, rc):
 * The error line for a call of libssh2 that has just failed with rc:
 * STATUS_RETRY.  After a caught signal STATUS_LOCAL and no line.
 */
enum status ssh_fail(struct ssh *, const char *what, int rc);

/*
 * ssh_authenticate(w):
 * Keys of the agent, key files, passwords, as the server takes them and the
 * user has them.  STATUS_REMOTE where none is accepted.
 */
enum status ssh_authenticate(struct ssh *);

#endif
