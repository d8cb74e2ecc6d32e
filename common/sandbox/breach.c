/* SPDX-License-Identifier: ISC */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "sandbox/breach.h"

#define VARIABLE	"PGB_TEST_BREACH"
#define DONE		100
#define REFUSED		101

/* Each gives -1 with errno where it was refused. */
static long
do_read(const char *path)
{

	return (syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC));
}

static long
do_write(const char *path)
{

	return (syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT |
	    O_CLOEXEC, 0600));
}

static long
do_remove(const char *path)
{

	return (syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

/* The program ends with its own status where it runs. */
static long
do_run(const char *path)
{
	char *word = strdup(path), *argv[2] = { word, NULL };
	char *env[1] = { NULL };
	long rc = syscall(SYS_execve, path, argv, env);

	free(word);
	return (rc);
}

/* That nobody listens there is the other end's answer. */
static long
connect_to(int family, const void *address, socklen_t len)
{
	long fd = syscall(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return (-1);
	if (syscall(SYS_connect, fd, address, len) == 0 ||
	    errno == ECONNREFUSED)
		return (0);
	return (-1);
}

static long
do_connect(const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((uint16_t)atoi(port));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (connect_to(AF_INET, &in, sizeof(in)));
}

static long
do_abstract(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	if (len >= sizeof(un.sun_path)) {
		errno = EINVAL;
		return (-1);
	}
	memcpy(un.sun_path + 1, name, len);
	return (connect_to(AF_UNIX, &un, (socklen_t)(offsetof(struct
	    sockaddr_un, sun_path) + 1 + len)));
}

static long
do_kill(const char *pid)
{

	return (syscall(SYS_kill, atoi(pid), 0));
}

static long
do_trace(const char *pid)
{

	return (syscall(SYS_ptrace, PTRACE_SEIZE, atoi(pid), NULL, NULL));
}

static const struct {
	const char *name;
	long (*deed)(const char *arg);
} deeds[] = {
	{ "read ", do_read },
	{ "write ", do_write },
	{ "remove ", do_remove },
	{ "run ", do_run },
	{ "connect ", do_connect },
	{ "abstract ", do_abstract },
	{ "kill ", do_kill },
	{ "trace ", do_trace },
};

void
breach_if_asked(void)
{
	const char *what = getenv(VARIABLE);
	size_t i, len;

	for (i = 0; what != NULL && i < sizeof(deeds) / sizeof(deeds[0]);
	    i++) {
		len = strlen(deeds[i].name);
		if (strncmp(what, deeds[i].name, len) != 0)
			continue;
		if (deeds[i].deed(what + len) == -1) {
			msg_note("%s: %s: %s", VARIABLE, what,
			    strerror(errno));
			_exit(REFUSED);
		}
		msg_note("%s: %s: done", VARIABLE, what);
		_exit(DONE);
	}
}
