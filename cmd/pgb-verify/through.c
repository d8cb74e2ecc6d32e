/* SPDX-License-Identifier: ISC */
/*
 * One thread serves both ends of the filter: while it gives the filter its
 * input it takes what the filter writes, so that neither waits for the other
 * for ever.
 *
 * A filter that closes its input before we end it cannot know where the end
 * is, whatever its exit status says; therefore the input is ended only after
 * the filter has read all of it (FIONREAD on the pipe is 0).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "sig.h"
#include "through.h"

#define BUF_SIZE	(128 * 1024)
#define LOOK_MS		10	/* how often to ask whether all was read */
#define END_TRIES	100	/* of LOOK_MS, then SIGTERM becomes SIGKILL */

struct through {
	const char *command;
	pid_t pid;		/* 0: none, or reaped */
	bool group;		/* it leads a process group */
	int to;			/* its stdin, non-blocking; -1: ended */
	int from;		/* its stdout, non-blocking; -1: at its end */
	bool wrote;		/* anything at all */
	uint8_t buf[BUF_SIZE];
};

/*
 * A group of its own lets us end all that the command starts.  Not where there
 * is a terminal: a filter that asks for a passphrase would be stopped as a
 * background job.
 */
static bool
wants_group(void)
{
	int fd;

	if ((fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1)
		return (true);
	close(fd);
	return (false);
}

static void
run_child(const struct through *t, const int in[2], const int out[2])
{

	if (t->group)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sig_child();
	if (dup2(in[0], STDIN_FILENO) != -1 &&
	    dup2(out[1], STDOUT_FILENO) != -1)
		execl("/bin/sh", "sh", "-c", t->command,
		    (char *)NULL);
	_exit(127);
}

/*
 * Whether sh would run more than one command at a time: of a pipeline it tells
 * only the last one's status, of a background command none.
 */
static bool
has_several(const char *s)
{
	char quote = 0, last = 0;

	for (; *s != '\0'; last = *s++) {
		if (quote == '\'') {
			if (*s == quote)
				quote = 0;
		} else if (*s == '\\' && s[1] != '\0') {
			s++;
		} else if (quote != 0) {
			if (*s == quote)
				quote = 0;
		} else if (*s == '\'' || *s == '"') {
			quote = *s;
		} else if ((*s == '|' || *s == '&') && s[1] == *s) {
			s++;
		} else if (*s == '|' && last != '>') {
			return (true);
		} else if (*s == '&' && last != '>' && last != '<') {
			return (true);
		}
	}
	return (false);
}

struct through *
through_start(const char *command, enum status *status)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	struct through *t;

	if (has_several(command)) {
		msg_error("--through: %s: sh tells the status of its last "
		    "part only", command);
		msg_hint("one pgb-verify --through for each filter: ... | "
		    "pgb-verify --through A | pgb-verify --through B");
		*status = STATUS_USAGE;
		return (NULL);
	}
	*status = STATUS_LOCAL;
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		msg_errno(command);
		return (NULL);
	}
	t->command = command;
	t->to = t->from = -1;
	t->group = wants_group();
	if (pipe2(in, O_CLOEXEC) == -1 || pipe2(out, O_CLOEXEC) == -1 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(out[0], F_SETFL, O_NONBLOCK) == -1 ||
	    (t->pid = fork()) == -1) {
		msg_errno(command);
		t->pid = 0;
		goto fail;
	}
	if (t->pid == 0)
		run_child(t, in, out);
	if (t->group)
		setpgid(t->pid, t->pid);
	close(in[0]);
	close(out[1]);
	t->to = in[1];
	t->from = out[0];
	*status = STATUS_OK;
	return (t);
fail:
	close(in[0]);
	close(in[1]);
	close(out[0]);
	close(out[1]);
	through_free(t);
	return (NULL);
}

/* Wait for the filter: STATUS_OK where it exited 0. */
static enum status
reap(struct through *t)
{
	int ws;

	while (waitpid(t->pid, &ws, 0) == -1) {
		if (errno == EINTR && sig_caught() == 0)
			continue;
		if (errno != EINTR)
			msg_errno(t->command);
		return (STATUS_LOCAL);
	}
	t->pid = 0;
	if (WIFEXITED(ws) && WEXITSTATUS(ws) == 0)
		return (STATUS_OK);
	if (WIFSIGNALED(ws))
		msg_error("%s: killed by signal %d (%s)", t->command,
		    WTERMSIG(ws), strsignal(WTERMSIG(ws)));
	else
		msg_error("%s: exited with status %d", t->command,
		    WEXITSTATUS(ws));
	return (STATUS_LOCAL);
}

/*
 * The filter reads no more although we have more, or have not told it the end.
 * Its own failure explains that better than we can; but one that goes on
 * without its input is not waited for.
 */
static enum status
closed_early(struct through *t)
{
	struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	enum status status = STATUS_OK;
	siginfo_t info = { .si_pid = 0 };
	int i;

	/* What it still writes is dropped, so that it can come to its end. */
	for (i = 0; i < END_TRIES && info.si_pid == 0; i++) {
		while (t->from != -1 && read(t->from, t->buf, BUF_SIZE) > 0)
			continue;
		if (waitid(P_PID, (id_t)t->pid, &info,
		    WEXITED | WNOHANG | WNOWAIT) == -1)
			break;
		if (info.si_pid == 0)
			nanosleep(&pause, NULL);
	}
	if (info.si_pid != 0)
		status = reap(t);
	if (status == STATUS_OK) {
		msg_error("%s: stopped reading before the end of its input",
		    t->command);
		status = STATUS_DATA;
	}
	return (status);
}

/* Emit what the filter has written; its end closes t->from. */
static enum status
take(struct through *t, struct pump *p)
{
	ssize_t n;

	n = fd_read(t->from, t->buf, BUF_SIZE);
	if (n > 0) {
		t->wrote = true;
		return (pump_emit(p, t->buf, (size_t)n));
	}
	if (n == 0) {
		(void)fd_close(&t->from);
		return (STATUS_OK);
	}
	if (errno != EINTR)
		msg_errno(t->command);
	return (STATUS_LOCAL);
}

/* Give some of the input: *done bytes were taken. */
static enum status
give(struct through *t, const uint8_t *buf, size_t len, size_t *done)
{
	ssize_t n;

	*done = 0;
	if ((n = write(t->to, buf, len)) >= 0) {
		*done = (size_t)n;
		return (STATUS_OK);
	}
	if (errno == EPIPE)
		return (closed_early(t));
	if (errno == EAGAIN || (errno == EINTR && sig_caught() == 0))
		return (STATUS_OK);
	if (errno != EINTR)
		msg_errno(t->command);
	return (STATUS_LOCAL);
}

/*
 * Wait for the filter, at most timeout_ms, and take what it has written.
 * *writable tells whether its input takes more, or was closed.
 */
static enum status
serve(struct through *t, struct pump *p, short want, int timeout_ms,
    short *got)
{
	struct pollfd f[2];

	f[0] = (struct pollfd){ .fd = t->to, .events = want };
	f[1] = (struct pollfd){ .fd = t->from, .events = POLLIN };
	*got = 0;
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	if (poll(f, 2, timeout_ms) == -1) {
		if (errno == EINTR)
			return (STATUS_OK);
		msg_errno(t->command);
		return (STATUS_LOCAL);
	}
	*got = f[0].revents;
	if (f[1].revents != 0)
		return (take(t, p));
	return (STATUS_OK);
}

enum status
through_data(void *arg, struct pump *p, const uint8_t *buf, size_t len)
{
	struct through *t = arg;
	enum status status;
	size_t done;
	short got;

	while (len > 0) {
		status = serve(t, p, POLLOUT, -1, &got);
		if (status == STATUS_OK && got != 0) {
			status = give(t, buf, len, &done);
			buf += done;
			len -= done;
		}
		if (status != STATUS_OK)
			return (status);
	}
	return (STATUS_OK);
}

enum status
through_finish(void *arg, struct pump *p)
{
	struct through *t = arg;
	enum status status;
	int unread = 1;
	short got;

	while (unread > 0) {
		status = serve(t, p, 0, LOOK_MS, &got);
		if (status != STATUS_OK)
			return (status);
		if (ioctl(t->to, FIONREAD, &unread) == -1) {
			msg_errno(t->command);
			return (STATUS_LOCAL);
		}
		if ((got & POLLERR) != 0)
			return (closed_early(t));
	}
	(void)fd_close(&t->to);
	while (t->from != -1) {
		status = serve(t, p, 0, -1, &got);
		if (status != STATUS_OK)
			return (status);
	}
	if ((status = reap(t)) != STATUS_OK)
		return (status);
	if (!t->wrote) {
		msg_error("%s: wrote nothing", t->command);
		return (STATUS_DATA);
	}
	return (STATUS_OK);
}

/* End the filter before its input is: a cut must not look like the end. */
static void
end_child(struct through *t)
{
	struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	int i;

	for (i = 0; waitpid(t->pid, NULL, WNOHANG) == 0; i++) {
		if (i == 0 || i == END_TRIES)
			kill(t->group ? -t->pid : t->pid,
			    i == 0 ? SIGTERM : SIGKILL);
		nanosleep(&pause, NULL);
	}
	if (t->group)
		kill(-t->pid, SIGKILL);
}

void
through_free(struct through *t)
{

	if (t == NULL)
		return;
	if (t->pid > 0)
		end_child(t);
	(void)fd_close(&t->to);
	(void)fd_close(&t->from);
	explicit_bzero(t->buf, sizeof(t->buf));
	free(t);
}
