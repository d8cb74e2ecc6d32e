/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contents.h"

int
contents_set_header(struct contents *t, const struct archive_header *h)
{

	t->known = true;
	t->minor = h->minor;
	t->compression = h->compression;
	snprintf(t->made, sizeof(t->made), "%04d-%02d-%02d %02d:%02d:%02d",
	    h->year, h->month, h->day, h->hour, h->min, h->sec);
	t->dbname = strdup(h->dbname);
	t->server = strdup(h->server);
	t->dumper = strdup(h->dumper);
	return (t->dbname != NULL && t->server != NULL && t->dumper != NULL ?
	    0 : -1);
}

int
contents_add(struct contents *t, const struct archive_entry *e)
{
	struct contents_entry *v, *new;
	size_t room;

	if (t->count == t->room) {
		room = t->room < 64 ? 64 : t->room * 2;
		if ((v = reallocarray(t->v, room, sizeof(*v))) == NULL)
			return (-1);
		t->v = v;
		t->room = room;
	}
	new = &t->v[t->count++];
	new->id = e->id;
	new->table_oid = e->table_oid;
	new->oid = e->oid;
	new->has_data = e->has_data;
	new->is_copy = e->copy[0] != '\0';
	new->desc = strdup(e->desc);
	new->schema = strdup(e->schema);
	new->tag = strdup(e->tag);
	new->owner = strdup(e->owner);
	return (new->desc != NULL && new->schema != NULL &&
	    new->tag != NULL && new->owner != NULL ? 0 : -1);
}

void
contents_wipe(struct contents *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		free(t->v[i].desc);
		free(t->v[i].schema);
		free(t->v[i].tag);
		free(t->v[i].owner);
	}
	free(t->v);
	free(t->dbname);
	free(t->server);
	free(t->dumper);
	memset(t, 0, sizeof(*t));
}

const char *
contents_compression(enum archive_compression c)
{
	static const char *const name[] = { "none", "gzip", "lz4", "zstd" };

	return (name[c]);
}

/* A name on one line: pg_dump writes blanks for line ends as well. */
static void
put_name(FILE *f, const char *name)
{

	putc(' ', f);
	for (; *name != '\0'; name++)
		putc(*name == '\n' || *name == '\r' ? ' ' : *name, f);
}

char *
contents_text(const struct contents *t)
{
	const struct contents_entry *e;
	char *text = NULL;
	size_t len = 0, i;
	FILE *f;

	/* A memory stream: nothing is written anywhere. */
	if ((f = open_memstream(&text, &len)) == NULL)
		return (NULL);
	fprintf(f, ";\n; Archive created at %s\n;     dbname:", t->made);
	put_name(f, t->dbname);
	fprintf(f, "\n;     TOC Entries: %zu\n;     Compression: %s\n"
	    ";     Dump Version: 1.%d-0\n;     Format: CUSTOM\n"
	    ";     Dumped from database version:", t->count,
	    contents_compression(t->compression), t->minor);
	put_name(f, t->server);
	fprintf(f, "\n;     Dumped by pg_dump version:");
	put_name(f, t->dumper);
	fprintf(f, "\n;\n;\n; Selected TOC Entries:\n;\n");
	for (i = 0; i < t->count; i++) {
		e = &t->v[i];
		fprintf(f, "%d; %u %u %s", e->id, e->table_oid, e->oid,
		    e->desc);
		put_name(f, e->schema[0] != '\0' ? e->schema : "-");
		put_name(f, e->tag);
		put_name(f, e->owner);
		putc('\n', f);
	}
	if (fclose(f) != 0) {
		free(text);
		return (NULL);
	}
	return (text);
}
