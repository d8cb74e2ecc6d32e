/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <string.h>

#include "toc/copy-stmt.h"
#include "toc/toc-check-impl.h"

/*
 * Most entries belong to another one, which they depend on: data and parts to
 * their table, a comment to what it is about.  So its name, schema and owner
 * are theirs; and where they name it but do not depend on it, it must not be
 * in the archive.
 */

static const char *
owner_of(const struct toc_check *t, size_t n)
{
	return (pool_str(&t->c->pool, t->c->rows[n].owner));
}

static int
add_orphan(struct toc_check *t, const struct archive_entry *e, int kind,
    uint64_t key, bool must)
{
	struct orphan *v = store_grow(&t->store, t->orphans, &t->orphan_room,
	    t->orphan_count + 1, sizeof(*v));

	if (v == NULL)
		return (-1);
	t->orphans = v;
	v += t->orphan_count++;
	v->id = e->id;
	v->kind = (uint8_t)kind;
	v->key = key;
	v->must = must;
	return (0);
}

/* Without a relation so far there is none: what belongs to one is behind it. */
static int
add_relation(struct toc_check *t, const struct archive_entry *e, int kind,
    uint64_t key)
{
	return (t->has_relations ? add_orphan(t, e, kind, key, false) : 0);
}

static const struct table_columns *
columns_of(const struct toc_check *t, size_t n)
{
	size_t from = 0, to = t->table_count, k;

	while (from < to) {
		k = from + (to - from) / 2;
		if (t->tables[k].entry < n)
			from = k + 1;
		else
			to = k;
	}
	return (from < t->table_count && t->tables[from].entry == n ?
	    &t->tables[from] : NULL);
}

/* COPY names the columns of the table, which is entry n. */
static void
check_columns(struct toc_check *t, const struct archive_entry *e, size_t n)
{
	const struct table_columns *want = columns_of(t, n);
	struct copy_stmt stmt;
	struct columns c;

	if (want == NULL || e->copy[0] == '\0' ||
	    copy_stmt_parse(e->copy, &stmt) != 0)
		return;
	columns_of_copy(stmt.list, t->key, &c);
	if (c.count != want->count)
		check_say(t, FIND_ERROR, e, "a restore stops here, or leaves "
		    "columns empty", "its COPY statement names %" PRIu32
		    " columns, its table has %" PRIu32 " to be loaded",
		    c.count, want->count);
	else if (c.hash != want->hash)
		check_say(t, FIND_ERROR, e, "a restore stops here, or loads "
		    "columns with the data of others", "its COPY statement "
		    "names other columns than its table has, or in another "
		    "order");
}

static void
compare_table(struct toc_check *t, const struct archive_entry *e, size_t n)
{
	const struct row *r = &t->c->rows[n];

	if ((r->kind != KIND_TABLE && r->kind != KIND_FOREIGN_TABLE) ||
	    t->keys[n] != check_key(t, r->kind, e->schema, e->tag))
		check_say(t, FIND_ERROR, e, "a restore would load the rows "
		    "elsewhere, or stop here", "entry %" PRId32 ", which it "
		    "depends on, is not the table of this name", r->id);
	else if (strcmp(owner_of(t, n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "a restore would load it as "
		    "another role", "its owner is not that of its table");
	else if (r->oid != e->oid)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its OID is not that "
		    "of its table");
	else if (r->relkind == 'p')
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its table is a "
		    "partitioned one, which has no data of its own");
	else
		check_columns(t, e, n);
}

/* TABLE DATA depends on its table alone, whose name, owner and OID it has. */
static int
check_table(struct toc_check *t, const struct archive_entry *e)
{
	int64_t n;

	if (e->dep_count != 1) {
		check_say(t, FIND_ERROR, e, "pg_restore may load it before "
		    "its table is there", "it depends on %zu entries, not on "
		    "its table alone", e->dep_count);
		return (0);
	}
	if ((n = check_lookup(t, e->deps[0])) == -1)
		return (add_relation(t, e, KIND_TABLE_DATA, check_key(t,
		    KIND_TABLE, e->schema, e->tag)));
	compare_table(t, e, (size_t)n);
	return (0);
}

static int
check_blobs(struct toc_check *t, const struct archive_entry *e)
{
	uint64_t key = check_key(t, KIND_BLOB_METADATA, "", e->tag);
	int64_t n;

	if (e->dep_count == 0 || (n = check_lookup(t, e->deps[0])) == -1)
		return (add_orphan(t, e, KIND_BLOBS, key, false));
	if (t->keys[n] != key ||
	    strcmp(owner_of(t, (size_t)n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "pg_restore -j may load large "
		    "objects that were not made yet", "entry %" PRId32
		    ", which it depends on, is not the BLOB METADATA of this "
		    "name and owner", t->c->rows[n].id);
	return (0);
}

/* What belongs to a relation depends on it; a part of it has its owner. */
static int
check_part(struct toc_check *t, const struct archive_entry *e, int kind,
    const struct name *table)
{
	uint64_t key = check_key_name(t, KIND_TABLE, e->schema, table);
	int64_t n = -1;
	size_t i;

	/* Domains have no part in the names of relations. */
	if (strncmp(e->defn, "ALTER DOMAIN ", 13) == 0)
		return (0);
	for (i = 0; i < e->dep_count; i++)
		if ((n = check_lookup(t, e->deps[i])) != -1 &&
		    t->keys[n] == key)
			break;
	if (i == e->dep_count)
		return (add_relation(t, e, kind, key));
	if ((kind_of(kind)->flags & KIND_PART) != 0 &&
	    strcmp(owner_of(t, (size_t)n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "a restore would give it to "
		    "another role", "its owner is not that of entry %" PRId32
		    " (%s), of which it is a part", t->c->rows[n].id,
		    kind_of(t->c->rows[n].kind)->desc);
	return (0);
}

/* What depends on something of its own name has its owner. */
static int
check_namesake(struct toc_check *t, const struct archive_entry *e, int kind)
{
	const struct row *r;
	int64_t n = -1;
	size_t i;

	for (i = 0; i < e->dep_count; i++) {
		if ((n = check_lookup(t, e->deps[i])) == -1)
			continue;
		r = &t->c->rows[n];
		if (t->keys[n] == check_key(t, r->kind, e->schema, e->tag))
			break;
	}
	if (i == e->dep_count)
		return (add_relation(t, e, kind, check_key(t, KIND_TABLE,
		    e->schema, e->tag)));
	/* Until 2021 partitions were attached by nobody. */
	if (strcmp(owner_of(t, (size_t)n), e->owner) != 0 &&
	    (e->owner[0] != '\0' || kind != KIND_TABLE_ATTACH))
		check_say(t, FIND_ERROR, e, "a restore would run it as "
		    "another role", "its owner is not that of entry %" PRId32
		    " (%s)", t->c->rows[n].id,
		    kind_of(t->c->rows[n].kind)->desc);
	else if ((kind_of(kind)->flags & KIND_OID) != 0 &&
	    t->c->rows[n].oid != e->oid)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its OID is not that "
		    "of entry %" PRId32 " (%s)", t->c->rows[n].id,
		    kind_of(t->c->rows[n].kind)->desc);
	return (0);
}

/* "TABLE name", "COLUMN name.column": kind and name of what it is about. */
static bool
subject(const struct archive_entry *e, int *kind, struct name *name)
{
	const char *p = e->tag, *end;
	bool column = strncmp(p, "COLUMN ", 7) == 0;
	char desc[32];
	size_t len;

	*kind = KIND_TABLE;
	/* The longest kind that it begins with. */
	for (len = column ? 0 : sizeof(desc) - 1; len > 0; len--) {
		if (strnlen(p, len + 1) <= len || p[len] != ' ')
			continue;
		memcpy(desc, p, len);
		desc[len] = '\0';
		if ((*kind = kind_find(desc)) != KIND_UNKNOWN)
			break;
	}
	if (*kind == KIND_UNKNOWN)
		return (false);
	end = name_scan(p + (column ? 7 : len + 1), name);
	return (end != NULL && *end == (column ? '.' : '\0'));
}

/* Not so: rights on a domain are said to be on a type, a comment on an index
 * may be about the constraint that has it. */
static bool
same_names(int a, int b)
{
	return (a == b || ((kind_of(a)->flags & KIND_RELATION) != 0 &&
	    (kind_of(b)->flags & KIND_RELATION) != 0));
}

static int
check_about(struct toc_check *t, const struct archive_entry *e, int own)
{
	struct name name;
	int64_t n = -1;
	uint64_t key = 0;
	int kind;
	bool known = subject(e, &kind, &name);

	if (known)
		key = check_key_name(t, kind, e->schema, &name);
	if (e->dep_count > 0)
		n = check_lookup(t, e->deps[0]);
	if (n == -1)
		return (known ? add_orphan(t, e, own, key, false) : 0);
	if (strcmp(owner_of(t, (size_t)n), e->owner) != 0)
		check_say(t, FIND_ERROR, e, "a restore would run it as "
		    "another role", "its owner is not that of entry %" PRId32
		    " (%s), which it is about", t->c->rows[n].id,
		    kind_of(t->c->rows[n].kind)->desc);
	else if (known && same_names(kind, t->c->rows[n].kind) &&
	    t->keys[n] != key)
		check_say(t, FIND_ERROR, e, "a restore of chosen schemas or "
		    "tables may leave it out", "entry %" PRId32 ", which it "
		    "is about, has another schema or name",
		    t->c->rows[n].id);
	return (0);
}

/* INDEX ATTACH has the owner of one of the indexes, or none, as above. */
static void
check_attach(struct toc_check *t, const struct archive_entry *e)
{
	bool any = false;
	int64_t n;
	size_t i;

	for (i = 0; i < e->dep_count; i++) {
		if ((n = check_lookup(t, e->deps[i])) == -1)
			continue;
		if (strcmp(owner_of(t, (size_t)n), e->owner) == 0)
			return;
		any = true;
	}
	if (any && e->owner[0] != '\0')
		check_say(t, FIND_ERROR, e, "a restore would run it as "
		    "another role", "its owner is that of none of the "
		    "indexes it is about");
}

/* SEQUENCE OWNED BY a column of a table: pg_dump writes it only with that. */
static int
check_owned(struct toc_check *t, const struct archive_entry *e, int kind,
    const struct name *table)
{
	return (add_orphan(t, e, kind, check_key_name(t, KIND_TABLE, e->schema,
	    table), true));
}

int
check_belongs(struct toc_check *t, const struct archive_entry *e, int kind,
    const struct form *found)
{
	unsigned flags = kind_of(kind)->flags;

	if (kind == KIND_TABLE_DATA && check_table(t, e) != 0)
		return (-1);
	if (kind == KIND_BLOBS && t->minor >= 16 && check_blobs(t, e) != 0)
		return (-1);
	if (t->minor < MINOR_KNOWN)
		return (0);
	if ((flags & KIND_ABOUT) != 0 && check_about(t, e, kind) != 0)
		return (-1);
	if ((flags & KIND_NAMESAKE) != 0 && check_namesake(t, e, kind) != 0)
		return (-1);
	if (kind == KIND_INDEX_ATTACH)
		check_attach(t, e);
	if (found->table.s == NULL)
		return (0);
	if ((flags & KIND_NEEDS) != 0 &&
	    check_part(t, e, kind, &found->table) != 0)
		return (-1);
	return (kind == KIND_SEQUENCE_OWNED_BY ? check_owned(t, e, kind,
	    &found->table) : 0);
}
