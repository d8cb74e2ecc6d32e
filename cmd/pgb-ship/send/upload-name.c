/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "send/upload-end.h"

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
	struct name v = { .n = end_naming(u, i), .path = u->path,
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

/*
 * The order of names.  What goes beside comes first, and the backup last: who
 * sees it sees all.  Where an older backup of that name is replaced it is the
 * other way round, and what was beside the older one is taken away before: a
 * sum that is not there is better than one of another backup.
 */
static size_t
in_order(const struct upload *u, size_t i)
{
	size_t count = u->manifest->beside_count;

	if (!u->opts->overwrite)
		return (i);
	return (i == 0 ? count : i - 1);
}

static int
clear_old(struct line *l)
{
	struct upload *u = l->u;
	size_t i;
	int rc;

	if (!u->opts->overwrite || u->own.asked || u->own.done)
		return (SFTP_OK);
	for (i = 0; i < u->manifest->beside_count; i++) {
		rc = sftp_remove(l->sftp, u->beside[i].path);
		if (rc == SFTP_LOST || rc == SFTP_SIGNAL)
			return (rc);
		if (rc != SFTP_OK && rc != SFTP_NO_FILE)
			msg_verbose("%s: the old %s stays until it is "
			    "replaced: %s", u->name, u->beside[i].path,
			    sftp_strerror(l->sftp, rc));
	}
	return (SFTP_OK);
}

static int
vanished(const struct name *v, struct fault *f)
{

	fault_set(f, STATUS_REMOTE, "rename: the connection was lost, and now "
	    "neither %s nor %s is ours", v->path, v->temp);
	return (SFTP_FAILURE);
}

/* Whether the file that has the name is the one that had it before. */
static int
is_old(struct line *l, const struct name *v, bool *old)
{
	struct sftp_attrs attrs;
	int rc;

	rc = sftp_stat(l->sftp, v->path, &attrs);
	/* Ours was written after we began. */
	*old = rc == SFTP_OK && v->n->had_old && attrs.has_times &&
	    attrs.size == v->n->old_size && attrs.mtime == v->n->old_mtime &&
	    l->u->clock_at != 0 && attrs.mtime < l->u->server_clock;
	return (rc);
}

/*
 * The answer to a rename did not come, or was a failure: has it happened?  The
 * plain one is made of two steps in OpenSSH, so that both names may be there.
 */
static int
resolve(struct line *l, const struct name *v, bool *done, struct fault *f)
{
	struct sftp_attrs attrs;
	bool there, ours, old;
	int rc;

	rc = sftp_stat(l->sftp, v->temp, &attrs);
	if (rc != SFTP_OK && rc != SFTP_NO_FILE)
		return (upload_refused(l, "look after the rename", rc, f));
	there = rc == SFTP_OK;
	*done = false;
	/* One step: where the old name is, it did not happen. */
	if (there && l->u->opts->overwrite)
		return (SFTP_OK);
	if ((rc = is_old(l, v, &old)) == SFTP_OK && !old)
		rc = check_ours(l, v->path, v->size, v->end, v->endlen, &ours);
	else
		ours = false;
	if (rc == SFTP_NO_FILE)
		return (there ? SFTP_OK : vanished(v, f));
	/* Who may not read can still see that it went there. */
	if (rc == SFTP_DENIED && !there)
		ours = true;
	else if (rc != SFTP_OK)
		return (upload_refused(l, "look after the rename", rc, f));
	if (!ours && there)
		return (SFTP_OK);
	if (!ours)
		return (vanished(v, f));
	*done = true;
	if (!there)
		return (SFTP_OK);
	rc = sftp_remove(l->sftp, v->temp);
	if (rc != SFTP_OK && rc != SFTP_NO_FILE && rc != SFTP_LOST)
		end_left_behind(l, v->temp, rc);
	return (rc == SFTP_LOST ? rc : SFTP_OK);
}

/* The last look before a rename: ours is there and whole, and who has the name
 * now is remembered. */
static int
look_before(struct line *l, const struct name *v, struct fault *f)
{
	struct sftp_attrs attrs;
	int rc;

	/* All of it was seen on this very session. */
	if (l->u->stored_born == l->born && !l->u->opts->overwrite &&
	    sftp_has(l->sftp, SFTP_POSIX_RENAME))
		return (SFTP_OK);
	rc = sftp_stat(l->sftp, v->temp, &attrs);
	if (rc == SFTP_NO_FILE || (rc == SFTP_OK && attrs.has_size &&
	    attrs.size != v->size)) {
		fault_set(f, STATUS_DATA, "%s is no longer what was stored: %s",
		    v->temp, rc == SFTP_OK ? "its size has changed" :
		    "it is gone");
		return (rc == SFTP_OK ? SFTP_FAILURE : rc);
	}
	if (rc != SFTP_OK)
		return (upload_refused(l, "size", rc, f));
	rc = sftp_lstat(l->sftp, v->path, &attrs);
	v->n->had_old = rc == SFTP_OK;
	v->n->old_size = attrs.size;
	v->n->old_mtime = attrs.mtime;
	return (rc == SFTP_LOST || rc == SFTP_SIGNAL ? rc : SFTP_OK);
}

static int
rename_refused(struct line *l, const struct name *v, int rc, struct fault *f)
{

	if (!l->u->opts->overwrite && v->n->had_old) {
		upload_exists(f);
		if (v->n != &l->u->own)
			snprintf(f->text, sizeof(f->text),
			    "%.600s exists already", v->path);
		return (rc);
	}
	return (upload_refused(l, "rename", rc, f));
}

/* What is known of a name; another line may be cleaning up. */
static void
told(struct upload *u, struct naming *n, bool asked, bool done)
{

	pthread_mutex_lock(&u->cargo->lock);
	n->asked = asked;
	n->done = done;
	pthread_mutex_unlock(&u->cargo->lock);
}

/* Not behind the back of a line that cleans up. */
static bool
may_ask(struct upload *u, struct naming *n)
{
	bool may;

	pthread_mutex_lock(&u->cargo->lock);
	may = u->phase != PHASE_FAILED;
	n->asked |= may;
	pthread_mutex_unlock(&u->cargo->lock);
	return (may);
}

/* A failure may be the answer to what has happened: to a rename of an older
 * session, or to one that the server's own storage did twice. */
static int
after_failure(struct line *l, const struct name *v, int error, bool *done,
    struct fault *f)
{
	struct sftp_attrs attrs;
	struct fault ignored;
	int rc;

	rc = sftp_stat(l->sftp, v->temp, &attrs);
	if (rc == SFTP_NO_FILE)
		rc = resolve(l, v, done, &ignored);
	if (rc == SFTP_LOST || rc == SFTP_SIGNAL)
		return (rc);
	if (*done)
		return (SFTP_OK);
	told(l->u, v->n, false, false);
	/* Somebody else may have taken the name just now. */
	if (!l->u->opts->overwrite &&
	    sftp_lstat(l->sftp, v->path, &attrs) == SFTP_OK)
		v->n->had_old = true;
	return (rename_refused(l, v, error, f));
}

static int
ask_rename(struct line *l, const struct name *v, struct fault *f)
{
	bool done = false;
	int rc;

	if (!may_ask(l->u, v->n))
		return (SFTP_SIGNAL);
	if (l->u->opts->overwrite)
		rc = sftp_posix_rename(l->sftp, v->temp, v->path);
	else
		rc = sftp_rename(l->sftp, v->temp, v->path);
	if (rc != SFTP_OK && rc != SFTP_LOST)
		rc = after_failure(l, v, rc, &done, f);
	return (rc);
}

static int
give_name(struct line *l, const struct name *v, struct fault *f)
{
	bool done = false;
	int rc;

	if (v->n->done)
		return (SFTP_OK);
	if (v->n->asked && (rc = resolve(l, v, &done, f)) != SFTP_OK)
		return (rc);
	if (!done) {
		if (halt_asked(&l->u->halt))
			return (SFTP_SIGNAL);
		rc = look_before(l, v, f);
		/* An older session may have done it just now. */
		if (rc == SFTP_NO_FILE && v->n->asked)
			rc = resolve(l, v, &done, f);
		if (rc == SFTP_OK && !done)
			rc = ask_rename(l, v, f);
		if (rc != SFTP_OK)
			return (rc);
	}
	told(l->u, v->n, false, true);
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
	/* Another line may just look what it may take away (clean_up). */
	pthread_mutex_lock(&u->cargo->lock);
	for (i = 0; i <= u->manifest->beside_count; i++) {
		n = end_naming(u, i);
		n->asked |= n->done;
		n->done = false;
	}
	pthread_mutex_unlock(&u->cargo->lock);
	u->names_born = l->born;
}

int
end_give_names(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	struct name v;
	size_t i;
	int rc;

	doubt_names(l);
	/* Once it is asked for, its answer is worth more than a quick end. */
	sftp_deafen(l->sftp, true);
	rc = clear_old(l);
	for (i = 0; rc == SFTP_OK && i <= u->manifest->beside_count; i++) {
		v = name_number(u, in_order(u, i));
		rc = give_name(l, &v, f);
	}
	sftp_deafen(l->sftp, false);
	if (rc != SFTP_OK)
		return (rc);
	pthread_mutex_lock(&u->cargo->lock);
	u->is_temp = false;
	pthread_mutex_unlock(&u->cargo->lock);
	return (SFTP_OK);
}

