/* SPDX-License-Identifier: ISC */
/*
 * One file to one server.
 *
 * The stream is cut into blocks; a block is one WRITE at its own offset.  The
 * blocks form a ring of UPLOAD_WINDOW bytes: the next one is filled when its
 * last WRITE is acknowledged, so that never more is on its way: more makes sshd
 * itself slow.  A block stays as it was until it is acknowledged.
 *
 * At the end: all acknowledged, the size is as counted, fsync, close, rename,
 * fsync of the directory.  Before the rename nothing has our file's name, and
 * whatever fails until then takes the temporary file away again.
 */
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "sig.h"
#include "upload-impl.h"

/* A file system with less than this left is full. */
#define FULL_BYTES	(256 * 1024)

static struct upload *
upload_of(struct target *t)
{

	return ((struct upload *)(void *)t);
}

static enum status
fail(const struct upload *u, const char *what, int error)
{

	return (remote_fail(u->sftp, u->name, what, error));
}

/* --- data --- */

/* SFTP says "failure" for a full disk as for anything else. */
static enum status
write_failed(struct upload *u, int error)
{
	enum status status;
	uint64_t avail;

	if (error == SFTP_FAILURE && sftp_has(u->sftp, SFTP_STATVFS) &&
	    sftp_space(u->sftp, u->dir, &avail) == SFTP_OK &&
	    avail < FULL_BYTES) {
		msg_error("%s: write: disk full (%llu bytes free)", u->name,
		    (unsigned long long)avail);
		return (STATUS_REMOTE);
	}
	status = fail(u, "write", error);
	if (error == SFTP_FAILURE)
		msg_hint("a quota, or a failing disk: the server does not say "
		    "which");
	return (status);
}

/* Wait for one block to be acknowledged. */
static enum status
settle(struct upload *u, struct sftp_io *io)
{
	int rc;

	if ((rc = sftp_await(u->sftp, io)) != SFTP_OK)
		return (fail(u, "write", rc));
	if (io->error != SFTP_OK)
		return (write_failed(u, io->error));
	return (STATUS_OK);
}

static enum status
settle_all(struct upload *u)
{
	enum status status;
	size_t i;

	for (i = 0; i < u->block_count; i++)
		if ((status = settle(u, &u->blocks[i])) != STATUS_OK)
			return (status);
	return (STATUS_OK);
}

/* Put the block being filled on its way, and make the next one ready. */
static enum status
send_block(struct upload *u)
{
	struct sftp_io *io = &u->blocks[u->at];

	if (u->fill == 0)
		return (STATUS_OK);
	io->len = u->fill;
	io->offset = u->sent;
	sftp_write(u->sftp, &u->handle, io);
	u->sent += u->fill;
	u->fill = 0;
	u->at = (u->at + 1) % u->block_count;
	u->touched = sftp_now();
	return (settle(u, &u->blocks[u->at]));
}

enum status
upload_write(struct target *t, const uint8_t *buf, size_t len)
{
	struct upload *u = upload_of(t);
	enum status status;
	size_t n;
	int rc;

	while (len > 0) {
		n = u->block_size - u->fill;
		if (n > len)
			n = len;
		memcpy(u->blocks[u->at].buf + u->fill, buf, n);
		u->fill += n;
		buf += n;
		len -= n;
		if (u->fill == u->block_size &&
		    (status = send_block(u)) != STATUS_OK)
			return (status);
	}
	if ((rc = sftp_poke(u->sftp)) != SFTP_OK)
		return (fail(u, "write", rc));
	return (STATUS_OK);
}

/*
 * A question that every server answers keeps the connection open on the way,
 * and finds out when it no longer is.  Now and then the file's time is moved,
 * so that nobody takes it for the leftover of a dead run.
 */
enum status
upload_idle(struct target *t)
{
	struct upload *u = upload_of(t);
	struct sftp_attrs attrs;
	enum status status;
	int rc;

	if ((status = settle_all(u)) != STATUS_OK)
		return (status);
	if (sftp_now() - u->touched >= TARGET_TOUCH_MS) {
		u->touched = sftp_now();
		rc = sftp_set_size(u->sftp, &u->handle, u->sent);
	} else
		rc = sftp_fstat(u->sftp, &u->handle, &attrs);
	return (rc == SFTP_OK ? STATUS_OK : fail(u, NULL, rc));
}

/* --- the end --- */

static enum status
check_size(struct upload *u)
{
	struct sftp_attrs attrs;
	int rc;

	if ((rc = sftp_fstat(u->sftp, &u->handle, &attrs)) != SFTP_OK)
		return (fail(u, "size", rc));
	if (attrs.has_size && attrs.size == u->sent)
		return (STATUS_OK);
	msg_error("%s: the server has %llu bytes of %llu, though it "
	    "acknowledged all", u->name, (unsigned long long)attrs.size,
	    (unsigned long long)u->sent);
	return (STATUS_REMOTE);
}

static enum status
store(struct upload *u)
{
	enum status status;
	int rc;

	if ((status = send_block(u)) != STATUS_OK ||
	    (status = settle_all(u)) != STATUS_OK ||
	    (status = check_size(u)) != STATUS_OK)
		return (status);
	if (sftp_has(u->sftp, SFTP_FSYNC) &&
	    (rc = sftp_fsync(u->sftp, &u->handle)) != SFTP_OK)
		return (fail(u, "fsync", rc));
	u->is_open = false;
	if ((rc = sftp_close(u->sftp, &u->handle)) != SFTP_OK)
		return (fail(u, "close", rc));
	return (STATUS_OK);
}

enum status
upload_exists(const struct upload *u)
{

	msg_error("%s: exists already", u->name);
	msg_hint("--overwrite replaces it, {time} in the name makes a new one");
	return (STATUS_USAGE);
}

/*
 * The rename of SFTP 3 fails where the new name exists; OpenSSH's own replaces
 * it atomically.
 */
static enum status
take_name(struct upload *u)
{
	struct sftp_attrs attrs;
	int rc;

	/* Once it is asked for, its answer is worth more than a quick end. */
	sftp_deafen(u->sftp, true);
	if (u->opts->overwrite)
		rc = sftp_posix_rename(u->sftp, u->temp, u->path);
	else
		rc = sftp_rename(u->sftp, u->temp, u->path);
	sftp_deafen(u->sftp, false);
	if (rc == SFTP_OK) {
		u->is_temp = false;
		return (STATUS_OK);
	}
	if (rc == SFTP_LOST) {
		msg_error("%s: rename: %s; whether the file has its name now "
		    "is not known: it is whole, under this name or as %s",
		    u->name, sftp_strerror(u->sftp, rc), u->temp);
		return (STATUS_RETRY);
	}
	if (!u->opts->overwrite &&
	    sftp_stat(u->sftp, u->path, &attrs) == SFTP_OK)
		return (upload_exists(u));
	return (fail(u, "rename", rc));
}

/* A new name is on disk when its directory is.  Few servers refuse that. */
static enum status
sync_directory(struct upload *u)
{
	struct sftp_handle h;
	int rc;

	if (!sftp_has(u->sftp, SFTP_FSYNC))
		return (STATUS_OK);
	if ((rc = sftp_open(u->sftp, u->dir, SFTP_READ, 0, &h)) == SFTP_OK) {
		rc = sftp_fsync(u->sftp, &h);
		if (rc != SFTP_LOST && rc != SFTP_SIGNAL)
			(void)sftp_close(u->sftp, &h);
	}
	if (rc == SFTP_OK)
		return (STATUS_OK);
	if (rc != SFTP_LOST && rc != SFTP_SIGNAL) {
		msg_verbose("%s: fsync of the directory: %s", u->name,
		    sftp_strerror(u->sftp, rc));
		return (STATUS_OK);
	}
	msg_error("%s: is there, whole; but whether its directory is on disk "
	    "is not known: %s", u->name, sftp_strerror(u->sftp, rc));
	return (rc == SFTP_LOST ? STATUS_RETRY : STATUS_LOCAL);
}

enum status
upload_publish(struct target *t)
{
	struct upload *u = upload_of(t);
	enum status status;

	if ((status = store(u)) != STATUS_OK)
		return (status);
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	if ((status = take_name(u)) != STATUS_OK)
		return (status);
	return (sync_directory(u));
}

void
upload_close(struct target *t)
{
	struct upload *u = upload_of(t);
	int rc = SFTP_OK;

	if (u->sftp != NULL) {
		sftp_last_words(u->sftp);
		if (u->is_open && !sftp_is_lost(u->sftp))
			(void)sftp_close(u->sftp, &u->handle);
		if (u->is_temp)
			rc = sftp_remove(u->sftp, u->temp);
		if (rc != SFTP_OK && rc != SFTP_NO_FILE)
			msg_warning("%s: %s may be left behind (%s); a run "
			    "after 24 hours removes it", u->name, u->temp,
			    sftp_strerror(u->sftp, rc));
		sftp_free(u->sftp);
	}
	free(u->blocks);
	free(u->memory);
	free(u);
}
