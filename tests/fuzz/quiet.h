/* SPDX-License-Identifier: ISC */
#ifndef QUIET_H
#define QUIET_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"

/*
 * For code that prints: its messages go to memory, and can be looked at; and
 * what it reads by a path is in memory, too.  It finds no program to run.
 */

#define QUIET_ROOM	65536

static struct {
	int told;		/* 0: not begun */
	int err;
	char text[QUIET_ROOM];
} quiet;

/* Of the sanitizers, if there are any: where their reports go. */
extern void __sanitizer_set_report_fd(void *) __attribute__((weak));

static inline void
quiet_must(bool good)
{

	if (!good)
		abort();
}

static inline void
quiet_begin(void)
{

	if (quiet.told == 0) {
		msg_program("fuzz");
		quiet_must(setenv("PATH", "/nonexistent", 1) == 0);
		quiet.err = fcntl(2, F_DUPFD_CLOEXEC, 10);
		quiet.told = memfd_create("told", MFD_CLOEXEC);
		quiet_must(quiet.err != -1 && quiet.told != -1);
		if (__sanitizer_set_report_fd != NULL)
			__sanitizer_set_report_fd(
			    (void *)(intptr_t)quiet.err);
	}
	quiet_must(ftruncate(quiet.told, 0) == 0 &&
	    lseek(quiet.told, 0, SEEK_SET) == 0 && dup2(quiet.told, 2) == 2);
}

static inline void
quiet_end(void)
{
	ssize_t n = pread(quiet.told, quiet.text, QUIET_ROOM - 1, 0);

	quiet_must(n >= 0 && dup2(quiet.err, 2) == 2);
	quiet.text[n] = '\0';
}

/* Error lines between begin and end. */
static inline size_t
quiet_errors(void)
{
	static const char word[] = "fuzz: error: ";
	const char *line;
	size_t n = 0;

	for (line = quiet.text; *line != '\0'; line += *line == '\n') {
		n += strncmp(line, word, strlen(word)) == 0;
		line += strcspn(line, "\n");
	}
	return (n);
}

/* A file of these bytes, mode 0600; its path is good until it is closed. */
static inline int
quiet_file(const void *p, size_t len, char path[64])
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	size_t done = 0;
	ssize_t n;

	quiet_must(fd != -1 && fchmod(fd, 0600) == 0);
	for (; done < len; done += (size_t)n) {
		n = write(fd, (const char *)p + done, len - done);
		quiet_must(n > 0);
	}
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return (fd);
}

#endif
