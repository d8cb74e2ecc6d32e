/* SPDX-License-Identifier: ISC */
#ifndef ROUTE_H
#define ROUTE_H

#include "dest.h"
#include "opt.h"
#include "ship.h"
#include "ssh/fault.h"
#include "ssh/halt.h"
#include "secret/keys.h"
#include "secret/secrets.h"

/*
 * The way to a destination's host: what the URL, our options and the user's
 * configuration of ssh(1), as "ssh -G" tells it, say together.  The URL and the
 * options count more.  Made once; after that only read, by many threads.
 */
struct route {
	const char *name;		/* the object of messages; borrowed */
	const struct ship_opts *opts;	/* borrowed */
	struct secrets *secrets;	/* borrowed */
	enum transport transport;	/* never TRANSPORT_AUTO */
	const char *why_ssh;		/* what libssh2 cannot do, or NULL */

	const char *alias;	/* the host of the URL: what ssh is given */
	bool user_told, port_told;	/* in the URL */
	char *user;		/* never NULL */
	unsigned port;

	/* For libssh2. */
	char *host;		/* to connect to: HostName */
	char *host_key_alias;	/* the name in known_hosts; NULL: host */
	int family;		/* AF_UNSPEC, AF_INET, AF_INET6 */
	struct opt_list known_hosts;	/* owned; empty: the usual files */
	size_t known_hosts_own;	/* the first of them are the user's own */
	struct opt_list identities;	/* owned; empty: the usual files, ... */
	bool no_identities;	/* ... or none */
	struct key_files keys;	/* those files, as they were found */
	bool identities_only;	/* the agent shows none but these */
	char *agent;		/* its socket; NULL: SSH_AUTH_SOCK */
	bool no_agent;		/* IdentityAgent none */

	/* For the child. */
	bool gcm;		/* the user has not chosen ciphers */
	bool ssh_807;		/* OpenSSH 8.7 or newer: it knows its words */

	char told[32];		/* route_transport() */
	bool lent;		/* all but the name is another's */
};

/*
 * route_new(d, name, opts, secrets, halt, fault):
 * Take it from opts->routes; or ask ssh -G, where there is an ssh, and decide.
 * d, name, opts, secrets are borrowed until route_free().  NULL with the fault.
 * Prints warnings of key files and known_hosts that are not used, and the rest
 * under -v alone.
 */
struct route *route_new(const struct dest *d, const char *name,
    const struct ship_opts *opts, struct secrets *secrets,
    const struct halt *halt, struct fault *fault);
void route_free(struct route *);	/* NULL is allowed */

/* "libssh2 1.10.0" or "ssh", for the record. */
const char *route_transport(const struct route *);

#endif
