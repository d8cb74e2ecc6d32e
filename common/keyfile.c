/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "fdio.h"
#include "keyfile.h"
#include "msg.h"
#include "sig.h"

#define ROOM_FIRST	16384

struct text {
	char *buf;		/* sodium_malloc(), a NUL at len */
	size_t len, room;
};

static int
grow(struct text *t)
{
	size_t room = t->room == 0 ? ROOM_FIRST : t->room * 2;
	char *buf;

	if ((buf = sodium_malloc(room)) == NULL)
		return (-1);
	if (t->len > 0)
		memcpy(buf, t->buf, t->len);
	sodium_free(t->buf);
	t->buf = buf;
	t->room = room;
	return (0);
}

static enum status
cannot(const char *path)
{

	if (errno == EINTR && sig_caught() != 0)
		return (STATUS_LOCAL);
	msg_errno(path);
	return (errno == ENOMEM ? STATUS_LOCAL : STATUS_USAGE);
}

/* All of a descriptor, which may be a pipe: -i <(pass show backup). */
static enum status
slurp(int fd, const char *path, struct text *t)
{
	ssize_t n;

	do {
		if (t->room - t->len < 2 && grow(t) == -1)
			return (cannot(path));
		n = fd_read(fd, t->buf + t->len, t->room - t->len - 1);
		if (n == -1)
			return (cannot(path));
		t->len += (size_t)n;
		if (t->len > KEYFILE_MAX) {
			msg_error("%s: larger than %d bytes", path,
			    KEYFILE_MAX);
			return (STATUS_USAGE);
		}
	} while (n > 0);
	t->buf[t->len] = '\0';
	return (STATUS_OK);
}

static enum status
load(const char *path, bool secret, struct text *t)
{
	enum status status;
	struct stat st;
	int fd;

	/* It must not come out in "AGE-SECRET-KEY-1...: No such file". */
	if (strncasecmp(path, "AGE-SECRET-KEY-", 15) == 0 ||
	    strncasecmp(path, "AGE-PLUGIN-", 11) == 0) {
		msg_error("a secret key stands where the name of a file "
		    "belongs");
		msg_hint("keep keys in files of mode 0600: other users see "
		    "the command line");
		return (STATUS_USAGE);
	}
	if (strcmp(path, "-") == 0) {
		msg_error("-: keys are not read from stdin, which carries the "
		    "stream");
		msg_hint("name a file");
		return (STATUS_USAGE);
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (cannot(path));
	if (secret && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 077) != 0) {
		msg_warning("%s: others may read or change it (mode %04o)",
		    path, (unsigned)(st.st_mode & 07777));
		msg_hint("chmod 600 %s", path);
	}
	status = slurp(fd, path, t);
	(void)fd_close(&fd);
	return (status);
}

static enum status
each(const char *path, const struct text *t, keyfile_line take, void *arg)
{
	char where[PATH_MAX + 32];
	char *line = t->buf, *end = t->buf + t->len, *lf;
	size_t len, number, count = 0;
	enum status status;

	for (number = 1; line < end; line = lf + 1, number++) {
		if ((lf = memchr(line, '\n', (size_t)(end - line))) == NULL)
			lf = end;
		len = (size_t)(lf - line);
		if (len > 0 && line[len - 1] == '\r')
			len--;
		if (len == 0 || line[0] == '#')
			continue;
		snprintf(where, sizeof(where), "%s: line %zu", path, number);
		if (len > KEYFILE_LINE_MAX) {
			msg_error("%s: longer than %d bytes", where,
			    KEYFILE_LINE_MAX);
			return (STATUS_USAGE);
		}
		line[len] = '\0';
		if ((status = take(arg, where, line, len)) != STATUS_OK)
			return (status);
		count++;
	}
	if (count > 0)
		return (STATUS_OK);
	msg_error("%s: no key in it", path);
	return (STATUS_USAGE);
}

enum status
keyfile_each(const char *path, bool secret, keyfile_line take, void *arg)
{
	struct text t = { 0 };
	enum status status;

	status = load(path, secret, &t);
	if (status == STATUS_OK)
		status = each(path, &t, take, arg);
	sodium_free(t.buf);
	return (status);
}
