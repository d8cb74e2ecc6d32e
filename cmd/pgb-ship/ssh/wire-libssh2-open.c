/* SPDX-License-Identifier: ISC */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "ssh/net.h"
#include "trust/trust.h"
#include "ssh/wire-libssh2-impl.h"

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
#define HEAP_KEPT	(64 * 1024 * 1024)
#define SETUP_MEMORY	((size_t)1024 * 1024)	/* to be had, or no start */

/* What the server may send before we have taken it: for --fetch over a long
 * line more than the usual 2 MiB. */
#define CHANNEL_WINDOW	(16u * 1024 * 1024)

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
	return (fault_set(w->fault, STATUS_LOCAL, "libssh2 %s lacks what is "
	    "needed", libssh2_version(0)));
}

static enum status
handshake(struct ssh *w)
{
	bool rsa;
	int rc;

	SSH_CALL(rc, w, libssh2_session_handshake(w->session, w->fd));
	if (rc == 0)
		return (STATUS_OK);
	if (rc != LIBSSH2_ERROR_KEX_FAILURE &&
	    rc != LIBSSH2_ERROR_METHOD_NONE)
		return (ssh_fail(w, "SSH handshake", rc));
	fault_set(w->fault, STATUS_REMOTE, "SSH handshake: no method in common "
	    "with the server (%s)", ssh_reason(w, rc));
	if (!wire_libssh2_has_curves()) {
		fault_hint(w->fault, "this libssh2 %s has no elliptic curves; "
		    "--transport ssh takes what ssh takes",
		    libssh2_version(0));
		return (STATUS_REMOTE);
	}
	rsa = wire_libssh2_has_rsa();
	fault_hint(w->fault, "libssh2 %s needs a host key of type ed25519 or "
	    "ecdsa%s, a cipher aes-ctr%s, and keys exchanged by curve25519, "
	    "ecdh or diffie-hellman; --transport ssh takes what ssh takes",
	    libssh2_version(0), rsa ? " or rsa" : "", rsa ? " or aes-gcm" : "");
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
	return (trust_check(trust, (const uint8_t *)key, len, w->fault));
}

static enum status
start_channel(struct ssh *w)
{
	int rc;

	do
		w->channel = libssh2_channel_open_ex(w->session, "session", 7,
		    CHANNEL_WINDOW, LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
	while (w->channel == NULL &&
	    libssh2_session_last_errno(w->session) == LIBSSH2_ERROR_EAGAIN &&
	    ssh_wait(w) == 0);
	if (w->channel == NULL)
		return (ssh_fail(w, "open a channel",
		    libssh2_session_last_errno(w->session)));
	SSH_CALL(rc, w, libssh2_channel_subsystem(w->channel, "sftp"));
	if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED) {
		fault_set(w->fault, STATUS_REMOTE, "the server offers no SFTP");
		fault_hint(w->fault, "it needs a line \"Subsystem sftp "
		    "internal-sftp\" in its sshd_config");
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
	enum status status;

	status = net_connect(w->route, w->halt, &w->fd, w->fault);
	if (status != STATUS_OK)
		return (status);
	if ((w->session = libssh2_session_init_ex(NULL, NULL, NULL, w)) ==
	    NULL)
		return (fault_set(w->fault, STATUS_LOCAL, "no memory"));
	libssh2_session_set_blocking(w->session, 0);
	ssh_take_over(w);
	if ((status = set_methods(w, trust)) != STATUS_OK ||
	    (status = handshake(w)) != STATUS_OK ||
	    (status = check_host(w, trust)) != STATUS_OK ||
	    (status = ssh_authenticate(w)) != STATUS_OK)
		return (status);
	return (start_channel(w));
}

struct wire *
wire_libssh2_open(const struct route *r, const struct halt *halt,
    struct fault *fault)
{
	enum status status;
	struct trust *trust;
	struct ssh *w;

	if ((trust = trust_new(r, false, fault)) == NULL)
		return (NULL);
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		fault_set(fault, STATUS_LOCAL, "no memory");
		trust_free(trust);
		return (NULL);
	}
	w->route = r;
	w->halt = halt;
	w->fault = fault;
	w->fd = -1;
	ssh_init_wire(&w->wire);
	status = set_up(w, trust);
	trust_free(trust);
	w->fault = NULL;
	if (status == STATUS_OK)
		return (&w->wire);
	ssh_free(w);
	return (NULL);
}

/* --- the library --- */

int
wire_libssh2_init(void)
{

	/* OpenSSL crashes where memory ends while it is set up. */
	if (memory_there(SETUP_MEMORY) == -1)
		return (-1);
	/* The library allocates and frees two packets' worth for each packet:
	 * their memory is not to be given back each time. */
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	return (libssh2_init(0) == 0 ? 0 : -1);
}

const char *
wire_libssh2_version(void)
{

	return (libssh2_version(0));
}

bool
wire_libssh2_has_rsa(void)
{

	return (libssh2_version(0x010b00) != NULL);
}

bool
wire_libssh2_has_curves(void)
{
	LIBSSH2_SESSION *session;
	const char **have;
	bool has = false;
	int count;

	if ((session = libssh2_session_init()) == NULL)
		return (false);
	count = libssh2_session_supported_algs(session,
	    LIBSSH2_METHOD_HOSTKEY, &have);
	if (count > 0) {
		has = is_one_of("ssh-ed25519", 11, have, count);
		libssh2_free(session, have);
	}
	(void)libssh2_session_free(session);
	return (has);
}
