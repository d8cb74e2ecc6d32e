/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "sig.h"
#include "spool.h"

#define FIRST_SIZE	(64 * 1024)

struct spool {
	uint8_t *memory;	/* the first bytes */
	size_t size;		/* room there, at most SPOOL_MEMORY */
	int fd;			/* those from SPOOL_MEMORY on; -1: none yet */
	uint64_t in;		/* bytes added */
	uint64_t out;		/* bytes read */
};

struct spool *
spool_new(void)
{
	struct spool *s;

	if ((s = calloc(1, sizeof(*s))) != NULL)
		s->fd = -1;
	return (s);
}

void
spool_free(struct spool *s)
{

	if (s == NULL)
		return;
	(void)fd_close(&s->fd);
	free(s->memory);
	free(s);
}

/* A file without a name; not every file system can make one at once. */
static int
open_nameless(void)
{
	const char *dir = getenv("TMPDIR");
	char *path;
	int fd, saved;

	if (dir == NULL || dir[0] == '\0')
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd != -1)
		return (fd);
	if (asprintf(&path, "%s/pgb-dump.XXXXXX", dir) == -1)
		return (-1);
	if ((fd = mkostemp(path, O_CLOEXEC)) != -1 && unlink(path) == -1) {
		saved = errno;
		(void)fd_close(&fd);
		errno = saved;
	}
	free(path);
	return (fd);
}

/* Room in memory for bytes up to need, which is at most SPOOL_MEMORY. */
static int
grow(struct spool *s, size_t need)
{
	size_t size = s->size == 0 ? FIRST_SIZE : s->size;
	uint8_t *p;

	if (need <= s->size)
		return (0);
	while (size < need)
		size *= 2;
	if (size > SPOOL_MEMORY)
		size = SPOOL_MEMORY;
	if ((p = realloc(s->memory, size)) == NULL)
		return (-1);
	s->memory = p;
	s->size = size;
	return (0);
}

int
spool_add(struct spool *s, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t n;

	if (s->in < SPOOL_MEMORY && len > 0) {
		n = SPOOL_MEMORY - (size_t)s->in;
		if (n > len)
			n = len;
		if (grow(s, (size_t)s->in + n) == -1)
			return (-1);
		memcpy(s->memory + s->in, p, n);
		s->in += n;
		p += n;
		len -= n;
	}
	if (len == 0)
		return (0);
	if (s->fd == -1 && (s->fd = open_nameless()) == -1)
		return (-1);
	if (fd_write_at(s->fd, p, len, s->in - SPOOL_MEMORY) == -1)
		return (-1);
	s->in += len;
	return (0);
}

ssize_t
spool_read(struct spool *s, void *buf, size_t len)
{
	uint64_t end = s->in;
	ssize_t n;

	if (s->out < SPOOL_MEMORY && end > SPOOL_MEMORY)
		end = SPOOL_MEMORY;
	if (len > end - s->out)
		len = (size_t)(end - s->out);
	if (len == 0)
		return (0);
	if (s->out < SPOOL_MEMORY) {
		memcpy(buf, s->memory + s->out, len);
		s->out += len;
		return ((ssize_t)len);
	}
	do
		n = pread(s->fd, buf, len, (off_t)(s->out - SPOOL_MEMORY));
	while (n == -1 && errno == EINTR && sig_caught() == 0);
	if (n == 0) {			/* somebody cut the file */
		errno = EIO;
		return (-1);
	}
	if (n > 0)
		s->out += (uint64_t)n;
	return (n);
}

uint64_t
spool_bytes(const struct spool *s)
{

	return (s->in);
}
