/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "shelf/store-impl.h"
#include "sig.h"

struct local {
	struct store store;	/* first: a struct store * is this */
	int fd;
};

static struct local *
local_of(struct store *s)
{

	return ((struct local *)(void *)s);
}

static enum status
fail(const struct local *l)
{

	if (errno == EFBIG)
		msg_error("%s: more than %d files", l->store.name,
		    STORE_FILES_MAX);
	else
		msg_errno(l->store.name);
	return (STATUS_LOCAL);
}

/* 0, also for one that has just gone, or -1. */
static int
add_entry(struct local *l, const char *name, struct store_list *list)
{
	struct store_file f;
	struct stat st;

	if (fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return (errno == ENOENT ? 0 : -1);
	f = (struct store_file){ .mtime = st.st_mtime };
	if ((f.regular = S_ISREG(st.st_mode)))
		f.size = (uint64_t)st.st_size;
	return (store_list_add(list, name, &f));
}

static enum status
local_list(struct store *s, struct store_list *list)
{
	struct local *l = local_of(s);
	struct dirent *e;
	int fd;
	DIR *d;

	if ((fd = openat(l->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1 || (d = fdopendir(fd)) == NULL) {
		fd_close(&fd);
		return (fail(l));
	}
	while (errno = 0, (e = readdir(d)) != NULL) {
		if (sig_caught() != 0)
			break;
		if (add_entry(l, e->d_name, list) == -1)
			break;
	}
	if (e == NULL && errno == 0) {
		closedir(d);
		return (STATUS_OK);
	}
	if (sig_caught() == 0)
		fail(l);
	closedir(d);
	return (STATUS_LOCAL);
}

static enum store_removed
local_remove(struct store *s, const char *name, struct fault *fault)
{

	if (sig_caught() != 0) {
		fault_halted(fault);
		return (STORE_GONE);
	}
	if (unlinkat(local_of(s)->fd, name, 0) == 0 || errno == ENOENT)
		return (STORE_REMOVED);
	fault_set(fault, STATUS_LOCAL, "%s", strerror(errno));
	return (STORE_REFUSED);
}

static enum status
local_clock(struct store *s, int64_t *reached)
{
	struct local *l = local_of(s);
	struct stat st;

	if (fstat(l->fd, &st) == -1)
		return (fail(l));
	*reached = st.st_mtime;
	return (STATUS_OK);
}

static void
local_close(struct store *s)
{
	struct local *l = local_of(s);

	fd_close(&l->fd);
	free(l);
}

struct store *
store_local_open(const char *dir, const char *name, enum status *status)
{
	struct local *l;

	*status = STATUS_LOCAL;
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		msg_errno(name);
		return (NULL);
	}
	l->store = (struct store){ name, local_list, local_remove, local_clock,
	    local_close };
	l->fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->fd == -1) {
		msg_errno(name);
		local_close(&l->store);
		return (NULL);
	}
	*status = STATUS_OK;
	return (&l->store);
}
