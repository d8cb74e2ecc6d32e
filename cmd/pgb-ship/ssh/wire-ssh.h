/* SPDX-License-Identifier: ISC */
#ifndef WIRE_SSH_H
#define WIRE_SSH_H

#include "ssh/fault.h"
#include "ssh/halt.h"
#include "route/route.h"
#include "ssh/wire.h"

/*
 * wire_ssh_open(r, halt, fault):
 * Start "ssh -s ALIAS sftp" with what a filter needs forced.  It connects while
 * the first answer of the server is waited for; what it asks the user is
 * answered in the wire's read() (taken() is true then).  Where it fails, the
 * wire breaks: why, hint and final say what ssh said.  The rest as
 * wire_libssh2_open(); the fault is of starting it alone.
 */
struct wire *wire_ssh_open(const struct route *r, const struct halt *halt,
    struct fault *fault);

#endif
