/* SPDX-License-Identifier: ISC */
/* Promise: the pg_dump that is run fits the server: the same major version, or
 * else the oldest newer one, never an older one. */
#include <sys/stat.h>

#include "pgb-dump/stock/tool.c"
#include "tap.h"

static int
version(const char *line)
{
	struct tool t;

	return (tool_parse(line, &t) == 0 ? t.version : -1);
}

static void
test_parse(void)
{
	struct tool t;

	ok(version("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n") ==
	    150020, "15.20 of Debian");
	ok(tool_parse("pg_dump (PostgreSQL) 15.20 (Debian x)\n", &t) == 0,
	    "its text");
	same(t.text, "15.20 (Debian x)", "without the line's end");
	ok(version("pg_dump (PostgreSQL) 9.6.24\n") == 90624, "9.6.24");
	ok(version("pg_dump (PostgreSQL) 19rc1\n") == 190000, "19rc1");
	ok(version("pg_dump (PostgreSQL) 18beta2") == 180000, "18beta2");
	ok(version("pg_dump (EnterpriseDB) 16.4.1\n") == 160004, "EDB");
	ok(version("pg_dumpall (PostgreSQL) 10.0\n") == 100000, "10.0");
	ok(version("") == -1 && version("hello\n") == -1 &&
	    version("x (y) z\n") == -1 && version("x (y) 0\n") == -1 &&
	    version("x (y) 99999999999999999999\n") == -1 &&
	    version("usage: x (y)") == -1, "no version");
}

static void
test_better(void)
{
	const struct tool none = { .version = 0 }, v15 = { .version = 150020 },
	    v16 = { .version = 160004 }, v18 = { .version = 180001 };
	struct search s = { .name = "pg_dump", .server = 150001 };

	ok(tool_major(90624) < tool_major(100001) &&
	    tool_major(100001) < tool_major(150020) &&
	    tool_major(150001) == tool_major(150020) &&
	    tool_major(90524) != tool_major(90624), "majors are ordered");
	ok(better(&s, &v18, &none) && better(&s, &v15, &none), "any for none");
	ok(better(&s, &v15, &v16) && !better(&s, &v16, &v15), "the same major");
	ok(better(&s, &v16, &v18) && !better(&s, &v18, &v16), "the older new");
	ok(!better(&s, &v15, &v15), "the first of equals");
}

/* A pg_dump of our own that tells a version; returns its path. */
static const char *
fake(const char *dir, const char *answer)
{
	static char path[256];
	char text[512];
	int fd, len;

	snprintf(path, sizeof(path), "%s/pg_dump", dir);
	len = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", answer);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd == -1 || write(fd, text, (size_t)len) != len)
		ok(false, "cannot write %s", path);
	fd_close(&fd);
	return (path);
}

static void
test_named(void)
{
	char dir[] = "/tmp/pgb-tool.XXXXXX", word[300];
	struct tool t;

	if (mkdtemp(dir) == NULL) {
		ok(false, "no directory");
		return;
	}
	setenv("PGB_PGDUMP", fake(dir, "echo 'pg_dump (PostgreSQL) 16.1'"), 1);
	ok(tool_find("pg_dump", 160000, &t) == STATUS_OK &&
	    t.version == 160001, "PGB_PGDUMP is taken");
	ok(tool_find("pg_dump", 150000, &t) == STATUS_OK,
	    "a newer one too, with a warning");
	ok(tool_find("pg_dump", 170000, &t) == STATUS_USAGE,
	    "an older one is refused");
	ok(tool_find("pg_dumpall", 160000, &t) == STATUS_USAGE,
	    "pg_dumpall is looked for beside it");
	fake(dir, "echo 'what?'");
	ok(tool_find("pg_dump", 160000, &t) == STATUS_USAGE, "no version");
	fake(dir, "echo 'pg_dump (PostgreSQL) 16.1'; exit 1");
	ok(tool_find("pg_dump", 160000, &t) == STATUS_USAGE, "it fails");
	setenv("PGB_PGDUMP", "pg_dump", 1);
	ok(tool_find("pg_dump", 160000, &t) == STATUS_USAGE, "not a path");
	setenv("PGB_PGDUMP", "/nonexistent/pg_dump", 1);
	ok(tool_find("pg_dump", 160000, &t) == STATUS_USAGE, "not there");

	/* In PATH, a version that nobody has. */
	unsetenv("PGB_PGDUMP");
	fake(dir, "echo 'pg_dump (PostgreSQL) 99.3'");
	setenv("PATH", dir, 1);
	ok(tool_find("pg_dump", 990000, &t) == STATUS_OK &&
	    t.version == 990003, "found in PATH");
	ok(tool_find("pg_dump", 1000000, &t) == STATUS_USAGE,
	    "nothing fits version 100");
	snprintf(word, sizeof(word), "%s/pg_dump", dir);
	unlink(word);
	rmdir(dir);
}

int
main(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null != -1)
		dup2(null, STDERR_FILENO);
	test_parse();
	test_better();
	test_named();
	return (tap_done());
}
