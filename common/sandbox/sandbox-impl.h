/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_IMPL_H
#define SANDBOX_IMPL_H

#include "sandbox/sandbox.h"

#define API_KILL_PROCESS	3	/* seccomp_api_get() */

/* Of sandbox-calls.c, which alone knows libseccomp. */
enum status sandbox_lock_calls(const struct sandbox *s);

/*
 * sandbox_no_privileges():
 * No program that we run gets rights that we do not have: what Landlock and
 * seccomp ask for.  Status after one error line.
 */
enum status sandbox_no_privileges(void);

/* Whether errno says that there is no such thing here, or that what runs us
 * keeps it from us: it has filters of its own then. */
bool sandbox_is_missing(int error);

#endif
