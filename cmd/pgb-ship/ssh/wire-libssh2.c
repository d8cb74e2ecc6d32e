/* SPDX-License-Identifier: ISC */
/*
 * A wire over libssh2: session, host key, authentication and one channel.  Of
 * libssh2 nothing more is used; its SFTP is not.
 *
 * All calls are non-blocking.  In its blocking mode the library waits for ever
 * for a peer that is gone, and may send a keepalive into the middle of a
 * packet, which ends the session.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fdio.h"
#include "ssh/wire-libssh2-impl.h"

#define CLOSE_MS	2000
#define CLOSE_STEP_MS	100

static struct ssh *
ssh_of(struct wire *wire)
{

	return ((struct ssh *)(void *)wire);
}

/* --- waiting --- */

static short
wanted(const struct ssh *w)
{

	/* Something may always come in.  The library itself never waits for
	 * the socket to be writable: it does not see it. */
	return (w->out_len > 0 ? POLLIN | POLLOUT : POLLIN);
}

int
ssh_wait(struct ssh *w)
{
	struct pollfd p = { .fd = w->fd };
	int64_t end = clock_ms() + w->route->opts->timeout_ms, left;
	int n = 0;

	while (n != 1) {
		if (halt_asked(w->halt) || ssh_push(w) == -1 ||
		    (left = end - clock_ms()) <= 0)
			return (-1);
		p.events = wanted(w);
		n = poll(&p, 1, left < HALT_STEP_MS ? (int)left :
		    HALT_STEP_MS);
		if (n == -1 && errno != EINTR)
			return (-1);
	}
	return (ssh_push(w));
}

const char *
ssh_reason(struct ssh *w, int rc)
{
	char *text = NULL;

	if (w->hung_up && w->last_words[0] != '\0')
		return (w->last_words);
	if (w->unheard != 0)
		return (strerror(w->unheard));
	if (w->broken != 0)
		return (strerror(w->broken));
	if (w->closed)
		return ("closed by the server");
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return ("no answer");
	libssh2_session_last_error(w->session, &text, NULL, 0);
	return (text != NULL && text[0] != '\0' ? text : "connection lost");
}

enum status
ssh_fail(struct ssh *w, const char *what, int rc)
{

	if (halt_asked(w->halt))
		return (fault_halted(w->fault));
	return (fault_set(w->fault, STATUS_RETRY, "%s: %s", what,
	    ssh_reason(w, rc)));
}

/* --- the wire --- */

static ssize_t
lost(struct ssh *w, const char *why)
{

	snprintf(w->wire.why, sizeof(w->wire.why), "connection lost: %s", why);
	return (-1);
}

/*
 * A packet's data to the library: how much it took, or -1 once it is broken.
 * Once it has said that it cannot take one now, it wants the same bytes again,
 * and they may be gone by then: what is left of a packet is kept.
 */
static ssize_t
give_packet(struct ssh *w, const uint8_t *data, size_t len)
{
	ssize_t n;

	/* It would look for something to receive each time. */
	w->deaf = true;
	n = libssh2_channel_write(w->channel, (const char *)data, len);
	w->deaf = false;
	if (n == LIBSSH2_ERROR_EAGAIN)
		n = 0;
	if (n < 0)
		return (lost(w, ssh_reason(w, (int)n)));
	w->held = len - (size_t)n;
	if (w->held > 0)
		memmove(w->packet, data + n, w->held);
	return (n);
}

static int
give_held(struct ssh *w)
{

	return (w->held == 0 || give_packet(w, w->packet, w->held) != -1 ?
	    0 : -1);
}

static ssize_t
wire_read(struct wire *wire, void *buf, size_t len)
{
	struct ssh *w = ssh_of(wire);
	ssize_t n;

	if (ssh_push(w) == -1)
		return (lost(w, strerror(w->broken)));
	n = libssh2_channel_read(w->channel, buf, len);
	if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
		return (lost(w, ssh_reason(w, (int)n)));
	if (n == 0 && libssh2_channel_eof(w->channel) != 0)
		return (lost(w, "the server has ended the session"));
	/* What has come may be room for more. */
	if (give_held(w) == -1)
		return (-1);
	return (n < 0 ? 0 : n);
}

/* Where in the pieces of a write we are. */
struct cursor {
	const struct iovec *v;
	int count;
	size_t done;		/* of the first one */
};

static void
advance(struct cursor *c, size_t len)
{

	c->done += len;
	while (c->count > 0 && c->done >= c->v->iov_len) {
		c->done -= c->v->iov_len;
		c->v++;
		c->count--;
	}
}

/*
 * The next packet's data: where they are, or where they have to be collected
 * from several pieces, in packet[].
 */
static const uint8_t *
collect(struct ssh *w, struct cursor c, size_t *len)
{
	const uint8_t *at = (const uint8_t *)c.v->iov_base + c.done;
	size_t n = c.v->iov_len - c.done;

	*len = 0;
	if (c.count == 1 || n >= PACKET_MAX) {
		*len = n < PACKET_MAX ? n : PACKET_MAX;
		return (at);
	}
	while (c.count > 0 && *len < PACKET_MAX) {
		at = (const uint8_t *)c.v->iov_base + c.done;
		n = c.v->iov_len - c.done;
		if (n > PACKET_MAX - *len)
			n = PACKET_MAX - *len;
		memcpy(w->packet + *len, at, n);
		*len += n;
		advance(&c, n);
	}
	return (w->packet);
}

static ssize_t
wire_write(struct wire *wire, const struct iovec *v, int count)
{
	struct ssh *w = ssh_of(wire);
	struct cursor c = { v, count, 0 };
	ssize_t taken = 0;
	const uint8_t *data;
	size_t len;

	if (ssh_push(w) == -1)
		return (lost(w, strerror(w->broken)));
	if (give_held(w) == -1)
		return (-1);
	advance(&c, 0);
	while (c.count > 0 && w->held == 0 && !ssh_is_full(w)) {
		data = collect(w, c, &len);
		if (give_packet(w, data, len) == -1)
			return (-1);
		advance(&c, len);
		taken += (ssize_t)len;
	}
	if (taken > 0)
		w->pinged = false;
	return (taken);
}

static int
wire_want(struct wire *wire, struct pollfd *p)
{
	struct ssh *w = ssh_of(wire);

	p->fd = w->fd;
	p->events = wanted(w);
	return (1);
}

static bool
wire_taken(struct wire *wire)
{
	struct ssh *w = ssh_of(wire);
	struct tcp_info info;
	socklen_t len = sizeof(info);
	bool more;

	memset(&info, 0, sizeof(info));
	if (getsockopt(w->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return (false);
	more = info.tcpi_bytes_acked > w->acked;
	w->acked = info.tcpi_bytes_acked;
	/* A ping that arrived says that the machine lives, not the server. */
	return (more && !w->pinged);
}

static void
wire_ping(struct wire *wire)
{
	struct ssh *w = ssh_of(wire);
	int unsent, next;

	/* While anything is on its way, its arrival is the sign of life. */
	if (w->out_len > 0 || ioctl(w->fd, SIOCOUTQ, &unsent) == -1 ||
	    unsent != 0)
		return;
	w->pinged = true;
	(void)libssh2_keepalive_send(w->session, &next);
}

/* Nothing is sent from now on: a dead line is not to be waited for. */
static void
hang_up(struct ssh *w)
{

	if (w->broken == 0)
		w->broken = ESHUTDOWN;
	w->out_len = 0;
	if (w->fd != -1)
		(void)shutdown(w->fd, SHUT_RDWR);
}

static void
say_goodbye(struct ssh *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLOUT };
	int left;

	(void)libssh2_session_disconnect(w->session, "done");
	for (left = CLOSE_MS; left > 0 && ssh_push(w) == 0 && w->out_len > 0;
	    left -= CLOSE_STEP_MS)
		(void)poll(&p, 1, CLOSE_STEP_MS);
}

void
ssh_free(struct ssh *w)
{

	if (w->session != NULL) {
		say_goodbye(w);
		hang_up(w);
		/* The library's own waits are bounded here. */
		libssh2_session_set_blocking(w->session, 1);
		libssh2_session_set_timeout(w->session, CLOSE_MS);
		(void)libssh2_session_free(w->session);
	}
	fd_close(&w->fd);
	sodium_memzero(w->packet, sizeof(w->packet));
	free(w);
}

static void
wire_close(struct wire *wire)
{
	struct ssh *w = ssh_of(wire);

	if (w->wire.why[0] != '\0')
		hang_up(w);
	ssh_free(w);
}

void
ssh_init_wire(struct wire *wire)
{

	wire->read = wire_read;
	wire->write = wire_write;
	wire->want = wire_want;
	wire->taken = wire_taken;
	wire->ping = wire_ping;
	wire->close = wire_close;
}
