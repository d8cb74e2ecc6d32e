/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "progress/channel.h"

#define TRIES		200
#define TRY_NS		1000000L
#define BACKLOG		64
#define ANSWER_MS	300
#define SEALS		(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* --- the meeting --- */

/*
 * A name of Linux's own kind, which is no file, and is free again when its
 * listener is closed.  A terminal has one number under whatever name it was
 * opened.
 */
static socklen_t
make_name(struct sockaddr_un *a, bool draws)
{
	unsigned long long dev = 0, ino = 0;
	unsigned tty = 0;
	struct stat st;
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (ioctl(STDERR_FILENO, TIOCGDEV, &tty) == 0)
		dev = tty;
	else if (fstat(STDERR_FILENO, &st) == 0) {
		dev = st.st_dev;
		ino = st.st_ino;
	}
	n = snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1,
	    "pgb-progress-%d-%s-%d-%llx-%llx", STAGE_VERSION,
	    draws ? "line" : "lines", (int)getpgrp(), dev, ino);
	return ((socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (size_t)n));
}

/*
 * Whether the other end is of our process group, so that another user who has
 * guessed the name neither reads nor writes here.  The user may be another one:
 * "sudo -u postgres pgb-dump appdb | pgb-verify | ..." is one pipeline.
 */
static bool
is_one_of_us(int fd, pid_t *pid)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return (false);
	*pid = peer.pid;
	return (peer.pid > 0 && getpgid(peer.pid) == getpgrp());
}

static int
new_socket(void)
{

	return (socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0));
}

/* A process that is nobody's child, so that it need not be waited for. */
static int
spawn(int listener, bool draws, void (*run)(int, bool))
{
	int status = -1;
	pid_t pid;

	if ((pid = fork()) == -1)
		return (-1);
	if (pid == 0) {
		if ((pid = fork()) == 0) {
			/* The listener's credentials: now they are ours. */
			(void)listen(listener, BACKLOG);
			run(listener, draws);
		}
		_exit(pid == -1 ? 1 : 0);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return (-1);
	return (status == 0 ? 0 : -1);
}

/* Listen under the name, by a new process: 0; 1 where another one does. */
static int
begin(const struct sockaddr_un *a, socklen_t len, bool draws,
    void (*run)(int, bool))
{
	int rc = -1, fd;

	if ((fd = new_socket()) == -1)
		return (-1);
	if (bind(fd, (const struct sockaddr *)a, len) == -1)
		rc = errno == EADDRINUSE ? 1 : -1;
	else if (listen(fd, BACKLOG) == 0)
		rc = spawn(fd, draws, run);
	close(fd);
	return (rc);
}

int
channel_join(bool draws, void (*run)(int, bool))
{
	const struct timespec step = { 0, TRY_NS };
	struct sockaddr_un a;
	socklen_t len = make_name(&a, draws);
	pid_t pid;
	int fd, rc, i;

	for (i = 0; i < TRIES; i++) {
		if ((fd = new_socket()) == -1)
			return (-1);
		if (connect(fd, (const struct sockaddr *)&a, len) == 0) {
			if (is_one_of_us(fd, &pid))
				return (fd);
			close(fd);
			return (-1);
		}
		rc = errno;
		close(fd);
		if (rc != ECONNREFUSED ||
		    (rc = begin(&a, len, draws, run)) == -1)
			return (-1);
		/* It does not listen yet, or any more. */
		if (rc == 1)
			(void)nanosleep(&step, NULL);
	}
	return (-1);
}

int
channel_accept(int listener, pid_t *pid)
{
	int fd;

	for (;;) {
		fd = accept4(listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd == -1 || is_one_of_us(fd, pid))
			return (fd);
		close(fd);
	}
}

/* --- the memory --- */

/* Sealed, so that the other side need not fear that it goes away. */
static int
new_memory(void)
{
	int fd;

	fd = memfd_create("pgb-progress", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return (-1);
	if (ftruncate(fd, sizeof(struct stage_shown)) == 0 &&
	    fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return (fd);
	close(fd);
	return (-1);
}

static struct stage_shown *
map(int fd)
{
	void *p = mmap(NULL, sizeof(struct stage_shown),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return (p != MAP_FAILED ? p : NULL);
}

/* Of a size that stays. */
static struct stage_shown *
map_checked(int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals == -1 || (seals & SEALS) != SEALS || fstat(fd, &st) == -1 ||
	    st.st_size < (off_t)sizeof(struct stage_shown))
		return (NULL);
	return (map(fd));
}

void
channel_forget(struct stage_shown *shown)
{

	if (shown != NULL)
		(void)munmap(shown, sizeof(*shown));
}

/* --- the words --- */

/* Room for one descriptor. */
union control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

static int
send_hello(int fd, const struct stage_hello *h, int memory)
{
	struct stage_hello copy = *h;
	struct iovec iov = { &copy, sizeof(copy) };
	union control c = { .space = { 0 } };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &c, .msg_controllen = sizeof(c) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cm), &memory, sizeof(int));
	return (sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(copy) ? 0 :
	    -1);
}

struct stage_shown *
channel_hello(int fd, const struct stage_hello *h)
{
	struct stage_shown *shown = NULL;
	int memory;

	if ((memory = new_memory()) == -1)
		return (NULL);
	if ((shown = map(memory)) != NULL && send_hello(fd, h, memory) == -1) {
		channel_forget(shown);
		shown = NULL;
	}
	close(memory);
	return (shown);
}

void
channel_say(int fd, enum channel_word word)
{
	char c = (char)word;
	ssize_t n;

	/* SIGPIPE is ignored: sig.h. */
	do
		n = write(fd, &c, 1);
	while (n == -1 && errno == EINTR);
}

void
channel_ask(int fd, enum channel_word word)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	channel_say(fd, word);
	if (poll(&p, 1, ANSWER_MS) == 1)
		(void)!read(fd, &c, 1);
}

static int
take_memory(struct msghdr *m)
{
	struct cmsghdr *cm = CMSG_FIRSTHDR(m);
	int fd;

	if (cm == NULL || cm->cmsg_level != SOL_SOCKET ||
	    cm->cmsg_type != SCM_RIGHTS ||
	    cm->cmsg_len != CMSG_LEN(sizeof(int)))
		return (-1);
	memcpy(&fd, CMSG_DATA(cm), sizeof(int));
	return (fd);
}

int
channel_read(int fd, struct stage_hello *h, struct stage_shown **shown)
{
	struct stage_hello got = { 0 };
	struct iovec iov = { &got, sizeof(got) };
	union control c;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &c, .msg_controllen = sizeof(c) };
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int memory;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n <= 0)
		return (-1);
	memory = take_memory(&m);
	if (n == 1 && memory == -1)
		return (*(unsigned char *)&got);
	*h = got;
	*shown = NULL;
	if (n == (ssize_t)sizeof(got) && got.version == STAGE_VERSION &&
	    memory != -1)
		*shown = map_checked(memory);
	if (memory != -1)
		close(memory);
	return (*shown != NULL ? 1 : -1);
}
