/* SPDX-License-Identifier: ISC */
#ifndef CONNINFO_H
#define CONNINFO_H

#include <stdbool.h>

/*
 * Connection parameters as text: libpq's conninfo string for pg_dump's command
 * line, and a service file for what may not stand there.  No libpq here.
 */

/* One parameter as libpq tells it (PQconninfoOption). */
struct conninfo_param {
	const char *keyword;
	const char *value;	/* in effect; NULL or "": not set */
	const char *compiled;	/* built-in default, may be NULL */
	bool env_set;		/* its environment variable is set */
	bool secret;		/* libpq says it is not to be shown */
};

enum conninfo_fate {
	CONNINFO_DROP,		/* not handed on: default, or ours to say */
	CONNINFO_SHOW,		/* into the conninfo string */
	CONNINFO_HIDE,		/* a secret: into the service file */
};

/*
 * conninfo_fate(param):
 * What to do with a parameter of our own connection so that a child reaches
 * the same server in the same way.  The database, the server's address and
 * the password are dropped here: who builds the string says them.
 */
enum conninfo_fate conninfo_fate(const struct conninfo_param *);

/*
 * conninfo_add(str, keyword, value):
 * Append "keyword='value'" to the string at *str (NULL at first: made, freed
 * by the caller).  0, or -1 without memory.
 */
int conninfo_add(char **str, const char *keyword, const char *value);

/*
 * conninfo_hide(str, keyword, value):
 * The same for the service file's text, whose only service is named
 * CONNINFO_SERVICE.  A value with a line end, which that file cannot hold, is
 * -1 with errno EINVAL.
 */
int conninfo_hide(char **str, const char *keyword, const char *value);

#define CONNINFO_SERVICE	"pgb"

#endif
