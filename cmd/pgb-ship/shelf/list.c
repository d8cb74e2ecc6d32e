/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fdio.h"
#include "msg.h"
#include "record.h"
#include "shelf/shelf.h"
#include "shelf/view.h"

#define MASKED	(4 * MATCH_NAME_MAX + 8)

struct list {
	const struct view *view;
	FILE *out;
	bool json;
	bool failed;		/* no memory */
	int bytes_width, name_width;
};

/* What is said of one file. */
struct row {
	const struct store_file *file;
	int64_t time;
	const char *remark;
	const struct view_item *beside;
	const char *series;	/* NULL: a temporary */
	bool complete;
};

static void
put_text(const struct list *l, const struct row *row)
{
	char name[MASKED], human[VIEW_HUMAN], when[32] = "-";
	const struct view_item *b;
	time_t t = (time_t)row->time;
	struct tm tm;

	msg_mask(name, sizeof(name), row->file->name);
	view_human(row->file->size, human);
	if (gmtime_r(&t, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(l->out, "%-20s  %*" PRIu64 "  %10s  ", when, l->bytes_width,
	    row->file->size, human);
	if (row->remark == NULL && row->beside == NULL) {
		fprintf(l->out, "%s\n", name);
		return;
	}
	fprintf(l->out, "%-*s ", l->name_width, name);
	if (row->remark != NULL)
		fprintf(l->out, " %s", row->remark);
	for (b = row->beside; b != NULL; b = b->beside) {
		msg_mask(name, sizeof(name), b->file->name + b->found.len);
		fprintf(l->out, " %s", name);
	}
	putc('\n', l->out);
}

static void
put_json(struct list *l, const struct row *row)
{
	struct record *r = record_bare();
	const struct view_item *b;
	char *line = NULL;

	if (r != NULL) {
		record_str(r, "name", row->file->name);
		record_time(r, row->series != NULL ? "time" : "modified",
		    row->time);
		record_int(r, "bytes", row->file->size);
		if (row->series != NULL)
			record_str(r, "series", row->series);
		for (b = row->beside; b != NULL; b = b->beside)
			record_add(r, "beside", b->file->name);
		record_bool(r, "complete", row->complete);
		if (row->remark != NULL)
			record_str(r, "remark", row->remark);
		line = record_line(r);
	}
	if (line != NULL)
		fputs(line, l->out);
	else
		l->failed = true;
	free(line);
	record_free(r);
}

static void
put(struct list *l, const struct row *row)
{

	if (l->json)
		put_json(l, row);
	else
		put_text(l, row);
}

static const char *
remark(const struct view *v, const struct view_item *item)
{

	if (!item->file->regular)
		return ("not a regular file");
	if (item->file->size == 0)
		return ("empty");
	return (view_is_future(v, item->found.time) ?
	    "a time in the future" : NULL);
}

static void
put_all(struct list *l)
{
	const struct view *v = l->view;
	const struct view_item *item;
	size_t i;

	for (i = 0; i < v->backup_count; i++) {
		item = &v->backups[i];
		put(l, &(struct row){ item->file, item->found.time,
		    remark(v, item), item->beside, item->found.series,
		    item->complete });
	}
	for (i = 0; i < v->orphan_count; i++) {
		item = v->orphans[i];
		put(l, &(struct row){ item->file, item->found.time,
		    "beside a backup that is not there", NULL,
		    item->found.series, false });
	}
	for (i = 0; i < v->temp_count; i++)
		put(l, &(struct row){ v->temps[i], v->temps[i]->mtime,
		    "temporary: in progress or left behind", NULL, NULL,
		    false });
}

static void
widen(struct list *l, const struct store_file *f)
{
	char text[MASKED];
	int n;

	n = snprintf(text, sizeof(text), "%" PRIu64, f->size);
	if (n > l->bytes_width)
		l->bytes_width = n;
	n = (int)msg_mask(text, sizeof(text), f->name);
	if (n > l->name_width)
		l->name_width = n;
}

static void
measure(struct list *l)
{
	const struct view *v = l->view;
	size_t i;

	for (i = 0; i < v->backup_count; i++)
		widen(l, v->backups[i].file);
	for (i = 0; i < v->orphan_count; i++)
		widen(l, v->orphans[i]->file);
	for (i = 0; i < v->temp_count; i++)
		widen(l, v->temps[i]);
}

static enum status
print(const struct view *v, bool json)
{
	struct list l = { .view = v, .json = json };
	enum status status = STATUS_LOCAL;
	char *text = NULL;
	size_t len;

	if ((l.out = open_memstream(&text, &len)) != NULL) {
		measure(&l);
		put_all(&l);
		l.failed = ferror(l.out) != 0 || l.failed;
		/* Without memory fclose() may well succeed. */
		l.failed = fclose(l.out) != 0 || text == NULL || l.failed;
	}
	if (l.out == NULL || l.failed)
		msg_error("%s: %s", v->name, strerror(ENOMEM));
	else
		status = fd_print(text);
	free(text);
	return (status);
}

enum status
shelf_list(const char *url, bool json, const struct ship_opts *opts)
{
	enum status status;
	struct view v;

	status = view_open(&v, url, VIEW_ANY, &opts->with, opts);
	if (status == STATUS_OK)
		msg_verbose("%s: %zu other files", v.name, v.strangers);
	if (status == STATUS_OK)
		status = print(&v, json);
	view_close(&v);
	return (status);
}
