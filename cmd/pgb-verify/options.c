/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/mill.h"
#include "msg.h"
#include "options.h"

#define JOBS_DEFAULT_MAX	8
#define MEMORY_DEFAULT		((uint64_t)1 << 30)
#define SHRINK_DEFAULT		0.2

/* Options that are words before they are numbers. */
struct words {
	const char *jobs;
	const char *fd;
	const char *shrink;
};

/* What is being filled. */
struct parsed {
	struct options o;
	struct words w;
};

#define TO(field)	offsetof(struct parsed, o.field)
#define WORD(field)	offsetof(struct parsed, w.field)

static const struct opt_row rows[] = {
	OPT_HEADING("The stream:"),
	{ OPT_FLAG, 0, "sink", NULL, TO(sink),
	    "pass nothing on, and go on behind an error" },
	{ OPT_FLAG, 0, "hold", NULL, TO(hold),
	    "pass nothing on before all of it was checked" },
	{ OPT_STRING, 0, "hold-dir", "DIR", TO(hold_dir),
	    "keep it in a file there ($TMPDIR, /var/tmp)" },
	{ OPT_STRING, 0, "through", "COMMAND", TO(command),
	    "run a foreign filter under the same promise" },
	{ OPT_FLAG, 0, "raw", NULL, TO(raw),
	    "admit streams whose end cannot be proven" },
	{ OPT_FLAG, 0, "strict", NULL, TO(strict),
	    "take notes for errors" },
	OPT_HEADING("Inside age:"),
	{ OPT_EACH, 'i', "identity", "FILE", TO(identities),
	    "look into age with this identity file" },
	{ OPT_STRING, 0, "passphrase-file", "FILE", TO(from.file),
	    "the passphrase of key files: the one line in FILE" },
	{ OPT_STRING, 0, "passphrase-fd", "N", WORD(fd),
	    "the one line that descriptor N gives" },
	OPT_HEADING("What is written:"),
	{ OPT_FLAG, 'l', "list", NULL, TO(list),
	    "print the table of contents to stderr" },
	{ OPT_STRING, 0, "list-to", "FILE", TO(list_to),
	    "write the table of contents to FILE" },
	{ OPT_STRING, 0, "report", "FILE", TO(report),
	    "at success, write a line of JSON to FILE" },
	{ OPT_STRING, 0, "sign", "KEYFILE", TO(sign),
	    "sign the report with this minisign key" },
	{ OPT_STRING, 0, "sum", "FILE", TO(sum),
	    "write the stream's b2sum line to FILE" },
	OPT_HEADING("What is compared:"),
	{ OPT_STRING, 0, "check", "FILE", TO(check),
	    "the stream is that of FILE: b2sum line, or report" },
	{ OPT_STRING, 0, "name", "NAME", TO(name),
	    "which of the lines in it" },
	{ OPT_STRING, 0, "against", "REPORT", TO(against),
	    "the dump has not lost much since that report" },
	{ OPT_STRING, 0, "max-shrink", "PERCENT", WORD(shrink),
	    "of rows or bytes that may be gone (20%)" },
	{ OPT_EACH, 0, "except", "TABLE", TO(except),
	    "this one may shrink and go; a pattern" },
	{ OPT_FLAG, 0, "allow-same", NULL, TO(allow_same),
	    "nothing at all may have changed" },
	{ OPT_STRING, 0, "pubkey", "KEY|FILE", TO(pubkey),
	    "reports that are read must be signed with this key" },
	OPT_HEADING("Always:"),
	{ OPT_STRING, 'j', "jobs", "N", WORD(jobs),
	    "threads (as many as processors, 8 at most)" },
	{ OPT_SIZE, 0, "max-memory", "SIZE", TO(max_memory),
	    "for the table of contents (1G)" },
	{ OPT_SIZE, 0, "max-data", "SIZE", TO(max_data),
	    "that an archive may decompress to" },
	{ OPT_FLAG, 0, "no-sandbox", NULL, TO(no_sandbox),
	    "keep the rights that are not needed" },
	PROGRESS_ROWS(TO),
};

static int
parse(struct parsed *p, int argc, char **argv)
{
	const struct opt_spec spec = {
		.synopsis = "[options] < BACKUP > BACKUP",
		.what = "Check a backup stream and pass it on unchanged.",
		.example = "pgb-dump appdb | pgb-verify | "
		    "pgb-encrypt -R backup.pub |\n      pgb-ship --sink "
		    "sftp://backup@vault/pg/appdb-{time}.dump.age",
		.max_operands = 0,
		.short_hint = "the backup comes from stdin and goes to stdout",
		.operand_hint = "the backup is read from stdin: pgb-verify "
		    "--sink <FILE",
	};
	struct opt_list operands;
	int status;

	status = opt_parse_rows(&spec, rows, sizeof(rows) / sizeof(rows[0]), p,
	    argc, argv, &operands);
	opt_list_free(&operands);
	return (status);
}

/* "20%", "20", "0.5%": a share, or -1. */
static int
percent(const char *text, double *out)
{
	char *end;

	*out = SHRINK_DEFAULT;
	if (text == NULL)
		return (0);
	*out = strtod(text, &end) / 100;
	if (text[0] >= '0' && text[0] <= '9' && end != text &&
	    strcmp(end, *end == '%' ? "%" : "") == 0 && *out >= 0 &&
	    *out <= 1)
		return (0);
	msg_error("--max-shrink: not a percentage from 0 to 100");
	return (-1);
}

static enum status
numbers(struct options *o, const struct words *w)
{

	if (opt_number("-j", w->jobs, 1, MILL_THREADS_MAX, &o->jobs) == -1 ||
	    passphrase_take_fd(&o->from, w->fd) != STATUS_OK ||
	    percent(w->shrink, &o->max_shrink) == -1)
		return (STATUS_USAGE);
	if (w->jobs == NULL)
		o->jobs = opt_processors(JOBS_DEFAULT_MAX);
	return (STATUS_OK);
}

/* One without the other says nothing: which, and what it wants. */
static enum status
check_together(const struct options *o, const struct words *w)
{
	const struct {
		bool lonely;
		const char *what;
		const char *wants;
	} v[] = {
		{ o->sign != NULL && o->report == NULL, "--sign",
		    "--report FILE: it is the report that is signed" },
		{ o->pubkey != NULL && o->check == NULL && o->against == NULL,
		    "--pubkey", "--check REPORT or --against REPORT" },
		{ o->name != NULL && o->check == NULL, "--name",
		    "--check FILE" },
		{ w->shrink != NULL && o->against == NULL, "--max-shrink",
		    "--against REPORT" },
		{ o->except.count > 0 && o->against == NULL, "--except",
		    "--against REPORT" },
		{ o->allow_same && o->against == NULL, "--allow-same",
		    "--against REPORT" },
		{ o->hold_dir != NULL && !o->hold, "--hold-dir", "--hold" },
	};
	size_t i;

	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		if (v[i].lonely) {
			msg_error("%s: says nothing without %s", v[i].what,
			    v[i].wants);
			return (STATUS_USAGE);
		}
	if (o->from.file != NULL && o->from.fd != -1) {
		msg_error("--passphrase-file and --passphrase-fd: give one of "
		    "them");
		return (STATUS_USAGE);
	}
	if (o->hold && o->command != NULL) {
		msg_error("--hold and --through: give one of them");
		msg_hint("... | pgb-verify --hold | pgb-verify --through "
		    "COMMAND");
		return (STATUS_USAGE);
	}
	if (o->hold && o->sink) {
		msg_error("--hold and --sink: nothing is passed on, so there "
		    "is nothing to hold");
		return (STATUS_USAGE);
	}
	return (progress_check(&o->progress));
}

int
options_parse(struct options *o, int argc, char **argv)
{
	struct parsed p = { .o = { .from = { .fd = -1 },
	    .max_memory = MEMORY_DEFAULT } };
	int status;

	status = parse(&p, argc, argv);
	*o = p.o;
	if (status != STATUS_OK ||
	    (status = (int)numbers(o, &p.w)) != STATUS_OK)
		return (status);
	return ((int)check_together(o, &p.w));
}

void
options_free(struct options *o)
{

	opt_list_free(&o->identities);
	opt_list_free(&o->except);
}
