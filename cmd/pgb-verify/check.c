/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check-impl.h"
#include "msg.h"

/* What the walker keeps of an entry, for the second table. */
#define WALKER_ENTRY	12	/* bytes */

struct check *
check_new(const struct check_opts *opts, struct findings *f)
{
	struct contents_opts co = { .all_names = opts->all_names };
	struct blocks_opts bo = { .threads = opts->threads,
	    .hash = opts->hash, .max_data = opts->max_data,
	    .starting = opts->starting, .starting_arg = opts->starting_arg };
	struct check *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (NULL);
	c->opts = *opts;
	c->findings = f;
	if ((c->toc = contents_new(&co)) == NULL ||
	    (c->toc_check = toc_check_new(c->toc, f, 0)) == NULL ||
	    (c->blocks = blocks_new(&bo, c->toc, f)) == NULL ||
	    (c->tables = tables_new(opts->max_memory)) == NULL ||
	    (opts->hash && (c->digest = digest_new()) == NULL)) {
		check_free(c);
		return (NULL);
	}
	return (c);
}

void
check_free(struct check *c)
{

	if (c == NULL)
		return;
	blocks_free(c->blocks);
	toc_check_free(c->toc_check);
	tables_free(c->tables);
	contents_free(c->toc);
	digest_free(c->digest);
	free(c);
}

const struct contents *
check_contents(const struct check *c)
{
	return (c->toc);
}

const struct tables *
check_tables(const struct check *c)
{
	return (c->tables);
}

bool
check_is_sql(const struct check *c)
{
	return (c->sql);
}

const struct check_totals *
check_totals(const struct check *c)
{
	return (&c->totals);
}

/* --- what the carrier is told --------------------------------------------- */

const char *
check_fail(struct check *c, const char *why)
{

	if (!c->failed)
		snprintf(c->why, sizeof(c->why), "%s", why);
	c->failed = true;
	return (archive_told);
}

const char *
check_go_on(const struct check *c)
{

	return (findings_stop(c->findings) ? archive_told : NULL);
}

static const char *
on_header(void *arg, const struct archive_header *h)
{
	struct check *c = arg;

	if (contents_set_header(c->toc, h) != 0)
		return (check_fail(c, contents_error(c->toc)));
	if (toc_check_header(c->toc_check, h) != 0)
		return (check_fail(c, toc_check_error(c->toc_check)));
	return (check_go_on(c));
}

/* Of the table of contents, up to now. */
static uint64_t
memory(const struct check *c)
{
	return (contents_memory(c->toc) + toc_check_memory(c->toc_check) +
	    c->totals.entries * WALKER_ENTRY);
}

/* What all count entries need, by those that have gone by. */
static void
too_large(struct check *c, size_t count)
{
	double need = (double)memory(c) / (double)c->totals.entries *
	    (double)count;

	snprintf(c->why, sizeof(c->why), "a table of contents of %zu entries "
	    "needs about %.0f KiB of memory, more than the %llu KiB of "
	    "--max-memory", count, need / 1024 + 1,
	    (unsigned long long)(c->opts.max_memory / 1024));
	c->failed = true;
}

static const char *
on_entry(void *arg, const struct archive_entry *e)
{
	struct check *c = arg;
	uint64_t most = c->opts.max_memory;

	c->totals.entries++;
	if (contents_add(c->toc, e) != 0)
		return (check_fail(c, contents_error(c->toc)));
	if (toc_check_entry(c->toc_check, e) != 0)
		return (check_fail(c, toc_check_error(c->toc_check)));
	if (most > 0 && memory(c) > most) {
		too_large(c, e->count);
		return (archive_told);
	}
	return (check_go_on(c));
}

static const char *
on_toc_end(void *arg, size_t count)
{
	struct check *c = arg;

	(void)count;
	if (contents_end(c->toc) != 0)
		return (check_fail(c, contents_error(c->toc)));
	if (toc_check_end(c->toc_check) != 0)
		return (check_fail(c, toc_check_error(c->toc_check)));
	tables_use(c->tables, c->toc);
	return (check_go_on(c));
}

static const char *
of_blocks(struct check *c, int rc)
{

	if (rc == 0)
		return (NULL);
	if (blocks_error(c->blocks) != NULL)
		return (check_fail(c, blocks_error(c->blocks)));
	return (archive_told);
}

/* Blocks come in the order of their entries, which the walker has seen to. */
static const char *
on_block(void *arg, int32_t id, uint64_t at)
{
	struct check *c = arg;

	(void)id;
	return (of_blocks(c, blocks_begin(c->blocks, c->block++, at)));
}

static const char *
on_data(void *arg, int32_t id, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t at)
{
	struct check *c = arg;

	(void)id;
	return (of_blocks(c, blocks_data(c->blocks, loid, buf, len, at)));
}

static const char *
on_data_end(void *arg, int32_t id, uint32_t loid)
{
	struct check *c = arg;

	(void)id;
	return (of_blocks(c, blocks_stream_end(c->blocks, loid)));
}

static const char *
on_block_end(void *arg, int32_t id)
{
	struct check *c = arg;

	(void)id;
	return (of_blocks(c, blocks_end(c->blocks)));
}

static const char *
on_again(void *arg, uint64_t at)
{
	struct check *c = arg;
	struct place p = { .has_at = true, .at = at };

	c->totals.again = true;
	if (of_blocks(c, blocks_drain(c->blocks)) != NULL)
		return (archive_told);
	finding(c->findings, FIND_NOTE, &p, "pg_restore does not read it, and "
	    "so must search the file for each table", "a second table of "
	    "contents, as pg_dump 16 and newer append it to a redirected file");
	return (check_go_on(c));
}

const struct archive_watch check_watch = {
	.all_sql = true,
	.header = on_header,
	.entry = on_entry,
	.toc_end = on_toc_end,
	.block = on_block,
	.data = on_data,
	.data_end = on_data_end,
	.block_end = on_block_end,
	.again = on_again,
};

/* --- afterwards ----------------------------------------------------------- */

enum status
check_drain(struct check *c)
{

	if (!c->failed && of_blocks(c, blocks_drain(c->blocks)) != NULL &&
	    findings_errors(c->findings) == 0 && !c->failed)
		(void)check_fail(c, "stopped");
	if (!c->sql)
		c->totals.data = *blocks_totals(c->blocks);
	if (findings_errors(c->findings) > 0)
		return (STATUS_DATA);
	if (c->failed) {
		msg_error("stdin: %s", c->why);
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

static const char *
plural(uint64_t n)
{
	return (n == 1 ? "" : "s");
}

/* What carries no checksum, and how much of it there is. */
static void
no_checksum(const struct check *c, enum archive_compression compression,
    void (*tell)(void *arg, const char *sentence), void *arg)
{
	const struct blocks_totals *n = &c->totals.data;
	char text[200], objects[64] = "";

	if (n->objects_unchecked > 0)
		snprintf(objects, sizeof(objects), "%s%llu large object%s",
		    n->unchecked > 0 ? ", " : "",
		    (unsigned long long)n->objects_unchecked,
		    plural(n->objects_unchecked));
	if (n->unchecked == 0)
		snprintf(text, sizeof(text), "%s payload carries no checksum: "
		    "%s", compression == ARCHIVE_NONE ? "uncompressed" :
		    contents_compression(compression), objects);
	else
		snprintf(text, sizeof(text), "%s payload carries no checksum: "
		    "%llu table%s%s", compression == ARCHIVE_NONE ?
		    "uncompressed" : contents_compression(compression),
		    (unsigned long long)n->unchecked, plural(n->unchecked),
		    objects);
	tell(arg, text);
}

void
check_each_unchecked(const struct check *c,
    void (*tell)(void *arg, const char *sentence), void *arg)
{
	const struct archive_header *h = contents_header(c->toc);
	const struct blocks_totals *n = &c->totals.data;
	const struct encoding *e = c->sql ? c->encoding :
	    contents_encoding(c->toc);

	if (h != NULL)
		tell(arg, "the table of contents carries no checksum");
	if (h != NULL && (n->unchecked > 0 || n->objects_unchecked > 0))
		no_checksum(c, h->compression, tell, arg);
	if (c->sql)
		tell(arg, "plain SQL carries no checksum");
	if (c->sql)
		tell(arg, "large objects of plain SQL are not counted");
	if (h == NULL && !c->sql)
		tell(arg, "there is no dump to look into");
	if (c->sql && c->totals.inserts > 0)
		tell(arg, "rows of INSERT statements are not counted");
	if ((h != NULL || c->sql) && n->tables > 0 &&
	    (e == NULL || !encoding_is_checked(e)))
		tell(arg, "in the encoding of this dump no byte is wrong");
}

struct teller {
	struct findings *f;
	bool archive;
};

/* Only what is not so by the format itself is worth a line each night. */
static void
as_note(void *arg, const char *sentence)
{
	static const struct place nowhere;
	const struct teller *t = arg;

	if (t->archive && strstr(sentence, "payload") != NULL)
		finding(t->f, FIND_NOTE, &nowhere, NULL, "%s", sentence);
	else
		msg_verbose("stdin: not checked: %s", sentence);
}

void
check_unchecked(struct check *c)
{
	struct teller t = { c->findings, contents_header(c->toc) != NULL };

	check_each_unchecked(c, as_note, &t);
}

int
check_list(const struct check *c,
    int (*emit)(void *arg, const char *line, size_t len), void *arg)
{

	if (c->sql)
		return (tables_list(c->tables, emit, arg));
	return (contents_list(c->toc, emit, arg));
}
