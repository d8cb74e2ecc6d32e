/* SPDX-License-Identifier: ISC */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "text/inserts.h"
#include "text/rows.h"
#include "toc/contents.h"

/*
 * What the decoded bytes of one stream are: the rows of a table, as COPY text
 * or INSERT statements, or a large object.
 */
enum stream_kind { STREAM_COPY, STREAM_INSERTS, STREAM_OBJECT };

struct stream {
	enum stream_kind kind;
	struct digest *digest;	/* of a table; NULL: not wanted */
	uint64_t bytes;		/* fed */
	struct rows rows;
	struct inserts inserts;
};

void stream_begin(struct stream *, const struct contents_data *,
    const struct contents *);

void stream_feed(struct stream *, const uint8_t *buf, size_t len);

void stream_end(struct stream *);

/* How many rows have a fault, and the first; NULL where none has. */
uint64_t stream_faults(const struct stream *, const struct rows_fault **first);

#endif
