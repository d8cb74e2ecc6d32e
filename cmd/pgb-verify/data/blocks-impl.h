/* SPDX-License-Identifier: ISC */
#ifndef BLOCKS_IMPL_H
#define BLOCKS_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "data/blocks.h"
#include "data/decode.h"
#include "data/mill.h"
#include "data/stream.h"

/*
 * Between blocks.c (the main thread: fills jobs, prints what they found),
 * blocks-step.c (what is done with a job) and blocks-decoders.c (decoders).
 */

/* Where the bytes of a job stand in the archive: from pos on, those of the
 * chunk whose first byte is at `at`, skip bytes into it. */
struct chunk_mark {
	uint32_t pos;
	uint32_t skip;
	uint64_t at;
};

/* Jobs that are decoded one after the other by one decoder. */
struct chain {
	bool used;		/* main thread */
	struct decode *dec;	/* whoever does a step of its jobs; see the
				 * essay for where it goes at the end */
	atomic_bool is_void;	/* what the first steps made is not used */
	bool failed;		/* first steps: do no more */
};

#define FAULTS	2

struct fault {
	uint64_t at;
	uint64_t row;
	const char *restore;	/* static */
	char what[224];
};

struct job {
	struct mill_job mill;	/* must be first */

	/* Filled by the main thread. */
	struct chain *chain;
	size_t entry;		/* of contents_data() */
	uint32_t loid;
	uint64_t block_at;	/* where its block begins */
	bool first;		/* a stream begins here */
	bool begins;		/* a chain begins here */
	bool last;		/* the stream ends here */
	uint8_t *in;
	size_t in_len;
	struct chunk_mark *marks;
	size_t mark_count, mark_size;

	/* The steps. */
	uint8_t *out;
	size_t out_len;
	uint32_t adler;		/* gzip: of out, counted from 1 */
	size_t taken;		/* of in */
	enum decode_result result;
	bool edge;		/* a piece may begin behind it */
	bool unchecked;		/* no checksum, up to here in the chain */
	bool ended;		/* the decoder was asked for the end already,
				 * and it was good */
	bool no_memory;
	struct fault faults[FAULTS];
	size_t fault_count;
};

struct decoders {
	enum archive_compression compression;
	pthread_mutex_t mutex;
	struct decode **free;	/* size of them have room */
	size_t count, size;
	size_t out;		/* in use */
	size_t most;		/* may be, but for decoders_must() */
};

struct blocks {
	struct blocks_opts opts;
	struct contents *toc;
	struct findings *findings;
	enum archive_compression compression;
	const char *error;

	/* Jobs. */
	struct mill *mill;	/* NULL before the first block */
	struct job *jobs;
	size_t job_count, in_size, out_size;
	struct chain *chains;	/* job_count + 1 */
	struct decoders decoders;

	/* The main thread: where it is. */
	struct job *job;	/* being filled; NULL: none */
	struct chain *chain;	/* of the jobs that were filled last */
	struct chain *reaped;	/* of the job that came back last */
	size_t entry;
	uint64_t block_at;
	bool open;
	uint32_t loid;
	uint64_t chunk_at;
	uint32_t chunk_pos;	/* bytes of the chunk so far */
	uint8_t before[4];	/* the last bytes of the chunk before */
	uint8_t peek[4];
	size_t peek_len;
	bool peeking;
	size_t next_loid;	/* of the entry's list */
	atomic_bool no_guess;	/* one was wrong in this entry */
	atomic_bool stop;	/* nobody wants the rest */

	/* Second steps: one at a time, in order. */
	struct stream stream;
	struct chain *prev;	/* whose jobs came last */
	struct decode *serial;	/* decodes chains that are void */
	uint32_t adler;
	bool edge, dead, told, unchecked;
	bool full;		/* --max-data was told */
	uint64_t stream_stored;
	struct blocks_totals totals;
};

/* blocks-step.c */
bool blocks_one(void *arg, void *job);
void blocks_two(void *arg, void *job);

/* blocks-decoders.c.  decoders_get(): NULL where `most` are in use, or without
 * memory; decoders_must(): NULL without memory only.  NULL may be put. */
int decoders_init(struct decoders *, enum archive_compression, size_t most,
    size_t size);
void decoders_wipe(struct decoders *);
struct decode *decoders_get(struct decoders *);
struct decode *decoders_must(struct decoders *);
void decoders_put(struct decoders *, struct decode *);

#endif
