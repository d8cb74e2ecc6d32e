/* SPDX-License-Identifier: ISC */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "route/home.h"
#include "sandbox/fence.h"
#include "secret/ask.h"
#include "sig.h"
#include "trust/hostkey.h"
#include "walls.h"

/* What is done with a destination of this machine. */
static unsigned
rights_of(const struct task *t)
{

	if (t->fetch != NULL || t->list != NULL)
		return (FENCE_READ);
	if (t->prune != NULL)
		return (FENCE_READ | FENCE_MAKE);
	return (FENCE_READ | FENCE_WRITE | FENCE_MAKE |
	    (t->opts.mkdir ? FENCE_DIRS : 0));
}

/* A pattern of glob(3) for len bytes of ours: a word, or a % with what stands
 * behind it, is anything.  NULL without memory. */
static char *
glob_of(const struct dest *d, const char *p, size_t len, const char *end)
{
	char *out = malloc(2 * len + strlen(end) + 1), *at = out;
	const char *stop = p + len;

	for (; out != NULL && p < stop; p++) {
		if (*p == '{' || *p == '%') {
			*at++ = '*';
			p += *p == '{' ? strcspn(p, "}") : d->url ? 2 : 1;
			continue;
		}
		if (strchr("*?[\\", *p) != NULL)
			*at++ = '\\';
		*at++ = *p;
	}
	if (out != NULL)
		strcpy(at, end);
	return (out);
}

/*
 * Below the directory there may be links to elsewhere: those of directories
 * that words will name, /backup/appdb of /backup/{db}/x; and a file that is
 * read, with what lies beside it.
 */
static void
allow_links(struct fence *f, const struct task *t, const struct dest *d)
{
	const char *p = d->pattern, *slash = strrchr(p, '/');
	bool reads = t->fetch != NULL;
	glob_t found = { 0 };
	char *pattern;
	size_t i;

	if (!reads && (slash == NULL || strcspn(p, "{%") > (size_t)(slash - p)))
		return;
	pattern = reads ? glob_of(d, p, strlen(p), "*") :
	    glob_of(d, p, (size_t)(slash - p), "");
	if (pattern != NULL && glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
		for (i = 0; i < found.gl_pathc; i++)
			fence_path(f, found.gl_pathv[i], rights_of(t));
	globfree(&found);
	free(pattern);
}

/*
 * The directory where it lies: what stands in front of the first word that is
 * still to be replaced.  --mkdir begins where there is a directory; a place
 * without a pattern is one itself.
 */
static void
allow_local(struct fence *f, const struct task *t, const struct dest *d)
{
	const char *p = d->pattern;
	size_t len = strcspn(p, "{%");
	char *path;

	if (p[len] == '\0' && (t->list != NULL || t->prune != NULL)) {
		fence_path(f, p, rights_of(t));
		return;
	}
	/* A last part of some kind; its name does not matter. */
	if (asprintf(&path, "%.*s%s", (int)len, p, p[len] != '\0' ? "_" : "")
	    == -1)
		return;
	if (t->opts.mkdir)
		fence_above(f, path, rights_of(t));
	else
		fence_parent(f, path, rights_of(t));
	free(path);
	allow_links(f, t, d);
}

/* A file of known hosts; a new key is added to it, or it is made for that. */
static void
allow_known(struct fence *f, struct routes *all, const char *path, bool learn)
{

	if (path == NULL)
		return;
	routes_keep(all, path, HOSTKEYS_FILE_MAX);
	fence_path(f, path, FENCE_READ | (learn ? FENCE_WRITE : 0));
	if (learn && access(path, F_OK) == -1)
		fence_above(f, path, FENCE_READ | FENCE_WRITE | FENCE_MAKE |
		    FENCE_DIRS);
}

static void
allow_route(struct fence *f, struct routes *all, const struct route *r)
{
	static const char *const usual[] = { "known_hosts", "known_hosts2" };
	bool learn = r->opts->accept_new;
	char *path;
	size_t i;

	fence_port(f, r->port);
	for (i = 0; i < r->keys.count; i++)
		fence_path(f, r->keys.v[i].path, FENCE_READ);
	for (i = 0; i < r->known_hosts.count; i++)
		allow_known(f, all, r->known_hosts.v[i], learn &&
		    i < r->known_hosts_own);
	for (i = 0; i < 2 && r->known_hosts.count == 0; i++) {
		path = home_file(usual[i]);
		allow_known(f, all, path, learn && i == 0);
		free(path);
	}
}

/* The files of the command line. */
static void
allow_named(struct fence *f, const struct task *t)
{
	const struct ship_opts *o = &t->opts;
	size_t i;

	fence_path(f, o->password_file, FENCE_READ);
	fence_path(f, o->passphrase_file, FENCE_READ);
	/* They appear when what is in front of us ends. */
	for (i = 0; i < o->with.count && t->prune == NULL; i++)
		fence_parent(f, o->with.v[i], FENCE_READ);
	fence_parent(f, o->report, FENCE_READ | FENCE_WRITE | FENCE_MAKE);
	/* A link, perhaps: what it shows is looked at before it is replaced. */
	fence_path(f, o->report, FENCE_READ);
	fence_path(f, "/dev/tty", FENCE_READ | FENCE_WRITE | FENCE_DEVICE);
}

/* *why: what has to be run later, so that there can be no walls. */
static enum status
allow_dest(struct fence *f, struct task *t, const char *text, const char **why)
{
	const struct route *r;
	enum status status;
	struct fault fault;
	struct dest d;

	if ((status = dest_parse_place(&d, text)) == STATUS_OK && d.remote) {
		r = routes_add(t->opts.routes, &d, &t->opts, &fault);
		if (r == NULL)
			*why = "the way to a host was not found";
		else if (r->transport == TRANSPORT_SSH)
			*why = "ssh has to be run";
		else
			allow_route(f, t->opts.routes, r);
	} else if (status == STATUS_OK)
		allow_local(f, t, &d);
	dest_wipe(&d);
	return (sig_caught() != 0 ? STATUS_LOCAL : status);
}

static enum status
allow_all(struct fence *f, struct task *t, const char **why)
{
	const char *one = t->fetch != NULL ? t->fetch : t->list != NULL ?
	    t->list : t->prune;
	enum status status = STATUS_OK;
	size_t i;

	if (one != NULL)
		return (allow_dest(f, t, one, why));
	for (i = 0; i < t->dests.count && status == STATUS_OK; i++)
		status = allow_dest(f, t, t->dests.v[i], why);
	return (status);
}

enum status
walls_shut(struct task *t)
{
	enum status status = STATUS_OK;
	const char *why = NULL;
	struct fence *f;

	if ((t->opts.routes = routes_new()) == NULL) {
		msg_error("no memory");
		return (STATUS_LOCAL);
	}
	if ((f = fence_new(t->no_sandbox, false)) == NULL)
		return (STATUS_LOCAL);
	if (!t->no_sandbox) {
		fence_usual(f);
		allow_named(f, t);
		status = allow_all(f, t, &why);
		if (why == NULL && ask_by_program())
			why = "SSH_ASKPASS has to be run";
	}
	if (why != NULL)
		msg_verbose("sandbox: none: %s", why);
	else if (status == STATUS_OK)
		status = fence_enter(f);
	fence_free(f);
	return (status);
}
