/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toc/contents-impl.h"

/*
 * pg_restore reads such a list line by line, drops all from the first
 * semicolon on, skips what is blank then, and takes the number at the front.
 * So a line that begins with a semicolon is ours to fill.
 */

/* A line in the making. */
struct text {
	char *s;
	size_t len, room;
	bool failed;
};

static void
put(struct text *t, const char *s, size_t len)
{
	size_t room = t->room;
	char *more;

	if (len >= t->room - t->len) {
		room = t->len + len + 256;
		if ((more = realloc(t->s, room)) == NULL) {
			t->failed = true;
			return;
		}
		t->s = more;
		t->room = room;
	}
	memcpy(t->s + t->len, s, len);
	t->len += len;
}

__attribute__((format(printf, 2, 3)))
static void
put_format(struct text *t, const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		put(t, buf, (size_t)n < sizeof(buf) ? (size_t)n :
		    sizeof(buf) - 1);
}

/* A name on one line: pg_dump, too, writes blanks for line ends. */
static void
put_name(struct text *t, const char *name)
{
	size_t at, i;

	put(t, " ", 1);
	at = t->len;
	put(t, name, strlen(name));
	for (i = at; i < t->len; i++)
		if (t->s[i] == '\n' || t->s[i] == '\r')
			t->s[i] = ' ';
}

static void
put_header(struct text *t, const struct contents *c)
{
	const struct archive_header *h = c->header;

	put_format(t, ";\n; Archive created at %04d-%02d-%02d %02d:%02d:%02d\n",
	    h->year, h->month, h->day, h->hour, h->min, h->sec);
	put_format(t, ";     dbname:");
	put_name(t, h->dbname);
	put_format(t, "\n;     TOC Entries: %zu\n;     Compression: %s\n",
	    c->count, contents_compression(h->compression));
	put_format(t, ";     Dump Version: 1.%d-0\n;     Format: %s\n",
	    h->minor, h->format == ARCHIVE_TAR ? "TAR" : "CUSTOM");
	put_format(t, ";     Integer: 4 bytes\n;     Offset: 8 bytes\n");
	put_format(t, ";     Dumped from database version:");
	put_name(t, h->server);
	put_format(t, "\n;     Dumped by pg_dump version:");
	put_name(t, h->dumper);
	put_format(t, "\n;\n;\n; Selected TOC Entries:\n;\n");
}

static void
put_entry(struct text *t, const struct contents *c, size_t i)
{
	const struct row *r = &c->rows[i];
	const struct label *l = &c->labels[i];
	const char *schema = pool_str(&c->pool, l->schema);

	put_format(t, "%" PRId32 "; %" PRIu32 " %" PRIu32, r->id,
	    l->table_oid, r->oid);
	put_name(t, pool_str(&c->pool, l->desc));
	put_name(t, schema[0] != '\0' ? schema : "-");
	put_name(t, pool_str(&c->pool, l->tag));
	put_name(t, pool_str(&c->pool, r->owner));
	put(t, "\n", 1);
}

static void
put_data(struct text *t, const struct contents_data *d)
{
	const char *what = d->is_blobs ? "large object" : "row";

	if (!d->seen)
		put_format(t, ";     its data were not seen\n");
	else
		put_format(t, ";     %" PRIu64 " %s%s, %" PRIu64 " byte%s\n",
		    d->rows, what, d->rows == 1 ? "" : "s", d->bytes,
		    d->bytes == 1 ? "" : "s");
}

/* Give what was put, line by line. */
static int
flush(struct text *t, int (*emit)(void *, const char *, size_t), void *arg)
{
	const char *p, *end;
	size_t left = t->len;

	if (t->failed) {
		errno = ENOMEM;
		return (-1);
	}
	for (p = t->s; left > 0; left -= (size_t)(end - p), p = end) {
		end = memchr(p, '\n', left);
		end = end == NULL ? p + left : end + 1;
		if (emit(arg, p, (size_t)(end - p)) != 0)
			return (-1);
	}
	t->len = 0;
	return (0);
}

int
contents_list(const struct contents *c,
    int (*emit)(void *arg, const char *line, size_t len), void *arg)
{
	struct text t = { NULL, 0, 0, false };
	size_t i, data = 0;
	int rc = 0;

	if (c->header != NULL)
		put_header(&t, c);
	for (i = 0; i < c->count && rc == 0; i++) {
		put_entry(&t, c, i);
		if (c->rows[i].has_data)
			put_data(&t, &c->data[data++]);
		rc = flush(&t, emit, arg);
	}
	if (rc == 0)
		rc = flush(&t, emit, arg);
	free(t.s);
	return (rc);
}
