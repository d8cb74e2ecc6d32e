/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "msg.h"
#include "route/route-impl.h"
#include "trust/trust.h"
#include "ssh/wire-libssh2.h"

/*
 * What libssh2 cannot do.  Where the user's configuration asks for it, stock
 * ssh makes the connection, as a child.
 */

/* No way to the server without these. */
static const char *
need_way(const struct config *c)
{

	if (config_set(c->proxyjump))
		return ("ProxyJump");
	if (config_set(c->proxycommand))
		return ("ProxyCommand");
	return (NULL);
}

static const char *
need_keys(const struct route *r, const struct config *c, unsigned untold)
{
	bool named = r->opts->identities.count > 0;
	const struct key_file *k;
	size_t i, rsa = 0;

	if (c->certificatefile.count > 0 &&
	    config_set(c->certificatefile.v[0]))
		return ("CertificateFile");
	if (config_set(c->pkcs11provider) && !named)
		return ("PKCS11Provider");
	if ((untold & ROUTE_IDENTITY) != 0)
		return ("IdentityFile");
	if ((untold & ROUTE_AGENT) != 0)
		return ("IdentityAgent");
	for (i = 0; i < r->keys.count; i++) {
		k = &r->keys.v[i];
		if (k->certified)
			return ("a key with a certificate");
		if (strncmp(k->type, "sk-", 3) == 0)
			return ("a key in hardware");
		rsa += strcmp(k->type, "ssh-rsa") == 0;
	}
	if (r->keys.count == 0 && r->identities.count == 0 &&
	    !r->no_identities && keys_in_hardware())
		return ("a key in hardware");
	if (rsa > 0 && rsa == r->keys.count && !wire_libssh2_has_rsa() &&
	    (named || r->opts->password_file == NULL))
		return ("an RSA key");
	return (NULL);
}

/* Whether one of the names in a list, commas between, is of those that libssh2
 * has. */
static bool
has_common_key(const char *list)
{
	size_t n;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		if ((n == 11 && strncmp(list, "ssh-ed25519", n) == 0) ||
		    (n == 19 && strncmp(list, "ecdsa-sha2-nistp", 16) == 0) ||
		    (n == 12 && strncmp(list, "rsa-sha2-", 9) == 0 &&
		    wire_libssh2_has_rsa()))
			return (true);
		if (list[n] == '\0')
			return (false);
	}
}

static const char *
need_host_key(const struct route *r, const struct config *c, unsigned untold)
{
	enum hostkey_only only = HOSTKEY_ONLY_NOTHING;
	bool named = r->opts->known_hosts.count > 0;
	struct fault ignored;
	struct trust *trust;

	if (config_set(c->knownhostscommand) && !named)
		return ("KnownHostsCommand");
	if ((untold & ROUTE_KNOWN_HOSTS) != 0)
		return ("UserKnownHostsFile");
	if (c->hostkeyalgorithms != NULL &&
	    !has_common_key(c->hostkeyalgorithms))
		return ("HostKeyAlgorithms");
	/* What is wrong with the files, who connects is told again. */
	if ((trust = trust_new(r, true, &ignored)) != NULL)
		only = trust_only(trust);
	trust_free(trust);
	if (only == HOSTKEY_ONLY_RSA && !wire_libssh2_has_rsa())
		return ("an RSA host key");
	if (only == HOSTKEY_ONLY_AUTHORITY && !named)
		return ("a host certificate");
	return (NULL);
}

static const char *
need(const struct route *r, const struct config *c, unsigned untold)
{
	const char *why;

	if (!wire_libssh2_has_curves())
		return ("a libssh2 without elliptic curves");
	if (config_set(c->bindaddress))
		return ("BindAddress");
	if (config_set(c->bindinterface))
		return ("BindInterface");
	if ((why = need_keys(r, c, untold)) != NULL)
		return (why);
	return (need_host_key(r, c, untold));
}

enum status
route_need(struct route *r, const struct config *c, unsigned untold,
    struct fault *fault)
{
	const char *way = need_way(c), *why;

	r->transport = r->opts->transport;
	if (r->transport == TRANSPORT_SSH)
		return (STATUS_OK);
	why = way != NULL ? way : need(r, c, untold);
	if (why == NULL) {
		r->transport = TRANSPORT_LIBSSH2;
		return (STATUS_OK);
	}
	r->why_ssh = why;
	if (r->transport == TRANSPORT_AUTO && c->asked) {
		r->transport = TRANSPORT_SSH;
		msg_verbose("%s: by ssh, because of %s", r->name, why);
		return (STATUS_OK);
	}
	r->transport = TRANSPORT_LIBSSH2;
	if (way == NULL) {
		msg_verbose("%s: libssh2 is used, and it cannot do: %s",
		    r->name, why);
		return (STATUS_OK);
	}
	fault_set(fault, STATUS_USAGE, "--transport libssh2: the "
	    "configuration of ssh asks for %s, which it cannot do", way);
	fault_hint(fault, "leave out --transport, and ssh makes the "
	    "connection");
	return (STATUS_USAGE);
}
