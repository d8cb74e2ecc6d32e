/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "opt.h"
#include "passphrase.h"
#include "sig.h"
#include "terminal.h"

#define TRIES		3
#define NAME_LEN	32

#define HINT_FILE \
	"give it in a file of mode 0600: --passphrase-file FILE"

/* As read: a line's end and a byte more, to see that there is more. */
#define RAW_MAX		(PASSPHRASE_MAX + 3)

enum status
passphrase_take_fd(struct passphrase_source *from, const char *text)
{
	unsigned fd = 0;

	from->fd = -1;
	if (text == NULL)
		return (STATUS_OK);
	if (opt_number("--passphrase-fd", text, 3, 1 << 20, &fd) == -1)
		return (STATUS_USAGE);
	/* It is not for a program that we run; and must not turn out to be one
	 * of our own files. */
	if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) == -1) {
		msg_error("--passphrase-fd: descriptor %s: %s", text,
		    strerror(errno));
		return (STATUS_USAGE);
	}
	from->fd = (int)fd;
	return (STATUS_OK);
}

static enum status
cannot(const char *name)
{

	if (errno == EINTR && sig_caught() != 0)
		return (STATUS_LOCAL);
	msg_errno(name);
	return (errno == ENOMEM ? STATUS_LOCAL : STATUS_USAGE);
}

static enum status
wrong(const char *name, const char *why)
{

	msg_error("%s: %s", name, why);
	return (STATUS_USAGE);
}

static enum status
too_long(const char *name)
{

	msg_error("%s: the passphrase is longer than %d bytes", name,
	    PASSPHRASE_MAX);
	return (STATUS_USAGE);
}

/* --- from a file or a descriptor ---------- */

static enum status
look(int fd, const char *name, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (cannot(name));
	if (fd_is_private(&st, geteuid()))
		return (STATUS_OK);
	msg_error("%s: others may %s it (mode %04o)", name,
	    (st.st_mode & 044) != 0 ? "read" : "change",
	    (unsigned)(st.st_mode & 07777));
	msg_hint("chmod 600 %s", path != NULL ? path : "the file behind it");
	return (STATUS_USAGE);
}

static enum status
take_line(const char *name, const char *raw, size_t len, struct passphrase *p)
{
	const char *lf = memchr(raw, '\n', len);

	if (lf != NULL && lf + 1 < raw + len)
		return (wrong(name, "more than one line where a passphrase is "
		    "due"));
	if (lf != NULL)
		len--;
	if (lf != NULL && len > 0 && raw[len - 1] == '\r')
		len--;
	if (len > PASSPHRASE_MAX)
		return (too_long(name));
	if (memchr(raw, '\0', len) != NULL)
		return (wrong(name, "a NUL byte in the passphrase"));
	if (len == 0)
		return (wrong(name, "no passphrase in it"));
	memcpy(p->text, raw, len);
	p->text[len] = '\0';
	p->len = len;
	return (STATUS_OK);
}

static enum status
read_from(int fd, const char *name, const char *path, struct passphrase *p)
{
	enum status status;
	ssize_t n;
	char *raw;

	if ((status = look(fd, name, path)) != STATUS_OK)
		return (status);
	if ((raw = sodium_malloc(RAW_MAX)) == NULL)
		return (cannot(name));
	if ((n = fd_read_full(fd, raw, RAW_MAX)) == -1)
		status = cannot(name);
	else
		status = take_line(name, raw, (size_t)n, p);
	sodium_free(raw);
	return (status);
}

static enum status
read_file(const char *path, struct passphrase *p)
{
	enum status status;
	int fd;

	if (strcmp(path, "-") == 0) {
		msg_error("-: the passphrase is not read from stdin, which "
		    "carries the stream");
		msg_hint("name a file");
		return (STATUS_USAGE);
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return (cannot(path));
	status = read_from(fd, path, path, p);
	(void)fd_close(&fd);
	return (status);
}

static enum status
read_fd(int fd, struct passphrase *p)
{
	char name[NAME_LEN];
	enum status status;

	snprintf(name, sizeof(name), "descriptor %d", fd);
	status = read_from(fd, name, NULL, p);
	(void)fd_close(&fd);
	return (status);
}

/* --- from the terminal ---------- */

static enum status
ask_failed(const char *what)
{

	switch (errno) {
	case EINTR:
		return (STATUS_LOCAL);
	case ENXIO:
		msg_error("%s: no terminal to ask for it", what);
		break;
	case EPIPE:
		msg_error("%s: not given at the terminal", what);
		break;
	case EFBIG:
		msg_error("%s: longer than what a terminal takes", what);
		break;
	default:
		msg_error("%s: terminal: %s", what, strerror(errno));
		return (STATUS_LOCAL);
	}
	msg_hint("%s", HINT_FILE);
	return (STATUS_USAGE);
}

static enum status
ask(const char *what, const char *again, struct passphrase *p)
{
	char prompt[PATH_MAX + 64];

	snprintf(prompt, sizeof(prompt), "%s%s: ", what, again);
	if (terminal_ask(prompt, false, p->text, sizeof(p->text),
	    &p->len) == -1)
		return (ask_failed(what));
	if (p->len == 0)
		return (wrong(what, "it is empty"));
	if (memchr(p->text, '\0', p->len) != NULL)
		return (wrong(what, "a NUL byte in it"));
	return (STATUS_OK);
}

static enum status
ask_twice(const char *what, struct passphrase *p)
{
	struct passphrase *q;
	enum status status = STATUS_OK;
	int i;

	if ((q = sodium_malloc(sizeof(*q))) == NULL)
		return (cannot(what));
	for (i = 0; i < TRIES; i++) {
		if ((status = ask(what, "", p)) != STATUS_OK ||
		    (status = ask(what, ", again", q)) != STATUS_OK)
			break;
		if (p->len == q->len &&
		    sodium_memcmp(p->text, q->text, p->len) == 0)
			break;
		if (i + 1 < TRIES)
			(void)terminal_say("The two differ; try again.");
	}
	if (i == TRIES)
		status = wrong(what, "the two differ");
	sodium_free(q);
	return (status);
}

struct passphrase *
passphrase_get(const struct passphrase_source *from, const char *what,
    bool twice, enum status *status)
{
	struct passphrase *p;

	if ((p = sodium_malloc(sizeof(*p))) == NULL) {
		*status = cannot(what);
		return (NULL);
	}
	if (from->file != NULL)
		*status = read_file(from->file, p);
	else if (from->fd != -1)
		*status = read_fd(from->fd, p);
	else if (twice)
		*status = ask_twice(what, p);
	else
		*status = ask(what, "", p);
	if (*status == STATUS_OK)
		return (p);
	sodium_free(p);
	return (NULL);
}
