/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>

#include <errno.h>
#include <string.h>

#include "msg.h"
#include "sandbox/sandbox-impl.h"

enum status
sandbox_no_privileges(void)
{

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return (STATUS_OK);
	msg_error("sandbox: no new privileges: %s", strerror(errno));
	return (STATUS_LOCAL);
}

bool
sandbox_is_missing(int error)
{

	return (error == ENOSYS || error == EOPNOTSUPP || error == EINVAL ||
	    error == EPERM || error == EACCES);
}
