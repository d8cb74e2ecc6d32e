/* SPDX-License-Identifier: ISC */
/*
 * proxy [OPTIONS] PORT: a bad network between 127.0.0.1 and 127.0.0.1:PORT.
 * Prints the port that it listens on; tells on stderr what becomes of each
 * connection, a line "NUMBER: WHAT" each.
 *
 *   -p PORT	listen there; else on a free one below 32768
 *   -d MS	delay, each way
 *   -r RATE	bytes a second, each way of each connection
 *   -a MS	end a connection that is so old; MIN-MAX: at random between
 *   -b BYTES	end a connection that has sent so many to the server
 *   -c COUNT	-a and -b end so many, and no more
 *   -f		-a and -b end with FIN, not with RST
 *   -o K	-r, -a and -b are for connection number K (1, 2, ...) alone
 *   -e		a black hole takes the connections that are there; new ones pass
 *
 * SIGUSR1 makes a black hole, and ends it: nothing passes, nothing is lost.
 * SIGUSR2 resets all connections (RST), SIGHUP ends them (FIN).
 *
 * What is under way is held in memory, and no kernel buffer is made smaller,
 * so that nothing limits but what was asked for.  TCP ends at both sides of
 * this: it is the windows of SSH and SFTP that feel the delay, not TCP's.
 */
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINKS		256
#define CHUNK		(256 * 1024)
#define QUEUE_MAX	(256 * 1024 * 1024)	/* one way */
#define TOGETHER_US	250	/* what comes so close together, leaves so */
#define LINGER_US	5000000	/* for the other's FIN */
#define NEVER		INT64_MAX

struct chunk {
	struct chunk *next;
	int64_t due;
	size_t len, pos;
	uint8_t data[CHUNK];
};

struct way {
	int from, to;
	struct chunk *head, **tail, *last;
	size_t queued;
	uint64_t passed;
	int64_t free_at;	/* when the rate allows the next byte */
	bool eof;		/* of from */
	bool shut;		/* to was told so */
	bool blocked;		/* to takes nothing now */
	bool reset;		/* from was: told on when all is delivered */
};

struct link {
	unsigned number;	/* 0: not in use */
	struct way way[2];	/* to the server, and back */
	int64_t end_at;		/* -a */
	bool limited;		/* -r, -a and -b are for this one */
	bool holed;
	bool over;		/* FIN was sent: what still comes is dropped */
};

static struct {
	int listener;
	unsigned target;
	int64_t delay;
	uint64_t rate, bytes;
	int64_t age, age_more;
	long count;
	unsigned only;
	bool fin, existing;
	bool hole;
	unsigned accepted;
	struct link links[LINKS];
	struct chunk *spare;
} px = { .count = -1 };

static volatile sig_atomic_t asked_hole, asked_reset, asked_fin, asked_end;

static void
on_signal(int sig)
{

	switch (sig) {
	case SIGUSR1:
		asked_hole++;
		break;
	case SIGUSR2:
		asked_reset = 1;
		break;
	case SIGHUP:
		asked_fin = 1;
		break;
	default:
		asked_end = 1;
	}
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
}

/* --- chunks --- */

static struct chunk *
chunk_new(void)
{
	struct chunk *c = px.spare;

	if (c != NULL)
		px.spare = c->next;
	else if ((c = malloc(sizeof(*c))) == NULL)
		die("malloc");
	c->next = NULL;
	c->len = c->pos = 0;
	return (c);
}

static void
chunk_pop(struct way *w)
{
	struct chunk *c = w->head;

	if ((w->head = c->next) == NULL) {
		w->tail = &w->head;
		w->last = NULL;
	}
	c->next = px.spare;
	px.spare = c;
}

static void
drop(struct way *w)
{

	while (w->head != NULL)
		chunk_pop(w);
	w->queued = 0;
}

/* --- connections --- */

static void
link_close(struct link *l, bool reset, const char *what)
{
	struct linger hard = { .l_onoff = 1 };
	int i;

	for (i = 0; i < 2; i++) {
		if (reset)
			(void)setsockopt(l->way[i].from, SOL_SOCKET, SO_LINGER,
			    &hard, sizeof(hard));
		close(l->way[i].from);
		drop(&l->way[i]);
	}
	fprintf(stderr, "%u: %s\n", l->number, what);
	l->number = 0;
}

static void
link_fin(struct link *l, int64_t now)
{
	int i;

	for (i = 0; i < 2; i++) {
		drop(&l->way[i]);
		(void)shutdown(l->way[i].from, SHUT_WR);
	}
	l->over = true;
	l->holed = false;
	l->end_at = now + LINGER_US;
	fprintf(stderr, "%u: FIN\n", l->number);
}

/* By -a or -b. */
static void
link_end(struct link *l, int64_t now)
{

	l->end_at = NEVER;
	if (px.count == 0)
		return;
	if (px.count > 0)
		px.count--;
	if (px.fin)
		link_fin(l, now);
	else
		link_close(l, true, "RST");
}

static void
way_init(struct way *w, int from, int to)
{

	memset(w, 0, sizeof(*w));
	w->from = from;
	w->to = to;
	w->tail = &w->head;
}

static int
to_server(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)px.target),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* On this machine it is at once, or not. */
	if (fd != -1 && connect(fd, (void *)&a, sizeof(a)) == -1) {
		close(fd);
		return (-1);
	}
	return (fd);
}

static void
link_open(struct link *l, int client, int64_t now)
{
	struct linger hard = { .l_onoff = 1 };
	int server = to_server(), on = 1, i;

	px.accepted++;
	fprintf(stderr, "%u: connect%s\n", px.accepted,
	    server == -1 ? ", no server" : "");
	if (server == -1) {
		(void)setsockopt(client, SOL_SOCKET, SO_LINGER, &hard,
		    sizeof(hard));
		close(client);
		return;
	}
	memset(l, 0, sizeof(*l));
	l->number = px.accepted;
	l->limited = px.only == 0 || px.only == l->number;
	way_init(&l->way[0], client, server);
	way_init(&l->way[1], server, client);
	for (i = 0; i < 2; i++)
		(void)setsockopt(l->way[i].from, IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
	l->end_at = l->limited && px.age > 0 ? now + px.age +
	    (px.age_more > 0 ? random() % px.age_more : 0) : NEVER;
}

static void
take_client(int64_t now)
{
	int fd = accept4(px.listener, NULL, NULL, SOCK_CLOEXEC), i;

	if (fd == -1)
		return;
	for (i = 0; i < LINKS; i++)
		if (px.links[i].number == 0) {
			link_open(&px.links[i], fd, now);
			return;
		}
	close(fd);
}

/* --- bytes --- */

/* On a slow line little waits: who sends is to feel it. */
static size_t
room(const struct link *l)
{

	return (l->limited && px.rate > 0 ? (size_t)(CHUNK / 4 +
	    px.rate * (uint64_t)px.delay / 1000000) : QUEUE_MAX);
}

static void
pull(struct link *l, struct way *w, int64_t now)
{
	struct chunk *c = w->last;
	ssize_t n;

	if (c == NULL || CHUNK - c->len < CHUNK / 4 ||
	    now + px.delay - c->due > TOGETHER_US) {
		c = chunk_new();
		c->due = now + px.delay;
		*w->tail = c;
		w->tail = &c->next;
		w->last = c;
	}
	n = recv(w->from, c->data + c->len, CHUNK - c->len, MSG_DONTWAIT);
	if (n > 0 && !l->over) {
		c->len += (size_t)n;
		w->queued += (size_t)n;
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		w->reset = true;
	if (n == 0 || w->reset)
		w->eof = true;
}

/* How much the rate lets go at once: what flows in 10 ms. */
static size_t
burst(const struct link *l)
{

	if (!l->limited || px.rate == 0)
		return (SIZE_MAX);
	return (px.rate > 102400 ? (size_t)(px.rate / 100) : 1024);
}

/* false: the connection is gone. */
static bool
push(struct link *l, struct way *w, int64_t now)
{
	struct chunk *c;
	size_t len;
	ssize_t n;

	w->blocked = false;
	while ((c = w->head) != NULL && c->due <= now && w->free_at <= now) {
		if ((len = c->len - c->pos) > burst(l))
			len = burst(l);
		n = len == 0 ? 0 : send(w->to, c->data + c->pos, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN) {
			w->blocked = true;
			return (true);
		}
		if (n == -1)
			return (false);
		c->pos += (size_t)n;
		w->queued -= (size_t)n;
		w->passed += (uint64_t)n;
		if (burst(l) != SIZE_MAX)
			w->free_at = (w->free_at > now - 10000 ? w->free_at :
			    now) + n * 1000000 / (int64_t)px.rate;
		if (c->pos == c->len)
			chunk_pop(w);
	}
	if (w->eof && w->head == NULL && !w->shut) {
		if (w->reset)
			return (false);
		w->shut = true;
		(void)shutdown(w->to, SHUT_WR);
	}
	return (true);
}

static void
serve(struct link *l, const struct pollfd *p, int64_t now)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct way *w = &l->way[i];

		if ((p[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
		    !w->eof && w->queued < room(l))
			pull(l, w, now);
		/* Nobody is there any more who would take it. */
		if (l->way[1 - i].reset)
			drop(w);
		else if (!l->over && !push(l, w, now)) {
			link_close(l, true, "broken off");
			return;
		}
	}
	if (l->over ? l->way[0].eof && l->way[1].eof :
	    l->way[0].shut && l->way[1].shut) {
		link_close(l, false, "closed");
		return;
	}
	if (now >= l->end_at && l->over)
		link_close(l, true, "closed");
	else if (!l->over && (now >= l->end_at || (l->limited &&
	    px.bytes > 0 && l->way[0].passed >= px.bytes && px.count != 0)))
		link_end(l, now);
}

/* What to poll for; and when there is something to do without. */
static int64_t
want(const struct link *l, struct pollfd *p)
{
	int64_t at = l->end_at;
	int i;

	for (i = 0; i < 2; i++) {
		const struct way *w = &l->way[i], *back = &l->way[1 - i];

		p[i].fd = w->from;
		p[i].events = (short)((!w->eof && w->queued < room(l) ?
		    POLLIN : 0) | (back->blocked ? POLLOUT : 0));
		p[i].revents = 0;
		/* An error alone would wake us for ever. */
		if (p[i].events == 0)
			p[i].fd = -1;
		if (w->head == NULL || w->blocked)
			continue;
		if (at > w->head->due && w->head->due >= w->free_at)
			at = w->head->due;
		else if (at > w->free_at && w->free_at > w->head->due)
			at = w->free_at;
	}
	return (at);
}

/* --- all of it --- */

static void
obey(int64_t now)
{
	struct link *l;

	if (asked_hole > 0) {
		px.hole ^= asked_hole % 2 == 1;
		fprintf(stderr, "0: black hole %s\n", px.hole ? "on" : "off");
	}
	for (l = px.links; l < px.links + LINKS; l++) {
		if (l->number == 0)
			continue;
		if (asked_reset)
			link_close(l, true, "RST");
		else if (asked_fin && !l->over)
			link_fin(l, now);
		else if (asked_hole > 0 && !l->over)
			l->holed = px.hole;
	}
	asked_hole = asked_reset = asked_fin = 0;
}

static void
turn(const sigset_t *open)
{
	struct pollfd p[1 + 2 * LINKS];
	int64_t now = now_us(), at = NEVER, t;
	struct timespec ts;
	int i;

	p[0] = (struct pollfd){ .fd = px.hole && !px.existing ? -1 :
	    px.listener, .events = POLLIN };
	for (i = 0; i < LINKS; i++) {
		p[1 + 2 * i].fd = p[2 + 2 * i].fd = -1;
		p[1 + 2 * i].revents = p[2 + 2 * i].revents = 0;
		if (px.links[i].number == 0 || px.links[i].holed)
			continue;
		if ((t = want(&px.links[i], p + 1 + 2 * i)) < at)
			at = t;
	}
	t = at <= now ? 0 : at - now;
	ts = (struct timespec){ .tv_sec = t / 1000000,
	    .tv_nsec = t % 1000000 * 1000 };
	if (ppoll(p, 1 + 2 * LINKS, at == NEVER ? NULL : &ts, open) == -1 &&
	    errno != EINTR)
		die("poll");
	now = now_us();
	obey(now);
	for (i = 0; i < LINKS; i++)
		if (px.links[i].number != 0 && !px.links[i].holed)
			serve(&px.links[i], p + 1 + 2 * i, now);
	if ((p[0].revents & POLLIN) != 0)
		take_client(now);
}

static void
start(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int on = 1, tries;

	px.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (px.listener == -1)
		die("socket");
	(void)setsockopt(px.listener, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on));
	for (tries = 0; tries < 100; tries++) {
		unsigned try = port != 0 ? port :
		    20000 + (unsigned)(getpid() * 13 + tries * 977) % 12000;

		a.sin_port = htons((uint16_t)try);
		if (bind(px.listener, (void *)&a, sizeof(a)) == 0 &&
		    listen(px.listener, 64) == 0) {
			printf("%u\n", try);
			fflush(stdout);
			return;
		}
	}
	die("bind");
}

static bool
options(int argc, char **argv, unsigned *port)
{
	char *end;
	int c;

	while ((c = getopt(argc, argv, "p:d:r:a:b:c:fo:e")) != -1)
		switch (c) {
		case 'p':
			*port = (unsigned)atoi(optarg);
			break;
		case 'd':
			px.delay = (int64_t)(atof(optarg) * 1000);
			break;
		case 'r':
			px.rate = strtoull(optarg, NULL, 10);
			break;
		case 'a':
			px.age = strtol(optarg, &end, 10) * 1000;
			if (*end == '-')
				px.age_more = atol(end + 1) * 1000 - px.age;
			break;
		case 'b':
			px.bytes = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			px.count = atol(optarg);
			break;
		case 'f':
			px.fin = true;
			break;
		case 'o':
			px.only = (unsigned)atoi(optarg);
			break;
		case 'e':
			px.existing = true;
			break;
		default:
			return (false);
		}
	return (optind == argc - 1);
}

int
main(int argc, char **argv)
{
	static const int signals[] = { SIGUSR1, SIGUSR2, SIGHUP, SIGTERM,
	    SIGINT };
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t none, set;
	unsigned port = 0;
	size_t i;

	if (!options(argc, argv, &port)) {
		fprintf(stderr, "usage: proxy [-ef] [-p PORT] [-d MS] "
		    "[-r RATE] [-a MS] [-b BYTES] [-c COUNT] [-o K] PORT\n");
		return (2);
	}
	px.target = (unsigned)atoi(argv[optind]);
	sigemptyset(&none);
	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&set, signals[i]);
		sigaction(signals[i], &sa, NULL);
	}
	/* Taken while we wait, and at no other moment. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	start(port);
	while (!asked_end)
		turn(&none);
	return (0);
}
