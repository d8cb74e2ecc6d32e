/* SPDX-License-Identifier: ISC */
#include "msg.h"
#include "walls.h"

struct fence *
walls_new(const struct options *o, const struct pg *pg)
{
	const char *why = o->no_sandbox ? NULL : pg_beyond_fence(pg);
	struct fence *f;

	if (why != NULL)
		msg_verbose("sandbox: none: %s", why);
	/* pg_dump was started, and is there to be killed. */
	f = fence_new(o->no_sandbox || why != NULL, true);
	if (f == NULL)
		return (NULL);
	fence_usual(f);
	pg_allow(pg, f);
	fence_parent(f, o->report, FENCE_READ | FENCE_WRITE | FENCE_MAKE);
	/* A link, perhaps: what it shows is looked at before it is replaced. */
	fence_path(f, o->report, FENCE_READ);
	fence_parent(f, o->file, FENCE_READ | FENCE_WRITE | FENCE_MAKE);
	return (f);
}

enum status
walls_shut(const struct options *o, const struct pg *pg)
{
	struct fence *f = walls_new(o, pg);
	enum status status = f != NULL ? fence_enter(f) : STATUS_LOCAL;

	fence_free(f);
	return (status);
}
