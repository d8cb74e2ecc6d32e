/* SPDX-License-Identifier: ISC */
/*
 * The C library's resolver cannot be interrupted, and has patience of its own.
 * So a thread asks it, with a question that is a copy: where the caller does
 * not wait for the answer, the thread is left behind, and the last one of the
 * two frees it all.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ssh/net.h"

/* --- the name --- */

struct lookup {
	/* The question; not changed. */
	char *host;
	char service[16];
	struct addrinfo hints;

	pthread_mutex_t lock;	/* of all below */
	pthread_cond_t answered;
	unsigned users;
	bool done;
	int rc, error;		/* getaddrinfo()'s, and errno */
	struct addrinfo *list;
};

static struct lookup *
lookup_new(const struct route *r)
{
	pthread_condattr_t monotonic;
	struct lookup *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return (NULL);
	if ((l->host = strdup(r->host)) == NULL) {
		free(l);
		return (NULL);
	}
	snprintf(l->service, sizeof(l->service), "%u", r->port);
	l->hints = (struct addrinfo){ .ai_socktype = SOCK_STREAM,
	    .ai_family = r->family, .ai_flags = AI_NUMERICSERV };
	l->users = 1;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&l->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return (l);
}

static void
lookup_drop(struct lookup *l)
{
	unsigned left;

	pthread_mutex_lock(&l->lock);
	left = --l->users;
	pthread_mutex_unlock(&l->lock);
	if (left > 0)
		return;
	if (l->list != NULL)
		freeaddrinfo(l->list);
	pthread_cond_destroy(&l->answered);
	pthread_mutex_destroy(&l->lock);
	free(l->host);
	free(l);
}

static void
look_up(struct lookup *l)
{
	struct addrinfo *list = NULL;
	int rc, error;

	rc = getaddrinfo(l->host, l->service, &l->hints, &list);
	error = errno;
	pthread_mutex_lock(&l->lock);
	l->rc = rc;
	l->error = error;
	l->list = rc == 0 ? list : NULL;
	l->done = true;
	pthread_cond_signal(&l->answered);
	pthread_mutex_unlock(&l->lock);
}

static void *
lookup_main(void *arg)
{
	struct lookup *l = arg;

	look_up(l);
	lookup_drop(l);
	return (NULL);
}

/* The thread is a user as well.  -1 where there can be none. */
static int
lookup_start(struct lookup *l)
{
	sigset_t all, old;
	pthread_t thread;
	int rc;

	l->users = 2;
	/* Signals are for the threads that know what to do. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&thread, NULL, lookup_main, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0) {
		(void)pthread_detach(thread);
		return (0);
	}
	l->users = 1;
	return (-1);
}

/* Whether it is answered in time. */
static bool
lookup_wait(struct lookup *l, int timeout_ms, const struct halt *halt)
{
	int64_t end = clock_ms() + timeout_ms, left;
	struct timespec until;
	bool done;

	pthread_mutex_lock(&l->lock);
	while (!l->done && !halt_asked(halt) &&
	    (left = end - clock_ms()) > 0) {
		if (left > HALT_STEP_MS)
			left = HALT_STEP_MS;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += left * 1000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		(void)pthread_cond_timedwait(&l->answered, &l->lock, &until);
	}
	done = l->done;
	pthread_mutex_unlock(&l->lock);
	return (done);
}

/* *l is for lookup_drop(), whatever is returned; NULL without memory. */
static enum status
resolve(const struct route *r, const struct halt *halt, struct lookup **l,
    struct fault *fault)
{
	bool done = true;

	if ((*l = lookup_new(r)) == NULL)
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	if (lookup_start(*l) == 0)
		done = lookup_wait(*l, r->opts->timeout_ms, halt);
	else
		look_up(*l);
	if (halt_asked(halt))
		return (fault_halted(fault));
	if (!done)
		return (fault_set(fault, STATUS_RETRY,
		    "host %s: no answer of the resolver", r->host));
	if ((*l)->rc != 0)
		fault_set(fault, STATUS_RETRY, "host %s: %s", r->host,
		    (*l)->rc == EAI_SYSTEM ? strerror((*l)->error) :
		    gai_strerror((*l)->rc));
	if ((*l)->rc == EAI_NONAME)
		fault_hint(fault, "is it spelt right? getent hosts %s asks the "
		    "same, ssh -G %s tells what is configured", r->host,
		    r->host);
	return ((*l)->rc != 0 ? STATUS_RETRY : STATUS_OK);
}

/* --- the connection --- */

/* Wait for a connect(2) under way: 0, or -1 with errno. */
static int
await_connect(int fd, int timeout_ms, const struct halt *halt)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int64_t end = clock_ms() + timeout_ms, left;
	int error, n;
	socklen_t len = sizeof(error);

	do {
		left = end - clock_ms();
		if (halt_asked(halt)) {
			errno = EINTR;
			return (-1);
		}
		if (left <= 0) {
			errno = ETIMEDOUT;
			return (-1);
		}
		n = poll(&p, 1, left < HALT_STEP_MS ? (int)left :
		    HALT_STEP_MS);
	} while (n == 0 || (n == -1 && errno == EINTR));
	if (n == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (-1);
	errno = error;
	return (error == 0 ? 0 : -1);
}

/* A connected descriptor, or -1 with errno. */
static int
try_address(const struct addrinfo *a, int timeout_ms, const struct halt *halt)
{
	int fd, saved, on = 1;

	fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    a->ai_protocol);
	if (fd == -1)
		return (-1);
	if (connect(fd, a->ai_addr, a->ai_addrlen) == -1 &&
	    (errno != EINPROGRESS ||
	    await_connect(fd, timeout_ms, halt) == -1)) {
		saved = errno;
		close(fd);
		errno = saved;
		return (-1);
	}
	/* The send buffer's size is left to the kernel: set by hand it is
	 * capped, and no longer grows with the line. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return (fd);
}

enum status
net_connect(const struct route *r, const struct halt *halt, int *fd,
    struct fault *fault)
{
	const struct addrinfo *a;
	struct lookup *l;
	enum status status;
	int saved = 0;

	*fd = -1;
	status = resolve(r, halt, &l, fault);
	if (status == STATUS_OK) {
		errno = 0;
		/* Who has done it does not touch it any more. */
		for (a = l->list; a != NULL && *fd == -1 && !halt_asked(halt);
		    a = a->ai_next)
			*fd = try_address(a, r->opts->timeout_ms, halt);
		saved = errno;
	}
	if (l != NULL)
		lookup_drop(l);
	if (status != STATUS_OK || *fd != -1)
		return (status);
	if (halt_asked(halt))
		return (fault_halted(fault));
	fault_set(fault, STATUS_RETRY, "connect to %s port %u: %s", r->host,
	    r->port, strerror(saved));
	if (saved == ECONNREFUSED)
		fault_hint(fault, "is sshd running there, and on that port? "
		    "sftp://HOST:PORT/...");
	return (STATUS_RETRY);
}
