/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toc.h"

#define STEP		256
#define MINOR_LISTS	16	/* from this version on, large objects are
				 * listed by entries of their own */
#define COPY_TAIL	" FROM stdin;\n"

static const char no_memory[] = "no memory for the table of contents";

static const char *
on_header(void *arg, const struct archive_header *h)
{
	struct toc *t = arg;

	t->compression = h->compression;
	t->minor = h->minor;
	return (NULL);
}

/* Behind an identifier, which may be quoted. */
static const char *
skip_name(const char *s)
{

	if (*s != '"')
		return (s + strcspn(s, " .("));
	for (s++; *s != '\0'; s++) {
		if (*s != '"')
			continue;
		if (s[1] != '"')
			return (s + 1);
		s++;
	}
	return (s);
}

bool
toc_columns(const char *copy, size_t *from, size_t *len)
{
	size_t all = strlen(copy), tail = strlen(COPY_TAIL);
	const char *s, *end;

	if (strncmp(copy, "COPY ", 5) != 0 || all < 5 + tail)
		return (false);
	end = copy + all - tail;
	s = skip_name(copy + 5);
	if (*s == '.')
		s = skip_name(s + 1);
	if (*s != ' ' || s >= end || strcmp(end, COPY_TAIL) != 0)
		return (false);
	s++;
	*from = (size_t)(s - copy);
	*len = (size_t)(end - s);
	return (*len == 0 || (*len > 2 && *s == '(' && end[-1] == ')'));
}

static struct plan_entry *
add_entry(struct toc *t, const struct archive_entry *e)
{
	struct plan *p = &t->plan;
	struct plan_entry *more, *new;

	if (p->count == p->room) {
		p->room += STEP + p->room / 2;
		more = realloc(p->entries, p->room * sizeof(*more));
		if (more == NULL)
			return (NULL);
		p->entries = more;
	}
	new = &p->entries[p->count];
	*new = (struct plan_entry){ .id = e->id, .oid = e->oid,
	    .blobs = e->is_blobs, .offset_at = e->offset_at };
	if (asprintf(&new->label, "%s%s%s", e->schema,
	    e->schema[0] != '\0' ? "." : "",
	    e->is_blobs ? "large objects" : e->tag) == -1)
		return (NULL);
	p->count++;
	return (new);
}

static const char *
add_table(struct toc *t, const struct archive_entry *e)
{
	struct plan_entry *new = add_entry(t, e);
	size_t from, len;

	if (new == NULL)
		return (no_memory);
	if (!toc_columns(e->copy, &from, &len)) {
		t->odd = "data as INSERT statements";
		return (NULL);
	}
	new->columns = strndup(e->copy + from, len);
	return (new->columns == NULL ? no_memory : NULL);
}

/* Since 17 the entry depends on the one that lists its objects. */
static const char *
add_blobs(struct toc *t, const struct archive_entry *e)
{
	struct plan_entry *new = add_entry(t, e);
	size_t i;

	if (new == NULL)
		return (no_memory);
	if (t->minor < MINOR_LISTS)
		return (NULL);
	for (i = t->lists_count; i > 0 && e->dep_count > 0; i--) {
		if (t->lists[i - 1].id != e->deps[0])
			continue;
		new->loids = t->lists[i - 1].loids;
		new->lo_count = t->lists[i - 1].count;
		t->lists[i - 1].loids = NULL;
		break;
	}
	if (new->loids == NULL)
		t->odd = "large objects without a list";
	return (NULL);
}

/* An OID a line. */
static const char *
add_list(struct toc *t, const struct archive_entry *e)
{
	struct toc_list *more, *l;
	const char *s;
	char *end;
	size_t n = 1;

	if (e->defn_cut)
		return (NULL);
	if (t->lists_count == t->lists_room) {
		t->lists_room += STEP;
		more = realloc(t->lists, t->lists_room * sizeof(*more));
		if (more == NULL)
			return (no_memory);
		t->lists = more;
	}
	for (s = e->defn; *s != '\0'; s++)
		n += *s == '\n';
	l = &t->lists[t->lists_count];
	*l = (struct toc_list){ e->id, malloc(n * sizeof(*l->loids)), 0 };
	if (l->loids == NULL)
		return (no_memory);
	for (s = e->defn; l->count < n; s = end + 1) {
		l->loids[l->count] = (uint32_t)strtoul(s, &end, 10);
		if (end == s || l->loids[l->count] == 0)
			break;
		l->count++;
		if (*end != '\n')
			break;
	}
	t->lists_count++;
	return (NULL);
}

static const char *
on_entry(void *arg, const struct archive_entry *e)
{
	struct toc *t = arg;

	if (e->is_blobs)
		t->blobs++;
	if (strcmp(e->desc, "TABLE") == 0)
		t->tables++;
	if (strcmp(e->desc, "ENCODING") == 0 && t->encoding == NULL &&
	    (t->encoding = strdup(e->defn)) == NULL)
		return (no_memory);
	if (strcmp(e->desc, "BLOB METADATA") == 0)
		return (add_list(t, e));
	if (!e->has_data)
		return (NULL);
	if (t->plan.count == TOC_DATA_MAX)
		return ("more tables than we can count");
	if (e->is_blobs)
		return (add_blobs(t, e));
	if (strcmp(e->desc, "TABLE DATA") != 0)
		t->odd = "data of an unknown kind";
	t->table_data++;
	return (add_table(t, e));
}

static const char *
on_block(void *arg, int32_t id, uint64_t block_at)
{
	struct toc *t = arg;

	(void)id;
	if (!t->ended) {
		t->ended = true;
		t->length = block_at;
	}
	return (NULL);
}

const struct archive_watch toc_watch = {
	.header = on_header,
	.entry = on_entry,
	.block = on_block,
};

static const char *
on_written(void *arg, int32_t id, uint64_t block_at)
{
	struct toc *t = arg;
	struct plan *p = &t->plan;

	if (t->written == p->count || p->entries[t->written].id != id)
		return ("a block that was not planned");
	p->entries[t->written++].block_at = block_at;
	return (NULL);
}

const struct archive_watch toc_blocks = {
	.block = on_written,
};

void
toc_free(struct toc *t)
{
	size_t i;

	for (i = 0; i < t->lists_count; i++)
		free(t->lists[i].loids);
	free(t->lists);
	free(t->encoding);
	plan_free(&t->plan);
	memset(t, 0, sizeof(*t));
}
