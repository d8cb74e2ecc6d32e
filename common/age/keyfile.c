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
#include <unistd.h>

#include "fdio.h"
#include "age/keyfile.h"
#include "msg.h"
#include "sig.h"

#define ROOM_FIRST	16384

void
keyfile_wipe(struct keyfile *k)
{

	sodium_free(k->buf);
	memset(k, 0, sizeof(*k));
}

static int
grow(struct keyfile *k)
{
	size_t room = k->room == 0 ? ROOM_FIRST : k->room * 2;
	char *buf;

	if ((buf = sodium_malloc(room)) == NULL)
		return (-1);
	if (k->len > 0)
		memcpy(buf, k->buf, k->len);
	sodium_free(k->buf);
	k->buf = buf;
	k->room = room;
	return (0);
}

int
keyfile_add(struct keyfile *k, const void *p, size_t len)
{

	if (len > KEYFILE_MAX - k->len) {
		errno = EFBIG;
		return (-1);
	}
	while (k->room <= k->len + len)
		if (grow(k) == -1)
			return (-1);
	memcpy(k->buf + k->len, p, len);
	k->len += len;
	k->buf[k->len] = '\0';
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
slurp(int fd, const char *path, struct keyfile *k)
{
	ssize_t n;

	do {
		if (k->room - k->len < 2 && grow(k) == -1)
			return (cannot(path));
		n = fd_read(fd, k->buf + k->len, k->room - k->len - 1);
		if (n == -1)
			return (cannot(path));
		k->len += (size_t)n;
		if (k->len > KEYFILE_MAX) {
			msg_error("%s: larger than %d bytes", path,
			    KEYFILE_MAX);
			return (STATUS_USAGE);
		}
	} while (n > 0);
	k->buf[k->len] = '\0';
	return (STATUS_OK);
}

/* What stands in it is public: the reader will say so. */
static bool
is_public(const char *text)
{

	while (*text == '#' || *text == '\n' || *text == '\r') {
		if (*text == '#')
			text += strcspn(text, "\n");
		text += *text != '\0';
	}
	return (strncmp(text, "age1", 4) == 0 || strncmp(text, "ssh-", 4) == 0);
}

/* As ssh does with its keys: a secret that others may read is none. */
static enum status
check_mode(int fd, const char *path, const struct keyfile *k)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (cannot(path));
	if (fd_is_private(&st, geteuid()) || is_public(k->buf))
		return (STATUS_OK);
	msg_error("%s: others may read or change it (mode %04o)", path,
	    (unsigned)(st.st_mode & 07777));
	msg_hint("chmod 600 %s", path);
	return (STATUS_USAGE);
}

bool
keyfile_is_key(const char *name)
{

	static const char word[] = "-+_"	/* no dot: it may be a name */
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return ((strncasecmp(name, "AGE-SECRET-KEY-", 15) == 0 ||
	    strncasecmp(name, "AGE-PLUGIN-", 11) == 0) &&
	    strchr(name, '1') != NULL && name[strspn(name, word)] == '\0');
}

enum status
keyfile_refuse_key(void)
{

	msg_error("a secret key stands where the name of a file belongs");
	msg_hint("keep keys in files of mode 0600: other users see the command "
	    "line");
	return (STATUS_USAGE);
}

enum status
keyfile_load(const char *path, int flags, struct keyfile *k)
{
	enum status status;
	int fd;

	if (keyfile_is_key(path))
		return (keyfile_refuse_key());
	if (strcmp(path, "-") == 0) {
		if ((flags & KEYFILE_STDIN) != 0)
			return (slurp(STDIN_FILENO, "stdin", k));
		msg_error("-: keys are not read from stdin, which carries the "
		    "stream");
		msg_hint("name a file, or another descriptor: /dev/fd/3");
		return (STATUS_USAGE);
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (cannot(path));
	status = slurp(fd, path, k);
	if (status == STATUS_OK && (flags & KEYFILE_SECRET) != 0)
		status = check_mode(fd, path, k);
	(void)fd_close(&fd);
	return (status);
}

enum status
keyfile_lines(const char *path, const struct keyfile *k, keyfile_line take,
    void *arg)
{
	char where[PATH_MAX + 32];
	char *line = k->buf, *end = k->buf + k->len, *lf;
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
