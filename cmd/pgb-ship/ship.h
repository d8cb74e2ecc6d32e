/* SPDX-License-Identifier: ISC */
#ifndef SHIP_H
#define SHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "opt.h"

/* What the command line asked for; shared by the rooms, changed by none. */
struct ship_opts {
	bool overwrite, mkdir, no_fsync_ok;
	bool sink, raw;
	uint64_t expect_size;		/* 0: not told */
	int timeout_ms;
	struct opt_list known_hosts;	/* empty: the usual files */
	struct opt_list identities;	/* empty: agent and the usual files */
	const char *password_file;	/* NULL: ask on the terminal */
	const char *db, *server;	/* for {db} and {server}, or NULL */
	const char *report;
};

#endif
