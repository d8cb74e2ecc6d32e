/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dest.h"
#include "fdio.h"
#include "msg.h"
#include "options.h"
#include "pump.h"
#include "send/shipment.h"

#define DAY_SECONDS	86400
#define KEEP_MOST	100000

/* The words of the command line that are numbers, before they are that. */
struct words {
	const char *timeout, *stall, *retry;
	const char *connections, *mode, *transport;
	const char *last, *daily, *weekly, *monthly;
};

/* What is being filled. */
struct parsed {
	struct task t;
	struct words w;
};

#define TO(field)	offsetof(struct parsed, t.opts.field)
#define TASK(field)	offsetof(struct parsed, t.field)
#define WORD(field)	offsetof(struct parsed, w.field)

static const struct opt_row rows[] = {
	{ OPT_FLAG, 0, "sink", NULL, TO(sink),
	    "pass nothing on; print the record instead" },
	{ OPT_FLAG, 0, "overwrite", NULL, TO(overwrite),
	    "replace an existing file" },
	{ OPT_FLAG, 0, "mkdir", NULL, TO(mkdir),
	    "make missing directories, mode 0700" },
	{ OPT_STRING, 0, "mode", "MODE", WORD(mode),
	    "of the file, octal [0600]" },
	{ OPT_EACH, 0, "with", "FILE", TO(with),
	    "a file to go beside the backup, as NAME.ext" },
	{ OPT_FLAG, 0, "sum", NULL, TO(sum),
	    "put NAME.b2 beside it, a line of b2sum" },
	{ OPT_FLAG, 0, "no-sum", NULL, TO(no_sum),
	    "compute no checksum" },
	{ OPT_FLAG, 0, "read-back", NULL, TO(read_back),
	    "read all of it back before it gets its name" },
	{ OPT_SIZE, 0, "expect-size", "N", TO(expect_size),
	    "refuse early where less than N bytes are free" },
	{ OPT_SIZE, 0, "min-free", "N", TO(min_free),
	    "end where less than N bytes would be left free" },
	{ OPT_STRING, 0, "db", "NAME", TO(db),
	    "what {db} is, in place of the archive's own" },
	{ OPT_STRING, 0, "server", "VERSION", TO(server),
	    "{server} in names, in place of the archive's own" },
	{ OPT_FLAG, 0, "raw", NULL, TO(raw),
	    "take a stream whose end cannot be proven" },
	{ OPT_STRING, 0, "report", "FILE", TO(report),
	    "write one JSON line at success" },
	PROGRESS_ROWS(TO),
	OPT_HEADING("what is there:"),
	{ OPT_STRING, 0, "fetch", "URL", TASK(fetch),
	    "write that file to stdout; {latest} for {time}" },
	{ OPT_STRING, 0, "range", "A-B", TASK(range),
	    "with --fetch: these bytes alone, from 0" },
	{ OPT_STRING, 0, "list", "URL", TASK(list),
	    "the backups of a directory or pattern" },
	{ OPT_STRING, 0, "prune", "URL", TASK(prune),
	    "remove the pattern's backups but for:" },
	{ OPT_STRING, 0, "keep-last", "N", WORD(last),
	    "the newest N" },
	{ OPT_STRING, 0, "keep-daily", "N", WORD(daily),
	    "the newest of each of N days" },
	{ OPT_STRING, 0, "keep-weekly", "N", WORD(weekly),
	    "... of N weeks" },
	{ OPT_STRING, 0, "keep-monthly", "N", WORD(monthly),
	    "... of N months" },
	{ OPT_FLAG, 0, "dry-run", NULL, TASK(dry_run),
	    "only say what would be removed" },
	{ OPT_FLAG, 0, "json", NULL, TASK(json),
	    "one JSON line a file" },
	OPT_HEADING("connection:"),
	{ OPT_EACH, 'i', "identity", "FILE", TO(identities),
	    "private key, in place of agent and ~/.ssh" },
	{ OPT_STRING, 0, "passphrase-file", "FILE",
	    TO(passphrase_file), "of the private key" },
	{ OPT_STRING, 0, "password-file", "FILE", TO(password_file),
	    "password in the first line" },
	{ OPT_EACH, 0, "known-hosts", "FILE", TO(known_hosts),
	    "host keys, in place of the usual files" },
	{ OPT_FLAG, 0, "accept-new", NULL, TO(accept_new),
	    "learn the key of a host that is not known yet" },
	{ OPT_STRING, 'F', "ssh-config", "FILE", TO(ssh_config),
	    "in place of ~/.ssh/config" },
	{ OPT_STRING, 0, "transport", "auto|libssh2|ssh",
	    WORD(transport), "who speaks SSH [auto]" },
	{ OPT_STRING, 0, "ssh", "PROGRAM", TO(ssh),
	    "in place of ssh" },
	{ OPT_STRING, 0, "connections", "N|auto", WORD(connections),
	    "into one file [auto: up to 4, where it helps]" },
	{ OPT_SIZE, 0, "limit", "RATE", TO(limit),
	    "bytes a second, at most" },
	{ OPT_STRING, 0, "timeout", "SECONDS", WORD(timeout),
	    "to connect, and without a sign of life [60]" },
	{ OPT_STRING, 0, "stall-timeout", "SECONDS", WORD(stall),
	    "without an answer [300]" },
	{ OPT_STRING, 0, "retry-time", "SECONDS", WORD(retry),
	    "without progress, before it gives up [900]" },
	{ OPT_FLAG, 0, "allow-no-fsync", NULL, TO(no_fsync_ok),
	    "take a server that cannot sync a file" },
	{ OPT_FLAG, 0, "no-sandbox", NULL, TASK(no_sandbox),
	    "keep the rights that are not needed" },
};

static int
parse(struct parsed *p, int argc, char **argv)
{
	const struct opt_spec spec = {
		.synopsis = "[options] DEST ...\n[options] --fetch URL\n"
		    "[options] --list URL\n[options] --prune URL --keep-last N",
		.what = "put a backup on a server, whole or not at all",
		.example = "pgb-dump appdb | pgb-verify | "
		    "pgb-encrypt -R backup.pub |\n      pgb-ship --sink "
		    "sftp://backup@vault/pg/appdb-{time}.dump.age",
		.max_operands = SHIPMENT_MAX,
		.operand_hint = "at most 16 destinations",
		.short_hint = "user and port stand in the URL, "
		    "sftp://USER@HOST:PORT/PATH, all else in ssh's "
		    "configuration",
	};

	return (opt_parse_rows(&spec, rows, sizeof(rows) / sizeof(rows[0]), p,
	    argc, argv, &p->t.dests));
}

/* --- words that mean something --- */

static enum status
seconds(const char *name, const char *text, int fallback, int *ms)
{
	unsigned n = (unsigned)fallback;

	if (opt_number(name, text, 1, DAY_SECONDS, &n) == -1)
		return (STATUS_USAGE);
	*ms = (int)n * 1000;
	return (STATUS_OK);
}

static enum status
take_mode(struct ship_opts *o, const char *text)
{
	unsigned mode = 0;
	size_t i;

	o->mode = 0600;
	if (text == NULL)
		return (STATUS_OK);
	for (i = 0; text[i] >= '0' && text[i] <= '7' && i < 5; i++)
		mode = mode * 8 + (unsigned)(text[i] - '0');
	if (text[i] != '\0' || i == 0 || mode > 0777 || (mode & 0400) == 0) {
		msg_error("--mode: %s: not an octal mode, 0400 to 0777", text);
		return (STATUS_USAGE);
	}
	o->mode = mode;
	return (STATUS_OK);
}

static enum status
take_transport(struct ship_opts *o, const char *text)
{
	static const char *const names[] = { [TRANSPORT_AUTO] = "auto",
	    [TRANSPORT_LIBSSH2] = "libssh2", [TRANSPORT_SSH] = "ssh" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text == NULL || strcmp(text, names[i]) == 0) {
			o->transport = (enum transport)i;
			return (STATUS_OK);
		}
	msg_error("--transport: %s: neither auto, libssh2 nor ssh", text);
	return (STATUS_USAGE);
}

static enum status
take_words(struct task *t, const struct words *w)
{
	struct ship_opts *o = &t->opts;
	enum status status;
	const char *n = w->connections;

	if (n != NULL && strcmp(n, "auto") == 0)
		n = NULL;
	if ((status = seconds("--timeout", w->timeout, 60,
	    &o->timeout_ms)) != STATUS_OK ||
	    (status = seconds("--stall-timeout", w->stall, 300,
	    &o->stall_ms)) != STATUS_OK ||
	    (status = seconds("--retry-time", w->retry, 900,
	    &o->retry_ms)) != STATUS_OK ||
	    (status = take_mode(o, w->mode)) != STATUS_OK ||
	    (status = take_transport(o, w->transport)) != STATUS_OK)
		return (status);
	if (opt_number("--connections", n, 1, CONNECTIONS_MAX,
	    &o->connections) == -1 ||
	    opt_number("--keep-last", w->last, 1, KEEP_MOST,
	    &t->keep.last) == -1 ||
	    opt_number("--keep-daily", w->daily, 1, KEEP_MOST,
	    &t->keep.daily) == -1 ||
	    opt_number("--keep-weekly", w->weekly, 1, KEEP_MOST,
	    &t->keep.weekly) == -1 ||
	    opt_number("--keep-monthly", w->monthly, 1, KEEP_MOST,
	    &t->keep.monthly) == -1)
		return (STATUS_USAGE);
	return (STATUS_OK);
}

/* --- what goes with what --- */

static enum status
clash(const char *what)
{

	msg_error("%s", what);
	return (STATUS_USAGE);
}

static bool
keeps(const struct keep *k)
{

	return (k->last + k->daily + k->weekly + k->monthly > 0);
}

/* Options of an upload alone. */
static bool
ships(const struct task *t)
{
	const struct ship_opts *o = &t->opts;

	return (t->dests.count > 0 || o->sink || o->overwrite || o->mkdir ||
	    o->raw || o->expect_size > 0 || o->min_free > 0 ||
	    o->server != NULL || o->sum || o->read_back ||
	    o->connections > 0 || t->mode_told);
}

static enum status
check_shelf(const struct task *t)
{

	if (ships(t) || t->opts.report != NULL || t->range != NULL ||
	    t->opts.no_sum || t->opts.limit > 0 || t->opts.progress.on ||
	    t->opts.progress.off)
		return (clash("--list and --prune go with --db, --json and "
		    "the options of the connection alone"));
	if (t->prune == NULL && (keeps(&t->keep) || t->dry_run))
		return (clash("--keep-last and its like and --dry-run go with "
		    "--prune"));
	if (t->prune != NULL && !keeps(&t->keep)) {
		msg_error("--prune: nothing says what is to be kept");
		msg_hint("--keep-last N, --keep-daily N, --keep-weekly N, "
		    "--keep-monthly N");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
check_fetch(const struct task *t)
{

	if (ships(t) || t->opts.with.count > 0 || keeps(&t->keep) ||
	    t->dry_run || t->json)
		return (clash("--fetch goes with --db, --range, --no-sum, "
		    "--limit, --report, --progress, --no-progress and the "
		    "options of the connection alone"));
	return (fd_refuse_terminal(STDOUT_FILENO, "stdout",
	    "a backup is not for the screen: pipe it on, or redirect it to a "
	    "file"));
}

static enum status
check_ship(const struct task *t)
{

	if (t->range != NULL || t->json || t->dry_run || keeps(&t->keep))
		return (clash("--range goes with --fetch; --json, --dry-run "
		    "and --keep-last and its like with --list or --prune"));
	if (t->opts.sum && t->opts.no_sum)
		return (clash("--sum and --no-sum exclude each other"));
	if (t->dests.count > 0)
		return (pump_check_ends(t->opts.sink, NULL));
	msg_error("no destination");
	msg_hint("sftp://[USER@]HOST[:PORT]/PATH, file:///PATH or a path; see "
	    "pgb-ship --help");
	return (STATUS_USAGE);
}

static enum status
check(const struct task *t)
{
	int tasks = (t->fetch != NULL) + (t->list != NULL) +
	    (t->prune != NULL);
	enum status status;

	if ((status = progress_check(&t->opts.progress)) != STATUS_OK)
		return (status);
	if (tasks > 1)
		return (clash("--fetch, --list and --prune exclude each "
		    "other"));
	if (t->fetch != NULL)
		return (check_fetch(t));
	return (tasks > 0 ? check_shelf(t) : check_ship(t));
}

/* What stands for {db} where there is no archive that could tell. */
static enum status
fill_db(struct task *t)
{
	const char **one = t->fetch != NULL ? &t->fetch : t->list != NULL ?
	    &t->list : &t->prune;
	bool plain = t->fetch != NULL && strstr(t->fetch, "{latest}") == NULL;
	enum status status = STATUS_OK;

	if (t->opts.db == NULL || *one == NULL)
		return (STATUS_OK);
	t->filled = dest_with_db(*one, t->opts.db, plain, &status);
	if (t->filled != NULL)
		*one = t->filled;
	return (status);
}

int
options_parse(struct task *t, int argc, char **argv)
{
	struct parsed p = { .w = { .timeout = NULL } };
	int status;

	status = parse(&p, argc, argv);
	*t = p.t;
	if (status != STATUS_OK)
		return (status);
	t->mode_told = p.w.mode != NULL;
	if ((status = (int)take_words(t, &p.w)) != STATUS_OK)
		return (status);
	if ((status = (int)check(t)) != STATUS_OK)
		return (status);
	return ((int)fill_db(t));
}

void
options_free(struct task *t)
{

	free(t->filled);
	opt_list_free(&t->dests);
	opt_list_free(&t->opts.with);
	opt_list_free(&t->opts.identities);
	opt_list_free(&t->opts.known_hosts);
}
