/* SPDX-License-Identifier: ISC */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "route/home.h"
#include "route/routes.h"
#include "trust/learn.h"
#include "trust/trust.h"

/* The second ones are old, but ssh(1) reads them still, and a key may be
 * revoked there alone. */
static const char *const user_names[] = { "known_hosts", "known_hosts2" };
static const char *const system_files[] = { "/etc/ssh/ssh_known_hosts",
    "/etc/ssh/ssh_known_hosts2" };

#define USER_FILES	(sizeof(user_names) / sizeof(user_names[0]))
#define SYSTEM_FILES	(sizeof(system_files) / sizeof(system_files[0]))

#define NAME_MAX_LEN	1100		/* "[host]:port" */
#define SSH_PORT	22

struct trust {
	const struct route *route;
	char name[NAME_MAX_LEN];	/* of the host, in a line of its own */
	char *user_files[USER_FILES];	/* read where the route has none */
	const char *learn;	/* where a key can be added */
	bool learn_usual;	/* not read: an option would have to go */
	struct hostkeys *keys;
	bool warn;
};

/* Whether the files were asked for by option: then they have to be there. */
static bool
named(const struct trust *t)
{

	return (t->route->opts->known_hosts.count > 0);
}

/* Replaced meanwhile, a file is not ours to read any more. */
static int
load_file(struct trust *t, const char *path)
{
	size_t len;
	char *text;
	int rc;

	if (hostkeys_load(t->keys, path) == 0)
		return (0);
	if (errno != EACCES ||
	    (text = routes_kept(t->route->opts->routes, path, &len)) == NULL)
		return (-1);
	rc = hostkeys_take(t->keys, path, text, len);
	free(text);
	return (rc);
}

static enum status
load(struct trust *t, const char *path, struct fault *fault)
{

	if (load_file(t, path) == 0)
		return (STATUS_OK);
	if (errno == ENOMEM)
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	if (errno == ENOENT && (!named(t) || t->route->opts->accept_new))
		return (STATUS_OK);
	if (named(t))
		return (fault_set(fault, STATUS_USAGE, "%s: %s", path,
		    strerror(errno)));
	if (t->warn)
		msg_warning("%s: not used: %s", path, strerror(errno));
	return (STATUS_OK);
}

static enum status
load_all(struct trust *t, struct fault *fault)
{
	const struct opt_list *files = &t->route->known_hosts;
	enum status status = STATUS_OK;
	size_t i;

	for (i = 0; i < files->count && status == STATUS_OK; i++)
		status = load(t, files->v[i], fault);
	if (files->count > 0)
		return (status);
	for (i = 0; i < USER_FILES && status == STATUS_OK; i++)
		status = load(t, t->user_files[i], fault);
	for (i = 0; i < SYSTEM_FILES && status == STATUS_OK; i++)
		status = load(t, system_files[i], fault);
	return (status);
}

/* A name of the configuration's stands in the files without a port. */
static int
find_names(struct trust *t)
{
	const struct route *r = t->route;
	bool alias = r->host_key_alias != NULL;
	const char *host = alias ? r->host_key_alias : r->host;
	unsigned port = alias ? SSH_PORT : r->port;
	char *p;
	size_t i;

	for (i = 0; i < USER_FILES; i++)
		if ((t->user_files[i] = home_file(user_names[i])) == NULL)
			return (-1);
	if (port == SSH_PORT)
		snprintf(t->name, sizeof(t->name), "%s", host);
	else
		snprintf(t->name, sizeof(t->name), "[%s]:%u", host, port);
	for (p = t->name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	t->keys = hostkeys_new(host, port);
	return (t->keys != NULL ? 0 : -1);
}

/* Nothing can be added to /dev/null, or to the pipe of a shell's <(...). */
static void
choose_learn(struct trust *t)
{
	const struct route *r = t->route;
	struct stat st;
	size_t i;

	for (i = 0; i < r->known_hosts_own; i++)
		if (stat(r->known_hosts.v[i], &st) == 0 &&
		    S_ISREG(st.st_mode)) {
			t->learn = r->known_hosts.v[i];
			return;
		}
	t->learn = t->user_files[0];
	t->learn_usual = r->known_hosts.count > 0;
}

struct trust *
trust_new(const struct route *r, bool warn, struct fault *fault)
{
	struct trust *t;

	if ((t = calloc(1, sizeof(*t))) == NULL) {
		fault_set(fault, STATUS_LOCAL, "no memory");
		return (NULL);
	}
	t->route = r;
	t->warn = warn;
	if (find_names(t) == -1)
		fault_set(fault, STATUS_LOCAL, "known_hosts: no memory");
	else if (load_all(t, fault) == STATUS_OK) {
		choose_learn(t);
		return (t);
	}
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

enum hostkey_only
trust_only(const struct trust *t)
{

	return (hostkeys_only(t->keys));
}

/* --- what the user is told --- */

static void
hint_learn(const struct trust *t, const char *type, const char *or,
    struct fault *fault)
{
	const struct route *r = t->route;
	char rename[NAME_MAX_LEN + 32] = "";

	/* ssh-keyscan's -t takes "ed25519", "ecdsa", "rsa". */
	if (strncmp(type, "ssh-", 4) == 0)
		type += 4;
	else if (strncmp(type, "ecdsa", 5) == 0)
		type = "ecdsa";
	if (r->host_key_alias != NULL)
		snprintf(rename, sizeof(rename), " | sed 's/^[^ ]*/%s/'",
		    t->name);
	fault_hint(fault, "if that is the fingerprint that the server's "
	    "administrator tells you%s: ssh-keyscan -p %u -t %s %s%s >> %s%s",
	    t->learn_usual ? named(t) ? ", leave out --known-hosts, and" :
	    ", and UserKnownHostsFile allows it" : "", r->port, type, r->host,
	    rename, t->learn, or);
}

static void
hint_forget(const struct trust *t, const struct hostkey_where *where,
    struct fault *fault)
{
	bool quote = t->name[0] == '[';

	fault_hint(fault, "perhaps somebody stands in between; if the change "
	    "is known and meant: ssh-keygen -R %s%s%s -f %s",
	    quote ? "'" : "", t->name, quote ? "'" : "", where->file);
}

/* --- a host never seen --- */

static enum status
learned(const struct trust *t, const char *file, const char *type,
    const char *print)
{

	msg_note("%s: host key %s %s: new, added to %s", t->route->name, type,
	    print, file);
	return (STATUS_OK);
}

/* The first file that takes it. */
static enum status
learn(const struct trust *t, const uint8_t *key, size_t len, const char *type,
    const char *print, struct fault *fault)
{
	const struct opt_list *told = &t->route->known_hosts;
	char *const *files = told->count > 0 ? told->v : t->user_files;
	size_t count = told->count > 0 ? t->route->known_hosts_own : 1, i;
	int error = 0;

	/* It would be a pattern, or more than one name. */
	if (strpbrk(t->name, " \t\r\n,*?!|#@") != NULL)
		return (fault_set(fault, STATUS_USAGE, "host key %s %s: new, "
		    "and no line can be made for this name", type, print));
	for (i = 0; i < count; i++) {
		if (learn_key(files[i], t->name, key, len) == 0)
			return (learned(t, files[i], type, print));
		if (error == 0)
			error = errno;
	}
	if (count == 0)
		return (fault_set(fault, STATUS_USAGE, "host key %s %s: new, "
		    "and there is no file to add it to", type, print));
	return (fault_set(fault, STATUS_LOCAL, "host key %s %s: new, and "
	    "cannot be added to %s: %s", type, print, files[0],
	    error == EINVAL ? "not a regular file" : strerror(error)));
}

enum status
trust_check(const struct trust *t, const uint8_t *key, size_t len,
    struct fault *fault)
{
	char type[64], print[HOSTKEY_PRINT_MAX];
	struct hostkey_where at;

	hostkey_type(key, len, type, sizeof(type));
	hostkey_print(key, len, print);
	switch (hostkeys_check(t->keys, key, len, &at)) {
	case HOSTKEY_KNOWN:
		msg_verbose("%s: host key %s %s, known by %s line %u",
		    t->route->name, type, print, at.file, at.line);
		return (STATUS_OK);
	case HOSTKEY_UNKNOWN:
		if (t->route->opts->accept_new)
			return (learn(t, key, len, type, print, fault));
		fault_set(fault, STATUS_REMOTE, "host key %s %s: unknown", type,
		    print);
		hint_learn(t, type, "", fault);
		break;
	case HOSTKEY_OTHER_TYPE:
		fault_set(fault, STATUS_REMOTE, "host key %s %s: unknown: %s "
		    "line %u knows a key of another type", type, print,
		    at.file, at.line);
		hint_learn(t, type, "", fault);
		break;
	case HOSTKEY_CHANGED:
		fault_set(fault, STATUS_REMOTE, "host key %s %s: changed: %s "
		    "line %u has another", type, print, at.file, at.line);
		hint_forget(t, &at, fault);
		break;
	case HOSTKEY_REVOKED:
		fault_set(fault, STATUS_REMOTE, "host key %s %s: revoked by "
		    "%s line %u", type, print, at.file, at.line);
		fault_hint(fault, "whoever shows this key must not be "
		    "trusted: ask the server's administrator");
		break;
	case HOSTKEY_AUTHORITY:
		fault_set(fault, STATUS_REMOTE, "host key %s %s: unknown: %s "
		    "line %u (@cert-authority) is not understood here", type,
		    print, at.file, at.line);
		hint_learn(t, type, "; or --transport ssh, which does", fault);
		break;
	case HOSTKEY_BAD:
		fault_set(fault, STATUS_REMOTE, "host key: not a key");
		break;
	}
	return (STATUS_REMOTE);
}
