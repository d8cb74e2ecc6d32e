/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "ssh/ask.h"
#include "ssh/capture.h"
#include "ssh/halt.h"

#define SHOWN_MAX	1024
#define TURNS		10

static int
open_terminal(void)
{

	return (open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
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

/* --- the program --- */

static int
ask_program(const char *program, const char *prompt, char *buf, size_t size)
{
	const char *argv[] = { program, prompt, NULL };
	struct capture c = { .out = buf, .outmax = size };
	size_t len;

	if (capture(&c, (char *const *)(void *)argv, -1, NULL) == -1) {
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

/*
 * In the background, wait for our turn.  The kernel would stop us of its own
 * accord if this thread had not the signal blocked.  A job that has no shell
 * cannot be stopped, and is not going to be in front either.
 */
static int
come_to_front(int fd)
{
	int i;

	for (i = 0; i < TURNS && !halt_asked(NULL); i++) {
		if (tcgetpgrp(fd) == getpgrp())
			return (0);
		(void)kill(0, SIGTTOU);
		(void)poll(NULL, 0, HALT_STEP_MS);
	}
	return (-1);
}

/* The thread that asks has signals blocked: they come to another one. */
static int
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (!halt_asked(NULL))
		switch (poll(&p, 1, HALT_STEP_MS)) {
		case 1:
			return (0);
		case -1:
			if (errno != EINTR)
				return (-1);
		}
	return (-1);
}

/* Byte by byte, straight to where the line is wanted: no copy is left. */
static int
read_line(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;
	char c;

	for (;;) {
		if (await(fd) == -1 || (n = fd_read(fd, &c, 1)) == -1 ||
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

static int
ask_terminal(int fd, const char *prompt, bool echo, char *buf, size_t size)
{
	struct termios old, quiet;
	bool changed = false;
	int rc = -1;

	if (come_to_front(fd) == -1)
		return (-1);
	if (!echo && tcgetattr(fd, &old) == 0) {
		quiet = old;
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		changed = tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
	}
	/* Never ask for a secret on a terminal that would show it. */
	if ((echo || changed) && fd_write(fd, prompt, strlen(prompt)) == 0)
		rc = read_line(fd, buf, size);
	if (changed) {
		(void)!write(fd, "\n", 1);
		(void)tcsetattr(fd, TCSAFLUSH, &old);
	}
	return (rc);
}

int
ask(const char *prompt, bool echo, char *buf, size_t size)
{
	int fd = open_terminal(), rc = -1;
	const char *program = askpass_program(fd != -1);
	char shown[SHOWN_MAX];

	/* The words may be a server's: none of them is to move the cursor. */
	(void)msg_mask(shown, sizeof(shown), prompt);
	if (program != NULL)
		rc = ask_program(program, shown, buf, size);
	else if (fd != -1)
		rc = ask_terminal(fd, shown, echo, buf, size);
	fd_close(&fd);
	if (rc == -1 || halt_asked(NULL)) {
		explicit_bzero(buf, size);
		return (-1);
	}
	return (0);
}
