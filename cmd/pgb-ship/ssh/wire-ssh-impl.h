/* SPDX-License-Identifier: ISC */
#ifndef WIRE_SSH_IMPL_H
#define WIRE_SSH_IMPL_H

#include "opt.h"
#include "ssh/answers.h"
#include "ssh/wire-ssh.h"

/* Shared by the wire-ssh*.c, and by nobody else. */

/* How a child is run. */
struct launch {
	struct opt_list argv;	/* owned, a NULL behind */
	struct opt_list env;	/* the same */
};

struct launch_how {
	const char *program;	/* its path */
	const struct answers *answers;	/* NULL: nothing can be asked */
	bool no_agent;
};

/*
 * launch_make(l, r, how, fault):
 * The arguments and the environment of ssh for a route.  STATUS_OK, or
 * fault->status.  Wiped with launch_wipe() in any case.
 */
enum status launch_make(struct launch *, const struct route *r,
    const struct launch_how *how, struct fault *fault);
void launch_wipe(struct launch *);

/*
 * launch_find(r, fault):
 * The path of the program, freed by the caller.  NULL with the fault.
 */
char *launch_find(const struct route *r, struct fault *fault);

#endif
