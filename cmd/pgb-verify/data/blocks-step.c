/* SPDX-License-Identifier: ISC */
/*
 * The two steps of a job; blocks.c has the essay.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l.h>
#include <zlib.h>

#include "data/blocks-impl.h"
#include "sig.h"

/* Deflate looks back no further: behind so much text a piece that was begun as
 * a guess knows all that a decoder of the whole stream knows. */
#define HISTORY		((size_t)32 * 1024)

/* --- faults --------------------------------------------------------------- */

/* Where in the archive a byte of the job is; where it is compressed, the chunk
 * that it is in. */
static uint64_t
place_of(const struct blocks *b, const struct job *j, size_t pos)
{
	size_t lo = 0, hi = j->mark_count, mid;
	const struct chunk_mark *m;

	if (hi == 0)
		return (j->block_at);
	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (j->marks[mid].pos <= pos)
			lo = mid;
		else
			hi = mid;
	}
	m = &j->marks[lo];
	if (b->compression != ARCHIVE_NONE)
		return (m->at);
	return (m->at + m->skip + (pos - m->pos));
}

__attribute__((format(printf, 5, 6)))
static void
add_fault(struct job *j, uint64_t at, uint64_t row, const char *restore,
    const char *fmt, ...)
{
	struct fault *f;
	va_list ap;

	if (j->fault_count == FAULTS)
		return;
	f = &j->faults[j->fault_count++];
	f->at = at;
	f->row = row;
	f->restore = restore;
	va_start(ap, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
}

static void
decode_fault(struct blocks *b, struct job *j, const struct decode *d)
{
	/* What stopped it is behind the last byte that it took. */
	size_t pos = j->taken > 0 ? j->taken - 1 : 0;

	b->dead = true;
	if (d != NULL && !decode_no_memory(d))
		add_fault(j, place_of(b, j, pos), 0, decode_restore(d), "%s",
		    decode_why(d));
	else
		j->no_memory = true;
}

/* --- decoding ------------------------------------------------------------- */

/* Up to where the decoder is to be given bytes at once. */
static size_t
run_end(const struct job *j, const struct decode *d, size_t *mark)
{
	if (!decode_minds_chunks(d))
		return (j->in_len);
	while (*mark < j->mark_count && j->marks[*mark].pos <= j->taken)
		(*mark)++;
	return (*mark < j->mark_count ? j->marks[*mark].pos : j->in_len);
}

/* Decode until the input is taken or the output is full. */
static void
run(const struct blocks *b, struct job *j, struct decode *d)
{
	uint8_t *out = j->out + j->out_len;
	size_t room = b->out_size - j->out_len, mark = 0, left, end;
	const uint8_t *in;

	do {
		end = run_end(j, d, &mark);
		if (mark > 0 && j->marks[mark - 1].pos == j->taken &&
		    j->marks[mark - 1].skip == 0)
			decode_chunk_end(d);
		in = j->in + j->taken;
		left = end - j->taken;
		j->result = decode_run(d, &in, &left, &out, &room);
		j->taken = (size_t)(in - j->in);
		j->out_len = b->out_size - room;
	} while (j->result == DECODE_DRAINED && j->taken < j->in_len);
	j->edge = decode_is_edge(d);
	j->unchecked = !decode_has_check(d);
	/* While it is in the cache of who has made it. */
	if (b->compression == ARCHIVE_GZIP)
		j->adler = isal_adler32(1, j->out, j->out_len);
}

static int
how_to_begin(const struct blocks *b, const struct job *j)
{
	int how = j->first ? 0 : DECODE_MIDST;

	return (b->opts.threads > 1 ? how | DECODE_SMALL : how);
}

bool
blocks_one(void *arg, void *job)
{
	struct blocks *b = arg;
	struct job *j = job;
	struct chain *c = j->chain;

	j->out_len = j->taken = 0;
	if (b->compression == ARCHIVE_NONE)
		return (true);
	j->result = DECODE_FAILED;
	if (c->failed || atomic_load(&c->is_void))
		return (true);
	if (j->begins && (c->dec = decoders_get(&b->decoders)) != NULL)
		decode_begin(c->dec, how_to_begin(b, j));
	if (c->dec == NULL) {
		c->failed = true;
		return (true);
	}
	run(b, j, c->dec);
	if (j->result == DECODE_FAILED)
		c->failed = true;
	/* Others hold much memory: give it back as soon as can be. */
	if (j->last && j->result == DECODE_DRAINED &&
	    b->compression != ARCHIVE_GZIP && decode_end(c->dec, 0) == 0) {
		j->ended = true;
		decoders_put(&b->decoders, c->dec);
		c->dec = NULL;
	}
	return (j->result != DECODE_FULL);
}

/* --- in order ------------------------------------------------------------- */

/* Where a fault of the text is: exactly, where that can be said. */
static uint64_t
text_place(const struct blocks *b, const struct job *j, uint64_t at,
    uint64_t before)
{
	if (b->compression == ARCHIVE_NONE && at >= before)
		return (place_of(b, j, (size_t)(at - before)));
	return (place_of(b, j, 0));
}

static void
consume(struct blocks *b, struct job *j, const uint8_t *buf, size_t len)
{
	uint64_t before = b->stream.bytes;
	const struct rows_fault *f;

	if (b->compression == ARCHIVE_GZIP && len > 0)
		b->adler = (uint32_t)adler32_combine(b->adler, j->adler,
		    (z_off_t)len);
	b->totals.data += len;
	stream_feed(&b->stream, buf, len);
	if (b->opts.max_data > 0 && b->totals.data > b->opts.max_data) {
		b->dead = true;
		if (b->full)
			return;
		b->full = true;
		add_fault(j, place_of(b, j, 0), 0, NULL, "decompresses to more "
		    "than the %llu bytes of --max-data",
		    (unsigned long long)b->opts.max_data);
		return;
	}
	if (!b->told && stream_faults(&b->stream, &f) > 0) {
		b->told = true;
		add_fault(j, text_place(b, j, f->at, before), f->row,
		    f->restore, f->column > 0 ? "%s, in column %zu" : "%s",
		    f->what, f->column);
	}
}

/*
 * The decoder that has come to this job's end.  Looked for only where no first
 * step can be at work with it: where this one is not complete, has failed, or
 * is the chain's last.
 */
static struct decode *
decoder(const struct blocks *b, const struct job *j)
{
	return (atomic_load(&j->chain->is_void) ? b->serial : j->chain->dec);
}

/* Do not use what first steps made of this chain, but decode it with d: NULL: a
 * new one, begun as `how` says. */
static void
make_void(struct blocks *b, struct job *j, struct decode *d, int how)
{

	atomic_store(&j->chain->is_void, true);
	if (d == NULL && (d = decoders_must(&b->decoders)) != NULL)
		decode_begin(d, how);
	b->serial = d;
}

/*
 * Only the serial decoder may take a large window.  Frames of zstd begin with a
 * job (see cut()), in front of which any decoder will do: so the job is done
 * again, and its chain is void from here on.
 */
static bool
widen(struct blocks *b, struct job *j)
{
	const struct decode *d = decoder(b, j);

	if (d == NULL || !decode_was_too_small(d) || !b->edge)
		return (false);
	if (atomic_load(&j->chain->is_void))
		decoders_put(&b->decoders, b->serial);
	make_void(b, j, NULL, j->first ? 0 : DECODE_MIDST);
	j->out_len = j->taken = 0;
	j->result = DECODE_FULL;
	return (b->serial != NULL);
}

/* Take the job's text, and decode what is left of it. */
static void
digest(struct blocks *b, struct job *j)
{
	bool fed = false;

	for (;;) {
		fed |= j->out_len > 0;
		consume(b, j, j->out, j->out_len);
		j->out_len = 0;
		/* There may be much of it: somebody may not want to wait. */
		if (atomic_load(&b->stop) || sig_caught() != 0)
			b->dead = true;
		if (b->dead)
			return;
		if (j->result == DECODE_FAILED && !fed && widen(b, j))
			continue;
		if (j->result == DECODE_FAILED) {
			decode_fault(b, j, decoder(b, j));
			return;
		}
		if (j->result == DECODE_DRAINED && j->taken == j->in_len)
			break;
		run(b, j, decoder(b, j));
	}
	b->edge = j->edge;
	if (j->unchecked)
		b->unchecked = true;
}

/* The decoder that has seen all of the stream up to the last chain's end: taken
 * from where it is. */
static struct decode *
take_true(struct blocks *b)
{
	struct decode *d = b->serial;

	if (b->prev == NULL || atomic_load(&b->prev->is_void)) {
		b->serial = NULL;
		return (d);
	}
	d = b->prev->dec;
	b->prev->dec = NULL;
	return (d);
}

/* A chain begins: whether it was begun rightly. */
static void
enter(struct blocks *b, struct job *j)
{
	bool good = j->result != DECODE_FAILED;
	struct decode *d = take_true(b);	/* none, where first */

	if (j->first) {
		if (!good)
			make_void(b, j, NULL, 0);
	} else if (!b->dead && good && b->edge &&
	    (b->compression != ARCHIVE_GZIP || j->out_len >= HISTORY ||
	    j->result == DECODE_FULL || j->last)) {
		decoders_put(&b->decoders, d);
	} else {
		atomic_store(&b->no_guess, true);
		make_void(b, j, d, DECODE_MIDST);
	}
	b->prev = j->chain;
}

static void
begin_stream(struct blocks *b, const struct job *j)
{
	const struct contents_data *d = contents_data(b->toc, j->entry);

	stream_begin(&b->stream, d, b->toc);
	b->adler = 1;
	b->stream_stored = 0;
	b->dead = b->told = b->edge = false;
	b->unchecked = b->compression == ARCHIVE_NONE;
}

/* The entry's hash, for the report. */
static void
keep_hash(struct blocks *b, struct job *j, struct contents_data *d)
{

	if (b->stream.digest == NULL || b->dead)
		return;
	d->hash = malloc(DIGEST_LEN);
	if (d->hash == NULL || digest_end(b->stream.digest, d->hash) == -1)
		j->no_memory = true;
}

static void
end_table(struct blocks *b, struct job *j, struct contents_data *d)
{
	const struct stream *s = &b->stream;
	bool copy = s->kind == STREAM_COPY;

	d->seen = true;
	d->rows = copy ? s->rows.count : s->inserts.count;
	d->bytes = copy ? s->rows.bytes : s->inserts.bytes;
	d->stored = b->stream_stored;
	b->totals.tables++;
	b->totals.rows += d->rows;
	b->totals.bytes += d->bytes;
	b->totals.unchecked += b->unchecked;
	keep_hash(b, j, d);
}

static void
end_object(struct blocks *b, struct contents_data *d)
{

	d->seen = true;
	d->rows++;
	d->bytes += b->stream.bytes;
	d->stored += b->stream_stored;
	b->totals.large_objects++;
	b->totals.object_bytes += b->stream.bytes;
	b->totals.objects_unchecked += b->unchecked;
}

/* What the text as a whole is. */
static void
end_text(struct blocks *b, struct job *j)
{
	const struct rows_fault *f;
	uint64_t n;

	stream_end(&b->stream);
	n = stream_faults(&b->stream, &f);
	if (n > 0 && !b->told)
		add_fault(j, place_of(b, j, j->in_len), f->row, f->restore,
		    "%s", f->what);
	else if (n > 1)
		add_fault(j, place_of(b, j, j->in_len), 0, NULL,
		    "%llu rows are at fault in all", (unsigned long long)n);
}

static void
end_stream(struct blocks *b, struct job *j)
{
	struct contents_data *d = contents_data(b->toc, j->entry);
	struct decode *dec;

	if (!b->dead && b->compression != ARCHIVE_NONE && !j->ended) {
		dec = decoder(b, j);
		if (dec == NULL || decode_end(dec, b->adler) != 0)
			decode_fault(b, j, dec);
	}
	if (!b->dead)
		end_text(b, j);
	if (d->is_blobs)
		end_object(b, d);
	else
		end_table(b, j, d);
}

void
blocks_two(void *arg, void *job)
{
	struct blocks *b = arg;
	struct job *j = job;

	if (j->first)
		begin_stream(b, j);
	b->stream_stored += j->in_len;
	b->totals.stored += j->in_len;
	if (b->compression == ARCHIVE_NONE) {
		if (!b->dead)
			consume(b, j, j->in, j->in_len);
	} else {
		if (j->begins)
			enter(b, j);
		if (atomic_load(&j->chain->is_void)) {
			j->out_len = j->taken = 0;
			j->ended = false;
			j->result = b->serial != NULL ? DECODE_FULL :
			    DECODE_FAILED;
		}
		if (!b->dead)
			digest(b, j);
	}
	if (!j->last)
		return;
	end_stream(b, j);
	/* Chains are used again: none is looked at beyond its stream. */
	decoders_put(&b->decoders, take_true(b));
	b->prev = NULL;
}
