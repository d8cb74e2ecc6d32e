/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "toc/lists.h"
#include "toc/toc-check-impl.h"

/*
 * A table of contents has no checksum, but it says many things twice: the name
 * of a table stands in its entry, in the statement that makes it, in that which
 * drops it, in the entry of its data and in the COPY statement.  So what one
 * place says is held against the others, and against what pg_dump writes there.
 * What stands in an archive only once, and could be anything, such as a default
 * or the body of a function, is beyond this.
 */

/* Twins that are told one by one. */
#define TWINS_MAX	16

struct toc_check *
toc_check_new(struct contents *c, struct findings *f, uint64_t most)
{
	struct toc_check *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return (NULL);
	t->c = c;
	t->f = f;
	t->store.most = most;
	if (getentropy(t->key, sizeof(t->key)) != 0 ||
	    getentropy(&t->mix, sizeof(t->mix)) != 0) {
		toc_check_free(t);
		return (NULL);
	}
	return (t);
}

void
toc_check_free(struct toc_check *t)
{

	if (t == NULL)
		return;
	free(t->keys);
	free(t->deps);
	free(t->slots);
	free(t->tables);
	free(t->orphans);
	free(t);
}

void
check_say(struct toc_check *t, enum finding_kind kind,
    const struct archive_entry *e, const char *restore, const char *fmt, ...)
{
	char what[512], name[256];
	struct place place = { .has_at = true, .at = e->at, .entry = e->id,
	    .name = name };
	va_list ap;

	contents_name(name, sizeof(name), e->desc, e->schema, e->tag);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	finding(t->f, kind, &place, restore, "%s", what);
}

/* Strings with their NULs, so that none runs into the next. */
static void
begin_key(const struct toc_check *t, struct hash *h, int kind,
    const char *schema)
{
	uint8_t n = (uint8_t)((kind_of(kind)->flags & KIND_RELATION) != 0 ?
	    KIND_TABLE : kind);

	hash_begin(h, t->key);
	hash_add(h, &n, 1);
	hash_add(h, (const uint8_t *)schema, strlen(schema) + 1);
}

uint64_t
check_key(const struct toc_check *t, int kind, const char *schema,
    const char *tag)
{
	struct hash h;

	begin_key(t, &h, kind, schema);
	hash_add(&h, (const uint8_t *)tag, strlen(tag));
	return (hash_end(&h));
}

uint64_t
check_key_name(const struct toc_check *t, int kind, const char *schema,
    const struct name *n)
{
	const uint8_t *p = (const uint8_t *)n->s;
	struct hash h;
	size_t i;

	begin_key(t, &h, kind, schema);
	if (n->s[0] != '"')
		hash_add(&h, p, n->len);
	else
		for (i = 1; i + 1 < n->len; i++) {
			if (p[i] == '"')
				i++;
			hash_add(&h, p + i, 1);
		}
	return (hash_end(&h));
}

/* A partitioned table has no data. */
static int
keep_columns(struct toc_check *t, size_t n, const struct columns *c)
{
	struct table_columns *v;

	if ((v = store_grow(&t->store, t->tables, &t->table_room,
	    t->table_count + 1, sizeof(*v))) == NULL)
		return (-1);
	t->tables = v;
	v[t->table_count].entry = (uint32_t)n;
	v[t->table_count].count = c->count;
	v[t->table_count++].hash = c->hash;
	return (0);
}

int
toc_check_entry(struct toc_check *t, const struct archive_entry *e)
{
	size_t n = t->c->count - 1;
	int kind = t->c->rows[n].kind;
	enum columns_found state;
	struct form found = { 0 };
	struct columns columns;
	uint64_t *v;

	if ((v = store_grow(&t->store, t->keys, &t->key_room, n + 1,
	    sizeof(*v))) == NULL)
		return (-1);
	t->keys = v;
	v[n] = check_key(t, kind, e->schema, e->tag);
	t->has_relations |= (kind_of(kind)->flags & KIND_RELATION) != 0;
	check_front(t, e, n, kind);
	state = check_fields(t, e, kind, &found, &columns);
	if (state == COLUMNS_ALL && !columns.partitioned &&
	    keep_columns(t, n, &columns) != 0)
		return (-1);
	return (check_deps(t, e, n, kind, &found));
}

/* Whether an entry's kind, schema and name should not come again.  Large
 * objects are looked at in a list of their own. */
static bool
is_unique(const struct row *r)
{
	return (r->kind != KIND_UNKNOWN && r->kind != KIND_BLOB &&
	    r->kind != KIND_BLOB_METADATA &&
	    (kind_of(r->kind)->flags & KIND_AGAIN) == 0);
}

static void
say_twin(struct toc_check *t, const struct row *r)
{
	struct place place = { .entry = r->id, .name = kind_of(r->kind)->desc };

	finding(t->f, FIND_NOTE, &place, NULL, "its kind, schema and name "
	    "stand there more than once");
}

/* Tell which entries have one of these keys, which are in order. */
static void
find_twins(struct toc_check *t, const uint64_t *twins, size_t count)
{
	const struct row *r;
	size_t i, k;

	for (i = 0; i < t->c->count; i++) {
		r = &t->c->rows[i];
		for (k = 0; k < count; k++)
			if (t->keys[i] == twins[k] && is_unique(r))
				say_twin(t, r);
	}
}

static int
check_twins(struct toc_check *t)
{
	uint64_t *v, twins[TWINS_MAX];
	size_t room = 0, count = 0, i, found = 0;

	if (t->c->count == 0)
		return (0);
	if ((v = store_grow(&t->store, NULL, &room, t->c->count,
	    sizeof(*v))) == NULL)
		return (-1);
	for (i = 0; i < t->c->count; i++)
		if (is_unique(&t->c->rows[i]))
			v[count++] = t->keys[i];
	sort_u64(v, count);
	for (i = 1; i < count && found < TWINS_MAX; i++)
		if (v[i] == v[i - 1] &&
		    (found == 0 || twins[found - 1] != v[i]))
			twins[found++] = v[i];
	store_free(&t->store, v, &room, sizeof(*v));
	if (found > 0)
		find_twins(t, twins, found);
	return (0);
}

static void
check_objects(struct toc_check *t)
{
	const struct contents *c = t->c;
	size_t i;

	if (t->minor >= 16)
		return;
	for (i = 1; i < c->loid_count; i++)
		if (c->loids[i] == c->loids[i - 1])
			finding(t->f, FIND_ERROR, NULL, "pg_restore would "
			    "fail to make it again", "large object %" PRIu32
			    " has more than one entry", c->loids[i]);
}

/* Keys are in order. */
static bool
is_there(const struct toc_check *t, uint64_t key)
{
	size_t from = 0, to = t->c->count, k;

	while (from < to) {
		k = from + (to - from) / 2;
		if (t->keys[k] < key)
			from = k + 1;
		else
			to = k;
	}
	return (from < t->c->count && t->keys[from] == key);
}

static void
check_orphans(struct toc_check *t)
{
	const struct orphan *o;
	size_t i;

	if (t->orphan_count == 0)
		return;
	sort_u64(t->keys, t->c->count);
	for (i = 0; i < t->orphan_count; i++) {
		o = &t->orphans[i];
		struct place place = { .entry = o->id,
		    .name = kind_of(o->kind)->desc };

		if (is_there(t, o->key) == o->must)
			continue;
		if (o->must)
			finding(t->f, FIND_ERROR, &place, WOULD_RUN, "the "
			    "table that its definition names is not in the "
			    "archive");
		else
			finding(t->f, FIND_ERROR, &place, "pg_restore -j may "
			    "start it too early, and a restore of chosen "
			    "tables leave it out", "it does not depend on "
			    "what it belongs to, which is in the archive");
	}
}

int
toc_check_end(struct toc_check *t)
{

	if (t->c->count < (t->minor >= 13 ? 3U : 2U))
		finding(t->f, FIND_ERROR, NULL, "a restore would do without "
		    "them", "the table of contents lacks entries that stand "
		    "at its front");
	if (check_deps_end(t) != 0 || check_twins(t) != 0)
		return (-1);
	check_objects(t);
	check_orphans(t);
	return (0);
}

const char *
toc_check_error(const struct toc_check *t)
{
	struct toc_check *own = (struct toc_check *)(uintptr_t)t;

	store_error(&t->store, own->error, sizeof(own->error));
	return (own->error);
}

uint64_t
toc_check_memory(const struct toc_check *t)
{
	return (sizeof(*t) + t->store.used);
}
