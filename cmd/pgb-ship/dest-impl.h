/* SPDX-License-Identifier: ISC */
#ifndef DEST_IMPL_H
#define DEST_IMPL_H

#include "dest.h"

/* Shared by dest.c (what is meant) and dest-name.c (what it is called). */

/*
 * Whether a password may stand in a text that is not clearly without: in
 * "sftp://u:p/w@h" the slash makes "p" a port.
 */
bool dest_may_tell(const char *text);

/* The object of messages: the text, unless it may hold a password. */
const char *dest_shown(const struct dest *);

/* STATUS_USAGE after an error line. */
enum status dest_refuse(const struct dest *, const char *why);

/* The byte that %XX stands for, or -1. */
int dest_percent(const char *p);

#endif
