/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "age/age-open.h"
#include "age/identity.h"
#include "carrier/carrier.h"
#include "check.h"
#include "compare.h"
#include "digest.h"
#include "fdio.h"
#include "finding.h"
#include "hold.h"
#include "msg.h"
#include "outputs.h"
#include "progress/progress.h"
#include "pump.h"
#include "report/report.h"
#include "sandbox/sandbox.h"
#include "sig.h"
#include "through.h"
#include "verify.h"

#define FINDINGS_MOST	100	/* lines */

struct verify {
	const struct options *o;
	struct identities *ids;
	bool late;		/* the sandbox waits for a plugin of age's */
	enum status shut;	/* how that came out */
	struct findings *findings;
	struct check *check;
	struct carrier *carrier;
	struct compare *compare;
	struct through *through;
	struct hold *hold;
	struct record *record;
	struct digest *digest;	/* of the stream; NULL: not wanted */
	uint8_t sum[DIGEST_LEN];
	bool summed, sum_failed;

	struct outputs *outputs;
	int dirs[OUTPUTS_DIRS];	/* where files get their names */
	size_t dir_count;
};

/* --- before a byte is read ------------------------------------------------ */

static enum status
load_keys(struct verify *v)
{
	const struct options *o = v->o;
	enum status status = STATUS_OK;
	size_t i;

	if (o->identities.count > 0 &&
	    (v->ids = identities_new(&o->from)) == NULL)
		return (STATUS_LOCAL);
	for (i = 0; i < o->identities.count && status == STATUS_OK; i++)
		status = identities_load(v->ids, o->identities.v[i], 0);
	for (i = 0; v->ids != NULL && i < identities_count(v->ids); i++)
		if (identities_at(v->ids, i)->kind == IDENTITY_PLUGIN)
			v->late = true;
	return (status);
}

/* All rights are given up, but for those that are needed to the end. */
static enum status
shut(const struct verify *v)
{
	const struct sandbox s = { .off = v->o->no_sandbox, .dirs = v->dirs,
	    .dir_count = v->dir_count, .child = v->through != NULL };

	return (sandbox_enter(&s));
}

static enum status
ready(void *arg, const struct publish *report)
{
	struct verify *v = arg;
	enum status status;

	status = outputs_ready(v->outputs, report, v->dirs, &v->dir_count);
	if (status != STATUS_OK)
		return (status);
	return (v->late ? STATUS_OK : shut(v));
}

/* An age file was opened, so that plugins have done their work; or there is
 * none, and threads are about to start. */
static void
opened(void *arg)
{
	struct verify *v = arg;

	if (v->late)
		v->shut = shut(v);
	v->late = false;
}

static const char *
wrapper(void *arg)
{
	const struct verify *v = arg;

	return (carrier_wrapper(v->carrier));
}

static enum status
make_check(struct verify *v)
{
	const struct options *o = v->o;
	const struct finding_opts fo = { .strict = o->strict, .all = o->sink,
	    .most = FINDINGS_MOST, .wrapper = wrapper,
	    .wrapper_arg = v };
	const struct check_opts co = { .threads = o->jobs,
	    .hash = o->report != NULL || o->against != NULL,
	    .all_names = o->list || o->list_to != NULL,
	    .max_data = o->max_data, .max_memory = o->max_memory,
	    .starting = opened, .starting_arg = v };
	struct carrier_opts c = { .watch = &check_watch,
	    .sql_watch = &check_sql_watch, .opened = opened, .opened_arg = v };

	if ((v->findings = findings_new(&fo)) != NULL)
		v->check = check_new(&co, v->findings);
	c.watch_arg = c.sql_arg = v->check;
	if (v->ids != NULL) {
		c.age_key = &carrier_age_key;
		c.age_key_arg = v->ids;
	}
	v->carrier = carrier_new(&c);
	v->record = record_new("pgb-verify");
	if (o->report != NULL || o->sum != NULL || compare_wants_sum(o))
		v->digest = digest_new();
	if (v->check == NULL || v->carrier == NULL || v->record == NULL ||
	    (v->digest == NULL && (o->report != NULL || o->sum != NULL ||
	    compare_wants_sum(o)))) {
		msg_errno("stdin");
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

/* Bytes that will come, where stdin is a file. */
static uint64_t
expected(void)
{
	struct stat st;
	off_t at;

	if (fstat(STDIN_FILENO, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (at = lseek(STDIN_FILENO, 0, SEEK_CUR)) == -1 || at > st.st_size)
		return (0);
	return ((uint64_t)(st.st_size - at));
}

static enum status
prepare(struct verify *v)
{
	const struct options *o = v->o;
	enum status status;

	if ((status = load_keys(v)) != STATUS_OK ||
	    (status = make_check(v)) != STATUS_OK)
		return (status);
	if ((v->outputs = outputs_open(o, &status)) == NULL)
		return (status);
	if ((v->compare = compare_new(o, &status)) == NULL)
		return (status);
	if (o->hold && (v->hold = hold_open(o->hold_dir, expected(),
	    &status)) == NULL)
		return (status);
	if (o->command != NULL && (v->through = through_start(o->command,
	    &status)) == NULL)
		return (status);
	return (STATUS_OK);
}

static void
release(struct verify *v)
{

	through_free(v->through);
	hold_free(v->hold);
	outputs_free(v->outputs);
	compare_free(v->compare);
	carrier_free(v->carrier);
	check_free(v->check);
	findings_free(v->findings);
	identities_free(v->ids);
	digest_free(v->digest);
	record_free(v->record);
}

/* --- the stream ----------------------------------------------------------- */

static uint8_t *
room(void *arg, struct pump *p, size_t *len)
{
	const struct verify *v = arg;

	/* What goes elsewhere first need not be in the output's memory. */
	if (v->through != NULL || v->hold != NULL)
		return (NULL);
	return (pump_room(p, len));
}

static enum status
data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct verify *v = arg;

	if (v->shut != STATUS_OK)
		return (v->shut);
	if (v->digest != NULL)
		digest_add(v->digest, buf, len);
	if (v->through != NULL)
		return (through_data(v->through, p, buf, len));
	if (v->hold != NULL)
		return (hold_put(v->hold, buf, len));
	return (pump_emit(p, buf, len));
}

/* What is in front of the place where the carrier broke. */
static enum status
broken(void *arg, bool *said)
{
	struct verify *v = arg;
	enum status status = check_drain(v->check);

	*said = status == STATUS_LOCAL || findings_stop(v->findings);
	findings_rest(v->findings);
	return (status);
}

static void
end_sum(struct verify *v)
{

	if (v->digest != NULL && !v->summed)
		v->sum_failed = digest_end(v->digest, v->sum) == -1;
	v->summed = true;
}

/* All that has gone by was checked: is it well? */
static enum status
settle(struct verify *v)
{
	enum status status = check_drain(v->check);

	if (status == STATUS_OK)
		status = v->shut;
	/* A signal stops the checks: then they have found nothing, which is
	 * not that there is nothing. */
	if (status == STATUS_OK && sig_caught() != 0)
		status = STATUS_LOCAL;
	if (status == STATUS_OK && v->sum_failed) {
		msg_error("stdin: no memory for its hash");
		status = STATUS_LOCAL;
	}
	if (status != STATUS_OK)
		findings_rest(v->findings);
	return (status);
}

static enum status
eof(void *arg, struct pump *p)
{
	struct verify *v = arg;

	(void)p;
	end_sum(v);
	return (settle(v));
}

/* The carrier shows no end: but the stream is, byte for byte, what the user has
 * the sum of. */
static enum status
proves(void *arg, const char **proof)
{
	struct verify *v = arg;
	enum status status;

	if (v->o->check == NULL)
		return (STATUS_OK);
	if ((status = compare_sum(v->compare, v->sum)) == STATUS_OK)
		*proof = "sum";
	return (status);
}

/* Whether it was one that the checks know. */
static bool
has_dump(const struct verify *v)
{
	return (contents_header(check_contents(v->check)) != NULL ||
	    check_is_sql(v->check));
}

/* The facts for the report; the stream's own are the pump's. */
static void
record(struct verify *v)
{
	char hex[DIGEST_HEX];

	if (v->o->command != NULL)
		record_str(v->record, "through", v->o->command);
	report_facts(v->record, v->check, findings_notes(v->findings));
	if (v->digest != NULL) {
		digest_hex(v->sum, hex);
		record_str(v->record, "blake2b", hex);
	}
}

/* What all this says nothing about. */
static void
say_unchecked(struct verify *v)
{
	static const struct place nowhere;

	check_unchecked(v->check);
	if (has_dump(v))
		return;
	finding(v->findings, FIND_NOTE, &nowhere, NULL, "%s%s: what is inside "
	    "was not looked at", carrier_name(v->carrier),
	    carrier_is_age(v->carrier) && v->ids == NULL ? " without a key" :
	    "");
}

static void
say_all(const struct verify *v)
{
	const struct blocks_totals *n = &check_totals(v->check)->data;

	if (has_dump(v))
		msg_verbose("stdin: %s: %llu tables, %llu rows, %llu large "
		    "objects: all well", carrier_name(v->carrier),
		    (unsigned long long)n->tables,
		    (unsigned long long)n->rows,
		    (unsigned long long)n->large_objects);
}

static enum status
finish(void *arg, struct pump *p)
{
	struct verify *v = arg;
	enum status status;

	/* The proof may have brought more: the last chunk of age opens
	 * there. */
	if ((status = settle(v)) != STATUS_OK)
		return (status);
	if (v->through != NULL)
		status = through_finish(v->through, p);
	if (status != STATUS_OK)
		return (status);
	say_unchecked(v);
	findings_rest(v->findings);
	if (findings_errors(v->findings) > 0)
		return (STATUS_DATA);
	if (v->o->check != NULL &&
	    (status = compare_sum(v->compare, v->sum)) != STATUS_OK)
		return (status);
	status = compare_drift(v->compare, v->check, pump_bytes_in(p));
	if (status != STATUS_OK)
		return (status);
	if ((status = outputs_write(v->outputs, v->check, v->sum,
	    carrier_name(v->carrier))) != STATUS_OK)
		return (status);
	if (v->hold != NULL &&
	    (status = hold_release(v->hold, p)) != STATUS_OK)
		return (status);
	say_all(v);
	record(v);
	return (STATUS_OK);
}

static enum status
write_report(void *arg, struct publish *report, char *line)
{
	const struct verify *v = arg;

	return (outputs_report(v->outputs, v->check, line, report));
}

static enum status
name_others(void *arg)
{
	const struct verify *v = arg;

	return (outputs_name(v->outputs));
}

static enum status
run(struct verify *v)
{
	const struct pump_opts po = {
		.in = STDIN_FILENO,
		.in_name = "stdin",
		.out = v->o->sink ? -1 : STDOUT_FILENO,
		.out_name = "stdout",
		.wide = true,
		.raw = v->o->raw,
		.carrier = v->carrier,
		.stage = { .data = data, .finish = finish, .eof = eof,
		    .room = room, .ready = ready, .broken = broken,
		    .proves = proves, .write_report = write_report,
		    .name_others = name_others, .arg = v },
		.aux = -1,
		.report = v->o->report,
		.record = v->record,
	};
	enum status status;

	if ((status = pump_run(&po)) != STATUS_OK)
		return (status);
	return (outputs_finish(v->outputs, v->check,
	    carrier_name(v->carrier)));
}

enum status
verify_run(const struct options *o)
{
	struct verify v = { .o = o };
	enum status status;

	progress_begin(&o->progress, &(struct progress_stage){
	    .name = "verify", .sink = o->sink });
	if ((status = prepare(&v)) == STATUS_OK)
		status = run(&v);
	progress_end();
	release(&v);
	return (status);
}
