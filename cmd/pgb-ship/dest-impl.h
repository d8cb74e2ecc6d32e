/* SPDX-License-Identifier: ISC */
#ifndef DEST_IMPL_H
#define DEST_IMPL_H

#include "dest.h"

/* Shared by dest.c (what is meant), dest-name.c (what it is called) and
 * dest-place.c (where many lie). */

/* The words of a pattern. */
#define DEST_TIME	"{time}"
#define DEST_DB		"{db}"
#define DEST_SERVER	"{server}"
#define DEST_HOST	"{host}"
#define DEST_LATEST	"{latest}"

/* {time}, as strftime(3) writes it. */
#define DEST_TIME_FORMAT	"%Y%m%dT%H%M%SZ"

/*
 * Whether a password may stand in a text that is not clearly without: in
 * "sftp://u:p/w@h" the slash makes "p" a port.
 */
bool dest_may_tell(const char *text);

/* STATUS_USAGE after an error line. */
enum status dest_refuse(const struct dest *, const char *why);

/* The byte that %XX stands for, or -1. */
int dest_percent(const char *p);

/* The length of "{word}" at p, known or not, or 0. */
size_t dest_word_len(const char *p);

#endif
