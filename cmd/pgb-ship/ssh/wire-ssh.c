/* SPDX-License-Identifier: ISC */
/*
 * A wire over a child: ssh -s HOST sftp.
 *
 * Its stdin and stdout are one socket, and that is the wire.  Beside it are
 * its stderr (said.h) and what it asks (answers.h); both are looked at only
 * when the socket has nothing to read.  Until the server's first byte has come,
 * ssh is on its way there; what keeps it from arriving shows when it has ended,
 * in what it has said.
 *
 * ssh looks itself after a server that falls silent.  What it does not see is
 * one that takes no more data: it stops then to take it from us, which is seen
 * by how much of it lies in the socket.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "fdio.h"
#include "msg.h"
#include "secret/agent.h"
#include "ssh/said.h"
#include "ssh/wire-ssh-impl.h"

#define AGENT_MS	5000
#define LAST_WORDS_MS	2000	/* until it has ended, once it has hung up */
#define CLOSE_MS	1000	/* to end by itself */
#define STEP_MS		20
#define BANNER_MS	3000	/* of silence: one that may be a question */
#define CHUNK		4096
#define CHUNKS		16	/* of stderr at a time */

/* What lies in the socket is not on its way yet: no more than this where the
 * rate is limited. */
#define BUFFER_LIMITED	(32 * 1024)

struct ssh {
	struct wire wire;	/* first: a struct wire * is this */
	const struct route *route;
	const struct halt *halt;
	struct child child;
	struct answers *answers;	/* NULL: nothing is asked any more */
	struct said said;
	bool started;		/* something has come from the server */
	bool full;		/* the socket took no more */
	int lying;		/* in the socket, when it was looked at last */
	bool progress;		/* a sign of life since taken() */
	int64_t spoke_ms;	/* when the last line came */
};

static struct ssh *
ssh_of(struct wire *wire)
{

	return ((struct ssh *)(void *)wire);
}

/* --- its end --- */

/* A bounded part at a time: one that never stops must not hold us here. */
static void
hear(struct ssh *w)
{
	char buf[CHUNK];
	ssize_t n;
	int i;

	for (i = 0; i < CHUNKS && w->child.err != -1; i++) {
		n = read(w->child.err, buf, sizeof(buf));
		if (n > 0)
			said_feed(&w->said, buf, (size_t)n);
		else if (n == -1 && (errno == EAGAIN || errno == EINTR))
			break;
		else
			fd_close(&w->child.err);
	}
	if (said_fresh(&w->said)) {
		w->progress = true;
		w->spoke_ms = clock_ms();
	} else if (clock_ms() - w->spoke_ms >= BANNER_MS)
		said_wait(&w->said);
}

/* Its last words; somebody else may hold its stderr open for ever. */
static bool
await_end(struct ssh *w)
{
	int64_t until = clock_ms() + LAST_WORDS_MS;
	struct pollfd p;
	bool ended;

	while (!(ended = child_wait(&w->child, 0) == 1) &&
	    clock_ms() < until) {
		p = (struct pollfd){ .fd = w->child.err, .events = POLLIN };
		(void)poll(&p, 1, STEP_MS);
		hear(w);
	}
	hear(w);
	return (ended);
}

static ssize_t
conclude(struct ssh *w, const struct verdict *v)
{

	snprintf(w->wire.why, sizeof(w->wire.why), "%s", v->why);
	snprintf(w->wire.hint, sizeof(w->wire.hint), "%s", v->hint);
	w->wire.final = v->final;
	child_stop(&w->child);
	return (-1);
}

/* It has hung up. */
static ssize_t
lost(struct ssh *w)
{
	struct verdict v;
	bool ended;

	ended = await_end(w);
	said_verdict(&w->said, ended ? w->child.wstatus : 0, &v);
	return (conclude(w, &v));
}

/* --- what it asks --- */

static ssize_t
give_up(struct ssh *w, const struct fault *fault)
{
	struct verdict v = { .final = true };

	snprintf(v.why, sizeof(v.why), "%s", fault->text);
	snprintf(v.hint, sizeof(v.hint), "%s", fault->hint);
	return (conclude(w, &v));
}

static void
note_given(struct ssh *w, const struct answered *r)
{
	const char *file = w->route->opts->password_file;

	if (!r->own)
		return;
	/* If it is not, this key is not going to be used. */
	if (r->kind == SECRET_PASSPHRASE)
		said_trouble(&w->said, "wrong passphrase");
	if (r->refused > 0 || r->kind == SECRET_PASSPHRASE)
		return;
	if (r->kind == SECRET_OTHER)
		said_tried(&w->said, "an answer from the terminal");
	else if (file != NULL)
		said_tried(&w->said, "the password of %s", file);
	else
		said_tried(&w->said, "a password from the terminal");
}

/* ssh would take no answer for an empty one, and send that. */
static ssize_t
no_answer(struct ssh *w, const struct answered *r)
{
	struct verdict v;

	if (!r->own)
		return (0);
	if (r->kind == SECRET_PASSPHRASE) {
		if (r->refused == 0)
			said_trouble(&w->said,
			    "has a passphrase, and there is no terminal");
		return (0);
	}
	/* There may be another way in; and not every question is about that. */
	if (r->kind == SECRET_OTHER && (!said_dialogue(&w->said) ||
	    w->route->opts->password_file != NULL))
		return (0);
	child_stop(&w->child);
	said_denied(&w->said, &v);
	return (conclude(w, &v));
}

/* 0, or -1 where that was the end. */
static ssize_t
serve(struct ssh *w)
{
	struct answered r;
	struct fault fault;

	r = answers_serve(w->answers, w->child.pid, said_dialogue(&w->said),
	    &fault);
	if (r.what == ANSWERED_NOTHING)
		return (0);
	w->progress = true;
	switch (r.what) {
	case ANSWERED_GIVEN:
		note_given(w, &r);
		return (0);
	case ANSWERED_NONE:
		return (no_answer(w, &r));
	case ANSWERED_FAULT:
		/* A caught signal is for whoever called to see. */
		if (fault.text[0] == '\0')
			return (0);
		if (r.refused == 0)
			return (give_up(w, &fault));
		/* The one in the file is wrong. */
		said_advice(&w->said, fault.text);
		return (no_answer(w, &r));
	default:
		return (0);
	}
}

/* --- the wire --- */

static void
start(struct ssh *w)
{

	w->started = true;
	hear(w);
	said_start(&w->said);
	answers_free(w->answers);
	w->answers = NULL;
}

static ssize_t
wire_read(struct wire *wire, void *buf, size_t len)
{
	struct ssh *w = ssh_of(wire);
	ssize_t n;

	if (w->child.out == -1)
		return (-1);
	n = read(w->child.out, buf, len);
	if (n > 0) {
		if (!w->started)
			start(w);
		return (n);
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		return (lost(w));
	hear(w);
	return (w->answers != NULL ? serve(w) : 0);
}

/* Whether less lies in the socket than there was. */
static void
look(struct ssh *w)
{
	int lying;

	if (ioctl(w->child.out, SIOCOUTQ, &lying) == -1)
		return;
	w->progress |= lying < w->lying;
	w->lying = lying;
}

static ssize_t
wire_write(struct wire *wire, const struct iovec *v, int count)
{
	struct ssh *w = ssh_of(wire);
	struct msghdr msg = { .msg_iov = (struct iovec *)(uintptr_t)v,
	    .msg_iovlen = (size_t)count };
	ssize_t n;

	if (w->child.out == -1)
		return (-1);
	look(w);
	n = sendmsg(w->child.out, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return (lost(w));
	w->full = n == -1;
	look(w);
	return (n == -1 ? 0 : n);
}

static int
wire_want(struct wire *wire, struct pollfd *p)
{
	struct ssh *w = ssh_of(wire);
	int count = 0;

	p[count++] = (struct pollfd){ .fd = w->child.out,
	    .events = w->full ? POLLIN | POLLOUT : POLLIN };
	if (w->child.err != -1)
		p[count++] = (struct pollfd){ .fd = w->child.err,
		    .events = POLLIN };
	if (w->answers != NULL)
		p[count++] = (struct pollfd){ .fd = answers_fd(w->answers),
		    .events = POLLIN };
	return (count);
}

static bool
wire_taken(struct wire *wire)
{
	struct ssh *w = ssh_of(wire);
	bool progress;

	look(w);
	progress = w->progress ||
	    (w->answers != NULL && answers_showing(w->answers));
	w->progress = false;
	return (progress);
}

/* Let it end the session, if there is one, and itself. */
static void
say_goodbye(struct ssh *w)
{
	int64_t until = clock_ms() + CLOSE_MS, left;
	char buf[CHUNK];
	struct pollfd p[2];
	ssize_t n;

	(void)shutdown(w->child.out, SHUT_WR);
	for (;;) {
		n = read(w->child.out, buf, sizeof(buf));
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			break;
		if ((left = until - clock_ms()) <= 0)
			break;
		p[0] = (struct pollfd){ .fd = w->child.out, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = w->child.err, .events = POLLIN };
		if (n == -1)
			(void)poll(p, 2, (int)left);
		hear(w);
	}
	while (child_wait(&w->child, 1) == 0 && clock_ms() < until)
		hear(w);
}

static void
wire_close(struct wire *wire)
{
	struct ssh *w = ssh_of(wire);

	if (w->started && w->wire.why[0] == '\0')
		say_goodbye(w);
	child_stop(&w->child);
	answers_free(w->answers);
	free(w);
}

/* --- opening --- */

/* ssh, too, waits without end for an agent that does not answer. */
static bool
agent_hangs(const struct route *r, const struct halt *halt)
{
	const char *path = r->agent != NULL ? r->agent :
	    getenv("SSH_AUTH_SOCK");
	int timeout_ms = r->opts->timeout_ms;

	if (r->no_agent || path == NULL || path[0] == '\0')
		return (false);
	if (timeout_ms > AGENT_MS)
		timeout_ms = AGENT_MS;
	if (agent_probe(path, timeout_ms, halt) != AGENT_SILENT)
		return (false);
	if (!halt_asked(halt))
		msg_warning("%s: ssh-agent does not answer: going on without "
		    "it", path);
	return (true);
}

/* A file that cannot be used is told before there is a connection. */
static enum status
check_files(const struct route *r, struct fault *fault)
{
	const char *files[] = { [SECRET_PASSWORD] = r->opts->password_file,
	    [SECRET_PASSPHRASE] = r->opts->passphrase_file };
	char *secret;
	int i;

	for (i = 0; i < (int)(sizeof(files) / sizeof(files[0])); i++) {
		if (files[i] == NULL)
			continue;
		secret = secrets_get(r->secrets, (enum secret_kind)i, "",
		    false, 0, fault);
		if (secret == NULL)
			return (fault->status);
		secrets_put(secret);
	}
	return (STATUS_OK);
}

static enum status
run(struct ssh *w, struct launch *l, struct fault *fault)
{
	static const struct child_how how = { .io = CHILD_SOCKET,
	    .nonblock = true, .leads = true };
	int size = BUFFER_LIMITED;

	if (child_start_as(&w->child, l->argv.v,
	    (const char *const *)(void *)l->env.v, &how) == -1) {
		/* Others may end soon. */
		fault_set(fault, errno == EAGAIN || errno == ENOMEM ||
		    errno == EMFILE || errno == ENFILE ? STATUS_RETRY :
		    STATUS_USAGE, "%s: %s", l->argv.v[0], strerror(errno));
		return (fault->status);
	}
	/* Otherwise it is as large as is of use. */
	if (w->route->opts->limit > 0)
		(void)setsockopt(w->child.out, SOL_SOCKET, SO_SNDBUF, &size,
		    sizeof(size));
	return (STATUS_OK);
}

static enum status
set_up(struct ssh *w, struct fault *fault)
{
	const struct route *r = w->route;
	char *program = launch_find(r, fault);
	struct launch_how how = { .program = program };
	struct launch l;
	enum status status;

	if (program == NULL)
		return (fault->status);
	if ((status = check_files(r, fault)) != STATUS_OK) {
		free(program);
		return (status);
	}
	msg_verbose("%s: running %s", r->name, program);
	/* Since 8.5 a server's questions have its name in front. */
	if ((w->answers = answers_new(r, r->ssh_807)) == NULL)
		msg_verbose("%s: ssh can ask nothing: %s", r->name,
		    strerror(errno));
	how.answers = w->answers;
	how.no_agent = agent_hangs(r, w->halt);
	status = launch_make(&l, r, &how, fault);
	if (status == STATUS_OK && halt_asked(w->halt))
		status = fault_halted(fault);
	if (status == STATUS_OK)
		status = run(w, &l, fault);
	launch_wipe(&l);
	free(program);
	return (status);
}

struct wire *
wire_ssh_open(const struct route *r, const struct halt *halt,
    struct fault *fault)
{
	struct ssh *w;

	if ((w = calloc(1, sizeof(*w))) == NULL) {
		fault_set(fault, STATUS_LOCAL, "no memory");
		return (NULL);
	}
	w->route = r;
	w->halt = halt;
	w->child = (struct child)CHILD_NONE;
	w->wire.read = wire_read;
	w->wire.write = wire_write;
	w->wire.want = wire_want;
	w->wire.taken = wire_taken;
	w->wire.close = wire_close;
	said_init(&w->said, r);
	if (set_up(w, fault) == STATUS_OK)
		return (&w->wire);
	wire_close(&w->wire);
	return (NULL);
}
