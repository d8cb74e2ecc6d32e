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
	struct digest *digest;	/* NULL: no hash is wanted */
	uint64_t bytes;		/* fed */
	struct rows rows;
	struct inserts inserts;
};

/* A table's data, or a large object, in which case the hash goes on from the one
 * before (the first of its entry: begin_hash). */
void stream_begin(struct stream *, const struct contents_data *,
    const struct contents *, bool begin_hash);

void stream_feed(struct stream *, const uint8_t *buf, size_t len);

/* loid is put into the hash of an object. */
void stream_end(struct stream *, uint32_t loid);

/* How many rows have a fault, and the first; NULL where none has. */
uint64_t stream_faults(const struct stream *, const struct rows_fault **first);

#endif
