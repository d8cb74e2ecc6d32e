/* SPDX-License-Identifier: ISC */
/*
 * A file of a server, or of this machine, as a stream.  It was proven when it
 * was published; what remains to be shown is that all of it was read: as many
 * bytes as the file has, and the file was not touched meanwhile.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "fetch.h"
#include "msg.h"
#include "pump.h"
#include "record.h"
#include "remote.h"

#define AHEAD		64		/* READs on their way */

struct fetch {
	const char *name;
	uint64_t size, pos;		/* pos: bytes handed on */
	uint64_t mtime;

	int fd;				/* local, or -1 */

	struct sftp *sftp;		/* remote, or NULL */
	struct sftp_handle handle;
	struct sftp_io ios[AHEAD];	/* a ring, in order of offset */
	size_t wanted[AHEAD];		/* what each was asked for */
	size_t used[AHEAD];		/* of an answer: handed on */
	size_t head;			/* the one whose bytes are next */
	uint64_t asked;			/* end of what was asked for */
	uint8_t *memory;
};

static enum status
changed(const struct fetch *f)
{

	msg_error("%s: changed while it was read", f->name);
	return (STATUS_DATA);
}

/* --- remote --- */

static void
ask(struct fetch *f, size_t i, uint64_t offset, size_t len)
{

	f->ios[i].offset = offset;
	f->ios[i].len = f->wanted[i] = len;
	f->used[i] = 0;
	sftp_read(f->sftp, &f->handle, &f->ios[i]);
}

/* Let slot i ask for the next bytes that nobody has asked for. */
static void
ask_next(struct fetch *f, size_t i)
{
	uint64_t left = f->size - f->asked;
	size_t len = left < SFTP_BLOCK ? (size_t)left : SFTP_BLOCK;

	f->wanted[i] = 0;
	if (len == 0)
		return;
	ask(f, i, f->asked, len);
	f->asked += len;
}

static enum status
read_remote(void *arg, void *buf, size_t len, size_t *got)
{
	struct fetch *f = arg;
	size_t i = f->head, n;
	struct sftp_io *io = &f->ios[i];
	int rc;

	*got = 0;
	if (f->pos == f->size)
		return (STATUS_OK);
	if ((rc = sftp_await(f->sftp, io)) != SFTP_OK)
		return (remote_fail(f->sftp, f->name, "read", rc));
	if (io->error == SFTP_EOF)
		return (changed(f));
	if (io->error != SFTP_OK)
		return (remote_fail(f->sftp, f->name, "read", io->error));
	n = io->len - f->used[i];
	if (n > len)
		n = len;
	memcpy(buf, io->buf + f->used[i], n);
	f->used[i] += n;
	f->pos += n;
	*got = n;
	if (f->used[i] < io->len)
		return (STATUS_OK);
	if (io->len < f->wanted[i]) {
		/* Servers may give less: ask for the rest, in its place. */
		ask(f, i, io->offset + io->len, f->wanted[i] - io->len);
		return (STATUS_OK);
	}
	ask_next(f, i);
	f->head = (i + 1) % AHEAD;
	return (STATUS_OK);
}

static enum status
stat_remote(struct fetch *f, uint64_t *size, uint64_t *mtime)
{
	struct sftp_attrs a;
	int rc;

	if ((rc = sftp_fstat(f->sftp, &f->handle, &a)) != SFTP_OK)
		return (remote_fail(f->sftp, f->name, "size", rc));
	if (!a.has_size || (a.has_mode && !S_ISREG(a.mode))) {
		msg_error("%s: is no regular file", f->name);
		return (STATUS_USAGE);
	}
	*size = a.size;
	*mtime = a.mtime;
	return (STATUS_OK);
}

static enum status
finish_remote(void *arg, struct pump *p)
{
	struct fetch *f = arg;
	uint64_t size, mtime;
	enum status status;
	int rc;

	(void)p;
	if ((status = stat_remote(f, &size, &mtime)) != STATUS_OK)
		return (status);
	if (f->pos != f->size || size != f->size || mtime != f->mtime)
		return (changed(f));
	if ((rc = sftp_close(f->sftp, &f->handle)) != SFTP_OK)
		return (remote_fail(f->sftp, f->name, "close", rc));
	return (STATUS_OK);
}

static enum status
open_remote(struct fetch *f, const struct dest *d, const char *path,
    const struct ship_opts *opts)
{
	const size_t stride = SFTP_ROOM + SFTP_BLOCK;
	enum status status;
	size_t i;
	int rc;

	if ((f->sftp = remote_open(d, f->name, opts, &status)) == NULL)
		return (status);
	rc = sftp_open(f->sftp, path, SFTP_READ, 0, &f->handle);
	if (rc != SFTP_OK)
		return (remote_fail(f->sftp, f->name, NULL, rc));
	if ((status = stat_remote(f, &f->size, &f->mtime)) != STATUS_OK)
		return (status);
	if ((f->memory = malloc(AHEAD * stride)) == NULL) {
		msg_errno(f->name);
		return (STATUS_LOCAL);
	}
	for (i = 0; i < AHEAD; i++) {
		f->ios[i].buf = f->memory + i * stride + SFTP_ROOM;
		ask_next(f, i);
	}
	return (STATUS_OK);
}

/* --- local --- */

static enum status
read_local(void *arg, void *buf, size_t len, size_t *got)
{
	struct fetch *f = arg;
	ssize_t n;

	if ((n = fd_read(f->fd, buf, len)) == -1) {
		if (errno != EINTR)
			msg_errno(f->name);
		return (STATUS_LOCAL);
	}
	*got = (size_t)n;
	f->pos += (uint64_t)n;
	return (STATUS_OK);
}

static uint64_t
mtime_of(const struct stat *st)
{

	return ((uint64_t)st->st_mtim.tv_sec * 1000000000 +
	    (uint64_t)st->st_mtim.tv_nsec);
}

static enum status
finish_local(void *arg, struct pump *p)
{
	struct fetch *f = arg;
	struct stat st;

	(void)p;
	if (fstat(f->fd, &st) == -1) {
		msg_errno(f->name);
		return (STATUS_LOCAL);
	}
	if (f->pos != f->size || (uint64_t)st.st_size != f->size ||
	    mtime_of(&st) != f->mtime)
		return (changed(f));
	return (STATUS_OK);
}

static enum status
open_local(struct fetch *f, const char *path)
{
	struct stat st;

	/* Not to hang on a FIFO that somebody put there. */
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f->fd == -1 || fstat(f->fd, &st) == -1) {
		msg_errno(f->name);
		return (STATUS_LOCAL);
	}
	if (!S_ISREG(st.st_mode)) {
		msg_error("%s: is no regular file", f->name);
		return (STATUS_USAGE);
	}
	f->size = (uint64_t)st.st_size;
	f->mtime = mtime_of(&st);
	return (STATUS_OK);
}

/* --- both --- */

static enum status
run(struct fetch *f, const struct ship_opts *opts)
{
	struct pump_opts o = { .in = f->fd, .in_name = f->name,
	    .out = STDOUT_FILENO, .out_name = "stdout", .aux = -1,
	    .report = opts->report };
	enum status status;

	if (f->size == 0) {
		msg_error("%s is empty", f->name);
		return (STATUS_DATA);
	}
	o.stage.arg = f;
	o.stage.read = f->sftp != NULL ? read_remote : read_local;
	o.stage.finish = f->sftp != NULL ? finish_remote : finish_local;
	if ((o.record = record_new("pgb-ship")) == NULL) {
		msg_errno(f->name);
		return (STATUS_LOCAL);
	}
	record_str(o.record, "fetched", f->name);
	status = pump_run(&o);
	record_free(o.record);
	return (status);
}

enum status
fetch_run(const char *text, const struct ship_opts *opts)
{
	char path[DEST_PATH_MAX], *name = NULL;
	struct fetch *f = NULL;
	enum status status;
	struct dest d;

	if ((status = dest_parse(&d, text)) != STATUS_OK ||
	    (status = dest_expand(&d, NULL, path)) != STATUS_OK)
		goto out;
	status = STATUS_LOCAL;
	if ((name = dest_name(&d, path)) == NULL ||
	    (f = calloc(1, sizeof(*f))) == NULL) {
		msg_errno(text);
		goto out;
	}
	f->name = name;
	f->fd = -1;
	status = d.remote ? open_remote(f, &d, path, opts) :
	    open_local(f, path);
	if (status == STATUS_OK)
		status = run(f, opts);
out:
	if (f != NULL) {
		sftp_free(f->sftp);
		fd_close(&f->fd);
		free(f->memory);
	}
	free(f);
	free(name);
	dest_wipe(&d);
	return (status);
}
