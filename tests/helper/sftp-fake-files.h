/* SPDX-License-Identifier: ISC */
#ifndef SFTP_FAKE_FILES_H
#define SFTP_FAKE_FILES_H

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>

#include "sftp-fake-plan.h"

/*
 * The requests, done with real files as OpenSSH's server does them: perform()
 * takes one from rest and leaves the reply in out, but for its length.
 */

#define PACKET_MAX	(256 * 1024)
#define HANDLES		100

enum { OK, END_OF_FILE, NO_FILE, DENIED, FAILURE, BAD_MESSAGE,
    UNSUPPORTED = 8 };

struct buf {
	uint8_t *v;
	size_t len;
};

static uint8_t in[4 + PACKET_MAX], out[4 + PACKET_MAX];
static size_t in_len, out_len;
static struct buf rest;		/* of the request */
static uint32_t request_id;
static int64_t lie;		/* about sizes, in this reply */

static struct handle {
	bool used;
	int fd;
	DIR *dir;
	char path[PATH_MAX];
} handles[HANDLES];
static char written[PATH_MAX];	/* the file that was written last */

/* --- packets --- */

static void
end(void)
{
	_exit(1);
}

static uint32_t
get32(void)
{
	uint32_t v;

	if (rest.len < 4)
		end();
	v = (uint32_t)rest.v[0] << 24 | (uint32_t)rest.v[1] << 16 |
	    (uint32_t)rest.v[2] << 8 | (uint32_t)rest.v[3];
	rest.v += 4;
	rest.len -= 4;
	return (v);
}

static uint64_t
get64(void)
{
	uint64_t high = get32();

	return (high << 32 | get32());
}

static struct buf
get_blob(void)
{
	struct buf b;

	b.len = get32();
	b.v = rest.v;
	if (b.len > rest.len)
		end();
	rest.v += b.len;
	rest.len -= b.len;
	return (b);
}

static const char *
get_path(char *path)
{
	struct buf b = get_blob();

	if (b.len >= PATH_MAX)
		end();
	memcpy(path, b.v, b.len);
	path[b.len] = '\0';
	return (path[0] == '\0' ? "." : path);
}

static void
put(const void *v, size_t len)
{
	if (len > sizeof(out) - out_len)
		end();
	memcpy(out + out_len, v, len);
	out_len += len;
}

static void
put32(uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	put(b, 4);
}

static void
put64(uint64_t v)
{
	put32((uint32_t)(v >> 32));
	put32((uint32_t)v);
}

static void
put_text(const char *s)
{
	put32((uint32_t)strlen(s));
	put(s, strlen(s));
}

static void
begin(uint8_t type)
{
	out_len = 4;
	put(&type, 1);
	if (type != 2)
		put32(request_id);
}

static void
status(uint32_t code)
{
	static const char *const words[] = { "Success", "End of file",
	    "No such file", "Permission denied", "Failure", "Bad message",
	    "No connection", "Connection lost", "Operation unsupported" };

	begin(101);
	put32(code);
	put_text(code <= UNSUPPORTED ? words[code] : "?");
	put_text("");
}

static void
result(int rc)
{
	switch (rc == -1 ? errno : 0) {
	case 0:
		status(OK);
		break;
	case ENOENT:
	case ENOTDIR:
	case EBADF:
	case ELOOP:
		status(NO_FILE);
		break;
	case EPERM:
	case EACCES:
		status(DENIED);
		break;
	case ENAMETOOLONG:
	case EINVAL:
		status(BAD_MESSAGE);
		break;
	case ENOSYS:
		status(UNSUPPORTED);
		break;
	default:
		status(FAILURE);
	}
}

/* --- requests --- */

static struct handle *
handle_new(int fd, DIR *dir, const char *path)
{
	uint32_t i;

	for (i = 0; i < HANDLES; i++) {
		if (handles[i].used)
			continue;
		handles[i] = (struct handle){ .used = true, .fd = fd,
		    .dir = dir };
		snprintf(handles[i].path, PATH_MAX, "%s", path);
		begin(102);
		put32(4);
		put32(i);
		return (&handles[i]);
	}
	status(FAILURE);
	return (NULL);
}

/* The one that the request names, or NULL with the answer. */
static struct handle *
handle_of(void)
{
	struct buf b = get_blob();
	size_t i = b.len == 4 ? b.v[3] : HANDLES;

	if (i < HANDLES && handles[i].used)
		return (&handles[i]);
	status(NO_FILE);
	return (NULL);
}

static void
put_attrs(const struct stat *st)
{
	put32(1 | 2 | 4 | 8);
	put64((uint64_t)(st->st_size + lie));
	put32(st->st_uid);
	put32(st->st_gid);
	put32(st->st_mode);
	put32((uint32_t)st->st_atime);
	put32((uint32_t)st->st_mtime);
}

static void
attrs(int rc, const struct stat *st)
{
	if (rc == -1) {
		result(-1);
		return;
	}
	begin(105);
	put_attrs(st);
}

/* The attributes of a request: those that are ever sent. */
static void
get_attrs(bool *has_size, uint64_t *len, bool *has_mode, mode_t *mode)
{
	uint32_t flags = get32();

	if ((*has_size = (flags & 1) != 0))
		*len = get64();
	if ((flags & 2) != 0)
		(void)get64();
	if ((*has_mode = (flags & 4) != 0))
		*mode = get32() & 07777;
	if ((flags & 8) != 0)
		(void)get64();
}

static void
do_open(void)
{
	char path[PATH_MAX];
	const char *p = get_path(path);
	uint32_t flags = get32();
	bool has_size, has_mode;
	uint64_t len;
	mode_t mode = 0666;
	int how, fd;

	get_attrs(&has_size, &len, &has_mode, &mode);
	how = (flags & 3) == 3 ? O_RDWR : (flags & 2) != 0 ? O_WRONLY :
	    O_RDONLY;
	how |= ((flags & 8) != 0 ? O_CREAT : 0) |
	    ((flags & 0x10) != 0 ? O_TRUNC : 0) |
	    ((flags & 0x20) != 0 ? O_EXCL : 0) | O_CLOEXEC;
	if ((fd = open(p, how, mode)) == -1) {
		result(-1);
		return;
	}
	if (handle_new(fd, NULL, p) == NULL)
		close(fd);
	else if ((flags & 2) != 0)
		snprintf(written, sizeof(written), "%s", p);
}

static void
do_close(void)
{
	struct handle *h = handle_of();

	if (h == NULL)
		return;
	h->used = false;
	result(h->dir != NULL ? closedir(h->dir) : close(h->fd));
}

static void
do_read(void)
{
	struct handle *h = handle_of();
	static uint8_t data[256 * 1024];
	uint64_t offset = get64();
	uint64_t len = get32();
	ssize_t n;

	if (h == NULL)
		return;
	if (len > plan.short_read)
		len = plan.short_read;
	if (len > plan.max_read)
		len = plan.max_read;
	n = pread(h->fd, data, len, (off_t)offset);
	if (n <= 0) {
		if (n == 0)
			status(END_OF_FILE);
		else
			result(-1);
		return;
	}
	begin(103);
	put32((uint32_t)n);
	put(data, (size_t)n);
}

static void
do_write(void)
{
	struct handle *h = handle_of();
	uint64_t offset = get64(), fits;
	struct buf b = get_blob();
	ssize_t n;

	if (b.len > plan.max_write)
		end();
	if (h == NULL)
		return;
	snprintf(written, sizeof(written), "%s", h->path);
	fits = offset >= plan.full ? 0 : plan.full - offset;
	n = pwrite(h->fd, b.v, b.len < fits ? b.len : fits, (off_t)offset);
	if (n > 0 && offset + (uint64_t)n > plan.state->used)
		plan.state->used = offset + (uint64_t)n;
	if (n >= 0 && (size_t)n < b.len)
		status(FAILURE);
	else
		result(n == -1 ? -1 : 0);
}

static void
do_stat(unsigned type)
{
	struct handle *h = NULL;
	char path[PATH_MAX];
	const char *p = NULL;
	struct stat st;

	if (type == 8) {
		if ((h = handle_of()) != NULL)
			attrs(fstat(h->fd, &st), &st);
		return;
	}
	p = get_path(path);
	attrs(type == 7 ? lstat(p, &st) : stat(p, &st), &st);
}

static void
do_setstat(unsigned type)
{
	struct handle *h = NULL;
	char path[PATH_MAX];
	const char *p = NULL;
	bool has_size, has_mode;
	uint64_t len;
	mode_t mode;
	int rc = 0;

	if (type == 9)
		p = get_path(path);
	else if ((h = handle_of()) == NULL)
		return;
	get_attrs(&has_size, &len, &has_mode, &mode);
	if (has_size)
		rc = h != NULL ? ftruncate(h->fd, (off_t)len) :
		    truncate(p, (off_t)len);
	if (rc == 0 && has_mode)
		rc = h != NULL ? fchmod(h->fd, mode) : chmod(p, mode);
	result(rc);
}

static void
do_opendir(void)
{
	char path[PATH_MAX];
	const char *p = get_path(path);
	DIR *dir = opendir(p);

	if (dir == NULL)
		result(-1);
	else if (handle_new(-1, dir, p) == NULL)
		closedir(dir);
}

static void
do_readdir(void)
{
	struct handle *h = handle_of();
	struct dirent *e;
	struct stat st;
	uint32_t n = 0;

	if (h == NULL)
		return;
	begin(104);
	put32(0);
	while (h->dir != NULL && n < plan.names &&
	    (e = readdir(h->dir)) != NULL) {
		if (fstatat(dirfd(h->dir), e->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		put_text(e->d_name);
		put_text("-rw------- 1 somebody");
		put_attrs(&st);
		n++;
	}
	out[9 + 3] = (uint8_t)n;
	if (n == 0)
		status(END_OF_FILE);
}

static void
do_mkdir(void)
{
	char path[PATH_MAX];
	const char *p = get_path(path);
	bool has_size, has_mode;
	uint64_t len;
	mode_t mode = 0777;

	get_attrs(&has_size, &len, &has_mode, &mode);
	result(mkdir(p, mode));
}

/* As OpenSSH: what is there already is not replaced. */
static void
do_rename(bool replace)
{
	char from[PATH_MAX], to[PATH_MAX];
	const char *a = get_path(from), *b = get_path(to);
	struct stat st;

	if (replace)
		result(rename(a, b));
	else if (lstat(b, &st) == 0)
		status(FAILURE);
	else if (link(a, b) == 0)
		result(unlink(a));
	else if (errno == EEXIST)
		status(FAILURE);
	else
		result(-1);
}

static void
do_realpath(void)
{
	char path[PATH_MAX], full[PATH_MAX];

	if (realpath(get_path(path), full) == NULL) {
		result(-1);
		return;
	}
	begin(104);
	put32(1);
	put_text(full);
	put_text(full);
	put32(0);
}

static void
do_statvfs(void)
{
	char path[PATH_MAX];
	uint64_t used = plan.state->used, avail, i;
	struct statvfs v;

	if (statvfs(get_path(path), &v) == -1) {
		result(-1);
		return;
	}
	avail = (uint64_t)v.f_bavail * v.f_frsize;
	if (plan.full != UINT64_MAX)
		avail = used < plan.full ? plan.full - used : 0;
	if (plan.free != UINT64_MAX)
		avail = plan.free;
	begin(201);
	for (i = 0; i < 11; i++)
		put64(i < 2 ? 1 : i < 5 ? avail : 1000);
}

static void
do_limits(void)
{

	begin(201);
	put64(plan.max_packet);
	put64(plan.max_read);
	put64(plan.max_write);
	put64(HANDLES);
}

static void
do_version(void)
{
	static const char *const names[][2] = {
		{ "posix-rename@openssh.com", "1" },
		{ "fsync@openssh.com", "1" },
		{ "statvfs@openssh.com", "2" },
		{ "limits@openssh.com", "1" },
	};
	int i;

	begin(2);
	put32(plan.version);
	for (i = 0; i < 4; i++)
		if ((plan.exts & 1 << i) != 0) {
			put_text(names[i][0]);
			put_text(names[i][1]);
		}
}

/* What kind of extended request: its number among the types. */
static unsigned
extended(void)
{
	static const struct { const char *name; enum ext ext; unsigned type; }
	known[] = {
		{ "limits@openssh.com", EXT_LIMITS, 210 },
		{ "posix-rename@openssh.com", EXT_RENAME, 211 },
		{ "fsync@openssh.com", EXT_FSYNC, 212 },
		{ "statvfs@openssh.com", EXT_STATVFS, 213 },
	};
	struct buf b = get_blob();
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == b.len &&
		    memcmp(known[i].name, b.v, b.len) == 0 &&
		    (plan.exts & (int)known[i].ext) != 0)
			return (known[i].type);
	return (214);
}

static void
perform(unsigned type)
{
	struct handle *h;
	char path[PATH_MAX];

	switch (type) {
	case 1: do_version(); break;
	case 3: do_open(); break;
	case 4: do_close(); break;
	case 5: do_read(); break;
	case 6: do_write(); break;
	case 7: case 8: case 17: do_stat(type); break;
	case 9: case 10: do_setstat(type); break;
	case 11: do_opendir(); break;
	case 12: do_readdir(); break;
	case 13: result(unlink(get_path(path))); break;
	case 14: do_mkdir(); break;
	case 15: result(rmdir(get_path(path))); break;
	case 16: do_realpath(); break;
	case 18: do_rename(false); break;
	case 210: do_limits(); break;
	case 211: do_rename(true); break;
	case 212:
		if ((h = handle_of()) != NULL)
			result(fsync(h->fd));
		break;
	case 213: do_statvfs(); break;
	default: status(UNSUPPORTED);
	}
}

#endif
