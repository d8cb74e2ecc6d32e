/* SPDX-License-Identifier: ISC */
/*
 * Age, binary or armored, opened with identities.  That the final chunk opens
 * proves that the file is whole, but not that what was encrypted is: stock age
 * closes a stream that broke off with a valid final chunk.  So the verdict is
 * that of what is inside.
 */
#include <sodium.h>
#include <stdlib.h>

#include "age/age-open.h"
#include "carrier/carrier-impl.h"

struct state {
	struct carrier *c;
	bool told;		/* that it was opened */
	struct age_opener *opener;
};

static void
tell_opened(struct state *s)
{

	if (!s->told)
		carrier_opened(s->c);
	s->told = true;
}

static int
inside(void *arg, const uint8_t *buf, size_t len)
{
	struct state *s = arg;

	tell_opened(s);
	return (carrier_inside(s->c, buf, len));
}

static void
key_free(void *state)
{
	struct state *s = state;

	if (s != NULL)
		age_opener_free(s->opener);
	free(s);
}

static void *
key_new(struct carrier *c, const void *arg)
{
	/* A passphrase may be asked for, and kept. */
	struct identities *with = (struct identities *)(uintptr_t)arg;
	struct state *s;

	if (sodium_init() == -1 || (s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->c = c;
	if ((s->opener = age_opener_new(with, 1, inside, NULL, s)) == NULL) {
		free(s);
		return (NULL);
	}
	return (s);
}

static int
failed(struct carrier *c, const struct state *s)
{
	const struct age_wrong *w = age_opener_wrong(s->opener);

	if (age_opener_fault(s->opener) == AGE_TOLD)
		return (carrier_told(c, w->told));
	if (age_opener_fault(s->opener) == AGE_MEMORY)
		carrier_memory(c);
	return (carrier_fail(c, w->at, "%s", w->why));
}

static int
key_feed(struct carrier *c, void *state, const uint8_t *buf, size_t len)
{
	const struct state *s = state;

	if (age_opener_feed(s->opener, buf, len) == 0)
		return (0);
	/* Where the inside is broken, it has left its own reason. */
	if (age_opener_fault(s->opener) == AGE_STOPPED)
		return (-1);
	return (failed(c, s));
}

static enum carrier_verdict
key_end(struct carrier *c, void *state)
{
	struct state *s = state;

	if (age_opener_end(s->opener) == 0) {
		tell_opened(s);
		return (carrier_inside_end(c));
	}
	if (age_opener_fault(s->opener) == AGE_STOPPED)
		return (CARRIER_BROKEN);
	(void)failed(c, s);
	return (CARRIER_BROKEN);
}

const struct carrier_ops carrier_age_key = {
	.name = "age",
	.new = key_new,
	.free = key_free,
	.feed = key_feed,
	.end = key_end,
};
