/* SPDX-License-Identifier: ISC */
#ifndef WALLS_H
#define WALLS_H

#include "options.h"
#include "route/routes.h"

/*
 * walls_shut(t):
 * Before the first thread and the first byte: give up the rights to files and
 * connections that this task has no need of (fence.h).  The ways to all hosts
 * are found before, into t->opts.routes.  Where one of them leads through a
 * child, or a program would have to ask for a password, there are no walls,
 * which is told under -v: it could not be run any more.
 *
 * STATUS_OK, or a status after one error line.
 */
enum status walls_shut(struct task *);

#endif
