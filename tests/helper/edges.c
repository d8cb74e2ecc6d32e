/* SPDX-License-Identifier: ISC */
/*
 * edges FILE COUNT: where a custom archive or a binary age file can be cut so
 * that it looks most like a whole one: at most COUNT byte offsets, one a line,
 * each in front of the end; structural edges, one byte less, one byte more.
 */
#include "arc.h"

static size_t point[4 * ARC_MAX], points;

static void
around(size_t at, size_t len)
{
	for (size_t p = at > 0 ? at - 1 : 0; p <= at + 1; p++)
		if (p < len && points < 4 * ARC_MAX)
			point[points++] = p;
}

static int
ascending(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return ((x > y) - (x < y));
}

/* The chunks of an age payload, behind the header and 16 bytes of nonce. */
static void
age_edges(const struct arc *a)
{
	const char *text = (const char *)a->buf, *end;
	size_t at;

	end = strstr(text, "\n--- ");
	if (end == NULL || (end = strchr(end + 1, '\n')) == NULL)
		exit(1);
	for (const char *p = text; p <= end; p++)
		if (*p == '\n')
			around((size_t)(p + 1 - text), a->len);
	at = (size_t)(end + 1 - text) + 16;
	for (; at < a->len; at += 65536 + 16) {
		around(at, a->len);
		around(at + 16, a->len);
	}
}

static void
archive_edges(const struct arc *a)
{
	around(5, a->len);
	around(a->toc, a->len);
	around(a->toc + 5, a->len);
	around(a->data, a->len);
	for (size_t i = 0; i < a->edges; i++)
		around(a->edge[i], a->len);
	for (size_t i = 0; i < a->entries; i++)
		around(a->entry[i].end, a->len);
}

int
main(int argc, char **argv)
{
	static struct arc plain;
	struct arc *a = &plain;
	char magic[4] = "";
	size_t count, uniq = 0;
	FILE *f;

	if (argc != 3 || (f = fopen(argv[1], "rb")) == NULL)
		return (2);
	if (fread(magic, 1, 3, f) == 3 && strcmp(magic, "age") == 0) {
		static char buf[64 << 20];

		rewind(f);
		plain.len = fread(buf, 1, sizeof(buf) - 1, f);
		plain.buf = (unsigned char *)buf;
		age_edges(a);
	} else {
		a = arc_read(argv[1]);
		archive_edges(a);
	}
	fclose(f);
	around(0, a->len);
	around(a->len, a->len);
	qsort(point, points, sizeof(point[0]), ascending);
	for (size_t i = 0; i < points; i++)
		if (i == 0 || point[i] != point[uniq - 1])
			point[uniq++] = point[i];

	/* Thinned out evenly; the first and the last stay. */
	count = (size_t)atol(argv[2]);
	if (count > uniq)
		count = uniq;
	for (size_t i = 0; i < count; i++)
		printf("%zu\n", point[count < 2 ? 0 :
		    i * (uniq - 1) / (count - 1)]);
	return (fflush(stdout) != 0);
}
