/* SPDX-License-Identifier: ISC */
#ifndef NET_H
#define NET_H

#include "ssh/fault.h"
#include "route/route.h"

/*
 * net_connect(r, halt, fd, fault):
 * A TCP connection to the first address of the route's host that takes one;
 * opts->timeout_ms for each, and for the resolver.  The descriptor is
 * non-blocking.
 *
 * STATUS_OK, or fault->status: STATUS_RETRY, or STATUS_LOCAL without words
 * where halt was asked.
 */
enum status net_connect(const struct route *r, const struct halt *halt,
    int *fd, struct fault *fault);

#endif
