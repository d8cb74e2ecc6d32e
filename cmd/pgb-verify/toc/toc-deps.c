/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toc/graph.h"
#include "toc/toc-check-impl.h"

/*
 * pg_dump writes what an entry depends on in front of it.  So of nearly every
 * dependency it is known at once which entry is meant, or that it is none of
 * this archive; and while no entry depends on a later one there is no circle.
 * Only where one does are all of them looked at, at the end.  Until then they
 * are kept as a row of bytes: of each entry how many there are, then each as
 * its distance, seven bits a byte, the last one with the eighth bit.
 */

#define SHOWN	4		/* entries of a circle */
#define FAR_MAX	50000000

static uint64_t
spread(uint64_t x)
{

	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return (x ^ x >> 33);
}

/* The slot of that ID, or the free one where it belongs. */
static size_t
slot(const struct toc_check *t, int32_t id)
{
	uint64_t h = spread((uint64_t)(uint32_t)id ^ t->mix) >> 32;
	size_t i = (size_t)(h * t->slot_room >> 32);

	while (t->slots[i] != 0 && t->c->rows[t->slots[i] - 1].id != id)
		i = i + 1 == t->slot_room ? 0 : i + 1;
	return (i);
}

int64_t
check_lookup(const struct toc_check *t, int32_t id)
{

	if (t->slot_room == 0)
		return (-1);
	return ((int64_t)t->slots[slot(t, id)] - 1);
}

/* That an ID comes twice is the walker's to say: here the first one counts. */
static void
insert(struct toc_check *t, size_t n)
{
	size_t i = slot(t, t->c->rows[n].id);

	if (t->slots[i] == 0)
		t->slots[i] = (uint32_t)n + 1;
}

/* At most two in three slots are taken. */
static int
remember(struct toc_check *t, size_t n)
{
	size_t old_room = t->slot_room, room = 0, i;
	uint32_t *old = t->slots, *v;

	if (n >= old_room / 3 * 2) {
		if ((v = store_grow(&t->store, NULL, &room,
		    old_room + old_room / 2 + 64, sizeof(*v))) == NULL)
			return (-1);
		memset(v, 0, room * sizeof(*v));
		t->slots = v;
		t->slot_room = room;
		store_free(&t->store, old, &old_room, sizeof(*old));
		for (i = 0; i < n; i++)
			insert(t, i);
	}
	insert(t, n);
	return (0);
}

static int
put(struct toc_check *t, uint32_t n)
{
	uint8_t *v;

	if ((v = store_grow(&t->store, t->deps, &t->dep_room, t->dep_len + 5,
	    1)) == NULL)
		return (-1);
	t->deps = v;
	for (; n > 0x7f; n >>= 7)
		v[t->dep_len++] = n & 0x7f;
	v[t->dep_len++] = (uint8_t)(n | 0x80);
	return (0);
}

static uint32_t
get(const struct toc_check *t, size_t *at)
{
	uint32_t n = 0, byte;
	int shift = 0;

	do {
		byte = t->deps[(*at)++];
		n |= (byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) == 0);
	return (n);
}

/* Distances are small, of either sign. */
static uint32_t
fold(int32_t id, int32_t dep)
{
	int32_t d = id - dep;		/* both are positive */

	return (d < 0 ? (uint32_t)~d << 1 | 1 : (uint32_t)d << 1);
}

static int32_t
unfold(int32_t id, uint32_t n)
{
	int32_t d = (int32_t)(n >> 1);

	return (id - ((n & 1) != 0 ? ~d : d));
}

static int
keep_deps(struct toc_check *t, const struct archive_entry *e)
{
	size_t i;

	if (put(t, (uint32_t)e->dep_count) != 0)
		return (-1);
	for (i = 0; i < e->dep_count; i++)
		if (put(t, fold(e->id, e->deps[i])) != 0)
			return (-1);
	return (0);
}

/* pg_dump numbers all objects of a database, also those that it leaves out:
 * but not so many more than it takes. */
static void
note_far(struct toc_check *t, int32_t id, int32_t dep)
{

	if (dep > t->far_id) {
		t->far_id = dep;
		t->far_at = id;
	}
}

static void
check_far(struct toc_check *t)
{
	struct place place = { .entry = t->far_at };

	if (t->far_id > FAR_MAX && (size_t)t->far_id - FAR_MAX > t->c->count)
		finding(t->f, FIND_ERROR, &place, "pg_restore would take "
		    "memory for as many entries", "it has or depends on dump "
		    "ID %" PRId32 ", and there are but %zu entries", t->far_id,
		    t->c->count);
}

/*
 * pg_dump numbers its objects when it finds them, and what it makes of them
 * besides when it writes that.  (Of large objects less is demanded: versions
 * differ, and who converts an archive has to make and move such entries.)
 */
static void
check_id(struct toc_check *t, const struct archive_entry *e, int kind)
{
	bool moved = strncmp(e->tag, "LARGE OBJECT", 12) == 0;
	int32_t before = moved ? t->first_late : t->last_late;

	if (t->minor < MINOR_KNOWN || kind == KIND_UNKNOWN ||
	    kind == KIND_BLOB || kind == KIND_BLOBS ||
	    kind == KIND_BLOB_METADATA)
		return;
	if ((kind_of(kind)->flags & KIND_LATE) == 0) {
		if (t->first_late != 0 && e->id > t->first_late)
			check_say(t, FIND_ERROR, e, NOT_NOTICED, "its dump ID "
			    "is past that of the first entry, %" PRId32,
			    t->first_late);
		return;
	}
	if (t->first_late == 0)
		t->first_late = e->id;
	else if (e->id <= before)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its dump ID is not "
		    "past that of an entry in front of it, %" PRId32, before);
	if (!moved)
		t->last_late = e->id;
}

/*
 * pg_dump puts entries in order by what they depend on, and leaves out
 * dependencies on what it leaves out: but not those that it sets by hand, of
 * data and of what is about something.
 */
static void
check_order(struct toc_check *t, const struct archive_entry *e, int kind)
{
	bool strict = t->minor >= MINOR_KNOWN && kind != KIND_UNKNOWN &&
	    (kind_of(kind)->flags & KIND_LOOSE) == 0;
	size_t i;

	note_far(t, e->id, e->id);
	for (i = 0; i < e->dep_count; i++) {
		note_far(t, e->id, e->deps[i]);
		if (e->deps[i] == e->id)
			check_say(t, FIND_ERROR, e, "pg_restore -j would never "
			    "start it", "it depends on itself");
		else if (strict && check_lookup(t, e->deps[i]) == -1)
			check_say(t, FIND_ERROR, e, "pg_restore -j may start "
			    "it too early", "it depends on entry %" PRId32
			    ", which is not in front of it", e->deps[i]);
	}
}

int
check_deps(struct toc_check *t, const struct archive_entry *e, size_t n,
    int kind, const struct form *found)
{

	check_id(t, e, kind);
	check_order(t, e, kind);
	if (check_belongs(t, e, kind, found) != 0 || keep_deps(t, e) != 0)
		return (-1);
	return (remember(t, n));
}

/* Of the others it was said at once. */
static void
say_later(struct toc_check *t, size_t n, int64_t to)
{
	int kind = t->c->rows[n].kind;
	struct place place = { .entry = t->c->rows[n].id,
	    .name = kind_of(kind)->desc };
	bool strict = t->minor >= MINOR_KNOWN && kind != KIND_UNKNOWN;

	if (strict && (kind_of(kind)->flags & KIND_LOOSE) == 0)
		return;
	finding(t->f, strict ? FIND_ERROR : FIND_NOTE, &place, strict ?
	    "pg_restore -j may start it too early" : NULL, "it depends on "
	    "entry %" PRId32 ", which stands behind it", t->c->rows[to].id);
}

/*
 * All dependencies on entries that are there: counted, and put into g; where
 * there is no g, those on later entries are told.
 */
static size_t
edges(struct toc_check *t, struct graph *g, size_t *later)
{
	size_t count = t->c->count, at = 0, total = 0, n;
	uint32_t left;
	int32_t id;
	int64_t to;

	for (n = 0; n < count; n++) {
		if (g != NULL)
			g->start[n] = (uint32_t)total;
		id = t->c->rows[n].id;
		for (left = get(t, &at); left > 0; left--) {
			to = check_lookup(t, unfold(id, get(t, &at)));
			if (to == -1 || to == (int64_t)n)
				continue;
			if (g != NULL)
				g->to[total] = (uint32_t)to;
			else if (to > (int64_t)n) {
				++*later;
				say_later(t, n, to);
			}
			total++;
		}
	}
	return (total);
}

static void
say_circle(struct toc_check *t, const uint32_t *nodes, size_t len)
{
	char list[SHOWN * 16] = "";
	size_t i, at = 0;

	for (i = 0; i < len && i < SHOWN; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at,
		    "%s%" PRId32, i > 0 ? ", " : "", t->c->rows[nodes[i]].id);
	finding(t->f, FIND_ERROR, NULL, "pg_restore -j would never start them",
	    "%zu entries depend on each other in a circle: %s%s", len, list,
	    len > SHOWN ? " ..." : "");
}

static int
check_circles(struct toc_check *t, size_t total)
{
	size_t count = t->c->count, start_room = 0, to_room = 0, len = 0;
	struct graph g = { .count = (uint32_t)count };
	uint32_t nodes[SHOWN];
	int rc = -1;

	if (total >= UINT32_MAX)
		t->store.past = true;
	else if ((g.start = store_grow(&t->store, NULL, &start_room, count + 1,
	    sizeof(*g.start))) != NULL &&
	    (g.to = store_grow(&t->store, NULL, &to_room, total,
	    sizeof(*g.to))) != NULL) {
		edges(t, &g, NULL);
		g.start[count] = (uint32_t)total;
		rc = graph_cycle(&g, &t->store, nodes, SHOWN, &len);
	}
	if (rc == 1)
		say_circle(t, nodes, len);
	store_free(&t->store, g.start, &start_room, sizeof(*g.start));
	store_free(&t->store, g.to, &to_room, sizeof(*g.to));
	return (rc == -1 ? -1 : 0);
}

int
check_deps_end(struct toc_check *t)
{
	size_t later = 0, total = edges(t, NULL, &later);
	int rc = later > 0 ? check_circles(t, total) : 0;

	check_far(t);
	store_free(&t->store, t->slots, &t->slot_room, sizeof(*t->slots));
	t->slots = NULL;
	store_free(&t->store, t->deps, &t->dep_room, 1);
	t->deps = NULL;
	return (rc);
}
