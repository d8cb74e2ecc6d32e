/* SPDX-License-Identifier: ISC */
/*
 * How tables are cut.
 *
 * The archive is a stream in the order of its table of contents, so a worker
 * that is ahead can only go on as long as its output fits in memory.  A table
 * must therefore be cut where it is a large part of the whole (or one worker
 * would still be at it when all others are done), and where its output does not
 * fit the memory that all share (or the others would wait for it).  All else is
 * read whole: a plain COPY reads through the server's small ring of buffers and
 * leaves its cache alone, which a range of ctid does not.
 *
 * A task's size follows heap and TOAST together: one page of the heap can stand
 * for megabytes of TOAST.  Several tasks of a worker fit into its share of the
 * memory, so that it can go on while one of them waits for its turn.
 */
#include <stdlib.h>

#include "emit.h"
#include "plan.h"

#define LO_BATCH	128	/* large objects of a task */
#define TOAST_PERCENT	125	/* archive bytes of TOAST bytes: compressed on
				 * the server, in hexadecimal after that */

/* Archive bytes that are expected of an entry. */
static uint64_t
expected(const struct plan_entry *e, unsigned output)
{

	return (e->heap_bytes / 100 * output +
	    (e->bytes - e->heap_bytes) / 100 * TOAST_PERCENT);
}

static uint32_t
step(const struct plan_entry *e, unsigned output)
{
	uint64_t pages, out = expected(e, output);

	if (out <= EMIT_TASK || e->pages == 0)
		return (e->pages);
	pages = (uint64_t)((double)e->pages * EMIT_TASK / (double)out);
	return (pages > 0 ? (uint32_t)pages : 1);
}

void
plan_split(struct plan *p, unsigned jobs, uint32_t page_size, unsigned output,
    uint32_t pages)
{
	struct plan_entry *e;
	uint64_t share;
	size_t i;

	p->bytes = 0;
	for (i = 0; i < p->count; i++)
		p->bytes += p->entries[i].bytes;
	share = p->bytes / (2 * jobs);
	for (i = 0; i < p->count; i++) {
		e = &p->entries[i];
		e->pages = (uint32_t)(e->heap_bytes / page_size);
		e->step = 0;
		if (!e->heap || e->columns[0] == '\0')
			continue;
		if (pages > 0)
			e->step = pages;
		else if (e->bytes > share ||
		    expected(e, output) > (uint64_t)EMIT_SHARE * jobs)
			e->step = step(e, output);
		if (e->step >= e->pages)
			e->step = 0;
		if (e->step != 0)
			e->task_bytes = (uint64_t)((double)expected(e, output) *
			    e->step / e->pages);
	}
}

static void
next_blobs(struct plan *p, struct plan_entry *e, struct task *t)
{
	size_t left = e->lo_count - (size_t)p->next_from;

	t->lo_from = (size_t)p->next_from;
	t->lo_count = left < LO_BATCH ? left : LO_BATCH;
	t->last = t->lo_count == left;
	t->weight = e->lo_count > 0 ? (uint64_t)((double)e->bytes *
	    (double)t->lo_count / (double)e->lo_count) : e->bytes;
	p->next_from += t->lo_count;
}

static void
next_pages(struct plan *p, struct plan_entry *e, struct task *t)
{

	t->from = (uint32_t)p->next_from;
	t->last = e->step == 0 || (uint64_t)t->from + e->step >= e->pages;
	t->split = e->step != 0;
	/* The last one is open: rows may lie behind the pages counted. */
	t->to = t->last ? 0 : t->from + e->step;
	t->weight = e->bytes;
	if (t->split)
		t->weight = (uint64_t)((double)e->bytes *
		    ((t->last ? e->pages : t->to) - t->from) / e->pages);
	p->next_from += e->step;
}

bool
plan_next(struct plan *p, struct task *t)
{
	struct plan_entry *e;

	if (p->next == p->count)
		return (false);
	e = &p->entries[p->next];
	t->entry = e;
	t->first = p->next_from == 0;
	if (e->blobs)
		next_blobs(p, e, t);
	else
		next_pages(p, e, t);
	if (t->last) {
		p->next++;
		p->next_from = 0;
	}
	return (true);
}

struct plan_entry *
plan_peek(const struct plan *p)
{
	struct plan_entry *e;

	if (p->next == p->count)
		return (NULL);
	e = &p->entries[p->next];
	return (e->blobs || e->step == 0 ? NULL : e);
}

void
plan_free(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		free(p->entries[i].label);
		free(p->entries[i].columns);
		free(p->entries[i].name);
		free(p->entries[i].condition);
		free(p->entries[i].loids);
	}
	free(p->entries);
	*p = (struct plan){ NULL, 0, 0, 0, 0, 0 };
}
