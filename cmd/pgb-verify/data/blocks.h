/* SPDX-License-Identifier: ISC */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finding.h"
#include "toc/contents.h"

/*
 * The data of an archive, checked as they go by: decompressed by several
 * threads, rows and large objects looked at.  The essay is in blocks.c.
 */
struct blocks;

struct blocks_opts {
	unsigned threads;	/* 1 to MILL_THREADS_MAX */
	bool hash;		/* of each table's rows */
	uint64_t max_data;	/* bytes of decompressed data; 0: no limit */
	void (*starting)(void *arg);	/* called before threads are started */
	void *starting_arg;
};

/* Threads are not started yet.  opts is copied, the others are borrowed.  NULL
 * without memory. */
struct blocks *blocks_new(const struct blocks_opts *, struct contents *,
    struct findings *);
void blocks_free(struct blocks *);

/*
 * What the walker tells (archive.h), after contents_end().  n is which of
 * contents_data().  Each returns 0, or -1 when the run is to end: a finding was
 * printed, or blocks_error() says why there was no memory.
 */
int blocks_begin(struct blocks *, size_t n, uint64_t at);
int blocks_data(struct blocks *, uint32_t loid, const uint8_t *buf,
    size_t len, uint64_t chunk_at);
int blocks_stream_end(struct blocks *, uint32_t loid);
int blocks_end(struct blocks *);

/* Wait until all that was given has been checked and what was found is
 * printed.  As above. */
int blocks_drain(struct blocks *);

/* NULL: no memory was missing. */
const char *blocks_error(const struct blocks *);

/* After blocks_drain(). */
struct blocks_totals {
	uint64_t blocks;
	uint64_t tables;	/* with data, as COPY text or INSERTs */
	uint64_t rows;		/* of them */
	uint64_t bytes;		/* of rows, without end marks */
	uint64_t large_objects;
	uint64_t object_bytes;
	uint64_t stored;	/* bytes as the archive has them, compressed */
	uint64_t data;		/* the same, decompressed */
	uint64_t unchecked;	/* tables whose data carry no checksum */
	uint64_t objects_unchecked;
};
const struct blocks_totals *blocks_totals(const struct blocks *);

#endif
