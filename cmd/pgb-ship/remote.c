/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "publish.h"
#include "remote.h"
#include "target.h"
#include "wire-libssh2.h"

struct sftp *
remote_open(const struct dest *d, const char *name,
    const struct ship_opts *opts, enum status *status)
{
	struct wire *wire;
	struct sftp *s;
	int rc;

	wire = wire_libssh2_open(d, name, opts, status);
	if (wire == NULL)
		return (NULL);
	if ((s = sftp_new(wire, opts->timeout_ms)) == NULL) {
		wire->close(wire);
		msg_error("%s: no memory", name);
		*status = STATUS_LOCAL;
		return (NULL);
	}
	if ((rc = sftp_start(s)) != SFTP_OK) {
		*status = remote_fail(s, name, "start SFTP", rc);
		sftp_free(s);
		return (NULL);
	}
	return (s);
}

enum status
remote_fail(const struct sftp *s, const char *name, const char *what,
    int error)
{

	if (error == SFTP_SIGNAL)
		return (STATUS_LOCAL);
	msg_error("%s: %s%s%s", name, what != NULL ? what : "",
	    what != NULL ? ": " : "", sftp_strerror(s, error));
	return (error == SFTP_LOST && !sftp_is_garbage(s) ? STATUS_RETRY :
	    STATUS_REMOTE);
}

/* --- sweep --- */

#define STALE_MAX	1000	/* removed by one run */

struct stale {
	char *names[STALE_MAX];
	size_t count;
	uint32_t fresh;
};

static void
judge(void *arg, const char *name, const struct sftp_attrs *a)
{
	struct stale *list = arg;

	if (!publish_is_temp(name) || list->count == STALE_MAX ||
	    !a->has_mode || !S_ISREG(a->mode) || !a->has_times ||
	    (int64_t)list->fresh - a->mtime <= TARGET_STALE_SECONDS)
		return;
	if ((list->names[list->count] = strdup(name)) != NULL)
		list->count++;
}

static int
remove_one(struct sftp *s, const char *dir, const char *name)
{
	char path[SFTP_PATH_MAX + 256 + 2];
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	rc = sftp_remove(s, path);
	if (rc == SFTP_OK)
		msg_verbose("%s: leftover of a run that died: removed", path);
	else
		msg_verbose("%s: leftover, not removed: %s", path,
		    sftp_strerror(s, rc));
	return (rc);
}

int
remote_sweep(struct sftp *s, const char *dir, uint32_t fresh)
{
	struct sftp_handle h;
	struct stale *list;
	size_t i;
	int rc;

	if ((rc = sftp_opendir(s, dir, &h)) != SFTP_OK) {
		msg_verbose("%s: not looked at for leftovers: %s", dir,
		    sftp_strerror(s, rc));
		return (rc == SFTP_LOST || rc == SFTP_SIGNAL ? rc : SFTP_OK);
	}
	if ((list = calloc(1, sizeof(*list))) == NULL)
		return (SFTP_OK);
	list->fresh = fresh;
	while ((rc = sftp_readdir(s, &h, judge, list)) == SFTP_OK)
		;
	if (rc != SFTP_LOST && rc != SFTP_SIGNAL)
		rc = sftp_close(s, &h);
	for (i = 0; i < list->count; i++) {
		if (rc != SFTP_LOST && rc != SFTP_SIGNAL)
			rc = remove_one(s, dir, list->names[i]);
		free(list->names[i]);
	}
	free(list);
	return (rc == SFTP_LOST || rc == SFTP_SIGNAL ? rc : SFTP_OK);
}
