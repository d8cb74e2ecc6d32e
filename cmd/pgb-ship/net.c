/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "net.h"
#include "sig.h"

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* Wait for a connect(2) under way: 0, or -1 with errno. */
static int
await_connect(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t end = now_ms() + timeout_ms, left;
	int error, n;
	socklen_t len = sizeof(error);

	do {
		if (sig_caught() != 0) {
			errno = EINTR;
			return (-1);
		}
		left = end - now_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return (-1);
	if (n == 0) {
		errno = ETIMEDOUT;
		return (-1);
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (-1);
	errno = error;
	return (error == 0 ? 0 : -1);
}

/* A connected descriptor, or -1 with errno. */
static int
try_address(const struct addrinfo *a, int timeout_ms)
{
	int fd, saved, on = 1;

	fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    a->ai_protocol);
	if (fd == -1)
		return (-1);
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1 &&
	    (errno != EINPROGRESS || await_connect(fd, timeout_ms) == -1)) {
		saved = errno;
		close(fd);
		errno = saved;
		return (-1);
	}
	/* The send buffer's size is left to the kernel: set by hand it is
	 * capped, and no longer grows with the line. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return (fd);
}

enum status
net_connect(const char *name, const char *host, unsigned port, int timeout_ms,
    int *fd)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list, *a;
	char service[16];
	int rc;

	snprintf(service, sizeof(service), "%u", port);
	rc = getaddrinfo(host, service, &hints, &list);
	if (sig_caught() != 0) {
		if (rc == 0)
			freeaddrinfo(list);
		return (STATUS_LOCAL);
	}
	if (rc != 0) {
		msg_error("%s: host %s: %s", name, host, rc == EAI_SYSTEM ?
		    strerror(errno) : gai_strerror(rc));
		return (STATUS_RETRY);
	}
	*fd = -1;
	for (a = list; a != NULL && *fd == -1 && sig_caught() == 0;
	    a = a->ai_next)
		*fd = try_address(a, timeout_ms);
	freeaddrinfo(list);
	if (*fd != -1)
		return (STATUS_OK);
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	msg_error("%s: connect to %s port %u: %s", name, host, port,
	    strerror(errno));
	return (STATUS_RETRY);
}
