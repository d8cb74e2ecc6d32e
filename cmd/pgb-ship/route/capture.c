/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "fdio.h"
#include "route/capture.h"

#define CAPTURE_WORDS	32
#define STEP_MS		20	/* between two looks at one that has closed
				 * its output, but not ended */

/* Read what is there now.  0, or -1 with errno. */
static int
take(int *fd, char *buf, size_t max, size_t *len, bool drop)
{
	char rest[512];
	ssize_t n;

	if (*len == max - 1 && !drop)
		n = read(*fd, rest, 1);
	else if (*len == max - 1)
		n = read(*fd, rest, sizeof(rest));
	else
		n = read(*fd, buf + *len, max - 1 - *len);
	if (n == -1)
		return (errno == EINTR || errno == EAGAIN ? 0 : -1);
	if (n == 0)
		return (fd_close(fd));
	if (*len < max - 1)
		*len += (size_t)n;
	else if (!drop) {
		errno = EFBIG;
		return (-1);
	}
	return (0);
}

/*
 * One that it has started itself may hold its stderr open for long: that is not
 * waited for.
 */
static int
gather(struct capture *c, struct child *child, int64_t until,
    const struct halt *halt)
{
	struct pollfd p[2];

	while (child->out != -1 || child_wait(child, 0) == 0) {
		if (halt_asked(halt)) {
			errno = EINTR;
			return (-1);
		}
		if (until != -1 && clock_ms() >= until) {
			errno = ETIMEDOUT;
			return (-1);
		}
		p[0] = (struct pollfd){ child->out, POLLIN, 0 };
		p[1] = (struct pollfd){ child->err, POLLIN, 0 };
		if (poll(p, 2, child->out == -1 ? STEP_MS :
		    HALT_STEP_MS) == -1 && errno != EINTR)
			return (-1);
		if (child->out != -1 && p[0].revents != 0 &&
		    take(&child->out, c->out, c->outmax, &c->outlen,
		    false) == -1)
			return (-1);
		if (child->err != -1 && p[1].revents != 0 &&
		    take(&child->err, c->err, c->errmax, &c->errlen,
		    true) == -1)
			return (-1);
	}
	/* A signal ends child_wait() as well. */
	errno = EINTR;
	return (halt_asked(halt) ? -1 : 0);
}

int
capture(struct capture *c, char *const argv[], int timeout_ms,
    const struct halt *halt)
{
	const struct child_how how = { .io = CHILD_LISTEN, .leads = true,
	    .own_err = c->err == NULL };
	struct child child = CHILD_NONE;
	char path[PATH_MAX], *words[CAPTURE_WORDS];
	struct pollfd p;
	size_t i;
	int rc = -1, saved;

	c->outlen = c->errlen = 0;
	for (i = 0; i < CAPTURE_WORDS - 1 && argv[i] != NULL; i++)
		words[i] = argv[i];
	words[i] = NULL;
	if (child_find(argv[0], path, sizeof(path)) == 0) {
		words[0] = path;
		rc = child_start_as(&child, words, NULL, &how);
	}
	if (rc == 0)
		rc = gather(c, &child, timeout_ms == -1 ? -1 :
		    clock_ms() + timeout_ms, halt);
	saved = errno;
	/* The last words of one that has ended are all there. */
	p = (struct pollfd){ child.err, POLLIN, 0 };
	while (child.err != -1 && c->errlen < c->errmax - 1 &&
	    poll(&p, 1, 0) == 1 &&
	    take(&child.err, c->err, c->errmax, &c->errlen, true) == 0)
		;
	child_stop(&child);
	c->wstatus = child.wstatus;
	c->out[c->outlen] = '\0';
	if (c->err != NULL)
		c->err[c->errlen] = '\0';
	errno = saved;
	return (rc);
}
