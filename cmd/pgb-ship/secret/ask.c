/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "secret/ask.h"
#include "route/capture.h"

#define SHOWN_MAX	1024

static bool
in_front(int fd)
{

	return (tcgetpgrp(fd) == getpgrp());
}

/*
 * The terminal, or -1.  In the background there is none for us: who asks there
 * stops the whole job, and with it the stream that is under way.
 */
static int
open_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd != -1 && !in_front(fd))
		fd_close(&fd);
	return (fd);
}

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return (value != NULL && value[0] != '\0');
}

/* The program that asks, or NULL. */
static const char *
askpass_program(bool terminal)
{
	const char *how = getenv("SSH_ASKPASS_REQUIRE");
	bool screen = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");

	if (!is_set("SSH_ASKPASS"))
		return (NULL);
	if (how != NULL && strcasecmp(how, "never") == 0)
		return (NULL);
	if (how != NULL && strcasecmp(how, "force") == 0)
		return (getenv("SSH_ASKPASS"));
	if (how != NULL && strcasecmp(how, "prefer") == 0)
		terminal = false;
	return (screen && !terminal ? getenv("SSH_ASKPASS") : NULL);
}

bool
ask_possible(void)
{
	int fd = open_terminal();
	bool terminal = fd != -1;

	fd_close(&fd);
	return (terminal || askpass_program(false) != NULL);
}

bool
ask_by_program(void)
{
	int fd = open_terminal();
	bool terminal = fd != -1;

	fd_close(&fd);
	return (askpass_program(terminal) != NULL);
}

/* --- the program --- */

static int
ask_program(const char *program, const char *prompt, char *buf, size_t size,
    const struct halt *halt)
{
	const char *argv[] = { program, prompt, NULL };
	struct capture c = { .out = buf, .outmax = size };
	size_t len;

	if (capture(&c, (char *const *)(void *)argv, -1, halt) == -1) {
		if (errno != EINTR)
			msg_warning("%s: %s", program, strerror(errno));
		return (-1);
	}
	/* Cancelled. */
	if (c.wstatus != 0)
		return (-1);
	len = strcspn(buf, "\r\n");
	explicit_bzero(buf + len, size - len);
	return (0);
}

/* --- the terminal --- */

struct terminal {
	int fd;
	const char *prompt;
	const struct halt *halt;
	bool echo;
	bool dark;		/* echo has been turned off by us */
	struct termios was;
};

/*
 * Show the prompt; never for a secret on a terminal that would show it.  A
 * shell may turn the echo on again when it has stopped us for a while: then the
 * question is put again.
 */
static int
show(struct terminal *t)
{
	struct termios now;

	if (!t->echo) {
		if (tcgetattr(t->fd, &now) == -1)
			return (-1);
		if (t->dark && (now.c_lflag & ECHO) == 0)
			return (0);
		if (!t->dark)
			t->was = now;
		now.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		if (tcsetattr(t->fd, TCSAFLUSH, &now) == -1)
			return (-1);
		t->dark = true;
	}
	return (fd_write(t->fd, t->prompt, strlen(t->prompt)));
}

/* The thread that asks may have signals blocked: they come to another one.
 * Who has been put into the background has nothing to ask any more. */
static int
await(struct terminal *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	while (!halt_asked(t->halt) && in_front(t->fd)) {
		if (t->dark && show(t) == -1)
			return (-1);
		switch (poll(&p, 1, HALT_STEP_MS)) {
		case 1:
			return (0);
		case -1:
			if (errno != EINTR)
				return (-1);
		}
	}
	return (-1);
}

/* Byte by byte, straight to where the line is wanted: no copy is left. */
static int
read_line(struct terminal *t, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	char c;

	for (;;) {
		if (await(t) == -1 || (n = fd_read(t->fd, &c, 1)) == -1 ||
		    (n == 0 && len == 0))
			return (-1);
		if (n == 0 || c == '\n')
			break;
		if (len + 1 < size)
			buf[len] = c;
		len++;
	}
	explicit_bzero(&c, sizeof(c));
	if (len >= size)
		return (-1);
	buf[len] = '\0';
	return (0);
}

/* A shell that is in front meanwhile has the terminal in a mode of its own. */
static void
lighten(struct terminal *t)
{

	if (!t->dark || !in_front(t->fd))
		return;
	(void)!write(t->fd, "\n", 1);
	(void)tcsetattr(t->fd, TCSAFLUSH, &t->was);
}

static int
ask_terminal(struct terminal *t, char *buf, size_t size)
{
	sigset_t stops, old;
	int rc;

	/* Where we are put into the background just now, it is an error rather
	 * than the job's stop. */
	sigemptyset(&stops);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stops, &old);
	rc = show(t);
	if (rc == 0)
		rc = read_line(t, buf, size);
	lighten(t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return (rc);
}

int
ask(const char *prompt, bool echo, char *buf, size_t size,
    const struct halt *halt)
{
	char shown[SHOWN_MAX];
	struct terminal t = { .fd = open_terminal(), .prompt = shown,
	    .halt = halt, .echo = echo };
	const char *program = askpass_program(t.fd != -1);
	int rc = -1;

	/* The words may be a server's: none of them is to move the cursor. */
	(void)msg_mask(shown, sizeof(shown), prompt);
	if (program != NULL)
		rc = ask_program(program, shown, buf, size, halt);
	else if (t.fd != -1)
		rc = ask_terminal(&t, buf, size);
	fd_close(&t.fd);
	if (rc == -1 || halt_asked(halt)) {
		explicit_bzero(buf, size);
		return (-1);
	}
	return (0);
}
