/* SPDX-License-Identifier: ISC */
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "fetch.h"
#include "msg.h"
#include "pump.h"
#include "shipment.h"
#include "sig.h"

#define TIMEOUT_SECONDS	"60"
#define TIMEOUT_MAX	86400

struct line {
	struct ship_opts opts;
	const char *fetch;
	const char *timeout;
	struct opt_list dests;
};

static int
parse(struct line *l, int argc, char **argv)
{
	struct ship_opts *o = &l->opts;
	const struct opt opts[] = {
		{ OPT_FLAG, 0, "sink", NULL, &o->sink,
		    "pass nothing on; print the record instead" },
		{ OPT_FLAG, 0, "overwrite", NULL, &o->overwrite,
		    "replace an existing file" },
		{ OPT_FLAG, 0, "mkdir", NULL, &o->mkdir,
		    "make missing directories, mode 0700" },
		{ OPT_SIZE, 0, "expect-size", "N", &o->expect_size,
		    "refuse early where less than N bytes are free" },
		{ OPT_STRING, 0, "db", "NAME", &o->db,
		    "{db} in names, in place of the archive's own" },
		{ OPT_STRING, 0, "server", "VERSION", &o->server,
		    "{server} in names, in place of the archive's own" },
		{ OPT_FLAG, 0, "raw", NULL, &o->raw,
		    "take a stream whose end cannot be proven" },
		{ OPT_STRING, 0, "report", "FILE", &o->report,
		    "write one JSON line after success" },
		{ OPT_STRING, 0, "fetch", "URL", &l->fetch,
		    "write that file to stdout" },
		{ OPT_TITLE, 0, NULL, NULL, NULL, "connection:" },
		{ OPT_EACH, 'i', "identity", "FILE", &o->identities,
		    "private key, in place of agent and ~/.ssh" },
		{ OPT_STRING, 0, "password-file", "FILE", &o->password_file,
		    "password in the first line" },
		{ OPT_EACH, 0, "known-hosts", "FILE", &o->known_hosts,
		    "host keys, in place of the usual files" },
		{ OPT_STRING, 0, "timeout", "SECONDS", &l->timeout,
		    "to connect, and without a sign of life [60]" },
		{ OPT_FLAG, 0, "allow-no-fsync", NULL, &o->no_fsync_ok,
		    "take a server that cannot sync a file" },
		{ .kind = OPT_END }
	};
	const struct opt_spec spec = {
		.synopsis = "[options] DEST ...\n[options] --fetch URL",
		.what = "put a backup on a server, whole or not at all",
		.opts = opts,
		.example = "pgb-dump appdb | pgb-encrypt -R backup.pub | "
		    "pgb-ship --sink \\\n      "
		    "sftp://backup@vault/pg/appdb-{time}.dump.age",
		.max_operands = SHIPMENT_MAX,
	};

	return (opt_parse(&spec, argc, argv, &l->dests));
}

static enum status
check(struct line *l)
{
	const struct ship_opts *o = &l->opts;
	uint64_t seconds;

	if (opt_size(l->timeout, &seconds) == -1 || seconds == 0 ||
	    seconds > TIMEOUT_MAX) {
		msg_error("--timeout: %s: not a number of seconds, 1 to %d",
		    l->timeout, TIMEOUT_MAX);
		return (STATUS_USAGE);
	}
	l->opts.timeout_ms = (int)seconds * 1000;
	if (l->fetch == NULL && l->dests.count == 0) {
		msg_error("no destination");
		msg_hint("sftp://[USER@]HOST[:PORT]/PATH, file:///PATH or a "
		    "path; see pgb-ship --help");
		return (STATUS_USAGE);
	}
	if (l->fetch == NULL)
		return (pump_check_ends(o->sink, NULL));
	if (l->dests.count > 0 || o->sink || o->overwrite || o->mkdir ||
	    o->raw || o->expect_size > 0 || o->db != NULL ||
	    o->server != NULL) {
		msg_error("--fetch goes with --report and the options of the "
		    "connection alone");
		return (STATUS_USAGE);
	}
	return (fd_refuse_terminal(STDOUT_FILENO, "stdout",
	    "a backup is not for the screen: pipe it on, or redirect it to a "
	    "file"));
}

int
main(int argc, char **argv)
{
	struct line l = { .timeout = TIMEOUT_SECONDS };
	int status;

	msg_program("pgb-ship");
	if (fd_sanitize() == -1)
		return (STATUS_LOCAL);
	sig_install();
	status = parse(&l, argc, argv);
	if (status == STATUS_OK)
		status = (int)check(&l);
	if (status == STATUS_OK && sodium_init() == -1) {
		msg_error("libsodium does not start");
		status = STATUS_LOCAL;
	}
	if (status == STATUS_OK)
		status = (int)(l.fetch != NULL ?
		    fetch_run(l.fetch, &l.opts) :
		    shipment_run(&l.dests, &l.opts));
	opt_list_free(&l.dests);
	opt_list_free(&l.opts.identities);
	opt_list_free(&l.opts.known_hosts);
	sig_reraise();
	return (status == OPT_DONE ? STATUS_OK : status);
}
