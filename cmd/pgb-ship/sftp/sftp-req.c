/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "sftp/sftp-impl.h"

#define ATTR_SIZE		0x00000001u
#define ATTR_UIDGID		0x00000002u
#define ATTR_PERMISSIONS	0x00000004u
#define ATTR_ACMODTIME		0x00000008u
#define ATTR_EXTENDED		0x80000000u

#define NAMES_MAX	65536		/* in one answer of READDIR */

static void
get_attrs(struct sftp_get *g, struct sftp_attrs *a)
{
	uint32_t flags = get_u32(g), n;
	size_t len;

	memset(a, 0, sizeof(*a));
	if ((flags & ATTR_SIZE) != 0) {
		a->has_size = true;
		a->size = get_u64(g);
	}
	if ((flags & ATTR_UIDGID) != 0)
		(void)get_u64(g);
	if ((flags & ATTR_PERMISSIONS) != 0) {
		a->has_mode = true;
		a->mode = get_u32(g);
	}
	if ((flags & ATTR_ACMODTIME) != 0) {
		a->has_times = true;
		(void)get_u32(g);
		a->mtime = get_u32(g);
	}
	if ((flags & ATTR_EXTENDED) == 0)
		return;
	for (n = get_u32(g); n > 0 && !g->bad; n--) {
		get_blob(g, &len);
		get_blob(g, &len);
	}
}

static int
get_handle(struct sftp *s, struct sftp_get *g, struct sftp_handle *h)
{
	const uint8_t *v = get_blob(g, &h->len);

	if (v == NULL || h->len > sizeof(h->v))
		return (garbage(s, "a handle that is none"));
	memcpy(h->v, v, h->len);
	return (SFTP_OK);
}

/* A request with one string, answered by a STATUS. */
static int
one_blob(struct sftp *s, enum sftp_type type, const void *v, size_t len)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, type)) != SFTP_OK)
		return (rc);
	put_blob(&o, v, len);
	return (request_wait(s, &o, 0, FXP_STATUS, NULL));
}

/* A request with one string, answered by attributes. */
static int
ask_attrs(struct sftp *s, enum sftp_type type, const void *v, size_t len,
    struct sftp_attrs *a)
{
	struct sftp_put o;
	struct sftp_get g;
	int rc;

	if ((rc = request_begin(s, &o, type)) != SFTP_OK)
		return (rc);
	put_blob(&o, v, len);
	if ((rc = request_wait(s, &o, 0, FXP_ATTRS, &g)) != SFTP_OK)
		return (rc);
	get_attrs(&g, a);
	return (g.bad ? garbage(s, "attributes cut short") : SFTP_OK);
}

int
sftp_open(struct sftp *s, const char *path, uint32_t flags, uint32_t mode,
    struct sftp_handle *h)
{
	struct sftp_put o;
	struct sftp_get g;
	int rc;

	if ((rc = request_begin(s, &o, FXP_OPEN)) != SFTP_OK)
		return (rc);
	put_text(&o, path);
	put_u32(&o, flags);
	if ((flags & SFTP_CREAT) != 0) {
		put_u32(&o, ATTR_PERMISSIONS);
		put_u32(&o, mode);
	} else
		put_u32(&o, 0);
	if ((rc = request_wait(s, &o, 0, FXP_HANDLE, &g)) != SFTP_OK)
		return (rc);
	return (get_handle(s, &g, h));
}

int
sftp_close(struct sftp *s, const struct sftp_handle *h)
{

	return (one_blob(s, FXP_CLOSE, h->v, h->len));
}

int
sftp_stat(struct sftp *s, const char *path, struct sftp_attrs *a)
{

	return (ask_attrs(s, FXP_STAT, path, strlen(path), a));
}

int
sftp_lstat(struct sftp *s, const char *path, struct sftp_attrs *a)
{

	return (ask_attrs(s, FXP_LSTAT, path, strlen(path), a));
}

int
sftp_fstat(struct sftp *s, const struct sftp_handle *h, struct sftp_attrs *a)
{

	return (ask_attrs(s, FXP_FSTAT, h->v, h->len, a));
}

int
sftp_set_mode(struct sftp *s, const struct sftp_handle *h, uint32_t mode)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, FXP_FSETSTAT)) != SFTP_OK)
		return (rc);
	put_blob(&o, h->v, h->len);
	put_u32(&o, ATTR_PERMISSIONS);
	put_u32(&o, mode);
	return (request_wait(s, &o, 0, FXP_STATUS, NULL));
}

int
sftp_set_time(struct sftp *s, const struct sftp_handle *h, uint32_t seconds)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, FXP_FSETSTAT)) != SFTP_OK)
		return (rc);
	put_blob(&o, h->v, h->len);
	put_u32(&o, ATTR_ACMODTIME);
	put_u32(&o, seconds);
	put_u32(&o, seconds);
	return (request_wait(s, &o, 0, FXP_STATUS, NULL));
}

int
sftp_mkdir(struct sftp *s, const char *path, uint32_t mode)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, FXP_MKDIR)) != SFTP_OK)
		return (rc);
	put_text(&o, path);
	put_u32(&o, ATTR_PERMISSIONS);
	put_u32(&o, mode);
	return (request_wait(s, &o, 0, FXP_STATUS, NULL));
}

int
sftp_remove(struct sftp *s, const char *path)
{

	return (one_blob(s, FXP_REMOVE, path, strlen(path)));
}

int
sftp_rename(struct sftp *s, const char *from, const char *to)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, FXP_RENAME)) != SFTP_OK)
		return (rc);
	put_text(&o, from);
	put_text(&o, to);
	return (request_wait(s, &o, 0, FXP_STATUS, NULL));
}

int
sftp_posix_rename(struct sftp *s, const char *from, const char *to)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, FXP_EXTENDED)) != SFTP_OK)
		return (rc);
	put_text(&o, "posix-rename@openssh.com");
	put_text(&o, from);
	put_text(&o, to);
	return (request_wait(s, &o, 0, FXP_STATUS, NULL));
}

int
sftp_fsync(struct sftp *s, const struct sftp_handle *h)
{
	struct sftp_put o;
	int rc;

	if ((rc = request_begin(s, &o, FXP_EXTENDED)) != SFTP_OK)
		return (rc);
	put_text(&o, "fsync@openssh.com");
	put_blob(&o, h->v, h->len);
	return (request_wait(s, &o, SFTP_FSYNC_MS, FXP_STATUS, NULL));
}

int
sftp_realpath(struct sftp *s, const char *path, char *out)
{
	const uint8_t *name;
	struct sftp_put o;
	struct sftp_get g;
	size_t len;
	int rc;

	if ((rc = request_begin(s, &o, FXP_REALPATH)) != SFTP_OK)
		return (rc);
	put_text(&o, path);
	if ((rc = request_wait(s, &o, 0, FXP_NAME, &g)) != SFTP_OK)
		return (rc);
	if (get_u32(&g) != 1 || (name = get_blob(&g, &len)) == NULL ||
	    len == 0 || len >= SFTP_PATH_MAX || memchr(name, '\0', len) != NULL)
		return (garbage(s, "a path that is none"));
	memcpy(out, name, len);
	out[len] = '\0';
	return (SFTP_OK);
}

int
sftp_space(struct sftp *s, const char *path, uint64_t *avail)
{
	uint64_t unit, free_units;
	struct sftp_put o;
	struct sftp_get g;
	int rc;

	if ((rc = request_begin(s, &o, FXP_EXTENDED)) != SFTP_OK)
		return (rc);
	put_text(&o, "statvfs@openssh.com");
	put_text(&o, path);
	rc = request_wait(s, &o, 0, FXP_EXTENDED_REPLY, &g);
	if (rc != SFTP_OK)
		return (rc);
	(void)get_u64(&g);		/* f_bsize */
	unit = get_u64(&g);		/* f_frsize */
	(void)get_u64(&g);		/* f_blocks */
	(void)get_u64(&g);		/* f_bfree */
	free_units = get_u64(&g);	/* f_bavail */
	if (g.bad)
		return (garbage(s, "file system figures cut short"));
	*avail = unit != 0 && free_units > UINT64_MAX / unit ? UINT64_MAX :
	    unit * free_units;
	return (SFTP_OK);
}

int
sftp_opendir(struct sftp *s, const char *path, struct sftp_handle *h)
{
	struct sftp_put o;
	struct sftp_get g;
	int rc;

	if ((rc = request_begin(s, &o, FXP_OPENDIR)) != SFTP_OK)
		return (rc);
	put_text(&o, path);
	if ((rc = request_wait(s, &o, 0, FXP_HANDLE, &g)) != SFTP_OK)
		return (rc);
	return (get_handle(s, &g, h));
}

int
sftp_readdir(struct sftp *s, const struct sftp_handle *h,
    void (*each)(void *arg, const char *name, const struct sftp_attrs *),
    void *arg)
{
	struct sftp_attrs a;
	struct sftp_put o;
	struct sftp_get g;
	const uint8_t *v;
	char name[256];
	size_t len, ignored;
	uint32_t n;
	int rc;

	if ((rc = request_begin(s, &o, FXP_READDIR)) != SFTP_OK)
		return (rc);
	put_blob(&o, h->v, h->len);
	if ((rc = request_wait(s, &o, 0, FXP_NAME, &g)) != SFTP_OK)
		return (rc);
	if ((n = get_u32(&g)) == 0 || n > NAMES_MAX)
		return (garbage(s, "a list of impossible length"));
	for (; n > 0; n--) {
		v = get_blob(&g, &len);
		get_blob(&g, &ignored);		/* for people: "ls -l" */
		get_attrs(&g, &a);
		if (g.bad)
			return (garbage(s, "a list cut short"));
		/* No name of ours is longer or holds a NUL. */
		if (len >= sizeof(name) || memchr(v, '\0', len) != NULL)
			continue;
		memcpy(name, v, len);
		name[len] = '\0';
		each(arg, name, &a);
	}
	return (SFTP_OK);
}
