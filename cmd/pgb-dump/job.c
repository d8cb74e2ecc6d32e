/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier.h"
#include "clock.h"
#include "job.h"
#include "msg.h"
#include "pg/conninfo.h"

static char format_word[] = "--format=custom";
static char globals_word[] = "--globals-only";
static char verbose_word[] = "--verbose";

static enum status
no_memory(const char *what)
{

	msg_errno(what);
	return (STATUS_LOCAL);
}

static enum status
new_carrier(struct job *j, const struct archive_watch *watch)
{
	const struct carrier_opts opts = {
		.watch = watch,
		.watch_arg = &j->toc,
	};

	carrier_free(j->carrier);
	if ((j->carrier = carrier_new(&opts)) == NULL)
		return (no_memory("pg_dump"));
	return (STATUS_OK);
}

/* The words that the user gave, those of the filter, and ours. */
static enum status
start_dump(struct job *j, const struct opt_list *rules)
{
	const struct options *o = j->o;
	struct opt_list words = { NULL, 0 };
	char *snapshot = NULL, compress[64];
	enum status status = STATUS_LOCAL;
	size_t i;

	if (asprintf(&snapshot, "--snapshot=%s", j->snapshot) == -1) {
		snapshot = NULL;
		goto fail;
	}
	for (i = 0; i < o->pass.count; i++)
		if (opt_list_add(&words, o->pass.v[i]) == -1)
			goto fail;
	for (i = 0; i < rules->count; i++)
		if (opt_list_add(&words, rules->v[i]) == -1)
			goto fail;
	(void)zspec_word(&o->zspec, j->tool.version, compress);
	if (opt_list_add(&words, format_word) == -1 ||
	    opt_list_add(&words, snapshot) == -1 ||
	    (compress[0] != '\0' && opt_list_add(&words, compress) == -1) ||
	    (o->verbose && opt_list_add(&words, verbose_word) == -1))
		goto fail;
	status = stock_start(&j->stock, "pg_dump", &j->tool, j->pg, &words);
	goto out;
fail:
	status = no_memory("pg_dump");
out:
	opt_list_free(&words);
	free(snapshot);
	return (status);
}

/* A snapshot of ours, and pg_dump under it. */
static enum status
start(struct job *j)
{
	const struct options *o = j->o;
	struct opt_list rules = { NULL, 0 };
	enum status status;
	size_t i;

	status = filter_options(&j->filter, j->tool.version, &rules);
	if (status == STATUS_OK)
		status = pg_snapshot(j->pg, o->snapshot, o->deferrable,
		    &j->snapshot);
	if (status == STATUS_OK) {
		msg_verbose("%s: snapshot %s", pg_database(j->pg),
		    j->snapshot);
		j->snapshot_ms = clock_ms();
		status = start_dump(j, &rules);
	}
	for (i = 0; i < rules.count; i++)
		free(rules.v[i]);
	opt_list_free(&rules);
	return (status);
}

/* The value of an option that is handed on: "" if it has none, NULL if it was
 * not given. */
static const char *
option_value(const struct options *o, const char *name)
{
	size_t i, len = strlen(name);

	for (i = o->pass.count; i > 0; i--)
		if (strncmp(o->pass.v[i - 1], name, len) == 0) {
			if (o->pass.v[i - 1][len] == '=')
				return (o->pass.v[i - 1] + len + 1);
			if (o->pass.v[i - 1][len] == '\0')
				return ("");
		}
	return (NULL);
}

/* As pg_dump will set its own. */
static enum status
set_session(struct job *j)
{
	const struct options *o = j->o;

	j->settings = (struct pg_settings){
		.role = option_value(o, "--role"),
		.float_digits = option_value(o, "--extra-float-digits"),
		.row_security = option_value(o, "--enable-row-security") !=
		    NULL,
		.quote_all = option_value(o, "--quote-all-identifiers") !=
		    NULL,
	};
	return (pg_set(j->pg, &j->settings));
}

static enum status
connect_and_start(struct job *j)
{
	const struct options *o = j->o;
	enum status status;

	if ((status = pg_open(&o->login, &j->pg)) != STATUS_OK)
		return (status);
	msg_verbose("%s: server version %s", pg_database(j->pg),
	    pg_version_text(j->pg));
	status = tool_find("pg_dump", pg_version(j->pg), &j->tool);
	if (status == STATUS_OK)
		status = zspec_fit(&o->zspec, j->tool.version, 0);
	if (status == STATUS_OK)
		status = set_session(j);
	return (status == STATUS_OK ? start(j) : status);
}

enum status
job_begin(struct job *j, const struct options *o)
{
	enum status status;

	*j = (struct job){ .o = o, .stock = STOCK_NONE, .out = -1 };
	if ((status = new_carrier(j, &toc_watch)) != STATUS_OK)
		return (status);
	/* Before anybody is asked for a password. */
	if (o->filter != NULL &&
	    (status = filter_read(&j->filter, o->filter)) != STATUS_OK)
		return (status);
	return (connect_and_start(j));
}

enum status
job_again(struct job *j)
{
	enum status status;

	toc_free(&j->toc);
	if ((status = new_carrier(j, &toc_watch)) != STATUS_OK ||
	    (status = pg_rollback(j->pg)) != STATUS_OK)
		return (status);
	return (start(j));
}

enum status
job_carrier(struct job *j, bool planned)
{

	return (new_carrier(j, planned ? &toc_blocks : NULL));
}

enum status
job_begin_globals(struct job *j, const struct options *o)
{
	struct opt_list words = { NULL, 0 };
	enum status status;
	char *database = NULL, *conninfo = NULL;
	size_t i;

	*j = (struct job){ .o = o, .stock = STOCK_NONE, .out = -1 };
	if ((status = new_carrier(j, &toc_watch)) != STATUS_OK ||
	    (status = pg_open(&o->login, &j->pg)) != STATUS_OK)
		return (status);
	status = tool_find("pg_dumpall", pg_version(j->pg), &j->tool);
	if (status != STATUS_OK)
		return (status);
	/* pg_dumpall takes the database from --database alone, and reads a
	 * name with '=' in it as a conninfo string: so it is given one. */
	if (conninfo_add(&conninfo, "dbname", pg_database(j->pg)) == -1 ||
	    asprintf(&database, "--database=%s", conninfo) == -1) {
		database = NULL;
		goto fail;
	}
	for (i = 0; i < o->pass.count; i++)
		if (opt_list_add(&words, o->pass.v[i]) == -1)
			goto fail;
	for (i = 0; i < o->pass_globals.count; i++)
		if (opt_list_add(&words, o->pass_globals.v[i]) == -1)
			goto fail;
	if (opt_list_add(&words, globals_word) == -1 ||
	    opt_list_add(&words, database) == -1 ||
	    (o->verbose && opt_list_add(&words, verbose_word) == -1))
		goto fail;
	status = stock_start(&j->stock, "pg_dumpall", &j->tool, j->pg, &words);
	goto out;
fail:
	status = no_memory("pg_dumpall");
out:
	opt_list_free(&words);
	free(conninfo);
	free(database);
	return (status);
}

void
job_end(struct job *j)
{

	stock_stop(&j->stock);
	pg_close(j->pg);
	carrier_free(j->carrier);
	toc_free(&j->toc);
	filter_free(&j->filter);
}
