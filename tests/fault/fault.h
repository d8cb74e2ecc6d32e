/* SPDX-License-Identifier: ISC */
#ifndef FAULT_H
#define FAULT_H

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What shim.c and helper/faults share: memory behind a descriptor whose number
 * stands in the environment.  The shim has it mapped before main(), so that a
 * sandbox has nothing against it.
 */
#define FAULT_FD	"PGB_FAULT_FD"

/* Calls of one kind are counted together. */
enum fault_kind {
	FAULT_READ,	/* read, pread, recv */
	FAULT_WRITE,	/* write, pwrite, send; but for stderr */
	FAULT_FSYNC,
	FAULT_CLOSE,	/* it is closed, and the call says otherwise */
	FAULT_RENAME,	/* and link */
	FAULT_UNLINK,
	FAULT_MALLOC,	/* and its family, of libraries too */
	FAULT_MMAP,	/* mmap, mremap, mprotect */
	FAULT_POLL,
	FAULT_CONNECT,
	FAULT_SOCKET,	/* what makes, asks and sets up sockets */
	FAULT_RESOLVE,	/* getaddrinfo; the error is one of EAI_* */
	FAULT_THREAD,
	FAULT_OPEN,	/* files, directories, streams of stdio */
	FAULT_PIPE,	/* pipe, eventfd, memfd_create, socketpair */
	FAULT_FORK,
	FAULT_MARK,	/* futimens */
	FAULT_STAT,	/* what asks about files and names */
	FAULT_FILE,	/* fcntl, ftruncate, lseek, fchmod, mkdir */
	FAULT_LIST,	/* readdir */
	FAULT_RESULT,	/* PQgetResult: lost, as by libpq before 15 when it
			 * has no memory to say that it has none */
	FAULT_KINDS
};

#define FAULT_NAMES {							\
	"read", "write", "fsync", "close", "rename", "unlink",		\
	"malloc", "mmap", "poll", "connect", "socket", "resolve",	\
	"thread", "open", "pipe", "fork", "mark", "stat", "file",	\
	"list", "result" }

/* What becomes of the call. */
enum fault_how {
	FAULT_NEVER,
	FAULT_FAIL,	/* fails with error */
	FAULT_SHORT,	/* read, write: of several bytes, one */
	FAULT_END	/* read: none, as at the end */
};

#define FAULT_DEPTH	40		/* calls of a stack that are told */
#define FAULT_FRAME	80		/* bytes for one, in words */
#define FAULT_SPARE	8
#define FAULT_ROOM	(1 << 17)	/* calls of a survey */

struct fault {
	/* Set before the program starts. */
	int32_t pid;			/* whose calls count */
	int32_t kind, how, error;
	uint64_t first, last;		/* these calls of the kind, from 1 */
	int32_t survey;			/* note where each call comes from */
	char spare[FAULT_SPARE][32];	/* not below these functions */

	/* Told by the shim. */
	atomic_int here;		/* it is loaded */
	atomic_uint_fast64_t counts[FAULT_KINDS];
	atomic_uint_fast64_t hits;	/* calls that did fail */
	atomic_uint_fast64_t spared;	/* calls that should have, too */
	atomic_uint_fast64_t out;	/* bytes written to stdout */
	uint64_t out_then, renames_then;	/* before the first hit */
	char call[24];			/* the first of them, and its stack */
	char stack[FAULT_DEPTH][FAULT_FRAME];
	uint64_t base;			/* where the program lies */

	/* A survey: for call i + 1, a number of its stack's part that lies in
	 * the program, and of the whole stack. */
	uint64_t ours[FAULT_ROOM], all[FAULT_ROOM];
};

#endif
