/* SPDX-License-Identifier: ISC */
#ifndef TOOL_H
#define TOOL_H

#include <limits.h>
#include <stdbool.h>

#include "status.h"

/*
 * Which of the installed pg_dump (or pg_dumpall) fits a server.
 */

#define TOOL_TEXT	96

struct tool {
	char path[PATH_MAX];
	int version;		/* as server_version_num: 150020, 90624 */
	char text[TOOL_TEXT];	/* "15.20 (Debian 15.20-0+deb12u1)" */
};

/*
 * tool_parse(line, tool):
 * Read the answer to --version ("pg_dump (PostgreSQL) 15.20 (Debian ...)")
 * into version and text.  0, or -1 if it is none.
 */
int tool_parse(const char *line, struct tool *);

/* The part of a version number that says which servers fit: 1500 for 15.x, 906
 * for 9.6.x; ordered as the versions are. */
int tool_major(int version);

/*
 * tool_find(name, server, tool):
 * The program of that name for a server of version number server: the same
 * major version, or else the oldest newer one, after a warning.  PGB_PGDUMP
 * names the pg_dump to use in place of the search; pg_dumpall is then looked
 * for beside it.
 *
 * STATUS_OK; STATUS_USAGE after an error line and a hint that names packages;
 * STATUS_LOCAL without a message when a signal asks us to stop.
 */
enum status tool_find(const char *name, int server, struct tool *);

#endif
