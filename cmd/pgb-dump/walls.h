/* SPDX-License-Identifier: ISC */
#ifndef WALLS_H
#define WALLS_H

#include "options.h"
#include "pg/pg.h"
#include "sandbox/fence.h"

/*
 * What a dump may still reach when pg_dump has been started for the last time
 * and the server's data come: the files of its options, and what libpq needs
 * for another session (fence.h).  Each thread that was there before enters
 * by itself.
 */

/* The list, freed by the caller.  NULL after one error line (STATUS_LOCAL).
 * Before the threads that enter. */
struct fence *walls_new(const struct options *, const struct pg *);

/* For who starts no threads: STATUS_OK, or a status after one error line. */
enum status walls_shut(const struct options *, const struct pg *);

#endif
