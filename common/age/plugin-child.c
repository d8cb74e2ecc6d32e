/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "age/plugin-impl.h"
#include "clock.h"
#include "fdio.h"
#include "sig.h"

#define STEP_MS		10	/* between two looks at a child that runs */
#define EXEC_FAILED	127

enum { IN, OUT, ERR, FAIL, PIPES };	/* FAIL tells of a failed execve() */

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
	const char *p = getenv("PATH"), *end;
	struct stat st;
	int n;

	if (!plugin_name_valid(name))
		return (-1);
	for (; p != NULL; p = *end == ':' ? end + 1 : NULL) {
		end = p + strcspn(p, ":");
		/* Relative, or empty: the directory that we happen to be in,
		 * where anybody may have put a program. */
		if (*p != '/')
			continue;
		n = snprintf(path, size, "%.*s/%s%s", (int)(end - p), p,
		    PLUGIN_PREFIX, name);
		if (n > 0 && (size_t)n < size && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode) && access(path, X_OK) == 0)
			return (0);
	}
	return (-1);
}

bool
plugin_there(const char *name)
{
	char path[PATH_MAX];

	return (plugin_find(name, path, sizeof(path)) == 0);
}

/* In the child: never returns. */
static void
become(int pipes[PIPES][2], pid_t parent, char *const argv[])
{
	int saved;

	/* The request is lost if the parent died before it was made. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXEC_FAILED);
	/* No plugin shall find files where we happen to be, nor keep a file
	 * system busy. */
	if (dup2(pipes[IN][0], STDIN_FILENO) == -1 ||
	    dup2(pipes[OUT][1], STDOUT_FILENO) == -1 ||
	    dup2(pipes[ERR][1], STDERR_FILENO) == -1 || chdir("/") == -1)
		goto fail;
	sig_child();
	execv(argv[0], argv);
fail:
	saved = errno;
	if (write(pipes[FAIL][1], &saved, sizeof(saved)) == -1)
		_exit(EXEC_FAILED);
	_exit(EXEC_FAILED);
}

static void
close_pipes(int pipes[PIPES][2])
{
	int i;

	for (i = 0; i < PIPES; i++) {
		fd_close(&pipes[i][0]);
		fd_close(&pipes[i][1]);
	}
}

/* Keep our end of a pipe. */
static int
keep(int *end)
{
	int fd = *end;

	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return (-1);
	*end = -1;
	return (fd);
}

/* 0, or -1 with errno. */
static int
run(struct plugin *p, char *const argv[])
{
	int pipes[PIPES][2];
	pid_t parent = getpid();
	int i, failed = 0;

	for (i = 0; i < PIPES; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (i = 0; i < PIPES; i++)
		if (pipe2(pipes[i], O_CLOEXEC) == -1)
			goto fail;
	if ((p->pid = fork()) == -1)
		goto fail;
	if (p->pid == 0)
		become(pipes, parent, argv);
	fd_close(&pipes[FAIL][1]);
	/* Silence means that execve() closed the pipe. */
	if (fd_read_full(pipes[FAIL][0], &failed, sizeof(failed)) != 0 ||
	    (p->in = keep(&pipes[IN][1])) == -1 ||
	    (p->out = keep(&pipes[OUT][0])) == -1 ||
	    (p->err = keep(&pipes[ERR][0])) == -1)
		goto fail;
	close_pipes(pipes);
	return (0);
fail:
	if (failed == 0)
		failed = errno;
	close_pipes(pipes);
	errno = failed;
	return (-1);
}

int
plugin_start(struct plugin *p, const char *name, const char *machine)
{
	char path[PATH_MAX], flag[64];
	char *argv[] = { path, flag, NULL };

	memset(p, 0, sizeof(*p));
	p->name = name;
	p->pid = p->in = p->out = p->err = -1;
	if (plugin_find(name, path, sizeof(path)) == -1)
		return (plugin_fail(p, STATUS_USAGE, "not found in PATH"));
	snprintf(flag, sizeof(flag), "--age-plugin=%s", machine);
	if (run(p, argv) == -1)
		return (plugin_fail(p, STATUS_LOCAL, "%s: %s", path,
		    strerror(errno)));
	return (0);
}

/* Reap without waiting: whether there is nothing left to reap. */
static bool
reaped(struct plugin *p)
{
	pid_t got;

	if (p->pid == -1)
		return (true);
	do
		got = waitpid(p->pid, &p->wstatus, WNOHANG);
	while (got == -1 && errno == EINTR);
	if (got == 0)
		return (false);
	p->pid = -1;
	return (true);
}

/* A while, or until it writes to stderr. */
static void
step(struct plugin *p)
{
	struct pollfd v = { .fd = p->err, .events = POLLIN };

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

static void
end(struct plugin *p)
{
	int64_t until = clock_ms() + PLUGIN_GRACE_MS;

	if (reaped(p))
		return;
	kill(p->pid, SIGTERM);
	while (clock_ms() < until) {
		if (reaped(p))
			return;
		step(p);
	}
	kill(p->pid, SIGKILL);
	while (!reaped(p))
		step(p);
}

void
plugin_stop(struct plugin *p)
{

	fd_close(&p->in);
	fd_close(&p->out);
	end(p);
	plugin_relay(p);
	fd_close(&p->err);
	age_text_wipe(&p->say);
	age_text_wipe(&p->heard);
}
