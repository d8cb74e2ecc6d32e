/* SPDX-License-Identifier: ISC */
/*
 * All is looked at and judged before the first file is removed.  Then series by
 * series, the oldest first: a backup, and only when that is gone what goes
 * beside it, so that who sees one of a pair left over knows that it is worth
 * nothing.  Who is stopped in between has removed less, and nothing else.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fdio.h"
#include "msg.h"
#include "shelf/keep.h"
#include "shelf/shelf.h"
#include "shelf/verdict.h"

struct judged {
	struct keep_item item;
	bool counted;		/* complete, and not of the future */
};

struct prune {
	struct view view;
	const struct keep *keep;
	struct verdicts out;
	struct judged *judged;	/* one for each backup of the view */
	size_t removed, refused;
	uint64_t freed;		/* bytes */
	struct fault fault;	/* of the first that was refused */
};

/* --- judging --- */

/* The backups from first on that are of one series: the first that is not. */
static size_t
series_end(const struct view *v, size_t first)
{
	size_t i;

	for (i = first + 1; i < v->backup_count; i++)
		if (strcmp(v->backups[i].found.series,
		    v->backups[first].found.series) != 0)
			break;
	return (i);
}

static void
judge_series(struct prune *p, size_t first, size_t end,
    struct keep_item *items, size_t *which)
{
	const struct view_item *b;
	size_t i, count = 0;

	for (i = end; i-- > first;) {
		b = &p->view.backups[i];
		p->judged[i].counted = b->complete &&
		    !view_is_future(&p->view, b->found.time);
		if (!p->judged[i].counted)
			continue;
		items[count].time = b->found.time;
		items[count].written = b->file->mtime;
		which[count++] = i;
	}
	keep_decide(items, count, p->keep);
	for (i = 0; i < count; i++)
		p->judged[which[i]].item = items[i];
}

static enum status
judge(struct prune *p)
{
	const size_t count = p->view.backup_count;
	struct keep_item *items = calloc(count + 1, sizeof(*items));
	size_t *which = calloc(count + 1, sizeof(*which));
	size_t first, end;

	p->judged = calloc(count + 1, sizeof(*p->judged));
	if (items != NULL && which != NULL && p->judged != NULL)
		for (first = 0; first < count; first = end) {
			end = series_end(&p->view, first);
			judge_series(p, first, end, items, which);
		}
	free(items);
	free(which);
	if (items == NULL || which == NULL || p->judged == NULL) {
		msg_errno(p->view.name);
		return (STATUS_LOCAL);
	}
	return (STATUS_OK);
}

/* What a person should look at, in a line for each kind. */
static void
warn(const struct prune *p)
{
	const struct view *v = &p->view;
	const char *future = NULL, *bad = NULL, *late = NULL;
	size_t futures = 0, bads = 0, lates = 0, i;

	for (i = 0; i < v->backup_count; i++) {
		if (!v->backups[i].complete) {
			bads++;
			bad = v->backups[i].file->name;
		} else if (!p->judged[i].counted) {
			futures++;
			future = v->backups[i].file->name;
		} else if (p->judged[i].item.late) {
			lates++;
			late = v->backups[i].file->name;
		}
	}
	if (bad != NULL)
		msg_warning("%s: %s%s: empty or no regular file: left, and "
		    "not counted", v->name, bad, bads > 1 ? " and others" :
		    "");
	if (future != NULL)
		msg_warning("%s: %s%s: a time in the future: kept, and not "
		    "counted", v->name, future, futures > 1 ? " and others" :
		    "");
	if (late != NULL)
		msg_warning("%s: %s%s: written after the newest one by name: "
		    "kept: was a clock wrong?", v->name, late, lates > 1 ?
		    " and others" : "");
	if (v->backup_count == 0)
		msg_warning("%s: no file is of this pattern",
		    dest_shown(&v->dest));
	msg_verbose("%s: %zu other files are not of the pattern", v->name,
	    v->strangers);
}

/* --- removing --- */

static enum status
tell(struct prune *p, enum verdict verdict, const struct store_file *f,
    const struct view_item *item, const char *why)
{

	return (verdict_put(&p->out, &(struct verdict_row){
	    .verdict = verdict, .file = f, .item = item, .why = { why } }));
}

/*
 * Remove the file of a row, or not, and say so.  *gone tells whether it is not
 * there any more (or would not be).
 */
static enum status
take_away(struct prune *p, struct verdict_row *row, bool *gone)
{
	struct fault fault = { .status = STATUS_OK };

	*gone = true;
	row->verdict = VERDICT_WOULD;
	if (p->out.dry_run)
		return (verdict_put(&p->out, row));
	switch (store_remove(p->view.store, row->file->name, &fault)) {
	case STORE_REMOVED:
		row->verdict = VERDICT_REMOVED;
		p->removed++;
		p->freed += row->file->size;
		break;
	case STORE_REFUSED:
		*gone = false;
		row->verdict = VERDICT_REFUSED;
		row->error = fault.text;
		if (p->refused++ == 0)
			p->fault = fault;
		break;
	case STORE_GONE:
		return (fault_print(&fault, p->view.name));
	}
	return (verdict_put(&p->out, row));
}

static enum status
take_beside(struct prune *p, const struct view_item *backup)
{
	char name[4 * MATCH_NAME_MAX + 8], why[sizeof(name) + 16];
	const struct view_item *b;
	struct verdict_row row;
	enum status status;
	bool gone;

	msg_mask(name, sizeof(name), backup->file->name);
	snprintf(why, sizeof(why), "beside %s", name);
	for (b = backup->beside; b != NULL; b = b->beside) {
		row = (struct verdict_row){ .file = b->file, .item = b,
		    .why = { why } };
		if ((status = take_away(p, &row, &gone)) != STATUS_OK)
			return (status);
	}
	return (STATUS_OK);
}

static enum status
do_backup(struct prune *p, size_t i)
{
	const struct view_item *b = &p->view.backups[i];
	const struct judged *j = &p->judged[i];
	struct verdict_row row = { .verdict = VERDICT_KEEP, .file = b->file,
	    .item = b, .with_beside = true };
	char why[KEEP_RULES][KEEP_WHY];
	enum status status;
	size_t n, count;
	bool gone;

	if (!j->counted) {
		row.why[0] = !b->file->regular ? "not a regular file" :
		    b->file->size == 0 ? "empty" :
		    "a time in the future, not counted";
		if (!b->complete)
			row.verdict = VERDICT_LEAVE;
		return (verdict_put(&p->out, &row));
	}
	count = keep_why(&j->item, p->keep, why);
	for (n = 0; n < count; n++)
		row.why[n] = why[n];
	if (j->item.keep)
		return (verdict_put(&p->out, &row));
	row.with_beside = false;
	status = take_away(p, &row, &gone);
	return (status == STATUS_OK && gone ? take_beside(p, b) : status);
}

/* Whether a time of this machine or of the store is more than a day ago for
 * certain: their clocks may differ, and the store's is not always known. */
static bool
is_old(const struct view *v, int64_t time)
{
	int64_t now = v->theirs < v->ours ? v->theirs : v->ours;

	return (now != INT64_MIN && now - time > VIEW_DAY);
}

/* What is kept of a series: the oldest one's time, and when the newest one was
 * written.  False where that is nothing. */
static bool
what_is_kept(const struct prune *p, const char *series, int64_t *oldest,
    int64_t *written)
{
	const struct view *v = &p->view;
	size_t low = 0, high = v->backup_count, mid;
	bool any = false;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(v->backups[mid].found.series, series) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < v->backup_count && strcmp(v->backups[low].found.series,
	    series) == 0; low++)
		if (p->judged[low].counted && p->judged[low].item.keep) {
			if (!any)
				*oldest = v->backups[low].found.time;
			any = true;
			*written = v->backups[low].file->mtime;
		}
	return (any);
}

/*
 * What goes beside a backup is published before it, so one without may be of a
 * backup that is on its way; also where its name is old, of a wrong clock.
 */
static enum status
do_orphan(struct prune *p, const struct view_item *o)
{
	struct verdict_row row = { .file = o->file, .item = o,
	    .why = { "its backup is gone" } };
	int64_t oldest, written;
	bool gone;

	if (!what_is_kept(p, o->found.series, &oldest, &written) ||
	    o->found.time >= oldest || !is_old(&p->view, o->found.time) ||
	    keep_is_late(o->file->mtime, written))
		return (tell(p, VERDICT_LEAVE, o->file, o,
		    "its backup is not there"));
	return (take_away(p, &row, &gone));
}

static enum status
do_temp(struct prune *p, const struct store_file *f)
{
	struct verdict_row row = { .file = f };
	time_t t = (time_t)f->mtime;
	char when[32] = "", why[96];
	struct tm tm;
	const bool old = is_old(&p->view, f->mtime);
	bool gone;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(why, sizeof(why), "%s, last written %s", old ?
	    "left behind" : "in progress or left behind", when);
	if (!old)
		return (tell(p, VERDICT_LEAVE, f, NULL, why));
	row.why[0] = why;
	return (take_away(p, &row, &gone));
}

static enum status
do_all(struct prune *p)
{
	const struct view *v = &p->view;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < v->backup_count && status == STATUS_OK; i++)
		status = do_backup(p, i);
	for (i = 0; i < v->orphan_count && status == STATUS_OK; i++)
		status = do_orphan(p, v->orphans[i]);
	for (i = 0; i < v->temp_count && status == STATUS_OK; i++)
		status = do_temp(p, v->temps[i]);
	return (status);
}

/* --- the whole --- */

static enum status
check(const struct keep *keep, const struct opt_list *with)
{
	size_t i;

	if (keep->last == 0 && keep->daily == 0 && keep->weekly == 0 &&
	    keep->monthly == 0) {
		msg_error("--prune: what is to be kept is not told");
		msg_hint("--keep-last N, --keep-daily N, --keep-weekly N, "
		    "--keep-monthly N: what one of them keeps is kept");
		return (STATUS_USAGE);
	}
	for (i = 0; i < with->count; i++)
		if (with->v[i][0] != '.' || with->v[i][1] == '\0' ||
		    strchr(with->v[i], '/') != NULL) {
			msg_error("--with %s: not the end of a name, like "
			    ".sql", with->v[i]);
			return (STATUS_USAGE);
		}
	return (STATUS_OK);
}

static void
measure(struct prune *p)
{
	const struct view *v = &p->view;
	size_t i;

	for (i = 0; i < v->backup_count; i++)
		verdict_widen(&p->out, v->backups[i].file);
	for (i = 0; i < v->beside_count; i++)
		verdict_widen(&p->out, v->besides[i].file);
	for (i = 0; i < v->temp_count; i++)
		verdict_widen(&p->out, v->temps[i]);
}

static enum status
finish(const struct prune *p)
{
	char freed[VIEW_HUMAN];

	view_human(p->freed, freed);
	msg_verbose("%s: %zu files removed, %s", p->view.name, p->removed,
	    freed);
	if (p->refused == 0)
		return (fd_print(""));
	msg_error("%s: %zu of %zu files not removed: %s", p->view.name,
	    p->refused, p->refused + p->removed, p->fault.text);
	return (p->fault.status);
}

enum status
shelf_prune(const char *url, const struct keep *keep, bool dry_run, bool json,
    const struct ship_opts *opts)
{
	struct prune p = { .keep = keep,
	    .out = { .json = json, .dry_run = dry_run } };
	enum status status;

	if ((status = check(keep, &opts->with)) != STATUS_OK)
		return (status);
	status = view_open(&p.view, url, VIEW_PATTERN, &opts->with, opts);
	if (status == STATUS_OK)
		status = judge(&p);
	if (status == STATUS_OK) {
		warn(&p);
		measure(&p);
		status = do_all(&p);
	}
	if (status == STATUS_OK)
		status = finish(&p);
	free(p.judged);
	view_close(&p.view);
	return (status);
}
