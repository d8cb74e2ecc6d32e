/* SPDX-License-Identifier: ISC */
#ifndef DOORS_H
#define DOORS_H

#include <stdbool.h>

#include "publish.h"
#include "status.h"

/*
 * When the rights are given up that are not needed: once, before the first
 * thread.
 */
struct doors {
	bool open;		/* --no-sandbox */
	bool late;		/* a header may want a plugin, or a passphrase
				 * that is asked for: not before that */
	bool shut;
	int dir;		/* where the report gets its name; -1: none */
};

/*
 * doors_ready(d, report):
 * For a stage's ready(): shuts them, unless it has to be late.  report may be
 * NULL.  Status after one error line.
 */
enum status doors_ready(struct doors *, const struct publish *report);

/* The header is dealt with: shuts them, if they are not. */
enum status doors_shut(struct doors *);

#endif
