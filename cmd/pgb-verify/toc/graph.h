/* SPDX-License-Identifier: ISC */
#ifndef GRAPH_H
#define GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "toc/store.h"

/*
 * What depends on what: node n on to[start[n]] ... to[start[n + 1] - 1].
 */
struct graph {
	uint32_t count;		/* of nodes */
	uint32_t *start;	/* count + 1 */
	uint32_t *to;
};

/*
 * graph_cycle(g, s, out, room, len):
 * Look for nodes that depend on each other in a circle.  Returns 1 where there
 * are some: the first room of them are in out, *len is how many they are; 0
 * where there are none; -1 without memory, of which s keeps the account.
 */
int graph_cycle(const struct graph *, struct store *, uint32_t *out,
    size_t room, size_t *len);

#endif
