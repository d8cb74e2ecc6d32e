/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "toc/contents-impl.h"
#include "toc/kinds.h"
#include "toc/lists.h"

/*
 * Which large objects a BLOBS entry is to have.  Since 1.16 its first
 * dependency is a BLOB METADATA, whose definition lists them; before, there is
 * a BLOB entry for each, and one BLOBS for all.
 */

static int
push(struct contents *c, uint32_t loid)
{
	uint32_t *v = store_grow(&c->store, c->loids, &c->loid_room,
	    c->loid_count + 1, sizeof(*v));

	if (v == NULL)
		return (-1);
	c->loids = v;
	v[c->loid_count++] = loid;
	return (0);
}

int
contents_add_objects(struct contents *c, const struct archive_entry *e)
{
	const char *p = e->defn;
	struct metadata *v, *m;
	uint32_t loid;

	if ((v = store_grow(&c->store, c->metadata, &c->metadata_room,
	    c->metadata_count + 1, sizeof(*v))) == NULL)
		return (-1);
	c->metadata = v;
	m = &v[c->metadata_count++];
	m->id = e->id;
	m->from = c->loid_count;
	m->cut = e->defn_cut;
	while (*p != '\0') {
		if ((p = list_loid(p, &loid)) == NULL) {
			m->cut = true;
			break;
		}
		if (push(c, loid) != 0)
			return (-1);
	}
	m->count = c->loid_count - m->from;
	return (0);
}

static int
compare_metadata(const void *a, const void *b)
{
	const struct metadata *x = a, *y = b;

	return ((x->id > y->id) - (x->id < y->id));
}

static void
give_metadata(struct contents *c)
{
	struct metadata key = { 0 }, *m;
	struct contents_data *d;
	size_t i;

	sort_ids(c->metadata, c->metadata_count, sizeof(key),
	    compare_metadata);
	for (i = 0; i < c->metadata_count; i++)
		sort_u32(c->loids + c->metadata[i].from, c->metadata[i].count);
	for (i = 0; i < c->data_count; i++) {
		d = &c->data[i];
		key.id = c->names[i].dep;
		if (!d->is_blobs || c->metadata_count == 0 || (m = bsearch(
		    &key, c->metadata, c->metadata_count, sizeof(key),
		    compare_metadata)) == NULL)
			continue;
		d->loids_from = m->from;
		d->loids = m->count;
		d->loids_known = !m->cut;
	}
}

/* From the BLOB entries, if there are any: an archive of data alone has none,
 * and holds large objects all the same. */
static int
give_entries(struct contents *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (c->rows[i].kind == KIND_BLOB &&
		    push(c, c->rows[i].oid) != 0)
			return (-1);
	sort_u32(c->loids, c->loid_count);
	for (i = 0; i < c->data_count; i++) {
		if (!c->data[i].is_blobs)
			continue;
		c->data[i].loids = c->loid_count;
		c->data[i].loids_known = c->loid_count > 0;
	}
	return (0);
}

int
contents_end_objects(struct contents *c)
{

	if (c->header != NULL && c->header->minor >= 16) {
		give_metadata(c);
		return (0);
	}
	c->loid_count = 0;
	return (give_entries(c));
}
