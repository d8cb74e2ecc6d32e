/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ssh/net.h"

/* Wait for a connect(2) under way: 0, or -1 with errno. */
static int
await_connect(int fd, int timeout_ms, const struct halt *halt)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t end = clock_ms() + timeout_ms, left;
	int error, n;
	socklen_t len = sizeof(error);

	do {
		left = end - clock_ms();
		if (halt_asked(halt)) {
			errno = EINTR;
			return (-1);
		}
		if (left <= 0) {
			errno = ETIMEDOUT;
			return (-1);
		}
		n = poll(&p, 1, left < HALT_STEP_MS ? (int)left :
		    HALT_STEP_MS);
	} while (n == 0 || (n == -1 && errno == EINTR));
	if (n == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (-1);
	errno = error;
	return (error == 0 ? 0 : -1);
}

/* A connected descriptor, or -1 with errno. */
static int
try_address(const struct addrinfo *a, int timeout_ms, const struct halt *halt)
{
	int fd, saved, on = 1;

	fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    a->ai_protocol);
	if (fd == -1)
		return (-1);
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1 &&
	    (errno != EINPROGRESS ||
	    await_connect(fd, timeout_ms, halt) == -1)) {
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
net_connect(const struct route *r, const struct halt *halt, int *fd,
    struct fault *fault)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
	    .ai_family = r->family, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list, *a;
	char service[16];
	int rc;

	*fd = -1;
	snprintf(service, sizeof(service), "%u", r->port);
	rc = getaddrinfo(r->host, service, &hints, &list);
	if (rc != 0)
		return (halt_asked(halt) ? fault_halted(fault) :
		    fault_set(fault, STATUS_RETRY, "host %s: %s", r->host,
		    rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc)));
	errno = 0;
	for (a = list; a != NULL && *fd == -1 && !halt_asked(halt);
	    a = a->ai_next)
		*fd = try_address(a, r->opts->timeout_ms, halt);
	rc = errno;
	freeaddrinfo(list);
	if (*fd != -1)
		return (STATUS_OK);
	if (halt_asked(halt))
		return (fault_halted(fault));
	return (fault_set(fault, STATUS_RETRY, "connect to %s port %u: %s",
	    r->host, r->port, strerror(rc)));
}
