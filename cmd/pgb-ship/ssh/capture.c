/* SPDX-License-Identifier: ISC */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fdio.h"
#include "sig.h"
#include "ssh/capture.h"

#define STEP_MS		20	/* between two looks at one that has closed
				 * its output, but not ended */
#define EXEC_FAILED	127

enum { OUT, ERR, FAIL, PIPES };		/* FAIL tells of a failed exec */

struct child {
	pid_t pid;		/* -1: none, or reaped */
	int fd[PIPES];		/* our ends */
};

/* In the child: never returns. */
static void
become(int pipes[PIPES][2], pid_t parent, char *const argv[])
{
	int null, saved;

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == -1 || getppid() != parent)
		_exit(EXEC_FAILED);
	if ((null = open("/dev/null", O_RDONLY)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 ||
	    dup2(pipes[OUT][1], STDOUT_FILENO) == -1 ||
	    (pipes[ERR][1] != -1 && dup2(pipes[ERR][1], STDERR_FILENO) == -1))
		goto fail;
	if (null > STDERR_FILENO)
		close(null);
	sig_child();
	execvp(argv[0], argv);
fail:
	saved = errno;
	if (write(pipes[FAIL][1], &saved, sizeof(saved)) == -1)
		_exit(EXEC_FAILED);
	_exit(EXEC_FAILED);
}

static int
start(struct child *child, char *const argv[], bool with_err)
{
	int pipes[PIPES][2], i, failed = 0;
	pid_t parent = getpid();

	for (i = 0; i < PIPES; i++)
		pipes[i][0] = pipes[i][1] = -1;
	for (i = 0; i < PIPES; i++)
		if ((i != ERR || with_err) &&
		    pipe2(pipes[i], O_CLOEXEC) == -1)
			goto out;
	if ((child->pid = fork()) == -1)
		goto out;
	if (child->pid == 0)
		become(pipes, parent, argv);
	fd_close(&pipes[FAIL][1]);
	/* Silence means that exec closed the pipe. */
	if (fd_read_full(pipes[FAIL][0], &failed, sizeof(failed)) == 0)
		for (i = 0; i < FAIL; i++) {
			child->fd[i] = pipes[i][0];
			pipes[i][0] = -1;
		}
	else if (failed == 0)
		failed = errno;
	errno = failed;
out:
	failed = child->fd[OUT] == -1 ? errno : 0;
	for (i = 0; i < PIPES; i++) {
		fd_close(&pipes[i][0]);
		fd_close(&pipes[i][1]);
	}
	errno = failed;
	return (failed == 0 ? 0 : -1);
}

static void
end(struct child *child, int *wstatus, bool by_force)
{

	if (child->pid != -1) {
		if (by_force)
			(void)kill(child->pid, SIGKILL);
		while (waitpid(child->pid, wstatus, 0) == -1 &&
		    errno == EINTR)
			;
		child->pid = -1;
	}
	fd_close(&child->fd[OUT]);
	fd_close(&child->fd[ERR]);
}

/* Read what is there now.  0, or -1 with errno. */
static int
take(int *fd, char *buf, size_t max, size_t *len, bool drop)
{
	char rest[512];
	ssize_t n;

	if (*len == max - 1 && !drop)
		n = read(*fd, rest, 1);
	else if (*len == max - 1)
		n = read(*fd, rest, sizeof(rest));
	else
		n = read(*fd, buf + *len, max - 1 - *len);
	if (n == -1)
		return (errno == EINTR || errno == EAGAIN ? 0 : -1);
	if (n == 0)
		return (fd_close(fd));
	if (*len < max - 1)
		*len += (size_t)n;
	else if (!drop) {
		errno = EFBIG;
		return (-1);
	}
	return (0);
}

static bool
has_ended(struct child *child, int *wstatus)
{
	pid_t got = waitpid(child->pid, wstatus, WNOHANG);

	if (got == 0 || (got == -1 && errno == EINTR))
		return (false);
	child->pid = -1;
	return (true);
}

/*
 * One that it has started itself may hold its stderr open for long: that is not
 * waited for.
 */
static int
gather(struct capture *c, struct child *child, int64_t until,
    const struct halt *halt)
{
	struct pollfd p[2];
	bool ended = false;

	while (child->fd[OUT] != -1 || !ended) {
		if (halt_asked(halt)) {
			errno = EINTR;
			return (-1);
		}
		if (until != -1 && clock_ms() >= until) {
			errno = ETIMEDOUT;
			return (-1);
		}
		p[0] = (struct pollfd){ child->fd[OUT], POLLIN, 0 };
		p[1] = (struct pollfd){ child->fd[ERR], POLLIN, 0 };
		if (poll(p, 2, child->fd[OUT] == -1 ? STEP_MS :
		    HALT_STEP_MS) == -1 && errno != EINTR)
			return (-1);
		if (child->fd[OUT] != -1 && p[0].revents != 0 &&
		    take(&child->fd[OUT], c->out, c->outmax, &c->outlen,
		    false) == -1)
			return (-1);
		if (child->fd[ERR] != -1 && p[1].revents != 0 &&
		    take(&child->fd[ERR], c->err, c->errmax, &c->errlen,
		    true) == -1)
			return (-1);
		if (child->fd[OUT] == -1 && !ended)
			ended = has_ended(child, &c->wstatus);
	}
	return (0);
}

int
capture(struct capture *c, char *const argv[], int timeout_ms,
    const struct halt *halt)
{
	struct child child = { -1, { -1, -1, -1 } };
	struct pollfd p;
	int rc, saved;

	c->outlen = c->errlen = 0;
	rc = start(&child, argv, c->err != NULL);
	if (rc == 0)
		rc = gather(c, &child, timeout_ms == -1 ? -1 :
		    clock_ms() + timeout_ms, halt);
	saved = errno;
	/* The last words of one that has ended are all there. */
	p = (struct pollfd){ child.fd[ERR], POLLIN, 0 };
	while (child.fd[ERR] != -1 && c->errlen < c->errmax - 1 &&
	    poll(&p, 1, 0) == 1 &&
	    take(&child.fd[ERR], c->err, c->errmax, &c->errlen, true) == 0)
		;
	end(&child, &c->wstatus, rc == -1);
	c->out[c->outlen] = '\0';
	if (c->err != NULL)
		c->err[c->errlen] = '\0';
	errno = saved;
	return (rc);
}
