/* SPDX-License-Identifier: ISC */
#ifndef ROUTES_H
#define ROUTES_H

#include "route/route.h"

/*
 * The ways to all hosts of a run, found while ssh(1) can still be asked: behind
 * a fence (walls.h) nothing is run any more.  route_new() takes what is here.
 */
struct routes;

struct routes *routes_new(void);	/* NULL without memory */
void routes_free(struct routes *);	/* NULL is allowed; after all routes */

/*
 * routes_add(all, d, opts, fault):
 * Find the way to d's host, unless it is there already.  The route, owned by
 * all, or NULL with the fault.  Prints what route_new() prints.
 */
const struct route *routes_add(struct routes *, const struct dest *d,
    const struct ship_opts *opts, struct fault *fault);

/* The one to d's host, or NULL. */
const struct route *routes_find(const struct routes *, const struct dest *d);

#endif
