/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "hostkey.h"
#include "keys.h"
#include "msg.h"
#include "sig.h"
#include "wire-libssh2-impl.h"

#define ASK_TIMES	3
#define AGENT_MS	5000

/* How one attempt ended. */
enum auth {
	AUTH_YES,
	AUTH_NO,	/* not this one */
	AUTH_KEY,	/* the key file could not be used */
	AUTH_HUNG_UP,	/* the server ended it: too many attempts? */
	AUTH_GONE,	/* the connection, or a signal */
};

__attribute__((format(printf, 2, 3)))
static void
tried(struct ssh *w, const char *fmt, ...)
{
	size_t pos = strlen(w->tried);
	va_list ap;

	if (pos > 0)
		pos += (size_t)snprintf(w->tried + pos,
		    sizeof(w->tried) - pos, ", ");
	if (pos >= sizeof(w->tried))
		return;
	va_start(ap, fmt);
	vsnprintf(w->tried + pos, sizeof(w->tried) - pos, fmt, ap);
	va_end(ap);
}

static enum auth
judge(int rc)
{

	if (rc == 0)
		return (AUTH_YES);
	switch (rc) {
	case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
	case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
	case LIBSSH2_ERROR_PASSWORD_EXPIRED:
	case LIBSSH2_ERROR_AGENT_PROTOCOL:
		return (AUTH_NO);
	case LIBSSH2_ERROR_FILE:
	case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
	case LIBSSH2_ERROR_PROTO:
		return (AUTH_KEY);
	case LIBSSH2_ERROR_SOCKET_DISCONNECT:
		return (AUTH_HUNG_UP);
	default:
		return (AUTH_GONE);
	}
}

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

/* Keys that were asked for by name are the only ones shown. */
static enum auth
use_agent_keys(struct ssh *w, LIBSSH2_AGENT *agent,
    const struct key_files *keys)
{
	struct libssh2_agent_publickey *id = NULL;
	bool named = w->opts->identities.count > 0;
	enum auth result = AUTH_NO;
	unsigned count = 0;
	char type[64];
	int rc;

	while (result == AUTH_NO &&
	    libssh2_agent_get_identity(agent, &id, id) == 0) {
		if (named && !in_files(id, keys))
			continue;
		hostkey_type(id->blob, id->blob_len, type, sizeof(type));
		if (rsa_is_useless(type)) {
			w->rsa_passed_over = true;
			continue;
		}
		SSH_CALL(rc, w, libssh2_agent_userauth(agent, w->user, id));
		count++;
		result = judge(rc);
		if (result == AUTH_KEY)
			result = AUTH_NO;
		if (result == AUTH_YES)
			msg_verbose("%s: key %s of the agent accepted",
			    w->name, type);
	}
	tried(w, "agent (%u key%s)", count, count == 1 ? "" : "s");
	return (result);
}

static enum auth
use_agent(struct ssh *w, const struct key_files *keys)
{
	const char *path = getenv("SSH_AUTH_SOCK");
	int timeout_ms = w->opts->timeout_ms;
	enum auth result = AUTH_NO;
	LIBSSH2_AGENT *agent;

	if (path == NULL || path[0] == '\0')
		return (AUTH_NO);
	if (timeout_ms > AGENT_MS)
		timeout_ms = AGENT_MS;
	if (agent_probe(path, timeout_ms) == AGENT_SILENT) {
		if (sig_caught() != 0)
			return (AUTH_GONE);
		msg_warning("%s: ssh-agent does not answer: going on without "
		    "it", path);
		tried(w, "agent (no answer)");
		return (AUTH_NO);
	}
	if ((agent = libssh2_agent_init(w->session)) == NULL)
		return (AUTH_NO);
	if (libssh2_agent_connect(agent) != 0)
		tried(w, "agent (not there)");
	else {
		if (libssh2_agent_list_identities(agent) != 0)
			tried(w, "agent (no answer)");
		else
			result = use_agent_keys(w, agent, keys);
		(void)libssh2_agent_disconnect(agent);
	}
	libssh2_agent_free(agent);
	return (result);
}

/* --- key files --- */

static enum auth
use_key(struct ssh *w, const struct key_file *k, const char *passphrase)
{
	int rc;

	/* Never NULL: OpenSSL would then ask on the terminal by itself. */
	SSH_CALL(rc, w, libssh2_userauth_publickey_fromfile_ex(w->session,
	    w->user, (unsigned)strlen(w->user), NULL, k->path, passphrase));
	return (judge(rc));
}

static enum auth
use_encrypted_key(struct ssh *w, const struct key_file *k)
{
	enum auth result = AUTH_KEY;
	char *passphrase, *prompt;
	int i;

	if (!secret_can_ask()) {
		tried(w, "%s (has a passphrase, and there is no terminal)",
		    k->path);
		return (AUTH_NO);
	}
	for (i = 0; i < ASK_TIMES && result == AUTH_KEY; i++) {
		if (asprintf(&prompt, "passphrase of %s: ", k->path) == -1)
			return (AUTH_NO);
		passphrase = secret_ask(prompt, false);
		free(prompt);
		if (passphrase == NULL)
			break;
		result = use_key(w, k, passphrase);
		secret_free(passphrase);
	}
	if (sig_caught() != 0)
		return (AUTH_GONE);
	tried(w, result == AUTH_KEY ? "%s (wrong passphrase)" : "%s", k->path);
	return (result == AUTH_KEY ? AUTH_NO : result);
}

static enum auth
use_files(struct ssh *w, const struct key_files *keys)
{
	const struct key_file *k;
	enum auth result = AUTH_NO;
	size_t i;

	for (i = 0; i < keys->count && result == AUTH_NO; i++) {
		k = &keys->v[i];
		if (k->public_only) {
			tried(w, "%s (a public key: its private one is not "
			    "in the agent)", k->path);
			continue;
		}
		if (rsa_is_useless(k->type)) {
			w->rsa_passed_over = true;
			tried(w, "%s (RSA: not with libssh2 %s)", k->path,
			    libssh2_version(0));
			continue;
		}
		if (k->encrypted) {
			result = use_encrypted_key(w, k);
			continue;
		}
		result = use_key(w, k, "");
		if (result == AUTH_KEY) {
			tried(w, "%s (unreadable: %s)", k->path,
			    "not a key in a form known to libssh2");
			result = AUTH_NO;
		} else
			tried(w, "%s", k->path);
		if (result == AUTH_YES)
			msg_verbose("%s: key %s accepted", w->name, k->path);
	}
	return (result);
}

/* --- passwords --- */

/* The server's words on our terminal: nothing in them may move the cursor. */
static char *
ask_question(const void *text, size_t len, bool echo)
{
	const unsigned char *p = text;
	char prompt[256];
	size_t i;

	for (i = 0; i < len && i < sizeof(prompt) - 1; i++)
		prompt[i] = p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : ' ';
	prompt[i] = '\0';
	return (secret_ask(prompt, echo));
}

static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer)
{
	struct ssh *w = *abstract;
	char *secret, *copy;
	int i;

	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	for (i = 0; i < num_prompts; i++) {
		copy = NULL;
		if (w->password != NULL) {
			/* Our password answers one question only. */
			if (num_prompts == 1 && prompts[i].echo == 0)
				copy = strdup(w->password);
		} else if ((secret = ask_question(prompts[i].text,
		    (size_t)prompts[i].length, prompts[i].echo != 0)) !=
		    NULL) {
			copy = strdup(secret);
			secret_free(secret);
		}
		responses[i].text = copy != NULL ? copy : strdup("");
		responses[i].length = copy != NULL ?
		    (unsigned)strlen(copy) : 0;
	}
}

static enum auth
use_dialogue(struct ssh *w, char *password)
{
	int rc;

	w->password = password;
	SSH_CALL(rc, w, libssh2_userauth_keyboard_interactive_ex(w->session,
	    w->user, (unsigned)strlen(w->user), answer));
	w->password = NULL;
	return (judge(rc));
}

static enum auth
use_password(struct ssh *w, const char *password)
{
	int rc;

	SSH_CALL(rc, w, libssh2_userauth_password_ex(w->session, w->user,
	    (unsigned)strlen(w->user), password, (unsigned)strlen(password),
	    NULL));
	return (judge(rc));
}

static enum auth
use_password_file(struct ssh *w, bool plain, bool dialogue,
    enum status *status)
{
	enum auth result = AUTH_NO;
	char *password;

	password = secret_file(w->opts->password_file, status);
	if (password == NULL)
		return (AUTH_GONE);
	if (plain)
		result = use_password(w, password);
	else if (dialogue)
		result = use_dialogue(w, password);
	secret_free(password);
	tried(w, "the password of %s", w->opts->password_file);
	return (result);
}

static enum auth
ask_password(struct ssh *w, bool plain)
{
	enum auth result = AUTH_NO;
	char *password, *prompt;
	int i;

	for (i = 0; i < ASK_TIMES && result == AUTH_NO; i++) {
		if (!plain) {
			result = use_dialogue(w, NULL);
			continue;
		}
		if (asprintf(&prompt, "%s@%s's password: ", w->user,
		    w->dest->host) == -1)
			break;
		password = secret_ask(prompt, false);
		free(prompt);
		if (password == NULL)
			break;
		result = use_password(w, password);
		secret_free(password);
	}
	if (sig_caught() != 0)
		return (AUTH_GONE);
	tried(w, "a password from the terminal");
	return (result);
}

/* --- all of it --- */

static bool
offers(const char *methods, const char *method)
{
	size_t n = strlen(method);
	const char *p;

	for (p = methods; (p = strstr(p, method)) != NULL; p += n)
		if ((p == methods || p[-1] == ',') &&
		    (p[n] == ',' || p[n] == '\0'))
			return (true);
	return (false);
}

static enum status
refused(struct ssh *w, const char *methods)
{

	msg_error("%s: user %s was not let in: the server takes %s, tried: %s",
	    w->name, w->user, methods,
	    w->tried[0] != '\0' ? w->tried : "nothing");
	if (w->rsa_passed_over)
		msg_hint("servers no longer take the RSA signatures of libssh2 "
		    "%s: make a key with ssh-keygen -t ed25519",
		    libssh2_version(0));
	else if (w->tried[0] == '\0')
		msg_hint("give a key with -i, a password with "
		    "--password-file, or start ssh-agent");
	return (STATUS_REMOTE);
}

static enum auth
use_methods(struct ssh *w, const char *methods, const struct key_files *keys,
    enum status *status)
{
	bool plain = offers(methods, "password");
	bool dialogue = offers(methods, "keyboard-interactive");
	enum auth result = AUTH_NO;

	if (offers(methods, "publickey")) {
		result = use_agent(w, keys);
		if (result == AUTH_NO)
			result = use_files(w, keys);
	}
	if (result != AUTH_NO || (!plain && !dialogue))
		return (result);
	if (w->opts->password_file != NULL)
		return (use_password_file(w, plain, dialogue, status));
	return (secret_can_ask() ? ask_password(w, plain) : AUTH_NO);
}

enum status
ssh_authenticate(struct ssh *w)
{
	enum status status = STATUS_OK;
	struct key_files keys;
	char *list, methods[200];
	enum auth result;

	do
		list = libssh2_userauth_list(w->session, w->user,
		    (unsigned)strlen(w->user));
	while (list == NULL && libssh2_session_last_errno(w->session) ==
	    LIBSSH2_ERROR_EAGAIN && ssh_wait(w) == 0);
	if (list == NULL)
		return (libssh2_userauth_authenticated(w->session) != 0 ?
		    STATUS_OK : ssh_fail(w, "authentication",
		    libssh2_session_last_errno(w->session)));
	snprintf(methods, sizeof(methods), "%s", list);
	status = keys_find(&keys, &w->opts->identities);
	if (status != STATUS_OK) {
		keys_free(&keys);
		return (status);
	}
	result = use_methods(w, methods, &keys, &status);
	keys_free(&keys);
	if (result == AUTH_YES)
		return (STATUS_OK);
	if (status != STATUS_OK)
		return (status);
	if (sig_caught() != 0)
		return (STATUS_LOCAL);
	if (result == AUTH_GONE)
		return (ssh_fail(w, "authentication",
		    libssh2_session_last_errno(w->session)));
	if (result == AUTH_HUNG_UP)
		tried(w, "then the server hung up");
	return (refused(w, methods));
}
