/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "sandbox/landlock.h"
#include "sandbox/sandbox-impl.h"

/* The numbers are all machines'. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define FLAG_VERSION		1U	/* tell the version */
#define RULE_BENEATH		1	/* kinds of rules */
#define RULE_PORT		2
#define NET_BIND		1ULL
#define NET_CONNECT		2ULL
#define SCOPE_SOCKET		1ULL	/* abstract Unix sockets */
#define SCOPE_SIGNAL		2ULL

/* How many rights to files each version knows, from version 1 on. */
static const unsigned file_rights[] = { 13, 14, 15, 15, 16 };
#define FILE_VERSIONS	(sizeof(file_rights) / sizeof(file_rights[0]))

#define VERSION_NET	4
#define VERSION_SCOPE	6

/* What a rule for a file that is no directory may name. */
#define FOR_FILES	(LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE |	\
	LL_TRUNCATE | LL_IOCTL_DEV)

struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct beneath {
	uint64_t rights;
	int32_t fd;
} __attribute__((packed));

struct port {
	uint64_t rights;
	uint64_t port;
};

int
landlock_begin(struct landlock *l, bool signals)
{
	struct ruleset set = { 0 };
	size_t known = FILE_VERSIONS;

	*l = (struct landlock){ .fd = -1 };
	l->version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    FLAG_VERSION);
	if (l->version < 1) {
		l->version = 0;
		return (sandbox_is_missing(errno) ? 1 : -1);
	}
	if ((size_t)l->version < known)
		known = (size_t)l->version;
	l->files = set.files = (1ULL << file_rights[known - 1]) - 1;
	if (l->version >= VERSION_NET)
		l->net = set.net = NET_BIND | NET_CONNECT;
	if (l->version >= VERSION_SCOPE)
		set.scoped = SCOPE_SOCKET | (signals ? SCOPE_SIGNAL : 0);
	l->fd = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set),
	    0);
	return (l->fd == -1 ? -1 : 0);
}

int
landlock_allow(struct landlock *l, int fd, uint64_t rights)
{
	struct beneath b = { .rights = rights & l->files, .fd = fd };
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (-1);
	if (!S_ISDIR(st.st_mode))
		b.rights &= FOR_FILES;
	if (b.rights == 0)
		return (0);
	return ((int)syscall(SYS_landlock_add_rule, l->fd, RULE_BENEATH, &b,
	    0));
}

int
landlock_connect(struct landlock *l, unsigned port)
{
	const struct port p = { .rights = NET_CONNECT, .port = port };

	if ((l->net & NET_CONNECT) == 0)
		return (0);
	return ((int)syscall(SYS_landlock_add_rule, l->fd, RULE_PORT, &p, 0));
}

int
landlock_enter(struct landlock *l)
{

	return ((int)syscall(SYS_landlock_restrict_self, l->fd, 0));
}

void
landlock_end(struct landlock *l)
{

	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}
