/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LIBSSH2_IMPL_H
#define WIRE_LIBSSH2_IMPL_H

#include <libssh2.h>
#include <stdint.h>

#include "ssh/wire-libssh2.h"

/* Shared by the wire-libssh2*.c, and by nobody else. */

/* Bytes not sent yet: where more are not asked for, and the most there are. */
#define OUT_ENOUGH	((size_t)64 * 1024)
#define OUT_MAX		((size_t)256 * 1024)

/* The most that libssh2 puts into one SSH packet. */
#define PACKET_MAX	((size_t)32700)

struct ssh {
	struct wire wire;	/* first: a struct wire * is this */
	const struct route *route;
	const struct halt *halt;
	struct fault *fault;	/* while it is being opened */
	int fd;
	LIBSSH2_SESSION *session;
	LIBSSH2_CHANNEL *channel;
	uint64_t acked;		/* bytes that the other machine's TCP took */
	bool pinged;		/* nothing but pings was sent since */

	int broken;		/* why nothing can be sent any more, an errno */
	bool closed;		/* by the other end, without a word */
	int unheard;		/* why nothing can be received, an errno */
	bool deaf;		/* the library is to find nothing to receive */
	size_t out_pos, out_len;	/* the part of out[] not sent yet */
	uint8_t out[OUT_MAX];

	/* Of a packet that the library has not taken yet: it is given the same
	 * again. */
	size_t held;
	uint8_t packet[PACKET_MAX];

	/* Authentication. */
	char tried[600];	/* for the message */
	bool rsa_passed_over;
	bool locked;		/* a key of which nobody tells the passphrase */
	bool ssh_would;		/* the agent has keys that only ssh can use */
	unsigned shown;		/* keys */
	bool hung_up;		/* the server said why it ends the session */
	char last_words[120];
	struct fault secret;	/* why there was none, STATUS_OK: just none */
	bool no_password;	/* that was the password file's fault */
	unsigned dialogue;	/* attempts before, of keyboard-interactive */
	unsigned asked;		/* questions of this one so far */
	bool unanswered;	/* one of them */
};

/*
 * ssh_wait(w):
 * Wait for the socket as libssh2 wants it: 0, or -1 when nothing happened for
 * the timeout, or where halt is asked.
 */
int ssh_wait(struct ssh *);

/* Repeat a call of libssh2 until it is done, or waiting for it is. */
#define SSH_CALL(rc, w, call)						\
	do								\
		(rc) = (call);						\
	while ((rc) == LIBSSH2_ERROR_EAGAIN && ssh_wait(w) == 0)

/*
 * ssh_fail(w, what, rc):
 * The fault of a call of libssh2 that has just failed with rc: STATUS_RETRY.
 * Where halt is asked STATUS_LOCAL without words.
 */
enum status ssh_fail(struct ssh *, const char *what, int rc);

/* Why a call has failed with rc, in words; borrowed until the next one. */
const char *ssh_reason(struct ssh *, int rc);

/* Set the methods of an open connection's wire. */
void ssh_init_wire(struct wire *);

/* End the session, at whatever stage it is, and free. */
void ssh_free(struct ssh *);

/*
 * ssh_take_over(w):
 * Let the new session's packets go through out[], before any is sent, and what
 * it receives through us.
 */
void ssh_take_over(struct ssh *);

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
 * user has them.  STATUS_OK, or the fault's: STATUS_REMOTE where none is
 * accepted.
 */
enum status ssh_authenticate(struct ssh *);

/* --- wire-libssh2-auth.c and wire-libssh2-keys.c alone --- */

/* How one attempt ended. */
enum auth {
	AUTH_YES,
	AUTH_NO,	/* not this one */
	AUTH_KEY,	/* the key file could not be used */
	AUTH_HUNG_UP,	/* the server ended it: too many attempts? */
	AUTH_GONE,	/* the connection, or a signal */
};

/* What a call of libssh2 for one attempt has returned. */
enum auth ssh_judge(const struct ssh *, int rc);

/* Add to what the user is told was tried. */
void ssh_tried(struct ssh *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* All keys of the agent, then all key files, until one is accepted. */
enum auth ssh_use_keys(struct ssh *);

#endif
