/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "toc/pool.h"

#define SLOTS_MIN	64	/* a power of two */

int
pool_init(struct pool *p, struct store *store, const uint8_t key[HASH_KEY])
{

	memset(p, 0, sizeof(*p));
	p->store = store;
	memcpy(p->key, key, HASH_KEY);
	if ((p->slots = store_grow(store, NULL, &p->slot_room, SLOTS_MIN,
	    sizeof(*p->slots))) == NULL)
		return (-1);
	memset(p->slots, 0, p->slot_room * sizeof(*p->slots));
	return (pool_put(p, "") == 0 ? 0 : -1);
}

void
pool_wipe(struct pool *p)
{

	if (p->store == NULL)
		return;
	store_free(p->store, p->s, &p->room, 1);
	store_free(p->store, p->slots, &p->slot_room, sizeof(*p->slots));
	memset(p, 0, sizeof(*p));
}

uint32_t
pool_put(struct pool *p, const char *str)
{
	size_t len = strlen(str) + 1, at = p->len;
	char *s;

	if (at > 0 && len == 1)
		return (0);
	if (len > POOL_NONE - at)
		p->store->past = true;
	if (len > POOL_NONE - at || (s = store_grow(p->store, p->s, &p->room,
	    at + len, 1)) == NULL)
		return (POOL_NONE);
	p->s = s;
	memcpy(s + at, str, len);
	p->len += len;
	return ((uint32_t)at);
}

/* The slot where str is, or where it belongs. */
static size_t
find(const struct pool *p, const char *str)
{
	size_t mask = p->slot_room - 1, i;
	struct hash h;

	hash_begin(&h, p->key);
	hash_add(&h, (const uint8_t *)str, strlen(str));
	i = (size_t)hash_end(&h) & mask;
	while (p->slots[i] != 0 && strcmp(p->s + p->slots[i], str) != 0)
		i = (i + 1) & mask;
	return (i);
}

static int
widen(struct pool *p)
{
	size_t old_room = p->slot_room, room = 0, i;
	uint32_t *old = p->slots, *new;

	if ((new = store_grow(p->store, NULL, &room, old_room * 2,
	    sizeof(*new))) == NULL)
		return (-1);
	memset(new, 0, room * sizeof(*new));
	p->slots = new;
	p->slot_room = room;
	for (i = 0; i < old_room; i++)
		if (old[i] != 0)
			p->slots[find(p, p->s + old[i])] = old[i];
	store_free(p->store, old, &old_room, sizeof(*old));
	return (0);
}

uint32_t
pool_intern(struct pool *p, const char *str)
{
	uint32_t n;
	size_t i;

	if (str[0] == '\0')
		return (0);
	i = find(p, str);
	if (p->slots[i] != 0)
		return (p->slots[i]);
	if (p->interned >= p->slot_room / 4 * 3) {
		if (widen(p) != 0)
			return (POOL_NONE);
		i = find(p, str);
	}
	if ((n = pool_put(p, str)) == POOL_NONE)
		return (n);
	p->slots[i] = n;
	p->interned++;
	return (n);
}

const char *
pool_str(const struct pool *p, uint32_t n)
{
	return (p->s + n);
}
