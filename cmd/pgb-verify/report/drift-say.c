/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/drift-impl.h"

__attribute__((format(printf, 2, 3)))
static void
say(struct drift *d, const char *fmt, ...)
{
	char line[DRIFT_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	d->emit(d->arg, line);
}

static void
say_change(struct drift *d, const struct drift_change *c)
{
	char line[DRIFT_LINE];

	drift_line(line, c);
	d->emit(d->arg, line);
}

static void
say_head(struct drift *d, const char *title)
{
	char line[DRIFT_LINE];

	drift_head(line, title);
	d->emit(d->arg, line);
}

/* "appdb: 2026-11-27 02:00:00 (appdb.json) and now" */
static void
say_dumps(struct drift *d)
{
	const struct earlier *e = d->earlier;
	const char *name = d->totals->database;
	char was[DRIFT_LINE], made[DRIFT_LINE], is[DRIFT_LINE];
	char path[DRIFT_LINE];
	const char *slash;
	size_t used, room;

	drift_cut(was, e->database, 16);
	drift_cut(made, e->made, 20);
	drift_cut(is, name == NULL || strcmp(name, e->database) == 0 ? "" :
	    name, 10);
	used = strlen(was) + strlen(made) + strlen(is) +
	    strlen(":  () and now ");
	room = used + 8 > DRIFT_WIDTH ? 8 : DRIFT_WIDTH - used;
	slash = strrchr(e->path, '/');
	drift_cut(path, slash != NULL && strlen(e->path) > room ? slash + 1 :
	    e->path, room);
	say(d, "%s%s%s (%s) and now%s%s", was, was[0] != '\0' ? ": " : "",
	    made, path, is[0] != '\0' ? " " : "", is);
}

static uint64_t
apart(uint64_t a, uint64_t b)
{

	return (a < b ? b - a : a - b);
}

/* What goes beyond the limits, then the greatest, then by name. */
static int
compare_changes(const void *a, const void *b)
{
	const struct drift_change *s = a, *t = b;
	uint64_t m, n;
	int c;

	if (s->beyond != t->beyond)
		return (s->beyond ? -1 : 1);
	m = apart(s->before.bytes, s->now.bytes);
	n = apart(t->before.bytes, t->now.bytes);
	if (m != n)
		return (m > n ? -1 : 1);
	m = drift_counted(s) ? apart(s->before.rows, s->now.rows) : 0;
	n = drift_counted(t) ? apart(t->before.rows, t->now.rows) : 0;
	if (m != n)
		return (m > n ? -1 : 1);
	if ((c = strcmp(s->database, t->database)) != 0 ||
	    (c = strcmp(s->schema, t->schema)) != 0)
		return (c);
	return (strcmp(s->name, t->name));
}

/* To be listed: more than the contents are other, or than they are counted. */
static bool
has_changed(const struct drift_change *c)
{

	return (c->before.there != c->now.there ||
	    c->before.bytes != c->now.bytes ||
	    (drift_counted(c) && c->before.rows != c->now.rows));
}

/* Those that are beyond, or that are not: how many there are. */
static size_t
say_changes(struct drift *d, const char *title, bool beyond, size_t most)
{
	const struct drift_change *const totals[] = { &d->all, &d->objects };
	const struct drift_change *c;
	size_t i, n = 0, tables = 0;

	for (i = 0; i < d->change_count + 2; i++) {
		c = i < 2 ? totals[i] : &d->changes[i - 2];
		if (c->beyond != beyond || !has_changed(c))
			continue;
		if (n++ == 0)
			say_head(d, title);
		tables += i >= 2;
		if (i < 2 || tables <= most)
			say_change(d, c);
	}
	if (tables > most)
		say(d, "  and %zu more", tables - most);
	return (n);
}

static void
say_same(struct drift *d)
{

	say(d, "not a byte of any table has changed");
	if (d->opts->allow_same)
		return;
	say(d, "the server may have stopped replaying, or this is an old file");
	say(d, "(--allow-same, where that is as it should be)");
}

static void
say_other(struct drift *d, size_t changes)
{
	const char *was = d->earlier->database, *is = d->totals->database;
	char a[DRIFT_LINE], b[DRIFT_LINE];

	if (is != NULL && is[0] != '\0' && was[0] != '\0' &&
	    strcmp(was, is) != 0) {
		drift_cut(a, was, 16);
		drift_cut(b, is, 16);
		say(d, "another database: %s, before it was %s", b, a);
	}
	if (d->schema_changed)
		say(d, "the schema has changed");
	if (d->contents > 0)
		say(d, "%zu table%s of other contents, with as many rows and "
		    "bytes", d->contents, d->contents == 1 ? "" : "s");
	if (changes == 0 && d->contents == 0 && !d->same && !d->schema_changed)
		say(d, "no change in any count or size; not all contents were "
		    "compared");
}

static void
say_counted(struct drift *d)
{
	uint64_t rows = 0, bytes = 0;
	char size[16], objects[16], text[64] = "";
	bool counted = false;
	size_t i;

	for (i = 0; i < d->count; i++) {
		counted = counted || d->added[i].t.counted;
		rows += d->added[i].t.counted ? d->added[i].t.rows : 0;
		bytes += d->added[i].t.bytes;
	}
	drift_size(size, bytes);
	drift_size(objects, d->totals->large_object_bytes);
	if (counted)
		snprintf(text, sizeof(text), "%" PRIu64 " rows, ", rows);
	say(d, "now: %zu table%s, %s%s", d->count, d->count == 1 ? "" : "s",
	    text, size);
	if (d->totals->large_objects > 0)
		say(d, "     %" PRIu64 " large objects, %s",
		    d->totals->large_objects, objects);
}

void
drift_say(struct drift *d)
{
	char title[64];
	size_t n;

	if (d->change_count > 0)
		qsort(d->changes, d->change_count, sizeof(*d->changes),
		    compare_changes);
	say_dumps(d);
	if (d->emptied)
		say(d, "every table that had rows is empty now, or gone");
	if (d->same)
		say_same(d);
	snprintf(title, sizeof(title), "beyond the limit (%.3g %%)",
	    d->opts->max_shrink * 100);
	n = say_changes(d, title, true, DRIFT_BEYOND);
	n += say_changes(d, "other changes", false, DRIFT_OTHERS);
	say_other(d, n);
	say_counted(d);
}
