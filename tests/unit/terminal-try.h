/* SPDX-License-Identifier: ISC */
/*
 * A terminal with a person at it (the test), a shell in it, and a job of the
 * shell, in whose place a function runs.  Its stdin is empty; its stdout and
 * stderr are no terminal, but the result that the person reads, line by line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tap.h"

#define SHOWN_MAX	65536
#define PATIENCE	120	/* seconds; hanging is a failure */

struct person {
	int master, slave;
	int result, control;
	pid_t shell, job;
	size_t len, seen;	/* of shown; up to where it was expected */
	char shown[SHOWN_MAX];
	char line[SHOWN_MAX];
};

static struct person person;

static void
job_main(void (*job)(void), int out)
{
	struct rlimit none = { 0, 0 };
	int null = open("/dev/null", O_RDONLY);

	setrlimit(RLIMIT_CORE, &none);
	/* Whoever runs the test may ignore them. */
	signal(SIGTTOU, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	dprintf(1, "%d\n", (int)getpid());
	job();
	_exit(0);
}

/* Begins and continues the job as it is told, reports what becomes of it. */
static void
shell_main(void (*job)(void), int tty, int out, int control)
{
	struct termios mode;
	pid_t pid;
	char c;
	int status;

	signal(SIGTTOU, SIG_IGN);
	setsid();
	ioctl(tty, TIOCSCTTY, 0);
	if (read(control, &c, 1) != 1 || tcgetattr(tty, &mode) == -1)
		_exit(1);
	/* As a shell has it that edits its command line. */
	if (c == 'b') {
		mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(tty, TCSANOW, &mode);
	}
	if ((pid = fork()) == 0) {
		setpgid(0, 0);
		if (c == 'f')
			tcsetpgrp(tty, getpid());
		close(tty);
		close(control);
		job_main(job, out);
	}
	while (waitpid(pid, &status, WUNTRACED) == pid &&
	    WIFSTOPPED(status)) {
		tcsetpgrp(tty, getpgrp());
		dprintf(out, "stopped\n");
		if (read(control, &c, 1) != 1)
			_exit(1);
		/* As shells do: what a job leaves behind is not kept. */
		if (c == 'e' && tcgetattr(tty, &mode) == 0) {
			mode.c_lflag |= ICANON | ECHO;
			tcsetattr(tty, TCSANOW, &mode);
		}
		tcsetpgrp(tty, pid);
		kill(-pid, SIGCONT);
	}
	if (WIFSIGNALED(status))
		dprintf(out, "killed %d\n", WTERMSIG(status));
	close(out);
	(void)!read(control, &c, 1);
	_exit(0);
}

/* What comes out at the terminal, until text does or there is no more. */
static bool
watch_for(const char *text)
{
	struct pollfd p = { .fd = person.master, .events = POLLIN };
	char *at;
	ssize_t n;

	for (;;) {
		person.shown[person.len] = '\0';
		at = text == NULL ? NULL :
		    strstr(person.shown + person.seen, text);
		if (at != NULL) {
			person.seen = (size_t)(at - person.shown) +
			    strlen(text);
			return (true);
		}
		if (text == NULL && poll(&p, 1, 0) != 1)
			return (true);
		n = read(person.master, person.shown + person.len,
		    SHOWN_MAX - 1 - person.len);
		if (n <= 0)
			return (false);
		person.len += (size_t)n;
	}
}

/* What runs on is of another session, one without a terminal. */
static inline void
leave_home(void)
{
	pid_t pid = fork();

	if (pid > 0) {
		waitpid(pid, NULL, 0);
		_exit(0);
	}
	setsid();
}

/* The next line of the result, "" at its end. */
static const char *
told(void)
{
	size_t n = 0;

	while (n < SHOWN_MAX - 1 && read(person.result, person.line + n, 1) == 1
	    && person.line[n] != '\n')
		n++;
	person.line[n] = '\0';
	return (person.line);
}

static void
type(const char *text)
{

	if (write(person.master, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
}

static tcflag_t
lit(void)
{
	struct termios mode;

	if (tcgetattr(person.slave, &mode) == -1)
		abort();
	return (mode.c_lflag & (ECHO | ICANON));
}

/* Lines are read, and not shown. */
static bool
dark(void)
{

	return (lit() == ICANON);
}

static inline void
tell_shell(char c)
{

	if (write(person.control, &c, 1) != 1)
		abort();
}

/* The job begins in the foreground ('f') or the background ('b'). */
static void
sit_down(void (*job)(void), char where)
{
	int out[2], control[2];

	alarm(PATIENCE);
	person.len = person.seen = 0;
	if (openpty(&person.master, &person.slave, NULL, NULL, NULL) == -1 ||
	    pipe(out) == -1 || pipe(control) == -1)
		abort();
	fcntl(person.master, F_SETFD, FD_CLOEXEC);
	if ((person.shell = fork()) == 0) {
		close(person.master);
		close(out[0]);
		close(control[1]);
		shell_main(job, person.slave, out[1], control[0]);
	}
	close(out[1]);
	close(control[0]);
	person.result = out[0];
	person.control = control[1];
	tell_shell(where);
	person.job = (pid_t)atoi(told());
}

/* The rest of the result has been read: whether the terminal is as before. */
static bool
stand_up(void)
{
	bool good = lit() == (ECHO | ICANON);

	(void)watch_for(NULL);
	close(person.control);
	waitpid(person.shell, NULL, 0);
	close(person.result);
	close(person.slave);
	close(person.master);
	return (good);
}
