/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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

static int
parse(struct options *o, struct words *w, int argc, char **argv)
{
	const struct opt opts[] = {
		{ OPT_TITLE, 0, NULL, NULL, NULL, "The stream:" },
		{ OPT_FLAG, 0, "sink", NULL, &o->sink,
		    "pass nothing on, and go on behind an error" },
		{ OPT_FLAG, 0, "hold", NULL, &o->hold,
		    "pass nothing on before all of it was checked" },
		{ OPT_STRING, 0, "hold-dir", "DIR", &o->hold_dir,
		    "keep it in a file there ($TMPDIR, /var/tmp)" },
		{ OPT_STRING, 0, "through", "COMMAND", &o->command,
		    "run a foreign filter under the same promise" },
		{ OPT_FLAG, 0, "raw", NULL, &o->raw,
		    "admit streams whose end cannot be proven" },
		{ OPT_FLAG, 0, "strict", NULL, &o->strict,
		    "take notes for errors" },
		{ OPT_TITLE, 0, NULL, NULL, NULL, "Inside age:" },
		{ OPT_EACH, 'i', "identity", "FILE", &o->identities,
		    "look into age with this identity file" },
		{ OPT_STRING, 0, "passphrase-file", "FILE", &o->from.file,
		    "the passphrase of key files: the one line in FILE" },
		{ OPT_STRING, 0, "passphrase-fd", "N", &w->fd,
		    "the one line that descriptor N gives" },
		{ OPT_TITLE, 0, NULL, NULL, NULL, "What is written:" },
		{ OPT_FLAG, 'l', "list", NULL, &o->list,
		    "print the table of contents to stderr" },
		{ OPT_STRING, 0, "list-to", "FILE", &o->list_to,
		    "write the table of contents to FILE" },
		{ OPT_STRING, 0, "report", "FILE", &o->report,
		    "after success, write a line of JSON to FILE" },
		{ OPT_STRING, 0, "sign", "KEYFILE", &o->sign,
		    "sign the report with this minisign key" },
		{ OPT_STRING, 0, "sum", "FILE", &o->sum,
		    "write the stream's b2sum line to FILE" },
		{ OPT_TITLE, 0, NULL, NULL, NULL, "What is compared:" },
		{ OPT_STRING, 0, "check", "FILE", &o->check,
		    "the stream is that of FILE: a b2sum line, or a report" },
		{ OPT_STRING, 0, "name", "NAME", &o->name,
		    "which of the lines in it" },
		{ OPT_STRING, 0, "against", "REPORT", &o->against,
		    "the dump has not lost much since that report" },
		{ OPT_STRING, 0, "max-shrink", "PERCENT", &w->shrink,
		    "of rows or bytes that may be gone (20%)" },
		{ OPT_EACH, 0, "except", "TABLE", &o->except,
		    "this one may shrink and go; a pattern" },
		{ OPT_FLAG, 0, "allow-same", NULL, &o->allow_same,
		    "nothing at all may have changed" },
		{ OPT_STRING, 0, "pubkey", "KEY|FILE", &o->pubkey,
		    "reports that are read must be signed with this key" },
		{ OPT_TITLE, 0, NULL, NULL, NULL, "Always:" },
		{ OPT_STRING, 'j', "jobs", "N", &w->jobs,
		    "threads (as many as processors, 8 at most)" },
		{ OPT_SIZE, 0, "max-memory", "SIZE", &o->max_memory,
		    "for the table of contents (1G)" },
		{ OPT_SIZE, 0, "max-data", "SIZE", &o->max_data,
		    "that an archive may decompress to" },
		{ OPT_FLAG, 0, "no-sandbox", NULL, &o->no_sandbox,
		    "keep the rights that are not needed" },
		{ .kind = OPT_END },
	};
	const struct opt_spec spec = {
		.synopsis = "[options] < BACKUP > BACKUP",
		.what = "Check a backup stream and pass it on unchanged.",
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
	unsigned fd = 0;

	if (opt_number("-j", w->jobs, 1, MILL_THREADS_MAX, &o->jobs) == -1 ||
	    opt_number("--passphrase-fd", w->fd, 3, 1 << 20, &fd) == -1 ||
	    percent(w->shrink, &o->max_shrink) == -1)
		return (STATUS_USAGE);
	o->from.fd = w->fd != NULL ? (int)fd : -1;
	/* It is not for plugins or a wrapped filter. */
	if (w->fd != NULL && fcntl(o->from.fd, F_SETFD, FD_CLOEXEC) == -1) {
		msg_error("--passphrase-fd: descriptor %s: %s", w->fd,
		    strerror(errno));
		return (STATUS_USAGE);
	}
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
	return (STATUS_OK);
}

int
options_parse(struct options *o, int argc, char **argv)
{
	struct words w = { 0 };
	enum status status;
	int rc;

	memset(o, 0, sizeof(*o));
	o->from.fd = -1;
	o->max_memory = MEMORY_DEFAULT;
	if ((rc = parse(o, &w, argc, argv)) != STATUS_OK)
		return (rc);
	if ((status = numbers(o, &w)) != STATUS_OK)
		return ((int)status);
	return ((int)check_together(o, &w));
}

void
options_free(struct options *o)
{

	opt_list_free(&o->identities);
	opt_list_free(&o->except);
}
