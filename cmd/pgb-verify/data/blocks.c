/* SPDX-License-Identifier: ISC */
/*
 * An archive is inflated several times slower than it is read, so this is where
 * the time goes, and what is worth more than one thread.
 *
 * The bytes of each compressed stream (a table's data, a large object) are cut
 * into jobs of 128 KiB.  A job is done in two steps (mill.c): it is decoded;
 * then, in the order of the archive, its text is looked at.  Decoding needs
 * what was decoded before, so the jobs of a stream form a chain: one decoder
 * goes from job to job.  A chain of its own begins with each stream and, as a
 * guess, wherever pgb-dump may have begun a piece that knows nothing of what is
 * in front of it. So two chains of one stream are decoded at the same time.
 *
 * No verdict depends on a guess.  In the second step, where the stream's true
 * decoder is known, a guess is taken for right only if the true decoder has
 * come to an edge in front of it, and enough of it was decoded well to know
 * that it needs nothing from there.  Otherwise the chain is void: what its
 * first steps made is thrown away, and the true decoder, the serial one, goes
 * on through its jobs in the second step.  Then nothing is gained, and nothing
 * lost.  With one thread nothing is guessed.
 *
 * Memory is bounded by the ring: a job whose text is larger than its room is
 * decoded to its end in its second step, one room after the other.  Whatever
 * asks for a large window is decoded by the serial decoder, of which there is
 * one.
 *
 * What is found is kept in the job and printed by the main thread when the job
 * comes back, in order; so any number of threads finds the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "data/blocks-impl.h"

#define IN_SIZE		((size_t)128 * 1024)
#define OUT_MOST	((size_t)1024 * 1024)
#define OUT_ALL		((size_t)40 * 1024 * 1024)	/* of all jobs */
#define MARKS_MOST	2048	/* chunks of a job, however small they are */
#define JOBS_ALONE	2
#define JOBS_THREAD	12	/* a piece of pgb-dump is up to 8 jobs */
#define JOBS_MOST	96	/* 12 MiB of input */
#define DECODERS_MOST	4	/* where each may have a window of 8 MiB */

static const char no_memory[] = "no memory to check the data";

struct blocks *
blocks_new(const struct blocks_opts *opts, struct contents *toc,
    struct findings *f)
{
	struct blocks *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return (NULL);
	b->opts = *opts;
	b->toc = toc;
	b->findings = f;
	b->job_count = opts->threads == 1 ? JOBS_ALONE :
	    opts->threads * JOBS_THREAD;
	if (b->job_count > JOBS_MOST)
		b->job_count = JOBS_MOST;
	b->in_size = IN_SIZE;
	b->out_size = OUT_ALL / b->job_count;
	if (b->out_size > OUT_MOST)
		b->out_size = OUT_MOST;
	if (opts->hash && (b->stream.digest = digest_new()) == NULL) {
		blocks_free(b);
		return (NULL);
	}
	return (b);
}

void
blocks_free(struct blocks *b)
{
	size_t i;

	if (b == NULL)
		return;
	atomic_store(&b->stop, true);
	mill_free(b->mill);
	for (i = 0; b->jobs != NULL && i < b->job_count; i++) {
		free(b->jobs[i].in);
		free(b->jobs[i].out);
		free(b->jobs[i].marks);
	}
	for (i = 0; b->chains != NULL && i <= b->job_count; i++)
		decode_free(b->chains[i].dec);
	decode_free(b->serial);
	decoders_wipe(&b->decoders);
	digest_free(b->stream.digest);
	free(b->chains);
	free(b->jobs);
	free(b);
}

const char *
blocks_error(const struct blocks *b)
{
	return (b->error);
}

const struct blocks_totals *
blocks_totals(const struct blocks *b)
{
	return (&b->totals);
}

static int
fail_memory(struct blocks *b)
{

	b->error = no_memory;
	return (-1);
}

/* Rings, and threads: not before there is something to do. */
static int
start(struct blocks *b)
{
	static const struct mill_ops ops = { blocks_one, blocks_two };
	void **pointers;
	size_t i;

	if (b->opts.starting != NULL)
		b->opts.starting(b->opts.starting_arg);
	b->compression = contents_header(b->toc)->compression;
	b->jobs = calloc(b->job_count, sizeof(*b->jobs));
	b->chains = calloc(b->job_count + 1, sizeof(*b->chains));
	pointers = calloc(b->job_count, sizeof(*pointers));
	if (b->jobs != NULL && b->chains != NULL && pointers != NULL &&
	    decoders_init(&b->decoders, b->compression,
	    b->compression == ARCHIVE_GZIP ? b->job_count : DECODERS_MOST,
	    b->job_count) == 0) {
		for (i = 0; i < b->job_count; i++)
			pointers[i] = &b->jobs[i];
		b->mill = mill_new(b->opts.threads, pointers, b->job_count,
		    &ops, b);
	}
	free(pointers);
	if (b->mill != NULL)
		return (0);
	b->error = errno == EAGAIN ? "no thread to check the data with" :
	    no_memory;
	return (-1);
}

/* --- jobs that come back -------------------------------------------------- */

static void
tell(struct blocks *b, const struct job *j, const struct fault *f)
{
	struct place p = { .has_at = true, .at = f->at, .row = f->row,
	    .loid = j->loid };
	char name[300];

	contents_describe(b->toc, j->entry, name, sizeof(name));
	p.entry = contents_data(b->toc, j->entry)->id;
	p.name = name;
	finding(b->findings, FIND_ERROR, &p, f->restore, "%s", f->what);
}

/* The oldest job back, where it is done: whether one came. */
static bool
reap(struct blocks *b, bool wait)
{
	struct job *j = mill_take(b->mill, wait);
	size_t i;

	if (j == NULL)
		return (false);
	for (i = 0; i < j->fault_count && !findings_stop(b->findings); i++)
		tell(b, j, &j->faults[i]);
	if (j->no_memory)
		b->error = no_memory;
	/* No job of the chain before is in work any more. */
	if (j->chain != b->reaped && b->reaped != NULL) {
		decoders_put(&b->decoders, b->reaped->dec);
		b->reaped->dec = NULL;
		b->reaped->used = false;
	}
	b->reaped = j->chain;
	mill_drop(b->mill);
	return (true);
}

static int
over(const struct blocks *b)
{
	return (b->error != NULL || findings_stop(b->findings) ? -1 : 0);
}

int
blocks_drain(struct blocks *b)
{

	while (b->mill != NULL && reap(b, true))
		continue;
	return (over(b));
}

/* --- filling -------------------------------------------------------------- */

static struct chain *
new_chain(struct blocks *b)
{
	struct chain *c = b->chains;

	/* As many as jobs, and the one that was reaped last. */
	while (c->used)
		c++;
	c->used = true;
	c->failed = false;
	atomic_store(&c->is_void, false);
	return (c);
}

/* The next job to fill, of the chain that goes on, or of a new one. */
static int
next_job(struct blocks *b, bool begins)
{
	struct job *j;

	while ((j = mill_next(b->mill)) == NULL)
		(void)reap(b, true);
	if (j->in == NULL && (j->in = malloc(b->in_size)) == NULL)
		return (fail_memory(b));
	if (b->compression != ARCHIVE_NONE && j->out == NULL &&
	    (j->out = malloc(b->out_size)) == NULL)
		return (fail_memory(b));
	if (begins)
		b->chain = new_chain(b);
	j->chain = b->chain;
	j->mill.chained = !begins;
	j->entry = b->entry;
	j->loid = b->loid;
	j->block_at = b->block_at;
	j->begins = begins;
	j->first = j->last = false;
	j->in_len = j->mark_count = j->fault_count = 0;
	j->edge = j->unchecked = j->ended = j->no_memory = false;
	b->job = j;
	return (0);
}

static void
put_job(struct blocks *b)
{

	b->job = NULL;
	mill_put(b->mill);
	while (reap(b, false))
		continue;
}

static int
mark(struct blocks *b, struct job *j)
{
	struct chunk_mark *m;
	size_t size;

	if (j->mark_count == j->mark_size) {
		size = j->mark_size < 64 ? 64 : 2 * j->mark_size;
		m = reallocarray(j->marks, size, sizeof(*m));
		if (m == NULL)
			return (fail_memory(b));
		j->marks = m;
		j->mark_size = size;
	}
	m = &j->marks[j->mark_count++];
	m->pos = (uint32_t)j->in_len;
	m->skip = b->chunk_pos;
	m->at = b->chunk_at;
	return (0);
}

/* Bytes of the chunk that is being read. */
static int
add(struct blocks *b, const uint8_t *buf, size_t len)
{
	size_t n;

	for (; len > 0; buf += n, len -= n) {
		if (b->job->in_len == b->in_size ||
		    (b->chunk_pos == 0 && b->job->mark_count == MARKS_MOST)) {
			put_job(b);
			if (over(b) != 0 || next_job(b, false) != 0)
				return (-1);
		}
		if ((b->chunk_pos == 0 || b->job->in_len == 0) &&
		    mark(b, b->job) != 0)
			return (-1);
		n = b->in_size - b->job->in_len;
		if (n > len)
			n = len;
		memcpy(b->job->in + b->job->in_len, buf, n);
		b->job->in_len += n;
		b->chunk_pos += (uint32_t)n;
	}
	return (0);
}

/* A chunk begins where a piece may begin: with a job, and where that is likely,
 * with several threads, with a chain. */
static int
cut(struct blocks *b, bool likely)
{
	bool guess = likely && b->opts.threads > 1 &&
	    !atomic_load(&b->no_guess);

	if (b->job->in_len == 0 || (b->compression == ARCHIVE_GZIP &&
	    b->job->in_len < b->in_size / 4))
		return (0);
	put_job(b);
	return (over(b) != 0 ? -1 : next_job(b, guess));
}

/* The first bytes of a chunk are there, four at least where it has so many. */
static int
begin_chunk(struct blocks *b)
{

	b->peeking = false;
	if (decode_may_begin(b->compression, b->before, b->peek,
	    b->peek_len) && cut(b, b->peek_len == sizeof(b->peek)) != 0)
		return (-1);
	return (add(b, b->peek, b->peek_len));
}

/* What was in front of a chunk that begins now: the last bytes of the
 * stream. */
static void
remember(struct blocks *b)
{
	const struct job *j = b->job;

	memset(b->before, 1, sizeof(b->before));
	if (j->in_len >= sizeof(b->before))
		memcpy(b->before, j->in + j->in_len - sizeof(b->before),
		    sizeof(b->before));
}

static int
open_stream(struct blocks *b, uint32_t loid)
{

	b->open = true;
	b->loid = loid;
	b->chunk_at = 0;
	b->peeking = false;
	if (next_job(b, true) != 0)
		return (-1);
	b->job->first = true;
	return (0);
}

int
blocks_begin(struct blocks *b, size_t n, uint64_t at)
{

	if (b->mill == NULL && start(b) != 0)
		return (-1);
	b->entry = n;
	b->block_at = at;
	b->open = false;
	b->next_loid = 0;
	atomic_store(&b->no_guess, false);
	b->totals.blocks++;
	return (0);
}

int
blocks_data(struct blocks *b, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t chunk_at)
{
	size_t n;

	if (!b->open && open_stream(b, loid) != 0)
		return (-1);
	if (chunk_at != b->chunk_at) {
		if (b->peeking && begin_chunk(b) != 0)
			return (-1);
		remember(b);
		b->chunk_at = chunk_at;
		b->chunk_pos = 0;
		b->peek_len = 0;
		b->peeking = true;
	}
	if (b->peeking) {
		n = sizeof(b->peek) - b->peek_len;
		if (n > len)
			n = len;
		memcpy(b->peek + b->peek_len, buf, n);
		b->peek_len += n;
		buf += n;
		len -= n;
		if (b->peek_len < sizeof(b->peek))
			return (0);
		if (begin_chunk(b) != 0)
			return (-1);
	}
	return (add(b, buf, len));
}

/* --- large objects -------------------------------------------------------- */

/* Find something now: but first what is in front of it. */
static void
say_object(struct blocks *b, uint32_t loid, const char *what,
    const char *restore)
{
	const struct contents_data *d = contents_data(b->toc, b->entry);
	struct place p = { .entry = d->id, .loid = loid };
	char name[300];

	if (blocks_drain(b) != 0)
		return;
	contents_describe(b->toc, b->entry, name, sizeof(name));
	p.name = name;
	p.has_at = true;
	p.at = b->chunk_at > 0 ? b->chunk_at : b->block_at;
	finding(b->findings, FIND_ERROR, &p, restore, "%s", what);
}

/* Up to which of the list the objects have come: those passed over are
 * missing. */
static void
pass_objects(struct blocks *b, uint32_t until, bool all)
{
	const struct contents_data *d = contents_data(b->toc, b->entry);
	const uint32_t *v = contents_loids(b->toc) + d->loids_from;
	uint64_t missing = 0;
	uint32_t first = 0;

	for (; b->next_loid < d->loids && (all || v[b->next_loid] < until);
	    b->next_loid++)
		if (missing++ == 0)
			first = v[b->next_loid];
	if (missing > 0)
		say_object(b, first, missing == 1 ? "its contents are missing" :
		    "its contents, and those of others behind it, are missing",
		    "the object is restored empty");
}

static int
check_object(struct blocks *b, uint32_t loid)
{
	const struct contents_data *d = contents_data(b->toc, b->entry);
	const uint32_t *v = contents_loids(b->toc) + d->loids_from;

	if (!d->loids_known)
		return (over(b));
	pass_objects(b, loid, false);
	if (b->next_loid < d->loids && v[b->next_loid] == loid)
		b->next_loid++;
	else
		say_object(b, loid, "no entry speaks of this object, or not "
		    "in this place", "pg_restore stops here");
	return (over(b));
}

/* --- ends ----------------------------------------------------------------- */

int
blocks_stream_end(struct blocks *b, uint32_t loid)
{

	if (!b->open && open_stream(b, loid) != 0)
		return (-1);
	if (b->peeking && begin_chunk(b) != 0)
		return (-1);
	b->open = false;
	b->job->last = true;
	put_job(b);
	if (loid != 0 && check_object(b, loid) != 0)
		return (-1);
	return (over(b));
}

int
blocks_end(struct blocks *b)
{
	const struct contents_data *d = contents_data(b->toc, b->entry);

	if (!d->is_blobs)
		return (over(b));
	b->chunk_at = 0;
	if (d->loids_known)
		pass_objects(b, 0, true);
	return (over(b));
}
