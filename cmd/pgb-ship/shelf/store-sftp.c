/* SPDX-License-Identifier: ISC */
/*
 * Everything that is asked of the server is one step that may be taken again
 * from its beginning: a listing that was cut short is forgotten, and a file
 * whose removal was never answered is removed once more.  So a lost connection
 * costs a new one, and then the same step.
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "msg.h"
#include "shelf/store-impl.h"
#include "ssh/remote.h"

struct remote {
	struct store store;	/* first: a struct store * is this */
	const char *dir;
	int retry_ms;
	struct route *route;
	struct sftp *sftp;	/* NULL: lost, and not made again */
};

static struct remote *
remote_of(struct store *s)
{

	return ((struct remote *)(void *)s);
}

/* --- steps --- */

/* How a step ends that could not even be asked for: fault is set. */
#define STEP_FAULT	(-1000)

typedef int (*step_fn)(struct remote *, void *arg, struct fault *);

/* Connect again, if there is still time for that. */
static enum status
again(struct remote *r, int64_t lost, unsigned *attempt, struct fault *fault)
{

	do {
		if (clock_ms() - lost >= r->retry_ms)
			return (fault->status);
		if (remote_pause(remote_backoff_ms((*attempt)++), NULL) == -1)
			return (fault_halted(fault));
		r->sftp = remote_open(r->route, NULL, fault);
	} while (r->sftp == NULL && fault->status == STATUS_RETRY);
	return (r->sftp != NULL ? STATUS_OK : fault->status);
}

/* Take a step until it is done; what (or NULL) names it in the fault. */
static enum status
take(struct remote *r, const char *what, step_fn step, void *arg,
    struct fault *fault)
{
	enum status status;
	int64_t lost = -1;
	unsigned attempt = 0;
	int rc;

	while (r->sftp != NULL) {
		rc = step(r, arg, fault);
		if (rc == SFTP_OK)
			return (STATUS_OK);
		if (rc == STEP_FAULT)
			return (fault->status);
		status = remote_fault(r->sftp, what, rc, fault);
		if (status != STATUS_RETRY)
			return (status);
		sftp_free(r->sftp);
		r->sftp = NULL;
		if (lost == -1) {
			lost = clock_ms();
			msg_note("%s: %s: connecting again", r->store.name,
			    fault->text);
		}
		if ((status = again(r, lost, &attempt, fault)) != STATUS_OK)
			return (status);
	}
	return (fault_set(fault, STATUS_RETRY, "no connection"));
}

/* --- list --- */

struct listing {
	struct store_list *list;
	bool partly;		/* a file of which not all is known */
	int error;		/* errno of what could not be kept, or 0 */
};

static void
describe(struct store_file *f, const struct sftp_attrs *a)
{

	f->regular = a->has_mode && S_ISREG(a->mode) && a->has_size;
	f->size = f->regular ? a->size : 0;
	f->mtime = a->has_times ? a->mtime : 0;
}

static void
add_entry(void *arg, const char *name, const struct sftp_attrs *a)
{
	struct listing *l = arg;
	struct store_file f = { .name = NULL };

	describe(&f, a);
	if (!a->has_mode || !a->has_size || !a->has_times)
		l->partly = true;
	if (l->error == 0 && store_list_add(l->list, name, &f) == -1)
		l->error = errno;
}

/* Few servers list names without what they are: then each is asked for. */
static int
complete(struct remote *r, struct store_list *list)
{
	char path[DEST_PATH_MAX];
	struct sftp_attrs a;
	size_t i;
	int rc;

	for (i = 0; i < list->count; i++) {
		if (dest_join(r->dir, list->v[i].name, path) == -1)
			continue;
		rc = sftp_lstat(r->sftp, path, &a);
		if (rc == SFTP_LOST || rc == SFTP_SIGNAL)
			return (rc);
		if (rc == SFTP_OK)
			describe(&list->v[i], &a);
		else
			list->v[i].regular = false;
	}
	return (SFTP_OK);
}

static int
list_step(struct remote *r, void *arg, struct fault *fault)
{
	struct listing *l = arg;
	struct sftp_handle h;
	int rc;

	store_list_free(l->list);
	l->partly = false;
	if ((rc = sftp_opendir(r->sftp, r->dir, &h)) != SFTP_OK)
		return (rc);
	do
		rc = sftp_readdir(r->sftp, &h, add_entry, l);
	while (rc == SFTP_OK && l->error == 0);
	if (l->error != 0) {
		if (l->error == EFBIG)
			fault_set(fault, STATUS_REMOTE, "more than %d files",
			    STORE_FILES_MAX);
		else
			fault_set(fault, STATUS_LOCAL, "%s",
			    strerror(l->error));
		return (STEP_FAULT);
	}
	if (rc != SFTP_EOF)
		return (rc);
	rc = sftp_close(r->sftp, &h);
	if (rc == SFTP_LOST || rc == SFTP_SIGNAL)
		return (rc);
	return (l->partly ? complete(r, l->list) : SFTP_OK);
}

static enum status
remote_list(struct store *s, struct store_list *list)
{
	struct remote *r = remote_of(s);
	struct listing l = { .list = list };
	struct fault fault = { .status = STATUS_OK };

	if (take(r, "list", list_step, &l, &fault) == STATUS_OK)
		return (STATUS_OK);
	return (fault_print(&fault, s->name));
}

/* --- remove --- */

struct removal {
	const char *name;
};

static int
remove_step(struct remote *r, void *arg, struct fault *fault)
{
	const struct removal *removal = arg;
	char path[DEST_PATH_MAX];
	int rc;

	if (dest_join(r->dir, removal->name, path) == -1) {
		fault_set(fault, STATUS_REMOTE, "the path is too long");
		return (STEP_FAULT);
	}
	rc = sftp_remove(r->sftp, path);
	return (rc == SFTP_NO_FILE ? SFTP_OK : rc);
}

static enum store_removed
remote_remove(struct store *s, const char *name, struct fault *fault)
{
	struct remote *r = remote_of(s);
	struct removal removal = { name };
	enum status status;

	status = take(r, NULL, remove_step, &removal, fault);
	if (status == STATUS_OK)
		return (STORE_REMOVED);
	/* Where the connection still stands, it is this file's alone. */
	return (status == STATUS_REMOTE && r->sftp != NULL &&
	    !sftp_is_lost(r->sftp) ? STORE_REFUSED : STORE_GONE);
}

/* --- clock --- */

static int
clock_step(struct remote *r, void *arg, struct fault *fault)
{
	int64_t *reached = arg;
	struct sftp_attrs a;
	int rc;

	(void)fault;
	rc = sftp_stat(r->sftp, r->dir, &a);
	if (rc == SFTP_OK && a.has_times)
		*reached = a.mtime;
	return (rc == SFTP_LOST || rc == SFTP_SIGNAL ? rc : SFTP_OK);
}

static enum status
remote_clock(struct store *s, int64_t *reached)
{
	struct fault fault = { .status = STATUS_OK };

	if (take(remote_of(s), "stat", clock_step, reached, &fault) ==
	    STATUS_OK)
		return (STATUS_OK);
	return (fault_print(&fault, s->name));
}

/* --- both ends --- */

static void
remote_close(struct store *s)
{
	struct remote *r = remote_of(s);

	sftp_free(r->sftp);
	route_free(r->route);
	free(r);
}

struct store *
store_sftp_open(const struct dest *d, const char *dir, const char *name,
    const struct ship_opts *opts, enum status *status)
{
	struct fault fault = { .status = STATUS_OK };
	struct remote *r;

	*status = STATUS_LOCAL;
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		msg_errno(name);
		return (NULL);
	}
	r->store = (struct store){ name, remote_list, remote_remove,
	    remote_clock, remote_close };
	r->dir = dir;
	r->retry_ms = opts->retry_ms;
	r->route = route_new(d, name, opts, opts->secrets, NULL, &fault);
	if (r->route != NULL)
		r->sftp = remote_first(r->route, NULL, &fault);
	if (r->sftp != NULL) {
		*status = STATUS_OK;
		return (&r->store);
	}
	*status = fault_print(&fault, name);
	remote_close(&r->store);
	return (NULL);
}
