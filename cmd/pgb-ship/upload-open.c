/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "publish.h"
#include "upload-impl.h"

static enum status
fail(const struct upload *u, const char *what, int error)
{

	return (remote_fail(u->sftp, u->name, what, error));
}

/* --- checks --- */

static enum status
check_server(const struct upload *u)
{

	if (u->opts->overwrite && !sftp_has(u->sftp, SFTP_POSIX_RENAME)) {
		msg_error("%s: the server cannot replace a file in one step "
		    "(no posix-rename@openssh.com)", u->name);
		msg_hint("use a new name each time, with {time}");
		return (STATUS_REMOTE);
	}
	if (sftp_has(u->sftp, SFTP_FSYNC))
		return (STATUS_OK);
	if (u->opts->no_fsync_ok) {
		msg_warning("%s: the server does not say when a file is on "
		    "disk (no fsync@openssh.com)", u->name);
		return (STATUS_OK);
	}
	msg_error("%s: the server does not say when a file is on disk (no "
	    "fsync@openssh.com)", u->name);
	msg_hint("--allow-no-fsync does without: a crash of the server may "
	    "then cost a finished backup");
	return (STATUS_REMOTE);
}

/* Make the directory and what is missing above it. */
static enum status
make_directory(struct upload *u)
{
	char path[SFTP_PATH_MAX];
	struct sftp_attrs attrs;
	char *p = path, slash;
	int rc;

	snprintf(path, sizeof(path), "%s", u->dir);
	do {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		slash = *p;
		*p = '\0';
		rc = sftp_stat(u->sftp, path, &attrs);
		if (rc == SFTP_NO_FILE) {
			rc = sftp_mkdir(u->sftp, path, 0700);
			/* Somebody else may have been faster. */
			if (rc == SFTP_FAILURE &&
			    sftp_stat(u->sftp, path, &attrs) == SFTP_OK)
				rc = SFTP_OK;
		}
		if (rc != SFTP_OK)
			return (fail(u, "make directory", rc));
		*p = slash;
	} while (slash != '\0');
	return (STATUS_OK);
}

static enum status
check_directory(struct upload *u)
{
	struct sftp_attrs attrs;
	int rc;

	rc = sftp_stat(u->sftp, u->dir, &attrs);
	if (rc == SFTP_NO_FILE && u->opts->mkdir)
		return (make_directory(u));
	if (rc != SFTP_OK) {
		enum status status = fail(u, "directory", rc);

		if (rc == SFTP_NO_FILE)
			msg_hint("--mkdir makes it");
		return (status);
	}
	if (attrs.has_mode && !S_ISDIR(attrs.mode)) {
		msg_error("%s: %s is not a directory", u->name, u->dir);
		return (STATUS_REMOTE);
	}
	return (STATUS_OK);
}

static enum status
check_target(struct upload *u)
{
	struct sftp_attrs attrs;
	int rc;

	rc = sftp_stat(u->sftp, u->path, &attrs);
	if (rc == SFTP_NO_FILE)
		return (STATUS_OK);
	if (rc != SFTP_OK)
		return (fail(u, NULL, rc));
	if (attrs.has_mode && S_ISDIR(attrs.mode)) {
		msg_error("%s: is a directory", u->name);
		return (STATUS_USAGE);
	}
	if (attrs.has_mode && !S_ISREG(attrs.mode)) {
		msg_error("%s: is no regular file", u->name);
		return (STATUS_USAGE);
	}
	return (u->opts->overwrite ? STATUS_OK : upload_exists(u));
}

static enum status
check_space(struct upload *u)
{
	uint64_t avail;
	int rc;

	if (u->opts->expect_size == 0)
		return (STATUS_OK);
	if (!sftp_has(u->sftp, SFTP_STATVFS)) {
		msg_warning("%s: the server does not tell how much is free",
		    u->name);
		return (STATUS_OK);
	}
	if ((rc = sftp_space(u->sftp, u->dir, &avail)) != SFTP_OK)
		return (fail(u, "free space", rc));
	if (avail < u->opts->expect_size)
		return (target_short(u->name, avail, u->opts->expect_size,
		    STATUS_REMOTE));
	return (STATUS_OK);
}

/* --- making --- */

static enum status
create(struct upload *u)
{
	struct sftp_attrs attrs;
	enum status status;
	int rc;

	/* Until the answer has come nobody knows whether it is there. */
	u->is_temp = true;
	rc = sftp_open(u->sftp, u->temp, SFTP_WRITE | SFTP_CREAT | SFTP_EXCL,
	    0600, &u->handle);
	if (rc != SFTP_OK) {
		if (rc != SFTP_LOST && rc != SFTP_SIGNAL)
			u->is_temp = false;
		status = fail(u, "create", rc);
		if (rc == SFTP_FAILURE)
			msg_hint("a full or read-only disk: the server does "
			    "not say which");
		return (status);
	}
	u->is_open = true;
	if ((rc = sftp_fstat(u->sftp, &u->handle, &attrs)) == SFTP_OK &&
	    attrs.has_times)
		rc = remote_sweep(u->sftp, u->dir, attrs.mtime);
	return (rc == SFTP_OK ? STATUS_OK : fail(u, NULL, rc));
}

static enum status
make_blocks(struct upload *u)
{
	size_t stride, i;

	u->block_size = sftp_block(u->sftp);
	u->block_count = UPLOAD_WINDOW / u->block_size;
	stride = SFTP_ROOM + u->block_size;
	u->memory = malloc(u->block_count * stride);
	u->blocks = calloc(u->block_count, sizeof(*u->blocks));
	if (u->memory == NULL || u->blocks == NULL) {
		msg_error("%s: no memory", u->name);
		return (STATUS_LOCAL);
	}
	for (i = 0; i < u->block_count; i++)
		u->blocks[i].buf = u->memory + i * stride + SFTP_ROOM;
	return (STATUS_OK);
}

/* The directory of the path, and the temporary name in it. */
static enum status
make_names(struct upload *u)
{
	const char *slash = strrchr(u->path, '/');
	char temp[256];
	size_t len;

	len = slash == NULL ? 0 : (size_t)(slash - u->path);
	if (len >= sizeof(u->dir) ||
	    publish_temp_name(u->path, temp, sizeof(temp)) == -1) {
		msg_errno(u->name);
		return (STATUS_LOCAL);
	}
	if (slash == NULL)
		snprintf(u->dir, sizeof(u->dir), ".");
	else if (len == 0)
		snprintf(u->dir, sizeof(u->dir), "/");
	else
		snprintf(u->dir, sizeof(u->dir), "%.*s", (int)len, u->path);
	snprintf(u->temp, sizeof(u->temp), "%s%s%s", u->dir,
	    len == 0 && slash != NULL ? "" : "/", temp);
	return (STATUS_OK);
}

struct target *
upload_open(const struct dest *d, const char *path, const char *name,
    const struct ship_opts *opts, enum status *status)
{
	struct upload *u;

	if ((u = calloc(1, sizeof(*u))) == NULL) {
		msg_errno(name);
		*status = STATUS_LOCAL;
		return (NULL);
	}
	u->target = (struct target){ upload_write, upload_idle,
	    upload_publish, upload_close };
	u->name = name;
	u->path = path;
	u->opts = opts;
	u->touched = sftp_now();
	if ((*status = make_names(u)) != STATUS_OK)
		goto fail;
	if ((u->sftp = remote_open(d, name, opts, status)) == NULL)
		goto fail;
	if ((*status = check_server(u)) != STATUS_OK ||
	    (*status = check_directory(u)) != STATUS_OK ||
	    (*status = check_target(u)) != STATUS_OK ||
	    (*status = check_space(u)) != STATUS_OK ||
	    (*status = make_blocks(u)) != STATUS_OK ||
	    (*status = create(u)) != STATUS_OK)
		goto fail;
	return (&u->target);
fail:
	upload_close(&u->target);
	return (NULL);
}
