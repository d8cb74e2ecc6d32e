/* SPDX-License-Identifier: ISC */
/*
 * Other threads may run while we fork, and hold any lock.  So between fork()
 * and execve() nothing is called that could want one: the environment is made
 * before.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "sig.h"

#define GRACE_MS	2000	/* between SIGTERM and SIGKILL */
#define STEP_MS		10	/* between two looks at a child that runs */
#define QUICK_MS	20	/* so long it is looked at every ms */
#define EXEC_FAILED	127
#define DEFAULT_PATH	"/usr/bin:/bin"

enum { IN, OUT, ERR, FAIL, ENDS };	/* FAIL tells of a failed execve() */

/* One end is ours, the other the child's. */
struct ends {
	int ours[ENDS], theirs[ENDS];
};

/* --- its environment --- */

static bool
same_name(const char *word, const char *other)
{
	size_t len = strcspn(word, "=");

	return (strncmp(word, other, len) == 0 &&
	    (other[len] == '=' || other[len] == '\0'));
}

static bool
named_in(const char *word, const char *const *env)
{

	for (; *env != NULL; env++)
		if (same_name(*env, word))
			return (true);
	return (false);
}

/* An array of words that are not its own; NULL without memory. */
static char **
make_environment(const char *const *env)
{
	size_t have = 0, more = 0, n = 0, i;
	char **words;

	while (environ != NULL && environ[have] != NULL)
		have++;
	while (env[more] != NULL)
		more++;
	if ((words = calloc(have + more + 1, sizeof(*words))) == NULL)
		return (NULL);
	for (i = 0; i < have; i++)
		if (!named_in(environ[i], env))
			words[n++] = environ[i];
	for (i = 0; i < more; i++)
		if (strchr(env[i], '=') != NULL && !named_in(env[i],
		    env + i + 1))
			/* execve() does not change them. */
			memcpy(&words[n++], &env[i], sizeof(words[0]));
	return (words);
}

/* --- its descriptors --- */

static void
close_ends(struct ends *e)
{
	int i;

	for (i = 0; i < ENDS; i++) {
		fd_close(&e->ours[i]);
		fd_close(&e->theirs[i]);
	}
}

static int
open_pipe(struct ends *e, int which)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	e->ours[which] = fds[which == IN ? 1 : 0];
	e->theirs[which] = fds[which == IN ? 0 : 1];
	return (0);
}

static int
open_socket(struct ends *e)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return (-1);
	e->ours[OUT] = fds[0];
	e->theirs[OUT] = fds[1];
	e->theirs[IN] = fcntl(fds[1], F_DUPFD_CLOEXEC, 3);
	return (e->theirs[IN] == -1 ? -1 : 0);
}

static int
open_ends(struct ends *e, const struct child_how *how)
{
	int i;

	for (i = 0; i < ENDS; i++)
		e->ours[i] = e->theirs[i] = -1;
	if (how->io == CHILD_SOCKET) {
		if (open_socket(e) == -1)
			return (-1);
	} else if (open_pipe(e, OUT) == -1)
		return (-1);
	if (how->io == CHILD_PIPES && open_pipe(e, IN) == -1)
		return (-1);
	if (how->io == CHILD_LISTEN && (e->theirs[IN] =
	    open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	if ((!how->own_err && open_pipe(e, ERR) == -1) ||
	    open_pipe(e, FAIL) == -1)
		return (-1);
	for (i = IN; how->nonblock && i <= ERR; i++)
		if (e->ours[i] != -1 &&
		    fcntl(e->ours[i], F_SETFL, O_NONBLOCK) == -1)
			return (-1);
	return (0);
}

/* --- its start --- */

/* In the child: never returns. */
static void
become(const struct ends *e, pid_t parent, char *const argv[],
    char *const envp[], const struct child_how *how)
{
	int saved;

	/* The request is lost if the parent died before it was made. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXEC_FAILED);
	if (dup2(e->theirs[IN], STDIN_FILENO) == -1 ||
	    dup2(e->theirs[OUT], STDOUT_FILENO) == -1 ||
	    (!how->own_err && dup2(e->theirs[ERR], STDERR_FILENO) == -1) ||
	    (how->leads && setsid() == -1) ||
	    (how->dir != NULL && chdir(how->dir) == -1))
		goto fail;
	sig_child();
	execve(argv[0], argv, envp);
fail:
	saved = errno;
	if (write(e->theirs[FAIL], &saved, sizeof(saved)) == -1)
		_exit(EXEC_FAILED);
	_exit(EXEC_FAILED);
}

/* Silence means that execve() closed the pipe: 0, or -1 with errno. */
static int
await_exec(struct ends *e)
{
	int failed = 0;

	fd_close(&e->theirs[FAIL]);
	switch (fd_read_full(e->ours[FAIL], &failed, sizeof(failed))) {
	case 0:
		return (0);
	case -1:
		return (-1);
	default:
		errno = failed;
		return (-1);
	}
}

int
child_start_as(struct child *c, char *const argv[], const char *const *env,
    const struct child_how *how)
{
	pid_t parent = getpid();
	char **words = NULL;
	struct ends e;
	int saved;

	*c = (struct child)CHILD_NONE;
	if (open_ends(&e, how) == -1 ||
	    (env != NULL && (words = make_environment(env)) == NULL) ||
	    (c->pid = fork()) == -1)
		goto fail;
	if (c->pid == 0)
		become(&e, parent, argv, words != NULL ? words : environ, how);
	c->leads = how->leads;
	if (await_exec(&e) == -1)
		goto fail;
	c->in = e.ours[IN];
	c->out = e.ours[OUT];
	c->err = e.ours[ERR];
	e.ours[IN] = e.ours[OUT] = e.ours[ERR] = -1;
	close_ends(&e);
	free(words);
	return (0);
fail:
	saved = errno;
	free(words);
	close_ends(&e);
	child_stop(c);
	errno = saved;
	return (-1);
}

int
child_start(struct child *c, char *const argv[], const char *const *env)
{
	static const struct child_how how = { .io = CHILD_LISTEN };

	return (child_start_as(c, argv, env, &how));
}

int
child_find(const char *name, char *path, size_t size)
{
	const char *p = getenv("PATH"), *end;
	struct stat st;
	int n;

	if (p == NULL || *p == '\0')
		p = DEFAULT_PATH;
	if (strchr(name, '/') != NULL) {
		n = snprintf(path, size, "%s", name);
		errno = ENOENT;
		return (n > 0 && (size_t)n < size ? 0 : -1);
	}
	for (; p != NULL; p = *end == ':' ? end + 1 : NULL) {
		end = p + strcspn(p, ":");
		if (*p != '/')
			continue;
		n = snprintf(path, size, "%.*s/%s", (int)(end - p), p, name);
		if (n > 0 && (size_t)n < size && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode) && access(path, X_OK) == 0)
			return (0);
	}
	errno = ENOENT;
	return (-1);
}

/* --- its end --- */

/* Until the next look: returns how long, in ms. */
static int
sleep_step(int waited)
{
	int ms = waited < QUICK_MS ? 1 : STEP_MS;
	const struct timespec step = { 0, ms * 1000000L };

	nanosleep(&step, NULL);
	return (ms);
}

/*
 * What a leader leaves behind ends before it is reaped: after that, the number
 * of its process group may be another's.  Whether it has ended.
 */
static bool
clear_session(const struct child *c)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    -1)
		return (true);
	if (info.si_pid == 0)
		return (false);
	(void)kill(-c->pid, SIGKILL);
	return (true);
}

/* Reap without waiting: whether there is nothing left to reap. */
static bool
reaped(struct child *c)
{
	pid_t got;

	if (c->pid == -1)
		return (true);
	if (c->leads && !clear_session(c))
		return (false);
	do
		got = waitpid(c->pid, &c->wstatus, WNOHANG);
	while (got == -1 && errno == EINTR);
	if (got == 0)
		return (false);
	c->pid = -1;
	return (true);
}

int
child_wait(struct child *c, int timeout_ms)
{
	int waited = 0;

	while (!reaped(c)) {
		if (sig_caught() != 0)
			return (-1);
		if (timeout_ms != -1 && waited >= timeout_ms)
			return (0);
		waited += sleep_step(waited);
	}
	return (1);
}

void
child_stop(struct child *c)
{
	int waited = 0;

	fd_close(&c->in);
	fd_close(&c->out);
	fd_close(&c->err);
	if (reaped(c))
		return;
	kill(c->pid, SIGTERM);
	while (waited < GRACE_MS) {
		if (reaped(c))
			return;
		waited += sleep_step(waited);
	}
	kill(c->pid, SIGKILL);
	while (!reaped(c))
		waited += sleep_step(waited);
}
