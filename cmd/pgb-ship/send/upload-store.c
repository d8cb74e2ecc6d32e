/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "progress/progress.h"
#include "send/upload-end.h"

/* It may not be left under way, whatever comes: then the session is lost. */
static int
await_sync(struct line *l, struct sftp_io *sync)
{
	int rc = sftp_await(l->sftp, sync);

	if (rc == SFTP_SIGNAL) {
		sftp_last_words(l->sftp);
		rc = sftp_await(l->sftp, sync);
	}
	return (rc);
}

/* Size, mode, and on disk: of a file that is open. */
static int
make_sure(struct line *l, const struct sftp_handle *h, const char *path,
    uint64_t size, struct fault *f)
{
	struct upload *u = l->u;
	struct sftp_attrs attrs;
	struct sftp_io sync;
	int rc, waited;

	if (u->mode != UPLOAD_MODE &&
	    (rc = sftp_set_mode(l->sftp, h, u->mode)) != SFTP_OK)
		return (upload_refused(l, "set mode", rc, f));
	/* On a long line each question alone costs a round trip. */
	memset(&sync, 0, sizeof(sync));
	if (sftp_has(l->sftp, SFTP_FSYNC))
		sftp_sync(l->sftp, h, &sync);
	rc = sftp_fstat(l->sftp, h, &attrs);
	if ((waited = await_sync(l, &sync)) != SFTP_OK)
		return (waited);
	if (upload_synced(l, sync.error, f) != SFTP_OK)
		return (sync.error);
	if (rc != SFTP_OK)
		return (upload_refused(l, "size", rc, f));
	if (!attrs.has_size || attrs.size != size) {
		fault_set(f, STATUS_REMOTE, "the server has %" PRIu64
		    " bytes of %" PRIu64 " in %s, though it acknowledged all",
		    attrs.size, size, path);
		return (SFTP_FAILURE);
	}
	return (halt_asked(&u->halt) ? SFTP_SIGNAL : SFTP_OK);
}

static bool
has_reconnected(struct upload *u)
{
	bool yes;

	pthread_mutex_lock(&u->cargo->lock);
	yes = u->reconnects > 0;
	pthread_mutex_unlock(&u->cargo->lock);
	return (yes);
}

int
end_store(struct line *l, struct fault *f)
{
	struct upload *u = l->u;
	int rc;

	u->stored_born = l->born;
	rc = make_sure(l, &l->handle, u->temp, u->given, f);
	if (rc != SFTP_OK)
		return (rc);
	pthread_mutex_lock(&u->cargo->lock);
	ledger_synced(u->ledger, u->given);
	pthread_mutex_unlock(&u->cargo->lock);
	/* Without fsync nobody knows what a server that was away has kept. */
	if ((u->opts->read_back || (!sftp_has(l->sftp, SFTP_FSYNC) &&
	    has_reconnected(u))) && (rc = check_all(l, f)) != SFTP_OK)
		return (rc);
	progress_state(PROGRESS_PUBLISHING);
	l->is_open = false;
	return (upload_refused(l, "close", sftp_close(l->sftp, &l->handle), f));
}

/* --- what goes beside --- */

struct naming *
end_naming(struct upload *u, size_t i)
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

void
end_left_behind(const struct line *l, const char *path, int rc)
{

	msg_warning("%s: %s is left behind (%s); a run after 24 hours removes "
	    "it, if it may", l->u->name, path, sftp_strerror(l->sftp, rc));
}

static int
store_one(struct line *l, const struct beside *b, struct naming *n,
    struct fault *f)
{
	struct upload *u = l->u;
	struct sftp_handle h;
	int rc;

	/* One that was begun on a connection that broke: a new one. */
	if (n->temp != NULL) {
		rc = sftp_remove(l->sftp, n->temp);
		if (rc == SFTP_LOST || rc == SFTP_SIGNAL)
			return (rc);
		if (rc != SFTP_OK && rc != SFTP_NO_FILE)
			end_left_behind(l, n->temp, rc);
	}
	free(n->temp);
	if ((n->temp = upload_temp(u, n->path, f)) == NULL)
		return (SFTP_FAILURE);
	rc = sftp_open(l->sftp, n->temp, SFTP_WRITE | SFTP_CREAT | SFTP_EXCL,
	    UPLOAD_MODE, &h);
	if (rc != SFTP_OK)
		return (upload_refused(l, b->suffix, rc, f));
	if ((rc = write_small(l, &h, b)) != SFTP_OK)
		return (upload_refused(l, b->suffix, rc, f));
	if ((rc = make_sure(l, &h, n->temp, b->len, f)) != SFTP_OK)
		return (rc);
	return (upload_refused(l, b->suffix, sftp_close(l->sftp, &h), f));
}

int
end_store_beside(struct line *l, struct fault *f)
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

