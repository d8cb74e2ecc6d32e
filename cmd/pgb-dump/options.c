/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "options.h"

#define JOBS_DEFAULT	4
#define JOBS_MAX	256
#define BLOCKING_DEFAULT 60	/* seconds */

#define TO(field)		offsetof(struct options, field)
#define PASS(s, l, a, help)	{ OPT_PASS, s, l, a, TO(pass), help }
#define CLASH(s, l, a, help)	{ OPT_CLASH, s, l, a, 0, help }

static const struct opt_row rows[] = {
	OPT_HEADING("what to do (without any of these: an archive on stdout):"),
	{ OPT_FLAG, 0, "globals", NULL, TO(globals),
	    "roles and tablespaces as plain SQL" },
	{ OPT_FLAG, 'l', "list", NULL, TO(list),
	    "names of the databases, one a line" },
	{ OPT_FLAG, 0, "estimate", NULL, TO(estimate),
	    "expected size of the archive in bytes" },

	OPT_HEADING("connection, as in every client of PostgreSQL:"),
	{ OPT_STRING, 'd', "dbname", "DBNAME", TO(dbname),
	    "database, conninfo string or URI" },
	{ OPT_STRING, 'h', "host", "HOST", TO(login.host),
	    "server or socket directory" },
	{ OPT_STRING, 'p', "port", "PORT", TO(login.port), "port" },
	{ OPT_STRING, 'U', "username", "NAME", TO(login.user),
	    "role to connect as" },
	{ OPT_FLAG, 'w', "no-password", NULL, TO(login.never_ask),
	    "never ask for a password" },
	{ OPT_FLAG, 'W', "password", NULL, TO(login.ask),
	    "ask for a password at once" },
	PASS(0, "role", "NAME", "SET ROLE before the dump"),

	OPT_HEADING("of the dump as a whole:"),
	{ OPT_STRING, 'f', "file", "FILE", TO(file),
	    "write this file, which appears when it is whole" },
	{ OPT_STRING, 'j', "jobs", "COUNT", TO(jobs_word),
	    "sessions that read at once; processors, at most 4" },
	{ OPT_FLAG, 0, "no-split", NULL, TO(no_split),
	    "never read one table by several sessions" },
	{ OPT_STRING, 0, "split-pages", "COUNT", TO(pages_word),
	    "pages of a table read at once; default: by size" },
	PROGRESS_ROWS(TO),
	{ OPT_STRING, 0, "max-blocking", "SECONDS", TO(blocking_word),
	    "warn when somebody waits so long; 60, 0: never" },
	{ OPT_FLAG, 0, "abort-blocking", NULL, TO(abort_blocking),
	    "end then, in place of the warning" },
	{ OPT_STRING, 0, "filter", "FILE", TO(filter),
	    "rules of what to dump; - is stdin" },
	{ OPT_FLAG, 0, "allow-empty", NULL, TO(allow_empty),
	    "an archive without the data of any table is meant" },
	{ OPT_STRING, 0, "report", "FILE", TO(report),
	    "write a JSON line about the run, at success" },
	{ OPT_FLAG, 0, "no-sandbox", NULL, TO(no_sandbox),
	    "keep the rights that are not needed" },
	{ OPT_STRING, 0, "snapshot", "ID", TO(snapshot),
	    "use this snapshot in place of one of our own" },
	{ OPT_FLAG, 0, "serializable-deferrable", NULL, TO(deferrable),
	    "wait for a snapshot free of anomalies" },
	PASS(0, "lock-wait-timeout", "TIME", "give up waiting for a lock"),
	{ OPT_STRING, 'Z', "compress",
	    "LEVEL|none|gzip|lz4|zstd", TO(compress),
	    "compression: 0-9, or a method[:DETAIL]" },
	PASS('E', "encoding", "NAME", "encoding of the data"),
	{ OPT_FLAG, 'v', "verbose", NULL, TO(verbose), NULL },
	{ OPT_STRING, 'F', "format", "c", TO(format),
	    "custom, the only format here" },

	OPT_HEADING("what is dumped; handed on to pg_dump:"),
	PASS('a', "data-only", NULL, "data, no schema"),
	PASS('s', "schema-only", NULL, "schema, no data"),
	PASS(0, "section", "pre-data|data|post-data",
	    "this part alone; may be repeated"),
	PASS('n', "schema", "PATTERN", "only these schemas"),
	PASS('N', "exclude-schema", "PATTERN", "not these schemas"),
	PASS('t', "table", "PATTERN", "only these tables"),
	PASS('T', "exclude-table", "PATTERN", "not these tables"),
	PASS(0, "table-and-children", "PATTERN", "-t with partitions (16)"),
	PASS(0, "exclude-table-and-children", "PATTERN",
	    "-T with partitions (16)"),
	PASS(0, "exclude-table-data", "PATTERN", "not the data of these"),
	PASS(0, "exclude-table-data-and-children", "PATTERN",
	    "the same with partitions (16)"),
	PASS('e', "extension", "PATTERN", "only these extensions (14)"),
	PASS(0, "exclude-extension", "PATTERN", "not these (17)"),
	PASS(0, "include-foreign-data", "SERVER",
	    "data of foreign tables too"),
	PASS('b', "large-objects", NULL, "large objects too (as a word: 16)"),
	PASS(0, "blobs", NULL, "the same in older words"),
	PASS('B', "no-large-objects", NULL, "no large objects"),
	PASS(0, "no-blobs", NULL, "the same in older words"),
	PASS(0, "strict-names", NULL, "each pattern must match something"),
	PASS(0, "enable-row-security", NULL, "only rows the role may see"),
	PASS(0, "no-comments", NULL, "without comments"),
	PASS(0, "no-data", NULL, "without data (18)"),
	PASS(0, "no-policies", NULL, "without row security policies (18)"),
	PASS('x', "no-privileges", NULL, "without GRANT and REVOKE"),
	PASS(0, "no-acl", NULL, "the same"),
	PASS(0, "no-publications", NULL, "without publications"),
	PASS(0, "no-schema", NULL, "without schema (18)"),
	PASS(0, "no-security-labels", NULL, "without security labels"),
	PASS(0, "no-statistics", NULL, "without statistics (18)"),
	PASS(0, "no-subscriptions", NULL, "without subscriptions"),
	PASS(0, "no-unlogged-table-data", NULL,
	    "without the data of unlogged tables"),
	PASS(0, "sequence-data", NULL, "values of sequences too (18)"),
	PASS(0, "statistics", NULL, "statistics too (18)"),
	PASS(0, "statistics-only", NULL, "nothing but statistics (18)"),

	OPT_HEADING("how it is written; handed on to pg_dump:"),
	PASS('c', "clean", NULL, "DROP before CREATE"),
	PASS('C', "create", NULL, "CREATE DATABASE"),
	PASS(0, "if-exists", NULL, "DROP ... IF EXISTS"),
	PASS(0, "column-inserts", NULL, "INSERT with column names"),
	PASS(0, "attribute-inserts", NULL, "the same"),
	PASS(0, "inserts", NULL, "INSERT in place of COPY"),
	PASS(0, "rows-per-insert", "COUNT", "rows in one INSERT"),
	PASS(0, "on-conflict-do-nothing", NULL, "INSERT ... ON CONFLICT"),
	PASS(0, "disable-dollar-quoting", NULL, "only standard quotes"),
	PASS(0, "disable-triggers", NULL, "when data alone is restored"),
	PASS(0, "extra-float-digits", "COUNT", "digits of floating point"),
	PASS(0, "load-via-partition-root", NULL,
	    "load partitions through their root"),
	PASS('O', "no-owner", NULL, "without ownership"),
	PASS('S', "superuser", "NAME", "for --disable-triggers"),
	PASS(0, "no-table-access-method", NULL, "without access methods"),
	PASS(0, "no-tablespaces", NULL, "without tablespaces"),
	PASS(0, "no-toast-compression", NULL, "without TOAST compression"),
	PASS(0, "quote-all-identifiers", NULL, "quote all names"),
	PASS(0, "use-set-session-authorization", NULL,
	    "in place of ALTER ... OWNER"),

	OPT_HEADING("with --globals alone:"),
	{ OPT_PASS, 0, "no-role-passwords", NULL, TO(pass_globals),
	    "without the roles' passwords" },
	{ OPT_PASS, 0, "restrict-key", "KEY", TO(pass_globals),
	    "for psql's \\restrict" },

	OPT_HEADING("pg_dump's options that have no place here:"),
	CLASH('g', "globals-only", NULL, "use --globals"),
	CLASH(0, "binary-upgrade", NULL,
	    "it is for pg_upgrade, not a backup: leave it out"),
	CLASH(0, "no-sync", NULL,
	    "what is redirected is always synced: leave it out"),
	CLASH(0, "sync-method", "METHOD",
	    "what is redirected is always synced: leave it out"),
	CLASH(0, "no-synchronized-snapshots", NULL,
	    "an archive is always of one snapshot: leave it out"),

	OPT_HEADING("always:"),
};

/* Of the options handed on, those that pg_dumpall --globals-only heeds. */
static const char *const fit_globals[] = {
	"-c", "--clean", "--if-exists", "-O", "--no-owner", "-x",
	"--no-privileges", "--no-acl", "--no-comments",
	"--no-security-labels", "--no-tablespaces", "--role",
	"--quote-all-identifiers", "--lock-wait-timeout",
	"--use-set-session-authorization",
};

/* Whether a word handed on ("--name=VALUE", "-x") is this option. */
static bool
word_is(const char *word, const char *option)
{
	size_t len = strlen(option);

	return (strncmp(word, option, len) == 0 &&
	    (word[len] == '\0' || word[len] == '='));
}

static bool
passes(const struct options *o, const char *option)
{
	size_t i;

	for (i = 0; i < o->pass.count; i++)
		if (word_is(o->pass.v[i], option))
			return (true);
	return (false);
}

static enum status
refuse_word(const char *word, const char *why)
{

	/* The short form has its value in the same word. */
	if (word[1] != '-')
		msg_error("%.2s: %s", word, why);
	else
		msg_error("%.*s: %s", (int)strcspn(word, "="), word, why);
	return (STATUS_USAGE);
}

static const char *
job_says(const struct options *o)
{

	return (o->globals ? "means nothing with --globals" :
	    o->list ? "means nothing with --list" :
	    "means nothing with --estimate");
}

/* --list and --globals: options that could have no effect are refused. */
static enum status
check_words(const struct options *o)
{
	size_t i, k, fits = o->job == JOB_GLOBALS ?
	    sizeof(fit_globals) / sizeof(fit_globals[0]) : 0;

	for (i = 0; i < o->pass.count; i++) {
		for (k = 0; k < fits; k++)
			if (word_is(o->pass.v[i], fit_globals[k]))
				break;
		if (k == fits)
			return (refuse_word(o->pass.v[i], job_says(o)));
	}
	return (STATUS_OK);
}

/* The first of our own options that the job has no use for, or NULL. */
static const char *
useless(const struct options *o)
{

	if (o->report != NULL && (o->list || o->estimate))
		return ("--report");
	if (o->list || o->globals || o->estimate) {
		if (o->file != NULL || o->jobs_word != NULL)
			return (o->file != NULL ? "--file" : "--jobs");
		if (o->no_split || o->progress.on || o->abort_blocking)
			return (o->no_split ? "--no-split" : o->progress.on ?
			    "--progress" : "--abort-blocking");
		if (o->pages_word != NULL || o->blocking_word != NULL)
			return (o->pages_word != NULL ? "--split-pages" :
			    "--max-blocking");
		if (!o->estimate && o->compress != NULL)
			return ("--compress");
	}
	if (!o->list && !o->globals)
		return (NULL);
	return (o->filter != NULL ? "--filter" :
	    o->snapshot != NULL ? "--snapshot" :
	    o->deferrable ? "--serializable-deferrable" :
	    o->allow_empty ? "--allow-empty" :
	    o->format != NULL ? "--format" : NULL);
}

static enum status
set_job(struct options *o)
{
	const char *word;

	if (o->globals + o->list + o->estimate > 1) {
		msg_error("--globals, --list, --estimate: only one at a time");
		return (STATUS_USAGE);
	}
	o->job = o->globals ? JOB_GLOBALS : o->list ? JOB_LIST :
	    o->estimate ? JOB_ESTIMATE : JOB_DUMP;
	if (o->job != JOB_GLOBALS && o->pass_globals.count > 0)
		return (refuse_word(o->pass_globals.v[0],
		    "is for --globals alone"));
	if ((word = useless(o)) != NULL)
		return (refuse_word(word, job_says(o)));
	if (progress_check(&o->progress) != STATUS_OK)
		return (STATUS_USAGE);
	if (o->list || o->globals)
		return (check_words(o));
	return (STATUS_OK);
}

static enum status
set_login(struct options *o, const struct opt_list *operands)
{

	if (o->dbname != NULL && operands->count > 0) {
		msg_error("%s: the database is already named with -d",
		    operands->v[0]);
		return (STATUS_USAGE);
	}
	if (o->login.ask && o->login.never_ask) {
		msg_error("-w and -W: only one of them");
		return (STATUS_USAGE);
	}
	o->login.database = operands->count > 0 ? operands->v[0] : o->dbname;
	o->login.any_database = o->list || o->globals;
	return (STATUS_OK);
}

/* What the archive must hold to be what was asked for. */
static void
set_wants(struct options *o)
{
	bool sections = passes(o, "--section");

	o->want_tables = !passes(o, "--statistics-only") && (!sections ||
	    passes(o, "--section=pre-data") || passes(o, "--section=data"));
	o->want_data = o->want_tables && !passes(o, "-s") &&
	    !passes(o, "--schema-only") && !passes(o, "--no-data") &&
	    (!sections || passes(o, "--section=data"));
}

static enum status
set_number(const char *option, const char *word, unsigned least, unsigned most,
    unsigned *to)
{
	unsigned long n;
	char *end;

	if (word == NULL)
		return (STATUS_OK);
	errno = 0;
	n = strtoul(word, &end, 10);
	if (errno != 0 || end == word || *end != '\0' || word[0] == '-' ||
	    n < least || n > most) {
		msg_error("%s %s: not a number from %u to %u", option, word,
		    least, most);
		return (STATUS_USAGE);
	}
	*to = (unsigned)n;
	return (STATUS_OK);
}

static enum status
set_numbers(struct options *o)
{
	enum status status;

	o->jobs = opt_processors(JOBS_DEFAULT);
	o->max_blocking = BLOCKING_DEFAULT;
	o->zspec = (struct zspec)ZSPEC_INIT;
	if ((status = set_number("--jobs", o->jobs_word, 1, JOBS_MAX,
	    &o->jobs)) == STATUS_OK &&
	    (status = set_number("--split-pages", o->pages_word, 1, UINT_MAX,
	    &o->split_pages)) == STATUS_OK)
		status = set_number("--max-blocking", o->blocking_word, 0,
		    UINT_MAX, &o->max_blocking);
	if (status == STATUS_OK && o->compress != NULL)
		status = zspec_parse(o->compress, &o->zspec);
	return (status);
}

static enum status
check(struct options *o, const struct opt_list *operands)
{
	enum status status;

	if (o->format != NULL && strcmp(o->format, "c") != 0 &&
	    strcmp(o->format, "custom") != 0) {
		msg_error("-F %s: only a custom archive is a stream that "
		    "pg_restore can pick from: leave it out", o->format);
		if (strlen(o->format) > 1)
			msg_hint("-f FILE names the file to write");
		return (STATUS_USAGE);
	}
	if (o->file != NULL && strlen(o->file) == 1 &&
	    strchr("cdpt", o->file[0]) != NULL)
		msg_warning("-f %s: a file of that name is written; the format "
		    "would be -F", o->file);
	if (o->snapshot != NULL && o->deferrable) {
		msg_error("--serializable-deferrable: a snapshot that exists "
		    "cannot be waited for: leave out --snapshot");
		return (STATUS_USAGE);
	}
	if ((status = set_job(o)) != STATUS_OK ||
	    (status = set_login(o, operands)) != STATUS_OK ||
	    (status = set_numbers(o)) != STATUS_OK)
		return (status);
	set_wants(o);
	if (o->job == JOB_DUMP && o->file == NULL)
		return (fd_refuse_terminal(STDOUT_FILENO, "stdout",
		    "an archive is not for the screen: pipe it on, or "
		    "redirect it to a file"));
	return (STATUS_OK);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	const struct opt_spec spec = {
		.synopsis = "[options] [DBNAME | CONNINFO]\n"
		    "--globals | --list | --estimate [options] "
		    "[DBNAME | CONNINFO]",
		.what = "Write a consistent, complete pg_dump archive of a "
		    "PostgreSQL database to stdout.",
		.example = "pgb-dump appdb | pgb-verify | "
		    "pgb-encrypt -R backup.pub |\n      pgb-ship --sink "
		    "sftp://backup@vault/pg/appdb-{time}.dump.age",
		.max_operands = 1,
		.operand_hint = "one database at a time; -U NAME is the role, "
		    "-h HOST the server, -f FILE the output",
	};
	struct opt_list operands;
	int status;

	memset(o, 0, sizeof(*o));
	status = opt_parse_rows(&spec, rows, sizeof(rows) / sizeof(rows[0]), o,
	    argc, argv, &operands);
	if (status == STATUS_OK) {
		msg_set_verbose(o->verbose);
		status = (int)check(o, &operands);
	}
	opt_list_free(&operands);
	return (status);
}

void
options_free(struct options *o)
{

	opt_list_free_all(&o->pass);
	opt_list_free_all(&o->pass_globals);
}
