/* SPDX-License-Identifier: ISC */
#ifndef WIRE_LIBSSH2_H
#define WIRE_LIBSSH2_H

#include "dest.h"
#include "ship.h"
#include "status.h"
#include "wire.h"

/*
 * wire_libssh2_open(d, name, opts, status):
 * Connect, check the host key, authenticate, and start the sftp subsystem.
 *
 * d, name, opts	borrowed until the wire is closed; name is the object
 *			of messages
 *
 * NULL after one error line (none for a caught signal), with the status.
 */
struct wire *wire_libssh2_open(const struct dest *d, const char *name,
    const struct ship_opts *opts, enum status *status);

#endif
