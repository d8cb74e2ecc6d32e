/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "fdio.h"
#include "sig.h"

#define GRACE_MS	2000	/* between SIGTERM and SIGKILL */
#define STEP_MS		10	/* between two looks at a child that runs */
#define EXEC_FAILED	127

enum { OUT, ERR, FAIL, PIPES };

/* In the child: never returns. */
static void
become(int pipes[PIPES][2], pid_t parent, char *const argv[],
    const char *const *env)
{
	char *word;
	int null, saved;

	/* The request is lost if the parent died before it was made. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXEC_FAILED);
	if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(pipes[OUT][1], STDOUT_FILENO) == -1 ||
	    dup2(pipes[ERR][1], STDERR_FILENO) == -1)
		goto fail;
	for (; env != NULL && *env != NULL; env++) {
		/* glibc: a word without '=' removes the name. */
		if ((word = strdup(*env)) == NULL || putenv(word) != 0)
			goto fail;
	}
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

int
child_start(struct child *c, char *const argv[], const char *const *env)
{
	int pipes[PIPES][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	pid_t parent = getpid();
	int i, failed = 0;

	for (i = 0; i < PIPES; i++)
		if (pipe2(pipes[i], O_CLOEXEC) == -1)
			goto fail;
	if ((c->pid = fork()) == -1)
		goto fail;
	if (c->pid == 0)
		become(pipes, parent, argv, env);
	fd_close(&pipes[FAIL][1]);
	/* Silence means that execve() closed the pipe. */
	if (fd_read_full(pipes[FAIL][0], &failed, sizeof(failed)) != 0)
		goto fail;
	c->out = pipes[OUT][0];
	c->err = pipes[ERR][0];
	pipes[OUT][0] = pipes[ERR][0] = -1;
	close_pipes(pipes);
	return (0);
fail:
	if (failed == 0)
		failed = errno;
	close_pipes(pipes);
	child_stop(c);
	errno = failed;
	return (-1);
}

static void
sleep_step(void)
{
	const struct timespec step = { 0, STEP_MS * 1000000L };

	nanosleep(&step, NULL);
}

/* Reap without waiting: whether there is nothing left to reap. */
static bool
reaped(struct child *c)
{
	pid_t got;

	if (c->pid == -1)
		return (true);
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
		sleep_step();
		waited += STEP_MS;
	}
	return (1);
}

void
child_stop(struct child *c)
{
	int waited;

	fd_close(&c->out);
	fd_close(&c->err);
	if (reaped(c))
		return;
	kill(c->pid, SIGTERM);
	for (waited = 0; waited < GRACE_MS; waited += STEP_MS) {
		if (reaped(c))
			return;
		sleep_step();
	}
	kill(c->pid, SIGKILL);
	while (!reaped(c))
		sleep_step();
}
