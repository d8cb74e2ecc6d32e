/* SPDX-License-Identifier: ISC */
/*
 * An archive on its way from pg_dump to stdout.
 *
 * The pump moves it and holds back its tail; what this room adds is that the
 * tail goes out only when pg_dump has ended well (on_eof, before the pump looks
 * for the proof in the archive itself) and the archive holds what was asked
 * for (on_finish).  The snapshot's session lives until then.
 */
#include <inttypes.h>
#include <unistd.h>

#include "carrier.h"
#include "job.h"
#include "msg.h"
#include "pump.h"

/* The argument of the pump's calls. */
struct work {
	struct job job;
	struct record *record;
};

static enum status
on_eof(void *arg, struct pump *p)
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
check_content(const struct job *j)
{
	const struct options *o = j->o;
	const char *database = pg_database(j->pg);

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

static enum status
on_finish(void *arg, struct pump *p)
{
	struct work *w = arg;
	enum status status = STATUS_OK;

	(void)p;
	if (w->job.o->job == JOB_DUMP)
		status = check_content(&w->job);
	if (status == STATUS_OK && w->record != NULL)
		describe(&w->job, w->record);
	return (status);
}

static enum status
pass_on(struct work *w)
{
	const struct options *o = w->job.o;
	struct pump_opts opts = {
		.in = w->job.stock.child.out,
		.in_name = w->job.stock.name,
		.out = STDOUT_FILENO,
		.out_name = "stdout",
		.carrier = w->job.carrier,
		.stage = {
			.eof = on_eof,
			.finish = on_finish,
			.arg = w,
		},
		.aux = w->job.stock.child.err,
		.aux_read = on_messages,
		.report = o->report,
		.record = w->record,
	};

	return (pump_run(&opts));
}

static enum status
run(const struct options *o,
    enum status (*begin)(struct job *, const struct options *))
{
	struct work w = { .record = NULL };
	enum status status;

	if (o->report != NULL &&
	    (w.record = record_new("pgb-dump")) == NULL) {
		msg_errno(o->report);
		return (STATUS_LOCAL);
	}
	if ((status = begin(&w.job, o)) == STATUS_OK)
		status = pass_on(&w);
	job_end(&w.job);
	record_free(w.record);
	return (status);
}

enum status
dump_run(const struct options *o)
{

	return (run(o, job_begin));
}

enum status
globals_run(const struct options *o)
{

	return (run(o, job_begin_globals));
}
