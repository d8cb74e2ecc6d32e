/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "secret/agent.h"

#define REQUEST_IDENTITIES	11
#define ANSWER_MAX		(256 * 1024)	/* as OpenSSH's ssh-add */

/* Read len bytes until end, keep the first of them: whether they came. */
static bool
receive(int fd, uint8_t *first, size_t keep, size_t len, int64_t end,
    const struct halt *halt)
{
	struct pollfd f = { .fd = fd, .events = POLLIN };
	uint8_t buf[4096];
	size_t got = 0, want;
	int64_t left;
	ssize_t n;

	while (got < len) {
		if (halt_asked(halt) || (left = end - clock_ms()) <= 0)
			return (false);
		if (poll(&f, 1, left < HALT_STEP_MS ? (int)left :
		    HALT_STEP_MS) <= 0)
			continue;
		want = len - got < sizeof(buf) ? len - got : sizeof(buf);
		n = recv(fd, buf, want, 0);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			return (false);
		if (n > 0 && got < keep)
			memcpy(first + got, buf, (size_t)n < keep - got ?
			    (size_t)n : keep - got);
		if (n > 0)
			got += (size_t)n;
	}
	return (true);
}

enum agent_state
agent_probe(const char *path, int timeout_ms, const struct halt *halt)
{
	static const uint8_t request[5] = { 0, 0, 0, 1, REQUEST_IDENTITIES };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	enum agent_state state = AGENT_NONE;
	int64_t end = clock_ms() + timeout_ms;
	uint8_t head[4];
	uint32_t len;
	int fd;

	if (strlen(path) >= sizeof(sun.sun_path))
		return (AGENT_NONE);
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return (AGENT_NONE);
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		/* EAGAIN: it has stopped to take connections. */
		state = errno == EAGAIN ? AGENT_SILENT : AGENT_NONE;
		goto out;
	}
	state = AGENT_SILENT;
	if (send(fd, request, sizeof(request), MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(request) ||
	    !receive(fd, head, sizeof(head), sizeof(head), end, halt))
		goto out;
	len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 |
	    (uint32_t)head[2] << 8 | (uint32_t)head[3];
	if (len > 0 && len <= ANSWER_MAX && receive(fd, NULL, 0, len, end,
	    halt))
		state = AGENT_ANSWERS;
out:
	close(fd);
	return (state);
}
