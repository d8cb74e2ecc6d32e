/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "sandbox/breach.h"
#include "sandbox/fence.h"
#include "sandbox/landlock.h"
#include "sandbox/sandbox-impl.h"
#include "sanitizer.h"

#define PORT_DNS	53

struct fence {
	struct landlock rules;	/* fd -1: there is none */
	int error;		/* the first one, of ... */
	char *culprit;		/* ... this */
	atomic_bool told;	/* each thread enters; one says why it cannot */
};

struct fence *
fence_new(bool off, bool child)
{
	struct fence *f;

	if ((f = calloc(1, sizeof(*f))) == NULL) {
		msg_errno("sandbox");
		return (NULL);
	}
	f->rules.fd = -1;
	if (off)
		return (f);
	if (SANITIZER) {
		msg_verbose("sandbox: none under a sanitizer");
		return (f);
	}
	switch (landlock_begin(&f->rules, !child)) {
	case 0:
		break;
	case 1:
		msg_verbose("sandbox: no Landlock here: %s", strerror(errno));
		break;
	default:
		f->error = errno;
	}
	return (f);
}

void
fence_free(struct fence *f)
{

	if (f == NULL)
		return;
	landlock_end(&f->rules);
	free(f->culprit);
	free(f);
}

static void
failed(struct fence *f, const char *culprit)
{

	if (f->error != 0)
		return;
	f->error = errno;
	f->culprit = strdup(culprit);
}

static uint64_t
rights_of(unsigned rights)
{
	uint64_t r = 0;

	if ((rights & FENCE_READ) != 0)
		r |= LL_READ_FILE | LL_READ_DIR;
	if ((rights & FENCE_WRITE) != 0)
		r |= LL_WRITE_FILE | LL_TRUNCATE;
	if ((rights & FENCE_MAKE) != 0)
		r |= LL_MAKE_REG | LL_REMOVE_FILE;
	if ((rights & FENCE_DIRS) != 0)
		r |= LL_MAKE_DIR;
	if ((rights & FENCE_DEVICE) != 0)
		r |= LL_IOCTL_DEV;
	return (r);
}

void
fence_path(struct fence *f, const char *path, unsigned rights)
{
	int fd;

	if (f->rules.fd == -1 || path == NULL)
		return;
	if ((fd = open(path, O_PATH | O_CLOEXEC)) == -1) {
		/* Who wants it will say so; what was made there must be able
		 * to go again. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
		    ((rights & FENCE_MAKE) != 0 && errno != ENOENT &&
		    errno != ENOTDIR && errno != EACCES))
			failed(f, path);
		return;
	}
	/* EBADFD: a pipe, or something else that lies in no directory and that
	 * is not governed. */
	if (landlock_allow(&f->rules, fd, rights_of(rights)) == -1 &&
	    errno != EBADFD)
		failed(f, path);
	close(fd);
}

/* In place; false: there is nothing above it. */
static bool
cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path && path[1] == '\0')
		return (false);
	if (slash == NULL) {
		if (strcmp(path, ".") == 0)
			return (false);
		memcpy(path, ".", 2);
	} else
		slash[slash == path] = '\0';
	return (true);
}

void
fence_parent(struct fence *f, const char *path, unsigned rights)
{
	char dir[PATH_MAX];

	if (path == NULL || strlen(path) >= sizeof(dir) || path[0] == '\0')
		return;
	memcpy(dir, path, strlen(path) + 1);
	if (cut_last(dir))
		fence_path(f, dir, rights);
}

void
fence_above(struct fence *f, const char *path, unsigned rights)
{
	char dir[PATH_MAX];

	if (path == NULL || strlen(path) >= sizeof(dir) || path[0] == '\0')
		return;
	memcpy(dir, path, strlen(path) + 1);
	while (cut_last(dir))
		if (access(dir, F_OK) == 0) {
			fence_path(f, dir, rights);
			return;
		}
}

void
fence_port(struct fence *f, unsigned port)
{
	char name[32];

	if (f->rules.fd == -1 || landlock_connect(&f->rules, port) == 0)
		return;
	snprintf(name, sizeof(name), "port %u", port);
	failed(f, name);
}

/* Files that are replaced while we run, through links from /etc: the directory
 * where they really lie. */
static void
allow_target(struct fence *f, const char *path)
{
	char *real = realpath(path, NULL);

	if (real != NULL && strncmp(real, "/etc/", 5) != 0 &&
	    strncmp(real, "/usr/", 5) != 0 && strrchr(real, '/') != real)
		fence_parent(f, real, FENCE_READ);
	free(real);
}

void
fence_usual(struct fence *f)
{
	static const char *const trees[] = {
		"/etc", "/usr", "/lib", "/lib32", "/lib64", "/libx32",
		"/nix/store", "/gnu/store", "/run/current-system",
		"/var/lib/sss", "/var/cache/nscd", "/proc/self",
		"/proc/meminfo", "/proc/sys/crypto", "/proc/sys/kernel",
		"/sys/devices/system/cpu", "/dev/zero", "/dev/full",
		"/dev/random", "/dev/urandom",
	};
	static const char *const links[] = {
		"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf",
		"/etc/localtime", "/etc/krb5.conf", "/etc/ssl/certs",
	};
	size_t i;

	for (i = 0; i < sizeof(trees) / sizeof(trees[0]); i++)
		fence_path(f, trees[i], FENCE_READ);
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		allow_target(f, links[i]);
	fence_path(f, "/dev/null", FENCE_READ | FENCE_WRITE);
	fence_port(f, PORT_DNS);
}

static enum status
refused(struct fence *f, int error)
{

	if (!atomic_exchange(&f->told, true))
		msg_error("sandbox: Landlock: %s%s%s", f->culprit != NULL ?
		    f->culprit : "", f->culprit != NULL ? ": " : "",
		    strerror(error));
	return (STATUS_LOCAL);
}

enum status
fence_enter(struct fence *f)
{
	enum status status;

	if (f->error != 0)
		return (refused(f, f->error));
	if (f->rules.fd != -1) {
		if ((status = sandbox_no_privileges()) != STATUS_OK)
			return (status);
		if (landlock_enter(&f->rules) == -1)
			return (refused(f, errno));
	}
	breach_if_asked();
	return (STATUS_OK);
}
