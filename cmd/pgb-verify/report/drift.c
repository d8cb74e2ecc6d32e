/* SPDX-License-Identifier: ISC */
/*
 * Both lists of tables are sorted by their names and walked side by side, which
 * makes a list of changes, with what is the same in it.  Each change is judged
 * by itself; so are all tables together, since many small losses are a great
 * one, and the large objects.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/drift-impl.h"

struct drift *
drift_new(const struct drift_opts *opts, const struct earlier *earlier)
{
	struct drift *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->opts = opts;
	d->earlier = earlier;
	return (d);
}

static void
free_names(struct drift_added *a)
{
	size_t i;

	for (i = 0; i < 3; i++)
		free(a->own[i]);
}

void
drift_free(struct drift *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->count; i++)
		free_names(&d->added[i]);
	free(d->added);
	free(d->changes);
	free(d);
}

int
drift_add(struct drift *d, const struct drift_table *t)
{
	struct drift_added a = { .t = *t }, *bigger;
	size_t room;

	if (d->count == d->room) {
		room = d->room == 0 ? 64 : d->room * 2;
		bigger = reallocarray(d->added, room, sizeof(*bigger));
		if (bigger == NULL)
			return (-1);
		d->added = bigger;
		d->room = room;
	}
	a.t.database = earlier_name(t->database, &a.own[0]);
	a.t.schema = earlier_name(t->schema, &a.own[1]);
	a.t.name = earlier_name(t->name, &a.own[2]);
	if (a.t.database == NULL || a.t.schema == NULL || a.t.name == NULL) {
		free_names(&a);
		return (-1);
	}
	d->added[d->count++] = a;
	return (0);
}

/* --- what has changed ---------- */

static int
compare_added(const void *a, const void *b)
{
	const struct drift_table *s = &((const struct drift_added *)a)->t;
	const struct drift_table *t = &((const struct drift_added *)b)->t;
	int c;

	if ((c = strcmp(s->database, t->database)) != 0 ||
	    (c = strcmp(s->schema, t->schema)) != 0)
		return (c);
	return (strcmp(s->name, t->name));
}

static int
compare_both(const struct earlier_table *s, const struct drift_table *t)
{
	int c;

	if ((c = strcmp(s->database, t->database)) != 0 ||
	    (c = strcmp(s->schema, t->schema)) != 0)
		return (c);
	return (strcmp(s->name, t->name));
}

/* Parts of one table, which stand side by side, become one. */
static void
merge_parts(struct drift *d)
{
	struct drift_added *to, *from;
	size_t i, n = 0;

	for (i = 0; i < d->count; i++) {
		from = &d->added[i];
		to = n > 0 ? &d->added[n - 1] : NULL;
		if (to == NULL || compare_added(to, from) != 0) {
			d->added[n++] = *from;
			continue;
		}
		to->t.counted = to->t.counted && from->t.counted;
		to->t.rows += from->t.rows;
		to->t.bytes += from->t.bytes;
		to->t.hash = NULL;
		free_names(from);
	}
	d->count = n;
}

static void
set_names(struct drift_change *c, const char *database, const char *schema,
    const char *name)
{

	c->database = database;
	c->schema = schema;
	c->name = name;
}

/* Either may be NULL. */
static void
pair(struct drift *d, const struct earlier_table *before,
    const struct drift_table *now)
{
	struct drift_change *c = &d->changes[d->change_count++];

	if (before != NULL) {
		set_names(c, before->database, before->schema, before->name);
		c->before = (struct drift_side){ true, before->counted,
		    before->rows, before->bytes,
		    before->hashed ? before->hash : NULL };
	}
	if (now != NULL) {
		set_names(c, now->database, now->schema, now->name);
		c->now = (struct drift_side){ true, now->counted, now->rows,
		    now->bytes, now->hash };
	}
}

static int
find_changes(struct drift *d)
{
	const struct earlier *e = d->earlier;
	size_t i = 0, k = 0, count;
	int c;

	if (d->count > 0)
		qsort(d->added, d->count, sizeof(*d->added), compare_added);
	merge_parts(d);
	count = e->table_count + d->count;
	d->changes = calloc(count > 0 ? count : 1, sizeof(*d->changes));
	if (d->changes == NULL)
		return (-1);
	while (i < e->table_count || k < d->count) {
		if (i == e->table_count)
			c = 1;
		else if (k == d->count)
			c = -1;
		else
			c = compare_both(&e->tables[i], &d->added[k].t);
		pair(d, c <= 0 ? &e->tables[i] : NULL,
		    c >= 0 ? &d->added[k].t : NULL);
		i += c <= 0;
		k += c >= 0;
	}
	return (0);
}

/* --- and whether it may ---------- */

static int
spare(struct drift *d, struct drift_change *c)
{
	size_t i;
	char *full;

	if (d->opts->except_count == 0)
		return (0);
	if (asprintf(&full, "%s.%s", c->schema, c->name) == -1)
		return (-1);
	for (i = 0; i < d->opts->except_count && !c->spared; i++)
		c->spared = fnmatch(d->opts->except[i], full, 0) == 0 ||
		    fnmatch(d->opts->except[i], c->name, 0) == 0;
	free(full);
	return (0);
}

/* A hair more is allowed: 29 % of 100 are not 29 in binary. */
static bool
shrunk(const struct drift *d, uint64_t before, uint64_t now)
{

	return (now < before && (double)(before - now) >
	    d->opts->max_shrink * (double)before * (1 + 1e-9));
}

static void
judge(struct drift *d, struct drift_change *c)
{
	const struct drift_side *was = &c->before, *is = &c->now;
	bool counted = drift_counted(c);

	if (c->spared || !was->there)
		return;
	if (!is->there)
		c->beyond = true;
	else if (counted && shrunk(d, was->rows, is->rows))
		c->beyond = true;
	else if ((!counted || was->rows > 0) &&
	    shrunk(d, was->bytes, is->bytes))
		c->beyond = true;
	d->beyond += c->beyond;
}

static bool
has_rows(const struct drift_side *s)
{

	return (s->there && (s->counted ? s->rows > 0 : s->bytes > 0));
}

static bool
same_side(const struct drift_side *a, const struct drift_side *b)
{

	return (a->there && b->there && a->counted == b->counted &&
	    a->rows == b->rows && a->bytes == b->bytes);
}

static bool
same_hash(const struct drift_side *a, const struct drift_side *b)
{

	return (a->hash != NULL && b->hash != NULL &&
	    memcmp(a->hash, b->hash, 64) == 0);
}

/* All that are not spared. */
static void
add_up(struct drift *d)
{
	struct drift_change *c, *all = &d->all;
	size_t i;

	set_names(all, "", "", "all tables");
	all->before.there = all->now.there = true;
	for (i = 0; i < d->change_count; i++) {
		c = &d->changes[i];
		if (c->spared)
			continue;
		all->before.bytes += c->before.bytes;
		all->now.bytes += c->now.bytes;
		if (!drift_counted(c))
			continue;
		all->before.counted = all->now.counted = true;
		all->before.rows += c->before.rows;
		all->now.rows += c->now.rows;
	}
	if (d->earlier->table_count == 0) {
		all->before.counted = d->earlier->rows > 0;
		all->before.rows = d->earlier->rows;
		all->before.bytes = d->earlier->bytes;
	}
}

static void
look_at_all(struct drift *d)
{
	const struct drift_change *c;
	size_t i, had = 0, left = 0, rows = 0, same = 0;

	for (i = 0; i < d->change_count; i++) {
		c = &d->changes[i];
		rows += has_rows(&c->now);
		if (same_side(&c->before, &c->now) &&
		    same_hash(&c->before, &c->now))
			same++;
		else if (same_side(&c->before, &c->now) &&
		    c->before.hash != NULL && c->now.hash != NULL)
			d->contents++;
		if (c->spared || !has_rows(&c->before))
			continue;
		had++;
		left += has_rows(&c->now);
	}
	d->emptied = had > 0 && left == 0;
	d->same = rows > 0 && same == d->change_count &&
	    same_side(&d->objects.before, &d->objects.now) &&
	    !d->schema_changed;
	d->beyond += d->emptied;
	d->beyond += d->same && !d->opts->allow_same;
}

static int
find(struct drift *d)
{
	const struct earlier *e = d->earlier;
	const struct drift_totals *t = d->totals;
	size_t i;

	if (find_changes(d) == -1)
		return (-1);
	for (i = 0; i < d->change_count; i++) {
		if (spare(d, &d->changes[i]) == -1)
			return (-1);
		judge(d, &d->changes[i]);
	}
	add_up(d);
	judge(d, &d->all);
	set_names(&d->objects, "", "", "large objects");
	d->objects.before = d->objects.now = (struct drift_side){ true, true,
	    0, 0, NULL };
	if (e->has_objects && t->has_objects) {
		d->objects.before.rows = e->large_objects;
		d->objects.before.bytes = e->large_object_bytes;
		d->objects.now.rows = t->large_objects;
		d->objects.now.bytes = t->large_object_bytes;
		judge(d, &d->objects);
	}
	d->schema_changed = e->has_schema && t->schema_hash != NULL &&
	    memcmp(e->schema_hash, t->schema_hash, 64) != 0;
	look_at_all(d);
	return (0);
}

int64_t
drift_end(struct drift *d, const struct drift_totals *totals,
    void (*emit)(void *arg, const char *line), void *arg)
{

	d->totals = totals;
	d->emit = emit;
	d->arg = arg;
	if (find(d) == -1)
		return (-1);
	drift_say(d);
	return (d->beyond);
}

bool
drift_is_same(const struct drift *d)
{

	return (d->same && d->beyond == 1);
}
