/* SPDX-License-Identifier: ISC */
/*
 * A file system may lose what a write(2) to it has accepted: an error of the
 * disk comes to light later, where nobody asks for it, and the old blocks are
 * read back.  What was verified is what was put in, so a checksum tells whether
 * it is what comes out; where it is not, the last piece stays here.
 */
#include <errno.h>
#include <fcntl.h>
#include <isa-l.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "fdio.h"
#include "hold.h"
#include "msg.h"

#define ASK_STEP	(64 * 1024 * 1024)	/* look at what is free again */
#define READ_SIZE	(256 * 1024)

struct hold {
	int fd;
	char *dir;
	uint64_t expected;
	uint64_t held;
	uint64_t ask_at;	/* look again when so much is held */
	uint64_t sum;		/* CRC-64 of it */
	bool failed;
	uint8_t buf[READ_SIZE];
};

typedef unsigned long long ull;

/* A descriptor without a name: -1 with errno. */
static int
open_unnamed(const char *dir)
{
	char *path = NULL;
	int fd, saved;

	fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR &&
	    errno != EINVAL))
		return (fd);
	if (asprintf(&path, "%s/.pgb-hold.XXXXXX", dir) == -1)
		return (-1);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1 && unlink(path) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		fd = -1;
	}
	free(path);
	return (fd);
}

/* Bytes free to us; false where the file system does not say. */
static bool
ask(const struct hold *h, uint64_t *bytes)
{
	struct statvfs v;

	if (fstatvfs(h->fd, &v) == -1 || v.f_blocks == 0)
		return (false);
	if (__builtin_mul_overflow((uint64_t)v.f_bavail, (uint64_t)v.f_frsize,
	    bytes))
		*bytes = UINT64_MAX;
	return (true);
}

/* One error line: STATUS_LOCAL. */
static enum status
no_room(const struct hold *h, const char *why)
{
	uint64_t room;

	if (ask(h, &room))
		msg_error("%s: %s: %llu bytes are held back, %llu are free",
		    h->dir, why, (ull)h->held, (ull)room);
	else
		msg_error("%s: %s: %llu bytes are held back", h->dir, why,
		    (ull)h->held);
	msg_hint("TMPDIR or --hold-dir names another directory");
	return (STATUS_LOCAL);
}

/* Whether len bytes, and what else is known to come, have room. */
static enum status
look(struct hold *h, size_t len)
{
	uint64_t room, need = len;
	char why[64];

	h->ask_at = h->held + ASK_STEP;
	if (h->expected > h->held && h->expected - h->held > need)
		need = h->expected - h->held;
	if (!ask(h, &room) || room >= need)
		return (STATUS_OK);
	snprintf(why, sizeof(why), "no room for %llu bytes%s", (ull)need,
	    h->held > 0 ? " more" : "");
	return (no_room(h, why));
}

struct hold *
hold_open(const char *dir, uint64_t expected, enum status *status)
{
	struct hold *h = calloc(1, sizeof(*h));

	*status = STATUS_LOCAL;
	if (dir == NULL && ((dir = getenv("TMPDIR")) == NULL || *dir == '\0'))
		dir = "/var/tmp";
	if (h == NULL || (h->dir = strdup(dir)) == NULL) {
		msg_errno(dir);
		free(h);
		return (NULL);
	}
	h->expected = expected;
	if ((h->fd = open_unnamed(dir)) == -1) {
		msg_errno(dir);
		msg_hint("TMPDIR or --hold-dir names another directory");
	} else if (expected == 0)
		*status = STATUS_OK;
	else
		*status = look(h, 0);
	if (*status == STATUS_OK)
		return (h);
	hold_free(h);
	return (NULL);
}

void
hold_free(struct hold *h)
{
	if (h == NULL)
		return;
	(void)fd_close(&h->fd);
	free(h->dir);
	free(h);
}

enum status
hold_put(struct hold *h, const void *buf, size_t len)
{
	enum status status = STATUS_OK;

	if (h->failed)
		return (STATUS_LOCAL);
	if (h->held >= h->ask_at)
		status = look(h, len);
	if (status == STATUS_OK && fd_write(h->fd, buf, len) == -1) {
		status = STATUS_LOCAL;
		if (errno != EINTR)
			(void)no_room(h, strerror(errno));
	}
	h->failed = status != STATUS_OK;
	if (h->failed)
		return (status);
	h->sum = crc64_ecma_refl(h->sum, buf, len);
	h->held += len;
	return (STATUS_OK);
}

/* The next len bytes into h->buf. */
static enum status
take(struct hold *h, size_t len)
{
	ssize_t got = fd_read_full(h->fd, h->buf, len);

	if (got == -1) {
		if (errno != EINTR)
			msg_errno(h->dir);
		return (STATUS_LOCAL);
	}
	if ((size_t)got == len)
		return (STATUS_OK);
	msg_error("%s: some of what was held back is gone", h->dir);
	return (STATUS_LOCAL);
}

enum status
hold_release(struct hold *h, struct pump *pump)
{
	uint64_t left, sum = 0;
	enum status status = STATUS_OK;
	size_t n;

	if (h->failed)
		return (STATUS_LOCAL);
	if (lseek(h->fd, 0, SEEK_SET) == -1) {
		msg_errno(h->dir);
		return (STATUS_LOCAL);
	}
	for (left = h->held; left > 0 && status == STATUS_OK; left -= n) {
		n = left < READ_SIZE ? (size_t)left : READ_SIZE;
		if (take(h, n) != STATUS_OK)
			return (STATUS_LOCAL);
		sum = crc64_ecma_refl(sum, h->buf, n);
		if (left == n && sum != h->sum) {
			msg_error("%s: what was held back has changed", h->dir);
			return (STATUS_LOCAL);
		}
		status = pump_emit(pump, h->buf, n);
	}
	return (status);
}
