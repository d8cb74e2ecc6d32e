/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "secret/agent.h"
#include "trust/hostkey.h"
#include "ssh/wire-libssh2-impl.h"

#define AGENT_MS	5000

/* Before 1.11 libssh2 signs with RSA and SHA-1 alone, which servers refuse. */
static bool
rsa_is_useless(const char *type)
{

	return (strcmp(type, "ssh-rsa") == 0 &&
	    libssh2_version(0x010b00) == NULL);
}

/* --- agent --- */

static bool
agent_key_is(const struct libssh2_agent_publickey *id,
    const struct key_file *k)
{

	return (k->blob != NULL && k->bloblen == id->blob_len &&
	    memcmp(k->blob, id->blob, k->bloblen) == 0);
}

static bool
in_files(const struct libssh2_agent_publickey *id,
    const struct key_files *keys)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (agent_key_is(id, &keys->v[i]))
			return (true);
	return (false);
}

/* Types that libssh2 takes from an agent, but makes no good signature with. */
static bool
is_for_ssh(const char *type)
{

	return (strncmp(type, "sk-", 3) == 0 ||
	    strstr(type, "-cert-v01@") != NULL);
}

static enum auth
use_agent_key(struct ssh *w, LIBSSH2_AGENT *agent,
    struct libssh2_agent_publickey *id, unsigned *count)
{
	const struct route *r = w->route;
	enum auth result;
	char type[64];
	int rc;

	hostkey_type(id->blob, id->blob_len, type, sizeof(type));
	if (rsa_is_useless(type)) {
		w->rsa_passed_over = true;
		return (AUTH_NO);
	}
	if (is_for_ssh(type)) {
		w->ssh_would = true;
		return (AUTH_NO);
	}
	SSH_CALL(rc, w, libssh2_agent_userauth(agent, r->user, id));
	(*count)++;
	w->shown++;
	result = ssh_judge(w, rc);
	if (result == AUTH_YES)
		msg_verbose("%s: key %s of the agent accepted", r->name, type);
	return (result == AUTH_KEY ? AUTH_NO : result);
}

/* Those that a file is there for come first: a server takes only so many. */
static enum auth
use_agent_keys(struct ssh *w, LIBSSH2_AGENT *agent)
{
	struct libssh2_agent_publickey *id;
	enum auth result = AUTH_NO;
	unsigned count = 0;
	int named;

	for (named = 1; named >= (w->route->identities_only ? 1 : 0); named--)
		for (id = NULL; result == AUTH_NO &&
		    libssh2_agent_get_identity(agent, &id, id) == 0;)
			if (in_files(id, &w->route->keys) == (named == 1))
				result = use_agent_key(w, agent, id, &count);
	ssh_tried(w, "agent (%u key%s)", count, count == 1 ? "" : "s");
	return (result);
}

/* NULL: there is none to be used. */
static const char *
agent_socket(const struct route *r)
{
	const char *path = r->agent;

	if (r->no_agent)
		return (NULL);
	if (path == NULL)
		path = getenv("SSH_AUTH_SOCK");
	return (path != NULL && path[0] != '\0' ? path : NULL);
}

static enum auth
use_agent(struct ssh *w)
{
	const char *path = agent_socket(w->route);
	int timeout_ms = w->route->opts->timeout_ms;
	enum auth result = AUTH_NO;
	LIBSSH2_AGENT *agent;

	if (path == NULL)
		return (AUTH_NO);
	if (timeout_ms > AGENT_MS)
		timeout_ms = AGENT_MS;
	if (agent_probe(path, timeout_ms, w->halt) == AGENT_SILENT) {
		if (halt_asked(w->halt))
			return (AUTH_GONE);
		msg_warning("%s: ssh-agent does not answer: going on without "
		    "it", path);
		ssh_tried(w, "agent (no answer)");
		return (AUTH_NO);
	}
	if ((agent = libssh2_agent_init(w->session)) == NULL)
		return (AUTH_NO);
	libssh2_agent_set_identity_path(agent, path);
	if (libssh2_agent_connect(agent) != 0)
		ssh_tried(w, "agent (not there)");
	else {
		if (libssh2_agent_list_identities(agent) != 0)
			ssh_tried(w, "agent (no answer)");
		else
			result = use_agent_keys(w, agent);
		(void)libssh2_agent_disconnect(agent);
	}
	libssh2_agent_free(agent);
	return (result);
}

/* --- key files --- */

static enum auth
use_key(struct ssh *w, const struct key_file *k, const char *passphrase)
{
	const char *user = w->route->user;
	enum auth result;
	int rc;

	/* Never NULL: OpenSSL would then ask on the terminal by itself. */
	SSH_CALL(rc, w, libssh2_userauth_publickey_fromfile_ex(w->session,
	    user, (unsigned)strlen(user), NULL, k->path, passphrase));
	if ((result = ssh_judge(w, rc)) != AUTH_KEY)
		w->shown++;
	return (result);
}

static enum auth
use_encrypted_key(struct ssh *w, const struct key_file *k)
{
	struct secrets *secrets = w->route->secrets;
	enum auth result = AUTH_KEY;
	char *passphrase, *prompt;
	unsigned refused;

	if (asprintf(&prompt, "passphrase of %s: ", k->path) == -1)
		return (AUTH_NO);
	if (!secrets_has(secrets, SECRET_PASSPHRASE, prompt)) {
		ssh_tried(w, "%s (has a passphrase, and there is no terminal)",
		    k->path);
		w->locked = true;
		free(prompt);
		return (AUTH_NO);
	}
	for (refused = 0; result == AUTH_KEY; refused++) {
		passphrase = secrets_get(secrets, SECRET_PASSPHRASE, prompt,
		    false, refused, &w->secret);
		if (passphrase == NULL)
			break;
		result = use_key(w, k, passphrase);
		secrets_put(passphrase);
	}
	free(prompt);
	if (halt_asked(w->halt))
		return (AUTH_GONE);
	ssh_tried(w, result != AUTH_KEY ? "%s" : refused > 0 ?
	    "%s (wrong passphrase)" : "%s (no passphrase)", k->path);
	return (result == AUTH_KEY ? AUTH_NO : result);
}

static enum auth
use_file(struct ssh *w, const struct key_file *k)
{
	enum auth result;

	if (k->public_only) {
		ssh_tried(w, "%s (a public key: its private one is not in the "
		    "agent)", k->path);
		return (AUTH_NO);
	}
	if (rsa_is_useless(k->type)) {
		w->rsa_passed_over = true;
		ssh_tried(w, "%s (RSA: not with libssh2 %s)", k->path,
		    libssh2_version(0));
		return (AUTH_NO);
	}
	if (k->encrypted)
		return (use_encrypted_key(w, k));
	if ((result = use_key(w, k, "")) != AUTH_KEY) {
		ssh_tried(w, "%s", k->path);
		return (result);
	}
	if (k->foreign != NULL)
		ssh_tried(w, "%s (%s)", k->path, k->foreign->what);
	else
		ssh_tried(w, "%s (unreadable: not a key in a form known to "
		    "libssh2)", k->path);
	return (AUTH_NO);
}

enum auth
ssh_use_keys(struct ssh *w)
{
	const struct key_files *keys = &w->route->keys;
	enum auth result = use_agent(w);
	size_t i;

	for (i = 0; i < keys->count && result == AUTH_NO; i++) {
		result = use_file(w, &keys->v[i]);
		if (result == AUTH_YES)
			msg_verbose("%s: key %s accepted", w->route->name,
			    keys->v[i].path);
	}
	return (result);
}
