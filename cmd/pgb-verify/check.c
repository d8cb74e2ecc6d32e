/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "check.h"

#define INFLATE_SIZE	(128 * 1024)

/* What pg_dump ends every table's COPY text with. */
#define COPY_END	"\\.\n\n\n"
#define COPY_END_LEN	5

#define NO_MEMORY	"no memory to check it"

struct check {
	struct contents toc;
	struct check_totals totals;
	const struct contents_entry *entry;	/* whose block is going by */
	size_t next;			/* where to look for the next one */

	z_stream z;
	bool inflating;		/* z is set up for the current stream */
	bool ended;		/* the current stream has had its end */
	char last[COPY_END_LEN];	/* the last bytes of the entry */
	size_t last_len;

	char why[256];
	uint8_t out[INFLATE_SIZE];
};

struct check *
check_new(void)
{

	return (calloc(1, sizeof(struct check)));
}

void
check_free(struct check *c)
{

	if (c == NULL)
		return;
	if (c->inflating)
		inflateEnd(&c->z);
	contents_wipe(&c->toc);
	free(c);
}

const struct contents *
check_contents(const struct check *c)
{

	return (&c->toc);
}

const struct check_totals *
check_totals(const struct check *c)
{

	return (&c->totals);
}

static const char *
on_header(void *arg, const struct archive_header *h)
{
	struct check *c = arg;

	return (contents_set_header(&c->toc, h) == -1 ? NO_MEMORY : NULL);
}

static const char *
on_entry(void *arg, const struct archive_entry *e)
{
	struct check *c = arg;

	c->totals.entries++;
	return (contents_add(&c->toc, e) == -1 ? NO_MEMORY : NULL);
}

/* Blocks come in the order of their entries: look onward from the last. */
static const char *
on_block(void *arg, int32_t id, uint64_t at)
{
	struct check *c = arg;

	(void)at;
	while (c->next < c->toc.count && c->toc.v[c->next].id != id)
		c->next++;
	if (c->next == c->toc.count)
		return ("has a block, but no entry");
	c->entry = &c->toc.v[c->next++];
	c->totals.blocks++;
	if (strcmp(c->entry->desc, "TABLE DATA") == 0)
		c->totals.tables++;
	c->last_len = 0;
	c->ended = false;
	return (NULL);
}

/* Keep the last bytes of the entry's text. */
static void
remember(struct check *c, const uint8_t *buf, size_t len)
{
	size_t keep;

	if (len >= COPY_END_LEN) {
		memcpy(c->last, buf + len - COPY_END_LEN, COPY_END_LEN);
		c->last_len = COPY_END_LEN;
		return;
	}
	keep = c->last_len;
	if (keep + len > COPY_END_LEN)
		keep = COPY_END_LEN - len;
	memmove(c->last, c->last + c->last_len - keep, keep);
	memcpy(c->last + keep, buf, len);
	c->last_len = keep + len;
}

static const char *
inflate_chunk(struct check *c, const uint8_t *buf, size_t len)
{
	size_t got;
	int ret;

	if (!c->inflating) {
		memset(&c->z, 0, sizeof(c->z));
		if (inflateInit(&c->z) != Z_OK)
			return (NO_MEMORY);
		c->inflating = true;
	}
	if (c->ended)
		return ("has bytes after the end of its compressed data: "
		    "pg_restore hangs on this");
	/* zlib only reads what next_in points to. */
	c->z.next_in = (z_const Bytef *)(uintptr_t)buf;
	c->z.avail_in = (uInt)len;
	do {
		c->z.next_out = c->out;
		c->z.avail_out = INFLATE_SIZE;
		ret = inflate(&c->z, Z_NO_FLUSH);
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR) {
			snprintf(c->why, sizeof(c->why), "compressed data is "
			    "damaged (%s): pg_restore stops here",
			    c->z.msg != NULL ? c->z.msg : "unknown error");
			return (c->why);
		}
		got = INFLATE_SIZE - c->z.avail_out;
		c->totals.data += got;
		remember(c, c->out, got);
		if (ret == Z_STREAM_END)
			c->ended = true;
	} while (ret == Z_OK && c->z.avail_out == 0);
	if (c->ended && c->z.avail_in > 0)
		return ("has bytes after the end of its compressed data: "
		    "pg_restore hangs on this");
	return (NULL);
}

static const char *
on_data(void *arg, int32_t id, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t at)
{
	struct check *c = arg;
	const char *why = NULL;
	size_t n;

	(void)id;
	(void)loid;
	(void)at;
	c->totals.payload += len;
	if (c->toc.compression == ARCHIVE_NONE) {
		c->totals.data += len;
		remember(c, buf, len);
	} else if (c->toc.compression == ARCHIVE_GZIP) {
		for (; len > 0 && why == NULL; buf += n, len -= n) {
			n = len > INT_MAX ? INT_MAX : len;
			why = inflate_chunk(c, buf, n);
		}
	}
	return (why);
}

static const char *
on_data_end(void *arg, int32_t id, uint32_t loid)
{
	struct check *c = arg;

	(void)id;
	if (c->entry->desc[0] == 'B')
		c->totals.large_objects++;
	if (c->toc.compression == ARCHIVE_GZIP) {
		if (c->inflating)
			inflateEnd(&c->z);
		c->inflating = false;
		if (!c->ended) {
			snprintf(c->why, sizeof(c->why),
			    "compressed data%s is cut short: pg_restore stops "
			    "here", loid != 0 ? " of a large object" : "");
			return (c->why);
		}
		c->ended = false;
	}
	if (c->entry->is_copy && (c->toc.compression == ARCHIVE_NONE ||
	    c->toc.compression == ARCHIVE_GZIP) &&
	    (c->last_len != COPY_END_LEN ||
	    memcmp(c->last, COPY_END, COPY_END_LEN) != 0))
		return ("rows do not end with \"\\.\": a restore would lose "
		    "the last ones");
	return (NULL);
}

const struct archive_watch check_watch = {
	.header = on_header,
	.entry = on_entry,
	.block = on_block,
	.data = on_data,
	.data_end = on_data_end,
};
