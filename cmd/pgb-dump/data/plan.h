/* SPDX-License-Identifier: ISC */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is to be read from the server, in the order of the archive: the entries
 * that have data, each cut into tasks.
 */

/* An entry of the archive with data: a table, or large objects. */
struct plan_entry {
	int32_t id;		/* dump ID */
	uint32_t oid;		/* of the table */
	bool blobs;
	char *label;		/* "public.t", for messages */
	char *columns;		/* "(a, b)" as in the archive, or "" */
	uint64_t offset_at;	/* where the archive's table of contents has
				 * the block's offset */
	uint64_t block_at;	/* where the block is; 0: not yet written */

	/* From the server. */
	char *name;		/* qualified and quoted */
	char *condition;	/* of an extension's configuration table */
	char relkind;
	bool found;
	bool heap;		/* rows lie by ctid, and nothing hides them */
	bool policies;		/* row security may apply */
	bool rewritten;		/* since the snapshot was taken */
	uint64_t heap_bytes;
	uint64_t bytes;		/* with TOAST; large objects: an estimate */
	uint32_t pages;

	uint32_t step;		/* pages of a task; 0: not cut */
	uint64_t task_bytes;	/* archive bytes expected of such a task */
	size_t most_slabs;	/* what one has made so far: of emit.c */
	uint32_t *loids;	/* large objects */
	size_t lo_count;
};

struct plan {
	struct plan_entry *entries;
	size_t count, room;
	uint64_t bytes;		/* of all */
	size_t next;		/* entry of the next task, */
	uint64_t next_from;	/* and its first page or large object */
};

struct slab;
struct emit;

/* A part of an entry that one worker reads at once. */
struct task {
	struct plan_entry *entry;
	uint32_t from, to;	/* pages; to 0: to the end */
	size_t lo_from, lo_count;
	bool split;		/* one of several of a table */
	bool first, last;	/* of the entry */
	uint64_t weight;	/* bytes of the relation */

	/* The lane: of emit.c. */
	struct emit *emit;
	struct task *next;
	size_t reserved;	/* slabs that are kept for it; under the lock */
	size_t taken;		/* slabs that it has had */
	uint64_t came;		/* bytes of rows, of the worker; */
	uint64_t shown;		/* as of the last chunk, under the lock */
	struct slab *slabs, *slab;	/* all; that being filled */
	uint8_t *chunk;		/* length of the chunk being written */
	size_t chunk_len;
	bool done;
	uint32_t check;
	uint64_t text;
};

/*
 * plan_split(plan, jobs, page_size, output, pages):
 * Decide which tables are cut, once the server's figures are there.  output:
 * archive bytes expected of a heap byte, in percent.  pages: of a task, 0: our
 * choice.
 */
void plan_split(struct plan *, unsigned jobs, uint32_t page_size,
    unsigned output, uint32_t pages);

/* The next task into *t: false when there is none.  The caller locks. */
bool plan_next(struct plan *, struct task *);

/* The entry of the next task, if that is one of several of a table, or NULL. */
struct plan_entry *plan_peek(const struct plan *);

void plan_free(struct plan *);

#endif
