/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "tables.h"

struct kept {
	size_t database;	/* in text; as the others */
	size_t schema;
	size_t name;
	bool counted;
	uint64_t rows, bytes;
	uint8_t *hash;
};

struct tables {
	uint64_t most;
	bool past;		/* what was wanted last would be more */
	const struct contents *toc;	/* NULL: those kept here */

	struct kept *v;
	size_t count, size;
	char *text;		/* names, each with its NUL */
	size_t text_len, text_size;
	size_t database;	/* of those that follow */
};

struct tables *
tables_new(uint64_t most)
{
	struct tables *t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return (NULL);
	t->most = most;
	if ((t->text = calloc(1, 64)) == NULL) {
		free(t);
		return (NULL);
	}
	t->text_size = 64;
	t->text_len = 1;	/* the empty name is at 0 */
	return (t);
}

void
tables_free(struct tables *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->count; i++)
		free(t->v[i].hash);
	free(t->v);
	free(t->text);
	free(t);
}

const char *
tables_error(const struct tables *t)
{

	return (t->past ? "the names of its tables need more memory than "
	    "--max-memory allows" : "no memory for the names of its tables");
}

void
tables_use(struct tables *t, const struct contents *toc)
{

	t->toc = toc;
}

/* Room for len more bytes of names: 0 or -1. */
static int
grow_text(struct tables *t, size_t len)
{
	size_t size = t->text_size;
	char *text;

	if (t->text_len + len <= size)
		return (0);
	while (t->text_len + len > size)
		size += size / 2;
	t->past = t->most > 0 && size + t->size * sizeof(*t->v) > t->most;
	if (t->past)
		return (-1);
	if ((text = realloc(t->text, size)) == NULL)
		return (-1);
	t->text = text;
	t->text_size = size;
	return (0);
}

static int
grow(struct tables *t)
{
	size_t size = t->size < 64 ? 64 : t->size + t->size / 2;
	struct kept *v;

	if (t->count < t->size)
		return (0);
	t->past = t->most > 0 &&
	    t->text_size + size * (sizeof(*v) + DIGEST_LEN) > t->most;
	if (t->past)
		return (-1);
	if ((v = reallocarray(t->v, size, sizeof(*v))) == NULL)
		return (-1);
	t->v = v;
	t->size = size;
	return (0);
}

int
tables_database(struct tables *t, const char *name)
{
	size_t len = strlen(name) + 1;

	if (grow_text(t, len) != 0)
		return (-1);
	t->database = t->text_len;
	memcpy(t->text + t->text_len, name, len);
	t->text_len += len;
	return (0);
}

/* One identifier, its quotes taken off, into the text; p behind it. */
static const char *
take_name(struct tables *t, const char *p)
{
	bool quoted = *p == '"';

	for (p += quoted; *p != '\0'; p++) {
		if (quoted && *p == '"' && *++p != '"')
			break;
		if (!quoted && *p == '.')
			break;
		t->text[t->text_len++] = *p;
	}
	t->text[t->text_len++] = '\0';
	return (p);
}

int
tables_add(struct tables *t, const char *copy_name)
{
	struct kept *k;
	const char *p;

	if (grow(t) != 0 || grow_text(t, strlen(copy_name) + 2) != 0)
		return (-1);
	k = &t->v[t->count++];
	memset(k, 0, sizeof(*k));
	k->database = t->database;
	k->name = t->text_len;
	p = take_name(t, copy_name);
	if (*p == '.') {
		k->schema = k->name;
		k->name = t->text_len;
		(void)take_name(t, p + 1);
	}
	return (0);
}

int
tables_set(struct tables *t, uint64_t rows, uint64_t bytes,
    const uint8_t *hash)
{
	struct kept *k = &t->v[t->count - 1];

	k->counted = true;
	k->rows = rows;
	k->bytes = bytes;
	if (hash == NULL)
		return (0);
	if ((k->hash = malloc(DIGEST_LEN)) == NULL)
		return (-1);
	memcpy(k->hash, hash, DIGEST_LEN);
	return (0);
}

size_t
tables_count(const struct tables *t)
{
	return (t->toc != NULL ? contents_data_count(t->toc) : t->count);
}

static struct table
of_archive(const struct contents_data *d)
{
	struct table out = { .database = "" };

	/* Large objects are no table: name NULL. */
	if (d->is_blobs)
		return (out);
	out.schema = d->schema;
	out.name = d->tag;
	out.counted = d->seen;
	out.rows = d->rows;
	out.bytes = d->bytes;
	out.has_stored = true;
	out.stored = d->stored;
	out.hash = d->hash;
	return (out);
}

struct table
tables_get(const struct tables *t, size_t n)
{
	struct table out = { 0 };
	const struct kept *k;

	if (t->toc != NULL)
		return (of_archive(contents_data(t->toc, n)));
	k = &t->v[n];
	out.database = t->text + k->database;
	out.schema = t->text + k->schema;
	out.name = t->text + k->name;
	out.counted = k->counted;
	out.rows = k->rows;
	out.bytes = k->bytes;
	out.hash = k->hash;
	return (out);
}

int
tables_list(const struct tables *t,
    int (*emit)(void *arg, const char *line, size_t len), void *arg)
{
	static const char head[] = "; plain SQL\n";
	struct table k;
	char *line;
	size_t i;
	int n, rc;

	rc = emit(arg, head, sizeof(head) - 1);
	for (i = 0; i < t->count && rc == 0; i++) {
		k = tables_get(t, i);
		n = asprintf(&line, "%s%s%s%s%s  %llu rows  %llu bytes\n",
		    k.database, k.database[0] != '\0' ? " " : "", k.schema,
		    k.schema[0] != '\0' ? "." : "", k.name,
		    (unsigned long long)k.rows, (unsigned long long)k.bytes);
		if (n == -1)
			return (-1);
		rc = emit(arg, line, (size_t)n);
		free(line);
	}
	return (rc);
}
