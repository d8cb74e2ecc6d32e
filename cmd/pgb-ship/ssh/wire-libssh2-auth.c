/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssh/wire-libssh2-impl.h"

#define ASK_TIMES	3
#define ROUNDS		4	/* of "this was not enough" */

void
ssh_tried(struct ssh *w, const char *fmt, ...)
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

static bool
is_dead(const struct ssh *w)
{
	ssize_t n;
	char c;

	n = recv(w->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	return (w->broken != 0 || n == 0 || (n == -1 && errno != EAGAIN &&
	    errno != EWOULDBLOCK && errno != EINTR));
}

/* The library calls it a refusal, too, when no answer came at all. */
enum auth
ssh_judge(const struct ssh *w, int rc)
{

	switch (rc) {
	case 0:
		return (AUTH_YES);
	case LIBSSH2_ERROR_FILE:
	case LIBSSH2_ERROR_KEYFILE_AUTH_FAILED:
	case LIBSSH2_ERROR_METHOD_NOT_SUPPORTED:
	case LIBSSH2_ERROR_PROTO:
		return (AUTH_KEY);
	case LIBSSH2_ERROR_AUTHENTICATION_FAILED:
	case LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED:
	case LIBSSH2_ERROR_PASSWORD_EXPIRED:
	case LIBSSH2_ERROR_AGENT_PROTOCOL:
		if (!w->hung_up && !is_dead(w))
			return (AUTH_NO);
		break;
	}
	return (w->hung_up ? AUTH_HUNG_UP : AUTH_GONE);
}

/* --- passwords --- */

/*
 * What the server asks in a dialogue.  A question whose answer is not shown,
 * asked alone and before any other, wants the password; what comes behind it
 * will be something else.
 */
static char *
answer_one(struct ssh *w, const void *text, size_t len, bool echo, bool alone)
{
	const struct route *r = w->route;
	enum secret_kind kind = !echo && alone && w->asked == 0 ?
	    SECRET_PASSWORD : SECRET_OTHER;
	char *prompt, *secret, *copy;

	w->asked++;
	if (asprintf(&prompt, "(%s@%s) %.*s", r->user, r->host,
	    (int)(len < 256 ? len : 256), (const char *)text) == -1)
		return (NULL);
	secret = secrets_get(r->secrets, kind, prompt, echo, w->dialogue,
	    &w->secret);
	free(prompt);
	if (secret == NULL)
		return (NULL);
	/* The library frees it, and does not wipe it. */
	copy = strdup(secret);
	secrets_put(secret);
	return (copy);
}

static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer)
{
	struct ssh *w = *abstract;
	char *copy;
	int i;

	(void)name;
	(void)name_len;
	(void)instruction;
	(void)instruction_len;
	for (i = 0; i < num_prompts; i++) {
		copy = answer_one(w, prompts[i].text,
		    (size_t)prompts[i].length, prompts[i].echo != 0,
		    num_prompts == 1);
		if (copy == NULL)
			w->unanswered = true;
		responses[i].text = copy != NULL ? copy : strdup("");
		responses[i].length = copy != NULL ?
		    (unsigned)strlen(copy) : 0;
	}
}

static enum auth
use_dialogue(struct ssh *w)
{
	const struct route *r = w->route;
	unsigned times = r->opts->password_file != NULL ? 1 : ASK_TIMES;
	enum auth result = AUTH_NO;
	int rc;

	w->unanswered = false;
	for (w->dialogue = 0; w->dialogue < times; w->dialogue++) {
		w->asked = 0;
		SSH_CALL(rc, w, libssh2_userauth_keyboard_interactive_ex(
		    w->session, r->user, (unsigned)strlen(r->user), answer));
		result = ssh_judge(w, rc);
		/* Or it has nothing to ask us. */
		if (result != AUTH_NO || w->unanswered || w->asked == 0)
			break;
	}
	return (result);
}

static enum auth
use_password(struct ssh *w, const char *prompt)
{
	const struct route *r = w->route;
	enum auth result = AUTH_NO;
	unsigned refused;
	char *password;
	int rc;

	for (refused = 0; result == AUTH_NO; refused++) {
		password = secrets_get(r->secrets, SECRET_PASSWORD, prompt,
		    false, refused, &w->secret);
		if (password == NULL)
			break;
		SSH_CALL(rc, w, libssh2_userauth_password_ex(w->session,
		    r->user, (unsigned)strlen(r->user), password,
		    (unsigned)strlen(password), NULL));
		secrets_put(password);
		result = ssh_judge(w, rc);
	}
	return (result);
}

/* What is asked, or what all is that the server asks begins with. */
static char *
make_prompt(const struct route *r, bool plain)
{
	char *prompt;
	int n;

	if (!plain)
		n = asprintf(&prompt, "(%s@%s) ", r->user, r->host);
	else if (r->port == DEST_PORT)
		n = asprintf(&prompt, "%s@%s's password: ", r->user, r->host);
	else
		n = asprintf(&prompt, "%s@%s:%u's password: ", r->user,
		    r->host, r->port);
	return (n != -1 ? prompt : NULL);
}

static enum auth
use_passwords(struct ssh *w, bool plain)
{
	const char *file = w->route->opts->password_file;
	char *prompt = make_prompt(w->route, plain);
	enum auth result = AUTH_NO;

	if (prompt == NULL || !secrets_has(w->route->secrets, SECRET_PASSWORD,
	    prompt)) {
		free(prompt);
		return (AUTH_NO);
	}
	result = plain ? use_password(w, prompt) : use_dialogue(w);
	free(prompt);
	if (halt_asked(w->halt))
		return (AUTH_GONE);
	w->no_password = w->secret.text[0] != '\0';
	if (file != NULL)
		ssh_tried(w, "the password of %s", file);
	else
		ssh_tried(w, "a password from the terminal");
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

/* What may help who was not let in, where nothing more particular is known. */
static void
hint_keys(struct ssh *w)
{
	const struct key_files *keys = &w->route->keys;
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (keys->v[i].foreign != NULL) {
			fault_hint(w->fault, "%s", keys->v[i].foreign->hint);
			return;
		}
	for (i = 0; i < keys->count && w->shown == 0; i++)
		if (keys->v[i].public_only) {
			fault_hint(w->fault, "give the file of the private "
			    "key, without .pub, or ssh-add it to the agent");
			return;
		}
	if (w->locked)
		fault_hint(w->fault, "--passphrase-file FILE has it at night, "
		    "too; or an agent, after ssh-add");
	else if (w->tried[0] == '\0')
		fault_hint(w->fault, "give a key with -i, a password with "
		    "--password-file, or start ssh-agent");
	else if (w->shown > 0)
		fault_hint(w->fault, "the public half of a key must stand in "
		    "~%s/.ssh/authorized_keys there", w->route->user);
	else
		fault_hint(w->fault, "-i takes a private key of OpenSSH: "
		    "ssh-keygen -t ed25519 makes one");
}

static enum status
refused(struct ssh *w, const char *methods)
{
	const char *user = w->route->user;

	/* Something is wrong with the file of a password; or with that of a
	 * passphrase, and no key could be shown. */
	if (w->no_password || (w->shown == 0 && w->secret.text[0] != '\0')) {
		*w->fault = w->secret;
		return (w->fault->status);
	}
	fault_set(w->fault, STATUS_REMOTE, "user %s was not let in: the "
	    "server takes %s, tried: %s", user, methods,
	    w->tried[0] != '\0' ? w->tried : "nothing");
	if (w->rsa_passed_over)
		fault_hint(w->fault, "servers no longer take the RSA "
		    "signatures of libssh2 %s: make a key with ssh-keygen -t "
		    "ed25519, or use --transport ssh", libssh2_version(0));
	else if (w->ssh_would)
		fault_hint(w->fault, "the agent has keys that only ssh can "
		    "use: --transport ssh");
	else if (w->secret.text[0] != '\0')
		fault_hint(w->fault, "%s", w->secret.text);
	else
		hint_keys(w);
	return (STATUS_REMOTE);
}

static enum auth
use_methods(struct ssh *w, const char *methods)
{
	bool plain = offers(methods, "password");
	bool dialogue = offers(methods, "keyboard-interactive");
	enum auth result = AUTH_NO;

	if (offers(methods, "publickey")) {
		result = ssh_use_keys(w);
	}
	if (result != AUTH_NO || (!plain && !dialogue))
		return (result);
	return (use_passwords(w, plain));
}

/* What the server would take now: 0, 1 where it wants nothing more, or -1. */
static int
ask_methods(struct ssh *w, char *methods, size_t size)
{
	const char *user = w->route->user;
	char *list;

	do
		list = libssh2_userauth_list(w->session, user,
		    (unsigned)strlen(user));
	while (list == NULL && libssh2_session_last_errno(w->session) ==
	    LIBSSH2_ERROR_EAGAIN && ssh_wait(w) == 0);
	if (list == NULL)
		return (libssh2_userauth_authenticated(w->session) != 0 ? 1 :
		    -1);
	snprintf(methods, size, "%s", list);
	return (0);
}

/*
 * A server may want a key and a password.  The library does not tell that a key
 * was right and not enough, but then the server no longer takes keys.
 */
static enum auth
use_all(struct ssh *w, char *methods, size_t size)
{
	char before[200];
	enum auth result;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		result = use_methods(w, methods);
		if (result != AUTH_NO)
			return (result);
		snprintf(before, sizeof(before), "%s", methods);
		switch (ask_methods(w, methods, size)) {
		case 1:
			return (AUTH_YES);
		case -1:
			return (w->hung_up ? AUTH_HUNG_UP : AUTH_GONE);
		}
		if (strcmp(before, methods) == 0)
			break;
	}
	return (AUTH_NO);
}

enum status
ssh_authenticate(struct ssh *w)
{
	char methods[200];
	enum auth result;

	switch (ask_methods(w, methods, sizeof(methods))) {
	case 1:
		return (STATUS_OK);
	case -1:
		return (ssh_fail(w, "authentication",
		    libssh2_session_last_errno(w->session)));
	}
	result = use_all(w, methods, sizeof(methods));
	if (result == AUTH_YES)
		return (STATUS_OK);
	if (halt_asked(w->halt))
		return (fault_halted(w->fault));
	if (result == AUTH_GONE)
		return (ssh_fail(w, "authentication",
		    libssh2_session_last_errno(w->session)));
	if (result == AUTH_HUNG_UP)
		ssh_tried(w, "then the server hung up: %s", w->last_words);
	return (refused(w, methods));
}
