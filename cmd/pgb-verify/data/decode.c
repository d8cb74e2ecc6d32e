/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/decode-impl.h"

const char decode_stops[] = "pg_restore stops here";

struct decode {
	const struct decode_method *m;
	void *ctx;
	bool no_memory, too_small;
	const char *restore;
	char why[160];
};

static const struct decode_method *
method(enum archive_compression compression)
{
	if (compression == ARCHIVE_ZSTD)
		return (&decode_zstd);
	return (compression == ARCHIVE_LZ4 ? &decode_lz4 : &decode_gzip);
}

struct decode *
decode_new(enum archive_compression compression)
{
	struct decode *d;

	if ((d = calloc(1, sizeof(*d))) == NULL)
		return (NULL);
	d->m = method(compression);
	if ((d->ctx = d->m->new()) == NULL) {
		free(d);
		return (NULL);
	}
	return (d);
}

void
decode_free(struct decode *d)
{

	if (d == NULL)
		return;
	d->m->free(d->ctx);
	free(d);
}

void
decode_begin(struct decode *d, int how)
{

	d->too_small = false;
	d->no_memory = d->m->begin(d->ctx, how) == -1;
}

enum decode_result
decode_run(struct decode *d, const uint8_t **in, size_t *in_len, uint8_t **out,
    size_t *out_len)
{

	if (d->no_memory)
		return (decode_memory(d));
	return (d->m->run(d, d->ctx, in, in_len, out, out_len));
}

bool
decode_minds_chunks(const struct decode *d)
{
	return (d->m->chunk_end != NULL);
}

void
decode_chunk_end(struct decode *d)
{

	if (d->m->chunk_end != NULL)
		d->m->chunk_end(d->ctx);
}

bool
decode_is_edge(const struct decode *d)
{
	return (d->m->is_edge(d->ctx));
}

bool
decode_may_begin(enum archive_compression compression,
    const uint8_t before[4], const uint8_t begin[4], size_t len)
{
	switch (compression) {
	case ARCHIVE_GZIP:
		return (memcmp(before, "\0\0\xff\xff", 4) == 0);
	case ARCHIVE_ZSTD:
		return (memcmp(begin, "\x28\xb5\x2f\xfd", len) == 0);
	case ARCHIVE_LZ4:
		return (memcmp(begin, "\x04\x22\x4d\x18", len) == 0);
	case ARCHIVE_NONE:
		break;
	}
	return (false);
}

int
decode_end(struct decode *d, uint32_t adler)
{
	return (d->m->end(d, d->ctx, adler));
}

const char *
decode_why(const struct decode *d)
{
	return (d->why);
}

const char *
decode_restore(const struct decode *d)
{
	return (d->restore);
}

bool
decode_was_too_small(const struct decode *d)
{
	return (d->too_small);
}

bool
decode_no_memory(const struct decode *d)
{
	return (d->no_memory);
}

bool
decode_has_check(const struct decode *d)
{
	return (d->m->has_check(d->ctx));
}

/* For the methods: decode-impl.h. */

enum decode_result
decode_fail(struct decode *d, const char *restore, const char *fmt, ...)
{
	va_list ap;

	d->restore = restore;
	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
	return (DECODE_FAILED);
}

int
decode_bad_end(struct decode *d, const char *restore, const char *why)
{

	(void)decode_fail(d, restore, "%s", why);
	return (-1);
}

enum decode_result
decode_too_small(struct decode *d)
{

	d->too_small = true;
	return (decode_fail(d, NULL, "more memory than was allowed"));
}

enum decode_result
decode_memory(struct decode *d)
{

	d->no_memory = true;
	return (decode_fail(d, NULL, "no memory to decompress it"));
}
