/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "toc/contents-impl.h"
#include "toc/copy-stmt.h"
#include "toc/kinds.h"

/*
 * The hash is made as entries go by.  Its input is: this line, with its NUL;
 * then of each entry its fields in the order of add_hash(), integers in four
 * bytes, little-endian, strings and lists with such a count in front; at the
 * end the number of entries.
 */
#define HASH_DOMAIN	"pgb table of contents 1"

struct contents_hash {
	crypto_generichash_blake2b_state state;
	size_t len;
	uint8_t buf[2048];	/* small pieces are gathered */
};

#define HASH_LEN	64

_Static_assert(sizeof(struct row) == 16, "a row is small");
_Static_assert(sizeof(struct contents_data) <= 88, "and so are these");

static void
hash_flush(struct contents_hash *h)
{

	crypto_generichash_blake2b_update(&h->state, h->buf, h->len);
	h->len = 0;
}

static void
hash_bytes(struct contents_hash *h, const void *p, size_t len)
{

	if (len > sizeof(h->buf) - h->len)
		hash_flush(h);
	if (len > sizeof(h->buf)) {
		crypto_generichash_blake2b_update(&h->state, p, len);
		return;
	}
	memcpy(h->buf + h->len, p, len);
	h->len += len;
}

static void
hash_number(struct contents_hash *h, uint32_t n)
{
	uint8_t raw[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
	    (uint8_t)(n >> 24) };

	hash_bytes(h, raw, sizeof(raw));
}

static void
hash_string(struct contents_hash *h, const char *s)
{
	size_t len = strlen(s);

	hash_number(h, (uint32_t)len);
	hash_bytes(h, s, len);
}

static void
add_hash(struct contents_hash *h, const struct archive_entry *e)
{
	size_t i;

	hash_number(h, (uint32_t)e->id);
	hash_number(h, e->table_oid);
	hash_number(h, e->oid);
	hash_number(h, (uint32_t)e->section);
	hash_number(h, (uint32_t)e->relkind);
	hash_number(h, (uint32_t)(e->has_data | e->defn_cut << 1 |
	    e->with_oids << 2));
	hash_string(h, e->desc);
	hash_string(h, e->schema);
	hash_string(h, e->tag);
	hash_string(h, e->owner);
	hash_string(h, e->copy);
	hash_string(h, e->defn);
	hash_string(h, e->drop);
	hash_string(h, e->tablespace);
	hash_string(h, e->tableam);
	hash_string(h, e->member);
	hash_number(h, (uint32_t)e->dep_count);
	for (i = 0; i < e->dep_count; i++)
		hash_number(h, (uint32_t)e->deps[i]);
}

/* Not of the schema: what the server goes on with while nobody changes that. */
static bool
is_state(const struct archive_entry *e)
{
	return (strcmp(e->desc, "SEQUENCE SET") == 0 ||
	    strcmp(e->desc, "STATISTICS DATA") == 0);
}

static struct contents_hash *
hash_new(void)
{
	size_t size = (sizeof(struct contents_hash) + 63) / 64 * 64;
	struct contents_hash *h = aligned_alloc(64, size);

	if (h == NULL)
		return (NULL);
	h->len = 0;
	crypto_generichash_blake2b_init(&h->state, NULL, 0, HASH_LEN);
	hash_bytes(h, HASH_DOMAIN, sizeof(HASH_DOMAIN));
	return (h);
}

struct contents *
contents_new(const struct contents_opts *opts)
{
	struct contents *c = calloc(1, sizeof(*c));
	uint8_t key[HASH_KEY];

	if (c == NULL)
		return (NULL);
	c->opts = *opts;
	c->store.most = opts->most;
	if ((c->hash = hash_new()) == NULL || getentropy(key,
	    sizeof(key)) != 0 || pool_init(&c->pool, &c->store, key) != 0) {
		contents_free(c);
		return (NULL);
	}
	return (c);
}

void
contents_free(struct contents *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->data_count; i++)
		free(c->data[i].hash);
	for (i = 0; i < 3; i++)
		free(c->strings[i]);
	free(c->header);
	free(c->rows);
	free(c->labels);
	free(c->data);
	free(c->names);
	free(c->loids);
	free(c->metadata);
	pool_wipe(&c->pool);
	free(c->hash);
	free(c);
}

int
contents_set_header(struct contents *c, const struct archive_header *h)
{
	const char *const from[3] = { h->dbname, h->server, h->dumper };
	int i;

	if (c->header == NULL && (c->header = malloc(sizeof(*h))) == NULL)
		goto fail;
	for (i = 0; i < 3; i++) {
		free(c->strings[i]);
		if ((c->strings[i] = strdup(from[i])) == NULL)
			goto fail;
	}
	*c->header = *h;
	c->header->dbname = c->strings[0];
	c->header->server = c->strings[1];
	c->header->dumper = c->strings[2];
	return (0);
fail:
	free(c->header);
	c->header = NULL;
	c->store.failed = true;
	return (-1);
}

/* What stands in quotes between these two texts: in out; else NULL. */
static const char *
setting(const char *sql, const char *front, char *out, size_t size)
{
	static const char back[] = "';\n";
	size_t skip = strlen(front), len = strlen(sql);

	if (len < skip + sizeof(back) - 1 || memcmp(sql, front, skip) != 0 ||
	    strcmp(sql + len - (sizeof(back) - 1), back) != 0)
		return (NULL);
	len -= skip + sizeof(back) - 1;
	if (len >= size)
		return (NULL);
	memcpy(out, sql + skip, len);
	out[len] = '\0';
	return (out);
}

static void
read_setting(struct contents *c, int kind, const char *sql)
{
	const char *value;
	char out[64];

	if (kind == KIND_ENCODING) {
		value = setting(sql, "SET client_encoding = '", out,
		    sizeof(out));
		c->encoding = value != NULL ? encoding_find(value) : NULL;
	} else if (kind == KIND_STDSTRINGS) {
		value = setting(sql, "SET standard_conforming_strings = '",
		    out, sizeof(out));
		c->escapes = value != NULL && strcmp(value, "off") == 0;
	}
}

static int
add_label(struct contents *c, const struct archive_entry *e)
{
	struct label *v, *l;

	if ((v = store_grow(&c->store, c->labels, &c->label_room, c->count + 1,
	    sizeof(*v))) == NULL)
		return (-1);
	c->labels = v;
	l = &v[c->count];
	l->table_oid = e->table_oid;
	l->desc = pool_intern(&c->pool, e->desc);
	l->schema = pool_intern(&c->pool, e->schema);
	l->tag = pool_put(&c->pool, e->tag);
	return (l->desc == POOL_NONE || l->schema == POOL_NONE ||
	    l->tag == POOL_NONE ? -1 : 0);
}

static int
add_data(struct contents *c, const struct archive_entry *e)
{
	struct contents_data *v, *d;
	struct data_names *names, *n;
	struct copy_stmt stmt;

	if ((v = store_grow(&c->store, c->data, &c->data_room,
	    c->data_count + 1, sizeof(*v))) == NULL)
		return (-1);
	c->data = v;
	if ((names = store_grow(&c->store, c->names, &c->name_room,
	    c->data_count + 1, sizeof(*names))) == NULL)
		return (-1);
	c->names = names;
	n = &names[c->data_count];
	n->schema = pool_intern(&c->pool, e->schema);
	n->tag = c->opts.all_names ? c->labels[c->count].tag :
	    pool_put(&c->pool, e->tag);
	n->member = pool_put(&c->pool, e->member);
	n->dep = e->dep_count > 0 ? e->deps[0] : 0;
	if (n->schema == POOL_NONE || n->tag == POOL_NONE ||
	    n->member == POOL_NONE)
		return (-1);
	d = &v[c->data_count++];
	memset(d, 0, sizeof(*d));
	d->id = e->id;
	d->is_blobs = e->is_blobs;
	d->is_copy = e->copy[0] != '\0';
	if (d->is_copy && copy_stmt_parse(e->copy, &stmt) == 0)
		d->columns = stmt.columns;
	return (0);
}

static int
add(struct contents *c, const struct archive_entry *e)
{
	int kind = kind_find(e->desc);
	struct row *v, *row;

	if ((v = store_grow(&c->store, c->rows, &c->row_room, c->count + 1,
	    sizeof(*v))) == NULL)
		return (-1);
	c->rows = v;
	row = &v[c->count];
	row->id = e->id;
	row->oid = e->oid;
	row->kind = (uint8_t)kind;
	row->section = (uint8_t)e->section;
	row->has_data = e->has_data;
	row->relkind = (uint8_t)e->relkind;
	if ((row->owner = pool_intern(&c->pool, e->owner)) == POOL_NONE ||
	    (c->opts.all_names && add_label(c, e) != 0) ||
	    (e->has_data && add_data(c, e) != 0) ||
	    (kind == KIND_BLOB_METADATA && contents_add_objects(c, e) != 0))
		return (-1);
	read_setting(c, kind, e->defn);
	c->count++;
	return (0);
}

int
contents_add(struct contents *c, const struct archive_entry *e)
{

	if (!is_state(e))
		add_hash(c->hash, e);
	return (add(c, e));
}

/* The pool stands still from now on. */
static void
settle_names(struct contents *c)
{
	size_t i;

	for (i = 0; i < c->data_count; i++) {
		c->data[i].schema = pool_str(&c->pool, c->names[i].schema);
		c->data[i].tag = pool_str(&c->pool, c->names[i].tag);
		c->data[i].member = pool_str(&c->pool, c->names[i].member);
	}
	store_free(&c->store, c->names, &c->name_room, sizeof(*c->names));
	c->names = NULL;
	store_free(&c->store, c->metadata, &c->metadata_room,
	    sizeof(*c->metadata));
	c->metadata = NULL;
}

int
contents_end(struct contents *c)
{

	hash_number(c->hash, (uint32_t)c->count);
	hash_flush(c->hash);
	crypto_generichash_blake2b_final(&c->hash->state, c->digest,
	    HASH_LEN);
	if (contents_end_objects(c) != 0)
		return (-1);
	settle_names(c);
	return (0);
}

const char *
contents_error(const struct contents *c)
{
	struct contents *own = (struct contents *)(uintptr_t)c;

	store_error(&c->store, own->error, sizeof(own->error));
	return (own->error);
}

const struct archive_header *
contents_header(const struct contents *c)
{
	return (c->header);
}

size_t
contents_count(const struct contents *c)
{
	return (c->count);
}

size_t
contents_data_count(const struct contents *c)
{
	return (c->data_count);
}

struct contents_data *
contents_data(const struct contents *c, size_t n)
{
	return (&c->data[n]);
}

const uint32_t *
contents_loids(const struct contents *c)
{
	return (c->loids);
}

const struct encoding *
contents_encoding(const struct contents *c)
{
	return (c->encoding);
}

bool
contents_plain_strings(const struct contents *c)
{
	return (!c->escapes);
}

void
contents_name(char *out, size_t size, const char *desc,
    const char *schema, const char *tag)
{

	snprintf(out, size, "%s%s%s%s%s", desc,
	    desc[0] != '\0' && tag[0] != '\0' ? " " : "", schema,
	    schema[0] != '\0' ? "." : "", tag);
}

void
contents_describe(const struct contents *c, size_t n, char *out, size_t size)
{
	const struct contents_data *d = &c->data[n];

	contents_name(out, size, d->is_blobs ? "BLOBS" : "TABLE DATA",
	    d->schema, d->tag);
}

const char *
contents_compression(enum archive_compression c)
{
	static const char *const name[] = { "none", "gzip", "lz4", "zstd" };

	return (name[c]);
}

void
contents_hash(const struct contents *c, uint8_t out[64])
{

	memcpy(out, c->digest, HASH_LEN);
}

uint64_t
contents_memory(const struct contents *c)
{
	return (sizeof(*c) + sizeof(*c->hash) + c->store.used);
}
