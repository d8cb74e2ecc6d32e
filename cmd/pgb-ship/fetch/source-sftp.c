/* SPDX-License-Identifier: ISC */
/*
 * A file of a server, read through as many connections as it takes.
 *
 * What was read from one connection and what comes from the next must be parts
 * of one file.  SFTP has no number of a file that could show it; so it counts
 * as the same while size and time are the same and, where something was handed
 * on already, its last bytes are there again.
 *
 * A connection is made again for opts->retry_ms, counted from the loss after
 * which nothing more was read: a line that breaks every minute may do so for
 * days.  What the server refuses, host key and authentication too, is final.
 */
#include <sys/stat.h>

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fetch/ahead.h"
#include "fetch/source.h"
#include "msg.h"
#include "ssh/remote.h"
#include "route/route.h"
#include "secret/secrets.h"

#define LAST	4096

struct remote {
	struct source source;	/* first: a struct source * is this */
	const struct ship_opts *opts;
	struct route *route;
	struct sftp *sftp;	/* NULL: between two connections */
	struct sftp_io io;	/* outside of ahead */

	bool open;		/* the file was opened, as attrs says */
	struct sftp_handle handle;
	struct sftp_attrs attrs;
	struct ahead *ahead;
	bool started;		/* ahead reads from this connection */
	uint8_t last[LAST];	/* what was handed on last */
	size_t last_len;

	int64_t lost_ms;	/* since when nothing was read; 0: it was */
	unsigned attempt;
	char told[sizeof(((struct fault *)0)->text)];
};

static struct remote *
remote_of(struct source *src)
{

	return ((struct remote *)(void *)src);
}

/* --- the connection --- */

#define LOST	"connection lost"

/* What rc, of a request, means.  STATUS_RETRY: see recover(). */
static enum status
blame(const struct remote *r, const char *what, int rc, struct fault *f)
{
	const char *why = sftp_strerror(r->sftp, rc);

	/* Which request it was does not matter; a wire may say it already. */
	if (rc == SFTP_LOST && !sftp_is_garbage(r->sftp))
		what = strncmp(why, LOST, strlen(LOST)) == 0 ? NULL : LOST;
	(void)remote_fault(r->sftp, what, rc, f);
	if (rc == SFTP_NO_FILE)
		fault_hint(f, "pgb-ship --list tells what there is");
	return (f->status);
}

static enum status
changed(struct fault *f)
{

	return (fault_set(f, STATUS_DATA, "changed while it was read"));
}

static void
all_is_well(struct remote *r)
{

	r->lost_ms = 0;
	r->attempt = 0;
	r->told[0] = '\0';
}

/* A small piece, whole or up to the end of the file. */
static int
read_at(struct remote *r, uint64_t offset, void *buf, size_t len, size_t *got)
{
	int rc;

	for (*got = 0; *got < len; *got += r->io.len) {
		r->io.buf = (uint8_t *)buf + *got;
		r->io.offset = offset + *got;
		r->io.len = len - *got < SFTP_BLOCK ? len - *got : SFTP_BLOCK;
		sftp_read(r->sftp, &r->handle, &r->io);
		if ((rc = sftp_await(r->sftp, &r->io)) != SFTP_OK)
			return (rc);
		if (r->io.error != SFTP_OK)
			return (r->io.error == SFTP_EOF ? SFTP_OK :
			    r->io.error);
	}
	return (SFTP_OK);
}

static int
open_file(struct remote *r, const char *path, struct sftp_attrs *a)
{
	int rc;

	r->started = false;
	rc = sftp_open(r->sftp, path, SFTP_READ, 0, &r->handle);
	if (rc != SFTP_OK)
		return (rc);
	return (sftp_fstat(r->sftp, &r->handle, a));
}

static bool
is_same(const struct sftp_attrs *a, const struct sftp_attrs *b)
{

	return (a->has_size && a->size == b->size &&
	    a->has_times == b->has_times && a->mtime == b->mtime);
}

/* Where the last connection stood, on this one. */
static enum status
stand_again(struct remote *r, struct fault *f)
{
	struct source *src = &r->source;
	struct sftp_attrs a;
	uint8_t last[LAST];
	size_t got;
	int rc;

	f->status = STATUS_OK;
	if (!r->open)
		return (STATUS_OK);
	rc = open_file(r, src->path, &a);
	if (rc == SFTP_NO_FILE || (rc == SFTP_OK && !is_same(&a, &r->attrs)))
		return (changed(f));
	if (rc != SFTP_OK)
		return (blame(r, "open again", rc, f));
	rc = read_at(r, src->pos - r->last_len, last, r->last_len, &got);
	if (rc != SFTP_OK)
		return (blame(r, "read again", rc, f));
	if (got != r->last_len || memcmp(last, r->last, got) != 0)
		return (changed(f));
	return (STATUS_OK);
}

/* Tell the loss, and wait before the next attempt.  f becomes final where
 * there will be none. */
static enum status
pause_before(struct remote *r, struct fault *f)
{
	int64_t tried = clock_ms() - r->lost_ms;
	int64_t left = r->opts->retry_ms - tried;
	struct pollfd out = { .fd = r->source.out };
	int ms = remote_backoff_ms(r->attempt);

	if (left <= 0) {
		/* In place of what might be wrong with a server that was there
		 * a moment ago. */
		if (r->attempt > 0)
			fault_hint(f, "given up after %lld seconds without "
			    "progress; --retry-time allows more",
			    (long long)tried / 1000);
		return (STATUS_RETRY);
	}
	if (ms > left)
		ms = (int)left;
	r->attempt++;
	if (strcmp(f->text, r->told) != 0) {
		memcpy(r->told, f->text, sizeof(r->told));
		msg_warning("%s: %s; trying again", r->source.name, f->text);
	}
	if (remote_pause(ms, NULL) == -1 ||
	    (poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0))
		return (fault_halted(f));
	return (STATUS_OK);
}

/* The connection is lost, f says why: make another, until it stands where the
 * last one stood, or there is no hope. */
static enum status
recover(struct remote *r, struct fault *f)
{
	struct source *src = &r->source;

	if (r->lost_ms == 0)
		r->lost_ms = clock_ms();
	do {
		if (pause_before(r, f) != STATUS_OK)
			break;
		sftp_free(r->sftp);
		r->sftp = remote_open(r->route, NULL, f);
		if (r->sftp != NULL)
			stand_again(r, f);
	} while (f->status == STATUS_RETRY);
	if (f->status != STATUS_OK)
		return (fault_print(f, src->name));
	src->reconnects++;
	if (r->open)
		msg_note("%s: connected again, going on at byte %llu of %llu",
		    src->name, (unsigned long long)src->pos,
		    (unsigned long long)src->size);
	else
		msg_note("%s: connected again", src->name);
	return (STATUS_OK);
}

/* A request has failed.  STATUS_OK: do it again. */
static enum status
again(struct remote *r, const char *what, int rc)
{
	struct fault f;

	if (blame(r, what, rc, &f) != STATUS_RETRY)
		return (fault_print(&f, r->source.name));
	return (recover(r, &f));
}

/* --- the source --- */

static int
slurp_once(struct remote *r, const char *path, char *buf, size_t max,
    size_t *len)
{
	struct sftp_attrs a;
	size_t more;
	char extra;
	int rc;

	if ((rc = open_file(r, path, &a)) != SFTP_OK ||
	    (rc = read_at(r, 0, buf, max, len)) != SFTP_OK)
		return (rc);
	if (*len == max) {
		rc = read_at(r, max, &extra, 1, &more);
		if (rc != SFTP_OK)
			return (rc);
		*len += more;
	}
	return (sftp_close(r->sftp, &r->handle));
}

static enum status
remote_slurp(struct source *src, const char *path, char *buf, size_t max,
    size_t *len, struct fault *lack)
{
	struct remote *r = remote_of(src);
	enum status status;
	int rc;

	lack->status = STATUS_OK;
	while ((rc = slurp_once(r, path, buf, max, len)) == SFTP_LOST ||
	    rc == SFTP_SIGNAL)
		if ((status = again(r, "read", rc)) != STATUS_OK)
			return (status);
	all_is_well(r);
	if (rc == SFTP_NO_FILE)
		fault_set(lack, STATUS_DATA, "%s", "");
	else if (rc != SFTP_OK)
		fault_set(lack, STATUS_DATA, "%s", sftp_strerror(r->sftp, rc));
	else if (*len > max)
		fault_set(lack, STATUS_DATA, "larger than %zu bytes", max);
	return (STATUS_OK);
}

static enum status
remote_open_file(struct source *src)
{
	struct remote *r = remote_of(src);
	enum status status;
	int rc;

	while ((rc = open_file(r, src->path, &r->attrs)) != SFTP_OK)
		if ((status = again(r, NULL, rc)) != STATUS_OK)
			return (status);
	all_is_well(r);
	if (!r->attrs.has_size ||
	    (r->attrs.has_mode && !S_ISREG(r->attrs.mode)))
		return (source_irregular(src));
	if ((r->ahead = ahead_new(&src->limit)) == NULL) {
		msg_errno(src->name);
		return (STATUS_LOCAL);
	}
	r->open = true;
	src->size = src->end = r->attrs.size;
	src->pos = 0;
	return (STATUS_OK);
}

static void
remember(struct remote *r, const uint8_t *buf, size_t len)
{
	size_t keep;

	if (len >= LAST) {
		memcpy(r->last, buf + len - LAST, LAST);
		r->last_len = LAST;
		return;
	}
	keep = r->last_len < LAST - len ? r->last_len : LAST - len;
	memmove(r->last, r->last + r->last_len - keep, keep);
	memcpy(r->last + keep, buf, len);
	r->last_len = keep + len;
}

static enum status
remote_read(struct source *src, void *buf, size_t len, size_t *got)
{
	struct remote *r = remote_of(src);
	enum status status;
	int rc;

	*got = 0;
	if (src->pos == src->end)
		return (STATUS_OK);
	for (;;) {
		if (!r->started)
			ahead_start(r->ahead, r->sftp, &r->handle, src->pos,
			    src->end);
		r->started = true;
		rc = ahead_read(r->ahead, buf, len, got);
		if (rc == SFTP_OK)
			break;
		if (rc == SFTP_EOF)
			return (source_changed(src));
		if ((status = again(r, "read", rc)) != STATUS_OK)
			return (status);
	}
	all_is_well(r);
	remember(r, buf, *got);
	src->pos += *got;
	return (STATUS_OK);
}

static enum status
remote_check(struct source *src)
{
	struct remote *r = remote_of(src);
	enum status status;
	struct sftp_attrs a;
	int rc;

	while ((rc = sftp_fstat(r->sftp, &r->handle, &a)) != SFTP_OK)
		if ((status = again(r, "size", rc)) != STATUS_OK)
			return (status);
	if (src->pos != src->end || !is_same(&a, &r->attrs))
		return (source_changed(src));
	return (STATUS_OK);
}

static void
remote_close(struct source *src)
{
	struct remote *r = remote_of(src);

	/* It writes into the memory of ahead, and uses the route. */
	sftp_free(r->sftp);
	ahead_free(r->ahead);
	route_free(r->route);
	free(r);
}

struct source *
source_sftp(const struct dest *d, const char *path, const char *name,
    const struct ship_opts *opts, enum status *status)
{
	struct fault f = { .status = STATUS_LOCAL, .text = "no memory" };
	struct remote *r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		*status = fault_print(&f, name);
		return (NULL);
	}
	r->source = (struct source){ .name = name, .path = path, .out = -1,
	    .slurp = remote_slurp, .open = remote_open_file,
	    .read = remote_read, .check = remote_check,
	    .close = remote_close };
	r->opts = opts;
	bucket_init(&r->source.limit, opts->limit);
	if ((r->route = route_new(d, name, opts, opts->secrets, NULL, &f)) ==
	    NULL ||
	    (r->sftp = remote_first(r->route, NULL, &f)) == NULL) {
		*status = fault_print(&f, name);
		remote_close(&r->source);
		return (NULL);
	}
	/* It may go on for hours: who started it is not waited for. */
	secrets_seal(opts->secrets);
	r->source.transport = route_transport(r->route);
	return (&r->source);
}
