/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "carrier.h"
#include "check.h"
#include "fdio.h"
#include "age/age-open.h"
#include "msg.h"
#include "opt.h"
#include "publish.h"
#include "pump.h"
#include "sig.h"
#include "through.h"

struct verify {
	/* From the command line. */
	bool sink;
	bool list;
	bool raw;
	const char *list_to;
	const char *report;
	const char *command;
	struct opt_list keys;

	/* At work. */
	struct identities *ids;
	struct check *check;
	struct carrier *carrier;
	struct through *through;
	struct publish *list_file;
	struct record *record;
};

static enum status
parse(struct verify *v, int argc, char **argv, bool *done)
{
	const struct opt opts[] = {
		{ OPT_EACH, 'i', "identity", "FILE", &v->keys,
		    "look into age with this identity file" },
		{ OPT_FLAG, 'l', "list", NULL, &v->list,
		    "print the table of contents to stderr" },
		{ OPT_STRING, 0, "list-to", "FILE", &v->list_to,
		    "write the table of contents to FILE" },
		{ OPT_FLAG, 0, "sink", NULL, &v->sink,
		    "check only: pass nothing on" },
		{ OPT_STRING, 0, "through", "COMMAND", &v->command,
		    "run a foreign filter under the same promise" },
		{ OPT_FLAG, 0, "raw", NULL, &v->raw,
		    "admit streams whose end cannot be proven" },
		{ OPT_STRING, 0, "report", "FILE", &v->report,
		    "write one JSON line after success" },
		{ .kind = OPT_END },
	};
	const struct opt_spec spec = {
		.synopsis = "[options]",
		.what = "check a backup stream and pass it on unchanged",
		.opts = opts,
		.example = "pgb-dump appdb | pgb-verify | pgb-encrypt -R "
		    "backup.pub | pgb-ship --sink sftp://backup@vault/pg/"
		    "appdb-{time}.dump.age",
		.max_operands = 0,
	};
	struct opt_list operands;
	int status;

	status = opt_parse(&spec, argc, argv, &operands);
	opt_list_free(&operands);
	*done = status == OPT_DONE;
	if (status > STATUS_OK || *done)
		return (*done ? STATUS_OK : (enum status)status);
	return (pump_check_ends(v->sink, NULL));
}

/* All that can be refused before a byte is read. */
static enum status
prepare(struct verify *v)
{
	/* Where a file of identities is itself under a passphrase. */
	static const struct passphrase_source terminal = { .fd = -1 };
	struct carrier_opts co = { .watch = &check_watch };
	enum status status = STATUS_OK;
	size_t i;

	if (v->keys.count > 0) {
		prctl(PR_SET_DUMPABLE, 0);
		if ((v->ids = identities_new(&terminal)) == NULL)
			return (STATUS_LOCAL);
	}
	for (i = 0; i < v->keys.count; i++) {
		status = identities_load(v->ids, v->keys.v[i], 0);
		if (status != STATUS_OK)
			return (status);
	}
	v->check = check_new();
	co.watch_arg = v->check;
	if (v->ids != NULL) {
		co.age_key = &carrier_age_key;
		co.age_key_arg = v->ids;
	}
	v->carrier = carrier_new(&co);
	v->record = record_new("pgb-verify");
	if (v->check == NULL || v->carrier == NULL || v->record == NULL) {
		msg_errno("stdin");
		return (STATUS_LOCAL);
	}
	if (v->list_to != NULL) {
		v->list_file = publish_open(v->list_to, 0600,
		    PUBLISH_OVERWRITE, &status);
		if (v->list_file == NULL)
			return (status);
	}
	if (v->command != NULL)
		v->through = through_start(v->command, &status);
	return (status);
}

static void
release(struct verify *v)
{

	through_free(v->through);
	publish_abort(v->list_file);
	carrier_free(v->carrier);
	check_free(v->check);
	identities_free(v->ids);
	record_free(v->record);
	opt_list_free(&v->keys);
}

/* The table of contents, where it was asked for and there is one. */
static enum status
list(struct verify *v)
{
	const struct contents *toc = check_contents(v->check);
	enum status status = STATUS_OK;
	char *text;

	if (!toc->known) {
		if (v->list || v->list_to != NULL)
			msg_warning("stdin: %s has no table of contents to "
			    "list", carrier_name(v->carrier));
		return (STATUS_OK);
	}
	if ((text = contents_text(toc)) == NULL) {
		msg_errno("table of contents");
		return (STATUS_LOCAL);
	}
	if (v->list)
		(void)fd_write(STDERR_FILENO, text, strlen(text));
	if (v->list_file != NULL) {
		status = publish_write(v->list_file, text, strlen(text));
		if (status == STATUS_OK) {
			status = publish_commit(v->list_file);
			v->list_file = NULL;
		}
	}
	free(text);
	return (status);
}

static void
record(struct verify *v)
{
	const struct check_totals *n = check_totals(v->check);
	const struct contents *toc = check_contents(v->check);
	struct record *r = v->record;

	if (v->command != NULL)
		record_str(r, "through", v->command);
	if (!toc->known)
		return;
	record_str(r, "database", toc->dbname);
	record_str(r, "server_version", toc->server);
	record_str(r, "dump_version", toc->dumper);
	record_str(r, "compression", contents_compression(toc->compression));
	record_int(r, "entries", n->entries);
	record_int(r, "blocks", n->blocks);
	record_int(r, "tables_with_data", n->tables);
	record_int(r, "large_objects", n->large_objects);
	record_int(r, "payload_bytes", n->payload);
	record_int(r, "data_bytes", n->data);
}

static enum status
data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct verify *v = arg;

	if (v->through != NULL)
		return (through_data(v->through, p, buf, len));
	return (pump_emit(p, buf, len));
}

static enum status
finish(void *arg, struct pump *p)
{
	struct verify *v = arg;
	enum status status = STATUS_OK;

	if (v->through != NULL)
		status = through_finish(v->through, p);
	if (status == STATUS_OK)
		record(v);
	return (status);
}

/* What an exit status of 0 does not cover is said. */
static void
say_unchecked(const struct verify *v)
{
	const struct contents *toc = check_contents(v->check);

	if (!toc->known)
		msg_verbose("stdin: %s: framing checked, no archive inside "
		    "to look into", carrier_name(v->carrier));
	else if (toc->compression == ARCHIVE_LZ4 ||
	    toc->compression == ARCHIVE_ZSTD)
		msg_note("%s payload: framing checked, not decompressed",
		    contents_compression(toc->compression));
	else if (toc->compression == ARCHIVE_NONE)
		msg_note("uncompressed payload carries no checksum: damage "
		    "inside rows is not seen");
}

static enum status
run(struct verify *v)
{
	const struct pump_opts po = {
		.in = STDIN_FILENO,
		.in_name = "stdin",
		.out = v->sink ? -1 : STDOUT_FILENO,
		.out_name = "stdout",
		.raw = v->raw,
		.carrier = v->carrier,
		.stage = { .data = data, .finish = finish, .arg = v },
		.aux = -1,
		.report = v->report,
		.record = v->record,
	};
	enum status status;

	if ((status = pump_run(&po)) != STATUS_OK)
		return (status);
	say_unchecked(v);
	return (list(v));
}

int
main(int argc, char **argv)
{
	struct verify v = { 0 };
	enum status status;
	bool done;

	msg_program("pgb-verify");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	sig_install();
	status = parse(&v, argc, argv, &done);
	if (status == STATUS_OK && !done)
		status = prepare(&v);
	if (status == STATUS_OK && !done)
		status = run(&v);
	release(&v);
	sig_reraise();
	return ((int)status);
}
