/* SPDX-License-Identifier: ISC */
/* Promise: a file appears under its name whole, or not at all. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

#include "fdio.h"
#include "msg.h"
#include "publish.h"
#include "record.h"
#include "tap.h"

static char dir[] = "/tmp/pgb-publish-XXXXXX";
static char path[64];

static size_t
entries(void)
{
	struct dirent *e;
	size_t n = 0;
	DIR *d = opendir(dir);

	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	closedir(d);
	return (n);
}

static bool
holds(const char *text)
{
	size_t len;
	char *got = fd_slurp(path, 1000, &len);
	bool good = got != NULL && strcmp(got, text) == 0;

	free(got);
	return (good);
}

static void
test_publish(void)
{
	enum status st;
	struct publish *p, *q;
	struct stat s;

	p = publish_open(path, 0600, 0, &st);
	publish_write(p, "one", 3);
	ok(access(path, F_OK) == -1 && entries() == 1, "hidden until commit");
	q = publish_open(path, 0600, 0, &st);
	ok(publish_commit(p) == STATUS_OK && holds("one") && entries() == 2,
	    "there after commit");
	ok(stat(path, &s) == 0 && (s.st_mode & 0777) == 0600, "mode");
	publish_write(q, "two", 3);
	ok(publish_commit(q) == STATUS_USAGE && holds("one") && entries() == 1,
	    "a name taken meanwhile is not replaced");
	ok(publish_open(path, 0600, 0, &st) == NULL && st == STATUS_USAGE,
	    "an existing name is refused early");
	p = publish_open(path, 0600, PUBLISH_OVERWRITE, &st);
	publish_write(p, "three", 5);
	publish_abort(p);
	ok(holds("one") && entries() == 1, "aborted: nothing happened");
	p = publish_open(path, 0640, PUBLISH_OVERWRITE, &st);
	publish_write(p, "three", 5);
	ok(publish_commit(p) == STATUS_OK && holds("three") && entries() == 1,
	    "overwritten when asked");
	ok(publish_open("/nowhere/at/all", 0600, 0, &st) == NULL &&
	    st == STATUS_LOCAL, "a missing directory");
	ok(publish_open(dir, 0600, PUBLISH_OVERWRITE, &st) == NULL &&
	    st == STATUS_USAGE, "a directory in the way");
	ok(publish_open("/tmp/", 0600, 0, &st) == NULL && st == STATUS_USAGE,
	    "no name");
}

static void
write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

/* What a report meets under its name, at its opening and at its commit. */
static void
report(const char *early, const char *late, const char *want, const char *name)
{
	static const char line[] = "{\"program\":\"pgb-new\"}\n";
	enum status st;
	struct publish *p;

	unlink(path);
	if (early != NULL)
		write_file(early);
	p = publish_open(path, 0600, PUBLISH_REPORT, &st);
	if (late != NULL)
		write_file(late);
	if (p != NULL) {
		publish_write(p, line, sizeof(line) - 1);
		st = publish_commit(p);
	}
	ok(st == (want == NULL ? STATUS_OK : STATUS_USAGE) &&
	    holds(want == NULL ? line : want) && entries() == 1, "%s", name);
}

static void
test_report(void)
{

	report(NULL, NULL, NULL, "a report under a free name");
	report("", NULL, NULL, "replaces an empty file");
	report("{\"program\":\"pgb-ship\",\"x\":1}\n", NULL, NULL,
	    "replaces a report");
	report("{\"program\":\"pgb", NULL, "{\"program\":\"pgb",
	    "not the beginning of one");
	report("PGDMP", NULL, "PGDMP", "not a backup");
	report("{\"program\":\"other\"}\n", NULL,
	    "{\"program\":\"other\"}\n", "not the report of others");
	report(NULL, "PGDMP", "PGDMP", "not a backup that came meanwhile");
	report("", "PGDMP", "PGDMP", "not a file that was filled meanwhile");
	report("{\"program\":\"pgb-ship\",\"x\":1}\n", "PGDMP", "PGDMP",
	    "not a backup in the place of a report");
	report("{\"program\":\"pgb-ship\",\"x\":1}\n",
	    "{\"program\":\"pgb-dump\",\"x\":1}\n", NULL,
	    "replaces a report that was changed meanwhile");
	ok(publish_open("/dev/null", 0600, PUBLISH_REPORT, &(enum status){ 0 })
	    == NULL, "not a device");
}

static void
test_names(void)
{
	char temp[256], name[400];

	ok(publish_temp_name("a/b.dump", temp, sizeof(temp)) == 0 &&
	    strncmp(temp, ".b.dump.", 8) == 0 && publish_is_temp(temp),
	    "a temporary name is recognised");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ok(publish_temp_name(name, temp, sizeof(temp)) == 0 &&
	    strlen(temp) == 255 && publish_is_temp(temp), "a long name is cut");
	ok(!publish_is_temp("b.dump") && !publish_is_temp(".x.pgbtmp") &&
	    !publish_is_temp(".b.0123456789abcdeF.pgbtmp") &&
	    !publish_is_temp("b.0123456789abcdef.pgbtmp") &&
	    !publish_is_temp(".b0123456789abcdef.pgbtmp") &&
	    publish_is_temp(".b.0123456789abcdef.pgbtmp"), "others are not");
}

static void
test_record(void)
{
	struct record *r = record_new("pgb-test"), *part;
	char *line;

	record_str(r, "bad", "a\xff");
	record_int(r, "n", 12345678901234);
	record_bool(r, "b", true);
	record_time(r, "t", 0);
	part = record_append(r, "list");
	record_str(part, "k", "quote \" and\nline");
	line = record_line(r);
	same(line, "{\"program\":\"pgb-test\",\"version\":\"0.1.0\","
	    "\"format\":1,\"bad\":\"a\\\\xff\",\"n\":12345678901234,"
	    "\"b\":true,\"t\":\"1970-01-01T00:00:00Z\","
	    "\"list\":[{\"k\":\"quote \\\" and\\nline\"}]}\n", "a record");
	free(line);
	record_free(r);
}

int
main(void)
{

	msg_program("unit");
	if (mkdtemp(dir) == NULL)
		return (1);
	snprintf(path, sizeof(path), "%s/file", dir);
	test_publish();
	test_report();
	test_names();
	test_record();
	unlink(path);
	rmdir(dir);
	return (tap_done());
}
