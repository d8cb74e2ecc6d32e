/* SPDX-License-Identifier: ISC */
#ifndef TAR_MAKE_H
#define TAR_MAKE_H

#include "archive-make.h"

/*
 * Tar archives as pg_dump -Ft writes them, made in memory: whole, or of members
 * chosen one by one.
 */

#define TAR_BLOCK	512
#define TAR_SCRIPT	"--\n-- NOTE:\n--\n-- File paths need to be edited.\n"
#define TAR_MEMBERS	32

/* The members of an archive: at[i] of m->buf is the header of the ith, name[i]
 * its name; at[count] is where the zeros begin. */
struct made_tar {
	struct made m;
	size_t toc_end;			/* behind the table of contents */
	size_t count, at[TAR_MEMBERS + 1];
	char name[TAR_MEMBERS][32];
};

static inline void
tar_checksum(uint8_t *h)
{
	char text[9];
	unsigned int sum = 0;
	size_t i;

	memset(h + 148, ' ', 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += h[i];
	snprintf(text, sizeof(text), "%07o ", sum);
	memcpy(h + 148, text, 8);
}

/* A header as src/port/tar.c makes it. */
static inline void
tar_header(uint8_t *h, const char *name, uint64_t size)
{
	char text[32];
	size_t i;

	memset(h, 0, TAR_BLOCK);
	snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100, "0000600 0004000 0002000 ", 24);
	if (size < (uint64_t)1 << 33) {
		snprintf(text, sizeof(text), "%011llo ",
		    (unsigned long long)size);
		memcpy(h + 124, text, 12);
	} else {
		h[124] = 0x80;
		for (i = 11; i >= 1; i--, size >>= 8)
			h[124 + i] = (uint8_t)size;
	}
	memcpy(h + 136, "15100000000 ", 12);
	h[156] = '0';
	memcpy(h + 257, "ustar\0" "00", 8);
	memcpy(h + 265, "postgres", 8);
	memcpy(h + 297, "postgres", 8);
	memcpy(h + 329, "0000000 0000000 ", 16);
	tar_checksum(h);
}

static inline void
tar_add(struct made_tar *t, const char *name, const void *buf, size_t len,
    bool payload)
{
	static const uint8_t zeros[TAR_BLOCK];
	uint8_t h[TAR_BLOCK];

	if (t->count >= TAR_MEMBERS)
		abort();
	snprintf(t->name[t->count], sizeof(t->name[0]), "%s", name);
	t->at[t->count++] = t->m.len;
	tar_header(h, name, len);
	make_bytes(&t->m, h, sizeof(h), false);
	make_bytes(&t->m, buf, len, payload);
	make_bytes(&t->m, zeros, -len & (TAR_BLOCK - 1), false);
	t->at[t->count] = t->m.len;
}

/* A member of another archive, or of this one, under this name or, where that
 * is NULL, its own. */
static inline void
tar_copy(struct made_tar *t, const struct made_tar *from, size_t i,
    const char *name)
{
	size_t at = from->at[i], end = from->at[i + 1];

	if (t->count >= TAR_MEMBERS)
		abort();
	t->at[t->count] = t->m.len;
	make_bytes(&t->m, from->m.buf + at, end - at, false);
	memcpy(t->m.payload + t->at[t->count], from->m.payload + at, end - at);
	if (name != NULL) {
		memset(t->m.buf + t->at[t->count], 0, 100);
		memcpy(t->m.buf + t->at[t->count], name, strlen(name));
		tar_checksum(t->m.buf + t->at[t->count]);
	}
	snprintf(t->name[t->count++], sizeof(t->name[0]), "%s",
	    name != NULL ? name : from->name[i]);
	t->at[t->count] = t->m.len;
}

static inline void
tar_zeros(struct made_tar *t, size_t len)
{
	static const uint8_t zeros[4 * TAR_BLOCK];

	make_bytes(&t->m, zeros, len, false);
}

static inline void
tar_toc(struct made_tar *t, const struct make_spec *spec)
{
	struct made toc;
	size_t i;

	memset(&toc, 0, sizeof(toc));
	make_header(&toc, spec);
	t->m.toc_at = TAR_BLOCK + toc.len;
	make_toc(&toc, spec, false);
	t->toc_end = TAR_BLOCK + toc.len;
	tar_add(t, "toc.dat", toc.buf, toc.len, false);
	t->m.entry_count = toc.entry_count;
	for (i = 0; i < toc.entry_count; i++) {
		t->m.entry_at[i] = TAR_BLOCK + toc.entry_at[i];
		t->m.offset_at[i] = TAR_BLOCK + toc.offset_at[i];
	}
	made_wipe(&toc);
	t->m.data_at = t->m.len;
}

static inline void
tar_objects(struct made_tar *t, const struct make_spec *spec, int id)
{
	char name[32], list[2048] = "";
	size_t i, len = 0;

	for (i = 0; i < spec->object_count; i++) {
		const struct make_object *o = &spec->objects[i];

		snprintf(name, sizeof(name), "blob_%u.dat", o->oid);
		tar_add(t, name, o->bytes, strlen(o->bytes), true);
		len += (size_t)snprintf(list + len, sizeof(list) - len,
		    "%u %s\n", o->oid, name);
	}
	snprintf(name, sizeof(name), spec->minor < 16 ? "blobs.toc" :
	    "blobs_%d.toc", id);
	tar_add(t, name, list, len, false);
}

/* What stands between the first member and restore.sql; freed with
 * tar_wipe(). */
static inline void
make_tar_data(struct made_tar *t, const struct make_spec *in)
{
	struct make_spec spec = make_defaults(in);
	char name[32], *rows;
	size_t i, len;

	memset(t, 0, sizeof(*t));
	spec.tar = true;
	tar_toc(t, &spec);
	if (spec.schema_only)
		return;
	for (i = 0; i < spec.table_count; i++) {
		t->m.block_at[4 + spec.table_count + i] = t->m.len;
		snprintf(name, sizeof(name), "%d.dat", MAKE_DATA_ID(i));
		rows = make_rows(&spec.tables[i], &len);
		tar_add(t, name, rows, len, true);
		free(rows);
	}
	for (i = 0; i < (size_t)spec.groups; i++) {
		t->m.block_at[4 + 2 * spec.table_count + i] = t->m.len;
		tar_objects(t, &spec, MAKE_BLOBS_ID + (int)i);
	}
}

static inline void
make_tar(struct made_tar *t, const struct make_spec *spec)
{

	make_tar_data(t, spec);
	tar_add(t, "restore.sql", TAR_SCRIPT, sizeof(TAR_SCRIPT) - 1, true);
	t->m.end_at = t->m.len;
	tar_zeros(t, 2 * TAR_BLOCK);
}

static inline void
tar_wipe(struct made_tar *t)
{

	made_wipe(&t->m);
	memset(t, 0, sizeof(*t));
}

#endif
