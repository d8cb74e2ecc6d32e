/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdio.h"
#include "trust/hostkey.h"
#include "trust/learn.h"

#define B64_VARIANT	sodium_base64_VARIANT_ORIGINAL

static int
make_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int rc;

	if (slash == NULL || slash == path) {
		errno = ENOENT;
		return (-1);
	}
	if ((dir = strndup(path, (size_t)(slash - path))) == NULL)
		return (-1);
	rc = mkdir(dir, 0700);
	free(dir);
	return (rc);
}

static int
open_file(const char *path)
{
	const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK;
	int fd;

	if ((fd = open(path, flags, 0600)) != -1 || errno != ENOENT)
		return (fd);
	/* Another thread, or process, may make it too. */
	if (make_parent(path) == -1 && errno != EEXIST)
		return (-1);
	return (open(path, flags, 0600));
}

/* Whether its last line has no end. */
static int
lacks_end(int fd, bool *lacks)
{
	struct stat st;
	char last;

	*lacks = false;
	if (fstat(fd, &st) == -1)
		return (-1);
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return (-1);
	}
	if (st.st_size == 0)
		return (0);
	if (pread(fd, &last, 1, st.st_size - 1) != 1)
		return (-1);
	*lacks = last != '\n';
	return (0);
}

static char *
make_line(const char *name, const uint8_t *key, size_t len)
{
	size_t max = sodium_base64_ENCODED_LEN(len, B64_VARIANT);
	char type[64], *b64, *line;

	if ((b64 = malloc(max)) == NULL)
		return (NULL);
	sodium_bin2base64(b64, max, key, len, B64_VARIANT);
	hostkey_type(key, len, type, sizeof(type));
	if (asprintf(&line, "\n%s %s %s\n", name, type, b64) == -1)
		line = NULL;
	free(b64);
	return (line);
}

int
learn_key(const char *path, const char *name, const uint8_t *key, size_t len)
{
	int fd = -1, rc = -1, saved;
	char *line;
	bool lacks;

	if ((line = make_line(name, key, len)) != NULL &&
	    (fd = open_file(path)) != -1 && lacks_end(fd, &lacks) == 0)
		rc = fd_write(fd, lacks ? line : line + 1,
		    strlen(line) - (lacks ? 0 : 1));
	saved = errno;
	if (fd_close(&fd) == -1 && rc == 0) {
		saved = errno;
		rc = -1;
	}
	free(line);
	errno = saved;
	return (rc);
}
