/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "sig.h"

#define PIPE_SIZE	(256 * 1024)

#define SLURP_STEP	65536

int
fd_sanitize(void)
{
	int fd, got;

	for (fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		if (errno != EBADF)
			goto fail;
		got = open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
		if (got != fd)
			goto fail;
	}
	return (0);
fail:
	msg_error("descriptor %d: %s", fd, strerror(errno));
	return (-1);
}

/* Whether a call that failed should be made again. */
static bool
again(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EINTR)
		return (sig_caught() == 0);
	if (errno != EAGAIN)
		return (false);
	/* Somebody who shares the description made it non-blocking. */
	if (poll(&p, 1, -1) == -1 && errno != EINTR)
		return (false);
	if (sig_caught() != 0) {
		errno = EINTR;
		return (false);
	}
	return (true);
}

ssize_t
fd_read(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n == -1 && again(fd, POLLIN));
	return (n);
}

ssize_t
fd_read_full(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = fd_read(fd, (char *)buf + done, len - done);
		if (n == -1)
			return (-1);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return ((ssize_t)done);
}

int
fd_write_at(int fd, const void *buf, size_t len, uint64_t at)
{
	const char *from = buf;
	ssize_t n;

	while (len > 0) {
		if ((n = pwrite(fd, from, len, (off_t)at)) == -1) {
			if (errno == EINTR && sig_caught() == 0)
				continue;
			return (-1);
		}
		from += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return (0);
}

int
fd_write(int fd, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		if (sig_caught() != 0) {
			errno = EINTR;
			return (-1);
		}
		n = write(fd, (const char *)buf + done, len - done);
		if (n == -1) {
			if (again(fd, POLLOUT))
				continue;
			return (-1);
		}
		done += (size_t)n;
	}
	return (0);
}

int
fd_wait_read(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		if (sig_caught() != 0) {
			errno = EINTR;
			return (-1);
		}
		n = poll(&p, 1, timeout_ms);
	} while (n == -1 && errno == EINTR);
	return (n);
}

void
fd_widen(int fd)
{
	int size = fcntl(fd, F_GETPIPE_SZ);

	if (size != -1 && size < PIPE_SIZE)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
}

int
fd_close(int *fd)
{
	int old = *fd;

	*fd = -1;
	if (old == -1)
		return (0);
	/* Linux has closed it even where EINTR comes back. */
	if (close(old) == -1 && errno != EINTR)
		return (-1);
	return (0);
}

char *
fd_slurp(const char *path, size_t max, size_t *len)
{
	char *buf = NULL, *bigger;
	size_t size = 0, room = 0;
	ssize_t n;
	int fd, saved;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return (NULL);
	for (;;) {
		if (room - size < SLURP_STEP) {
			room += SLURP_STEP + room / 2;
			/* Not realloc(): it may hold a key. */
			if ((bigger = malloc(room + 1)) == NULL)
				goto fail;
			if (buf != NULL) {
				memcpy(bigger, buf, size);
				explicit_bzero(buf, size);
			}
			free(buf);
			buf = bigger;
		}
		if ((n = fd_read(fd, buf + size, room - size)) == -1)
			goto fail;
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > max) {
			errno = EFBIG;
			goto fail;
		}
	}
	close(fd);
	buf[size] = '\0';
	*len = size;
	return (buf);
fail:
	saved = errno;
	if (buf != NULL)
		explicit_bzero(buf, size);
	free(buf);
	close(fd);
	errno = saved;
	return (NULL);
}

bool
fd_is_private(const struct stat *st, uid_t self)
{
	mode_t others = 077;

	if (st->st_uid == 0 && self != 0)
		others = 037;
	return (!S_ISREG(st->st_mode) || (st->st_mode & others) == 0);
}

enum status
fd_refuse_terminal(int fd, const char *what, const char *hint)
{

	if (!isatty(fd))
		return (STATUS_OK);
	msg_error("%s is a terminal", what);
	if (hint != NULL)
		msg_hint("%s", hint);
	return (STATUS_USAGE);
}

void
fd_hint_full(int fd, int error, uint64_t written, bool dump)
{
	struct statvfs v;
	struct stat st;

	if ((error != ENOSPC && error != EDQUOT) || fstat(fd, &st) == -1 ||
	    !S_ISREG(st.st_mode) || fstatvfs(fd, &v) == -1)
		return;
	msg_hint("%llu bytes were written, and %llu are free there%s",
	    (unsigned long long)written,
	    (unsigned long long)v.f_bavail * v.f_frsize, dump ?
	    "; pgb-dump --estimate tells what a dump may take" : "");
}

enum status
fd_print(const char *text)
{
	int fd = STDOUT_FILENO;

	if (fd_write(fd, text, strlen(text)) == 0 && fd_close(&fd) == 0)
		return (STATUS_OK);
	if (errno == EBADF)
		msg_error("stdout is closed");
	else if (errno != EPIPE && !(errno == EINTR && sig_caught() != 0))
		msg_errno("stdout");
	return (STATUS_LOCAL);
}
