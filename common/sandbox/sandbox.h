/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

/*
 * Give up what a filter does not need: from then on it reads, writes,
 * allocates, runs threads of its own and looks at the clock; it gives files
 * that it has made before their names; nothing else.  No file can be opened, no
 * program run, no connection made.  seccomp (through libseccomp) and Landlock,
 * each where the kernel has it.
 *
 * What libraries try on their own, and can do without, fails with an errno;
 * whatever else is forbidden kills the process (SIGSYS).  A program that opens
 * files and connections to its end has fence.h.
 */
struct sandbox {
	bool off;		/* the user wants none: --no-sandbox */
	const int *dirs;	/* descriptors of directories in which files may
				 * be renamed, removed and looked at (but not
				 * opened); -1 stands for none */
	size_t dir_count;
	bool child;		/* a child was started: wait for it, kill it;
				 * others of this user can then be killed too */
};

/*
 * sandbox_enter(s):
 * Once, before the first thread is started: seccomp takes in those that are
 * there already, Landlock does not.  STATUS_OK also where the kernel,
 * or what runs this process, has no such thing (told under -v), and in a build
 * with a sanitizer, which needs more; STATUS_LOCAL after one error line.  The
 * descriptors stay the caller's.
 */
enum status sandbox_enter(const struct sandbox *s);

#endif
