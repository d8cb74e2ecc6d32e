/* SPDX-License-Identifier: ISC */
/* Promise: pg_dump's options are handed on as they are, and what cannot have
 * an effect is refused before anybody connects. */
#include <fcntl.h>
#include <unistd.h>

#include "pgb-dump/options.c"
#include "pgb-dump/squeeze/zspec.c"
#include "tap.h"

static struct options o;

static int
parse(char **argv)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return (options_parse(&o, argc, argv));
}

#define PARSE(...)							\
	parse((char *[]){ (char []){ "pgb-dump" }, __VA_ARGS__, NULL })
#define S(text)		((char []){ text })

static const char *
passed(void)
{
	static char out[512];
	size_t i;

	out[0] = '\0';
	for (i = 0; i < o.pass.count; i++)
		snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s",
		    i > 0 ? "|" : "", o.pass.v[i]);
	return (out);
}

static void
test_pass(void)
{

	ok(PARSE(S("-sOt"), S("a b"), S("--exclude-table-data=x"),
	    S("db"), S("--no-acl"), S("--section"), S("data")) == STATUS_OK &&
	    o.job == JOB_DUMP, "pg_dump's options");
	same(passed(), "-s|-O|-ta b|--exclude-table-data=x|--no-acl|"
	    "--section=data", "verbatim and in order");
	same(o.login.database, "db", "the database");
	options_free(&o);
	ok(PARSE(S("-h"), S("h"), S("-p1"), S("-U"), S("u"), S("-w"),
	    S("-ddb")) == STATUS_OK && strcmp(o.login.host, "h") == 0 &&
	    strcmp(o.login.port, "1") == 0 && strcmp(o.login.user, "u") == 0 &&
	    o.login.never_ask && strcmp(o.login.database, "db") == 0 &&
	    o.pass.count == 0, "connection options are ours");
	options_free(&o);
}

static void
test_refused(void)
{
	char *all[][4] = {
		{ S("-j"), S("0") }, { S("-j"), S("two") }, { S("-Zgzip:11") },
		{ S("-Zlzma") }, { S("--split-pages=0") },
		{ S("--max-blocking=soon") }, { S("--list"), S("-j2") },
		{ S("--globals"), S("-fx") }, { S("--estimate"), S("-fx") },
		{ S("-Fd") }, { S("--format=plain") }, { S("-g") },
		{ S("--no-sync") }, { S("--sync-method=fsync") },
		{ S("--no-synchronized-snapshots") },
		{ S("--binary-upgrade") }, { S("--no-such-option") },
		{ S("-dx"), S("y") }, { S("-w"), S("-W") },
		{ S("--list"), S("--globals") },
		{ S("--list"), S("--report=x") },
		{ S("--list"), S("-s") }, { S("--list"), S("--filter=-") },
		{ S("--globals"), S("-t"), S("x") },
		{ S("--globals"), S("--snapshot=x") },
		{ S("--globals"), S("--allow-empty") },
		{ S("--estimate"), S("--report=x") },
		{ S("--no-role-passwords") },
		{ S("--snapshot=x"), S("--serializable-deferrable") },
		{ S("x"), S("y") },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ok(PARSE(all[i][0], all[i][1], all[i][2], all[i][3]) ==
		    STATUS_USAGE, "refused: %s %s", all[i][0],
		    all[i][1] != NULL ? all[i][1] : "");
		options_free(&o);
	}
}

static void
wants(bool tables, bool data, const char *name, char **argv)
{

	ok(parse(argv) == STATUS_OK && o.want_tables == tables &&
	    o.want_data == data, "%s", name);
	options_free(&o);
}

#define WANTS(tables, data, ...) wants(tables, data, #__VA_ARGS__,	\
	(char *[]){ (char []){ "pgb-dump" }, __VA_ARGS__, NULL })

static void
test_wants(void)
{

	WANTS(true, true, S("db"));
	WANTS(true, true, S("-a"));
	WANTS(true, false, S("-s"));
	WANTS(true, false, S("--schema-only"));
	WANTS(true, false, S("--no-data"));
	WANTS(true, false, S("--section=pre-data"));
	WANTS(true, true, S("--section=pre-data"), S("--section=data"));
	WANTS(false, false, S("--section=post-data"));
	WANTS(false, false, S("--statistics-only"));
	WANTS(true, true, S("--schema=s"));
}

int
main(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null != -1)
		dup2(null, STDERR_FILENO);
	test_pass();
	test_refused();
	test_wants();
	ok(PARSE(S("--globals"), S("-Ox"), S("--role=r"),
	    S("--no-role-passwords"), S("-h"), S("x")) == STATUS_OK &&
	    o.job == JOB_GLOBALS && o.login.any_database &&
	    o.pass_globals.count == 1, "--globals with what fits it");
	options_free(&o);
	ok(PARSE(S("--list"), S("-Ux"), S("db")) == STATUS_OK &&
	    o.job == JOB_LIST, "--list");
	options_free(&o);
	ok(PARSE(S("--estimate"), S("--filter=f"), S("-Z0")) == STATUS_OK &&
	    o.job == JOB_ESTIMATE, "--estimate");
	options_free(&o);
	return (tap_done());
}
