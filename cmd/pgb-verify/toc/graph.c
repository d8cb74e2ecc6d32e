/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "toc/graph.h"

/*
 * Depth first, with a stack of our own: a chain of dependencies may be as long
 * as there are nodes.
 */
enum state { NEW, OPEN, DONE };

struct visit {
	uint32_t node;
	uint32_t next;		/* which of to to look at */
};

struct search {
	const struct graph *g;
	struct store *store;
	uint8_t *state;
	size_t state_room;
	struct visit *stack;
	size_t depth, stack_room;
};

static int
enter(struct search *s, uint32_t node)
{
	struct visit *v = store_grow(s->store, s->stack, &s->stack_room,
	    s->depth + 1, sizeof(*v));

	if (v == NULL)
		return (-1);
	s->stack = v;
	v[s->depth].node = node;
	v[s->depth++].next = s->g->start[node];
	s->state[node] = OPEN;
	return (0);
}

/* The stack from that node on is a circle. */
static size_t
tell(const struct search *s, uint32_t node, uint32_t *out, size_t room)
{
	size_t from = s->depth, i;

	while (s->stack[from - 1].node != node)
		from--;
	from--;
	for (i = from; i < s->depth && i - from < room; i++)
		out[i - from] = s->stack[i].node;
	return (s->depth - from);
}

static int
walk(struct search *s, uint32_t *out, size_t room, size_t *len)
{
	struct visit *top;
	uint32_t to;

	while (s->depth > 0) {
		top = &s->stack[s->depth - 1];
		if (top->next == s->g->start[top->node + 1]) {
			s->state[top->node] = DONE;
			s->depth--;
			continue;
		}
		to = s->g->to[top->next++];
		if (s->state[to] == OPEN) {
			*len = tell(s, to, out, room);
			return (1);
		}
		if (s->state[to] == NEW && enter(s, to) != 0)
			return (-1);
	}
	return (0);
}

int
graph_cycle(const struct graph *g, struct store *store, uint32_t *out,
    size_t room, size_t *len)
{
	struct search s = { .g = g, .store = store };
	uint32_t i;
	int rc = 0;

	if (g->count == 0)
		return (0);
	if ((s.state = store_grow(store, NULL, &s.state_room, g->count,
	    1)) == NULL)
		return (-1);
	memset(s.state, NEW, g->count);
	for (i = 0; i < g->count && rc == 0; i++) {
		if (s.state[i] != NEW)
			continue;
		if ((rc = enter(&s, i)) == 0)
			rc = walk(&s, out, room, len);
	}
	store_free(store, s.state, &s.state_room, 1);
	store_free(store, s.stack, &s.stack_room, sizeof(*s.stack));
	return (rc);
}
