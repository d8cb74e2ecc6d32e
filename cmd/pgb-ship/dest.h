/* SPDX-License-Identifier: ISC */
#ifndef DEST_H
#define DEST_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "status.h"

/*
 * Where to: sftp://[user@]host[:port]/path, file:///path or a plain path, and
 * the names with {time}, {db}, {server}, {host} and strftime(3)'s % in them.
 */

#define DEST_PORT	22
#define DEST_PATH_MAX	4096

struct dest {
	const char *text;	/* as the user wrote it; borrowed */
	bool remote;
	char *user;		/* decoded; NULL: not told */
	char *host;		/* without brackets; NULL where local */
	unsigned port;
	bool port_told;		/* else port is DEST_PORT */
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

/* The object of messages: the text, unless it may hold a password. */
const char *dest_shown(const struct dest *);

/* What a name may be made of. */
struct dest_words {
	time_t now;
	const char *db, *server;	/* NULL: not known */
	const char *host;	/* NULL: this machine's, up to the first dot */
};

/* Whether the name asks for {db}, {server}. */
bool dest_wants_db(const struct dest *);
bool dest_wants_server(const struct dest *);

/*
 * dest_expand(d, words, path):
 * The path of the file, in path (DEST_PATH_MAX bytes): as the server or this
 * machine is to be given it.  words NULL: %XX is decoded, nothing else is
 * replaced (--fetch; a name with {latest} goes through shelf_latest() first).
 * STATUS_OK, or STATUS_USAGE after one error line.
 */
enum status dest_expand(const struct dest *, const struct dest_words *words,
    char *path);

/*
 * dest_with_db(text, db, plain, status):
 * A text (of --fetch, --list, --prune) with the name of the database in place
 * of each {db} in its path, escaped as dest_expand() does it.
 *
 * plain	in a path without a scheme, % stands for itself, as in a file's
 *
 * Freed by the caller.  NULL after one error line, with the status;
 * STATUS_USAGE where there is no {db}.
 */
char *dest_with_db(const char *text, const char *db, bool plain,
    enum status *status);

/*
 * dest_name(d, path):
 * The destination as the user is shown it, without secrets, in a form that
 * names the same file when it is given back.  Freed by the caller; NULL
 * without memory.
 */
char *dest_name(const struct dest *, const char *path);

/* --- where many lie: --list, --prune --- */

/*
 * dest_parse_place(d, text):
 * As dest_parse(); but it may name a directory too: end in a slash, or have no
 * path at all.
 */
enum status dest_parse_place(struct dest *, const char *text);

/*
 * dest_place(d, dir, pattern):
 * Take it apart: the directory, in dir (DEST_PATH_MAX bytes), as the server or
 * this machine is to be given it; and in *pattern the last part where that has
 * {words} or strftime(3)'s %, else NULL: then all of it is the directory.
 *
 * pattern	inside d's text, as it was written: for match_new()
 *
 * STATUS_OK, or STATUS_USAGE after one error line: {words} and % in the
 * directory's own path have no meaning here.
 */
enum status dest_place(const struct dest *, char *dir, const char **pattern);

/* --- paths, as dest_expand() makes them --- */

/* The last part. */
const char *dest_base(const char *path);

/* The directory of a path, in dir (DEST_PATH_MAX bytes): "." or "/" where
 * nothing else stands in front. */
void dest_parent(const char *path, char *dir);

/* The path of a name in a directory, in path (DEST_PATH_MAX bytes): 0, or -1
 * where it is too long. */
int dest_join(const char *dir, const char *name, char *path);

#endif
