/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "publish.h"
#include "send/beside.h"
#include "send/sweep.h"
#include "send/upload-impl.h"

/* Most servers take no longer names than this machine; OpenSSH calls that a bad
 * message. */
static const char *
too_long(const struct line *l)
{

	return (beside_too_long(l->u->opts, l->u->path, NAME_MAX));
}

int
upload_refused(struct line *l, const char *what, int rc, struct fault *f)
{

	if (rc != SFTP_OK && rc != SFTP_LOST && rc != SFTP_SIGNAL)
		(void)remote_fault(l->sftp, what, rc, f);
	if (rc == SFTP_DENIED)
		fault_hint(f, "the account there must be allowed to make files "
		    "in %s", l->u->dir);
	else if ((rc == SFTP_BAD_MESSAGE || rc == SFTP_FAILURE) &&
	    too_long(l) != NULL)
		fault_hint(f, "a name of more than %d bytes, which the server "
		    "may not take: give a shorter one", NAME_MAX);
	return (rc);
}

/* --- checks --- */

static int
check_server(const struct line *l, struct fault *f)
{
	const struct upload *u = l->u;

	if (u->opts->overwrite && !sftp_has(l->sftp, SFTP_POSIX_RENAME)) {
		fault_set(f, STATUS_REMOTE, "the server cannot replace a file "
		    "in one step (no posix-rename@openssh.com)");
		fault_hint(f, "use a new name each time, with {time}");
		return (SFTP_UNSUPPORTED);
	}
	if (sftp_has(l->sftp, SFTP_FSYNC))
		return (SFTP_OK);
	if (u->opts->no_fsync_ok) {
		msg_warning("%s: the server does not say when a file is on "
		    "disk (no fsync@openssh.com)", u->name);
		return (SFTP_OK);
	}
	fault_set(f, STATUS_REMOTE, "the server does not say when a file is on "
	    "disk (no fsync@openssh.com)");
	fault_hint(f, "--allow-no-fsync does without: a crash of the server "
	    "may then cost a finished backup");
	return (SFTP_UNSUPPORTED);
}

/* Whether a request is not for us, whatever it is about: sftp-server of OpenSSH
 * before 8.7 offers what its -P forbids. */
static bool
is_forbidden(int error)
{

	return (error == SFTP_DENIED || error == SFTP_UNSUPPORTED);
}

int
upload_synced(struct line *l, int error, struct fault *f)
{

	if (error == SFTP_OK)
		return (SFTP_OK);
	if (!is_forbidden(error))
		return (upload_refused(l, "fsync", error, f));
	sftp_forgo(l->sftp, SFTP_FSYNC);
	return (check_server(l, f));
}

/* Make the directory and what is missing above it. */
static int
make_directory(struct line *l, struct fault *f)
{
	char path[SFTP_PATH_MAX];
	struct sftp_attrs attrs;
	char *p = path, slash;
	int rc;

	snprintf(path, sizeof(path), "%s", l->u->dir);
	do {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		slash = *p;
		*p = '\0';
		rc = sftp_stat(l->sftp, path, &attrs);
		if (rc == SFTP_NO_FILE) {
			rc = sftp_mkdir(l->sftp, path, 0700);
			/* Somebody else may have been faster. */
			if (rc == SFTP_FAILURE &&
			    sftp_stat(l->sftp, path, &attrs) == SFTP_OK)
				rc = SFTP_OK;
		}
		if (rc != SFTP_OK)
			return (upload_refused(l, "make directory", rc, f));
		*p = slash;
	} while (slash != '\0');
	return (SFTP_OK);
}

static int
check_directory(struct line *l, struct fault *f)
{
	struct sftp_attrs attrs;
	int rc;

	rc = sftp_stat(l->sftp, l->u->dir, &attrs);
	if (rc == SFTP_NO_FILE && l->u->opts->mkdir)
		return (make_directory(l, f));
	if (rc != SFTP_OK) {
		upload_refused(l, "directory", rc, f);
		if (rc == SFTP_NO_FILE)
			fault_hint(f, "--mkdir makes it");
		return (rc);
	}
	if (attrs.has_mode && !S_ISDIR(attrs.mode)) {
		fault_set(f, STATUS_REMOTE, "%s is not a directory",
		    l->u->dir);
		return (SFTP_FAILURE);
	}
	return (SFTP_OK);
}

enum status
upload_exists(struct fault *f)
{

	fault_set(f, STATUS_USAGE, "exists already");
	fault_hint(f, "--overwrite replaces it, {time} in the name makes a new "
	    "one");
	return (STATUS_USAGE);
}

static int
check_target(struct line *l, struct fault *f)
{
	struct sftp_attrs attrs;
	int rc;

	rc = sftp_lstat(l->sftp, l->u->path, &attrs);
	if (rc == SFTP_NO_FILE)
		return (SFTP_OK);
	/* A rename replaces the link, not what it leads to. */
	if (rc == SFTP_OK && attrs.has_mode && S_ISLNK(attrs.mode) &&
	    !l->u->opts->overwrite) {
		upload_exists(f);
		return (SFTP_FAILURE);
	}
	if (rc == SFTP_OK && attrs.has_mode && S_ISLNK(attrs.mode))
		rc = sftp_stat(l->sftp, l->u->path, &attrs);
	if (rc == SFTP_NO_FILE)
		return (SFTP_OK);
	if (rc != SFTP_OK)
		return (upload_refused(l, NULL, rc, f));
	if (attrs.has_mode && S_ISDIR(attrs.mode))
		fault_set(f, STATUS_USAGE, "is a directory");
	else if (attrs.has_mode && !S_ISREG(attrs.mode))
		fault_set(f, STATUS_USAGE, "is no regular file");
	else if (!l->u->opts->overwrite)
		upload_exists(f);
	else
		return (SFTP_OK);
	return (SFTP_FAILURE);
}

/* What goes beside it is refused now, too, and not after hours. */
static int
check_beside(struct line *l, struct fault *f)
{
	const struct ship_opts *o = l->u->opts;
	char path[SFTP_PATH_MAX + 256];
	struct sftp_attrs attrs;
	const char *suffix;
	size_t i;
	int rc;

	if (o->overwrite && too_long(l) == NULL)
		return (SFTP_OK);
	for (i = 0; (suffix = beside_suffix(o, i)) != NULL; i++) {
		snprintf(path, sizeof(path), "%s%s", l->u->path, suffix);
		rc = sftp_lstat(l->sftp, path, &attrs);
		if (rc == SFTP_OK && !o->overwrite) {
			upload_exists(f);
			snprintf(f->text, sizeof(f->text),
			    "%.600s exists already", path);
			return (SFTP_FAILURE);
		}
		if (rc != SFTP_OK && rc != SFTP_NO_FILE)
			return (upload_refused(l, suffix, rc, f));
	}
	return (SFTP_OK);
}

int
upload_space(struct line *l, bool expect, struct fault *f)
{
	const struct ship_opts *o = l->u->opts;
	uint64_t avail, want;
	int rc;

	want = o->min_free + (expect ? o->expect_size : 0);
	if (want == 0)
		return (SFTP_OK);
	rc = sftp_has(l->sftp, SFTP_STATVFS) ?
	    sftp_space(l->sftp, l->u->dir, &avail) : SFTP_UNSUPPORTED;
	if (is_forbidden(rc)) {
		sftp_forgo(l->sftp, SFTP_STATVFS);
		if (expect)
			msg_warning("%s: the server does not tell how much is "
			    "free", l->u->name);
		return (SFTP_OK);
	}
	if (rc != SFTP_OK)
		return (upload_refused(l, "free space", rc, f));
	if (avail >= want)
		return (SFTP_OK);
	target_short(f, avail, o, expect, STATUS_REMOTE);
	return (SFTP_FAILURE);
}

/* --- making --- */

char *
upload_temp(const struct upload *u, const char *path, struct fault *f)
{
	bool root = strcmp(u->dir, "/") == 0;
	char temp[256], *out;

	if (publish_temp_name(path, temp, sizeof(temp)) == -1 ||
	    asprintf(&out, "%s%s%s", u->dir, root ? "" : "/", temp) == -1) {
		fault_set(f, STATUS_LOCAL, "no memory or no randomness");
		return (NULL);
	}
	return (out);
}

/* A new name each time: one that was asked for on a connection that broke may
 * be there, and not be ours to write any more. */
static int
new_temp(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	char *temp;

	if (u->is_temp) {
		if (sftp_remove(l->sftp, u->temp) == SFTP_LOST)
			return (SFTP_LOST);
		u->is_temp = false;
	}
	if ((temp = upload_temp(u, u->path, f)) == NULL)
		return (SFTP_FAILURE);
	snprintf(u->temp, sizeof(u->temp), "%s", temp);
	free(temp);
	return (SFTP_OK);
}

static int
create(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	struct sftp_attrs attrs;
	int rc;

	if ((rc = new_temp(l, f)) != SFTP_OK)
		return (rc);
	/* Until the answer has come nobody knows whether it is there. */
	u->is_temp = true;
	rc = sftp_open(l->sftp, u->temp, SFTP_WRITE | SFTP_CREAT | SFTP_EXCL,
	    UPLOAD_MODE, &l->handle);
	if (rc != SFTP_OK) {
		if (rc != SFTP_LOST && rc != SFTP_SIGNAL)
			u->is_temp = false;
		upload_refused(l, "create", rc, f);
		if (rc == SFTP_FAILURE)
			fault_hint(f, "a full or read-only disk: the server "
			    "does not say which");
		return (rc);
	}
	l->is_open = true;
	/* --mode is for the end; one who may not would learn it then. */
	if (u->mode != UPLOAD_MODE && (rc = sftp_set_mode(l->sftp, &l->handle,
	    UPLOAD_MODE)) != SFTP_OK)
		return (upload_refused(l, "set mode", rc, f));
	rc = sftp_fstat(l->sftp, &l->handle, &attrs);
	if (rc == SFTP_OK && attrs.has_times) {
		u->server_clock = attrs.mtime;
		u->clock_at = sftp_now();
		rc = sweep_remote(l->sftp, u->dir, attrs.mtime);
	}
	return (upload_refused(l, NULL, rc, f));
}

int
upload_create(struct line *l, struct fault *f)
{
	int rc;

	if ((rc = check_server(l, f)) != SFTP_OK ||
	    (rc = check_directory(l, f)) != SFTP_OK ||
	    (rc = check_target(l, f)) != SFTP_OK ||
	    (rc = check_beside(l, f)) != SFTP_OK ||
	    (rc = upload_space(l, true, f)) != SFTP_OK)
		return (rc);
	return (create(l, f));
}

/* --- again --- */

static int
lost_data(struct line *l, uint64_t has, uint64_t acked, struct fault *f)
{

	fault_set(f, STATUS_DATA, "the server has lost acknowledged data: "
	    "%s has %" PRIu64 " bytes, and %" PRIu64 " were acknowledged",
	    l->u->temp, has, acked);
	fault_hint(f, "did the server's machine restart, or did somebody touch "
	    "the file? Nothing was published; begin again");
	return (SFTP_FAILURE);
}

int
upload_reopen(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	struct sftp_attrs attrs;
	bool complete;
	uint64_t end;
	int rc;

	/* Before we ask how long it is: other lines may be at work. */
	pthread_mutex_lock(&u->cargo->lock);
	end = ledger_end(u->ledger);
	complete = u->phase == PHASE_FINISHING &&
	    ledger_acked(u->ledger) == u->given;
	pthread_mutex_unlock(&u->cargo->lock);
	/* Stored and closed: what is left is names. */
	if (u->step > STEP_STORE)
		return (SFTP_OK);
	rc = sftp_open(l->sftp, u->temp, SFTP_WRITE, 0, &l->handle);
	/* --mode may forbid it already; to sync it, reading is enough. */
	if (rc == SFTP_DENIED && complete)
		rc = sftp_open(l->sftp, u->temp, SFTP_READ, 0, &l->handle);
	/* Another line may have finished just now. */
	if (rc == SFTP_NO_FILE && u->step > STEP_STORE)
		return (SFTP_OK);
	if (rc == SFTP_NO_FILE) {
		fault_set(f, STATUS_DATA, "the temporary file is gone: %s",
		    u->temp);
		fault_hint(f, "somebody has removed it while the connection "
		    "was away; begin again");
		return (rc);
	}
	if (rc != SFTP_OK)
		return (upload_refused(l, "open again", rc, f));
	l->is_open = true;
	if ((rc = sftp_fstat(l->sftp, &l->handle, &attrs)) != SFTP_OK)
		return (upload_refused(l, "size", rc, f));
	if (attrs.has_size && attrs.size < end)
		return (lost_data(l, attrs.size, end, f));
	return (SFTP_OK);
}
