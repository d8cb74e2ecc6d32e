/* SPDX-License-Identifier: ISC */
/*
 * Armored age without a key: its END line shows the end.
 */
#include <stdlib.h>

#include "age/age.h"
#include "carrier/carrier-impl.h"

struct state {
	struct age_armor armor;
	struct age_walk walk;	/* of the decoded bytes */
};

static int
decoded(void *arg, const uint8_t *buf, size_t len)
{

	return (age_walk_feed(arg, buf, len));
}

static void *
armor_new(struct carrier *c, const void *arg)
{
	struct state *s;

	(void)c;
	(void)arg;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->armor.sink = decoded;
	s->armor.arg = &s->walk;
	return (s);
}

static void
armor_free(void *state)
{
	struct state *s = state;

	if (s != NULL)
		age_walk_wipe(&s->walk);
	free(s);
}

static int
armor_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	struct state *s = state;

	if (age_armor_feed(&s->armor, buf, len) == -1) {
		if (s->walk.header.no_memory)
			carrier_memory(c);
		return (carrier_fail(c, s->armor.line_at, "%s",
		    s->armor.why != NULL ? s->armor.why : s->walk.header.why));
	}
	return (0);
}

static enum carrier_verdict
armor_end(struct carrier *c, void *state)
{
	struct state *s = state;
	const char *why;

	if (age_armor_end(&s->armor) == -1)
		return (carrier_cut(c, "%s", s->armor.why));
	if ((why = age_walk_end(&s->walk)) != NULL)
		return (carrier_cut(c, "%s", why));
	return (CARRIER_PROVEN);
}

const struct carrier_ops carrier_armor = {
	.name = "armored age",
	.new = armor_new,
	.free = armor_free,
	.feed = armor_feed,
	.end = armor_end,
};
