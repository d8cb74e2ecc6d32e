/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ssh/answers-impl.h"
#include "ssh/askpass.h"

int
askpass_wanted(void)
{

	return (getenv(ASK_VARIABLE) != NULL);
}

static enum ask_kind
kind_of(const char *word)
{

	if (word != NULL && strcasecmp(word, "none") == 0)
		return (ASK_NOTICE);
	if (word != NULL && strcasecmp(word, "confirm") == 0)
		return (ASK_CONFIRM);
	return (ASK_QUESTION);
}

/* The one that is to answer, or -1. */
static int
call(const char *name)
{
	struct sockaddr_un sun;
	socklen_t len = ask_address(&sun, name);
	int fd;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (-1);
	if (len > 0 && connect(fd, (const struct sockaddr *)&sun, len) == 0 &&
	    ask_is_ours(fd, getuid()))
		return (fd);
	close(fd);
	return (-1);
}

/* ssh ends this process; or who started ssh is gone. */
static int
show(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) == -1 && errno == EINTR)
		;
	return (0);
}

static ssize_t
hear(int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = recv(fd, buf, size, 0);
	while (n == -1 && errno == EINTR);
	return (n);
}

/* The answer on stdout, in one write: ssh reads no more than a line. */
static int
print(int fd)
{
	char buf[1 + ASK_ANSWER_MAX + 1];
	int status = 1;
	ssize_t n;

	n = hear(fd, buf, sizeof(buf) - 1);
	if (n >= 1 && buf[0] == ASK_ANSWER) {
		buf[n] = '\n';
		if (write(STDOUT_FILENO, buf + 1, (size_t)n) == n)
			status = 0;
	}
	explicit_bzero(buf, sizeof(buf));
	return (status);
}

int
askpass_main(int argc, char **argv)
{
	struct ask_packet q = { .asker = getppid(),
	    .kind = kind_of(getenv("SSH_ASKPASS_PROMPT")) };
	const char *name = getenv(ASK_VARIABLE);
	int fd, status = 1;

	/* The answer is in this memory for a moment: main() has seen to it. */
	if (name == NULL || (fd = call(name)) == -1)
		return (1);
	snprintf(q.prompt, sizeof(q.prompt), "%s", argc > 1 ? argv[1] : "");
	if (send(fd, &q, sizeof(q), MSG_NOSIGNAL) == (ssize_t)sizeof(q))
		status = q.kind == ASK_NOTICE ? show(fd) : print(fd);
	close(fd);
	return (status);
}
