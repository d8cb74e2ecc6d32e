/* SPDX-License-Identifier: ISC */
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#include <asm/hwcap.h>
#endif

#include "msg.h"
#include "route/home.h"
#include "route/route-impl.h"
#include "route/routes.h"
#include "ssh/wire-libssh2.h"

#define DEFAULT_CIPHERS	"chacha20-poly1305@openssh.com,"
#define GCM_CIPHER	"aes128-gcm@openssh.com"

static enum status
no_memory(struct fault *fault)
{

	return (fault_set(fault, STATUS_LOCAL, "no memory"));
}

/* Takes s over, which may be NULL: 0, or -1 without memory. */
static int
keep(struct opt_list *list, char *s)
{

	if (s == NULL || opt_list_add(list, s) == -1) {
		free(s);
		return (-1);
	}
	return (0);
}

static int
copy_list(struct opt_list *to, const struct opt_list *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		if (keep(to, strdup(from->v[i])) == -1)
			return (-1);
	return (0);
}

/*
 * A file of the configuration: 0; 1 where its name holds something that only
 * ssh knows how to replace, which is noted; -1 without memory.
 */
static int
keep_file(struct opt_list *list, const char *text,
    const struct config_words *w)
{
	char *path = config_expand(text, w);

	if (path == NULL && errno == EINVAL)
		return (1);
	return (keep(list, path));
}

/* --- who, and where --- */

static enum status
set_names(struct route *r, const struct dest *d, const struct config *c,
    struct fault *fault)
{
	char *end;
	unsigned long port;

	r->alias = d->host;
	r->user_told = d->user != NULL;
	r->port_told = d->port_told;
	r->port = d->port;
	if (!d->port_told && c->port != NULL) {
		port = strtoul(c->port, &end, 10);
		if (*end == '\0' && port > 0 && port <= 65535)
			r->port = (unsigned)port;
	}
	if (c->addressfamily != NULL)
		r->family = strcasecmp(c->addressfamily, "inet") == 0 ?
		    AF_INET : strcasecmp(c->addressfamily, "inet6") == 0 ?
		    AF_INET6 : AF_UNSPEC;
	r->host = strdup(config_set(c->hostname) ? c->hostname : d->host);
	if (config_set(c->hostkeyalias) &&
	    (r->host_key_alias = strdup(c->hostkeyalias)) == NULL)
		return (no_memory(fault));
	r->user = d->user != NULL ? strdup(d->user) :
	    c->user != NULL && c->user[0] != '\0' ? strdup(c->user) :
	    home_login();
	if (r->host == NULL)
		return (no_memory(fault));
	if (r->user != NULL)
		return (STATUS_OK);
	fault_set(fault, STATUS_LOCAL, "the user running this has no name");
	fault_hint(fault, "sftp://USER@%s/...", d->host);
	return (STATUS_LOCAL);
}

/* --- what we show --- */

/* ssh tells its own list where the user has none: at least four names. */
static bool
are_usual(const struct opt_list *files)
{
	size_t i;

	for (i = 0; i < files->count; i++)
		if (strncmp(files->v[i], "~/.ssh/id_", 10) != 0)
			return (false);
	return (files->count == 0 || (files->count >= 4 &&
	    strcmp(files->v[0], "~/.ssh/id_rsa") == 0));
}

static enum status
set_agent(struct route *r, const struct config *c,
    const struct config_words *w, unsigned *untold, struct fault *fault)
{
	const char *text = c->identityagent;

	if (text == NULL || strcmp(text, "SSH_AUTH_SOCK") == 0)
		return (STATUS_OK);
	if (!config_set(text)) {
		r->no_agent = true;
		return (STATUS_OK);
	}
	if (text[0] == '$' && text[1] != '{') {
		text = getenv(text + 1);
		r->no_agent = text == NULL || text[0] == '\0';
		if (r->no_agent)
			return (STATUS_OK);
		r->agent = strdup(text);
	} else
		r->agent = config_expand(text, w);
	if (r->agent != NULL)
		return (STATUS_OK);
	if (errno != EINVAL)
		return (no_memory(fault));
	r->no_agent = true;
	*untold |= ROUTE_AGENT;
	return (STATUS_OK);
}

static enum status
set_identities(struct route *r, const struct config *c,
    const struct config_words *w, unsigned *untold, struct fault *fault)
{
	const struct opt_list *told = &r->opts->identities;
	size_t i;
	int rc;

	if (told->count > 0) {
		r->identities_only = true;
		if (copy_list(&r->identities, told) == -1)
			return (no_memory(fault));
		return (keys_find(&r->keys, &r->identities, KEYS_NAMED,
		    fault));
	}
	r->identities_only = c->identitiesonly != NULL &&
	    strcasecmp(c->identitiesonly, "yes") == 0;
	if (are_usual(&c->identityfile))
		return (keys_find(&r->keys, NULL, KEYS_USUAL, fault));
	for (i = 0; i < c->identityfile.count; i++) {
		if (!config_set(c->identityfile.v[i]))
			continue;
		rc = keep_file(&r->identities, c->identityfile.v[i], w);
		if (rc == -1)
			return (no_memory(fault));
		if (rc == 1)
			*untold |= ROUTE_IDENTITY;
	}
	r->no_identities = r->identities.count == 0;
	return (keys_find(&r->keys, &r->identities, KEYS_CONFIGURED, fault));
}

/* --- what the server is known by --- */

/*
 * ssh puts several names in one line with blanks between, and does not quote
 * those that have blanks themselves: the longest one that there is.
 */
static int
split_files(struct opt_list *list, const char *text,
    const struct config_words *w, unsigned *untold)
{
	const char *p = text, *end, *best;
	char *word, *path;
	int rc;

	while (*(p += strspn(p, " ")) != '\0') {
		best = p + strcspn(p, " ");
		for (end = best; *end != '\0';) {
			end += 1 + strcspn(end + 1, " ");
			if ((word = strndup(p, (size_t)(end - p))) == NULL)
				return (-1);
			path = config_expand(word, w);
			if (path != NULL && access(path, F_OK) == 0)
				best = end;
			free(path);
			free(word);
		}
		if ((word = strndup(p, (size_t)(best - p))) == NULL)
			return (-1);
		rc = keep_file(list, word, w);
		free(word);
		if (rc == -1)
			return (-1);
		if (rc == 1)
			*untold |= ROUTE_KNOWN_HOSTS;
		p = best;
	}
	return (0);
}

/* Whether a line of files is the one that ssh uses by itself. */
static bool
is_default(const char *text, const char *dir, const char *name)
{
	char line[2048];
	int n;

	if (text == NULL)
		return (true);
	n = snprintf(line, sizeof(line), "%s/%s %s/%s2", dir, name, dir, name);
	return (n > 0 && (size_t)n < sizeof(line) && strcmp(text, line) == 0);
}

static bool
is_users_default(const char *text)
{
	char *home = home_listed(), *dir;
	bool is = is_default(text, "~/.ssh", "known_hosts");

	if (!is && home != NULL && asprintf(&dir, "%s/.ssh", home) != -1) {
		is = is_default(text, dir, "known_hosts");
		free(dir);
	}
	free(home);
	return (is);
}

static int
keep_default(struct opt_list *list)
{

	return (keep(list, home_file("known_hosts")) == -1 ||
	    keep(list, home_file("known_hosts2")) == -1 ? -1 : 0);
}

static enum status
set_known_hosts(struct route *r, const struct config *c,
    const struct config_words *w, unsigned *untold, struct fault *fault)
{
	const char *own = c->userknownhostsfile;
	const char *global = c->globalknownhostsfile;
	struct opt_list *list = &r->known_hosts;
	bool own_default = is_users_default(own);

	if (r->opts->known_hosts.count > 0) {
		if (copy_list(list, &r->opts->known_hosts) == -1)
			return (no_memory(fault));
		r->known_hosts_own = list->count;
		return (STATUS_OK);
	}
	if (own_default && is_default(global, "/etc/ssh", "ssh_known_hosts"))
		return (STATUS_OK);
	if (own_default ? keep_default(list) == -1 : config_set(own) &&
	    split_files(list, own, w, untold) == -1)
		return (no_memory(fault));
	r->known_hosts_own = list->count;
	if (global == NULL)
		global = "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2";
	if (config_set(global) && split_files(list, global, w, untold) == -1)
		return (no_memory(fault));
	/* None at all is not the same as not told. */
	if (list->count == 0 && keep(list, strdup("/dev/null")) == -1)
		return (no_memory(fault));
	return (STATUS_OK);
}

/* Whether keys are checked is not the configuration's to say. */
static void
mind_strictness(const struct route *r, const struct config *c)
{
	const char *how = c->stricthostkeychecking;

	if (how != NULL && (strcasecmp(how, "no") == 0 ||
	    strcasecmp(how, "off") == 0 || strcasecmp(how, "false") == 0))
		msg_verbose("%s: StrictHostKeyChecking %s: not followed: the "
		    "host key is checked", r->name, how);
	else if (how != NULL && strcasecmp(how, "accept-new") == 0 &&
	    !r->opts->accept_new)
		msg_verbose("%s: StrictHostKeyChecking accept-new: not "
		    "followed without --accept-new", r->name);
}

/* --- all of it --- */

/* Whether this machine has instructions for AES. */
static bool
has_aes(void)
{

#if defined(__x86_64__) || defined(__i386__)
	return (__builtin_cpu_supports("aes"));
#elif defined(__aarch64__)
	return ((getauxval(AT_HWCAP) & HWCAP_AES) != 0);
#else
	return (false);
#endif
}

static bool
wants_gcm(const struct config *c)
{

	return (c->ciphers != NULL && strncmp(c->ciphers, DEFAULT_CIPHERS,
	    strlen(DEFAULT_CIPHERS)) == 0 &&
	    strstr(c->ciphers, GCM_CIPHER) != NULL && has_aes());
}

static enum status
fill(struct route *r, const struct dest *d, const struct config *c,
    struct fault *fault)
{
	char *home = home_dir(), *login = home_login();
	struct config_words w = { .home = home, .login = login };
	unsigned untold = 0;
	enum status status;

	if ((status = set_names(r, d, c, fault)) != STATUS_OK)
		goto out;
	w.host = r->host;
	w.alias = r->alias;
	w.key_alias = r->host_key_alias != NULL ? r->host_key_alias : r->alias;
	w.user = r->user;
	w.port = r->port;
	if ((status = set_agent(r, c, &w, &untold, fault)) != STATUS_OK ||
	    (status = set_identities(r, c, &w, &untold, fault)) != STATUS_OK ||
	    (status = set_known_hosts(r, c, &w, &untold, fault)) != STATUS_OK)
		goto out;
	mind_strictness(r, c);
	r->gcm = wants_gcm(c);
	r->ssh_807 = c->forkafterauthentication != NULL;
	status = route_need(r, c, untold, fault);
out:
	free(home);
	free(login);
	return (status);
}

struct route *
route_make(const struct dest *d, const char *name,
    const struct ship_opts *opts, struct secrets *secrets,
    const struct config *c, struct fault *fault)
{
	struct route *r;

	if ((r = calloc(1, sizeof(*r))) == NULL) {
		no_memory(fault);
		return (NULL);
	}
	r->name = name;
	r->opts = opts;
	r->secrets = secrets;
	if (fill(r, d, c, fault) != STATUS_OK) {
		route_free(r);
		return (NULL);
	}
	if (r->transport == TRANSPORT_SSH)
		snprintf(r->told, sizeof(r->told), "ssh");
	else
		snprintf(r->told, sizeof(r->told), "libssh2 %s",
		    wire_libssh2_version());
	return (r);
}

struct route *
route_new(const struct dest *d, const char *name,
    const struct ship_opts *opts, struct secrets *secrets,
    const struct halt *halt, struct fault *fault)
{
	const struct route *found;
	struct route *r = NULL;
	struct config c;

	if (opts->routes != NULL &&
	    (found = routes_find(opts->routes, d)) != NULL) {
		if ((r = malloc(sizeof(*r))) == NULL) {
			no_memory(fault);
			return (NULL);
		}
		*r = *found;
		r->name = name;
		r->lent = true;
		return (r);
	}
	/* No words for a command line. */
	if (d->host[0] == '-' || d->host[0] == '\0') {
		fault_set(fault, STATUS_USAGE, "host '%s': not a name",
		    d->host);
		return (NULL);
	}
	if (config_ask(&c, d, opts, halt, fault) == STATUS_OK)
		r = route_make(d, name, opts, secrets, &c, fault);
	config_wipe(&c);
	return (r);
}

void
route_free(struct route *r)
{

	if (r == NULL)
		return;
	if (r->lent) {
		free(r);
		return;
	}
	keys_free(&r->keys);
	opt_list_free_all(&r->identities);
	opt_list_free_all(&r->known_hosts);
	free(r->user);
	free(r->host);
	free(r->host_key_alias);
	free(r->agent);
	free(r);
}

const char *
route_transport(const struct route *r)
{

	return (r->told);
}
