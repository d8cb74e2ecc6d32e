/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "msg.h"
#include "trust.h"

/* The second ones are old, but ssh(1) reads them still, and a key may be revoked
 * there alone. */
static const char *const user_names[] = { "known_hosts", "known_hosts2" };
static const char *const system_files[] = { "/etc/ssh/ssh_known_hosts",
    "/etc/ssh/ssh_known_hosts2" };

#define USER_FILES	(sizeof(user_names) / sizeof(user_names[0]))
#define SYSTEM_FILES	(sizeof(system_files) / sizeof(system_files[0]))

struct trust {
	const char *name, *host;
	unsigned port;
	char *user_files[USER_FILES];	/* read where the list is empty */
	const char *learn;	/* where a key can be added */
	bool learn_usual;	/* not in the list: it would have to go */
	struct hostkeys *keys;
};

static enum status
load(struct trust *t, const char *path, bool named)
{

	if (hostkeys_load(t->keys, path) == 0)
		return (STATUS_OK);
	if (named || errno == ENOMEM) {
		msg_errno(path);
		return (named ? STATUS_USAGE : STATUS_LOCAL);
	}
	if (errno != ENOENT)
		msg_warning("%s: not used: %s", path, strerror(errno));
	return (STATUS_OK);
}

static enum status
load_usual(struct trust *t)
{
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < USER_FILES && status == STATUS_OK; i++)
		status = load(t, t->user_files[i], false);
	for (i = 0; i < SYSTEM_FILES && status == STATUS_OK; i++)
		status = load(t, system_files[i], false);
	return (status);
}

static int
find_usual(struct trust *t)
{
	size_t i;

	for (i = 0; i < USER_FILES; i++)
		if ((t->user_files[i] = keys_home(user_names[i])) == NULL)
			return (-1);
	return (0);
}

/* Nothing can be added to /dev/null, or to the pipe of a shell's <(...). */
static void
choose_learn(struct trust *t, const struct opt_list *files)
{
	struct stat st;
	size_t i;

	for (i = 0; i < files->count; i++)
		if (stat(files->v[i], &st) == 0 && S_ISREG(st.st_mode)) {
			t->learn = files->v[i];
			return;
		}
	t->learn = t->user_files[0];
	t->learn_usual = files->count > 0;
}

struct trust *
trust_new(const char *name, const char *host, unsigned port,
    const struct opt_list *files, enum status *status)
{
	struct trust *t;
	size_t i;

	*status = STATUS_LOCAL;
	if ((t = calloc(1, sizeof(*t))) == NULL ||
	    (t->keys = hostkeys_new(host, port)) == NULL ||
	    find_usual(t) == -1) {
		msg_error("%s: known_hosts: %s", name, strerror(errno));
		trust_free(t);
		return (NULL);
	}
	t->name = name;
	t->host = host;
	t->port = port;
	*status = STATUS_OK;
	for (i = 0; i < files->count && *status == STATUS_OK; i++)
		*status = load(t, files->v[i], true);
	if (files->count == 0)
		*status = load_usual(t);
	choose_learn(t, files);
	if (*status == STATUS_OK)
		return (t);
	trust_free(t);
	return (NULL);
}

void
trust_free(struct trust *t)
{
	size_t i;

	if (t == NULL)
		return;
	hostkeys_free(t->keys);
	for (i = 0; i < USER_FILES; i++)
		free(t->user_files[i]);
	free(t);
}

void
trust_prefer(const struct trust *t, char *out, size_t outlen)
{

	hostkeys_prefer(t->keys, out, outlen);
}

static void
hint_learn(const struct trust *t, const char *type)
{

	/* ssh-keyscan's -t takes "ed25519", "ecdsa", "rsa". */
	if (strncmp(type, "ssh-", 4) == 0)
		type += 4;
	else if (strncmp(type, "ecdsa", 5) == 0)
		type = "ecdsa";
	msg_hint("if that is the fingerprint that the server's administrator "
	    "tells you%s: ssh-keyscan -p %u -t %s %s >> %s",
	    t->learn_usual ? ", leave out --known-hosts, and" : "", t->port,
	    type, t->host, t->learn);
}

static void
hint_forget(const struct trust *t, const struct hostkey_where *where)
{

	if (t->port == 22)
		msg_hint("perhaps somebody stands in between; if the change is "
		    "known and meant: ssh-keygen -R %s -f %s", t->host,
		    where->file);
	else
		msg_hint("perhaps somebody stands in between; if the change is "
		    "known and meant: ssh-keygen -R '[%s]:%u' -f %s", t->host,
		    t->port, where->file);
}

enum status
trust_check(const struct trust *t, const uint8_t *key, size_t len)
{
	char type[64], print[HOSTKEY_PRINT_MAX];
	struct hostkey_where at;

	hostkey_type(key, len, type, sizeof(type));
	hostkey_print(key, len, print);
	switch (hostkeys_check(t->keys, key, len, &at)) {
	case HOSTKEY_KNOWN:
		msg_verbose("%s: host key %s %s, known by %s line %u", t->name,
		    type, print, at.file, at.line);
		return (STATUS_OK);
	case HOSTKEY_UNKNOWN:
		msg_error("%s: host key %s %s: unknown", t->name, type, print);
		hint_learn(t, type);
		break;
	case HOSTKEY_OTHER_TYPE:
		msg_error("%s: host key %s %s: unknown: %s line %u knows a key "
		    "of another type", t->name, type, print, at.file, at.line);
		hint_learn(t, type);
		break;
	case HOSTKEY_CHANGED:
		msg_error("%s: host key %s %s: changed: %s line %u has another",
		    t->name, type, print, at.file, at.line);
		hint_forget(t, &at);
		break;
	case HOSTKEY_REVOKED:
		msg_error("%s: host key %s %s: revoked by %s line %u", t->name,
		    type, print, at.file, at.line);
		msg_hint("whoever shows this key must not be trusted: ask the "
		    "server's administrator");
		break;
	case HOSTKEY_AUTHORITY:
		msg_error("%s: host key %s %s: unknown: %s line %u "
		    "(@cert-authority) is not understood here", t->name, type,
		    print, at.file, at.line);
		hint_learn(t, type);
		break;
	case HOSTKEY_BAD:
		msg_error("%s: host key: not a key", t->name);
		break;
	}
	return (STATUS_REMOTE);
}
