/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "toc/copy-stmt.h"

/* Behind the word, where it is there; else NULL. */
static const char *
skip(const char *p, const char *word)
{
	size_t len = strlen(word);

	return (strncmp(p, word, len) == 0 ? p + len : NULL);
}

static const char *
scan_columns(const char *p, size_t *count)
{
	struct name column;

	do {
		if ((p = name_scan(p, &column)) == NULL)
			return (NULL);
		++*count;
		if (*p == ')')
			return (p + 1);
	} while ((p = skip(p, ", ")) != NULL);
	return (NULL);
}

int
copy_stmt_parse(const char *s, struct copy_stmt *c)
{
	const char *p, *oids;

	memset(c, 0, sizeof(*c));
	if ((p = skip(s, "COPY ")) == NULL)
		return (-1);
	c->whole = p;
	if ((p = name_scan_qualified(p, &c->schema, &c->table)) == NULL)
		return (-1);
	c->whole_len = (size_t)(p - c->whole);
	if (*p++ != ' ')
		return (-1);
	/* A table without columns has just another blank. */
	if (*p == '(') {
		c->list = p + 1;
		if ((p = scan_columns(p + 1, &c->columns)) == NULL)
			return (-1);
	}
	if (*p++ != ' ')
		return (-1);
	if ((oids = skip(p, "WITH OIDS ")) != NULL) {	/* until 11 */
		p = oids;
		c->columns++;
	}
	return (strcmp(p, "FROM stdin;\n") == 0 ? 0 : -1);
}
