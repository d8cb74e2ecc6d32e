/* SPDX-License-Identifier: ISC */
/* Promise: a name counts as a backup only where it is one that the pattern
 * makes, its age is what the name says, and no file of another series is taken
 * for one of ours. */
#include <time.h>

#include "dest.h"
#include "msg.h"
#include "shelf/match.h"
#include "tap.h"

static struct match *
make(const char *pattern, bool url)
{
	enum status status;

	return (match_new(pattern, url, pattern, &status));
}

/* "TIME SERIES", or "-". */
static const char *
read_name(const struct match *m, const char *name)
{
	static char text[1024];
	struct match_found f;
	char when[32];
	struct tm tm;
	time_t t;

	if (m == NULL)
		return ("no pattern");
	if (!match_name(m, name, &f))
		return ("-");
	t = (time_t)f.time;
	gmtime_r(&t, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s %s", when, f.series);
	return (f.len == strlen(name) ? text : "wrong length");
}

static void
reads(const char *pattern, const char *name, const char *want)
{
	struct match *m = make(pattern, false);
	char what[600];

	snprintf(what, sizeof(what), "%s: %.200s", pattern, name);
	same(read_name(m, name), want, what);
	match_free(m);
}

static void
refused(const char *pattern, bool url)
{
	enum status status = STATUS_OK;
	struct match *m = match_new(pattern, url, "it", &status);

	ok(m == NULL && status == STATUS_USAGE, "refused: %s", pattern);
	match_free(m);
}

static void
test_times(void)
{

	reads("a-{time}.d", "a-20261128T020304Z.d",
	    "2026-11-28T02:03:04 a-{time}.d");
	reads("a-{latest}.d", "a-20261128T020304Z.d",
	    "2026-11-28T02:03:04 a-{time}.d");
	reads("a-%F.d", "a-2026-11-28.d", "2026-11-28T00:00:00 a-%Y-%m-%d.d");
	reads("a-%Y%m%d", "a-20261128", "2026-11-28T00:00:00 a-%Y%m%d");
	reads("%d.%m.%Y-%H%M%S", "28.11.2026-020304",
	    "2026-11-28T02:03:04 %d.%m.%Y-%H%M%S");
	reads("%Y.%j", "2026.332", "2026-11-28T00:00:00 %Y.%j");
	reads("%j-%F", "332-2026-11-28",
	    "2026-11-28T00:00:00 %j-%Y-%m-%d");
	reads("%j-%F", "331-2026-11-28", "-");
	reads("%F-{time}", "2026-11-28-20261128T020304Z",
	    "2026-11-28T02:03:04 %Y-%m-%d-{time}");
	reads("%F-{time}", "2026-11-27-20261128T020304Z", "-");
	reads("%%%F", "%2026-11-28", "2026-11-28T00:00:00 %%Y-%m-%d");

	/* The calendar. */
	reads("%F", "2024-02-29", "2024-02-29T00:00:00 %Y-%m-%d");
	reads("%F", "2026-02-29", "-");
	reads("%F", "2000-02-29", "2000-02-29T00:00:00 %Y-%m-%d");
	reads("%F", "2100-02-29", "-");
	reads("%Y%j", "2024366", "2024-12-31T00:00:00 %Y%j");
	reads("%Y%j", "2026366", "-");
	reads("%Y%j", "2026000", "-");
	reads("%F", "2026-04-31", "-");
	reads("%F", "2026-13-01", "-");
	reads("%F", "2026-00-10", "-");
	reads("%F", "2026-10-00", "-");
	reads("{time}", "20261128T235959Z", "2026-11-28T23:59:59 {time}");
	reads("{time}", "20261128T240000Z", "-");
	reads("{time}", "20261128T026000Z", "-");
	reads("{time}", "20261128T020060Z", "-");
	reads("{time}", "19700101T000000Z", "1970-01-01T00:00:00 {time}");
	reads("{time}", "19691231T235959Z", "1969-12-31T23:59:59 {time}");
	reads("{time}", "99991231T235959Z", "9999-12-31T23:59:59 {time}");
}

static void
test_exact(void)
{

	reads("a-{time}.d", "a-20261128T020304Z.d.age", "-");
	reads("a-{time}.d", "a-20261128T020304Z.d.b2", "-");
	reads("a-{time}.d", "xa-20261128T020304Z.d", "-");
	reads("a-{time}.d", "A-20261128T020304Z.d", "-");
	reads("a-{time}.d", "a-20261128T020304Z", "-");
	reads("a-{time}.d", "a-20261128T020304Z.", "-");
	reads("a-{time}.d", "a-20261128T020304.d", "-");
	reads("a-{time}.d", "a-20261128t020304z.d", "-");
	reads("a-{time}.d", "a-2026112 T020304Z.d", "-");
	reads("a-{time}.d", "a-+0261128T020304Z.d", "-");
	reads("a-{time}.d", "a-", "-");
	reads("a-{time}.d", "", "-");
	reads("a-{time}.d", "a-20261128T020304Z.d\n", "-");
	reads("{time}", ".20261128T020304Z.0123456789abcdef.pgbtmp", "-");
}

static void
test_words(void)
{

	reads("{db}-{time}", "my-db-20261128T020304Z",
	    "2026-11-28T02:03:04 my-db-{time}");
	reads("{db}{time}", "db120261128T020304Z",
	    "2026-11-28T02:03:04 db1{time}");
	reads("{db}-{time}", "app%20db-20261128T020304Z",
	    "2026-11-28T02:03:04 app%20db-{time}");
	reads("{db}-{time}", "%2E.%2F..%2Fx-20261128T020304Z",
	    "2026-11-28T02:03:04 %2E.%2F..%2Fx-{time}");
	/* What dest_expand() never makes. */
	reads("{db}-{time}", "-20261128T020304Z", "-");
	reads("{db}-{time}", ".x-20261128T020304Z", "-");
	reads("{db}-{time}", "app db-20261128T020304Z", "-");
	reads("{db}-{time}", "app%2-20261128T020304Z", "-");
	reads("{db}-{time}", "app%2e-20261128T020304Z", "-");
	reads("{db}-{time}", "\303\244-20261128T020304Z", "-");
	reads("{db}-{time}", "a\033[0m-20261128T020304Z", "-");

	reads("{time}-{db}", "20261128T020304Z-my.db",
	    "2026-11-28T02:03:04 {time}-my.db");
	reads("{db}-{host}-{time}", "a-b-c-20261128T020304Z",
	    "2026-11-28T02:03:04 a-b-c-{time}");
	reads("{db}.{db}-{time}", "a.a-20261128T020304Z",
	    "2026-11-28T02:03:04 a.a-{time}");
	reads("{db}.{db}-{time}", "a.b-20261128T020304Z", "-");
	reads("{db}.{db}-{time}", "a.b.a.b-20261128T020304Z",
	    "2026-11-28T02:03:04 a.b.a.b-{time}");
	reads("{}{a-b}{-{time}", "{}{a-b}{-20261128T020304Z",
	    "2026-11-28T02:03:04 {}{a-b}{-{time}");
}

/* The series of that server's backups. */
static void
serves(const char *server, const char *want)
{
	char name[200], series[200];

	snprintf(name, sizeof(name), "my-db_%s_20261128T020304Z", server);
	snprintf(series, sizeof(series), "2026-11-28T02:03:04 my-db_%s_{time}",
	    want);
	reads("{db}_{server}_{time}", name, series);
}

/* Another minor version of the server is the same series, another major is
 * another one. */
static void
test_servers(void)
{

	serves("15.18", "15");
	serves("15", "15");
	serves("16.2", "16");
	serves("100.1", "100");
	serves("14.5.0", "14");
	serves("16beta1", "16");
	serves("16rc2", "16");
	serves("17devel", "17");
	serves("9.6.24", "9.6");
	serves("9.6", "9.6");
	serves("9.6beta4", "9.6");
	serves("8.4.22", "8.4");
	serves("9", "9");
	/* No version: clusters that have names. */
	serves("east", "east");
	serves("15a", "15a");
	serves("15.east", "15.east");
	serves("15.18-a", "15.18-a");
	serves("15.", "15.");
	serves("15.18.", "15.18.");
	serves("pg15.18", "pg15.18");
	serves("16beta1x", "16beta1x");
	serves("16beta", "16");
	serves("10.0.0.1", "10.0.0.1");

	/* Its number is not cut in two where it can be had whole. */
	reads("{db}-{server}-{time}", "my-db-15.18-20261128T020304Z",
	    "2026-11-28T02:03:04 my-db-15-{time}");
	reads("{server}-{db}-{time}", "15.18-my-db-20261128T020304Z",
	    "2026-11-28T02:03:04 15-my-db-{time}");
	reads("{db}.{server}-{time}", "app.15.18-20261128T020304Z",
	    "2026-11-28T02:03:04 app.15-{time}");
	reads("{db}{server}-{time}", "app15.18-20261128T020304Z",
	    "2026-11-28T02:03:04 app15-{time}");
	reads("{server}.{db}-{time}", "15.18.app-20261128T020304Z",
	    "2026-11-28T02:03:04 15.app-{time}");
	reads("{time}-{db}.{server}", "20261128T020304Z-app.9.6.24",
	    "2026-11-28T02:03:04 {time}-app.9.6");
	reads("{db}-{server}.{time}", "app-15.18.20261128T020304Z",
	    "2026-11-28T02:03:04 app-15.{time}");
	reads("%F.{server}", "2026-11-28.15.18",
	    "2026-11-28T00:00:00 %Y-%m-%d.15");
}

static void
test_refused(void)
{
	struct match *m;

	refused("a.dump", false);
	refused("{db}.dump", false);
	refused("a-%Y-%m", false);
	refused("a-%m-%d", false);
	refused("a-%H%M%S", false);
	refused("a-%j", false);
	refused("a-{time}-{date}", false);
	refused("a-{Time}", false);
	refused("a-{time}-%a", false);
	refused("a-{time}-%b", false);
	refused("a-{time}-%", false);
	refused("a-{time}-%n", false);
	refused("a%20-{db}", true);
	refused("%7Btime%7D", true);

	m = make("a%20%7Bx%7D-{time}", true);
	same(read_name(m, "a {x}-20261128T020304Z"),
	    "2026-11-28T02:03:04 a {x}-{time}", "%XX in a URL is a byte");
	match_free(m);
	m = make("a%Y%m%d%25", true);
	same(read_name(m, "a20261128%"), "2026-11-28T00:00:00 a%Y%m%d%",
	    "and a conversion is one");
	match_free(m);
}

/* What a name is beside, "" for nothing. */
static const char *
beside(const char *pattern, const char *name, unsigned depth)
{
	static char own[256];
	char *more[] = { (char [5]){ ".sql" }, (char [9]){ ".sql.age" } };
	struct opt_list extra = { .v = more, .count = 2 };
	struct match *m = make(pattern, false);
	struct match_found f;

	own[0] = '\0';
	if (m != NULL && match_beside(m, &extra, name, depth, &f))
		snprintf(own, sizeof(own), "%.*s", (int)f.len, name);
	match_free(m);
	return (own);
}

static void
test_beside(void)
{
#define T	"20261128T020304Z"
	static const char p[] = "a-{time}.dump";

	same(beside(p, "a-" T ".dump.b2", 1), "a-" T ".dump", ".b2");
	same(beside(p, "a-" T ".dump.json", 1), "a-" T ".dump", ".json");
	same(beside(p, "a-" T ".dump.minisig", 1), "a-" T ".dump",
	    ".minisig");
	same(beside(p, "a-" T ".dump.sha256", 1), "a-" T ".dump",
	    ".sha256");
	same(beside(p, "a-" T ".dump.json.minisig", 1), "",
	    "two endings are not one");
	same(beside(p, "a-" T ".dump.json.minisig", 2), "a-" T ".dump",
	    "but two");
	same(beside(p, "a-" T ".dump.json", 2), "", "and one is not two");
	same(beside(p, "a-" T ".dump.sql", 1), "a-" T ".dump", "--with .sql");
	same(beside(p, "a-" T ".dump.sql.age", 1), "a-" T ".dump",
	    "--with .sql.age");
	same(beside(p, "a-" T ".dump.sql.age.b2", 2), "a-" T ".dump",
	    "and its sum");
	same(beside(p, "a-" T ".dump", 1), "", "the backup itself");
	same(beside(p, "a-" T ".dump.age", 1), "", "another series");
	same(beside(p, "a-" T ".dump.age.b2", 1), "", "and its sum");
	same(beside(p, "a-" T ".dump.age.b2", 2), "", "however deep");
	same(beside(p, "a-" T ".b2", 1), "", "without the pattern's end");
	same(beside(p, "b-" T ".dump.b2", 1), "", "of another name");
	same(beside(p, "a-" T ".dump.b2x", 1), "", "no ending at all");
	same(beside(p, "a-" T ".dumpb2", 1), "", "no dot");
	same(beside(p, ".b2", 1), "", "nothing but an ending");
	same(beside("{time}-{db}", T "-x.json", 1), T "-x",
	    "a pattern that ends in {db}");
	reads("{time}-{db}", T "-x.json", "2026-11-28T02:03:04 {time}-x.json");
	reads("a-{time}.json", "a-" T ".json",
	    "2026-11-28T02:03:04 a-{time}.json");
	same(beside("a-{time}.json", "a-" T ".json", 1), "",
	    "a pattern with such an ending");
}

static void
test_any(void)
{
	struct match *m = match_any();

	same(read_name(m, "my db-" T ".dump.age"),
	    "2026-11-28T02:03:04 my db-{time}.dump.age", "any name");
	same(read_name(m, T), "2026-11-28T02:03:04 {time}", "a time alone");
	same(read_name(m, "a-20250101T000000Z-" T),
	    "2026-11-28T02:03:04 a-20250101T000000Z-{time}",
	    "of two times the last");
	same(read_name(m, "a-" T "-20261399T000000Z"),
	    "2026-11-28T02:03:04 a-{time}-20261399T000000Z",
	    "that is one");
	same(read_name(m, "1" T), "-", "a longer number");
	same(read_name(m, T "s"), "-", "a longer word");
	same(read_name(m, "." T), "-", "a hidden name");
	same(read_name(m, "x.dump"), "-", "no time");
	same(read_name(m, ""), "-", "no name");
	same(read_name(m, "a-" T ".dump.b2"), "-",
	    "what goes beside is not one");
	same(read_name(m, "a-" T ".b2.json"), "-", "nor twice");
	match_free(m);
}

/* Names that are made to be slow, and one that is too long. */
static void
test_hostile(void)
{
	struct match *m = make("{db}-{host}-{server}-{time}", false);
	char name[400];

	memset(name, '-', sizeof(name));
	name[MATCH_NAME_MAX] = '\0';
	same(read_name(m, name), "-", "a name of 255 dashes");
	memset(name, 'a', sizeof(name));
	strcpy(name + MATCH_NAME_MAX - 16 - 5, "-b-c-" T);
	ok(strcmp(read_name(m, name), "-") != 0, "a name of 255 bytes");
	memset(name, 'a', sizeof(name));
	strcpy(name + MATCH_NAME_MAX + 1 - 16 - 5, "-b-c-" T);
	same(read_name(m, name), "-", "a name of 256 bytes");
	match_free(m);
}

/* What dest.c writes is read back. */
static void
test_made(void)
{
	static const char *const patterns[] = {
		"{db}-{time}.dump.age", "{db}-{server}-{time}",
		"%F-%H%M%S.{db}",
		"{host}.{db}.%Y%j", "{server}_{host}_{db}_{time}",
	};
	static const char *const dbs[] = { "shop", "my-db", "..", "a b%/{x}",
		"\303\244", "15.18", "a_b.c-d" };
	struct dest_words w = { .server = "15.18 (Debian)", .host = "web-1" };
	struct match_found f;
	char path[DEST_PATH_MAX];
	struct match *m;
	struct dest d;
	unsigned bad = 0;
	size_t i, j, k;

	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		m = make(patterns[i], false);
		for (j = 0; j < sizeof(dbs) / sizeof(dbs[0]); j++)
			for (k = 0; k < 400; k++) {
				w.now = 1790000000 + (time_t)(k * 86400 * 3);
				w.db = dbs[j];
				if (dest_parse(&d, patterns[i]) != STATUS_OK ||
				    dest_expand(&d, &w, path) != STATUS_OK ||
				    !match_name(m, path, &f) ||
				    f.time / 86400 != w.now / 86400)
					bad++;
				dest_wipe(&d);
			}
		match_free(m);
	}
	ok(bad == 0, "what is made is read back (%u not)", bad);
}

int
main(void)
{

	msg_program("test");
	test_times();
	test_exact();
	test_words();
	test_servers();
	test_refused();
	test_beside();
	test_any();
	test_hostile();
	test_made();
	return (tap_done());
}
