/* SPDX-License-Identifier: ISC */
/*
 * The end of an upload, by the elder alone, when all is acknowledged: stored
 * for good, and given its name.
 *
 * What goes beside the backup (a report, a sum) is stored completely, too,
 * before any name is given, and gets its name first: who sees the backup sees
 * all.  A rename whose answer did not come is looked into on the next
 * connection: the name that is there and holds our size and our last block is
 * ours.
 */
#include <stdio.h>
#include <stdlib.h>

#include "msg.h"
#include "progress/progress.h"
#include "send/upload-end.h"

/* A new name is on disk when its directory is.  Few servers refuse that. */
static int
sync_directory(struct line *l)
{
	struct sftp_handle h;
	int rc;

	if (!sftp_has(l->sftp, SFTP_FSYNC))
		return (SFTP_OK);
	rc = sftp_open(l->sftp, l->u->dir, SFTP_READ, 0, &h);
	/* The session's end closes it: a round trip less. */
	if (rc == SFTP_OK)
		rc = sftp_fsync(l->sftp, &h);
	if (rc == SFTP_OK || rc == SFTP_LOST || rc == SFTP_SIGNAL)
		return (rc);
	msg_verbose("%s: fsync of the directory: %s", l->u->name,
	    sftp_strerror(l->sftp, rc));
	return (SFTP_OK);
}

/* A step that is done for the first time is progress; one that is repeated on
 * each new session is not, or it would go on for ever. */
static void
note_step(struct upload *u, int step)
{

	pthread_mutex_lock(&u->cargo->lock);
	if (step >= u->steps_done) {
		u->steps_done = step + 1;
		u->progress = sftp_now();
		u->lost_since = 0;
	}
	pthread_mutex_unlock(&u->cargo->lock);
}

int
finish_upload(struct line *l, struct fault *f)
{
	static int (*const steps[])(struct line *, struct fault *) = {
		[STEP_STORE] = end_store,
		[STEP_BESIDE] = end_store_beside,
		[STEP_NAMES] = end_give_names,
	};
	struct upload *u = l->u;
	int rc, step;

	progress_state(PROGRESS_PUBLISHING);
	if (atomic_load(&u->step) == STEP_SYNC && u->names_born != l->born)
		atomic_store(&u->step, STEP_NAMES);
	for (; (step = atomic_load(&u->step)) < STEP_END;
	    atomic_store(&u->step, step + 1)) {
		rc = step == STEP_SYNC ? sync_directory(l) : steps[step](l, f);
		if (rc != SFTP_OK)
			return (rc);
		note_step(u, step);
	}
	pthread_mutex_lock(&u->cargo->lock);
	if (u->phase == PHASE_FINISHING)
		u->phase = PHASE_DONE;
	upload_wake(u);
	pthread_cond_broadcast(&u->cargo->change);
	pthread_mutex_unlock(&u->cargo->lock);
	return (SFTP_OK);
}

/* --- nothing came of it --- */

/* Take a file away.  Whether it is gone. */
static bool
take_away(struct line *l, const char *path)
{
	struct upload *u = l->u;
	int rc;

	rc = sftp_remove(l->sftp, path);
	if (rc == SFTP_OK || rc == SFTP_NO_FILE)
		return (true);
	pthread_mutex_lock(&u->cargo->lock);
	snprintf(u->why_left, sizeof(u->why_left), "%s",
	    sftp_strerror(l->sftp, rc));
	pthread_mutex_unlock(&u->cargo->lock);
	return (false);
}

static void
clean_up_beside(struct line *l)
{
	struct upload *u = l->u;
	bool temp, made;
	struct naming *n;
	size_t i;

	for (i = 0; u->beside != NULL && i < u->manifest->beside_count; i++) {
		n = &u->beside[i];
		pthread_mutex_lock(&u->cargo->lock);
		temp = n->temp != NULL && !n->done && !n->asked;
		/* It was made for a backup that does not come. */
		made = n->done && !u->own.done && !u->own.asked &&
		    !u->opts->overwrite;
		pthread_mutex_unlock(&u->cargo->lock);
		if (temp && take_away(l, n->temp)) {
			free(n->temp);
			n->temp = NULL;
		}
		if (!made || !take_away(l, n->path))
			continue;
		pthread_mutex_lock(&u->cargo->lock);
		n->done = false;
		pthread_mutex_unlock(&u->cargo->lock);
	}
}

void
clean_up(struct line *l)
{
	struct upload *u = l->u;
	bool mine, keep;

	pthread_mutex_lock(&u->cargo->lock);
	mine = u->phase == PHASE_FAILED && u->is_temp && l->sftp != NULL &&
	    !sftp_is_lost(l->sftp);
	keep = mine && (u->own.asked || u->own.done);
	if (mine && !keep)
		u->is_temp = false;
	pthread_mutex_unlock(&u->cargo->lock);
	if (!mine)
		return;
	sftp_last_words(l->sftp);
	if (l->is_open)
		(void)sftp_close(l->sftp, &l->handle);
	l->is_open = false;
	clean_up_beside(l);
	if (keep || take_away(l, u->temp))
		return;
	pthread_mutex_lock(&u->cargo->lock);
	u->is_temp = true;
	pthread_mutex_unlock(&u->cargo->lock);
}

/* What is beside a backup, or is not. */
static void
warn_left_beside(const struct upload *u, const char *why)
{
	const struct naming *n;
	size_t i;

	for (i = 0; u->beside != NULL && i < u->manifest->beside_count; i++) {
		n = &u->beside[i];
		if (n->done && !u->own.done && !u->own.asked)
			msg_warning("%s: %s is of this run, which has no "
			    "backup", u->name, n->path);
		if (n->asked && !n->done && n->temp != NULL) {
			msg_warning("%s: whether %s is there is not known: it "
			    "is of this run, whole, under that name or as %s",
			    u->name, n->path, n->temp);
			continue;
		}
		if (u->own.done && !n->done)
			msg_warning("%s: %s is not beside it", u->name,
			    n->path);
		if (n->temp != NULL && !n->done)
			msg_warning("%s: %s may be left behind (%s); a run "
			    "after 24 hours removes it, if it may", u->name,
			    n->temp, why);
	}
}

void
warn_left(struct upload *u)
{
	const char *why = u->why_left[0] != '\0' ? u->why_left :
	    "no connection";

	if (u->phase != PHASE_FAILED)
		return;
	if (u->own.asked)
		msg_warning("%s: whether the file has its name now is not "
		    "known: it is whole, under this name or as %s", u->name,
		    u->temp);
	else if (u->own.done)
		msg_warning("%s: is there, whole; but whether its directory is "
		    "on disk is not known", u->name);
	else if (u->is_temp)
		msg_warning("%s: %s may be left behind (%s); a run after 24 "
		    "hours removes it, if it may", u->name, u->temp, why);
	warn_left_beside(u, why);
}
