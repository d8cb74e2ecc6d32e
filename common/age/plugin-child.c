/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "age/plugin-impl.h"
#include "clock.h"
#include "fdio.h"
#include "sig.h"

#define STEP_MS		10	/* between two looks at a child that runs */

bool
plugin_name_valid(const char *name)
{

	return (*name != '\0' && strlen(name) < PLUGIN_NAME_MAX &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+._-")] ==
	    '\0');
}

int
plugin_find(const char *name, char path[], size_t size)
{
	char program[sizeof(PLUGIN_PREFIX) + PLUGIN_NAME_MAX];

	if (!plugin_name_valid(name))
		return (-1);
	snprintf(program, sizeof(program), "%s%s", PLUGIN_PREFIX, name);
	return (child_find(program, path, size));
}

bool
plugin_there(const char *name)
{
	char path[PATH_MAX];

	return (plugin_find(name, path, sizeof(path)) == 0);
}

int
plugin_start(struct plugin *p, const char *name, const char *machine)
{
	/* No plugin shall find files where we happen to be, nor keep a file
	 * system busy. */
	static const struct child_how how = { .io = CHILD_PIPES,
	    .nonblock = true, .dir = "/" };
	char path[PATH_MAX], flag[64];
	char *argv[] = { path, flag, NULL };

	memset(p, 0, sizeof(*p));
	p->name = name;
	p->child = (struct child)CHILD_NONE;
	if (plugin_find(name, path, sizeof(path)) == -1)
		return (plugin_fail(p, STATUS_USAGE, "not found in PATH"));
	snprintf(flag, sizeof(flag), "--age-plugin=%s", machine);
	if (child_start_as(&p->child, argv, NULL, &how) == -1)
		return (plugin_fail(p, STATUS_LOCAL, "%s: %s", path,
		    strerror(errno)));
	return (0);
}

/* Whether there is nothing left to reap. */
static bool
reaped(struct plugin *p)
{

	return (child_wait(&p->child, 0) == 1);
}

/* A while, or until it writes to stderr. */
static void
step(struct plugin *p)
{
	struct pollfd v = { .fd = p->child.err, .events = POLLIN };

	if (poll(&v, 1, STEP_MS) == 1)
		plugin_relay(p);
}

bool
plugin_ended(struct plugin *p)
{
	int64_t end = clock_ms() + PLUGIN_GRACE_MS;

	while (!reaped(p)) {
		if (sig_caught() != 0 || clock_ms() >= end)
			return (false);
		step(p);
	}
	/* Its last words; a child of its own may hold stderr for ever. */
	plugin_relay(p);
	return (true);
}

/* Its last words are relayed: child_stop() would close our end first. */
static void
end(struct plugin *p)
{
	int64_t until = clock_ms() + PLUGIN_GRACE_MS;

	if (reaped(p))
		return;
	kill(p->child.pid, SIGTERM);
	while (clock_ms() < until) {
		if (reaped(p))
			return;
		step(p);
	}
	kill(p->child.pid, SIGKILL);
	while (!reaped(p))
		step(p);
}

void
plugin_stop(struct plugin *p)
{

	fd_close(&p->child.in);
	fd_close(&p->child.out);
	end(p);
	plugin_relay(p);
	child_stop(&p->child);
	age_text_wipe(&p->say);
	age_text_wipe(&p->heard);
}
