/* SPDX-License-Identifier: ISC */

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "ssh/wire-ssh-impl.h"

#define GCM_FIRST	"^aes128-gcm@openssh.com,aes256-gcm@openssh.com"

/*
 * Whatever the user's configuration has for people at a terminal, this is a
 * filter that carries one stream and starts no other thing.  Server keys are
 * not learned by the way, and no connection is shared: a second one is to be
 * one.
 */
static const char *const forced[] = {
	"LogLevel=DEBUG1",	/* said.h reads it */
	"FingerprintHash=sha256",
	"ClearAllForwardings=yes",
	"ForwardAgent=no",
	"ForwardX11=no",
	"Tunnel=no",
	"PermitLocalCommand=no",
	"RemoteCommand=none",
	"RequestTTY=no",
	"ControlMaster=no",
	"ControlPath=none",
	"EscapeChar=none",
	"UpdateHostKeys=no",
	"VisualHostKey=no",
	"TCPKeepAlive=yes",
	"ServerAliveInterval=15",
	"ServerAliveCountMax=3",
};

/* Since OpenSSH 8.7. */
static const char *const forced_807[] = {
	"StdinNull=no",
	"ForkAfterAuthentication=no",
};

/* --- lists of words --- */

__attribute__((format(printf, 2, 3)))
static int
add(struct opt_list *list, const char *fmt, ...)
{
	va_list ap;
	char *word;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&word, fmt, ap);
	va_end(ap);
	if (n == -1)
		return (-1);
	if (opt_list_add(list, word) == 0)
		return (0);
	free(word);
	return (-1);
}

static int
add_options(struct opt_list *argv, const char *const *options, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (add(argv, "-o%s", options[i]) == -1)
			return (-1);
	return (0);
}

void
launch_wipe(struct launch *l)
{

	opt_list_free_all(&l->argv);
	opt_list_free_all(&l->env);
}

/* --- names of files --- */

/* ssh takes an option's value apart as it does a line of its configuration. */
static bool
can_be_quoted(const char *path)
{

	return (strpbrk(path, "\"\\\n\r") == NULL &&
	    strstr(path, "${") == NULL);
}

/* Append ` "PATH"`: no ~ and no %X of it is replaced. */
static int
quote(char *out, size_t size, const char *path)
{
	size_t pos = strlen(out);

	if (pos + 2 * strlen(path) + 6 > size)
		return (-1);
	out[pos++] = ' ';
	out[pos++] = '"';
	if (path[0] == '~') {
		out[pos++] = '.';
		out[pos++] = '/';
	}
	for (; *path != '\0'; path++) {
		if (*path == '%')
			out[pos++] = '%';
		out[pos++] = *path;
	}
	out[pos++] = '"';
	out[pos] = '\0';
	return (0);
}

/* One option for all of the files. */
static enum status
add_files(struct opt_list *argv, const char *option, char *const *files,
    size_t count, struct fault *fault)
{
	char value[16 * 1024] = "";
	size_t i;

	for (i = 0; i < count; i++) {
		if (!can_be_quoted(files[i]))
			return (fault_set(fault, STATUS_USAGE, "%s: a name "
			    "with \", \\ or ${ cannot be handed to ssh",
			    files[i]));
		if (quote(value, sizeof(value), files[i]) == -1)
			return (fault_set(fault, STATUS_USAGE,
			    "%s: too long to be handed to ssh", files[i]));
	}
	if (count > 0 && add(argv, "-o%s%s", option, value) == -1)
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	return (STATUS_OK);
}

/* --- what the user asked for --- */

/* A moment before the engine would give up, so that ssh can say why. */
static int
connect_seconds(const struct ship_opts *o)
{
	int seconds = o->timeout_ms / 1000;

	return (seconds > 3 ? seconds - 1 : seconds > 1 ? seconds : 1);
}

static int
add_asked(struct opt_list *argv, const struct route *r)
{
	const struct ship_opts *o = r->opts;

	if (add(argv, "-oConnectTimeout=%d", connect_seconds(o)) == -1 ||
	    add(argv, "-oStrictHostKeyChecking=%s", o->accept_new ?
	    "accept-new" : "yes") == -1)
		return (-1);
	/* A file for each is used once; people may err. */
	if (o->password_file != NULL &&
	    add(argv, "-oNumberOfPasswordPrompts=1") == -1)
		return (-1);
	if ((o->password_file != NULL || o->passphrase_file != NULL) &&
	    add(argv, "-oBatchMode=no") == -1)
		return (-1);
	if (r->gcm && add(argv, "-oCiphers=%s", GCM_FIRST) == -1)
		return (-1);
	if (o->ssh_config != NULL && (add(argv, "-F") == -1 ||
	    add(argv, "%s", o->ssh_config) == -1))
		return (-1);
	if (r->port_told && add(argv, "-p%u", r->port) == -1)
		return (-1);
	if (r->user_told && (add(argv, "-l") == -1 ||
	    add(argv, "%s", r->user) == -1))
		return (-1);
	return (0);
}

/* As with libssh2: ssh passes over one that it cannot read. */
static enum status
check_known_hosts(const struct route *r, struct fault *fault)
{
	const struct opt_list *known = &r->opts->known_hosts;
	size_t i;

	for (i = 0; i < known->count; i++)
		if (access(known->v[i], R_OK) == -1 &&
		    !(errno == ENOENT && r->opts->accept_new))
			return (fault_set(fault, STATUS_USAGE, "%s: %s",
			    known->v[i], strerror(errno)));
	return (STATUS_OK);
}

static enum status
add_named_files(struct opt_list *argv, const struct route *r,
    struct fault *fault)
{
	const struct opt_list *keys = &r->opts->identities;
	const struct opt_list *known = &r->opts->known_hosts;
	enum status status;
	size_t i;

	status = check_known_hosts(r, fault);
	if (status == STATUS_OK)
		status = add_files(argv, "UserKnownHostsFile", known->v,
		    known->count, fault);
	for (i = 0; i < keys->count && status == STATUS_OK; i++)
		status = add_files(argv, "IdentityFile", &keys->v[i], 1,
		    fault);
	if (status != STATUS_OK)
		return (status);
	/* They are in place of all others. */
	if ((known->count > 0 &&
	    (add(argv, "-oGlobalKnownHostsFile=/dev/null") == -1 ||
	    (r->ssh_807 && add(argv, "-oKnownHostsCommand=none") == -1))) ||
	    (keys->count > 0 && (add(argv, "-oIdentitiesOnly=yes") == -1 ||
	    add(argv, "-oPKCS11Provider=none") == -1)))
		return (fault_set(fault, STATUS_LOCAL, "no memory"));
	return (STATUS_OK);
}

/* --- who asks the user --- */

/* Ourselves; even where a newer one has been installed over us. */
static int
add_askpass(struct opt_list *env)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n > 0)
		path[n] = '\0';
	if (n > 0 && access(path, X_OK) == 0)
		return (add(env, "SSH_ASKPASS=%s", path));
	return (add(env, "SSH_ASKPASS=/proc/%ld/exe", (long)getpid()));
}

/*
 * Our own program is named even where nobody can answer: it says so at once,
 * and ssh goes on to its next key.  BatchMode would do that as well, but then a
 * passphrase that was typed in the evening is of no use at night.
 */
static int
make_env(struct launch *l, const struct route *r, const struct launch_how *how)
{

	if (how->answers == NULL)
		return (add(&l->env, "SSH_ASKPASS_REQUIRE=never"));
	if (add_askpass(&l->env) == -1 ||
	    add(&l->env, "SSH_ASKPASS_REQUIRE=force") == -1 ||
	    add(&l->env, "%s", answers_word(how->answers)) == -1)
		return (-1);
	/* Before 8.4 it could not be forced, and there had to be a display. */
	if (!r->ssh_807 && getenv("DISPLAY") == NULL)
		return (add(&l->env, "DISPLAY=none"));
	return (0);
}

/* --- all of it --- */

static int
add_forced(struct opt_list *argv, const struct route *r,
    const struct launch_how *how)
{

	if (add_options(argv, forced, sizeof(forced) / sizeof(forced[0])) ==
	    -1 || (r->ssh_807 && add_options(argv, forced_807,
	    sizeof(forced_807) / sizeof(forced_807[0])) == -1) ||
	    (how->no_agent && add(argv, "-oIdentityAgent=none") == -1))
		return (-1);
	return (how->answers == NULL ? add(argv, "-oBatchMode=yes") : 0);
}

static int
add_command(struct opt_list *argv, const struct route *r)
{

	if (add(argv, "-T") == -1 || add(argv, "-s") == -1 ||
	    add(argv, "--") == -1 || add(argv, "%s", r->alias) == -1 ||
	    add(argv, "sftp") == -1)
		return (-1);
	return (opt_list_add(argv, NULL));
}

enum status
launch_make(struct launch *l, const struct route *r,
    const struct launch_how *how, struct fault *fault)
{
	struct opt_list *argv = &l->argv;
	enum status status;

	*l = (struct launch){ .argv = { NULL, 0 } };
	if (add(argv, "%s", how->program) == -1 ||
	    add_forced(argv, r, how) == -1 || add_asked(argv, r) == -1)
		goto no_memory;
	if ((status = add_named_files(argv, r, fault)) != STATUS_OK)
		return (status);
	if (add_command(argv, r) == -1 || make_env(l, r, how) == -1 ||
	    opt_list_add(&l->env, NULL) == -1)
		goto no_memory;
	return (STATUS_OK);
no_memory:
	return (fault_set(fault, STATUS_LOCAL, "no memory"));
}

/* --- the program --- */

char *
launch_find(const struct route *r, struct fault *fault)
{
	const char *name = r->opts->ssh != NULL ? r->opts->ssh : "ssh";
	char path[PATH_MAX];

	if (child_find(name, path, sizeof(path)) == 0)
		return (strdup(path));
	fault_set(fault, STATUS_USAGE, "%s: not found in PATH", name);
	fault_hint(fault, "install OpenSSH's client, or name the program with "
	    "--ssh");
	return (NULL);
}
