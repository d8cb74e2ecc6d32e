/* SPDX-License-Identifier: ISC */
/*
 * Two walls.  seccomp asks of each system call whether it is one of ours
 * (sandbox-calls.c); it sees numbers and descriptors, but no names behind
 * pointers.  Landlock sees files: what a call that may pass can reach with
 * "../.." or an absolute name.  Either is worth having without the other.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "msg.h"
#include "sandbox/breach.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox-impl.h"
#include "sanitizer.h"

#define MEMORY	((size_t)8 * 1024 * 1024)	/* to be had, or no sandbox */

/* No file but those that are renamed, in these directories and below. */
static int
allow_dirs(const struct sandbox *s, struct landlock *l)
{
	size_t i;

	for (i = 0; i < s->dir_count; i++)
		if (s->dirs[i] != -1 && landlock_allow(l, s->dirs[i],
		    LL_REMOVE_FILE | LL_MAKE_REG) == -1)
			return (-1);
	return (0);
}

static enum status
lock_files(const struct sandbox *s)
{
	enum status status = STATUS_OK;
	struct landlock l;
	int rc;

	/* A child was started outside, and is there to be killed. */
	rc = landlock_begin(&l, !s->child);
	if (rc == 1)
		msg_verbose("sandbox: no Landlock here: %s", strerror(errno));
	else if (rc == -1 || allow_dirs(s, &l) == -1 ||
	    landlock_enter(&l) == -1) {
		msg_error("sandbox: Landlock: %s", strerror(errno));
		status = STATUS_LOCAL;
	}
	landlock_end(&l);
	return (status);
}

static enum status
enter(const struct sandbox *s)
{
	enum status status;

	if (SANITIZER) {
		msg_verbose("sandbox: none under a sanitizer");
		return (STATUS_OK);
	}
	/* libseccomp does not bear it well to be without. */
	if (memory_there(MEMORY) == -1) {
		msg_errno("sandbox");
		return (STATUS_LOCAL);
	}
	if ((status = sandbox_no_privileges()) == STATUS_OK)
		status = lock_files(s);
	if (status == STATUS_OK)
		status = sandbox_lock_calls(s);
	return (status);
}

enum status
sandbox_enter(const struct sandbox *s)
{
	enum status status = s->off ? STATUS_OK : enter(s);

	if (status == STATUS_OK)
		breach_if_asked();
	return (status);
}
