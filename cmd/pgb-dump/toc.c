/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "toc.h"

#define OIDS_STEP	1024

static const char *
on_header(void *arg, const struct archive_header *h)
{
	struct toc *t = arg;

	t->compressed = h->compression != ARCHIVE_NONE;
	return (NULL);
}

static const char *
add_oid(struct toc *t, uint32_t oid)
{
	uint32_t *bigger;

	if (t->table_data == TOC_OIDS_MAX)
		return ("more tables than we can count");
	if (t->table_data == t->room) {
		t->room += OIDS_STEP + t->room / 2;
		bigger = realloc(t->oids, t->room * sizeof(*bigger));
		if (bigger == NULL)
			return ("no memory for the table of contents");
		t->oids = bigger;
	}
	t->oids[t->table_data++] = oid;
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
	if (strcmp(e->desc, "TABLE DATA") == 0)
		return (add_oid(t, e->oid));
	return (NULL);
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

void
toc_free(struct toc *t)
{

	free(t->oids);
	t->oids = NULL;
}
