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

/*
 * routes_keep(all, path, max):
 * Keep what a file of known hosts has, max bytes at most.  Behind a fence a
 * file is the one that was there when it was built; ssh(1) and others replace
 * theirs by another one, and a connection that is made again must not fail for
 * that.  What cannot be read, or is no regular file, is not kept.
 *
 * routes_kept(all, path, len):
 * A copy of that, with a NUL behind it, for the caller to free; NULL with
 * errno: EACCES where nothing was kept.  all may be NULL.
 */
void routes_keep(struct routes *, const char *path, size_t max);
char *routes_kept(const struct routes *, const char *path, size_t *len);

/* The one to d's host, or NULL. */
const struct route *routes_find(const struct routes *, const struct dest *d);

#endif
