/* SPDX-License-Identifier: ISC */
/* Promise: what fails at the server ends with the status that says whether a
 * retry can help, and with one clean line. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pgb-dump/pg/blame.c"
#include "pgb-dump/stock/relay.c"
#include "tap.h"

static void
test_states(void)
{
	static const struct {
		const char *code;
		enum status status;
	} all[] = {
		{ "57P03", STATUS_RETRY }, { "53300", STATUS_RETRY },
		{ "57P01", STATUS_RETRY }, { "08006", STATUS_RETRY },
		{ "40001", STATUS_RETRY }, { "55P03", STATUS_RETRY },
		{ "53200", STATUS_RETRY }, { "53100", STATUS_REMOTE },
		{ "28P01", STATUS_REMOTE }, { "28000", STATUS_REMOTE },
		{ "3D000", STATUS_REMOTE }, { "42501", STATUS_REMOTE },
		{ "42P01", STATUS_REMOTE }, { "XX001", STATUS_DATA },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ok(blame_sqlstate(all[i].code).status == all[i].status,
		    "SQLSTATE %s: status %d", all[i].code,
		    (int)all[i].status);
}

/* What is advised, by the code, the words and the function that said them. */
static void
test_hints(void)
{
	static const struct {
		const char *code, *text, *function, *hint;
	} all[] = {
		{ "53300", "sorry, too many clients already", "",
		    "raise max_connections" },
		{ "53300", "too many connections for database \"x\"", "",
		    "ALTER DATABASE" },
		{ "53300", "zu viele Verbindungen", "CheckMyDatabase",
		    "ALTER DATABASE" },
		{ "53300", "zu viele Verbindungen", "",
		    "CONNECTION LIMIT of role or database" },
		{ "42501", "permission denied for table x", "aclcheck_error",
		    "pg_read_all_data" },
		{ "42501", "keine Berechtigung", "aclcheck_error",
		    "pg_read_all_data" },
		{ "42501", "query would be affected by row-level security "
		    "policy for table \"x\"", "", "BYPASSRLS" },
		{ "42501", "Policy", "check_enable_rls", "BYPASSRLS" },
		{ "28000", "role \"x\" is not permitted to log in",
		    "InitializeSessionUserId", "ALTER ROLE ... LOGIN" },
		{ "28000", "Rolle", "InitializeSessionUserId",
		    "permitted to log in" },
		{ "28000", "Eintrag", "ClientAuthentication", "pg_hba.conf" },
		{ "55000", "Datenbank", "CheckMyDatabase",
		    "ALLOW_CONNECTIONS" },
		{ "28P01", "no password supplied", "", "PGPASSFILE" },
	};
	struct blame b;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		b = blame_server(all[i].code, all[i].text, all[i].function);
		ok(b.status == blame_sqlstate(all[i].code).status &&
		    b.hint != NULL && strstr(b.hint, all[i].hint) != NULL,
		    "%s, \"%s\": %s", all[i].code, all[i].text, all[i].hint);
	}
	b = blame_server("42P01", "x", "");
	ok(b.hint == NULL, "no hint where nothing is known");
}

static void
test_words(void)
{
	static const struct {
		const char *text;
		enum status status;
	} all[] = {
		{ "error: query failed: ERROR:  permission denied for table t",
		    STATUS_REMOTE },
		{ "error: no matching tables were found", STATUS_REMOTE },
		{ "detail: Error message from server: FATAL:  terminating "
		    "connection due to administrator command", STATUS_RETRY },
		{ "server closed the connection unexpectedly", STATUS_RETRY },
		{ "ERROR:  canceling statement due to conflict with recovery",
		    STATUS_RETRY },
		{ "canceling statement due to lock timeout", STATUS_RETRY },
		{ "FATAL:  the database system is starting up",
		    STATUS_RETRY },
		{ "error: query failed: ERROR:  invalid snapshot identifier: "
		    "\"00000003-0000001B-1\"", STATUS_RETRY },
		{ "error: query failed: ERROR:  snapshot "
		    "\"00000003-0000001B-1\" does not exist", STATUS_RETRY },
		{ "ERROR:  could not import the requested snapshot",
		    STATUS_RETRY },
		{ "unrecognized option '--statistics'", STATUS_USAGE },
		{ "error: options -s/--schema-only and -a/--data-only cannot "
		    "be used together", STATUS_USAGE },
		{ "error: aborting because of server version mismatch",
		    STATUS_USAGE },
		{ "root certificate file \"/x\" does not exist",
		    STATUS_USAGE },
		{ "ERROR:  relation \"x\" does not exist", STATUS_REMOTE },
		{ "error: out of memory", STATUS_LOCAL },
		{ "ERROR:  invalid page in block 3 of relation base/5/1",
		    STATUS_OK },
		{ "", STATUS_OK },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ok(blame_text(all[i].text).status == all[i].status,
		    "\"%s\": status %d", all[i].text, (int)all[i].status);
	ok(blame_text("a then b").status == STATUS_OK, "unknown words");
	ok(blame_coded("\xd0\x92\xd0\x90\xd0\x96\xd0\x9d\xd0\x9e:  3D000: x") &&
	    blame_coded("FATAL:  53300: x") && !blame_coded("FATAL: x") &&
	    !blame_coded("invalid port number: \"x\""), "a server's word");
	ok(matches("x on socket y No such z", "on socket*No such") &&
	    !matches("No such on socket", "on socket*No such"),
	    "pieces of a pattern stand in order");
}

static void
test_connect(void)
{
	struct blame b;
	char line[256], tiny[8];

	b = blame_connect("connection to server on socket \"/s\" failed: "
	    "FATAL:  28P01: password authentication failed for user \"u\"\n"
	    "LOCATION:  auth_failed, auth.c:338\n", line, sizeof(line));
	ok(b.status == STATUS_REMOTE && b.hint != NULL, "wrong password");
	same(line, "connection to server on socket \"/s\" failed: password "
	    "authentication failed for user \"u\"", "no code, no location");

	b = blame_connect("connection to server at \"a\" failed: FATAL:  53300: "
	    "voll\nconnection to server at \"b\" failed: FATAL:  28000: "
	    "nein\nDETAIL:  x\nLOCATION:  ClientAuthentication, auth.c:1\n",
	    line, sizeof(line));
	ok(b.status == STATUS_REMOTE && b.hint != NULL &&
	    strstr(b.hint, "pg_hba.conf") != NULL,
	    "the function tells what the words do not");
	b = blame_connect("connection to server at \"a\" failed: FATAL:  28000: "
	    "nein\nconnection to server at \"b\" failed: FATAL:  28000: "
	    "no\nLOCATION:  ClientAuthentication\n", line, 60);
	ok(b.hint != NULL, "each line has its own");
	b = blame_connect("connection to server at \"b\" failed: FATAL:  28000: "
	    "nein\nconnection to server at \"a\" failed: FATAL:  28P01: no\n"
	    "LOCATION:  ClientAuthentication, auth.c:1\n", line,
	    sizeof(line));
	ok(b.hint != NULL && strstr(b.hint, "PGPASSFILE") != NULL,
	    "a code that says it all needs none");

	b = blame_connect("could not connect to server: No such file or "
	    "directory\n\tIs the server running locally and accepting\n\t"
	    "connections on Unix domain socket \"/s/.s.PGSQL.1\"?\n", line,
	    sizeof(line));
	ok(b.status == STATUS_RETRY && b.hint != NULL,
	    "no server, as libpq 13 says it");

	b = blame_connect("connection to server at \"h\" (::1), port 1 failed: "
	    "Connection refused\n\tIs the server running on that host and "
	    "accepting TCP/IP connections?\nconnection to server at \"h\" "
	    "(127.0.0.1), port 1 failed: Connection refused\n\tIs the server "
	    "running?\n", line, sizeof(line));
	ok(b.status == STATUS_RETRY, "nobody listens");
	same(line, "connection to server at \"h\" (::1), port 1 failed: "
	    "Connection refused; connection to server at \"h\" (127.0.0.1), "
	    "port 1 failed: Connection refused", "each address once");

	b = blame_connect("connection to server at \"a\" failed: Connection "
	    "refused\nconnection to server at \"b\" failed: FATAL:  3D000: "
	    "database \"x\" does not exist\n", line, sizeof(line));
	ok(b.status == STATUS_REMOTE, "the last host decides");

	b = blame_connect("connection to server at \"a\" failed: "
	    "FATAL:  57P03: the database system is starting up\n", line,
	    sizeof(line));
	ok(b.status == STATUS_RETRY, "starting up");

	/* A server that speaks German. */
	b = blame_connect("connection to server at \"a\" failed: SCHWERWIEGEND:"
	    "  53300: zu viele Verbindungen\n", line, sizeof(line));
	ok(b.status == STATUS_RETRY, "the code counts, not the language");
	same(line, "connection to server at \"a\" failed: zu viele "
	    "Verbindungen", "and what it says is shown");

	b = blame_connect("connection to server at \"a\" failed: fe_sendauth: "
	    "no password supplied\n", line, sizeof(line));
	ok(b.status == STATUS_REMOTE, "no password");
	same(line, "connection to server at \"a\" failed: no password "
	    "supplied", "without libpq's insides");

	b = blame_connect("what nobody has seen\n", line, sizeof(line));
	ok(b.status == STATUS_REMOTE, "unknown: a person must look");
	same(line, "what nobody has seen", "unknown, shown");
	b = blame_connect("connection to server at \"a\" failed: root "
	    "certificate file \"/r\" does not exist\nEither provide the file "
	    "or change sslmode.\n", line, sizeof(line));
	ok(b.status == STATUS_USAGE, "advice does not decide");
	same(line, "connection to server at \"a\" failed: root certificate "
	    "file \"/r\" does not exist", "and is not shown");
	blame_connect("connection to server at", tiny, sizeof(tiny));
	same(tiny, "connect", "cut to the room there is");
	blame_connect("", line, sizeof(line));
	same(line, "", "nothing said");
}

/* What a child says in pieces of every size is judged and relayed alike. */
static void
relay_all(struct relay *r, const char *text, size_t step)
{
	size_t len = strlen(text), n;

	relay_init(r, "pg_dump", "/usr/bin/pg_dump");
	for (; len > 0; text += n, len -= n) {
		n = len < step ? len : step;
		relay_feed(r, text, n);
	}
	relay_end(r);
}

static void
test_relay(void)
{
	static const char gone[] =
	    "pg_dump: warning: permission denied, but only a warning\n"
	    "pg_dump: dumping contents of table \"permission denied\"\n"
	    "pg_dump: error: Dumping the contents of table \"t\" failed.\n"
	    "pg_dump: detail: Error message from server: server closed the "
	    "connection unexpectedly\n\tThis probably means\n";
	static const char query[] =
	    "pg_dump: error: query failed: ERROR:  something\n"
	    "pg_dump: detail: Query was: SELECT 'permission denied'\n";
	static const char usage[] =
	    "/usr/bin/pg_dump: unrecognized option '--x'";
	char big[3 * RELAY_LINE];
	struct relay r;
	size_t step;

	for (step = 1; step < 200; step += 37) {
		relay_all(&r, gone, step);
		ok(r.blame.status == STATUS_RETRY,
		    "errors count, warnings do not (pieces of %zu)", step);
	}
	relay_all(&r, query, 4096);
	ok(r.blame.status == STATUS_OK, "a query's text proves nothing");
	relay_all(&r, usage, 4096);
	ok(r.blame.status == STATUS_USAGE, "getopt's line, without its end");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	relay_all(&r, big, 1000);
	ok(r.len == 0, "a line of any length");
}

int
main(void)
{
	int null = open("/dev/null", O_WRONLY);

	test_states();
	test_hints();
	test_words();
	test_connect();
	if (null != -1)
		dup2(null, STDERR_FILENO);
	test_relay();
	return (tap_done());
}
