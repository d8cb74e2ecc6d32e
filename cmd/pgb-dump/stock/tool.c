/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "msg.h"
#include "sig.h"
#include "tool.h"

#define VERSION_WAIT_MS	5000	/* for the answer to --version */
#define TEN		100000	/* 10 and later: one number is the major */

/*
 * Where the distributions put each version, the likely ones first.  %s is the
 * server's major version, in the second round any.  The order decides between
 * equals.
 */
static const char *const places[] = {
	"/usr/lib/postgresql/%s/bin",		/* Debian, Ubuntu */
	"/usr/pgsql-%s/bin",			/* RPM of postgresql.org */
	"/usr/local/pgsql-%s/bin",		/* source */
	"/usr/local/pgsql/%s/bin",
	"/usr/lib/postgresql%s/bin",		/* SUSE */
	"/usr/libexec/postgresql%s",		/* Alpine */
	"/usr/lib64/postgresql-%s/bin",		/* Gentoo */
	"/opt/postgresql-%s/bin",
	"/opt/postgresql/%s/bin",
	"/opt/pgsql-%s/bin",
	"/opt/pgsql/%s/bin",
	"/opt/bitnami/postgresql/bin",
	"/usr/local/pgsql/bin",			/* source, no version */
	"/opt/pgsql/bin",
};

struct search {
	const char *name;
	int server;
	struct tool best;	/* version 0: none yet */
	int too_old;		/* newest of those refused, 0: none */
	int error;		/* why the first that is there could not be
				 * asked, 0: all could, */
	char mute[PATH_MAX];	/* and which it is */
};

int
tool_major(int version)
{

	return (version >= TEN ? version / 10000 * 100 : version / 100);
}

/* "15", "9.6". */
static const char *
major_text(int version, char *buf, size_t len)
{

	if (version >= TEN)
		snprintf(buf, len, "%d", version / 10000);
	else
		snprintf(buf, len, "%d.%d", version / 10000,
		    version / 100 % 100);
	return (buf);
}

int
tool_parse(const char *line, struct tool *t)
{
	const char *s;
	int n[3] = { 0, 0, 0 };
	size_t i;

	if ((s = strchr(line, '(')) == NULL || (s = strstr(s, ") ")) == NULL)
		return (-1);
	s += 2;
	snprintf(t->text, sizeof(t->text), "%.*s", (int)strcspn(s, "\r\n"), s);
	for (i = 0; i < 3 && isdigit((unsigned char)*s); i++) {
		for (; isdigit((unsigned char)*s); s++) {
			n[i] = n[i] * 10 + (*s - '0');
			if (n[i] > 9999)
				return (-1);
		}
		if (*s == '.')
			s++;
	}
	if (n[0] == 0 || n[0] > 999)
		return (-1);
	if (n[0] >= 10)
		t->version = n[0] * 10000 + n[1];
	else
		t->version = n[0] * 10000 + n[1] * 100 + n[2];
	return (0);
}

/* Ask a program for its version: 0, or -1 with errno. */
static int
ask_version(struct tool *t)
{
	char *argv[] = { t->path, NULL, NULL };
	char word[] = "--version", answer[256];
	struct child c = CHILD_NONE;
	ssize_t n = -1;
	int ready;

	argv[1] = word;
	if (child_start(&c, argv, NULL) == -1)
		return (-1);
	ready = fd_wait_read(c.out, VERSION_WAIT_MS);
	if (ready == 1)
		n = fd_read_full(c.out, answer, sizeof(answer) - 1);
	else if (ready == 0)
		errno = ETIMEDOUT;
	if (n != -1 && child_wait(&c, VERSION_WAIT_MS) != 1) {
		errno = ETIMEDOUT;
		n = -1;
	}
	child_stop(&c);
	if (n == -1)
		return (-1);
	answer[n] = '\0';
	if (c.wstatus != 0 || tool_parse(answer, t) == -1) {
		errno = ENOEXEC;
		return (-1);
	}
	return (0);
}

/*
 * Debian's /usr/bin/pg_dump is a script that picks a version by rules of its
 * own: the version that it tells need not be the one that it runs.
 */
static bool
is_script(const char *path)
{
	char mark[2];
	bool yes;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (false);
	yes = fd_read_full(fd, mark, sizeof(mark)) == sizeof(mark) &&
	    memcmp(mark, "#!", sizeof(mark)) == 0;
	fd_close(&fd);
	return (yes);
}

/* Whether a is better than b for this server. */
static bool
better(const struct search *s, const struct tool *a, const struct tool *b)
{
	int ma = tool_major(a->version), mb = tool_major(b->version);

	if (b->version == 0)
		return (true);
	return (ma != mb && (ma == tool_major(s->server) ||
	    (mb != tool_major(s->server) && ma < mb)));
}

/* Look at one candidate; whether the search is over. */
static bool
consider(struct search *s, const char *dir, bool scripts)
{
	struct tool t = { .version = 0 };

	if ((size_t)snprintf(t.path, sizeof(t.path), "%s/%s", dir, s->name) >=
	    sizeof(t.path) || access(t.path, X_OK) == -1 ||
	    is_script(t.path) != scripts)
		return (false);
	if (ask_version(&t) == -1) {
		msg_verbose("%s: no answer to --version: %s", t.path,
		    strerror(errno));
		if (errno != ENOEXEC && s->error == 0) {
			s->error = errno;
			memcpy(s->mute, t.path, sizeof(s->mute));
		}
		return (sig_caught() != 0);
	}
	msg_verbose("%s: version %s", t.path, t.text);
	if (tool_major(t.version) < tool_major(s->server)) {
		if (t.version > s->too_old)
			s->too_old = t.version;
	} else if (better(s, &t, &s->best))
		s->best = t;
	return (tool_major(s->best.version) == tool_major(s->server));
}

static bool
search_places(struct search *s, const char *major)
{
	char pattern[128];
	size_t i, k;
	glob_t g;
	bool done = false;

	for (i = 0; !done && i < sizeof(places) / sizeof(places[0]); i++) {
		k = strcspn(places[i], "%");
		snprintf(pattern, sizeof(pattern), "%.*s%s%s", (int)k,
		    places[i], places[i][k] != '\0' ? major : "",
		    places[i][k] != '\0' ? places[i] + k + 2 : "");
		if (glob(pattern, 0, NULL, &g) != 0)
			continue;
		for (k = 0; !done && k < g.gl_pathc; k++)
			done = consider(s, g.gl_pathv[k], false);
		globfree(&g);
	}
	return (done);
}

static bool
search_path(struct search *s, bool scripts)
{
	const char *path = getenv("PATH");
	char dir[PATH_MAX];
	size_t n;

	for (; path != NULL && *path != '\0'; path += n + (path[n] == ':')) {
		n = strcspn(path, ":");
		/* A relative directory is nobody's considered choice. */
		if (*path != '/' || n >= sizeof(dir))
			continue;
		memcpy(dir, path, n);
		dir[n] = '\0';
		if (consider(s, dir, scripts))
			return (true);
	}
	return (false);
}

static enum status
none_found(const struct search *s)
{
	char major[16], old[16];

	/* It may be the right one. */
	if (s->error != 0) {
		msg_error("%s: no answer to --version: %s", s->mute,
		    strerror(s->error));
		return (STATUS_LOCAL);
	}
	major_text(s->server, major, sizeof(major));
	if (s->too_old != 0)
		msg_error("%s %s: too old for a server of version %s", s->name,
		    major_text(s->too_old, old, sizeof(old)), major);
	else
		msg_error("%s: not found for a server of version %s", s->name,
		    major);
	msg_hint("install the package postgresql-client-%s (Debian, Ubuntu) "
	    "or postgresql%s (RPM), or name the program in PGB_PGDUMP", major,
	    major);
	return (STATUS_USAGE);
}

static void
warn_newer(const struct search *s)
{
	char major[16];

	if (tool_major(s->best.version) != tool_major(s->server))
		msg_warning("%s is of version %s: pg_restore of the server's "
		    "version %s may not read what it writes", s->best.path,
		    s->best.text, major_text(s->server, major, sizeof(major)));
}

/* PGB_PGDUMP is the user's word: it is not searched further. */
static enum status
take_named(struct search *s, const char *named)
{
	struct tool *t = &s->best;
	const char *slash = strrchr(named, '/');
	size_t len;

	len = (size_t)snprintf(t->path, sizeof(t->path), "%s", named);
	if (strcmp(s->name, "pg_dump") != 0)
		len = (size_t)snprintf(t->path, sizeof(t->path), "%.*s%s",
		    slash != NULL ? (int)(slash + 1 - named) : 0, named,
		    s->name);
	if (slash == NULL || len >= sizeof(t->path)) {
		msg_error("PGB_PGDUMP: %s: not the path of a program", named);
		return (STATUS_USAGE);
	}
	if (ask_version(t) == -1) {
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (errno == ENOEXEC)
			msg_error("PGB_PGDUMP: %s: does not answer --version "
			    "as %s does", t->path, s->name);
		else
			msg_error("PGB_PGDUMP: %s: %s", t->path,
			    strerror(errno));
		return (STATUS_USAGE);
	}
	if (tool_major(t->version) < tool_major(s->server)) {
		s->too_old = t->version;
		return (none_found(s));
	}
	return (STATUS_OK);
}

enum status
tool_find(const char *name, int server, struct tool *found)
{
	struct search s = { .name = name, .server = server };
	const char *named = getenv("PGB_PGDUMP");
	enum status status;
	char major[16];

	if (named != NULL && named[0] != '\0') {
		if ((status = take_named(&s, named)) != STATUS_OK)
			return (status);
	} else {
		major_text(server, major, sizeof(major));
		if (!search_places(&s, major) && !search_path(&s, false) &&
		    !search_places(&s, "[0-9]*"))
			search_path(&s, true);
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (s.best.version == 0)
			return (none_found(&s));
	}
	warn_newer(&s);
	*found = s.best;
	return (STATUS_OK);
}
