/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_H
#define CONFIG_H

#include "dest.h"
#include "opt.h"
#include "ship.h"
#include "ssh/fault.h"
#include "ssh/halt.h"

/*
 * The user's configuration of ssh(1) for a host, as "ssh -G" tells it: the
 * value behind each of these words, NULL or an empty list where ssh says
 * nothing of it.  Words that we have no use for are passed over.
 */
struct config {
	const char *hostname, *user, *port, *addressfamily;
	const char *bindaddress, *bindinterface;
	const char *proxyjump, *proxycommand;
	struct opt_list identityfile, certificatefile;
	const char *identityagent, *identitiesonly, *pkcs11provider;
	const char *hostkeyalias, *hostkeyalgorithms, *ciphers;
	const char *stricthostkeychecking, *knownhostscommand;
	const char *forkafterauthentication;
	const char *userknownhostsfile, *globalknownhostsfile;

	bool asked;		/* there is an ssh, and it has answered */
	char *text;		/* that all the above points into */
};

/*
 * config_ask(c, d, opts, halt, fault):
 * Ask ssh -G.  Where none is installed, and opts name none, everything is as if
 * ssh said nothing.  Returns STATUS_OK; or fault->status, STATUS_USAGE where
 * ssh refuses its configuration or the host.  Wiped with config_wipe() in any
 * case.
 */
enum status config_ask(struct config *c, const struct dest *d,
    const struct ship_opts *opts, const struct halt *halt,
    struct fault *fault);

/* Take what ssh -G wrote, the string itself: 0, or -1 without memory. */
int config_parse(struct config *c, char *text);

void config_wipe(struct config *);

/* Whether a value is there, and not "none". */
bool config_set(const char *value);

/*
 * config_expand(text, words):
 * A file's name in the configuration, with its ~, %X and ${VARIABLE} replaced:
 * freed by the caller.  NULL with errno: EINVAL where it holds one that is not
 * known here, ENOMEM.  Source: ssh_config(5), TOKENS.
 */
struct config_words {
	const char *home;	/* ~ %d */
	const char *host;	/* %h: HostName */
	const char *alias;	/* %n: as the user wrote it */
	const char *key_alias;	/* %k: HostKeyAlias, or else the alias */
	const char *user;	/* %r: of the other end */
	const char *login;	/* %u: of this one */
	unsigned port;		/* %p */
};
char *config_expand(const char *text, const struct config_words *words);

#endif
