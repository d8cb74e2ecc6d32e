/* SPDX-License-Identifier: ISC */
/* Promise: a destination means one file and no other: what is no clear
 * destination is refused, and no value in a name can act as a path. */
#include <stdlib.h>
#include <unistd.h>

#include "pgb-ship/dest.c"
#include "pgb-ship/dest-name.c"
#include "pgb-ship/dest-place.c"
#include "tap.h"

#define NOW	1795312800	/* 2026-11-22T02:00:00Z, a Sunday */

static const struct dest_words words = {
	.now = NOW, .db = "app db",
	.server = "15.18 (Debian 15.18-0+deb12u1)", .host = "db-1"
};

/* The name that text expands to, or "!" and the status. */
static const char *
expand(const char *text, const struct dest_words *w)
{
	static char path[DEST_PATH_MAX];
	enum status status;
	struct dest d;

	status = dest_parse(&d, text);
	if (status == STATUS_OK)
		status = dest_expand(&d, w, path);
	if (status != STATUS_OK)
		snprintf(path, sizeof(path), "!%d", (int)status);
	dest_wipe(&d);
	return (path);
}

static void
parts(const char *text, const char *user, const char *host, unsigned port,
    const char *pattern, bool login)
{
	struct dest d;
	bool good;

	good = dest_parse(&d, text) == STATUS_OK && d.remote;
	ok(good, "%s: accepted", text);
	if (good) {
		same(d.user != NULL ? d.user : "-", user, "  user");
		same(d.host, host, "  host");
		ok(d.port == port, "  port %u", d.port);
		same(d.pattern, pattern, "  path");
		ok(d.login == login, "  login directory");
	}
	dest_wipe(&d);
}

static void
refused(const char *text)
{

	same(expand(text, &words), "!2", text);
}

/* What the user is shown names the same file when it is given back. */
static void
round_trip(const char *text, const char *want)
{
	char path[DEST_PATH_MAX], again[DEST_PATH_MAX];
	struct dest d, e;
	char *name;

	if (dest_parse(&d, text) != STATUS_OK ||
	    dest_expand(&d, &words, path) != STATUS_OK ||
	    (name = dest_name(&d, path)) == NULL) {
		ok(false, "%s: parsed", text);
		return;
	}
	same(name, want, text);
	ok(dest_parse(&e, name) == STATUS_OK &&
	    dest_expand(&e, NULL, again) == STATUS_OK &&
	    strcmp(path, again) == 0 && d.login == e.login, "  and back");
	free(name);
	dest_wipe(&d);
	dest_wipe(&e);
}

static void
test_parse(void)
{

	parts("sftp://vault/pg/x", "-", "vault", 22, "/pg/x", false);
	parts("SFTP://bob@vault:2222/x", "bob", "vault", 2222, "/x", false);
	parts("sftp://b%40c@vault/x", "b@c", "vault", 22, "/x", false);
	parts("sftp://b@c@vault/x", "b@c", "vault", 22, "/x", false);
	parts("sftp://[::1]/x", "-", "::1", 22, "/x", false);
	parts("sftp://u@[fe80::1%eth0]:23/x", "u", "fe80::1%eth0", 23, "/x",
	    false);
	parts("sftp://vault/~/x/y", "-", "vault", 22, "x/y", true);
	parts("sftp://vault/~//x", "-", "vault", 22, "x", true);
	parts("sftp://vault/~bob/x", "-", "vault", 22, "/~bob/x", false);
	parts("sftp://vault/a@b:c/x", "-", "vault", 22, "/a@b:c/x", false);

	refused("sftp://bob:secret@vault/x");
	refused("sftp://:@vault/x");
	refused("sftp://@vault/x");
	refused("sftp://b%4@vault/x");
	refused("sftp://b%00@vault/x");
	refused("sftp:///x");
	refused("sftp://vault");
	refused("sftp://vault/");
	refused("sftp://vault/~/");
	refused("sftp://vault/pg/");
	refused("sftp://vault/pg/..");
	refused("sftp://vault/pg/.");
	refused("sftp://vault/pg/%2e%2e");
	refused("sftp://vault:0/x");
	refused("sftp://vault:65536/x");
	refused("sftp://vault:4294967318/x");
	refused("sftp://vault:/x");
	refused("sftp://vault:22a/x");
	refused("sftp://-oProxyCommand=x/x");
	refused("sftp://va ult/x");
	refused("sftp://vault;id/x");
	refused("sftp://[::1/x");
	refused("sftp://[::1]x/x");
	refused("ftp://vault/x");
	refused("s3://bucket/x");
	refused("://x");
	refused("vault:/pg/x");
	refused("bob@vault:x");
	refused("sftp:vault/x");
	refused("file:x");
	refused("file://vault/x");
	refused("file://x");
	refused("");
	refused("dir/");
	refused("/");
	refused("..");
	same(expand("a\nb", &words), "!2", "a line break");
}

static void
test_names(void)
{
	static char longer[2 * DEST_PATH_MAX];
	struct dest_words w = words;

	same(expand("/b/{time}", &words), "/b/20261122T020000Z", "{time}");
	same(expand("{db}-{server}.dump", &words), "app%20db-15.18.dump",
	    "{db}, {server}");
	same(expand("%Y/%m-%d_%H%M%S.%%", &words), "2026/11-22_020000.%",
	    "strftime's");
	same(expand("sftp://h/%Y%m%d-{time}", &words),
	    "/20261122-20261122T020000Z", "strftime's in a URL");
	same(expand("sftp://h/a%20b%25Y%7Btime%7D", &words), "/a b%Y{time}",
	    "%XX in a URL is a byte and nothing else");
	same(expand("a%20b", &words), "!2", "and is not one in a path");
	same(expand("file:///a%2Fb", &words), "/a/b", "file:");
	same(expand("file://localhost/a", &words), "/a", "file: of localhost");
	same(expand("./vault:x", &words), "./vault:x", "./ makes a path");
	same(expand("a/b:c", &words), "a/b:c", "so does a slash");
	same(expand("{time}:x", &words), "20261122T020000Z:x", "and a word");
	same(expand("{}{a-b}{", &words), "{}{a-b}{", "braces without a word");
	same(expand("a%20{x}", NULL), "a%20{x}", "--fetch replaces nothing");
	same(expand("sftp://h/a%20%Y{x}", NULL), "/a %Y{x}",
	    "but %XX in a URL");
	same(expand("a{latest}", NULL), "a{latest}", "{latest} neither");
	same(expand("{host}.{db}", &words), "db-1.app%20db", "{host}");
	refused("{latest}");
	refused("{Db}");
	refused("{date}");
	refused("x%");
	refused("x%Q");
	refused("x%n");
	refused("sftp://h/x%00");
	refused("sftp://h/x%0a");

	w.db = "../../etc/x";
	same(expand("/b/{db}", &w), "/b/%2E.%2F..%2Fetc%2Fx",
	    "a database called ../../etc/x");
	w.db = "..";
	same(expand("/b/{db}/x", &w), "/b/%2E./x", "a database called ..");
	w.db = "\303\244%Y{time}\n";
	same(expand("{db}", &w), "%C3%A4%25Y%7Btime%7D%0A",
	    "a database called anything");
	w.db = "";
	same(expand("{db}", &w), "!2", "a database without a name");
	w.db = NULL;
	same(expand("{db}", &w), "!2", "no database known");
	same(expand("{server}", &w), "15.18", "but the server is");
	w.host = "a/b.example.org";
	same(expand("{host}", &w), "a%2Fb", "a host, up to the first dot");
	w.host = "";
	same(expand("{host}", &w), "!2", "a host without a name");
	w.host = ".org";
	same(expand("{host}", &w), "!2", "a host without its first part");
	w.host = NULL;
	ok(expand("{host}", &w)[0] != '!' &&
	    strchr(expand("{host}", &w), '.') == NULL,
	    "the host's own name: %s", expand("{host}", &w));
	memset(longer, 'x', sizeof(longer) - 1);
	refused(longer);
}

static void
test_wants(void)
{
	struct dest d;

	(void)dest_parse(&d, "sftp://h/{db}-{time}");
	ok(dest_wants_db(&d) && !dest_wants_server(&d), "asks for {db} only");
	dest_wipe(&d);
	(void)dest_parse(&d, "{server}");
	ok(!dest_wants_db(&d) && dest_wants_server(&d), "for {server} only");
	dest_wipe(&d);
}

static void
test_port(void)
{
	struct dest d;

	(void)dest_parse(&d, "sftp://h/x");
	ok(!d.port_told && d.port == 22, "no port told: 22");
	dest_wipe(&d);
	(void)dest_parse(&d, "sftp://h:22/x");
	ok(d.port_told && d.port == 22, "22 told");
	dest_wipe(&d);
}

/* "DIRECTORY PATTERN", "DIRECTORY" or "!" and the status. */
static const char *
place(const char *text)
{
	static char out[2 * DEST_PATH_MAX];
	char dir[DEST_PATH_MAX];
	const char *pattern;
	enum status status;
	struct dest d;

	status = dest_parse_place(&d, text);
	if (status == STATUS_OK)
		status = dest_place(&d, dir, &pattern);
	if (status != STATUS_OK)
		snprintf(out, sizeof(out), "!%d", (int)status);
	else
		snprintf(out, sizeof(out), "%s%s%s", dir,
		    pattern != NULL ? " " : "",
		    pattern != NULL ? pattern : "");
	dest_wipe(&d);
	return (out);
}

static void
lies(const char *text, const char *want)
{

	same(place(text), want, text);
}

static void
test_places(void)
{
	static char longer[2 * DEST_PATH_MAX];

	lies("sftp://h/pg/{db}-{time}", "/pg {db}-{time}");
	lies("sftp://h/pg/{latest}", "/pg {latest}");
	lies("sftp://h/pg/a-%Y%m%d", "/pg a-%Y%m%d");
	lies("sftp://h/{time}", "/ {time}");
	lies("sftp://h/pg/", "/pg");
	lies("sftp://h/pg", "/pg");
	lies("sftp://h/pg//", "/pg");
	lies("sftp://h/", "/");
	lies("sftp://h", "/");
	lies("sftp://h/~/", ".");
	lies("sftp://h/~", ".");
	lies("sftp://h/~/pg/", "pg");
	lies("sftp://h/~/{time}", ". {time}");
	lies("sftp://h/~bob", "/~bob");
	lies("sftp://h/a%20%7Bdb%7D/{time}", "/a {db} {time}");
	lies("sftp://h/a%20%7Btime%7D", "/a {time}");
	lies("/b/{time}.dump", "/b {time}.dump");
	lies("{time}.dump", ". {time}.dump");
	lies(".", ".");
	lies("..", "..");
	lies("/", "/");
	lies("dir", "dir");
	lies("./dir/", "./dir");
	lies("a%%b/{time}", "a%b {time}");
	lies("a%%b", "a%b");
	lies("file:///b/", "/b");
	lies("file:///b/{time}", "/b {time}");
	lies("", "!2");
	lies("vault:/pg", "!2");
	lies("sftp://u:secret@h/", "!2");
	lies("sftp://h/{db}/{time}", "!2");
	lies("sftp://h/%Y/{time}", "!2");
	lies("sftp://h/{x}/", "!2");
	lies("/b/%Y/", "!2");
	lies("/b/%/{time}", "!2");
	same(place("a\nb/{time}"), "!2", "a line break in a directory");
	lies("sftp://h/a%00b/", "!2");
	memset(longer, 'x', sizeof(longer) - 1);
	lies(longer, "!2");
}

static void
test_paths(void)
{
	char path[DEST_PATH_MAX];
	static char longer[DEST_PATH_MAX];

#define PARENT(p)	(dest_parent((p), path), path)
	same(PARENT("/a/b"), "/a", "the directory of a path");
	same(PARENT("/a"), "/", "below the root");
	same(PARENT("a"), ".", "of a bare name");
	same(PARENT("a//b"), "a", "two slashes");
	same(PARENT("//b"), "/", "two slashes at the root");
	same(dest_base("/a/b"), "b", "the last part");
	same(dest_base("b"), "b", "of a bare name");
	ok(dest_join("/a", "b", path) == 0, "join");
	same(path, "/a/b", "  with a slash");
	ok(dest_join("/", "b", path) == 0, "join to the root");
	same(path, "/b", "  with one");
	ok(dest_join("", "b", path) == 0, "join to nothing");
	same(path, "b", "  with none");
	memset(longer, 'x', sizeof(longer) - 1);
	ok(dest_join("", longer, path) == 0, "the longest path");
	ok(dest_join(".", longer, path) == -1, "a longer one");
}

static void
test_round_trips(void)
{

	round_trip("sftp://h/pg/{db}.dump", "sftp://h/pg/app%2520db.dump");
	round_trip("sftp://b%40c@h:2222/~/x", "sftp://b%40c@h:2222/~/x");
	round_trip("sftp://[::1]:24/x", "sftp://[::1]:24/x");
	round_trip("sftp://h:22/x", "sftp://h:22/x");
	round_trip("sftp://h/%25Y%7Bdb%7D", "sftp://h/%25Y%7Bdb%7D");
	round_trip("/a/{time}", "/a/20261122T020000Z");
}

/* Refused, and the word "secret" is nowhere in the messages. */
static void
silent_as(const char *text, bool is_place)
{
	char said[4096];
	ssize_t n;

	if (ftruncate(STDERR_FILENO, 0) == -1 ||
	    lseek(STDERR_FILENO, 0, SEEK_SET) == -1)
		abort();
	if (is_place)
		lies(text, "!2");
	else
		refused(text);
	n = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	ok(n > 6 && strncmp(said, "test: ", 6) == 0 &&
	    strstr(said, "secret") == NULL, "  %.*s",
	    (int)strcspn(said, "\n"), said);
}

static void
silent(const char *text)
{

	silent_as(text, false);
}

static void
test_secrets(void)
{

	silent_as("sftp://bob:secret@vault/x", true);
	silent_as("sftp://bob:22/secret{db}/w@vault/{time}", true);
	silent_as("sftp://bob:22/{secret}/w@vault/{time}", true);
	silent_as("sftp://bob:22/%secret/w@vault/{time}", true);
	silent_as("bob:secret@vault:/pg/", true);

	silent("sftp://bob:secret@vault/x");
	silent("sftp://bob:secret/w@vault/x");
	silent("sftp://bob:/secret@vault/x");
	silent("sftp://bob:1234567/secret@vault/x");
	silent("sftp://bob:12a/secret@vault/x");
	silent("sftp://b b:secret/w@vault/x");
	silent("sftp://-b:secret/w@vault/x");
	silent("sftp://:secret/w@vault/x");
	silent("sftp://[b:secret/w@vault/x");
	silent("sftp://bob:22/secret@vault/");
	silent("sftp://bob:22/secret{x}@vault/x");
	silent("sftp://bob:22/{secret}@vault/x");
	silent("sftp://bob:22/secret%J@vault/x");
	silent("sftp://bob:22/secret%00@vault/x");
	silent("sftp://bob:22/secret@vault/..");
	silent("SFTP://bob:secret/w@vault");
	silent("file://bob:secret@vault/x");
	silent("ftp://bob:secret@vault/x");
	silent("bob:secret://w@vault/x");
	silent("bob:secret@sftp://vault/x");
	silent("bob:secret@vault:/x");
	silent("bob:secret@vault/");
	silent("sftp:bob:secret@vault/x");
	silent("sftp:/bob:secret@vault/x");
}

/* What stands for {db} is one part of one name, and comes out as it went in. */
static void
fills(const char *text, const char *db, bool plain, const char *want)
{
	enum status status = STATUS_OK;
	char *got = dest_with_db(text, db, plain, &status);

	same(got != NULL ? got : "-", want, text);
	ok((got == NULL) == (status != STATUS_OK), "and the status");
	free(got);
}

static void
test_filled(void)
{
	char url[] = "sftp://u@h:22/pg/{db}-{time}", *got;
	static char most[DEST_PATH_MAX];
	enum status status;

	fills(url, "appdb", false, "sftp://u@h:22/pg/appdb-{time}");
	fills(url, "odd db", false, "sftp://u@h:22/pg/odd%2520db-{time}");
	fills(url, "../x", false, "sftp://u@h:22/pg/%252E.%252Fx-{time}");
	fills(url, "{time}", false, "sftp://u@h:22/pg/%257Btime%257D-{time}");
	fills("/b/{db}-{latest}", "odd db", false, "/b/odd%%20db-{latest}");
	fills("/b/{db}-1", "odd db", true, "/b/odd%20db-1");
	fills("file:///b/{db}-1", "a%b", true, "file:///b/a%2525b-1");
	fills("/b/{db}/{db}-{time}", "x", false, "/b/x/x-{time}");
	fills("/b/{host}-{time}", "x", false, "-");
	fills("/b/{db}", "", false, "-");
	fills("vault:{db}", "x", false, "-");
	memset(most, 'x', sizeof(most) - 1);
	fills("/b/{db}", most, false, "-");
	/* The same file as an upload makes. */
	got = dest_with_db("sftp://h/{db}-x", words.db, false, &status);
	same(expand(got, NULL), expand("sftp://h/{db}-x", &words), "one name");
	free(got);
}

int
main(void)
{
	FILE *said = tmpfile();

	/* The messages are looked at, and not shown. */
	if (said == NULL || dup2(fileno(said), STDERR_FILENO) == -1)
		return (1);
	msg_program("test");
	test_parse();
	test_names();
	test_wants();
	test_port();
	test_round_trips();
	test_places();
	test_filled();
	test_paths();
	test_secrets();
	return (tap_done());
}
