/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdio.h"
#include "job.h"
#include "msg.h"
#include "walls.h"

struct names {
	char *text;		/* a name a line */
	size_t len;
	enum status status;	/* STATUS_DATA: one was left out */
};

static enum status
add_name(void *arg, const char *name)
{
	struct names *n = arg;
	size_t len = strlen(name);
	char *bigger;

	/* Whoever reads lines would take one such name for two. */
	if (strchr(name, '\n') != NULL) {
		msg_error("database \"%s\": its name holds a line end: not "
		    "listed", name);
		n->status = STATUS_DATA;
		return (STATUS_OK);
	}
	if ((bigger = realloc(n->text, n->len + len + 2)) == NULL) {
		msg_errno("--list");
		return (STATUS_LOCAL);
	}
	n->text = bigger;
	memcpy(n->text + n->len, name, len);
	n->len += len;
	n->text[n->len++] = '\n';
	n->text[n->len] = '\0';
	return (STATUS_OK);
}

enum status
list_run(const struct options *o)
{
	struct names n = { .status = STATUS_OK };
	struct pg_login login = o->login;
	enum status status;
	struct pg *pg = NULL;

	login.alone = true;
	status = pg_open(&login, &pg);
	if (status == STATUS_OK)
		status = walls_shut(o, pg);
	if (status == STATUS_OK)
		status = pg_databases(pg, add_name, &n);
	if (status == STATUS_OK)
		status = fd_print(n.text != NULL ? n.text : "");
	if (status == STATUS_OK)
		status = n.status;
	pg_close(pg);
	free(n.text);
	return (status);
}
