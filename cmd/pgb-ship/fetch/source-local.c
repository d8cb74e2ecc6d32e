/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "fetch/source.h"
#include "msg.h"
#include "sig.h"
#include "ssh/remote.h"

struct local {
	struct source source;	/* first: a struct source * is this */
	int fd;			/* -1: not open */
	struct timespec mtime;
};

static struct local *
local_of(struct source *src)
{

	return ((struct local *)(void *)src);
}

static enum status
failed(const struct source *src)
{

	bool missing = errno == ENOENT;

	if (errno != EINTR || sig_caught() == 0)
		msg_errno(src->name);
	if (missing)
		msg_hint("pgb-ship --list tells what there is");
	return (STATUS_LOCAL);
}

/* Not to hang on a FIFO that somebody put there. */
static int
open_quickly(const char *path)
{

	return (open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

static enum status
local_slurp(struct source *src, const char *path, char *buf, size_t max,
    size_t *len, struct fault *lack)
{
	int fd = open_quickly(path);
	char more;
	ssize_t n;

	(void)src;
	lack->status = STATUS_OK;
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR)) {
		fault_set(lack, STATUS_DATA, "%s", "");
		return (STATUS_OK);
	}
	if (fd == -1 || (n = fd_read_full(fd, buf, max)) == -1)
		fault_set(lack, STATUS_DATA, "%s", strerror(errno));
	else if ((size_t)n == max && fd_read_full(fd, &more, 1) != 0)
		fault_set(lack, STATUS_DATA, "larger than %zu bytes", max);
	else
		*len = (size_t)n;
	fd_close(&fd);
	return (sig_caught() != 0 ? STATUS_LOCAL : STATUS_OK);
}

static enum status
local_open(struct source *src)
{
	struct local *l = local_of(src);
	struct stat st;

	l->fd = open_quickly(src->path);
	if (l->fd == -1 || fstat(l->fd, &st) == -1)
		return (failed(src));
	if (!S_ISREG(st.st_mode))
		return (source_irregular(src));
	l->mtime = st.st_mtim;
	src->size = src->end = (uint64_t)st.st_size;
	src->pos = 0;
	return (STATUS_OK);
}

static enum status
local_read(struct source *src, void *buf, size_t len, size_t *got)
{
	struct local *l = local_of(src);
	ssize_t n;
	int wait;

	*got = 0;
	len = bucket_piece(&src->limit, len);
	if (src->end - src->pos < len)
		len = (size_t)(src->end - src->pos);
	if (len == 0)
		return (STATUS_OK);
	while ((wait = bucket_take(&src->limit, len)) > 0)
		if (remote_pause(wait, NULL) == -1)
			return (STATUS_LOCAL);
	do
		n = pread(l->fd, buf, len, (off_t)src->pos);
	while (n == -1 && errno == EINTR && sig_caught() == 0);
	if (n == -1)
		return (failed(src));
	if (n == 0)
		return (source_changed(src));
	src->pos += (uint64_t)n;
	*got = (size_t)n;
	return (STATUS_OK);
}

static enum status
local_check(struct source *src)
{
	struct local *l = local_of(src);
	struct stat st;

	if (fstat(l->fd, &st) == -1)
		return (failed(src));
	if (src->pos != src->end || (uint64_t)st.st_size != src->size ||
	    st.st_mtim.tv_sec != l->mtime.tv_sec ||
	    st.st_mtim.tv_nsec != l->mtime.tv_nsec)
		return (source_changed(src));
	return (STATUS_OK);
}

static void
local_close(struct source *src)
{
	struct local *l = local_of(src);

	fd_close(&l->fd);
	free(l);
}

struct source *
source_local(const char *path, const char *name, const struct ship_opts *opts)
{
	struct local *l;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		msg_errno(name);
		return (NULL);
	}
	l->fd = -1;
	l->source = (struct source){ .name = name, .path = path,
	    .out = -1, .transport = "file", .slurp = local_slurp,
	    .open = local_open, .read = local_read, .check = local_check,
	    .close = local_close };
	bucket_init(&l->source.limit, opts->limit);
	return (&l->source);
}
