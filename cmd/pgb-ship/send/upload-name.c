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
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "send/upload-impl.h"

static int
refused(struct line *l, const char *what, int rc, struct fault *f)
{

	if (rc != SFTP_OK && rc != SFTP_LOST && rc != SFTP_SIGNAL)
		(void)remote_fault(l->sftp, what, rc, f);
	return (rc);
}

/* --- stored --- */

/* Size, mode, and on disk: of a file that is open. */
static int
make_sure(struct line *l, const struct sftp_handle *h, const char *path,
    uint64_t size, struct fault *f)
{
	struct upload *u = l->u;
	struct sftp_attrs attrs;
	int rc;

	if ((rc = sftp_fstat(l->sftp, h, &attrs)) != SFTP_OK)
		return (refused(l, "size", rc, f));
	if (!attrs.has_size || attrs.size != size) {
		fault_set(f, STATUS_REMOTE, "the server has %" PRIu64
		    " bytes of %" PRIu64 " in %s, though it acknowledged all",
		    attrs.size, size, path);
		return (SFTP_FAILURE);
	}
	if (u->mode != UPLOAD_MODE &&
	    (rc = sftp_set_mode(l->sftp, h, u->mode)) != SFTP_OK)
		return (refused(l, "set mode", rc, f));
	if (sftp_has(l->sftp, SFTP_FSYNC) &&
	    (rc = sftp_fsync(l->sftp, h)) != SFTP_OK)
		return (refused(l, "fsync", rc, f));
	return (SFTP_OK);
}

static int
store(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	int rc;

	rc = make_sure(l, &l->handle, u->temp, u->given, f);
	if (rc != SFTP_OK)
		return (rc);
	pthread_mutex_lock(&u->cargo->lock);
	ledger_synced(u->ledger, u->given);
	pthread_mutex_unlock(&u->cargo->lock);
	if (u->opts->read_back && (rc = check_all(l, f)) != SFTP_OK)
		return (rc);
	l->is_open = false;
	return (refused(l, "close", sftp_close(l->sftp, &l->handle), f));
}

/* --- what goes beside --- */

static struct naming *
naming_of(struct upload *u, size_t i)
{

	return (i < u->manifest->beside_count ? &u->beside[i] : &u->own);
}

/* All names that are to be given, once. */
static int
prepare_names(struct upload *u, struct fault *f)
{
	size_t i, count = u->manifest->beside_count;
	struct naming *v;

	if (u->beside != NULL)
		return (SFTP_OK);
	if ((v = calloc(count + 1, sizeof(*v))) == NULL)
		goto fail;
	for (i = 0; i < count; i++)
		if (asprintf(&v[i].path, "%s%s", u->path,
		    u->manifest->beside[i].suffix) == -1) {
			v[i].path = NULL;
			break;
		}
	u->beside = v;
	if (i == count)
		return (SFTP_OK);
fail:
	fault_set(f, STATUS_LOCAL, "no memory");
	return (SFTP_FAILURE);
}

/* Write a small file, one block at a time. */
static int
write_small(struct line *l, const struct sftp_handle *h,
    const struct beside *b)
{
	struct sftp_io io;
	size_t at, len;
	int rc;

	for (at = 0; at < b->len; at += len) {
		len = b->len - at;
		if (len > sftp_block(l->sftp))
			len = sftp_block(l->sftp);
		memset(&io, 0, sizeof(io));
		io.buf = (uint8_t *)(uintptr_t)(b->data + at);
		io.len = len;
		io.offset = at;
		sftp_write(l->sftp, h, &io);
		rc = sftp_await(l->sftp, &io);
		if (rc == SFTP_SIGNAL) {
			/* It may not be left under way. */
			sftp_last_words(l->sftp);
			(void)sftp_await(l->sftp, &io);
		}
		if (rc != SFTP_OK)
			return (rc);
		if (io.error != SFTP_OK)
			return (io.error);
	}
	return (SFTP_OK);
}

static int
store_one(struct line *l, const struct beside *b, struct naming *n,
    struct fault *f)
{
	struct upload *u = l->u;
	struct sftp_handle h;
	int rc;

	/* One that was begun on a connection that broke: a new one. */
	if (n->temp != NULL && sftp_remove(l->sftp, n->temp) == SFTP_LOST)
		return (SFTP_LOST);
	free(n->temp);
	if ((n->temp = upload_temp(u, n->path, f)) == NULL)
		return (SFTP_FAILURE);
	rc = sftp_open(l->sftp, n->temp, SFTP_WRITE | SFTP_CREAT | SFTP_EXCL,
	    UPLOAD_MODE, &h);
	if (rc != SFTP_OK)
		return (refused(l, b->suffix, rc, f));
	if ((rc = write_small(l, &h, b)) != SFTP_OK)
		return (refused(l, b->suffix, rc, f));
	if ((rc = make_sure(l, &h, n->temp, b->len, f)) != SFTP_OK)
		return (rc);
	return (refused(l, b->suffix, sftp_close(l->sftp, &h), f));
}

static int
store_beside(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	int rc;

	if ((rc = prepare_names(u, f)) != SFTP_OK)
		return (rc);
	for (; u->beside_stored < u->manifest->beside_count;
	    u->beside_stored++) {
		rc = store_one(l, &u->manifest->beside[u->beside_stored],
		    &u->beside[u->beside_stored], f);
		if (rc != SFTP_OK)
			return (rc);
	}
	return (SFTP_OK);
}

/* --- names --- */

struct name {
	struct naming *n;
	const char *path, *temp;
	uint64_t size;
	const uint8_t *end;	/* its last bytes */
	size_t endlen;
};

static struct name
name_number(struct upload *u, size_t i)
{
	const struct manifest *m = u->manifest;
	struct name v = { .n = naming_of(u, i), .path = u->path,
	    .temp = u->temp, .size = m->bytes };

	if (i < m->beside_count) {
		v.path = v.n->path;
		v.temp = v.n->temp;
		v.size = m->beside[i].len;
		v.endlen = v.size < CARGO_BLOCK ? (size_t)v.size :
		    CARGO_BLOCK;
		v.end = m->beside[i].data + v.size - v.endlen;
	} else {
		v.end = u->last->data;
		v.endlen = u->last->len;
	}
	return (v);
}

static int
vanished(const struct name *v, struct fault *f)
{

	fault_set(f, STATUS_REMOTE, "rename: the connection was lost, and now "
	    "neither %s nor %s is ours", v->path, v->temp);
	return (SFTP_FAILURE);
}

/*
 * The answer to a rename did not come: has it happened?  The plain one is made
 * of two steps in OpenSSH, so that both names may be there.
 */
static int
resolve(struct line *l, const struct name *v, bool *done, struct fault *f)
{
	struct sftp_attrs attrs;
	bool there, ours;
	int rc;

	rc = sftp_stat(l->sftp, v->temp, &attrs);
	if (rc != SFTP_OK && rc != SFTP_NO_FILE)
		return (refused(l, "look after the rename", rc, f));
	there = rc == SFTP_OK;
	*done = false;
	/* One step: where the old name is, it did not happen. */
	if (there && l->u->opts->overwrite)
		return (SFTP_OK);
	rc = check_ours(l, v->path, v->size, v->end, v->endlen, &ours);
	if (rc == SFTP_NO_FILE)
		return (there ? SFTP_OK : vanished(v, f));
	if (rc != SFTP_OK)
		return (refused(l, "look after the rename", rc, f));
	if (!ours && there)
		return (SFTP_OK);
	if (!ours)
		return (vanished(v, f));
	*done = true;
	if (!there)
		return (SFTP_OK);
	rc = sftp_remove(l->sftp, v->temp);
	if (rc != SFTP_OK && rc != SFTP_NO_FILE && rc != SFTP_LOST)
		msg_warning("%s: %s is left behind (%s); a run after 24 hours "
		    "removes it", l->u->name, v->temp,
		    sftp_strerror(l->sftp, rc));
	return (rc == SFTP_LOST ? rc : SFTP_OK);
}

static int
rename_refused(struct line *l, const struct name *v, int rc, struct fault *f)
{
	struct sftp_attrs attrs;

	if (!l->u->opts->overwrite &&
	    sftp_stat(l->sftp, v->path, &attrs) == SFTP_OK) {
		upload_exists(f);
		if (v->n != &l->u->own)
			snprintf(f->text, sizeof(f->text),
			    "%s exists already", v->path);
		return (rc);
	}
	return (refused(l, "rename", rc, f));
}

static int
give_name(struct line *l, const struct name *v, struct fault *f)
{
	bool done = false;
	int rc;

	if (v->n->asked && (rc = resolve(l, v, &done, f)) != SFTP_OK)
		return (rc);
	if (!done) {
		if (halt_asked(&l->u->halt))
			return (SFTP_SIGNAL);
		v->n->asked = true;
		if (l->u->opts->overwrite)
			rc = sftp_posix_rename(l->sftp, v->temp, v->path);
		else
			rc = sftp_rename(l->sftp, v->temp, v->path);
		if (rc == SFTP_LOST)
			return (rc);
		v->n->asked = false;
		if (rc != SFTP_OK)
			return (rename_refused(l, v, rc, f));
	}
	v->n->asked = false;
	v->n->done = true;
	return (SFTP_OK);
}

/*
 * Names that an earlier session was given are asked for again: until the
 * directory is on disk, a server whose machine dies may forget them.
 */
static void
doubt_names(struct line *l)
{
	struct upload *u = l->u;
	struct naming *n;
	size_t i;

	if (u->names_born == l->born)
		return;
	for (i = 0; i <= u->manifest->beside_count; i++) {
		n = naming_of(u, i);
		n->asked |= n->done;
		n->done = false;
	}
	u->named = 0;
	u->names_born = l->born;
}

static int
give_names(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	struct name v;
	int rc = SFTP_OK;

	doubt_names(l);
	/* Once it is asked for, its answer is worth more than a quick end. */
	sftp_deafen(l->sftp, true);
	for (; u->named <= u->manifest->beside_count; u->named++) {
		v = name_number(u, u->named);
		if ((rc = give_name(l, &v, f)) != SFTP_OK)
			break;
	}
	sftp_deafen(l->sftp, false);
	if (rc != SFTP_OK)
		return (rc);
	pthread_mutex_lock(&u->cargo->lock);
	u->is_temp = false;
	pthread_mutex_unlock(&u->cargo->lock);
	return (SFTP_OK);
}

/* A new name is on disk when its directory is.  Few servers refuse that. */
static int
sync_directory(struct line *l)
{
	struct sftp_handle h;
	int rc;

	if (!sftp_has(l->sftp, SFTP_FSYNC))
		return (SFTP_OK);
	rc = sftp_open(l->sftp, l->u->dir, SFTP_READ, 0, &h);
	if (rc == SFTP_OK) {
		rc = sftp_fsync(l->sftp, &h);
		if (rc != SFTP_LOST && rc != SFTP_SIGNAL)
			(void)sftp_close(l->sftp, &h);
	}
	if (rc == SFTP_OK || rc == SFTP_LOST || rc == SFTP_SIGNAL)
		return (rc);
	msg_verbose("%s: fsync of the directory: %s", l->u->name,
	    sftp_strerror(l->sftp, rc));
	return (SFTP_OK);
}

int
finish_upload(struct line *l, struct fault *f)
{
	static int (*const steps[])(struct line *, struct fault *) = {
		[STEP_STORE] = store,
		[STEP_BESIDE] = store_beside,
		[STEP_NAMES] = give_names,
	};
	struct upload *u = l->u;
	int rc, step;

	if (atomic_load(&u->step) == STEP_SYNC && u->names_born != l->born)
		atomic_store(&u->step, STEP_NAMES);
	for (; (step = atomic_load(&u->step)) < STEP_END;
	    atomic_store(&u->step, step + 1)) {
		rc = step == STEP_SYNC ? sync_directory(l) : steps[step](l, f);
		if (rc != SFTP_OK)
			return (rc);
		pthread_mutex_lock(&u->cargo->lock);
		u->progress = sftp_now();
		u->lost_since = 0;
		pthread_mutex_unlock(&u->cargo->lock);
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
	struct naming *n;
	size_t i;

	for (i = 0; u->beside != NULL && i < u->manifest->beside_count; i++) {
		n = &u->beside[i];
		if (n->temp != NULL && !n->done && !n->asked &&
		    take_away(l, n->temp)) {
			free(n->temp);
			n->temp = NULL;
		}
		/* It was made for a backup that does not come. */
		if (n->done && !u->own.done && !u->own.asked &&
		    !u->opts->overwrite && take_away(l, n->path))
			n->done = false;
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
	keep = u->own.asked || u->own.done;
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

void
warn_left(struct upload *u)
{
	const char *why = u->why_left[0] != '\0' ? u->why_left :
	    "no connection";
	const struct naming *n;
	size_t i;

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
		    "hours removes it", u->name, u->temp, why);
	for (i = 0; u->beside != NULL && i < u->manifest->beside_count; i++) {
		n = &u->beside[i];
		if (n->temp != NULL && !n->done)
			msg_warning("%s: %s may be left behind (%s); a run "
			    "after 24 hours removes it", u->name, n->temp,
			    why);
		else if (n->done && !u->own.done && !u->own.asked)
			msg_warning("%s: %s is of this run, which has no "
			    "backup", u->name, n->path);
	}
}
