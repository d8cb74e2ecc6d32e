/* SPDX-License-Identifier: ISC */
/*
 * An archive on its way to stdout, or into a file.
 *
 * The pump moves it and holds back its tail; what this room adds is that the
 * tail goes out only when all that worked at it has ended well (on_eof, before
 * the pump looks for the proof in the archive itself) and the archive holds
 * what was asked for (on_finish).  The snapshot's session lives until then.
 *
 * Where the archive lands in a regular file from its first byte on, the places
 * of its blocks are put into its table of contents at last, so that pg_restore
 * need not search.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "carrier/carrier.h"
#include "data/source.h"
#include "fdio.h"
#include "msg.h"
#include "progress/progress.h"
#include "publish.h"
#include "pump.h"
#include "walls.h"

#define OFFSET_LEN	9	/* a flag and eight bytes */
#define OFFSET_SET	2

/* The argument of the pump's calls. */
struct work {
	struct job job;
	struct source source;
	struct record *record;
	struct publish *file;	/* -f, or NULL */
	bool seeks;		/* offsets can be put in */
	bool named;		/* the file has its name */
};

static enum status
on_read(void *arg, void *buf, size_t len, size_t *got)
{
	struct work *w = arg;

	return (source_read(&w->source, buf, len, got));
}

static enum status
on_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct work *w = arg;

	(void)p;
	return (publish_write(w->file, buf, len));
}

static enum status
on_eof(void *arg, struct pump *p)
{
	struct work *w = arg;

	(void)p;
	return (source_end(&w->source));
}

static enum status
on_globals_eof(void *arg, struct pump *p)
{
	struct work *w = arg;

	(void)p;
	return (stock_end(&w->job.stock));
}

static bool
on_messages(void *arg)
{
	struct work *w = arg;

	return (stock_relay(&w->job.stock));
}

/* An archive that restores to nothing is no backup, unless it was meant. */
static enum status
check_content(const struct work *w)
{
	const struct job *j = &w->job;
	const struct options *o = j->o;
	const char *database = pg_database(j->pg);

	if (w->source.newer)
		return (STATUS_OK);
	/* Whatever came of the words that were handed on. */
	if (carrier_archive(j->carrier) == NULL) {
		msg_error("%s: pg_dump wrote %s, not a custom archive",
		    database, carrier_name(j->carrier));
		return (STATUS_DATA);
	}
	if (o->allow_empty)
		return (STATUS_OK);
	if (o->want_data && j->toc.tables > 0 && j->toc.table_data == 0) {
		msg_error("%s: the archive describes tables (%" PRIu64
		    ") and has the data of none", database, j->toc.tables);
		msg_hint("if that is what you want: --allow-empty, or "
		    "--schema-only");
		return (STATUS_DATA);
	}
	if (o->want_tables && j->toc.tables == 0 && j->toc.table_data == 0)
		msg_warning("%s: there is no table in the archive", database);
	return (STATUS_OK);
}

static void
describe(const struct job *j, struct record *r)
{

	record_str(r, "database", pg_database(j->pg));
	record_str(r, "server_version", pg_version_text(j->pg));
	record_str(r, j->o->job == JOB_GLOBALS ? "pg_dumpall_version" :
	    "pg_dump_version", j->tool.text);
	if (j->snapshot == NULL)
		return;
	record_str(r, "snapshot", j->snapshot);
	record_int(r, "tables", j->toc.tables);
	record_int(r, "table_data", j->toc.table_data);
	record_int(r, "large_object_blocks", j->toc.blobs);
}

/* How much of the data was pg_dump's own work. */
static void
describe_source(struct work *w, uint64_t total)
{
	const struct source *s = &w->source;
	uint64_t passed = s->newer ? total :
	    s->ours || !w->job.toc.ended ? 0 : total - w->job.toc.length;

	msg_verbose("passed through: %" PRIu64 " of %" PRIu64 " bytes",
	    passed, total);
	if (w->record == NULL)
		return;
	record_int(w->record, "passed_through", passed);
	record_int(w->record, "jobs", s->crew != NULL ? crew_size(s->crew) :
	    0);
}

static enum status
patch(struct work *w, struct pump *p, uint64_t at, const uint8_t *buf,
    size_t len)
{

	if (w->file == NULL)
		return (pump_patch(p, at, buf, len));
	if (fd_write_at(publish_fd(w->file), buf, len, at) == 0)
		return (STATUS_OK);
	if (errno != EINTR)
		msg_errno(w->job.o->file);
	return (STATUS_LOCAL);
}

/* Where the blocks are, into the table of contents. */
static enum status
put_offsets(struct work *w, struct pump *p)
{
	const struct plan *plan = &w->job.toc.plan;
	enum status status = STATUS_OK;
	uint8_t field[OFFSET_LEN];
	size_t i, k;

	for (i = 0; i < plan->count && status == STATUS_OK; i++) {
		field[0] = OFFSET_SET;
		for (k = 0; k < 8; k++)
			field[1 + k] = (uint8_t)(plan->entries[i].block_at >>
			    8 * k);
		status = patch(w, p, plan->entries[i].offset_at, field,
		    sizeof(field));
	}
	return (status);
}

static enum status
on_finish(void *arg, struct pump *p)
{
	struct work *w = arg;
	enum status status;

	if ((status = check_content(w)) != STATUS_OK)
		return (status);
	if (w->seeks && w->source.ours &&
	    (status = put_offsets(w, p)) != STATUS_OK)
		return (status);
	describe_source(w, pump_bytes_in(p));
	if (w->record != NULL)
		describe(&w->job, w->record);
	return (w->file != NULL ? publish_sync(w->file) : STATUS_OK);
}

/* Of -f, behind the report's bytes: the dump has no name that cannot have its
 * report. */
static enum status
on_name(void *arg)
{
	struct work *w = arg;
	enum status status;

	if (w->file == NULL)
		return (STATUS_OK);
	status = publish_commit(w->file);
	w->file = NULL;
	w->named = status == STATUS_OK;
	return (status);
}

static enum status
on_globals_finish(void *arg, struct pump *p)
{
	struct work *w = arg;

	(void)p;
	if (w->record != NULL)
		describe(&w->job, w->record);
	return (STATUS_OK);
}

/* What stdout is: whether offsets can be put in, and who may read it. */
static bool
look_at_stdout(void)
{
	struct stat st;
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (fstat(STDOUT_FILENO, &st) == -1 || !S_ISREG(st.st_mode))
		return (false);
	if ((st.st_mode & (S_IRGRP | S_IROTH)) != 0) {
		msg_warning("stdout is a file that others may read, and the "
		    "archive is not encrypted");
		msg_hint("umask 077, or -f FILE, or a pipe into pgb-encrypt");
	}
	return (flags != -1 && (flags & O_APPEND) == 0 &&
	    (flags & O_ACCMODE) != O_RDONLY &&
	    lseek(STDOUT_FILENO, 0, SEEK_CUR) == 0);
}

static enum status
pass_on(struct work *w)
{
	const struct options *o = w->job.o;
	struct pump_opts opts = {
		.in = -1,
		.in_name = "pg_dump",
		.out = w->file != NULL ? -1 : STDOUT_FILENO,
		.out_name = "stdout",
		.carrier = w->source.newer ? NULL : w->job.carrier,
		.stage = {
			.read = on_read,
			.data = w->file != NULL ? on_data : NULL,
			.eof = on_eof,
			.finish = on_finish,
			.name_others = on_name,
			.arg = w,
		},
		.aux = -1,
		.report = o->report,
		.record = w->record,
	};
	enum status status = pump_run(&opts);

	if (status != STATUS_OK && w->named)
		msg_warning("%s: is there all the same, and whole; only the "
		    "report failed", o->file);
	return (status);
}

static enum status
new_record(struct work *w, const char *report)
{

	if (report == NULL || (w->record = record_new("pgb-dump")) != NULL)
		return (STATUS_OK);
	msg_errno(report);
	return (STATUS_LOCAL);
}

enum status
dump_run(const struct options *o)
{
	struct work w = {
		.job = { .stock = STOCK_NONE, .out = -1 },
		.seeks = o->file != NULL,
	};
	enum status status;

	if ((status = new_record(&w, o->report)) != STATUS_OK)
		return (status);
	progress_begin(&o->progress, &(struct progress_stage){
	    .name = "dump", .source = true, .sink = o->file != NULL });
	/* A name that cannot be had is no reason to trouble the server. */
	if (o->file != NULL)
		w.file = publish_open(o->file, 0600, PUBLISH_OVERWRITE,
		    &status);
	else
		w.seeks = look_at_stdout();
	if (w.file != NULL)
		publish_sweep(w.file);
	if (status == STATUS_OK)
		status = job_begin(&w.job, o);
	if (status == STATUS_OK) {
		w.job.out = w.file != NULL ? -1 : STDOUT_FILENO;
		status = source_open(&w.source, &w.job);
		if (status == STATUS_OK)
			status = source_status(&w.source, pass_on(&w));
		source_close(&w.source);
	}
	job_end(&w.job);
	publish_abort(w.file);
	record_free(w.record);
	return (status);
}

enum status
globals_run(const struct options *o)
{
	struct work w = { .job = { .stock = STOCK_NONE, .out = -1 } };
	enum status status;

	if ((status = new_record(&w, o->report)) != STATUS_OK)
		return (status);
	progress_begin(&o->progress, &(struct progress_stage){
	    .name = "dump", .source = true });
	if ((status = job_begin_globals(&w.job, o)) == STATUS_OK &&
	    (status = walls_shut(o, w.job.pg)) == STATUS_OK) {
		struct pump_opts opts = {
			.in = w.job.stock.child.out,
			.in_name = w.job.stock.name,
			.out = STDOUT_FILENO,
			.out_name = "stdout",
			.carrier = w.job.carrier,
			.stage = {
				.eof = on_globals_eof,
				.finish = on_globals_finish,
				.arg = &w,
			},
			.aux = w.job.stock.child.err,
			.aux_read = on_messages,
			.report = o->report,
			.record = w.record,
		};
		status = pump_run(&opts);
	}
	job_end(&w.job);
	record_free(w.record);
	return (status);
}
