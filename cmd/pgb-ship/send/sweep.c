/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "publish.h"
#include "send/sweep.h"

/* --- on a server --- */

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
	    (int64_t)list->fresh - a->mtime <= PUBLISH_STALE_SECONDS)
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
sweep_remote(struct sftp *s, const char *dir, uint32_t fresh)
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

/* --- on this machine --- */

/* Nothing here is worth failing for. */
void
sweep_local(const char *dir, time_t fresh)
{
	struct dirent *e;
	DIR *d;

	if ((d = opendir(dir)) == NULL) {
		msg_verbose("%s: not looked at for leftovers: %s", dir,
		    strerror(errno));
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (!publish_is_left(dirfd(d), e->d_name, fresh))
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
