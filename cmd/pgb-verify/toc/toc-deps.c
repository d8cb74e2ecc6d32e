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

/* The entry of that ID, or -1. */
static int64_t
lookup(const struct toc_check *t, int32_t id)
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

static const char *
owner_of(const struct toc_check *t, size_t n)
{
	return (pool_str(&t->c->pool, t->c->rows[n].owner));
}

static int
add_orphan(struct toc_check *t, const struct archive_entry *e)
{
	struct orphan *v = store_grow(&t->store, t->orphans, &t->orphan_room,
	    t->orphan_count + 1, sizeof(*v));

	if (v == NULL)
		return (-1);
	t->orphans = v;
	v[t->orphan_count].id = e->id;
	v[t->orphan_count++].key = check_key(t, "TABLE", e->schema, e->tag);
	return (0);
}

/* TABLE DATA depends on its table alone, whose name, owner and OID it has. */
static int
check_table(struct toc_check *t, const struct archive_entry *e)
{
	const struct row *r;
	int64_t n;

	if (e->dep_count != 1) {
		check_say(t, FIND_ERROR, e, "pg_restore may load it before "
		    "its table is there", "it depends on %zu entries, not on "
		    "its table alone", e->dep_count);
		return (0);
	}
	if ((n = lookup(t, e->deps[0])) == -1)
		return (add_orphan(t, e));
	r = &t->c->rows[n];
	if ((r->kind != KIND_TABLE && r->kind != KIND_FOREIGN_TABLE) ||
	    t->keys[n] != check_key(t, kind_of(r->kind)->desc, e->schema,
	    e->tag))
		check_say(t, FIND_ERROR, e, "a restore would load the rows "
		    "elsewhere, or stop here", "entry %" PRId32 ", which it "
		    "depends on, is not the table of this name", r->id);
	else if (strcmp(owner_of(t, (size_t)n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "a restore would load it as "
		    "another role", "its owner is not that of its table");
	else if (r->oid != e->oid)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its OID is not that "
		    "of its table");
	return (0);
}

static void
check_blobs(struct toc_check *t, const struct archive_entry *e)
{
	int64_t n;

	if (e->dep_count == 0 || (n = lookup(t, e->deps[0])) == -1)
		return;
	if (t->keys[n] != check_key(t, "BLOB METADATA", "", e->tag) ||
	    strcmp(owner_of(t, (size_t)n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "pg_restore -j may load large "
		    "objects that were not made yet", "entry %" PRId32
		    ", which it depends on, is not the BLOB METADATA of this "
		    "name and owner", t->c->rows[n].id);
}

/* What is part of a relation has its owner. */
static void
check_part(struct toc_check *t, const struct archive_entry *e,
    const struct name *table)
{
	const struct kind *k;
	uint64_t key;
	int64_t n;
	size_t i;

	for (i = 0; i < e->dep_count; i++) {
		if ((n = lookup(t, e->deps[i])) == -1)
			continue;
		k = kind_of(t->c->rows[n].kind);
		if ((k->flags & KIND_RELATION) == 0)
			continue;
		key = check_key_name(t, k->desc, e->schema, table);
		if (t->keys[n] == key &&
		    strcmp(owner_of(t, (size_t)n), e->owner) != 0)
			check_say(t, FIND_ERROR, e, "a restore would give it "
			    "to another role", "its owner is not that of "
			    "entry %" PRId32 " (%s), of which it is a part",
			    t->c->rows[n].id, k->desc);
	}
}

static void
check_namesake(struct toc_check *t, const struct archive_entry *e)
{
	const struct kind *k;
	int64_t n;
	size_t i;

	for (i = 0; i < e->dep_count; i++) {
		if ((n = lookup(t, e->deps[i])) == -1)
			continue;
		k = kind_of(t->c->rows[n].kind);
		if (t->keys[n] != check_key(t, k->desc, e->schema, e->tag)) {
			if (strcmp(k->desc, "SEQUENCE") == 0)
				check_say(t, FIND_ERROR, e, WOULD_RUN, "entry "
				    "%" PRId32 ", which it depends on, is not "
				    "the sequence of this name",
				    t->c->rows[n].id);
		} else if (strcmp(owner_of(t, (size_t)n), e->owner) != 0)
			check_say(t, FIND_ERROR, e, "a restore would run it "
			    "as another role", "its owner is not that of "
			    "entry %" PRId32 " (%s)", t->c->rows[n].id,
			    k->desc);
	}
}

/* "TABLE name", "COLUMN name.column": the name as the entry it is about has
 * it. */
static bool
is_about(const struct toc_check *t, const struct archive_entry *e, size_t n)
{
	const struct kind *k = kind_of(t->c->rows[n].kind);
	size_t len = strlen(k->desc);
	const char *rest, *p;
	struct name name;

	if (strncmp(e->tag, k->desc, len) == 0 && e->tag[len] == ' ')
		rest = e->tag + len + 1;
	else if (strncmp(e->tag, "COLUMN ", 7) == 0 &&
	    (k->flags & KIND_RELATION) != 0)
		rest = e->tag + 7;
	else
		return (true);
	if ((p = name_scan(rest, &name)) == NULL ||
	    *p != (e->tag[0] == 'C' && e->tag[2] == 'L' ? '.' : '\0'))
		return (true);
	return (t->keys[n] == check_key_name(t, k->desc, e->schema, &name));
}

static void
check_about(struct toc_check *t, const struct archive_entry *e)
{
	int64_t n;

	if (e->dep_count == 0 || (n = lookup(t, e->deps[0])) == -1)
		return;
	if (strcmp(owner_of(t, (size_t)n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "a restore would run it as "
		    "another role", "its owner is not that of entry %" PRId32
		    " (%s), which it is about", t->c->rows[n].id,
		    kind_of(t->c->rows[n].kind)->desc);
	else if (!is_about(t, e, (size_t)n))
		check_say(t, FIND_ERROR, e, "a restore of chosen schemas or "
		    "tables may leave it out", "entry %" PRId32 ", which it "
		    "is about, has another schema or name",
		    t->c->rows[n].id);
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

int
check_deps(struct toc_check *t, const struct archive_entry *e, size_t n,
    int kind, const struct form *found)
{
	const struct kind *k = kind_of(kind);
	size_t i;

	note_far(t, e->id, e->id);
	for (i = 0; i < e->dep_count; i++) {
		note_far(t, e->id, e->deps[i]);
		if (e->deps[i] == e->id)
			check_say(t, FIND_ERROR, e, "pg_restore -j would never "
			    "start it", "it depends on itself");
	}
	if (kind == KIND_TABLE_DATA && check_table(t, e) != 0)
		return (-1);
	if (kind == KIND_BLOBS && t->minor >= 16)
		check_blobs(t, e);
	if (t->minor >= MINOR_KNOWN && (k->flags & KIND_ABOUT) != 0)
		check_about(t, e);
	if (t->minor >= MINOR_KNOWN && (k->flags & KIND_NAMESAKE) != 0)
		check_namesake(t, e);
	if (t->minor >= MINOR_KNOWN && (k->flags & KIND_PART) != 0 &&
	    found->table.s != NULL)
		check_part(t, e, &found->table);
	return (keep_deps(t, e) != 0 ? -1 : remember(t, n));
}

static void
note_later(struct toc_check *t, size_t n, int64_t to)
{
	struct place place = { .entry = t->c->rows[n].id,
	    .name = kind_of(t->c->rows[n].kind)->desc };

	finding(t->f, FIND_NOTE, &place, NULL, "it depends on entry %" PRId32
	    ", which stands behind it", t->c->rows[to].id);
}

/*
 * All dependencies on entries that are there: counted, and put into g; where
 * there is no g, those on later entries are noted.
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
			to = lookup(t, unfold(id, get(t, &at)));
			if (to == -1 || to == (int64_t)n)
				continue;
			if (g != NULL)
				g->to[total] = (uint32_t)to;
			else if (to > (int64_t)n) {
				++*later;
				note_later(t, n, to);
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
