/* SPDX-License-Identifier: ISC */
/* Promise: a program that we run has the descriptors, the environment and the
 * signals that it should, nothing of ours besides, and does not outlive us; one
 * that leads a session takes with it what it has started. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "child.h"
#include "fdio.h"
#include "sig.h"
#include "tap.h"
#include "unit/gone.h"

static char out[4096];

/* Run a line of shell to its end: what it writes is in out[]. */
static int
shell_as(struct child *c, const char *line, const char *const *env,
    const struct child_how *how)
{
	char sh[] = "/bin/sh", flag[] = "-c";
	char *argv[] = { sh, flag, (char *)(uintptr_t)line, NULL };

	*c = (struct child)CHILD_NONE;
	return (child_start_as(c, argv, env, how));
}

static int
shell(const char *line, const char *const *env, const struct child_how *how)
{
	struct child c;
	ssize_t n;

	out[0] = '\0';
	if (shell_as(&c, line, env, how) == -1)
		return (-1);
	n = fd_read_full(c.out, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = '\0';
	if (child_wait(&c, -1) != 1)
		return (-1);
	child_stop(&c);
	return (c.wstatus);
}

static const struct child_how listen_how = { .io = CHILD_LISTEN };
static const struct child_how talk_how = { .io = CHILD_SOCKET,
    .nonblock = true, .leads = true };
static const struct child_how pipes_how = { .io = CHILD_PIPES,
    .nonblock = true, .dir = "/" };

/* A line from a child: waits for it. */
static const char *
line_of(struct child *c)
{
	static char line[256];
	size_t len = 0;

	while (len < sizeof(line) - 1 && fd_read(c->out, line + len, 1) == 1 &&
	    line[len] != '\n')
		len++;
	line[len] = '\0';
	return (line);
}

static void
test_environment(void)
{
	static const char *const env[] = { "T_SET=two", "T_GONE", "T_NEW=a=b",
	    "T_TWICE=1", "T_TWICE=2", NULL };

	setenv("T_SET", "one", 1);
	setenv("T_SETTER", "kept", 1);
	setenv("T_GONE", "here", 1);
	ok(shell("echo $T_SET,$T_SETTER,${T_GONE-none},$T_NEW,$T_TWICE", env,
	    &listen_how) == 0, "a program is run");
	same(out, "two,kept,none,a=b,2\n", "its environment");
	same(getenv("T_GONE"), "here", "ours is as it was");
	ok(shell("echo $T_SET", NULL, &listen_how) == 0, "without one");
	same(out, "one\n", "it is ours");
}

static void
test_descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* ls has the directory open itself. */
	ok(shell("ls /proc/self/fd", NULL, &listen_how) == 0, "run");
	same(out, "0\n1\n2\n3\n", "three descriptors");
	ok(shell("ls /proc/self/fd", NULL, &talk_how) == 0, "run on a socket");
	same(out, "0\n1\n2\n3\n", "three descriptors there");
	ok(shell("wc -c", NULL, &listen_how) == 0, "its stdin");
	same(out, "0\n", "is empty");
	ok(shell("pwd", NULL, &pipes_how) == 0, "in a directory");
	same(out, "/\n", "that is told");
	close(fd);
}

static void
test_signals(void)
{
	sigset_t set, old;

	signal(SIGPIPE, SIG_IGN);
	sigfillset(&set);
	pthread_sigmask(SIG_SETMASK, &set, &old);
	ok(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f 2", NULL,
	    &listen_how) == 0, "run with signals blocked");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ok(strncmp(out, "0000000000000000\n", 17) == 0, "it has none blocked");
	ok(shell("kill -PIPE $$", NULL, &listen_how) == SIGPIPE,
	    "nor SIGPIPE ignored");
}

static void
test_failure(void)
{
	char none[] = "/nonexistent/program", dir[] = "/";
	char *argv[] = { none, NULL }, *argv2[] = { dir, NULL };
	const struct child_how where = { .dir = "/nonexistent" };
	struct child c = CHILD_NONE;

	ok(child_start(&c, argv, NULL) == -1 && errno == ENOENT &&
	    c.pid == -1 && c.out == -1, "a program that is not there");
	ok(child_start_as(&c, argv, NULL, &talk_how) == -1 &&
	    errno == ENOENT && c.pid == -1, "the same with a session");
	ok(child_start(&c, argv2, NULL) == -1 && errno == EACCES,
	    "what is no program");
	ok(shell("true", NULL, &where) == -1 && errno == ENOENT,
	    "a directory that is not there");
	ok(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
	    "nothing is left to reap");
	child_stop(&c);
	ok(true, "stopping none does nothing");
}

static void
test_talk(void)
{
	struct child c;
	char buf[64];
	ssize_t n;

	ok(shell_as(&c, "read a; echo got $a; cat >/dev/null; echo end; "
	    "echo err >&2", NULL, &talk_how) == 0, "a child on a socket");
	ok(c.in == -1 && c.out != -1 && c.err != -1, "one end for both ways");
	ok(read(c.out, buf, sizeof(buf)) == -1 && errno == EAGAIN,
	    "which does not block");
	ok(read(c.err, buf, sizeof(buf)) == -1 && errno == EAGAIN,
	    "nor does stderr");
	ok(write(c.out, "x\n", 2) == 2, "it is told something");
	same(line_of(&c), "got x", "and answers");
	ok(shutdown(c.out, SHUT_WR) == 0, "its stdin ends");
	same(line_of(&c), "end", "its stdout not yet");
	ok(child_wait(&c, -1) == 1 && c.wstatus == 0, "it ends");
	n = fd_read_full(c.err, buf, sizeof(buf));
	ok(n == 4 && memcmp(buf, "err\n", 4) == 0, "its stderr");
	child_stop(&c);
	ok(shell_as(&c, "cat", NULL, &pipes_how) == 0 && c.in != -1,
	    "a child on pipes");
	ok(write(c.in, "x\n", 2) == 2, "told something");
	same(line_of(&c), "x", "it answers");
	fd_close(&c.in);
	ok(child_wait(&c, -1) == 1, "it ends with its stdin");
	child_stop(&c);
}

static void
test_session(void)
{
	struct child c;
	pid_t other;

	ok(shell_as(&c, "sleep 100 & echo $!; wait", NULL, &talk_how) == 0,
	    "a child that starts another");
	other = (pid_t)atol(line_of(&c));
	ok(other > 0 && getsid(c.pid) == c.pid && getsid(other) == c.pid,
	    "has a session of its own");
	child_stop(&c);
	ok(c.pid == -1 && WIFSIGNALED(c.wstatus), "it is stopped");
	ok(gone(other), "and so is the other one");

	ok(shell_as(&c, "sleep 100 & echo $!", NULL, &talk_how) == 0,
	    "a child that leaves another behind");
	other = (pid_t)atol(line_of(&c));
	ok(child_wait(&c, -1) == 1 && c.wstatus == 0, "has ended");
	ok(gone(other), "and so has the other one");
	child_stop(&c);

	ok(shell_as(&c, "trap '' TERM HUP; sleep 100 & echo $!; "
	    "while :; do wait; done", NULL, &talk_how) == 0,
	    "a child that cannot be asked to end");
	other = (pid_t)atol(line_of(&c));
	child_stop(&c);
	ok(c.pid == -1 && WTERMSIG(c.wstatus) == SIGKILL, "is ended");
	ok(gone(other), "with all that it has");
	ok(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
	    "nothing is left to reap");
}

static pid_t left;

static void *
start_and_leave(void *arg)
{
	struct child *c = arg;

	if (shell_as(c, "exec sleep 100", NULL, &talk_how) == 0)
		left = c->pid;
	return (NULL);
}

/* The thread that started it ends. */
static void
test_thread(void)
{
	struct child c = CHILD_NONE;
	pthread_t t;

	if (pthread_create(&t, NULL, start_and_leave, &c) != 0) {
		ok(false, "no thread");
		return;
	}
	pthread_join(t, NULL);
	ok(left > 0, "a thread that has started a child ends");
	ok(gone(left), "and the child with it");
	child_stop(&c);
	ok(WIFSIGNALED(c.wstatus) && WTERMSIG(c.wstatus) == SIGTERM,
	    "by SIGTERM");
}

static void
test_find(void)
{
	char path[PATH_MAX], *old = getenv("PATH");

	old = old == NULL ? NULL : strdup(old);
	setenv("PATH", "bin:/none:/bin", 1);
	ok(child_find("sh", path, sizeof(path)) == 0 &&
	    strcmp(path, "/bin/sh") == 0, "the program of PATH");
	ok(child_find("./sh", path, sizeof(path)) == 0 &&
	    strcmp(path, "./sh") == 0, "one with a slash is itself");
	ok(child_find("sh", path, 7) == -1 && errno == ENOENT, "too long");
	setenv("PATH", "bin:/none:", 1);
	ok(child_find("sh", path, sizeof(path)) == -1 && errno == ENOENT,
	    "none in PATH");
	setenv("PATH", "", 1);
	ok(child_find("sh", path, sizeof(path)) == 0 && *path == '/',
	    "an empty PATH: where Unix has it");
	unsetenv("PATH");
	ok(child_find("sh", path, sizeof(path)) == 0 && *path == '/',
	    "no PATH");
	if (old != NULL)
		setenv("PATH", old, 1);
	free(old);
}

int
main(void)
{
	int fd;

	/* What the one who runs this test has left open is not ours. */
	for (fd = 3; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	test_environment();
	test_descriptors();
	test_signals();
	test_failure();
	test_talk();
	test_session();
	test_thread();
	test_find();
	return (tap_done());
}
