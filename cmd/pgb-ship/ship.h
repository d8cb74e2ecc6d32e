/* SPDX-License-Identifier: ISC */
#ifndef SHIP_H
#define SHIP_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "opt.h"
#include "progress/progress.h"

struct routes;
struct secrets;

enum transport {
	TRANSPORT_AUTO,		/* libssh2, unless ssh's configuration asks for
				 * what that cannot do */
	TRANSPORT_LIBSSH2,
	TRANSPORT_SSH,		/* a child: ssh -s HOST sftp */
};

#define CONNECTIONS_MAX	16	/* --connections */

/* What the command line asked for; shared by the rooms, changed by none. */
struct ship_opts {
	bool overwrite, mkdir, no_fsync_ok;
	bool sink, raw;
	bool sum, no_sum;		/* NAME.b2; no hash at all */
	bool read_back;
	uint64_t expect_size;		/* 0: not told */
	uint64_t min_free;		/* bytes to be left free; 0: any */
	uint64_t limit;			/* bytes a second; 0: none */
	unsigned connections;		/* 0: as many as help */
	mode_t mode;			/* of the published file */
	struct opt_list with;		/* files that go beside it */
	const char *db, *server;	/* for {db} and {server}, or NULL */
	const char *report;
	struct progress_want progress;

	/* The connection. */
	enum transport transport;
	const char *ssh;		/* the program; NULL: "ssh" of PATH */
	const char *ssh_config;		/* for ssh -F; NULL: the usual */
	int timeout_ms;			/* to connect; no sign of life */
	int stall_ms;			/* no answer, though there is life */
	int retry_ms;			/* without progress, then given up */
	bool accept_new;		/* learn unknown host keys */
	struct opt_list known_hosts;	/* empty: the usual files */
	struct opt_list identities;	/* empty: agent and the usual files */
	const char *password_file;	/* NULL: ask on the terminal */
	const char *passphrase_file;	/* of key files; NULL: ask */
	struct secrets *secrets;	/* the answers of this run; main's */
	struct routes *routes;		/* the ways that are known; main's */
};

#endif
