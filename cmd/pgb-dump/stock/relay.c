/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "msg.h"
#include "relay.h"

void
relay_init(struct relay *r, const char *name, const char *path)
{

	memset(r, 0, sizeof(*r));
	r->name = name;
	r->path = path;
	r->blame.status = STATUS_OK;
}

/* The rest of s if it begins with "PREFIX: ", else NULL. */
static const char *
behind(const char *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(s, prefix, len) != 0 || strncmp(s + len, ": ", 2) != 0)
		return (NULL);
	return (s + len + 2);
}

/*
 * Whether this line says what went wrong: an error, its detail, or a further
 * line of either.  The text of a query proves nothing: any word may stand in
 * it.
 */
static bool
tells(const struct relay *r, const char *text, bool begins)
{

	if (!begins)
		return (r->judging);
	if (behind(text, "error") == NULL && behind(text, "fatal") == NULL &&
	    behind(text, "detail") == NULL)
		return (false);
	return (strstr(text, "Query was:") == NULL &&
	    strstr(text, "Command was:") == NULL);
}

static void
finish_line(struct relay *r)
{
	const char *text, *line = r->line;
	bool begins;

	r->line[r->len] = '\0';
	r->len = 0;
	line += strspn(line, " \t\r");
	if (*line == '\0')
		return;
	if (behind(line, r->path) != NULL) {
		/* getopt(3) about the command line. */
		text = behind(line, r->path);
		r->judging = true;
	} else {
		text = behind(line, r->name);
		begins = text != NULL;
		if (!begins)
			text = line;
		r->judging = tells(r, text, begins);
	}
	msg_relay("%s: %s", r->name, text);
	if (r->judging && r->blame.status == STATUS_OK)
		r->blame = blame_text(text);
}

void
relay_feed(struct relay *r, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n')
			finish_line(r);
		else if (r->len < sizeof(r->line) - 1)
			r->line[r->len++] = buf[i] != '\0' ? buf[i] : ' ';
	}
}

void
relay_end(struct relay *r)
{

	if (r->len > 0)
		finish_line(r);
}
