/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "msg.h"
#include "publish.h"
#include "target.h"

struct local {
	struct target target;	/* first: a struct target * is this */
	struct publish *file;
	time_t touched;
};

static struct local *
local_of(struct target *t)
{

	return ((struct local *)(void *)t);
}

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec);
}

static enum status
local_write(struct target *t, const uint8_t *buf, size_t len)
{
	struct local *l = local_of(t);

	l->touched = now();
	return (publish_write(l->file, buf, len));
}

static enum status
local_idle(struct target *t)
{
	struct local *l = local_of(t);

	if (now() - l->touched < TARGET_TOUCH_MS / 1000)
		return (STATUS_OK);
	l->touched = now();
	(void)futimens(publish_fd(l->file), NULL);
	return (STATUS_OK);
}

static enum status
local_publish(struct target *t)
{
	struct local *l = local_of(t);
	struct publish *file = l->file;

	l->file = NULL;
	return (publish_commit(file));
}

static void
local_close(struct target *t)
{
	struct local *l = local_of(t);

	publish_abort(l->file);
	free(l);
}

/* Temporaries of runs that were killed.  Nothing here is worth failing for. */
static void
sweep(const char *dir, time_t fresh)
{
	struct dirent *e;
	struct stat st;
	DIR *d;

	if ((d = opendir(dir)) == NULL) {
		msg_verbose("%s: not looked at for leftovers: %s", dir,
		    strerror(errno));
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (!publish_is_temp(e->d_name) ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1 || !S_ISREG(st.st_mode) ||
		    fresh - st.st_mtime <= TARGET_STALE_SECONDS)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) == 0)
			msg_verbose("%s/%s: leftover of a run that died: "
			    "removed", dir, e->d_name);
		else
			msg_verbose("%s/%s: leftover, not removed: %s", dir,
			    e->d_name, strerror(errno));
	}
	closedir(d);
}

/* The directory of path, allocated. */
static char *
directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return (strdup("."));
	return (slash == path ? strdup("/") :
	    strndup(path, (size_t)(slash - path)));
}

bool
local_same(const char *a, const char *b)
{
	const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
	char *dir_a, *dir_b;
	struct stat sa, sb;
	bool same;

	if (strcmp(slash_a != NULL ? slash_a + 1 : a,
	    slash_b != NULL ? slash_b + 1 : b) != 0)
		return (false);
	dir_a = directory(a);
	dir_b = directory(b);
	same = dir_a != NULL && dir_b != NULL && stat(dir_a, &sa) == 0 &&
	    stat(dir_b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	    sa.st_ino == sb.st_ino;
	free(dir_a);
	free(dir_b);
	return (same);
}

static enum status
check_directory(const char *dir, const struct ship_opts *opts)
{
	struct stat st;

	if (stat(dir, &st) == -1) {
		if (errno == ENOENT && opts->mkdir)
			return (STATUS_OK);
		msg_error("%s: directory: %s", dir, strerror(errno));
		if (errno == ENOENT)
			msg_hint("--mkdir makes it");
		return (STATUS_LOCAL);
	}
	if (S_ISDIR(st.st_mode) && (st.st_mode & S_IXOTH) != 0)
		msg_warning("%s: other users of this machine may enter (mode "
		    "%03o); the file itself is readable by its owner only",
		    dir, (unsigned)st.st_mode & 0777u);
	return (STATUS_OK);
}

static enum status
check_space(const char *dir, const struct ship_opts *opts)
{
	struct statvfs v;
	uint64_t avail;

	if (opts->expect_size == 0)
		return (STATUS_OK);
	if (statvfs(dir, &v) == -1) {
		msg_errno(dir);
		return (STATUS_LOCAL);
	}
	avail = (uint64_t)v.f_bavail * v.f_frsize;
	if (avail < opts->expect_size)
		return (target_short(dir, avail, opts->expect_size,
		    STATUS_LOCAL));
	return (STATUS_OK);
}

static enum status
open_file(struct local *l, const char *path, const char *dir,
    const struct ship_opts *opts)
{
	enum status status;
	struct stat st;

	if ((status = check_directory(dir, opts)) != STATUS_OK)
		return (status);
	l->file = publish_open(path, 0600,
	    (opts->overwrite ? PUBLISH_OVERWRITE : 0) |
	    (opts->mkdir ? PUBLISH_MKDIR : 0), &status);
	if (l->file == NULL) {
		if (status == STATUS_USAGE && !opts->overwrite &&
		    stat(path, &st) == 0 && S_ISREG(st.st_mode))
			msg_hint("--overwrite replaces it, {time} in the name "
			    "makes a new one");
		return (status);
	}
	if ((status = check_space(dir, opts)) != STATUS_OK)
		return (status);
	if (fstat(publish_fd(l->file), &st) == 0)
		sweep(dir, st.st_mtime);
	return (STATUS_OK);
}

struct target *
local_open(const char *path, const struct ship_opts *opts,
    enum status *status)
{
	struct local *l = calloc(1, sizeof(*l));
	char *dir = directory(path);

	if (l == NULL || dir == NULL) {
		msg_errno(path);
		*status = STATUS_LOCAL;
		goto fail;
	}
	l->target = (struct target){ local_write, local_idle, local_publish,
	    local_close };
	l->touched = now();
	if ((*status = open_file(l, path, dir, opts)) != STATUS_OK)
		goto fail;
	free(dir);
	return (&l->target);
fail:
	if (l != NULL)
		publish_abort(l->file);
	free(l);
	free(dir);
	return (NULL);
}
