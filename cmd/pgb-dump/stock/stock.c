/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "pg/conninfo.h"
#include "sig.h"
#include "stock.h"

#define ENV_MAX		10
#define SETTLE_MS	10	/* between two looks at how full a pipe is */
#define PIPE_PAGE	4096

/* What is made for one start of a child, and freed after it. */
struct launch {
	char *conninfo, *password, *service;	/* of pg_for_child() */
	char *dbname;		/* "--dbname=..." */
	char *argv0;
	int service_fd;		/* the service file, in memory; -1: none */
	char *owned[2];		/* words of env that are freed */
	const char *env[ENV_MAX];
	struct opt_list argv;
};

static void
wipe(char *secret)
{

	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void
launch_wipe(struct launch *l)
{

	free(l->conninfo);
	wipe(l->password);
	wipe(l->service);
	wipe(l->owned[0]);
	free(l->owned[1]);
	free(l->dbname);
	free(l->argv0);
	fd_close(&l->service_fd);
	opt_list_free(&l->argv);
}

/*
 * The secrets for which libpq knows no environment variable: a service file
 * that has no name in the file system, inherited by the child alone.
 */
static int
put_service(struct launch *l)
{

	/* No MFD_CLOEXEC: the child is to have it. */
	l->service_fd = memfd_create("pgb-dump", 0);
	if (l->service_fd == -1 ||
	    fd_write(l->service_fd, l->service, strlen(l->service)) == -1)
		return (-1);
	return (asprintf(&l->owned[1], "PGSERVICEFILE=/proc/self/fd/%d",
	    l->service_fd));
}

static int
set_environment(struct launch *l)
{
	size_t n = 0;

	/* Its messages are read by us: blame.h. */
	l->env[n++] = "LC_ALL=C";
	l->env[n++] = "LANGUAGE";
	l->env[n++] = "PG_COLOR=never";
	/* The server is chosen: these could only contradict. */
	l->env[n++] = "PGHOSTADDR";
	l->env[n++] = "PGTARGETSESSIONATTRS";
	l->env[n++] = "PGLOADBALANCEHOSTS";
	if (l->password != NULL) {
		if (asprintf(&l->owned[0], "PGPASSWORD=%s", l->password) == -1)
			return (-1);
		l->env[n++] = l->owned[0];
	}
	if (l->service != NULL) {
		if (put_service(l) == -1)
			return (-1);
		l->env[n++] = l->owned[1];
		l->env[n++] = "PGSERVICE=" CONNINFO_SERVICE;
	} else
		l->env[n++] = "PGSERVICE";
	l->env[n] = NULL;
	return (0);
}

static int
set_words(struct launch *l, const struct tool *tool,
    const struct opt_list *words)
{
	static char no_password[] = "--no-password";
	size_t i;

	if ((l->argv0 = strdup(tool->path)) == NULL ||
	    asprintf(&l->dbname, "--dbname=%s", l->conninfo) == -1 ||
	    opt_list_add(&l->argv, l->argv0) == -1)
		return (-1);
	for (i = 0; i < words->count; i++)
		if (opt_list_add(&l->argv, words->v[i]) == -1)
			return (-1);
	if (opt_list_add(&l->argv, no_password) == -1 ||
	    opt_list_add(&l->argv, l->dbname) == -1 ||
	    opt_list_add(&l->argv, NULL) == -1)
		return (-1);
	return (0);
}

enum status
stock_start(struct stock *s, const char *name, const struct tool *tool,
    struct pg *pg, const struct opt_list *words)
{
	struct launch l = { .service_fd = -1 };
	enum status status;

	*s = (struct stock)STOCK_NONE;
	s->name = name;
	s->tool = tool;
	s->pg = pg;
	relay_init(&s->relay, name, tool->path);
	status = pg_for_child(pg, &l.conninfo, &l.password, &l.service);
	if (status != STATUS_OK)
		goto out;
	msg_verbose("running %s, version %s", tool->path, tool->text);
	if (set_environment(&l) == -1 || set_words(&l, tool, words) == -1 ||
	    child_start(&s->child, l.argv.v, l.env) == -1) {
		msg_errno(tool->path);
		status = STATUS_LOCAL;
	}
out:
	launch_wipe(&l);
	return (status);
}

bool
stock_relay(struct stock *s)
{
	char buf[4096];
	ssize_t n;

	if (s->child.err == -1)
		return (false);
	if ((n = fd_read(s->child.err, buf, sizeof(buf))) > 0) {
		relay_feed(&s->relay, buf, (size_t)n);
		return (true);
	}
	relay_end(&s->relay);
	fd_close(&s->child.err);
	return (false);
}

enum status
stock_read(struct stock *s, int out, void *buf, size_t len, size_t *got)
{
	struct pollfd f[3];
	ssize_t n;

	for (;;) {
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		f[0] = (struct pollfd){ .fd = s->child.out, .events = POLLIN };
		f[1] = (struct pollfd){ .fd = s->child.err, .events = POLLIN };
		f[2] = (struct pollfd){ .fd = out };
		if (poll(f, 3, -1) == -1) {
			if (errno == EINTR)
				continue;
			break;
		}
		if ((f[2].revents & POLLERR) != 0)
			return (STATUS_LOCAL);
		if (f[1].revents != 0)
			stock_relay(s);
		if (f[0].revents == 0)
			continue;
		if ((n = fd_read(s->child.out, buf, len)) == -1)
			break;
		*got = (size_t)n;
		return (STATUS_OK);
	}
	if (sig_caught() == 0)
		msg_errno(s->name);
	return (STATUS_LOCAL);
}

/*
 * pg_dump writes by stdio, whole pages at a time until its last: so a pipe with
 * less than a page left is one that it waits for.
 */
int
stock_settle(struct stock *s)
{
	int size = fcntl(s->child.out, F_GETPIPE_SZ), filled = 0;
	struct pollfd f[2];

	while (sig_caught() == 0) {
		f[0] = (struct pollfd){ .fd = s->child.out };
		f[1] = (struct pollfd){ .fd = s->child.err, .events = POLLIN };
		if (poll(f, 2, SETTLE_MS) == -1)
			continue;
		if (f[1].revents != 0)
			stock_relay(s);
		if (f[0].revents != 0)
			return (1);
		if (ioctl(s->child.out, FIONREAD, &filled) == 0 &&
		    filled > size - PIPE_PAGE)
			return (0);
	}
	return (-1);
}

/* What it said, or where it said nothing we know, how the server is. */
static enum status
judge(const struct stock *s)
{

	if (s->relay.blame.status != STATUS_OK)
		return (s->relay.blame.status);
	if (!pg_alive(s->pg))
		return (STATUS_RETRY);
	return (STATUS_DATA);
}

enum status
stock_end(struct stock *s)
{
	int w;

	while (s->child.err != -1 && sig_caught() == 0)
		stock_relay(s);
	if (child_wait(&s->child, -1) == -1)
		return (STATUS_LOCAL);
	w = s->child.wstatus;
	if (WIFEXITED(w) && WEXITSTATUS(w) == 0)
		return (STATUS_OK);
	if (WIFSIGNALED(w)) {
		msg_error("%s: %s was killed by signal %d (%s)",
		    pg_database(s->pg), s->name, WTERMSIG(w),
		    strsignal(WTERMSIG(w)));
		return (STATUS_LOCAL);
	}
	msg_error("%s: %s ended with status %d: the dump is not complete",
	    pg_database(s->pg), s->name, WEXITSTATUS(w));
	if (s->relay.blame.hint != NULL)
		msg_hint("%s", s->relay.blame.hint);
	if (s->relay.blame.status == STATUS_OK && pg_strange(s->pg) != NULL)
		msg_hint("the server speaks a language that is not understood "
		    "here, and the status tells less: ALTER ROLE \"%s\" SET "
		    "lc_messages TO 'C'", pg_strange(s->pg));
	return (judge(s));
}

void
stock_stop(struct stock *s)
{

	child_stop(&s->child);
}
