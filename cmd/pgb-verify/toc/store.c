/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "toc/store.h"

#define ROOM_MIN	64

void *
store_grow(struct store *s, void *p, size_t *room, size_t need, size_t width)
{
	size_t more = *room + *room / 2;
	uint64_t left = UINT64_MAX;

	if (need <= *room)
		return (p);
	if (s->most != 0)
		left = s->used < s->most ? (s->most - s->used) / width : 0;
	if (more < ROOM_MIN)
		more = ROOM_MIN;
	/* Half as much again, but not beyond the limit for mere reserve. */
	if (more < need || more - *room > left)
		more = need;
	if (more - *room > left) {
		s->past = true;
		return (NULL);
	}
	if ((p = reallocarray(p, more, width)) == NULL) {
		s->failed = true;
		return (NULL);
	}
	s->used += (uint64_t)(more - *room) * width;
	*room = more;
	return (p);
}

void
store_free(struct store *s, void *p, size_t *room, size_t width)
{

	free(p);
	s->used -= (uint64_t)*room * width;
	*room = 0;
}

void
store_error(const struct store *s, char *out, size_t size)
{

	out[0] = '\0';
	if (s->past)
		snprintf(out, size, "its table of contents needs more than "
		    "%" PRIu64 " MiB of memory: see --max-memory",
		    s->most >> 20);
	else if (s->failed)
		snprintf(out, size, "no memory for its table of contents");
}
