/* SPDX-License-Identifier: ISC */
#include "data/stream.h"

static void
to_digest(void *arg, const uint8_t *buf, size_t len)
{

	digest_add(arg, buf, len);
}

void
stream_begin(struct stream *s, const struct contents_data *d,
    const struct contents *toc)
{
	const struct encoding *e = contents_encoding(toc);

	s->bytes = 0;
	/* Lack of memory is told by digest_end(). */
	if (s->digest != NULL)
		(void)digest_begin(s->digest);
	if (d->is_blobs) {
		s->kind = STREAM_OBJECT;
	} else if (d->is_copy) {
		s->kind = STREAM_COPY;
		rows_begin(&s->rows, d->columns, e, true,
		    s->digest != NULL ? to_digest : NULL, s->digest);
	} else {
		s->kind = STREAM_INSERTS;
		inserts_begin(&s->inserts, e, contents_plain_strings(toc));
	}
}

void
stream_feed(struct stream *s, const uint8_t *buf, size_t len)
{

	s->bytes += len;
	if (s->kind == STREAM_COPY) {
		rows_feed(&s->rows, buf, len);
		return;
	}
	if (s->kind == STREAM_OBJECT)
		return;
	inserts_feed(&s->inserts, buf, len);
	if (s->digest != NULL)
		digest_add(s->digest, buf, len);
}

void
stream_end(struct stream *s)
{

	if (s->kind == STREAM_COPY)
		rows_end(&s->rows);
	else if (s->kind == STREAM_INSERTS)
		inserts_end(&s->inserts);
}

uint64_t
stream_faults(const struct stream *s, const struct rows_fault **first)
{

	*first = NULL;
	if (s->kind == STREAM_COPY && s->rows.faults > 0) {
		*first = &s->rows.first;
		return (s->rows.faults);
	}
	if (s->kind == STREAM_INSERTS && s->inserts.faults > 0) {
		*first = &s->inserts.first;
		return (s->inserts.faults);
	}
	return (0);
}
