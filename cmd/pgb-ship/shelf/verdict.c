/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "record.h"
#include "shelf/verdict.h"
#include "sig.h"

#define MASKED	(4 * MATCH_NAME_MAX + 8)

static const char *const words[] = {
	[VERDICT_KEEP] = "keep",
	[VERDICT_LEAVE] = "leave",
	[VERDICT_REMOVED] = "removed",
	[VERDICT_REFUSED] = "refused",
	[VERDICT_WOULD] = "would remove",
};

void
verdict_widen(struct verdicts *v, const struct store_file *f)
{
	char name[MASKED];
	int width;

	width = (int)msg_mask(name, sizeof(name), f->name);
	if (width > v->name_width)
		v->name_width = width;
}

/* What goes beside a backup: its endings. */
static void
text_beside(FILE *out, const struct view_item *b)
{
	char ending[MASKED];
	const char *before = " (with";

	for (; b != NULL; b = b->beside) {
		msg_mask(ending, sizeof(ending), b->file->name + b->found.len);
		fprintf(out, "%s %s", before, ending);
		before = "";
		if (b->beside == NULL)
			putc(')', out);
	}
}

static char *
as_text(const struct verdicts *v, const struct verdict_row *row)
{
	char name[MASKED], error[1024], *text = NULL;
	size_t len, i;
	bool failed;
	FILE *out;

	if ((out = open_memstream(&text, &len)) == NULL)
		return (NULL);
	msg_mask(name, sizeof(name), row->file->name);
	fprintf(out, "%-*s  %-*s ", (int)strlen(words[v->dry_run ?
	    VERDICT_WOULD : VERDICT_REMOVED]), words[row->verdict],
	    v->name_width, name);
	if (row->error != NULL) {
		msg_mask(error, sizeof(error), row->error);
		fprintf(out, " %s", error);
	} else
		for (i = 0; row->why[i] != NULL; i++)
			fprintf(out, "%s %s", i > 0 ? "," : "", row->why[i]);
	if (row->with_beside)
		text_beside(out, row->item->beside);
	putc('\n', out);
	failed = ferror(out) != 0;
	if (fclose(out) == 0 && !failed)
		return (text);
	free(text);
	return (NULL);
}

static char *
as_json(const struct verdict_row *row)
{
	struct record *r = record_bare();
	const struct view_item *b;
	char *line;
	size_t i;

	if (r == NULL)
		return (NULL);
	record_str(r, "name", row->file->name);
	record_str(r, "action", words[row->verdict]);
	if (row->item != NULL) {
		record_time(r, "time", row->item->found.time);
		record_int(r, "bytes", row->file->size);
		record_str(r, "series", row->item->found.series);
	} else {
		record_time(r, "modified", row->file->mtime);
		record_int(r, "bytes", row->file->size);
	}
	for (i = 0; row->why[i] != NULL; i++)
		record_add(r, "why", row->why[i]);
	if (row->error != NULL)
		record_str(r, "error", row->error);
	if (row->with_beside)
		for (b = row->item->beside; b != NULL; b = b->beside)
			record_add(r, "beside", b->file->name);
	line = record_line(r);
	record_free(r);
	return (line);
}

static enum status
stdout_failed(void)
{

	if (errno == EBADF)
		msg_error("stdout is closed");
	else if (errno != EPIPE && !(errno == EINTR && sig_caught() != 0))
		msg_errno("stdout");
	return (STATUS_LOCAL);
}

enum status
verdict_put(const struct verdicts *v, const struct verdict_row *row)
{
	char *line = v->json ? as_json(row) : as_text(v, row);
	enum status status = STATUS_OK;

	if (line == NULL) {
		msg_error("stdout: %s", strerror(ENOMEM));
		return (STATUS_LOCAL);
	}
	if (fd_write(STDOUT_FILENO, line, strlen(line)) == -1)
		status = stdout_failed();
	free(line);
	return (status);
}
