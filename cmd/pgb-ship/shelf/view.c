/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "msg.h"
#include "publish.h"
#include "shelf/view.h"
#include "sig.h"

/* --- telling apart --- */

static bool
is_complete(const struct store_file *f)
{

	return (f->regular && f->size > 0);
}

static void
append(struct view_item *v, size_t *count, const struct store_file *f,
    const struct match_found *found)
{

	v[(*count)++] = (struct view_item){ .file = f, .found = *found,
	    .complete = is_complete(f) };
}

/*
 * A name can be that of a backup and that of something beside one too, where
 * the pattern ends in {db}: it is beside the backup that is there.
 */
static bool
sort_out(struct view *v, const struct opt_list *extra,
    const struct store_file *f)
{
	struct match_found own, other, gone;
	bool is_own = match_name(v->match, f->name, &own);
	const struct store_file *backup;
	bool orphan = false;
	unsigned depth;

	for (depth = 2; depth >= 1 && f->regular; depth--) {
		if (!match_beside(v->match, extra, f->name, depth, &other))
			continue;
		backup = store_find(&v->list, f->name, other.len);
		if (backup != NULL && (is_complete(backup) || !is_own)) {
			append(v->besides, &v->beside_count, f, &other);
			return (true);
		}
		gone = other;
		orphan = true;
	}
	if (is_own)
		append(v->backups, &v->backup_count, f, &own);
	else if (orphan)
		append(v->besides, &v->beside_count, f, &gone);
	return (is_own || orphan);
}

static int
in_order(const struct view_item *a, const struct view_item *b)
{
	int order = strcmp(a->found.series, b->found.series);

	if (order == 0 && a->found.time != b->found.time)
		order = a->found.time < b->found.time ? -1 : 1;
	return (order);
}

static int
by_series(const void *a, const void *b)
{
	const struct view_item *x = a, *y = b;
	int order = in_order(x, y);

	return (order != 0 ? order : strcmp(x->file->name, y->file->name));
}

/* The backup that an item goes beside, or NULL. */
static struct view_item *
owner(struct view *v, const struct view_item *item)
{
	size_t low = 0, high = v->backup_count, mid;
	struct view_item *here;
	int order;

	while (low < high) {
		mid = low + (high - low) / 2;
		here = &v->backups[mid];
		order = in_order(here, item);
		if (order == 0)
			order = strncmp(here->file->name, item->file->name,
			    item->found.len);
		if (order == 0 && here->file->name[item->found.len] == '\0')
			return (here);
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (NULL);
}

/* Chain each to its backup; from the last on, so that the chain is in order. */
static void
join(struct view *v)
{
	struct view_item *backup, *item;
	size_t i;

	for (i = v->beside_count; i-- > 0;) {
		item = &v->besides[i];
		if ((backup = owner(v, item)) == NULL) {
			v->orphans[v->orphan_count++] = item;
			continue;
		}
		item->beside = backup->beside;
		backup->beside = item;
	}
	for (i = 0; i < v->orphan_count / 2; i++) {
		item = v->orphans[i];
		v->orphans[i] = v->orphans[v->orphan_count - 1 - i];
		v->orphans[v->orphan_count - 1 - i] = item;
	}
}

static enum status
tell_apart(struct view *v, const struct opt_list *extra)
{
	const size_t count = v->list.count + 1;
	size_t i;

	v->backups = calloc(count, sizeof(*v->backups));
	v->besides = calloc(count, sizeof(*v->besides));
	v->orphans = calloc(count, sizeof(*v->orphans));
	v->temps = calloc(count, sizeof(*v->temps));
	if (v->backups == NULL || v->besides == NULL || v->orphans == NULL ||
	    v->temps == NULL) {
		msg_errno(v->name);
		return (STATUS_LOCAL);
	}
	for (i = 0; i < v->list.count; i++) {
		if (sig_caught() != 0)
			return (STATUS_LOCAL);
		if (publish_is_temp(v->list.v[i].name)) {
			if (v->list.v[i].regular)
				v->temps[v->temp_count++] = &v->list.v[i];
		} else if (!sort_out(v, extra, &v->list.v[i]))
			v->strangers++;
	}
	qsort(v->backups, v->backup_count, sizeof(*v->backups), by_series);
	qsort(v->besides, v->beside_count, sizeof(*v->besides), by_series);
	join(v);
	return (STATUS_OK);
}

/* --- opening --- */

static enum status
find(struct view *v, const char *url, enum view_what what)
{
	const char *pattern;
	enum status status;

	if ((status = dest_parse_place(&v->dest, url)) != STATUS_OK ||
	    (status = dest_place(&v->dest, v->dir, &pattern)) != STATUS_OK)
		return (status);
	if (pattern == NULL && what == VIEW_PATTERN) {
		msg_error("%s: no day in the pattern's last part",
		    dest_shown(&v->dest));
		msg_hint("the name that the backups were given, for example "
		    ".../{db}-{time}.dump.age: nothing else is looked at");
		return (STATUS_USAGE);
	}
	if ((v->name = dest_name(&v->dest, v->dir)) == NULL) {
		msg_errno(dest_shown(&v->dest));
		return (STATUS_LOCAL);
	}
	if (pattern != NULL)
		v->match = match_new(pattern, v->dest.url,
		    dest_shown(&v->dest), &status);
	else if ((v->match = match_any()) == NULL) {
		msg_errno(v->name);
		status = STATUS_LOCAL;
	}
	return (status);
}

enum status
view_open(struct view *v, const char *url, enum view_what what,
    const struct opt_list *extra, const struct ship_opts *opts)
{
	enum status status;

	memset(v, 0, sizeof(*v));
	if ((status = find(v, url, what)) != STATUS_OK)
		return (status);
	v->store = store_open(&v->dest, v->dir, v->name, opts, &status);
	if (v->store == NULL)
		return (status);
	if ((status = store_list(v->store, &v->list)) != STATUS_OK ||
	    (status = store_clock(v->store, &v->theirs)) != STATUS_OK)
		return (status);
	v->ours = time(NULL);
	return (tell_apart(v, extra));
}

void
view_close(struct view *v)
{

	free(v->backups);
	free(v->besides);
	free(v->orphans);
	free(v->temps);
	store_list_free(&v->list);
	store_close(v->store);
	match_free(v->match);
	free(v->name);
	dest_wipe(&v->dest);
}

bool
view_is_future(const struct view *v, int64_t time)
{
	int64_t now = v->ours > v->theirs ? v->ours : v->theirs;

	return (time - now > VIEW_DAY);
}

/* --- what is printed --- */

void
view_human(uint64_t bytes, char text[VIEW_HUMAN])
{
	static const char units[] = "KMGTPE";
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(text, VIEW_HUMAN, "%u B", (unsigned)bytes);
		return;
	}
	/* What would be rounded to "1024.0" is one of the next unit. */
	for (; value >= 1023.95 && units[i + 1] != '\0'; i++)
		value /= 1024;
	snprintf(text, VIEW_HUMAN, "%.1f %ciB", value, units[i]);
}
