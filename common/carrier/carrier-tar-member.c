/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive-entry.h"
#include "carrier/carrier-tar-member.h"

#define LISTS_MINOR	16	/* from here on, a list an entry */

int
members_init(struct tar_members *m, struct carrier *c, uint64_t data_at)
{

	memset(m, 0, sizeof(*m));
	return (toc_init(&m->toc, c, ARCHIVE_TAR, data_at));
}

void
members_wipe(struct tar_members *m)
{

	toc_wipe(&m->toc);
}

/* The entry whose data are due; NULL after the last. */
static const struct toc_data *
due(const struct tar_members *m)
{
	const struct toc *t = &m->toc;

	return (t->due < t->data_count ? &t->data[t->due] : NULL);
}

/* The file of its data; for large objects, that of their list. */
static void
due_file(const struct tar_members *m, char *out, size_t size)
{
	const struct toc_data *d = due(m);

	if (!d->blobs)
		snprintf(out, size, "%d.dat", (int)d->id);
	else if (m->toc.header.minor < LISTS_MINOR)
		snprintf(out, size, "blobs.toc");
	else
		snprintf(out, size, "blobs_%d.toc", (int)d->id);
}

bool
members_missing(const struct tar_members *m, char *out, size_t size)
{
	const struct toc_data *d = due(m);
	char file[32];

	if (m->kind == TAR_NONE)
		snprintf(out, size, "toc.dat");
	else if (d != NULL) {
		due_file(m, file, sizeof(file));
		snprintf(out, size, "%s, the %s of entry %d (%s)", file,
		    d->blobs ? "list" : "data", (int)d->id,
		    toc_due_name(&m->toc));
	} else
		snprintf(out, size, "restore.sql");
	return (d != NULL || m->kind != TAR_SCRIPT);
}

/* In the data that are due. */
static int
fail(struct tar_members *m, uint64_t at, const char *what)
{
	const struct toc *t = &m->toc;

	return (carrier_fail(t->c, at, "member %s of entry %d (%s): %s",
	    m->name, (int)t->data[t->due].id, toc_due_name(t), what));
}

/* What the watcher said: 0, or -1 when it objected. */
static int
heard(struct tar_members *m, uint64_t at, const char *why)
{

	if (why == NULL)
		return (0);
	if (why == archive_told)
		return (carrier_told(m->toc.c, STATUS_DATA));
	return (fail(m, at, why));
}

static int
tell_block(struct tar_members *m, uint64_t at)
{
	const struct toc *t = &m->toc;

	if (t->watch == NULL || t->watch->block == NULL)
		return (0);
	return (heard(m, at, t->watch->block(t->watch_arg, due(m)->id, at)));
}

static int
tell_data_end(struct tar_members *m, uint64_t at)
{
	const struct toc *t = &m->toc;

	if (t->watch == NULL || t->watch->data_end == NULL)
		return (0);
	return (heard(m, at, t->watch->data_end(t->watch_arg, due(m)->id,
	    m->loid)));
}

static int
block_end(struct tar_members *m, uint64_t at)
{
	const struct toc *t = &m->toc;

	if (t->watch != NULL && t->watch->block_end != NULL &&
	    heard(m, at, t->watch->block_end(t->watch_arg, due(m)->id)) != 0)
		return (-1);
	m->seen = m->listed = 0;
	m->loid = 0;
	toc_due_next(&m->toc);
	return (0);
}

/* The OID in the name of a large object's member; 0 where it is none. */
static uint32_t
object_oid(const char *name)
{
	char want[32];
	unsigned long oid;

	if (sscanf(name, "blob_%10lu.dat", &oid) != 1 || oid > UINT32_MAX)
		return (0);
	snprintf(want, sizeof(want), "blob_%lu.dat", oid);
	return (strcmp(name, want) == 0 ? (uint32_t)oid : 0);
}

/* In place of the lists, which may be long, their hashes are compared. */
static void
hash_oid(struct hash *h, uint32_t oid)
{
	const uint8_t bytes[4] = { (uint8_t)oid, (uint8_t)(oid >> 8),
	    (uint8_t)(oid >> 16), (uint8_t)(oid >> 24) };

	hash_add(h, bytes, sizeof(bytes));
}

static int
begin_object(struct tar_members *m, uint64_t at)
{

	m->kind = TAR_OBJECT;
	if (m->seen == 0) {
		hash_begin(&m->seen_hash, m->toc.key);
		hash_begin(&m->listed_hash, m->toc.key);
		if (tell_block(m, at) != 0)
			return (-1);
	}
	m->seen++;
	hash_oid(&m->seen_hash, m->loid);
	return (0);
}

/* With the member that stands where another one is due.  Looking for rows it
 * goes forward, and stops at those of another entry and at the end. */
static const char *
restore_does(const struct tar_members *m)
{
	const struct toc *t = &m->toc;
	char file[32];
	size_t i;

	if (due(m)->blobs)
		return (m->seen == 0 ? "passes over it" :
		    "would leave out the large objects behind it");
	for (i = 0; i < t->data_count; i++) {
		snprintf(file, sizeof(file), "%d.dat", (int)t->data[i].id);
		if (strcmp(m->name, file) == 0)
			return ("stops here");
	}
	return (strcmp(m->name, "restore.sql") == 0 ? "stops here" :
	    "passes over it");
}

static int
begin_data(struct tar_members *m, uint64_t at)
{
	char file[32], what[SHOWN_MAX + 96];
	bool is_it;

	due_file(m, file, sizeof(file));
	is_it = strcmp(m->name, file) == 0;
	if (due(m)->blobs && (m->loid = object_oid(m->name)) != 0)
		return (begin_object(m, at));
	if (is_it && !due(m)->blobs) {
		m->kind = TAR_ROWS;
		return (tell_block(m, at));
	}
	if (is_it && m->seen > 0) {
		m->kind = TAR_LIST;
		m->line_len = 0;
		return (0);
	}
	if (is_it)
		return (fail(m, at, "no large object stands in front of it"));
	members_missing(m, what, sizeof(what));
	return (carrier_fail(m->toc.c, at, "member %s where %s, is due: "
	    "pg_restore %s", m->name, what, restore_does(m)));
}

int
members_begin(struct tar_members *m, const char *name, uint64_t header_at,
    uint64_t data_at)
{
	struct carrier *c = m->toc.c;
	bool is_toc = strcmp(name, "toc.dat") == 0;

	snprintf(m->name, sizeof(m->name), "%s", name);
	m->data_at = data_at;
	if (m->kind == TAR_NONE && !is_toc)
		return (carrier_fail(c, header_at, "the first member is %s, "
		    "not toc.dat", m->name));
	if (m->kind == TAR_NONE) {
		m->kind = TAR_TOC;
		return (0);
	}
	if (is_toc)
		return (carrier_fail(c, header_at, "another archive begins "
		    "before this one has ended"));
	if (m->kind == TAR_SCRIPT)
		return (carrier_fail(c, header_at, "member %s behind "
		    "restore.sql, which is the last", m->name));
	if (due(m) != NULL)
		return (begin_data(m, header_at));
	if (strcmp(name, "restore.sql") != 0)
		return (carrier_fail(c, header_at, "member %s where "
		    "restore.sql is due: pg_restore passes over it", m->name));
	m->kind = TAR_SCRIPT;
	return (0);
}

static int
toc_data(struct tar_members *m, const uint8_t *buf, size_t len)
{
	struct toc *t = &m->toc;
	int rc;

	if (!m->whole) {
		if ((rc = toc_feed(t, &buf, &len)) == -1)
			return (-1);
		m->whole = rc == 1;
	}
	if (len > 0)
		return (carrier_fail(t->c, t->pos, "member toc.dat: more bytes "
		    "after the table of contents"));
	return (0);
}

/* "16400 blob_16400.dat", as it must stand in a list. */
static int
line_end(struct tar_members *m, uint64_t at)
{
	const char *name;
	char want[TAR_LINE_MAX + 2];
	uint32_t oid = 0;

	m->line[m->line_len] = '\0';
	if ((name = strchr(m->line, ' ')) != NULL)
		oid = object_oid(name + 1);
	snprintf(want, sizeof(want), "%u blob_%u.dat", oid, oid);
	if (oid == 0 || strlen(want) != m->line_len ||
	    memcmp(m->line, want, m->line_len) != 0)
		return (fail(m, at, "a line that names no large object"));
	hash_oid(&m->listed_hash, oid);
	m->listed++;
	m->line_len = 0;
	return (0);
}

static int
list_data(struct tar_members *m, const uint8_t *buf, size_t len, uint64_t at)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			if (line_end(m, at + i - m->line_len) != 0)
				return (-1);
		} else if (m->line_len < TAR_LINE_MAX)
			m->line[m->line_len++] = (char)buf[i];
		else
			return (fail(m, at + i - m->line_len,
			    "a line that names no large object"));
	}
	return (0);
}

int
members_data(struct tar_members *m, const uint8_t *buf, size_t len, uint64_t at)
{
	const struct toc *t = &m->toc;

	switch (m->kind) {
	case TAR_TOC:
		return (toc_data(m, buf, len));
	case TAR_LIST:
		return (list_data(m, buf, len, at));
	case TAR_ROWS:
	case TAR_OBJECT:
		if (t->watch == NULL || t->watch->data == NULL)
			return (0);
		return (heard(m, at, t->watch->data(t->watch_arg, due(m)->id,
		    m->loid, buf, len, m->data_at)));
	default:
		return (0);
	}
}

/* The list is the one place that says how many large objects there were. */
static int
list_end(struct tar_members *m, uint64_t at)
{
	char what[128];

	if (m->line_len > 0)
		return (fail(m, at - m->line_len,
		    "a line that names no large object"));
	if (m->listed != m->seen) {
		snprintf(what, sizeof(what), "lists %llu large objects, and "
		    "%llu are there: pg_restore may not notice",
		    (unsigned long long)m->listed,
		    (unsigned long long)m->seen);
		return (fail(m, at, what));
	}
	if (hash_end(&m->listed_hash) != hash_end(&m->seen_hash))
		return (fail(m, at, "lists other large objects than those that "
		    "are there: pg_restore may not notice"));
	return (block_end(m, at));
}

int
members_end(struct tar_members *m, uint64_t at)
{

	switch (m->kind) {
	case TAR_TOC:
		return (m->whole ? 0 : toc_short(&m->toc, at));
	case TAR_ROWS:
		if (tell_data_end(m, at) != 0)
			return (-1);
		return (block_end(m, at));
	case TAR_OBJECT:
		return (tell_data_end(m, at));
	case TAR_LIST:
		return (list_end(m, at));
	default:
		return (0);
	}
}
