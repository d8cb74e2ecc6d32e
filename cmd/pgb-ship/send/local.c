/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "publish.h"
#include "send/beside.h"
#include "send/sweep.h"
#include "send/target.h"
#include "sig.h"

/* How often the room that is left is looked at. */
#define ROOM_BYTES	((uint64_t)256 * 1024 * 1024)

struct local {
	struct target target;	/* first: a struct target * is this */
	const struct target_common *common;
	const char *path;
	char dir[DEST_PATH_MAX];
	struct publish *file;
	time_t touched;
	uint64_t written, looked;	/* bytes; when we looked for room */
	enum status result;	/* of finish() */
	unsigned number;	/* for the progress */
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
check_room(struct local *l, bool expect)
{
	const struct ship_opts *o = l->common->opts;
	struct fault f = { 0 };
	struct statvfs v;
	uint64_t avail, want = o->min_free + (expect ? o->expect_size : 0);

	if (want == 0)
		return (STATUS_OK);
	if (statvfs(l->dir, &v) == -1) {
		msg_errno(l->dir);
		return (STATUS_LOCAL);
	}
	avail = (uint64_t)v.f_bavail * v.f_frsize;
	if (avail >= want)
		return (STATUS_OK);
	target_short(&f, avail, o, expect, STATUS_LOCAL);
	return (fault_print(&f, l->dir));
}

static void
show(struct local *l, uint64_t bytes)
{
	struct cargo *c = l->common->cargo;

	pthread_mutex_lock(&c->lock);
	cargo_stored(c, l->number, bytes);
	pthread_mutex_unlock(&c->lock);
}

static enum status
local_put(struct target *t, struct block *b)
{
	struct local *l = local_of(t);

	l->touched = now();
	show(l, l->written += b->len);
	if (l->written - l->looked >= ROOM_BYTES) {
		l->looked = l->written;
		if (check_room(l, false) != STATUS_OK)
			return (STATUS_LOCAL);
	}
	return (publish_write(l->file, b->data, b->len));
}

/* Called about every second: nobody shall take our file for a dead run's. */
static enum status
local_state(struct target *t)
{
	struct local *l = local_of(t);

	if (now() - l->touched >= TARGET_TOUCH_MS / 1000) {
		l->touched = now();
		(void)futimens(publish_fd(l->file), NULL);
	}
	return (STATUS_OK);
}

/* --- the end --- */

/* What the file holds now, out of the file: past the cache where that is
 * possible. */
static enum status
read_back(struct local *l, const struct manifest *m)
{
	uint64_t crc = 0, bytes = 0;
	char path[64], *buf;
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d",
	    publish_fd(l->file));
	buf = malloc(CARGO_BLOCK);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (buf != NULL && fd != -1) {
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		while ((n = fd_read(fd, buf, CARGO_BLOCK)) > 0) {
			crc = cargo_crc(crc, buf, (size_t)n);
			bytes += (uint64_t)n;
		}
	}
	if (n == -1 && sig_caught() == 0)
		msg_error("%s: read back: %s", l->path, strerror(errno));
	free(buf);
	fd_close(&fd);
	if (n == -1)
		return (STATUS_LOCAL);
	if (bytes == m->bytes && crc == m->crc)
		return (STATUS_OK);
	msg_error("%s: read back, it is not what was written", l->path);
	return (STATUS_LOCAL);
}

static enum status
publish_one(struct local *l, const struct beside *b, char *path)
{
	const struct ship_opts *o = l->common->opts;
	struct publish *file;
	enum status status;

	file = publish_open(path, o->mode,
	    o->overwrite ? PUBLISH_OVERWRITE : 0, &status);
	if (file == NULL)
		return (status);
	status = publish_write(file, b->data, b->len);
	if (status != STATUS_OK) {
		publish_abort(file);
		return (status);
	}
	return (publish_commit(file));
}

/* The first count files beside, which were made for nothing. */
static void
take_back(struct local *l, const struct manifest *m, size_t count)
{
	char *path;
	size_t i;

	for (i = 0; i < count; i++) {
		if (asprintf(&path, "%s%s", l->path, m->beside[i].suffix) ==
		    -1)
			return;
		if (unlink(path) == -1)
			msg_warning("%s: is there without its backup: %s",
			    path, strerror(errno));
		free(path);
	}
}

static enum status
publish_beside(struct local *l, const struct manifest *m, size_t *count)
{
	enum status status = STATUS_OK;
	char *path;

	for (*count = 0; *count < m->beside_count; ++*count) {
		if (asprintf(&path, "%s%s", l->path,
		    m->beside[*count].suffix) == -1) {
			msg_errno(l->path);
			return (STATUS_LOCAL);
		}
		status = publish_one(l, &m->beside[*count], path);
		free(path);
		if (status != STATUS_OK)
			break;
	}
	return (status);
}

static enum status
store(struct local *l, const struct manifest *m)
{

	if (fsync(publish_fd(l->file)) == -1) {
		msg_error("%s: fsync: %s", l->path, strerror(errno));
		return (STATUS_LOCAL);
	}
	return (l->common->opts->read_back ? read_back(l, m) : STATUS_OK);
}

/* What was beside an older backup is taken away before that is replaced: a sum
 * that is not there is better than one of another backup. */
static void
clear_old(struct local *l, const struct manifest *m)
{
	char *path;
	size_t i;

	for (i = 0; i < m->beside_count; i++) {
		if (asprintf(&path, "%s%s", l->path, m->beside[i].suffix) ==
		    -1)
			return;
		if (unlink(path) == -1 && errno != ENOENT)
			msg_verbose("%s: stays until it is replaced: %s",
			    path, strerror(errno));
		free(path);
	}
}

/* The file takes its name.  It may have it, and not be on disk there: then
 * what is beside it stays. */
static enum status
publish_own(struct local *l, bool *named)
{
	struct publish *file = l->file;
	struct stat ours, st;
	enum status status;

	l->file = NULL;
	*named = false;
	if (fstat(publish_fd(file), &ours) == -1)
		memset(&ours, 0, sizeof(ours));
	status = publish_commit(file);
	*named = status == STATUS_OK || (stat(l->path, &st) == 0 &&
	    st.st_dev == ours.st_dev && st.st_ino == ours.st_ino);
	return (status);
}

static enum status
give_names(struct local *l, const struct manifest *m)
{
	enum status status;
	size_t count = 0;
	bool named;

	if (l->common->opts->overwrite) {
		clear_old(l, m);
		status = publish_own(l, &named);
		return (status == STATUS_OK ? publish_beside(l, m, &count) :
		    status);
	}
	status = publish_beside(l, m, &count);
	if (status == STATUS_OK && sig_caught() != 0)
		status = STATUS_LOCAL;
	if (status == STATUS_OK) {
		status = publish_own(l, &named);
		if (named)
			return (status);
	}
	if (status != STATUS_OK)
		take_back(l, m, count);
	return (status);
}

static void
local_finish(struct target *t, const struct manifest *m)
{
	struct local *l = local_of(t);

	l->result = store(l, m);
	if (l->result == STATUS_OK && sig_caught() != 0)
		l->result = STATUS_LOCAL;
	if (l->result == STATUS_OK)
		l->result = give_names(l, m);
}

static enum status
local_published(struct target *t)
{

	return (local_of(t)->result);
}

static void
local_describe(struct target *t, struct target_how *how)
{

	(void)t;
	*how = (struct target_how){ .transport = "file" };
}

static void
local_close(struct target *t)
{
	struct local *l = local_of(t);

	show(l, CARGO_GONE);
	publish_abort(l->file);
	free(l);
}

/* --- the beginning --- */

bool
local_same(const char *a, const char *b)
{
	char dir_a[DEST_PATH_MAX], dir_b[DEST_PATH_MAX];
	struct stat sa, sb;

	if (strcmp(dest_base(a), dest_base(b)) != 0 ||
	    strlen(a) >= DEST_PATH_MAX || strlen(b) >= DEST_PATH_MAX)
		return (false);
	dest_parent(a, dir_a);
	dest_parent(b, dir_b);
	return (stat(dir_a, &sa) == 0 && stat(dir_b, &sb) == 0 &&
	    sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino);
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
	if (S_ISDIR(st.st_mode) && (st.st_mode & S_IXOTH) != 0 &&
	    (opts->mode & 077) == 0)
		msg_warning("%s: other users of this machine may enter (mode "
		    "%03o); the file itself is readable by its owner only",
		    dir, (unsigned)st.st_mode & 0777u);
	return (STATUS_OK);
}

/* What goes beside it is refused now, too, and not after hours. */
static enum status
check_beside(struct local *l)
{
	const struct ship_opts *o = l->common->opts;
	char path[DEST_PATH_MAX + 256];
	const char *suffix;
	struct stat st;
	size_t i;
	long most;

	if ((most = pathconf(l->dir, _PC_NAME_MAX)) <= 0)
		most = NAME_MAX;	/* there is none yet */
	suffix = beside_too_long(o, l->path, (size_t)most);
	if (suffix != NULL) {
		msg_error("%s: a name of more than %ld bytes%s%s", l->path,
		    most, suffix[0] != '\0' ? ", with " : "", suffix);
		msg_hint("give a shorter one");
		return (STATUS_USAGE);
	}
	for (i = 0; (suffix = beside_suffix(o, i)) != NULL &&
	    !o->overwrite; i++) {
		snprintf(path, sizeof(path), "%s%s", l->path, suffix);
		if (lstat(path, &st) == -1)
			continue;
		msg_error("%s: exists already", path);
		msg_hint("--overwrite replaces it, {time} in the name makes a "
		    "new one");
		return (STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
open_file(struct local *l)
{
	const struct ship_opts *o = l->common->opts;
	enum status status;
	struct stat st;

	if ((status = check_directory(l->dir, o)) != STATUS_OK ||
	    (status = check_beside(l)) != STATUS_OK)
		return (status);
	l->file = publish_open(l->path, o->mode,
	    (o->overwrite ? PUBLISH_OVERWRITE : 0) |
	    (o->mkdir ? PUBLISH_MKDIR : 0), &status);
	if (l->file == NULL) {
		if (status == STATUS_USAGE && !o->overwrite &&
		    stat(l->path, &st) == 0 && S_ISREG(st.st_mode))
			msg_hint("--overwrite replaces it, {time} in the name "
			    "makes a new one");
		return (status);
	}
	if ((status = check_room(l, true)) != STATUS_OK)
		return (status);
	if (fstat(publish_fd(l->file), &st) == 0)
		sweep_local(l->dir, st.st_mtime);
	return (STATUS_OK);
}

struct target *
local_open(const char *path, const struct target_common *common,
    enum status *status)
{
	struct local *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		msg_errno(path);
		*status = STATUS_LOCAL;
		return (NULL);
	}
	dest_parent(path, l->dir);
	l->target = (struct target){ local_put, NULL, local_state,
	    local_finish, local_published, local_describe, local_close };
	l->common = common;
	l->path = path;
	l->touched = now();
	pthread_mutex_lock(&common->cargo->lock);
	l->number = cargo_end(common->cargo);
	pthread_mutex_unlock(&common->cargo->lock);
	if ((*status = open_file(l)) == STATUS_OK)
		return (&l->target);
	local_close(&l->target);
	return (NULL);
}
