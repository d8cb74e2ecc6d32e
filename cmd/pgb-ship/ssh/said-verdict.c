/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "route/home.h"
#include "ssh/said.h"

/*
 * What ssh said, in the words that a connection by libssh2 fails with (trust.c,
 * wire-libssh2-auth.c).
 */

#define SSH_PORT	22

__attribute__((format(printf, 2, 3)))
static void
why(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static void
hint(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->hint, sizeof(v->hint), fmt, ap);
	va_end(ap);
}

/* --- the host key --- */

/* ssh tells the key of its own server; that of a jump host is not among it. */
static bool
is_jump(const struct said *s)
{

	return (s->proxied && s->key_type[0] == '\0');
}

/* "ED25519" from "No ED25519 host key is known for ..." and the like. */
static void
words_of(const char *line, const char *begin, const char *end, char *out,
    size_t size)
{
	const char *p = begin[0] != '\0' ? strstr(line, begin) : line, *q;

	out[0] = '\0';
	if (p == NULL)
		return;
	p += strlen(begin);
	if ((q = strstr(p, end)) != NULL)
		snprintf(out, size, "%.*s", (int)(q - p), p);
}

/* Where a line can be added; freed by the caller, NULL without memory. */
static char *
learn_file(const struct route *r, bool *usual)
{
	struct stat st;
	size_t i;

	*usual = false;
	for (i = 0; i < r->known_hosts_own; i++)
		if (stat(r->known_hosts.v[i], &st) == 0 && S_ISREG(st.st_mode))
			return (strdup(r->known_hosts.v[i]));
	*usual = r->known_hosts.count > 0;
	return (home_file("known_hosts"));
}

static void
hint_learn(const struct said *s, struct verdict *v)
{
	const struct route *r = s->route;
	const char *type = s->key_type, *first;
	char rename[300] = "", *file;
	bool usual;

	if ((file = learn_file(r, &usual)) == NULL)
		return;
	first = !usual ? "" : r->opts->known_hosts.count > 0 ?
	    ", leave out --known-hosts, and" :
	    ", and UserKnownHostsFile allows it";
	/* ssh-keyscan's -t takes "ed25519", "ecdsa", "rsa". */
	if (strncmp(type, "ssh-", 4) == 0)
		type += 4;
	else if (strncmp(type, "ecdsa", 5) == 0)
		type = "ecdsa";
	if (r->host_key_alias != NULL)
		snprintf(rename, sizeof(rename), " | sed 's/^[^ ]*/%s/'",
		    r->host_key_alias);
	/* ssh-keyscan(1) does not know the way past another host. */
	if (s->proxied)
		hint(v, "if that is the fingerprint that the server's "
		    "administrator tells you%s: ssh -oUserKnownHostsFile=%s "
		    "%s, which asks whether to go on", first, file, r->alias);
	else
		hint(v, "if that is the fingerprint that the server's "
		    "administrator tells you%s: ssh-keyscan -p %u -t %s %s%s "
		    ">> %s", first, r->port, type, r->host, rename, file);
	free(file);
}

static void
host_unknown(const struct said *s, struct verdict *v)
{
	char type[64], host[256];

	if (!is_jump(s)) {
		why(v, "host key %s %s: unknown", s->key_type, s->key_print);
		hint_learn(s, v);
		return;
	}
	words_of(s->reason, "No ", " host key is known", type, sizeof(type));
	words_of(s->reason, " is known for ", " and you", host, sizeof(host));
	why(v, "host key %s of the jump host %s: unknown", type, host);
	hint(v, "ssh %s shows its fingerprint, and asks whether to go on",
	    s->route->alias);
}

static void
host_changed(const struct said *s, struct verdict *v)
{
	char host[256], at[600] = "";
	bool quote;

	words_of(s->reason, " host key for ", " has changed", host,
	    sizeof(host));
	if (host[0] == '\0')
		words_of(s->reason, "ost key for ", " has changed", host,
		    sizeof(host));
	if (s->file[0] != '\0')
		snprintf(at, sizeof(at), ": %s line %u has another", s->file,
		    s->line_no);
	if (is_jump(s))
		why(v, "host key of the jump host %s: changed%s", host, at);
	else
		why(v, "host key %s %s: changed%s", s->key_type, s->key_print,
		    at);
	quote = host[0] == '[';
	hint(v, "perhaps somebody stands in between; if the change is known "
	    "and meant: ssh-keygen -R %s%s%s%s%s", quote ? "'" : "", host,
	    quote ? "'" : "", s->file[0] != '\0' ? " -f " : "", s->file);
}

static void
host_revoked(const struct said *s, struct verdict *v)
{
	const char *file = strstr(s->reason, " revoked by file ");

	why(v, "host key%s%s%s%s: revoked%s%s",
	    is_jump(s) ? " of the jump host" : " ", s->key_type,
	    is_jump(s) ? "" : " ", s->key_print, file != NULL ? " by " : "",
	    file != NULL ? file + strlen(" revoked by file ") : "");
	hint(v, "whoever shows this key must not be trusted: ask the server's "
	    "administrator");
}

/* --- who we are --- */

static void
jump_denied(const struct said *s, struct verdict *v)
{
	char who[256], takes[200];

	words_of(s->reason, "", ": Permission denied", who, sizeof(who));
	words_of(s->reason, "denied (", ")", takes, sizeof(takes));
	why(v, "%s was not let in by the jump host, which takes %s",
	    who[0] != '\0' ? who : "we", takes);
	hint(v, "ssh %s shows more", s->route->alias);
}

static void
denied(const struct said *s, bool hung_up, struct verdict *v)
{
	const char *tried = s->tried;
	char agent[40] = "", takes[200];

	words_of(s->reason, "denied (", ")", takes, sizeof(takes));
	if (s->agent_keys > 0)
		snprintf(agent, sizeof(agent), "agent (%u key%s)%s",
		    s->agent_keys, s->agent_keys == 1 ? "" : "s",
		    tried[0] != '\0' ? ", " : "");
	else if (tried[0] == '\0')
		tried = "nothing";
	why(v, "user %s was not let in: the server takes %s, tried: %s%s%s",
	    s->route->user, takes[0] != '\0' ? takes : s->methods, agent, tried,
	    hung_up ? ", then the server hung up" : "");
	if (s->advice[0] != '\0')
		hint(v, "%s", s->advice);
	else if (hung_up)
		hint(v, "it takes no more attempts: name the key with -i, and "
		    "no other is tried");
	else if (s->agent_keys == 0 && s->tried[0] == '\0')
		hint(v, "give a key with -i, a password with --password-file, "
		    "or start ssh-agent");
}

/* --- what may pass --- */

/* How far it had come, for "WHERE: REASON". */
static const char *
stage(const struct said *s)
{

	if (s->started)
		return ("connection lost");
	if (s->entered)
		return ("start SFTP");
	return (s->key_type[0] != '\0' ? "authentication" : "SSH handshake");
}

/* Without the names of ssh's functions. */
static const char *
bare(const char *line)
{
	static const char *const names[] = { "kex_exchange_identification: ",
	    "ssh_exchange_identification: ", "ssh_dispatch_run_fatal: ",
	    "client_loop: send disconnect: ", "client_loop: ",
	    "packet_write_wait: ", "banner exchange: " };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return (line + strlen(names[i]));
	return (line);
}

static void
ended(const struct said *s, int wstatus, struct verdict *v)
{
	const char *far = strstr(s->reason, ": open failed: ");

	if (s->reason[0] != '\0' && far != NULL)
		why(v, "%s: the %s says \"%s\"", stage(s),
		    is_jump(s) ? "jump host" : "server",
		    far + strlen(": open failed: "));
	else if (s->reason[0] != '\0')
		why(v, "%s: %s", stage(s), bare(s->reason));
	else if (WIFSIGNALED(wstatus))
		why(v, "%s: ssh was ended by signal %d (%s)", stage(s),
		    WTERMSIG(wstatus), strsignal(WTERMSIG(wstatus)));
	else if (s->entered || s->started)
		why(v, "%s: the server has ended the session", stage(s));
	else
		why(v, "%s: ssh ended with status %d", stage(s),
		    WEXITSTATUS(wstatus));
}

/* "ssh: Could not resolve hostname X: Y", "ssh: connect to host X port N: Y" */
static void
no_way(const struct said *s, const char *phrase, const char *ours,
    struct verdict *v)
{
	const char *p = strstr(s->reason, phrase);

	why(v, "%s %s", ours, p != NULL ? p + strlen(phrase) : s->reason);
}

/* --- all of it --- */

/* What needs a look at more than its last words. */
static enum said_kind
kind_of(const struct said *s, int wstatus)
{

	if (s->started)
		return (SAID_LOST);
	if (WIFEXITED(wstatus) && s->entered && (WEXITSTATUS(wstatus) == 127 ||
	    WEXITSTATUS(wstatus) == 126))
		return (SAID_NO_SFTP);
	/* It did not like what it was told to do. */
	if (WIFEXITED(wstatus) && s->kind == SAID_LOST && !s->connecting)
		return (SAID_CONFIG);
	return (s->kind);
}

static void
put(struct said *s, enum said_kind kind, int wstatus, struct verdict *v)
{

	switch (kind) {
	case SAID_NOTHING:
	case SAID_LOST:
		ended(s, wstatus, v);
		break;
	case SAID_RESOLVE:
		no_way(s, ": Could not resolve hostname ", "host", v);
		break;
	case SAID_CONNECT:
		no_way(s, ": connect to host ", "connect to", v);
		break;
	case SAID_DENIED:
	case SAID_TOO_MANY:
		if (is_jump(s))
			jump_denied(s, v);
		else
			denied(s, kind == SAID_TOO_MANY, v);
		break;
	case SAID_NO_METHOD:
		why(v, "SSH handshake: no method in common with the server "
		    "(%s)", s->reason);
		break;
	case SAID_NO_SFTP:
		why(v, "the server offers no SFTP");
		hint(v, "it needs a line \"Subsystem sftp internal-sftp\" in "
		    "its sshd_config");
		break;
	case SAID_PROHIBITED:
		why(v, "%s does not allow it: %s", s->entered ? "the server" :
		    "the jump host", s->reason);
		break;
	case SAID_CONFIG:
		why(v, "ssh: %s", s->reason);
		break;
	case SAID_HOST_KEY:
		why(v, "host key %s %s: ssh does not accept it", s->key_type,
		    s->key_print);
		hint(v, "ssh %s shows more", s->route->alias);
		break;
	case SAID_HOST_UNKNOWN:
		host_unknown(s, v);
		break;
	case SAID_HOST_CHANGED:
		host_changed(s, v);
		break;
	case SAID_HOST_REVOKED:
		host_revoked(s, v);
		break;
	}
}

/* It comes out in our words; in its own under -v. */
static void
show_held(struct said *s)
{
	const char *line;

	for (line = s->held; line < s->held + s->held_len;
	    line += strlen(line) + 1)
		msg_verbose("%s: ssh: %s", s->route->name, line);
	s->held_len = 0;
}

static bool
has_letters(const char *line)
{

	while (*line != '\0' && !isalpha((unsigned char)*line))
		line++;
	return (*line != '\0');
}

/* Who goes behind the banner has perhaps said why in it: in our words, not told
 * again with each try. */
static void
add_banner(const struct said *s, struct verdict *v)
{
	const char *line = s->banner, *end = s->banner + s->banner_len;
	size_t len = strlen(v->why);

	while (line < end && !has_letters(line))
		line += strlen(line) + 1;
	if (s->greeting && line < end)
		snprintf(v->why + len, sizeof(v->why) - len,
		    ", behind the words \"%.200s\"", line);
}

void
said_verdict(struct said *s, int wstatus, struct verdict *v)
{
	enum said_kind kind;

	said_end(s);
	show_held(s);
	v->why[0] = v->hint[0] = '\0';
	kind = kind_of(s, wstatus);
	v->final = kind >= SAID_DENIED;
	put(s, kind, wstatus, v);
	if (v->final)
		said_wait(s);
	else
		add_banner(s, v);
}

void
said_denied(struct said *s, struct verdict *v)
{

	said_end(s);
	show_held(s);
	v->why[0] = v->hint[0] = '\0';
	v->final = true;
	said_wait(s);
	denied(s, false, v);
}
