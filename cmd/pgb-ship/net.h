/* SPDX-License-Identifier: ISC */
#ifndef NET_H
#define NET_H

#include "status.h"

/*
 * net_connect(name, host, port, timeout_ms, fd):
 * A TCP connection to the first address of host that takes one; timeout_ms for
 * each.  The descriptor is non-blocking.
 *
 * name	the object of messages
 *
 * STATUS_OK; STATUS_RETRY after one error line; STATUS_LOCAL after a caught
 * signal, without one.
 */
enum status net_connect(const char *name, const char *host, unsigned port,
    int timeout_ms, int *fd);

#endif
