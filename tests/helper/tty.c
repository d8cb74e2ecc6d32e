/* SPDX-License-Identifier: ISC */
/*
 * tty LOG ANSWER... -- COMMAND...
 *
 * Run a command with a terminal of its own, which it finds as /dev/tty; its
 * stdin, stdout and stderr stay what they are.  Each time that something ends
 * in ": ", "? " or "] ", the next ANSWER is typed there and return; after the
 * last one the terminal hangs up.  "^C" and "^Z" are those keys.  What the
 * terminal shows is written to LOG.  Exits as the command does.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SILENCE_MS	60000	/* then nobody will ask any more */

static void
type(int fd, const char *answer)
{
	char text[512];
	int n;

	if (strcmp(answer, "^C") == 0)
		n = snprintf(text, sizeof(text), "\003");
	else if (strcmp(answer, "^Z") == 0)
		n = snprintf(text, sizeof(text), "\032");
	else
		n = snprintf(text, sizeof(text), "%s\n", answer);
	if (write(fd, text, (size_t)n) != n)
		perror("tty: answer");
}

static int
converse(int fd, int log, char **answers)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096], last[2] = "";
	ssize_t i, n;

	/* The end of the last one that has it open is EIO. */
	while (poll(&p, 1, SILENCE_MS) == 1 &&
	    (n = read(fd, buf, sizeof(buf))) > 0) {
		if (write(log, buf, (size_t)n) != n)
			return (-1);
		for (i = 0; i < n; i++) {
			last[0] = last[1];
			last[1] = buf[i];
		}
		if (last[1] != ' ' || strchr(":?]", last[0]) == NULL)
			continue;
		if (*answers == NULL)
			break;
		/* The one who asks may not have turned the echo off yet. */
		usleep(50000);
		type(fd, *answers++);
	}
	return (0);
}

static int
child(int tty, char **command)
{

	if (setsid() == -1 || ioctl(tty, TIOCSCTTY, 0) == -1) {
		perror("tty: terminal");
		return (127);
	}
	/* It stays open: with nobody at it, it would hang up. */
	execvp(command[0], command);
	perror(command[0]);
	return (127);
}

int
main(int argc, char **argv)
{
	int ours, theirs, log, status, i;
	pid_t pid;

	for (i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
		;
	if (i + 1 >= argc) {
		fprintf(stderr, "usage: tty LOG ANSWER... -- COMMAND...\n");
		return (2);
	}
	argv[i] = NULL;
	log = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (log == -1 || openpty(&ours, &theirs, NULL, NULL, NULL) == -1) {
		perror("tty");
		return (2);
	}
	fcntl(ours, F_SETFD, FD_CLOEXEC);
	if ((pid = fork()) == 0)
		_exit(child(theirs, argv + i + 1));
	close(theirs);
	if (pid == -1 || converse(ours, log, argv + 2) == -1) {
		perror("tty");
		return (2);
	}
	close(ours);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (2);
	return (WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status));
}
