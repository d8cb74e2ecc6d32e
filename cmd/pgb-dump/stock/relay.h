/* SPDX-License-Identifier: ISC */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "pg/blame.h"

/*
 * A child's messages on their way to our stderr: each line in one write, with
 * our name and the child's in front, and judged as it goes by.
 */

#define RELAY_LINE	4000

struct relay {
	const char *name;	/* the child: "pg_dump" */
	const char *path;	/* as it was run: getopt(3) names it so */
	char line[RELAY_LINE];
	size_t len;
	bool judging;		/* the line before was an error or its detail */
	struct blame blame;	/* of the first error that says something */
};

/* name and path are borrowed. */
void relay_init(struct relay *, const char *name, const char *path);

/* The next bytes of the child's stderr. */
void relay_feed(struct relay *, const char *buf, size_t len);

/* Its end: a last line without LF counts too. */
void relay_end(struct relay *);

#endif
