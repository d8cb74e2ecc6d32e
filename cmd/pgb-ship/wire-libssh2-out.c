/* SPDX-License-Identifier: ISC */
/*
 * The bytes on their way from libssh2 to the socket.
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
#include <string.h>

#include "wire-libssh2-impl.h"

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

/* What libssh2 calls in place of send(2): returns -errno. */
static LIBSSH2_SEND_FUNC(take)
{
	struct ssh *w = *abstract;
	ssize_t n;

	/* The library's own agent speaks through this as well. */
	if (socket != w->fd) {
		n = send(socket, buffer, length, flags | MSG_NOSIGNAL);
		return (n == -1 ? -errno : n);
	}
	if (w->broken != 0)
		return (-w->broken);
	if (w->out_pos > 0 && length > sizeof(w->out) - w->out_pos -
	    w->out_len) {
		memmove(w->out, w->out + w->out_pos, w->out_len);
		w->out_pos = 0;
	}
	if (length > sizeof(w->out) - w->out_pos - w->out_len) {
		break_off(w, ENOBUFS);
		return (-ENOBUFS);
	}
	memcpy(w->out + w->out_pos + w->out_len, buffer, length);
	w->out_len += length;
	/* Where the socket breaks now, the library hears of it next time. */
	(void)ssh_push(w);
	return ((ssize_t)length);
}

void
ssh_take_sends(struct ssh *w)
{

#if LIBSSH2_VERSION_NUM >= 0x010b01
	(void)libssh2_session_callback_set2(w->session, LIBSSH2_CALLBACK_SEND,
	    (libssh2_cb_generic *)take);
#else
	(void)libssh2_session_callback_set(w->session, LIBSSH2_CALLBACK_SEND,
	    (void *)take);
#endif
}
