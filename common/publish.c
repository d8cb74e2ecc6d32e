/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "publish.h"

/* How every record of this suite begins (record.h). */
#define REPORT_BEGIN	"{\"program\":\"pgb-"

#define TEMP_SUFFIX	".pgbtmp"
#define TEMP_DIGITS	16
#define TEMP_ROOM	256	/* NAME_MAX and the NUL */

/* File systems over a network: not all stand in each linux/magic.h. */
#define FS_NFS		0x6969U
#define FS_SMB		0x517bU
#define FS_CIFS		0xff534d42U
#define FS_SMB2		0xfe534d42U

struct publish {
	char *path;		/* as the user wrote it */
	const char *base;	/* its last part, inside path */
	char temp[TEMP_ROOM];	/* in dirfd */
	int dirfd;
	int fd;
	int flags;
	struct stat seen;	/* the file that was found; no st_ino: none */
};

int
publish_temp_name(const char *name, char *out, size_t outlen)
{
	const size_t extra = 1 + 1 + TEMP_DIGITS + strlen(TEMP_SUFFIX);
	unsigned char rnd[TEMP_DIGITS / 2];
	const char *slash;
	size_t keep, i, pos;

	if (outlen < TEMP_ROOM) {
		errno = EINVAL;
		return (-1);
	}
	if (getrandom(rnd, sizeof(rnd), 0) != (ssize_t)sizeof(rnd))
		return (-1);
	if ((slash = strrchr(name, '/')) != NULL)
		name = slash + 1;
	keep = strlen(name);
	if (keep > TEMP_ROOM - 1 - extra)
		keep = TEMP_ROOM - 1 - extra;
	out[0] = '.';
	memcpy(out + 1, name, keep);
	pos = 1 + keep;
	out[pos++] = '.';
	for (i = 0; i < sizeof(rnd); i++)
		pos += (size_t)snprintf(out + pos, outlen - pos, "%02x",
		    (unsigned)rnd[i]);
	memcpy(out + pos, TEMP_SUFFIX, sizeof(TEMP_SUFFIX));
	return (0);
}

bool
publish_is_temp(const char *name)
{
	size_t len = strlen(name), suffix = strlen(TEMP_SUFFIX);
	const char *digits;

	if (name[0] != '.' || len < 1 + 1 + 1 + TEMP_DIGITS + suffix)
		return (false);
	if (strcmp(name + len - suffix, TEMP_SUFFIX) != 0)
		return (false);
	digits = name + len - suffix - TEMP_DIGITS;
	return (digits[-1] == '.' &&
	    strspn(digits, "0123456789abcdef") == TEMP_DIGITS);
}

/* Make each missing directory in front of the last part of path: 0 or -1. */
static int
make_dirs(char *path)
{
	char *p;

	for (p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0700) == -1 && errno != EEXIST) {
			msg_errno(path);
			*p = '/';
			return (-1);
		}
		*p = '/';
	}
	return (0);
}

/* Open the directory that path is in: a descriptor, or -1 and printed. */
static int
open_dir(const struct publish *p)
{
	char *dir;
	int fd;

	if (p->base == p->path)
		dir = strdup(".");
	else if (p->base == p->path + 1)
		dir = strdup("/");
	else
		dir = strndup(p->path, (size_t)(p->base - p->path) - 1);
	if (dir == NULL) {
		msg_errno(p->path);
		return (-1);
	}
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		msg_error("%s: directory %s: %s", p->path, dir,
		    strerror(errno));
	if (fd == -1 && errno == ENOENT)
		msg_hint("mkdir -p %s makes it", dir);
	free(dir);
	return (fd);
}

static enum status
refuse_existing(const struct publish *p)
{

	msg_error("%s: exists already", p->path);
	return (STATUS_USAGE);
}

/* Whether two looks at a name have shown the same file, unchanged. */
static bool
same_file(const struct stat *a, const struct stat *b)
{

	return (a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec);
}

/* What a file is known by that an earlier run has made, by its first bytes. */
static const struct kind {
	int flag;
	const char *name;
	const char *begins[3];
} kinds[] = {
	{ PUBLISH_REPORT, "report", { REPORT_BEGIN } },
	{ PUBLISH_LIST, "list", { ";" } },
	{ PUBLISH_SIGNATURE, "signature", { "untrusted comment: " } },
	{ PUBLISH_SUM, "b2sum line", { "BLAKE2b", "\\" } },
};
#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))
#define BEGIN	128	/* digits of a sum */

static const struct kind *
kind_of(int flags)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if ((flags & kinds[i].flag) != 0)
			return (&kinds[i]);
	return (NULL);
}

static bool
is_kind(const struct kind *k, const char *begin, size_t len)
{
	size_t i, n;

	for (i = 0; i < 3 && k->begins[i] != NULL; i++) {
		n = strlen(k->begins[i]);
		if (len >= n && memcmp(begin, k->begins[i], n) == 0)
			return (true);
	}
	return (k->flag == PUBLISH_SUM && len == BEGIN &&
	    strspn(begin, "0123456789abcdefABCDEF") == BEGIN);
}

/*
 * A report may stand in for one of an earlier run, for nothing else.  One that
 * was seen to be a report, and is as it was, is not opened a second time: a
 * sandbox, which would not let us, may have been entered since.
 */
static enum status
check_kind(struct publish *p, const struct kind *k, const struct stat *st)
{
	char begin[BEGIN + 1] = "";
	bool again = p->seen.st_ino != 0;
	struct stat seen;
	ssize_t n = -1;
	int fd;

	if (st->st_size == 0 || same_file(st, &p->seen))
		return (STATUS_OK);
	fd = openat(p->dirfd, p->base, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1 && fstat(fd, &seen) == 0)
		n = fd_read_full(fd, begin, BEGIN);
	if (n == -1)
		msg_error("%s: exists%s, and cannot be read: %s", p->path,
		    again ? ", was changed meanwhile" : "", strerror(errno));
	if (fd != -1)
		close(fd);
	if (n == -1)
		return (STATUS_LOCAL);
	if (n == 0 || is_kind(k, begin, (size_t)n)) {
		p->seen = seen;
		return (STATUS_OK);
	}
	msg_error("%s: exists and is no %s", p->path, k->name);
	msg_hint("it may be the backup itself: give another name, or remove "
	    "it");
	return (STATUS_USAGE);
}

/* What would be replaced by what is said of it. */
static bool
is_stream(const struct stat *st)
{
	struct stat other;
	int fd;

	for (fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
		if (fstat(fd, &other) == 0 && other.st_dev == st->st_dev &&
		    other.st_ino == st->st_ino)
			return (true);
	return (false);
}

/* What the name is now: free, ours to replace, or an error printed. */
static enum status
check_target(struct publish *p)
{
	enum status status = STATUS_OK;
	struct stat st;

	if (fstatat(p->dirfd, p->base, &st, 0) == -1) {
		if (errno == ENOENT)
			return (STATUS_OK);
		msg_errno(p->path);
		return (STATUS_LOCAL);
	}
	if (S_ISDIR(st.st_mode)) {
		msg_error("%s: is a directory", p->path);
		return (STATUS_USAGE);
	}
	if (!S_ISREG(st.st_mode)) {
		msg_error("%s: is no regular file", p->path);
		return (STATUS_USAGE);
	}
	if (kind_of(p->flags) != NULL)
		status = check_kind(p, kind_of(p->flags), &st);
	else if ((p->flags & PUBLISH_OVERWRITE) == 0)
		status = refuse_existing(p);
	if (status == STATUS_OK && is_stream(&st)) {
		msg_error("%s: is the stream itself", p->path);
		status = STATUS_USAGE;
	}
	return (status);
}

static bool
is_remote(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return (true);
	switch ((uint32_t)fs.f_type) {
	case FS_NFS:
	case FS_SMB:
	case FS_CIFS:
	case FS_SMB2:
		return (true);
	default:
		return (false);
	}
}

struct publish *
publish_open(const char *path, mode_t mode, int flags, enum status *status)
{
	struct publish *p;
	char *slash;

	*status = STATUS_LOCAL;
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		msg_errno(path);
		return (NULL);
	}
	p->fd = p->dirfd = -1;
	p->flags = flags;
	if ((p->path = strdup(path)) == NULL) {
		msg_errno(path);
		goto fail;
	}
	p->base = p->path;
	if ((slash = strrchr(p->path, '/')) != NULL)
		p->base = slash + 1;
	if (p->base[0] == '\0') {
		msg_error("%s: names no file", path);
		*status = STATUS_USAGE;
		goto fail;
	}
	if ((flags & PUBLISH_MKDIR) != 0 && make_dirs(p->path) == -1)
		goto fail;
	if ((p->dirfd = open_dir(p)) == -1)
		goto fail;
	if ((*status = check_target(p)) != STATUS_OK)
		goto fail;
	*status = STATUS_LOCAL;
	if (publish_temp_name(p->base, p->temp, sizeof(p->temp)) == -1) {
		msg_errno(path);
		goto fail;
	}
	p->fd = openat(p->dirfd, p->temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (p->fd == -1) {
		msg_errno(path);
		goto fail;
	}
	if (!is_remote(p->fd))
		(void)flock(p->fd, LOCK_EX | LOCK_NB);
	/* The umask must not take away what was asked for. */
	if (fchmod(p->fd, mode) == -1) {
		msg_errno(path);
		goto fail;
	}
	*status = STATUS_OK;
	return (p);
fail:
	publish_abort(p);
	return (NULL);
}

int
publish_fd(const struct publish *p)
{

	return (p->fd);
}

int
publish_dirfd(const struct publish *p)
{

	return (p != NULL ? p->dirfd : -1);
}

bool
publish_is_left(int dirfd, const char *name, time_t fresh)
{
	struct stat st;
	bool held;
	int fd;

	if (!publish_is_temp(name) ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode) ||
	    fresh - st.st_mtime <= PUBLISH_STALE_SECONDS)
		return (false);
	fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	/* Another user's: the owner of the directory may be rid of it. */
	if (fd == -1)
		return (errno == EACCES);
	held = !is_remote(fd) && flock(fd, LOCK_SH | LOCK_NB) == -1 &&
	    errno == EWOULDBLOCK;
	close(fd);
	return (!held);
}

/* A temporary of the same name, and not the one of p itself. */
static bool
is_stale(const struct publish *p, int dirfd, const char *name)
{
	const size_t len = strlen(p->temp);
	const size_t same = len - TEMP_DIGITS - strlen(TEMP_SUFFIX);
	struct stat own, st;

	return (strlen(name) == len && memcmp(name, p->temp, same) == 0 &&
	    fstat(p->fd, &own) == 0 &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_uid == own.st_uid &&
	    publish_is_left(dirfd, name, own.st_mtime));
}

void
publish_sweep(const struct publish *p)
{
	int fd = openat(p->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;
	DIR *d;

	/* Nothing here is worth failing for. */
	if (fd == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (is_stale(p, fd, e->d_name))
			msg_verbose("%s: leftover of a run that died: %s",
			    e->d_name, unlinkat(fd, e->d_name, 0) == 0 ?
			    "removed" : strerror(errno));
	closedir(d);
}

bool
publish_same(const struct publish *a, const struct publish *b)
{
	struct stat x, y;

	return (strcmp(a->base, b->base) == 0 && fstat(a->dirfd, &x) == 0 &&
	    fstat(b->dirfd, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino);
}

enum status
publish_write(struct publish *p, const void *buf, size_t len)
{
	int error;

	if (fd_write(p->fd, buf, len) == -1) {
		if ((error = errno) != EINTR) {
			msg_errno(p->path);
			fd_hint_full(p->fd, error,
			    (uint64_t)lseek(p->fd, 0, SEEK_CUR),
			    kind_of(p->flags) == NULL);
		}
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

/*
 * Give the temporary its name; where nothing may be replaced, only if the name
 * is free at this very moment.  File systems without RENAME_NOREPLACE have
 * link(2), which fails on an existing name too.
 */
static int
take_name(struct publish *p)
{

	if ((p->flags & PUBLISH_OVERWRITE) != 0 || kind_of(p->flags) != NULL)
		return (renameat(p->dirfd, p->temp, p->dirfd, p->base));
	if (renameat2(p->dirfd, p->temp, p->dirfd, p->base,
	    RENAME_NOREPLACE) == 0)
		return (0);
	if (errno != EINVAL && errno != ENOSYS)
		return (-1);
	if (linkat(p->dirfd, p->temp, p->dirfd, p->base, 0) == -1)
		return (-1);
	return (unlinkat(p->dirfd, p->temp, 0));
}

enum status
publish_sync(struct publish *p)
{

	if (fsync(p->fd) == 0)
		return (STATUS_OK);
	msg_errno(p->path);
	return (STATUS_LOCAL);
}

enum status
publish_commit(struct publish *p)
{
	enum status status = STATUS_LOCAL;

	if (fsync(p->fd) == -1 || fd_close(&p->fd) == -1) {
		msg_errno(p->path);
		goto out;
	}
	/* What took the name since, perhaps the backup that this reports. */
	if (kind_of(p->flags) != NULL &&
	    (status = check_target(p)) != STATUS_OK)
		goto out;
	status = STATUS_LOCAL;
	if (take_name(p) == -1) {
		if (errno == EEXIST)
			status = refuse_existing(p);
		else
			msg_errno(p->path);
		goto out;
	}
	p->temp[0] = '\0';
	/* EINVAL: a file system whose directories cannot be synced. */
	if (fsync(p->dirfd) == -1 && errno != EINVAL) {
		msg_error("%s: is there, but its directory could not be "
		    "synced: %s", p->path, strerror(errno));
		goto out;
	}
	status = STATUS_OK;
out:
	publish_abort(p);
	return (status);
}

void
publish_abort(struct publish *p)
{

	if (p == NULL)
		return;
	if (p->fd != -1)
		close(p->fd);
	if (p->dirfd != -1) {
		if (p->temp[0] != '\0')
			unlinkat(p->dirfd, p->temp, 0);
		close(p->dirfd);
	}
	free(p->path);
	free(p);
}
