/* SPDX-License-Identifier: ISC */
#ifndef GONE_H
#define GONE_H

#include <sys/types.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Until a process is gone, or a zombie; 5 s at most. */
static bool
gone(pid_t pid)
{
	char path[64], text[256], *p;
	int i, fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	for (i = 0; i < 500; i++) {
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
			return (true);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		p = strrchr(text, ')');
		if (p == NULL || p[2] == 'Z' || p[2] == 'X')
			return (true);
		usleep(10000);
	}
	return (false);
}

#endif
