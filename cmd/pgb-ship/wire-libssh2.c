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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fdio.h"
#include "keys.h"
#include "msg.h"
#include "net.h"
#include "sig.h"
#include "trust.h"
#include "wire-libssh2-impl.h"

/*
 * No CBC, no SHA-1, and no chacha20-poly1305: its code in libssh2 1.11.1 can be
 * made to write out of bounds before the host key is checked (CVE-2026-55200).
 */
#define CIPHERS		"aes128-gcm@openssh.com,aes256-gcm@openssh.com," \
			"aes128-ctr,aes192-ctr,aes256-ctr"
#define MACS		"hmac-sha2-256-etm@openssh.com," \
			"hmac-sha2-512-etm@openssh.com," \
			"hmac-sha2-256,hmac-sha2-512"

#define PING_SECONDS	10
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
	int left = w->opts->timeout_ms, step, n;

	do {
		if (sig_caught() != 0 || ssh_push(w) == -1)
			return (-1);
		step = left < 1000 ? left : 1000;
		p.events = wanted(w);
		n = poll(&p, 1, step);
		if (n == -1 && errno != EINTR)
			return (-1);
		left -= step;
	} while (n != 1 && left > 0);
	return (n == 1 ? ssh_push(w) : -1);
}

static const char *
reason(struct ssh *w, int rc)
{
	char *text = NULL;

	if (w->broken != 0)
		return (strerror(w->broken));
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return ("no answer");
	libssh2_session_last_error(w->session, &text, NULL, 0);
	return (text != NULL && text[0] != '\0' ? text : "connection lost");
}

enum status
ssh_fail(struct ssh *w, const char *what, int rc)
{

	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	msg_error("%s: %s: %s", w->name, what, reason(w, rc));
	return (STATUS_RETRY);
}

/* --- the wire --- */

static ssize_t
lost(struct ssh *w, const char *why)
{

	snprintf(w->wire.why, sizeof(w->wire.why), "connection lost: %s", why);
	return (-1);
}

static ssize_t
wire_read(struct wire *wire, void *buf, size_t len)
{
	struct ssh *w = ssh_of(wire);
	ssize_t n;

	if (ssh_push(w) == -1)
		return (lost(w, strerror(w->broken)));
	n = libssh2_channel_read(w->channel, buf, len);
	if (n == LIBSSH2_ERROR_EAGAIN)
		return (0);
	if (n < 0)
		return (lost(w, reason(w, (int)n)));
	if (n == 0 && libssh2_channel_eof(w->channel) != 0)
		return (lost(w, "the server has ended the session"));
	return (n);
}

static ssize_t
wire_write(struct wire *wire, const void *buf, size_t len)
{
	struct ssh *w = ssh_of(wire);
	ssize_t n;

	if (ssh_push(w) == -1)
		return (lost(w, strerror(w->broken)));
	if (ssh_is_full(w))
		return (0);
	n = libssh2_channel_write(w->channel, buf, len);
	if (n == LIBSSH2_ERROR_EAGAIN)
		return (0);
	if (n < 0)
		return (lost(w, reason(w, (int)n)));
	w->pinged = false;
	return (n);
}

static int
wire_want(struct wire *wire, short *events)
{
	struct ssh *w = ssh_of(wire);

	*events = wanted(w);
	return (w->fd);
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

static void
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
	free(w->user);
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

/* --- opening --- */

static bool
is_one_of(const char *name, size_t len, const char **names, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (true);
	return (false);
}

/*
 * Set the methods of one kind, less those that the library does not have.  It
 * would take these out by itself, but before 1.11 it does so with a memcpy(3)
 * onto the same memory, which may spoil the others.
 */
static int
prefer(struct ssh *w, int kind, const char *list)
{
	char known[256] = "";
	const char **have;
	size_t len, pos = 0;
	int count;

	count = libssh2_session_supported_algs(w->session, kind, &have);
	if (count <= 0)
		return (-1);
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (is_one_of(list, len, have, count) &&
		    pos + len + 2 < sizeof(known))
			pos += (size_t)snprintf(known + pos,
			    sizeof(known) - pos, "%s%.*s", pos > 0 ? "," : "",
			    (int)len, list);
		if (list[len] == '\0')
			break;
	}
	libssh2_free(w->session, have);
	return (pos > 0 ? libssh2_session_method_pref(w->session, kind, known) :
	    -1);
}

static enum status
set_methods(struct ssh *w, const struct trust *trust)
{
	char keys[256];

	trust_prefer(trust, keys, sizeof(keys));
	if (prefer(w, LIBSSH2_METHOD_HOSTKEY, keys) == 0 &&
	    prefer(w, LIBSSH2_METHOD_CRYPT_CS, CIPHERS) == 0 &&
	    prefer(w, LIBSSH2_METHOD_CRYPT_SC, CIPHERS) == 0 &&
	    prefer(w, LIBSSH2_METHOD_MAC_CS, MACS) == 0 &&
	    prefer(w, LIBSSH2_METHOD_MAC_SC, MACS) == 0)
		return (STATUS_OK);
	msg_error("%s: libssh2 %s lacks what is needed", w->name,
	    libssh2_version(0));
	return (STATUS_LOCAL);
}

static enum status
handshake(struct ssh *w)
{
	int rc;

	SSH_CALL(rc, w, libssh2_session_handshake(w->session, w->fd));
	if (rc == 0)
		return (STATUS_OK);
	if (rc != LIBSSH2_ERROR_KEX_FAILURE &&
	    rc != LIBSSH2_ERROR_METHOD_NONE)
		return (ssh_fail(w, "SSH handshake", rc));
	msg_error("%s: SSH handshake: no method in common with the server (%s)",
	    w->name, reason(w, rc));
	msg_hint("libssh2 %s needs a host key of type ed25519 or ecdsa%s, and "
	    "a cipher aes-ctr%s", libssh2_version(0),
	    libssh2_version(0x010b00) != NULL ? " or rsa" : "",
	    libssh2_version(0x010b00) != NULL ? " or aes-gcm" : "");
	return (STATUS_REMOTE);
}

static enum status
check_host(struct ssh *w, const struct trust *trust)
{
	const char *key;
	size_t len;
	int type;

	key = libssh2_session_hostkey(w->session, &len, &type);
	if (key == NULL)
		return (ssh_fail(w, "host key", 0));
	return (trust_check(trust, (const uint8_t *)key, len));
}

static enum status
start_channel(struct ssh *w)
{
	int rc;

	do
		w->channel = libssh2_channel_open_session(w->session);
	while (w->channel == NULL &&
	    libssh2_session_last_errno(w->session) == LIBSSH2_ERROR_EAGAIN &&
	    ssh_wait(w) == 0);
	if (w->channel == NULL)
		return (ssh_fail(w, "open a channel",
		    libssh2_session_last_errno(w->session)));
	SSH_CALL(rc, w, libssh2_channel_subsystem(w->channel, "sftp"));
	if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) {
		msg_error("%s: the server offers no SFTP", w->name);
		msg_hint("it needs a line \"Subsystem sftp internal-sftp\" in "
		    "its sshd_config");
		return (STATUS_REMOTE);
	}
	if (rc != 0)
		return (ssh_fail(w, "start SFTP", rc));
	/* What the session prints on stderr would fill its window. */
	SSH_CALL(rc, w, libssh2_channel_handle_extended_data2(w->channel,
	    LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE));
	libssh2_keepalive_config(w->session, 1, PING_SECONDS);
	return (STATUS_OK);
}

static enum status
set_up(struct ssh *w, const struct trust *trust)
{
	const struct dest *d = w->dest;
	enum status status;

	w->user = d->user != NULL ? strdup(d->user) : keys_login();
	if (w->user == NULL) {
		msg_error("%s: the user running this has no name", w->name);
		msg_hint("sftp://USER@%s/...", d->host);
		return (STATUS_LOCAL);
	}
	status = net_connect(w->name, d->host, d->port, w->opts->timeout_ms,
	    &w->fd);
	if (status != STATUS_OK)
		return (status);
	if ((w->session = libssh2_session_init_ex(NULL, NULL, NULL, w)) ==
	    NULL) {
		msg_error("%s: no memory", w->name);
		return (STATUS_LOCAL);
	}
	libssh2_session_set_blocking(w->session, 0);
	ssh_take_sends(w);
	if ((status = set_methods(w, trust)) != STATUS_OK ||
	    (status = handshake(w)) != STATUS_OK ||
	    (status = check_host(w, trust)) != STATUS_OK ||
	    (status = ssh_authenticate(w)) != STATUS_OK)
		return (status);
	return (start_channel(w));
}

struct wire *
wire_libssh2_open(const struct dest *d, const char *name,
    const struct ship_opts *opts, enum status *status)
{
	struct trust *trust;
	struct ssh *w;

	trust = trust_new(name, d->host, d->port, &opts->known_hosts, status);
	if (trust == NULL)
		return (NULL);
	*status = STATUS_LOCAL;
	if (libssh2_init(0) != 0 || (w = calloc(1, sizeof(*w))) == NULL) {
		msg_error("%s: no memory", name);
		trust_free(trust);
		return (NULL);
	}
	w->dest = d;
	w->name = name;
	w->opts = opts;
	w->fd = -1;
	w->wire.read = wire_read;
	w->wire.write = wire_write;
	w->wire.want = wire_want;
	w->wire.taken = wire_taken;
	w->wire.ping = wire_ping;
	w->wire.close = wire_close;
	*status = set_up(w, trust);
	trust_free(trust);
	if (*status == STATUS_OK)
		return (&w->wire);
	ssh_free(w);
	return (NULL);
}
