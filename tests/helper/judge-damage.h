/* SPDX-License-Identifier: ISC */
#ifndef JUDGE_DAMAGE_H
#define JUDGE_DAMAGE_H

#include "judge-map.h"

/*
 * The damage table, for judge.c: what befalls archives, by name; the framing's
 * and the table of contents'.  That of rows is in hurt.h.  The archive has the
 * tables shop.buyer (id, name, ...) and shop.sale, a CONSTRAINT, an INDEX.
 */

struct edit {
	struct map *m;
	unsigned char *buf;
	size_t len;
};

/* Put len bytes in the place of old ones at a byte. */
static inline void
splice(struct edit *e, size_t at, size_t old, const void *in, size_t len)
{
	size_t rest = e->len - at - old;
	unsigned char *buf = malloc(e->len + len);

	if (buf == NULL)
		die("no memory");
	memcpy(buf, e->buf, at);
	if (len > 0)
		memcpy(buf + at, in, len);
	memcpy(buf + at + len, e->buf + at + old, rest);
	free(e->buf);
	e->buf = buf;
	e->len = at + len + rest;
}

/* The bytes of a field of the nth entry of a kind: where they begin. */
static inline size_t
field_of(const struct edit *e, const char *kind, int nth, const char *field)
{
	const struct map *m = e->m;
	size_t n;

	for (n = 0; n < m->a->entries; n++)
		if (m->desc[n].len == (long)strlen(kind) &&
		    memcmp(m->desc[n].s, kind, strlen(kind)) == 0 && nth-- == 0)
			break;
	for (size_t i = m->a->toc; i < m->a->data; i++)
		if (m->bytes[i].entry == (long)n &&
		    strcmp(m->bytes[i].field, field) == 0)
			return (i);
	die("no such field");
	return (0);
}

/* The first place of a text in the table of contents. */
static inline size_t
text_at(const struct edit *e, const char *text)
{
	unsigned char *p = memmem(e->buf, e->m->a->data, text, strlen(text));

	if (p == NULL)
		die("no such text");
	return ((size_t)(p - e->buf));
}

/* Begin and end of the nth block. */
static inline void
block(const struct edit *e, int nth, size_t *from, size_t *to)
{
	const struct arc *a = e->m->a;
	size_t n, next;

	for (n = 0; n < a->entries; n++)
		if (a->entry[n].has_data && nth-- == 0)
			break;
	for (next = n + 1; next < a->entries; next++)
		if (a->entry[next].has_data)
			break;
	if (next >= a->entries)
		die("no such block");
	*from = a->entry[n].block;
	*to = a->entry[next].block;
}

static inline void
set_int(struct edit *e, size_t at, long n)
{

	e->buf[at] = n < 0;
	for (int i = 0; i < 4; i++)
		e->buf[at + 1 + (size_t)i] = (unsigned char)
		    ((n < 0 ? -n : n) >> 8 * i & 0xff);
}

static inline long
get_int(const struct edit *e, size_t at)
{
	return (e->buf[at + 1] | e->buf[at + 2] << 8 | e->buf[at + 3] << 16);
}

static inline void
cut_to(struct edit *e, size_t len)
{

	e->len = len;
}

static inline void
block_missing(struct edit *e)
{
	size_t from, to;

	block(e, 0, &from, &to);
	splice(e, from, to - from, "", 0);
}

static inline void
blocks_swapped(struct edit *e)
{
	size_t from, mid, to;
	unsigned char *buf = copy(e->m);

	block(e, 0, &from, &mid);
	block(e, 1, &mid, &to);
	memcpy(e->buf + from, buf + mid, to - mid);
	memcpy(e->buf + from + (to - mid), buf + from, mid - from);
	free(buf);
}

static inline void
block_twice(struct edit *e)
{
	unsigned char *buf = copy(e->m);
	size_t from, to;

	block(e, 0, &from, &to);
	splice(e, to, 0, buf + from, to - from);
	free(buf);
}

static inline void
block_unknown(struct edit *e)
{
	unsigned char *buf = copy(e->m);
	size_t from, to;

	block(e, 0, &from, &to);
	splice(e, to, 0, buf + from, to - from);
	set_int(e, to + 1, 99999);
	free(buf);
}

static inline void
count_by(struct edit *e, long less)
{

	set_int(e, e->m->a->toc, get_int(e, e->m->a->toc) - less);
}

static inline void
id_twice(struct edit *e)
{

	set_int(e, field_of(e, "TABLE DATA", 1, "dump ID"),
	    get_int(e, field_of(e, "TABLE DATA", 0, "dump ID")));
}

static inline void
text_to(struct edit *e, const char *from, const char *to)
{

	memcpy(e->buf + text_at(e, from), to, strlen(to));
}

/* In the middle of the data of the first table. */
static inline size_t
in_data(const struct edit *e)
{
	size_t from, to;

	block(e, 0, &from, &to);
	return ((from + to) / 2);
}

static inline size_t
between(const struct edit *e)
{
	size_t from, to;

	block(e, 0, &from, &to);
	return (to);
}

/* Behind the first chunk: block, ID, length, chunk. */
static inline size_t
behind_chunk(const struct edit *e)
{
	size_t from, to;

	block(e, 0, &from, &to);
	return (from + 11 + (size_t)get_int(e, from + 6));
}

static inline size_t
header_at(const struct edit *e, const char *field)
{

	for (size_t i = 0; i < e->m->a->toc; i++)
		if (strcmp(e->m->bytes[i].field, field) == 0)
			return (i);
	die("no such field");
	return (0);
}

/* A chain of conditions, since each has another way to its bytes. */
#define DAMAGE(name)	else if (list ? (puts(name), false) : \
			    strcmp(name, what) == 0)

static inline bool
damage_cut(struct edit *e, const char *what, bool list)
{
	const struct arc *a = e->m->a;

	if (false)
		return (true);
	DAMAGE("0 bytes") cut_to(e, 0);
	DAMAGE("4 bytes") cut_to(e, 4);
	DAMAGE("cut in the header") cut_to(e, a->toc / 2);
	DAMAGE("cut behind the header") cut_to(e, a->toc);
	DAMAGE("cut in the TOC") cut_to(e, (a->toc + a->data) / 2);
	DAMAGE("cut in front of the TOC's last byte") cut_to(e, a->data - 1);
	DAMAGE("cut behind the TOC") cut_to(e, a->data);
	DAMAGE("cut in a block") cut_to(e, in_data(e));
	DAMAGE("cut behind a chunk") cut_to(e, behind_chunk(e));
	DAMAGE("cut between blocks") cut_to(e, between(e));
	DAMAGE("last 5 bytes missing") cut_to(e, e->len - 5);
	DAMAGE("last byte missing") cut_to(e, e->len - 1);
	DAMAGE("a block missing") block_missing(e);
	DAMAGE("two blocks swapped") blocks_swapped(e);
	DAMAGE("a block twice") block_twice(e);
	DAMAGE("an unknown block") block_unknown(e);
	DAMAGE("a byte behind the end") splice(e, e->len, 0, "x", 1);
	DAMAGE("zeros behind the end") splice(e, e->len, 0,
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	else
		return (false);
	return (true);
}

static inline bool
damage_toc(struct edit *e, const char *what, bool list)
{
	size_t toc = e->m->a->toc;

	if (false)
		return (true);
	DAMAGE("count - 1") count_by(e, 1);
	DAMAGE("count 0") set_int(e, toc, 0);
	DAMAGE("count negative") e->buf[toc] = 1;
	DAMAGE("count + 1") count_by(e, -1);
	DAMAGE("TABLE DATA without data") set_int(e,
	    field_of(e, "TABLE DATA", 0, "data flag"), 0);
	DAMAGE("TABLE DATA, offset flag 3")
		e->buf[field_of(e, "TABLE DATA", 0, "offset flag")] = 3;
	DAMAGE("TABLE DATA without data, offset flag 3") {
		e->buf[field_of(e, "TABLE DATA", 0, "offset flag")] = 3;
		set_int(e, field_of(e, "TABLE DATA", 0, "data flag"), 0);
	}
	DAMAGE("CONSTRAINT with data") set_int(e,
	    field_of(e, "CONSTRAINT", 0, "data flag"), 1);
	DAMAGE("a dump ID twice") id_twice(e);
	DAMAGE("a dump ID of 2147483647") set_int(e,
	    field_of(e, "TABLE DATA", 0, "dump ID"), 2147483647);
	DAMAGE("a column renamed in COPY") text_to(e, "(id, name", "(xx, name");
	DAMAGE("a column missing in COPY") splice(e,
	    text_at(e, "(id, name"), 4, "(    ", 4);
	DAMAGE("another table in COPY") text_to(e, "COPY shop.buyer",
	    "COPY shop.sales");
	DAMAGE("INDEX as TABLE") memcpy(e->buf +
	    field_of(e, "INDEX", 0, "kind"), "TABLE", 5);
	DAMAGE("INDEX as INDEY") memcpy(e->buf +
	    field_of(e, "INDEX", 0, "kind"), "INDEY", 5);
	DAMAGE("section 9") set_int(e,
	    field_of(e, "TABLE", 0, "section"), 9);
	DAMAGE("section 4 of a TABLE") set_int(e,
	    field_of(e, "TABLE", 0, "section"), 4);
	DAMAGE("encoding BIG5") text_to(e, "encoding = 'UTF8'",
	    "encoding = 'BIG5'");
	DAMAGE("encoding UTF9") text_to(e, "encoding = 'UTF8'",
	    "encoding = 'UTF9'");
	DAMAGE("a name longer than the TOC") set_int(e,
	    field_of(e, "TABLE", 0, "name") - 5, 0x7ffffff0);
	DAMAGE("TABLE DATA of another table") memcpy(e->buf +
	    field_of(e, "TABLE DATA", 0, "dependency"), e->buf +
	    field_of(e, "TABLE DATA", 1, "dependency"), 3);
	else
		return (false);
	return (true);
}

static inline bool
damage_header(struct edit *e, const char *what, bool list)
{

	if (false)
		return (true);
	DAMAGE("compression none") memset(e->buf + 11, 0,
	    e->m->a->minor >= 15 ? 1 : 5);
	DAMAGE("compression gzip") memcpy(e->buf + 11, "\1\1\0\0\0",
	    e->m->a->minor >= 15 ? 1 : 5);
	DAMAGE("compression 9") memcpy(e->buf + 11, "\x9\x9\0\0\0",
	    e->m->a->minor >= 15 ? 1 : 5);
	DAMAGE("integers of 5 bytes") e->buf[8] = 5;
	DAMAGE("offsets of 4 bytes") e->buf[9] = 4;
	DAMAGE("format tar") e->buf[10] = 3;
	DAMAGE("version 1.12") e->buf[6] = 12;
	DAMAGE("version 1.17") e->buf[6] = 17;
	DAMAGE("another minute") e->buf[header_at(e, "minute") + 1] =
	    (unsigned char)((e->buf[header_at(e, "minute") + 1] + 1) % 60);
	DAMAGE("month 13") e->buf[header_at(e, "month") + 1] = 12;
	DAMAGE("another database") e->buf[header_at(e, "database")] = 'X';
	else
		return (false);
	return (true);
}

static inline void
damage(struct edit *e, const char *what)
{
	bool list = what == NULL;

	if (!damage_cut(e, what, list) && !damage_toc(e, what, list) &&
	    !damage_header(e, what, list) && !list)
		die("no such damage");
	if (!list)
		fwrite(e->buf, 1, e->len, stdout);
}

#endif
