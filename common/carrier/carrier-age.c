/* SPDX-License-Identifier: ISC */
/*
 * Binary age without a key.  The header can be judged; of the payload only the
 * length, and nearly every length is some file's: so the best that can be said
 * at the end is that nothing is seen to be wrong.
 */
#include <stdlib.h>

#include "age/age.h"
#include "carrier/carrier-impl.h"

static void *
age_new(struct carrier *c, const void *arg)
{

	(void)c;
	(void)arg;
	return (calloc(1, sizeof(struct age_walk)));
}

static void
age_free(void *state)
{

	if (state != NULL)
		age_walk_wipe(state);
	free(state);
}

static int
age_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct age_walk *w = state;

	if (age_walk_feed(w, buf, len) == -1) {
		if (w->header.no_memory)
			carrier_memory(c);
		return (carrier_fail(c, w->header.bad_at, "%s", w->header.why));
	}
	return (0);
}

static enum carrier_verdict
age_end(struct carrier *c, void *state)
{
	const char *why;

	if ((why = age_walk_end(state)) != NULL)
		return (carrier_cut(c, "%s", why));
	return (CARRIER_OPEN);
}

const struct carrier_ops carrier_age = {
	.name = "age",
	.new = age_new,
	.free = age_free,
	.feed = age_feed,
	.end = age_end,
};
