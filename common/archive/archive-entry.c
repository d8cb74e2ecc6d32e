/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive-entry.h"

#define DEPS_MAX	(1 << 24)

_Static_assert(ARCHIVE_SQL_MAX == ITEM_SKIP_MAX, "what is kept is told");

static int
no_memory(struct toc *t)
{
	carrier_memory(t->c);
	return (toc_fail(t, "%s", item_no_memory));
}

void
entry_begin(struct toc *t)
{

	memset(&t->entry, 0, sizeof(t->entry));
	t->entry.at = t->pos;
	t->entry.count = t->count;
	hash_begin(&t->hash, t->key);
	t->has_lean = false;
	t->is_bare = false;
}

/*
 * The second table must be the first, but for the offsets.  Instead of the
 * first table a hash of each entry is kept.
 *
 * pg_dump 18 asks the server for the definition of STATISTICS DATA while it
 * writes the table, and the second time seeks over it.  In a file that is
 * appended to nothing is there then: such an entry may come without its
 * definition.  For these a second hash, of all but the definition, is kept.
 */
void
entry_bytes(struct toc *t, const uint8_t *buf, size_t len)
{

	if (t->field == F_OFFSET || t->header.format == ARCHIVE_TAR)
		return;
	hash_add(&t->hash, buf, len);
	if (t->has_lean && t->field != F_DEFN)
		hash_add(&t->lean, buf, len);
}

static bool
is_statistics(const struct toc *t)
{
	return (t->header.minor >= 16 &&
	    strcmp(text_str(&t->text[TEXT_DESC]), "STATISTICS DATA") == 0);
}

bool
entry_tells(const struct toc *t, int field)
{
	const char *desc = text_str(&t->text[TEXT_DESC]);

	if ((field != F_DEFN && field != F_DROP) || t->again ||
	    t->watch == NULL || t->watch->entry == NULL)
		return (false);
	if (t->watch->all_sql || field == F_DROP)
		return (t->watch->all_sql);
	return (strcmp(desc, "ENCODING") == 0 ||
	    strcmp(desc, "BLOB METADATA") == 0 ||
	    strcmp(desc, "TABLE DATA") == 0);
}

/* The decimal in TEXT_NUMBER, lo <= *out <= hi: 0 or -1. */
static int
number(struct toc *t, const char *what, uint64_t lo, uint64_t hi, uint64_t *out)
{
	const char *s = text_str(&t->text[TEXT_NUMBER]);

	*out = 0;
	if (t->item.value <= 0 || (s[0] == '0' && s[1] != '\0'))
		return (toc_fail(t, "%s: no number", what));
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return (toc_fail(t, "%s: no number",
			    what));
		*out = *out * 10 + (uint64_t)(*s - '0');
	}
	if (*out < lo || *out > hi)
		return (toc_fail(t, "%s: %llu cannot be", what,
		    (unsigned long long)*out));
	return (0);
}

static int
add_dep(struct toc *t)
{
	struct archive_entry *e = &t->entry;
	uint64_t id;
	void *p;

	if (number(t, "dependency", 1, INT32_MAX, &id) != 0)
		return (-1);
	if (e->dep_count >= DEPS_MAX)
		return (toc_fail(t, "more than %d dependencies", DEPS_MAX));
	if ((p = array_grow(t->deps, &t->deps_size, e->dep_count,
	    sizeof(*t->deps))) == NULL)
		return (no_memory(t));
	t->deps = p;
	t->deps[e->dep_count++] = (int32_t)id;
	return (0);
}

/* Only these two ever have a block, in all versions known here. */
static bool
kind_has_data(const char *desc)
{
	return (strcmp(desc, "TABLE DATA") == 0 || strcmp(desc, "BLOBS") == 0);
}

static int
keep_data(struct toc *t, uint64_t at)
{
	struct toc_data *d;
	char name[SHOWN_MAX];
	void *p;

	if ((p = array_grow(t->data, &t->data_size, t->data_count,
	    sizeof(*t->data))) == NULL)
		return (no_memory(t));
	t->data = p;
	d = &t->data[t->data_count++];
	d->at = at;
	d->id = t->entry.id;
	d->blobs = t->entry.is_blobs;
	toc_describe(t, name, sizeof(name));
	/* With its NUL, so that names stand one after the other. */
	if (text_add(&t->names, name, strlen(name) + 1) != 0)
		return (no_memory(t));
	return (0);
}

static int
push_hash(uint64_t **array, size_t *size, size_t count, uint64_t hash)
{
	void *p = array_grow(*array, size, count, sizeof(**array));

	if (p == NULL)
		return (-1);
	*array = p;
	(*array)[count] = hash;
	return (0);
}

static int
keep(struct toc *t, uint64_t offset)
{
	void *p;

	if ((p = array_grow(t->ids, &t->ids_size, t->seen,
	    sizeof(*t->ids))) == NULL)
		return (no_memory(t));
	t->ids = p;
	t->ids[t->seen] = t->entry.id;
	if (t->header.format == ARCHIVE_TAR)	/* has no second table */
		return (t->entry.has_data ? keep_data(t, 0) : 0);
	if (push_hash(&t->hashes, &t->hashes_size, t->seen,
	    hash_end(&t->hash)) != 0)
		return (no_memory(t));
	if (t->has_lean && push_hash(&t->leans, &t->leans_size,
	    t->leans_count++, hash_end(&t->lean)) != 0)
		return (no_memory(t));
	return (t->entry.has_data ? keep_data(t, offset) : 0);
}

/* The flag of the block's offset, and what it says of the entry. */
static int
check_offset(struct toc *t, int flag, uint64_t offset)
{

	if (flag < OFFSET_UNSET || flag > OFFSET_NO_DATA)
		return (toc_fail(t, "offset flag is %d", flag));
	if (t->entry.has_data == (flag == OFFSET_NO_DATA))
		return (toc_fail(t, "data flag and offset flag contradict"));
	if ((flag == OFFSET_SET) != (offset != 0))
		return (toc_fail(t, "offset flag and offset contradict"));
	return (0);
}

static int
first_end(struct toc *t, int flag, uint64_t offset)
{
	struct archive_entry *e = &t->entry;

	if (e->has_data != kind_has_data(text_str(&t->text[TEXT_DESC])))
		return (toc_fail(t, e->has_data ? "has data, which this kind "
		    "never has" : "has no data, which this kind always has"));
	if (e->has_data && t->offset_flag != 0 && t->offset_flag != flag)
		return (toc_fail(t, "some offsets are set and some are not"));
	if (e->has_data)
		t->offset_flag = flag;
	e->tag = text_str(&t->text[TEXT_TAG]);
	e->desc = text_str(&t->text[TEXT_DESC]);
	e->schema = text_str(&t->text[TEXT_SCHEMA]);
	e->owner = text_str(&t->text[TEXT_OWNER]);
	e->copy = text_str(&t->text[TEXT_COPY]);
	e->defn = entry_tells(t, F_DEFN) ? text_str(&t->text[TEXT_DEFN]) : "";
	e->drop = entry_tells(t, F_DROP) ? text_str(&t->text[TEXT_DROP]) : "";
	e->tablespace = text_str(&t->text[TEXT_TABLESPACE]);
	e->tableam = text_str(&t->text[TEXT_TABLEAM]);
	e->member = text_str(&t->text[TEXT_MEMBER]);
	e->offset_at = t->field_at;
	e->is_blobs = e->has_data && strcmp(e->desc, "BLOBS") == 0;
	e->deps = t->deps;
	if (keep(t, offset) != 0)
		return (-1);
	if (t->watch != NULL && t->watch->entry != NULL)
		return (toc_heard(t, t->watch->entry(t->watch_arg, e)));
	return (0);
}

static int
second_end(struct toc *t, uint64_t offset)
{
	uint64_t want = t->hashes[t->seen];

	if (t->is_bare) {
		if (t->leans_seen >= t->leans_count)
			return (toc_fail(t, "differs from the first table"));
		want = t->leans[t->leans_seen];
	}
	if (is_statistics(t))
		t->leans_seen++;
	if (hash_end(&t->hash) != want)
		return (toc_fail(t, "differs from the first table"));
	if (!t->entry.has_data)
		return (0);
	/* The hash holds its data flag, so there are data_count of them. */
	if (offset != t->data[t->data_seen++].at)
		return (toc_fail(t, "the offset is not that of its block"));
	return (0);
}

static int
compare_ids(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return ((x > y) - (x < y));
}

static int
table_end(struct toc *t)
{
	size_t i;

	t->field = F_COUNT;
	t->field_at = t->pos;
	if (t->again && t->watch != NULL && t->watch->again != NULL &&
	    toc_heard(t, t->watch->again(t->watch_arg, t->again_at)) != 0)
		return (-1);
	if (t->again)
		return (F_END);
	qsort(t->ids, t->count, sizeof(*t->ids), compare_ids);
	for (i = 1; i < t->count; i++)
		if (t->ids[i] == t->ids[i - 1])
			return (toc_fail(t, "dump ID %d stands there twice",
			    (int)t->ids[i]));
	free(t->ids);
	t->ids = NULL;
	t->ids_size = 0;
	if (t->watch != NULL && t->watch->toc_end != NULL &&
	    toc_heard(t, t->watch->toc_end(t->watch_arg, t->count)) != 0)
		return (-1);
	return (F_END);
}

static int
entry_done(struct toc *t)
{
	return (++t->seen == t->count ? table_end(t) : F_ID);
}

/* The end of an entry in a custom archive. */
static int
offset_end(struct toc *t)
{
	const uint8_t *raw = t->item.raw;
	uint64_t offset = 0;
	int i;

	for (i = 8; i > 0; i--)
		offset = offset << 8 | raw[i];
	if (check_offset(t, raw[0], offset) != 0)
		return (-1);
	if (t->again ? second_end(t, offset) != 0 :
	    first_end(t, raw[0], offset) != 0)
		return (-1);
	return (entry_done(t));
}

/*
 * In a tar: what it should be is known, so it need not be kept.  An entry of
 * large objects gives a name as well, but no such file is there.
 */
static int
member_end(struct toc *t)
{
	const char *name = text_str(&t->text[TEXT_MEMBER]);
	char want[24];

	snprintf(want, sizeof(want), "%d.dat", (int)t->entry.id);
	if (t->item.value < 0)
		return (toc_fail(t, "its file name is missing"));
	if (t->entry.has_data != (name[0] != '\0'))
		return (toc_fail(t, "data flag and file name contradict"));
	if (t->entry.has_data && strcmp(name, want) != 0)
		return (toc_fail(t, "its file name is not %s", want));
	if (first_end(t, 0, 0) != 0)
		return (-1);
	return (entry_done(t));
}

static int
check_desc(struct toc *t)
{

	if (t->item.value <= 0)
		return (toc_fail(t, "its kind is missing"));
	if (t->again || !is_statistics(t))
		return (F_DESC + 1);
	t->has_lean = true;
	t->lean = t->hash;
	return (F_DESC + 1);
}

static int
with_oids(struct toc *t)
{
	const char *s = text_str(&t->text[TEXT_NUMBER]);

	t->entry.with_oids = strcmp(s, "true") == 0;
	if (!t->entry.with_oids && strcmp(s, "false") != 0)
		return (toc_fail(t, "its OID flag is neither true nor false"));
	return (0);
}

int
entry_next(struct toc *t)
{
	struct archive_entry *e = &t->entry;
	uint64_t oid = 0;

	switch (t->field) {
	case F_ID:
		e->id = (int32_t)t->item.value;
		break;
	case F_HAS_DATA:
		e->has_data = t->item.value == 1;
		break;
	case F_TABLE_OID:
	case F_OID:
		if (number(t, "OID", 0, UINT32_MAX, &oid) != 0)
			return (-1);
		if (t->field == F_OID)
			e->oid = (uint32_t)oid;
		else
			e->table_oid = (uint32_t)oid;
		break;
	case F_TAG:
		if (t->item.value < 0)
			return (toc_fail(t, "its name is missing"));
		break;
	case F_DESC:
		return (check_desc(t));
	case F_SECTION:
		e->section = (int)t->item.value;
		break;
	case F_DEFN:
		e->defn_cut = entry_tells(t, F_DEFN) &&
		    t->item.value > ARCHIVE_SQL_MAX;
		if (!t->again || t->item.value >= 0 || !is_statistics(t))
			break;
		t->is_bare = true;	/* that was the drop statement */
		return (F_COPY);
	case F_RELKIND:
		e->relkind = (int)t->item.value;
		break;
	case F_WITH_OIDS:
		return (with_oids(t) != 0 ? -1 : F_WITH_OIDS + 1);
	case F_DEP:
		if (t->item.value == -1)
			break;
		return (add_dep(t) != 0 ? -1 : F_DEP);
	case F_OFFSET:
		return (offset_end(t));
	case F_MEMBER:
		return (member_end(t));
	default:
		break;
	}
	return (t->field + 1);
}
