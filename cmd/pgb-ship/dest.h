/* SPDX-License-Identifier: ISC */
#ifndef DEST_H
#define DEST_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "status.h"

/*
 * Where to: sftp://[user@]host[:port]/path, file:///path or a plain path, and
 * the names with {time}, {db}, {server} and strftime(3)'s % in them.
 */

#define DEST_PORT	22
#define DEST_PATH_MAX	4096

struct dest {
	const char *text;	/* as the user wrote it; borrowed */
	bool remote;
	char *user;		/* decoded; NULL: not told */
	char *host;		/* without brackets; NULL where local */
	unsigned port;
	bool login;		/* path is below the login directory (/~/) */
	const char *pattern;	/* the path with its {words}, inside text */
	bool url;		/* in pattern, %XX is a byte */
};

/*
 * dest_parse(d, text):
 * STATUS_OK, or STATUS_USAGE (STATUS_LOCAL without memory) after one error
 * line.  Wiped with dest_wipe() in any case.
 */
enum status dest_parse(struct dest *, const char *text);
void dest_wipe(struct dest *);

/* What a name may be made of. */
struct dest_words {
	time_t now;
	const char *db, *server;	/* NULL: not known */
};

/* Whether the name asks for {db}, {server}. */
bool dest_wants_db(const struct dest *);
bool dest_wants_server(const struct dest *);

/*
 * dest_expand(d, words, path):
 * The path of the file, in path (DEST_PATH_MAX bytes): as the server or this
 * machine is to be given it.  words NULL: %XX is decoded, nothing else is
 * replaced (--fetch).  STATUS_OK, or STATUS_USAGE after one error line.
 */
enum status dest_expand(const struct dest *, const struct dest_words *words,
    char *path);

/*
 * dest_name(d, path):
 * The destination as the user is shown it, without secrets, in a form that
 * names the same file when it is given back.  Freed by the caller; NULL
 * without memory.
 */
char *dest_name(const struct dest *, const char *path);

#endif
