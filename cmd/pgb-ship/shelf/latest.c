/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "shelf/shelf.h"
#include "shelf/view.h"

/* Whether a is to be taken rather than b, which may be NULL. */
static bool
is_newer(const struct view *v, const struct view_item *a,
    const struct view_item *b)
{
	bool future;

	if (b == NULL)
		return (true);
	/* Unless there is nothing else: the clock may be ours that is wrong. */
	future = view_is_future(v, a->found.time);
	if (future != view_is_future(v, b->found.time))
		return (!future);
	if (a->found.time != b->found.time)
		return (a->found.time > b->found.time);
	return (strcmp(a->file->name, b->file->name) > 0);
}

static const struct view_item *
choose(const struct view *v)
{
	const struct view_item *item, *best = NULL;
	const char *future = NULL;
	size_t i;

	for (i = 0; i < v->backup_count; i++) {
		item = &v->backups[i];
		if (!item->complete)
			continue;
		if (view_is_future(v, item->found.time))
			future = item->file->name;
		if (is_newer(v, item, best))
			best = item;
	}
	if (future != NULL)
		msg_warning("%s: %s: a time in the future%s", v->name, future,
		    view_is_future(v, best->found.time) ? "" :
		    ": passed over");
	if (best == NULL) {
		msg_error("%s: no backup of this pattern",
		    dest_shown(&v->dest));
		msg_hint("pgb-ship --list DIRECTORY tells what there is");
	}
	return (best);
}

char *
shelf_latest(const char *url, const struct ship_opts *opts,
    enum status *status)
{
	const struct view_item *best;
	char path[DEST_PATH_MAX], *name = NULL;
	struct view v;

	*status = view_open(&v, url, VIEW_PATTERN, NULL, opts);
	if (*status != STATUS_OK)
		goto out;
	if ((best = choose(&v)) == NULL) {
		*status = STATUS_DATA;
		goto out;
	}
	if (dest_join(v.dest.login && strcmp(v.dir, ".") == 0 ? "" : v.dir,
	    best->file->name, path) == -1) {
		msg_error("%s: %s: the path is too long", v.name,
		    best->file->name);
		*status = STATUS_REMOTE;
	} else if ((name = dest_name(&v.dest, path)) == NULL) {
		msg_errno(v.name);
		*status = STATUS_LOCAL;
	}
out:
	view_close(&v);
	return (name);
}
