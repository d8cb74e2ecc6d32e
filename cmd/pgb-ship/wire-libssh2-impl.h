/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LIBSSH2_IMPL_H
#define WIRE_LIBSSH2_IMPL_H

#include <libssh2.h>
#include <stdint.h>

#include "wire-libssh2.h"

/* Shared by the wire-libssh2*.c, and by nobody else. */

/* Bytes not sent yet: where more are not asked for, and the most there are. */
#define OUT_ENOUGH	((size_t)64 * 1024)
#define OUT_MAX		((size_t)256 * 1024)

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

	int broken;		/* why nothing can be sent any more, an errno */
	size_t out_pos, out_len;	/* the part of out[] not sent yet */
	uint8_t out[OUT_MAX];

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
 * ssh_take_sends(w):
 * Let the new session's packets go through out[], before any is sent.
 */
void ssh_take_sends(struct ssh *);

/*
 * ssh_push(w):
 * Give the socket of out[] what it takes now: 0, or -1 once w->broken is set.
 * Does not wait, prints nothing.
 */
int ssh_push(struct ssh *);

/* Whether enough is waiting in out[], so that no more data is to be added. */
bool ssh_is_full(const struct ssh *);

/*
 * ssh_authenticate(w):
 * Keys of the agent, key files, passwords, as the server takes them and the
 * user has them.  STATUS_REMOTE where none is accepted.
 */
enum status ssh_authenticate(struct ssh *);

#endif
