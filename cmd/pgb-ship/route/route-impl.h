/* SPDX-License-Identifier: ISC */
#ifndef ROUTE_IMPL_H
#define ROUTE_IMPL_H

#include "route/config.h"
#include "route/route.h"

/* Shared by route.c (what is said), route-need.c (what follows) and their
 * test. */

/*
 * route_make(d, name, opts, secrets, c, fault):
 * route_new() with what ssh -G has said, which is left alone.
 */
struct route *route_make(const struct dest *d, const char *name,
    const struct ship_opts *opts, struct secrets *secrets,
    const struct config *c, struct fault *fault);

/* Files of the configuration whose names we cannot tell. */
enum route_untold {
	ROUTE_IDENTITY = 1, ROUTE_KNOWN_HOSTS = 2, ROUTE_AGENT = 4,
};

/*
 * route_need(r, c, untold, fault):
 * Set transport and why_ssh of a route that is made so far.  STATUS_OK, or
 * fault->status.
 */
enum status route_need(struct route *r, const struct config *c,
    unsigned untold, struct fault *fault);

#endif
