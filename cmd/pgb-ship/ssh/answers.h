/* SPDX-License-Identifier: ISC */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <sys/types.h>

#include <stdbool.h>

#include "ssh/fault.h"
#include "route/route.h"
#include "secret/secrets.h"

/*
 * What a child ssh(1) asks the user, answered from secrets.h.  The other half
 * is askpass.h.  One for each child; one thread.
 */
struct answers;

/*
 * answers_new(r, marked):
 * Listen for questions.  NULL with errno.
 *
 * r	borrowed
 * marked	this ssh puts "(user@host)" in front of what a server asks, so
 *		that it cannot be taken for a question of its own (OpenSSH 8.5
 *		and later)
 */
struct answers *answers_new(const struct route *r, bool marked);
void answers_free(struct answers *);	/* NULL is allowed */

/* "NAME=VALUE" for the child's environment; borrowed. */
const char *answers_word(const struct answers *);

/* To poll(2) for POLLIN; then call answers_serve(). */
int answers_fd(const struct answers *);

/* A question that was put. */
struct answered {
	enum {
		ANSWERED_NOTHING,	/* none was */
		ANSWERED_GIVEN,
		ANSWERED_NONE,		/* there is no answer to it */
		ANSWERED_NOTICE,	/* nothing was asked, it was shown */
		ANSWERED_FAULT,		/* see the fault */
	} what;
	enum secret_kind kind;
	bool own;		/* of our child, not of a jump host's ssh */
	unsigned refused;	/* answers to it before */
};

/*
 * answers_serve(a, child, dialogue, fault):
 * Answer one question, where there is one.  It may take as long as the user
 * does.  Prints notices.
 *
 * child	our ssh: only what this one asks for is given the password
 *		that is meant for the destination
 * dialogue	the child is in keyboard-interactive authentication: what it
 *		asks are the server's words
 */
struct answered answers_serve(struct answers *, pid_t child, bool dialogue,
    struct fault *fault);

/* Whether a notice is still being shown: ssh waits for the user. */
bool answers_showing(struct answers *);

#endif
