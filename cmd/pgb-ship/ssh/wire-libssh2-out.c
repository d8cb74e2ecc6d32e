/* SPDX-License-Identifier: ISC */
/*
 * The bytes on their way between libssh2 and the socket.
 *
 * When the socket takes only a part of a packet, libssh2 keeps the rest until
 * the call that made the packet is repeated, and until then every other packet
 * is refused.  It does not hold to this itself: any read may meet a message
 * that it has to answer at once, and where the answer is refused it is
 * forgotten.  Where that message was the server's wish for new keys, the server
 * waits for ever.
 *
 * So the socket is not shown to the library.  Its packets are taken here,
 * always whole, and go to the socket as fast as that takes them.  What bounds
 * them is wire_write(), which stops at OUT_ENOUGH; above that there is room for
 * what the library says of its own accord.  A server that provokes more of this
 * than fits is broken, or wants to break us.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "ssh/wire-libssh2-impl.h"

/* Drop what can no longer be sent. */
static void
break_off(struct ssh *w, int error)
{

	w->broken = error;
	w->out_len = 0;
}

int
ssh_push(struct ssh *w)
{
	ssize_t n;

	while (w->broken == 0 && w->out_len > 0) {
		n = send(w->fd, w->out + w->out_pos, w->out_len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n == -1) {
			break_off(w, errno);
			break;
		}
		w->out_pos += (size_t)n;
		w->out_len -= (size_t)n;
	}
	if (w->out_len == 0)
		w->out_pos = 0;
	return (w->broken == 0 ? 0 : -1);
}

bool
ssh_is_full(const struct ssh *w)
{

	return (w->out_len > OUT_ENOUGH);
}

/* Send it now, as long as nothing else waits: how much of it went. */
static size_t
send_now(struct ssh *w, const void *buffer, size_t length)
{
	ssize_t n;

	if (w->out_len > 0)
		return (0);
	n = send(w->fd, buffer, length, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != EINTR)
		break_off(w, errno);
	return (n > 0 ? (size_t)n : 0);
}

/* What libssh2 calls in place of send(2): returns -errno. */
static LIBSSH2_SEND_FUNC(take)
{
	struct ssh *w = *abstract;
	const uint8_t *rest = buffer;
	size_t left = length;
	ssize_t n;

	/* The library's own agent speaks through this as well. */
	if (socket != w->fd) {
		n = send(socket, buffer, length, flags | MSG_NOSIGNAL);
		return (n == -1 ? -errno : n);
	}
	if (w->broken != 0)
		return (-w->broken);
	n = (ssize_t)send_now(w, rest, left);
	rest += n;
	left -= (size_t)n;
	/* Where the socket breaks now, the library hears of it next time. */
	if (left == 0 || w->broken != 0)
		return ((ssize_t)length);
	if (w->out_pos > 0 && left > sizeof(w->out) - w->out_pos -
	    w->out_len) {
		memmove(w->out, w->out + w->out_pos, w->out_len);
		w->out_pos = 0;
	}
	if (left > sizeof(w->out) - w->out_pos - w->out_len) {
		break_off(w, ENOBUFS);
		return (-ENOBUFS);
	}
	memcpy(w->out + w->out_pos + w->out_len, rest, left);
	w->out_len += left;
	return ((ssize_t)length);
}

/* The library waits for its agent without end: not past our own limit. */
static int
await_agent(const struct ssh *w, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t end = clock_ms() + w->route->opts->timeout_ms;

	while (!halt_asked(w->halt) && clock_ms() < end)
		if (poll(&p, 1, HALT_STEP_MS) == 1)
			return (0);
	return (-1);
}

/* What it calls in place of recv(2). */
static LIBSSH2_RECV_FUNC(give)
{
	struct ssh *w = *abstract;
	ssize_t n;

	if (socket != w->fd && await_agent(w, socket) == -1)
		return (-ETIMEDOUT);
	if (socket == w->fd && w->deaf)
		return (-EAGAIN);
	n = recv(socket, buffer, length, flags);
	if (n > 0)
		return (n);
	if (socket == w->fd && n == 0)
		w->closed = true;
	else if (socket == w->fd && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != EINTR)
		w->unheard = errno;
	if (n == 0)
		return (0);
	return (errno == EINTR ? -EAGAIN : -errno);
}

/* The server says that it ends the session, and why. */
static LIBSSH2_DISCONNECT_FUNC(note_words)
{
	struct ssh *w = *abstract;

	(void)session;
	(void)reason;
	(void)language;
	(void)language_len;
	w->hung_up = true;
	snprintf(w->last_words, sizeof(w->last_words), "%.*s", message_len,
	    message != NULL ? message : "");
}

void
ssh_take_over(struct ssh *w)
{

#if LIBSSH2_VERSION_NUM >= 0x010b01
	(void)libssh2_session_callback_set2(w->session, LIBSSH2_CALLBACK_SEND,
	    (libssh2_cb_generic *)take);
	(void)libssh2_session_callback_set2(w->session, LIBSSH2_CALLBACK_RECV,
	    (libssh2_cb_generic *)give);
	(void)libssh2_session_callback_set2(w->session,
	    LIBSSH2_CALLBACK_DISCONNECT, (libssh2_cb_generic *)note_words);
#else
	(void)libssh2_session_callback_set(w->session, LIBSSH2_CALLBACK_SEND,
	    (void *)take);
	(void)libssh2_session_callback_set(w->session, LIBSSH2_CALLBACK_RECV,
	    (void *)give);
	(void)libssh2_session_callback_set(w->session,
	    LIBSSH2_CALLBACK_DISCONNECT, (void *)note_words);
#endif
}
