/* SPDX-License-Identifier: ISC */
/* Promise: a resolver that hangs holds up nobody for longer than he wants, and
 * leaves nothing behind once it has ended after all. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

/* A resolver that waits until it is let go. */
static int slow_lookup(const char *, const char *, const struct addrinfo *,
    struct addrinfo **);
static void count_free(struct addrinfo *);
static int no_thread(pthread_t *, const pthread_attr_t *, void *(*)(void *),
    void *);

#define getaddrinfo	slow_lookup
#define freeaddrinfo	count_free
#define pthread_create	no_thread
#include "pgb-ship/ssh/net.c"
#undef getaddrinfo
#undef freeaddrinfo
#undef pthread_create

#include "tap.h"

static bool hangs, threadless;
static atomic_bool open_to_signals;
static sem_t entered, go_on, freed;
static char seen[100];
static struct ship_opts opts = { .timeout_ms = 60000 };
static struct route route = { .opts = &opts, .family = AF_INET };
static struct halt halt;
static struct fault fault;

static int
slow_lookup(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	if (!threadless && sigismember(&set, SIGTERM) == 0)
		atomic_store(&open_to_signals, true);
	if (hangs) {
		sem_post(&entered);
		while (sem_wait(&go_on) == -1)
			;
		/* By now the one who asked has gone. */
		snprintf(seen, sizeof(seen), "%s:%s", host, service);
	}
	return (getaddrinfo(host, service, hints, list));
}

static void
count_free(struct addrinfo *list)
{

	freeaddrinfo(list);
	sem_post(&freed);
}

static int
no_thread(pthread_t *thread, const pthread_attr_t *attr,
    void *(*run)(void *), void *arg)
{

	return (threadless ? EAGAIN : pthread_create(thread, attr, run, arg));
}

static void
await_sem(sem_t *sem)
{

	while (sem_wait(sem) == -1)
		;
}

static enum status
try_connect(const char *host, unsigned port, int *fd)
{
	enum status status;

	route.host = strdup(host);
	route.port = port;
	status = net_connect(&route, &halt, fd, &fault);
	memset(route.host, 'x', strlen(route.host));
	free(route.host);
	route.host = NULL;
	return (status);
}

static int
listener(unsigned *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (const struct sockaddr *)&sin, len) == -1 ||
	    listen(fd, 5) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		abort();
	*port = ntohs(sin.sin_port);
	return (fd);
}

static void
test_plain(void)
{
	unsigned port;
	int at = listener(&port), fd;

	ok(try_connect("127.0.0.1", port, &fd) == STATUS_OK && fd != -1,
	    "connected");
	close(fd);
	await_sem(&freed);
	ok(!atomic_load(&open_to_signals),
	    "the resolver's thread has signals blocked");
	threadless = true;
	ok(try_connect("127.0.0.1", port, &fd) == STATUS_OK && fd != -1,
	    "without a thread, too");
	close(fd);
	await_sem(&freed);
	threadless = false;
	close(at);
	ok(try_connect("127.0.0.1", port, &fd) == STATUS_RETRY && fd == -1 &&
	    strncmp(fault.text, "connect to 127.0.0.1 port ", 26) == 0,
	    "nobody there: %s", fault.text);
	await_sem(&freed);
	ok(try_connect("not an address", port, &fd) == STATUS_RETRY &&
	    strncmp(fault.text, "host not an address: ", 21) == 0,
	    "no such host: %s", fault.text);
}

/* It ends after all: with the question that it was asked. */
static void
let_go(const char *want)
{

	sem_post(&go_on);
	await_sem(&freed);
	ok(strcmp(seen, want) == 0, "it ends later, and nothing is left: %s",
	    seen);
}

static void
test_timeout(void)
{
	int fd;

	hangs = true;
	opts.timeout_ms = 300;
	ok(try_connect("127.0.0.1", 22, &fd) == STATUS_RETRY && fd == -1 &&
	    strcmp(fault.text, "host 127.0.0.1: no answer of the resolver") ==
	    0, "it hangs: %s", fault.text);
	await_sem(&entered);
	opts.timeout_ms = 60000;
	let_go("127.0.0.1:22");
}

static void *
ask_halt(void *arg)
{

	(void)arg;
	await_sem(&entered);
	atomic_store(&halt.asked, true);
	return (NULL);
}

static void *
send_signal(void *arg)
{

	(void)arg;
	await_sem(&entered);
	kill(getpid(), SIGTERM);
	return (NULL);
}

static void
test_halt(void *(*how)(void *), const char *name)
{
	pthread_t thread;
	int fd;

	pthread_create(&thread, NULL, how, NULL);
	ok(try_connect("127.0.0.2", 23, &fd) == STATUS_LOCAL && fd == -1 &&
	    fault.text[0] == '\0', "it hangs, and %s", name);
	pthread_join(thread, NULL);
	atomic_store(&halt.asked, false);
	let_go("127.0.0.2:23");
}

int
main(void)
{

	sem_init(&entered, 0, 0);
	sem_init(&go_on, 0, 0);
	sem_init(&freed, 0, 0);
	sig_install();
	test_plain();
	test_timeout();
	test_halt(ask_halt, "there is a halt");
	/* Last: the signal stays caught. */
	test_halt(send_signal, "a signal comes");
	return (tap_done());
}
