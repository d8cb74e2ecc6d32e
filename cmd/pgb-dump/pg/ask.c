/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "ask.h"
#include "fdio.h"
#include "msg.h"
#include "sig.h"

/* Read up to the line's end: 0, or -1 with errno (EFBIG: does not fit). */
static int
read_line(int fd, char *buf, size_t len)
{
	size_t used = 0;
	ssize_t n;
	char c;

	for (;;) {
		if ((n = fd_read(fd, &c, 1)) == -1)
			return (-1);
		if (n == 0 || c == '\n' || c == '\r')
			break;
		if (used + 1 == len) {
			errno = EFBIG;
			return (-1);
		}
		buf[used++] = c;
	}
	buf[used] = '\0';
	return (0);
}

static int
open_terminal(void)
{

	return (open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
}

bool
ask_possible(void)
{
	int fd = open_terminal();
	bool yes = fd != -1;

	fd_close(&fd);
	return (yes);
}

enum status
ask_password(const char *user, char *buf, size_t len)
{
	struct termios was, quiet;
	enum status status = STATUS_LOCAL;
	char prompt[256];
	int fd, got = -1;

	if ((fd = open_terminal()) == -1) {
		msg_error("-W: there is no terminal to ask on");
		msg_hint("give the password in PGPASSFILE or PGPASSWORD");
		return (STATUS_USAGE);
	}
	if (user != NULL)
		snprintf(prompt, sizeof(prompt), "Password for user %s: ",
		    user);
	else
		snprintf(prompt, sizeof(prompt), "Password: ");
	if (tcgetattr(fd, &was) == -1)
		goto out;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) == -1)
		goto out;
	if (fd_write(fd, prompt, strlen(prompt)) == 0)
		got = read_line(fd, buf, len);
	/* Whatever came, a signal too: the terminal gets its echo back. */
	while (tcsetattr(fd, TCSANOW, &was) == -1 && errno == EINTR)
		;
	(void)fd_write(fd, "\n", 1);
	if (got == 0)
		status = STATUS_OK;
out:
	if (status != STATUS_OK && sig_caught() == 0)
		msg_errno("/dev/tty");
	fd_close(&fd);
	return (status);
}
