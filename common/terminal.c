/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "progress/progress.h"
#include "sig.h"
#include "terminal.h"

/*
 * While echo is off, whatever takes the terminal away from us has to give it
 * back as it was: the signals that stop or end a process without sig.h knowing
 * of them are blocked except in ppoll(), so that none comes between looking and
 * waiting.  When one came, the terminal is put back, the signal does what it
 * would have done, and if there is an afterwards, the question is put again.
 * SIGCONT is one of them because SIGSTOP cannot be: the shell may have changed
 * the terminal in the meantime.
 */

#define TTY		"/dev/tty"
#define LINE_SHOWN	4096

/* Linux drops silently what is typed beyond so many bytes of a line. */
#define LINE_TYPED	4095

static const int watched[] = { SIGTSTP, SIGQUIT, SIGCONT };

#define WATCHED	(sizeof(watched) / sizeof(watched[0]))

static volatile sig_atomic_t came;

struct terminal {
	int fd;
	bool echo;
	bool dark;		/* echo has been turned off by us */
	struct termios was;
	sigset_t mask;		/* as it was */
	struct sigaction action[WATCHED];
};

static void
on_signal(int sig)
{

	came = sig;
}

static void
watch(struct terminal *t)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;
	size_t i;

	came = 0;
	sigemptyset(&sa.sa_mask);
	sigemptyset(&set);
	for (i = 0; i < WATCHED; i++)
		sigaddset(&set, watched[i]);
	sigprocmask(SIG_BLOCK, &set, &t->mask);
	for (i = 0; i < WATCHED; i++) {
		sigaction(watched[i], &sa, &t->action[i]);
		if (t->action[i].sa_handler == SIG_IGN)
			sigaction(watched[i], &t->action[i], NULL);
	}
}

static void
unwatch(const struct terminal *t)
{
	size_t i;

	for (i = 0; i < WATCHED; i++)
		sigaction(watched[i], &t->action[i], NULL);
	sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

static int
set_mode(int fd, const struct termios *mode)
{

	while (tcsetattr(fd, TCSAFLUSH, mode) == -1)
		if (errno != EINTR || sig_caught() != 0)
			return (-1);
	return (0);
}

/* Whether a SIGCONT is waiting to be taken. */
static bool
continued(void)
{
	static const struct timespec now;
	sigset_t cont;

	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	return (sigtimedwait(&cont, NULL, &now) == SIGCONT);
}

/*
 * In the background, wait for our turn: a shell that edits its command line has
 * the terminal in a mode that is not the one to go back to.  Of all calls for
 * which the kernel stops a job in the background, tcdrain() does nothing else.
 */
static int
foreground(int fd)
{

	while (tcdrain(fd) == -1)
		if (errno != EINTR || sig_caught() != 0)
			return (-1);
	(void)continued();
	return (0);
}

/* As long as the question is not shown, it need not be put again after a
 * SIGCONT. */
static int
darken(struct terminal *t)
{
	struct termios mode;

	if (foreground(t->fd) == -1)
		return (-1);
	if (t->echo)
		return (0);
	if (tcgetattr(t->fd, &t->was) == -1)
		return (-1);
	mode = t->was;
	mode.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	do {
		if (set_mode(t->fd, &mode) == -1)
			return (-1);
		t->dark = true;
	} while (continued());
	return (0);
}

/* With SIGTTOU blocked it succeeds even if we are in the background by now;
 * after a caught signal, too. */
static void
lighten(struct terminal *t)
{
	sigset_t ttou, old;
	ssize_t n;

	if (!t->dark)
		return;
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	do
		n = write(t->fd, "\n", 1);
	while (n == -1 && errno == EINTR);
	while (tcsetattr(t->fd, TCSAFLUSH, &t->was) == -1 && errno == EINTR)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	t->dark = false;
}

/* Wait for a byte: 0, or -1 with EINTR for any signal that counts. */
static int
await(const struct terminal *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	for (;;) {
		if (sig_caught() != 0 || came != 0) {
			errno = EINTR;
			return (-1);
		}
		if (ppoll(&p, 1, NULL, &t->mask) != -1)
			return (0);
		if (errno != EINTR)
			return (-1);
	}
}

/* Byte by byte, straight to where the line is wanted: no copy is left. */
static int
read_line(const struct terminal *t, char *buf, size_t size, size_t *len)
{
	size_t n = 0;
	ssize_t got;

	for (;;) {
		if (n == size || n == LINE_TYPED) {
			errno = EFBIG;
			return (-1);
		}
		if (await(t) == -1 || (got = fd_read(t->fd, buf + n, 1)) == -1)
			return (-1);
		if (got == 0) {
			errno = EPIPE;
			return (-1);
		}
		if (buf[n] == '\n')
			break;
		n++;
	}
	buf[n] = '\0';
	*len = n;
	return (0);
}

/* One round: 0, -1, or 1 where it was interrupted and is to begin again. */
static int
ask(struct terminal *t, const char *prompt, char *buf, size_t size,
    size_t *len)
{
	int rc = -1, saved;

	watch(t);
	if (darken(t) == 0 && fd_write(t->fd, prompt, strlen(prompt)) == 0)
		rc = read_line(t, buf, size, len);
	saved = errno;
	if (rc == -1)
		explicit_bzero(buf, size);
	if (rc == -1 && t->echo)
		(void)tcflush(t->fd, TCIFLUSH);
	lighten(t);
	unwatch(t);
	errno = saved;
	if (rc == 0 || errno != EINTR || sig_caught() != 0 || came == 0)
		return (rc);
	if (came != SIGCONT)
		(void)raise(came);
	return (1);
}

static int
open_tty(void)
{
	int fd;

	do
		fd = open(TTY, O_RDWR | O_CLOEXEC | O_NOCTTY);
	while (fd == -1 && errno == EINTR && sig_caught() == 0);
	if (fd == -1 && (errno == ENOENT || errno == ENODEV ||
	    errno == EACCES || errno == EPERM))
		errno = ENXIO;
	return (fd);
}

/* The words may be a plugin's: none of them is to move the terminal. */
int
terminal_ask(const char *prompt, bool echo, char *buf, size_t size,
    size_t *len)
{
	struct terminal t = { .echo = echo };
	char shown[LINE_SHOWN];
	int rc, saved;

	if ((t.fd = open_tty()) == -1)
		return (-1);
	(void)msg_mask(shown, sizeof(shown), prompt);
	progress_hide();
	while ((rc = ask(&t, shown, buf, size, len)) == 1)
		;
	saved = errno;
	progress_unhide();
	(void)fd_close(&t.fd);
	errno = saved;
	return (rc);
}

int
terminal_say(const char *text)
{
	char line[LINE_SHOWN + 1];
	size_t len;
	int fd, rc, saved;

	if ((fd = open_tty()) == -1)
		return (-1);
	len = msg_mask(line, LINE_SHOWN, text);
	line[len++] = '\n';
	progress_hide();
	rc = fd_write(fd, line, len);
	saved = errno;
	progress_unhide();
	(void)fd_close(&fd);
	errno = saved;
	return (rc);
}
