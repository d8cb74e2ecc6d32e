/* SPDX-License-Identifier: ISC */
#include "age/age.h"

void
age_walk_wipe(struct age_walk *w)
{

	age_header_wipe(&w->header);
}

int
age_walk_feed(struct age_walk *w, const uint8_t *buf, size_t len)
{
	size_t used = 0;
	int got;

	if (!w->open) {
		if ((got = age_header_feed(&w->header, buf, len, &used)) == -1)
			return (-1);
		w->open = got == 1;
	}
	w->rest += len - used;
	return (0);
}

const char *
age_walk_end(const struct age_walk *w)
{
	uint64_t sealed, last;

	if (!w->open)
		return ("cut short in its header");
	if (w->rest < AGE_NONCE_LEN)
		return ("cut short behind its header");
	sealed = w->rest - AGE_NONCE_LEN;
	if (sealed < AGE_TAG_LEN)
		return ("cut short in its first chunk");
	last = sealed % AGE_SEALED_LEN;
	/* Behind another chunk, the final one holds at least one byte. */
	if (sealed > AGE_SEALED_LEN && last != 0 && last <= AGE_TAG_LEN)
		return ("cut short: no age file ends just behind a chunk's "
		    "edge");
	return (NULL);
}
