/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "ssh/said.h"

#define SHOWN_MAX	100	/* lines, of a server that does not stop */

/* How much a line tells; of equals the first counts, of the least the last. */
enum {
	W_NONE,
	W_ANY,		/* a line that we do not know */
	W_CLOSED,	/* that it is over */
	W_WHY,		/* and why */
	W_GREETING,
	W_FAR,		/* on the other side of a jump host */
	W_FINAL,	/* that there is no use in going on */
	W_KEY,		/* and what is wrong with the host key */
};

/* Where the words stand. */
enum at { BEGINS, WITHIN };

/*
 * Lines that are ours to tell, or not worth telling.  The first that fits
 * counts.
 */
static const struct phrase {
	enum at at;
	const char *text;
	enum said_kind kind;
	int weight;
} phrases[] = {
	/* The host key. */
	{ WITHIN, " host key is known for ", SAID_HOST_UNKNOWN, W_KEY },
	{ WITHIN, " has changed and you have requested strict checking",
	    SAID_HOST_CHANGED, W_KEY },
	{ WITHIN, " was revoked and you have requested strict checking",
	    SAID_HOST_REVOKED, W_KEY },
	{ WITHIN, " is marked as revoked", SAID_HOST_REVOKED, W_KEY },
	{ WITHIN, " revoked by file ", SAID_HOST_REVOKED, W_KEY },
	{ BEGINS, "Host key verification failed", SAID_HOST_KEY, W_FINAL },
	{ BEGINS, "@@@@@@@@", SAID_NOTHING, W_NONE },
	{ BEGINS, "@    ", SAID_NOTHING, W_NONE },
	{ BEGINS, "@ WARNING: ", SAID_NOTHING, W_NONE },
	{ BEGINS, "IT IS POSSIBLE THAT SOMEONE ", SAID_NOTHING, W_NONE },
	{ BEGINS, "Someone could be eavesdropping ", SAID_NOTHING, W_NONE },
	{ BEGINS, "It is also possible that a host ", SAID_NOTHING, W_NONE },
	{ BEGINS, "This could mean that a stolen key ", SAID_NOTHING, W_NONE },
	{ BEGINS, "impersonate this host", SAID_NOTHING, W_NONE },
	{ BEGINS, "The fingerprint for the ", SAID_NOTHING, W_NONE },
	{ BEGINS, "SHA256:", SAID_NOTHING, W_NONE },
	{ BEGINS, "Please contact your system admin", SAID_NOTHING, W_NONE },
	{ BEGINS, "Add correct host key in ", SAID_NOTHING, W_NONE },
	{ BEGINS, "Offending ", SAID_NOTHING, W_NONE },
	{ BEGINS, "  remove with:", SAID_NOTHING, W_NONE },
	{ BEGINS, "  ssh-keygen ", SAID_NOTHING, W_NONE },

	/* Our keys. */
	{ WITHIN, ": Permission denied (", SAID_DENIED, W_FINAL },
	{ BEGINS, "Permission denied (", SAID_DENIED, W_FINAL },
	{ BEGINS, "Permission denied, please try again", SAID_NOTHING, W_NONE },
	{ WITHIN, "Too many authentication failures", SAID_TOO_MANY, W_FINAL },
	{ BEGINS, "Load key \"", SAID_NOTHING, W_NONE },
	{ BEGINS, "no such identity: ", SAID_NOTHING, W_NONE },
	{ WITHIN, ": signing failed for ", SAID_NOTHING, W_NONE },
	{ BEGINS, "@         WARNING: UNPROTECTED ", SAID_NOTHING, W_NONE },
	{ BEGINS, "Permissions 0", SAID_NOTHING, W_NONE },
	{ BEGINS, "It is required that your private", SAID_NOTHING, W_NONE },
	{ BEGINS, "This private key will be ignored", SAID_NOTHING, W_NONE },

	/* What is offered. */
	{ BEGINS, "Unable to negotiate with ", SAID_NO_METHOD, W_FINAL },
	{ BEGINS, "subsystem request failed ", SAID_NO_SFTP, W_FINAL },
	{ WITHIN, ": open failed: administratively prohibited",
	    SAID_PROHIBITED, W_FINAL },

	/* Its configuration. */
	{ WITHIN, "Bad configuration option: ", SAID_CONFIG, W_FINAL },
	{ WITHIN, ": terminating, ", SAID_NOTHING, W_NONE },
	{ BEGINS, "Can't open user config file ", SAID_CONFIG, W_FINAL },
	{ BEGINS, "Bad owner or permissions on ", SAID_CONFIG, W_FINAL },

	/* The way there. */
	{ WITHIN, ": Could not resolve hostname ", SAID_RESOLVE, W_FAR },
	{ WITHIN, ": connect to host ", SAID_CONNECT, W_FAR },
	{ WITHIN, ": open failed: ", SAID_LOST, W_FAR },
	{ BEGINS, "Timeout, server ", SAID_LOST, W_WHY },
	{ BEGINS, "Connection timed out ", SAID_LOST, W_WHY },
	{ BEGINS, "Received disconnect from ", SAID_LOST, W_WHY },
	{ BEGINS, "Read from remote host ", SAID_LOST, W_WHY },
	{ BEGINS, "kex_exchange_identification: ", SAID_LOST, W_WHY },
	{ BEGINS, "ssh_exchange_identification: ", SAID_LOST, W_WHY },
	{ BEGINS, "banner exchange: ", SAID_LOST, W_WHY },
	{ BEGINS, "ssh_dispatch_run_fatal: ", SAID_LOST, W_WHY },
	{ BEGINS, "client_loop: ", SAID_LOST, W_CLOSED },
	{ BEGINS, "packet_write_wait: ", SAID_LOST, W_CLOSED },
	{ BEGINS, "Connection ", SAID_LOST, W_CLOSED },
	{ BEGINS, "Disconnected from ", SAID_LOST, W_CLOSED },
	{ BEGINS, "stdio forwarding failed", SAID_LOST, W_CLOSED },
	{ BEGINS, "Killed by signal ", SAID_LOST, W_CLOSED },
};

void
said_init(struct said *s, const struct route *r)
{

	memset(s, 0, sizeof(*s));
	s->route = r;
}

static void
show(const struct said *s, const char *line)
{

	msg_relay("%s: ssh: %s", s->route->name, line);
}

/* The rest of a line that begins so, or NULL. */
static const char *
behind(const char *line, const char *begin)
{
	size_t len = strlen(begin);

	return (strncmp(line, begin, len) == 0 ? line + len : NULL);
}

static void
keep(char *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size - 1)
		len = size - 1;
	memcpy(out, text, len);
	out[len] = '\0';
}

/* --- what it says of its doing --- */

void
said_tried(struct said *s, const char *fmt, ...)
{
	size_t pos = strlen(s->tried);
	va_list ap;

	if (pos > 0)
		pos += (size_t)snprintf(s->tried + pos,
		    sizeof(s->tried) - pos, ", ");
	if (pos >= sizeof(s->tried))
		return;
	va_start(ap, fmt);
	vsnprintf(s->tried + pos, sizeof(s->tried) - pos, fmt, ap);
	va_end(ap);
}

void
said_trouble(struct said *s, const char *why)
{

	keep(s->trouble, sizeof(s->trouble), why);
}

void
said_advice(struct said *s, const char *text)
{

	keep(s->advice, sizeof(s->advice), text);
}

/* The key before is done with: it was not used, whatever the server said. */
static void
settle_key(struct said *s)
{
	size_t pos = strlen(s->tried);

	if (s->taken && s->trouble[0] == '\0')
		said_trouble(s, "good, but not usable");
	if (s->trouble[0] != '\0' && s->of_agent)
		said_tried(s, "one of its keys (%s)", s->trouble);
	else if (s->trouble[0] != '\0' && pos > 0)
		snprintf(s->tried + pos, sizeof(s->tried) - pos, " (%s)",
		    s->trouble);
	s->taken = s->of_agent = false;
	s->trouble[0] = '\0';
}

/* "PATH TYPE FINGERPRINT HOW...": a name may have blanks. */
static void
offered(struct said *s, const char *what)
{
	const char *end = what, *p;
	size_t len;

	settle_key(s);
	for (p = what; (p = strstr(p, " SHA256:")) != NULL; p++)
		end = p;
	len = strlen(what);
	if (len > 6 && strcmp(what + len - 6, " agent") == 0 &&
	    strstr(end, " explicit") == NULL) {
		s->agent_keys++;
		s->of_agent = true;
		return;
	}
	while (end > what && end[-1] != ' ')
		end--;
	said_tried(s, "%.*s", end > what ? (int)(end - 1 - what) : (int)len,
	    what);
}

/* One without a public half.  The usual ones are tried even if not there. */
static void
tried_private(struct said *s, const char *path)
{

	settle_key(s);
	if (access(path, F_OK) == 0)
		said_tried(s, "%s", path);
}

/* "TYPE FINGERPRINT"; of a certificate there is more, but the key is meant. */
static void
host_key(struct said *s, const char *text)
{
	size_t len = strcspn(text, " ");
	const char *print = text[len] == ' ' ? text + len + 1 : "";
	char *cert;

	snprintf(s->key_type, sizeof(s->key_type), "%.*s", (int)len, text);
	if ((cert = strstr(s->key_type, "-cert-v0")) != NULL)
		*cert = '\0';
	snprintf(s->key_print, sizeof(s->key_print), "%.*s",
	    (int)strcspn(print, ", "), print);
}

static void
weigh(struct said *s, enum said_kind kind, int weight, const char *line)
{

	if (weight == W_NONE || weight < s->weight ||
	    (weight == s->weight && weight != W_ANY))
		return;
	s->kind = kind;
	s->weight = weight;
	keep(s->reason, sizeof(s->reason), line);
}

/* "kex_exchange_identification: banner line 0: TEXT" */
static void
greeted(struct said *s, const char *text)
{
	char line[256];

	if ((text = strstr(text, ": ")) == NULL || text[2] == '\0')
		return;
	snprintf(line, sizeof(line), "the server says \"%s\"", text + 2);
	weigh(s, SAID_LOST, W_GREETING, line);
}

static void
debugged(struct said *s, const char *text)
{
	const char *p;

	if (behind(text, "Connecting to ") != NULL)
		s->connecting = true;
	else if (behind(text, "Executing proxy ") != NULL)
		s->connecting = s->proxied = true;
	else if ((p = behind(text, "Server host key: ")) != NULL ||
	    (p = behind(text, "Server host certificate: ")) != NULL)
		host_key(s, p);
	else if (behind(text, "SSH2_MSG_SERVICE_ACCEPT received") != NULL)
		s->greeting = true;
	else if ((p = behind(text, "Authentications that can continue: ")) !=
	    NULL) {
		s->greeting = false;
		keep(s->methods, sizeof(s->methods), p);
	} else if (behind(text, "Authentication succeeded") != NULL)
		s->greeting = false;
	else if ((p = behind(text, "Next authentication method: ")) != NULL)
		keep(s->method, sizeof(s->method), p);
	else if ((p = behind(text, "Offering public key: ")) != NULL)
		offered(s, p);
	else if ((p = behind(text, "Trying private key: ")) != NULL)
		tried_private(s, p);
	else if (behind(text, "Server accepts key: ") != NULL)
		s->taken = true;
	else if (behind(text, "No more authentication methods") != NULL)
		settle_key(s);
	else if (behind(text, "Entering interactive session") != NULL) {
		s->entered = true;
		s->greeting = false;
	}
	else if ((p = behind(text, "kex_exchange_identification: banner "
	    "line ")) != NULL)
		greeted(s, p);
}

/* --- what it says besides --- */

static void
hold(char *held, size_t size, size_t *at, const char *line)
{
	size_t len = strlen(line) + 1;

	if (len > size - *at)
		return;
	memcpy(held + *at, line, len);
	*at += len;
}

static void
show_now(struct said *s, const char *line)
{

	if (s->shown < SHOWN_MAX)
		show(s, line);
	else if (s->shown == SHOWN_MAX)
		show(s, "(and more)");
	s->shown++;
}

/* "Offending ED25519 key in FILE:LINE" */
static void
offending(struct said *s, const char *line)
{
	const char *file = strstr(line, " key in "), *colon;

	if (file == NULL || (colon = strrchr(file, ':')) == NULL ||
	    !isdigit((unsigned char)colon[1]))
		return;
	file += strlen(" key in ");
	snprintf(s->file, sizeof(s->file), "%.*s", (int)(colon - file), file);
	s->line_no = (unsigned)strtoul(colon + 1, NULL, 10);
}

/* Behind the last ": " of a line that is about a key. */
static void
key_trouble(struct said *s, const char *how, const char *line)
{
	const char *p, *last = NULL;

	for (p = line; (p = strstr(p, ": ")) != NULL; p++)
		last = p + 2;
	if (last != NULL)
		snprintf(s->trouble, sizeof(s->trouble), "%s%s", how, last);
}

static const struct phrase *
find_phrase(const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].at == BEGINS ?
		    behind(line, phrases[i].text) != NULL :
		    strstr(line, phrases[i].text) != NULL)
			return (&phrases[i]);
	return (NULL);
}

/* Of no interest but under -v. */
static bool
is_chatter(const char *line)
{

	return (behind(line, "Authenticated to ") != NULL ||
	    behind(line, "Transferred: sent ") != NULL ||
	    behind(line, "Bytes per second: sent ") != NULL ||
	    behind(line, "** ") != NULL);
}

static void
take_other(struct said *s, const char *line)
{
	const struct phrase *p = find_phrase(line);
	int weight = p != NULL ? p->weight : W_ANY;

	if (p == NULL && s->greeting) {
		hold(s->banner, sizeof(s->banner), &s->banner_len, line);
		return;
	}
	weigh(s, p != NULL ? p->kind : SAID_LOST, weight, line);
	/* What ends the session is told when it has ended. */
	if (s->started && p != NULL && weight > W_NONE)
		msg_verbose("%s: ssh: %s", s->route->name, line);
	else if (s->started || (p == NULL && s->connecting))
		show_now(s, line);
	else
		hold(s->held, sizeof(s->held), &s->held_len, line);
	if (behind(line, "Offending ") != NULL)
		offending(s, line);
	else if (behind(line, "Load key \"") != NULL)
		key_trouble(s, "unreadable: ", line);
	else if (strstr(line, ": signing failed for ") != NULL)
		key_trouble(s, "", line);
}

static void
take_line(struct said *s)
{
	char *line = s->line;
	const char *text;

	while (s->len > 0 && line[s->len - 1] == '\r')
		s->len--;
	line[s->len] = '\0';
	s->len = 0;
	if (line[0] == '\0')
		return;
	s->fresh = true;
	if ((text = behind(line, "debug1: ")) != NULL) {
		debugged(s, text);
		msg_verbose("%s: ssh: %s", s->route->name, text);
	} else if (behind(line, "Warning: Permanently added '") != NULL)
		msg_note("%s: host key %s %s: new, added to known_hosts",
		    s->route->name, s->key_type, s->key_print);
	else if (is_chatter(line) || behind(line, "debug") != NULL) {
		if (behind(line, "Authenticated to ") != NULL)
			s->greeting = false;
		msg_verbose("%s: ssh: %s", s->route->name, line);
	} else
		take_other(s, line);
}

void
said_feed(struct said *s, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n')
			take_line(s);
		else if (s->len < sizeof(s->line) - 1)
			s->line[s->len++] = buf[i] != '\0' ? buf[i] : '?';
	}
}

void
said_end(struct said *s)
{

	take_line(s);
	settle_key(s);
}

bool
said_fresh(struct said *s)
{
	bool fresh = s->fresh;

	s->fresh = false;
	return (fresh);
}

bool
said_dialogue(const struct said *s)
{

	return (strcmp(s->method, "keyboard-interactive") == 0);
}

void
said_wait(struct said *s)
{
	const char *line;

	for (line = s->banner; line < s->banner + s->banner_len;
	    line += strlen(line) + 1)
		show(s, line);
	s->banner_len = 0;
}

void
said_start(struct said *s)
{
	const char *line;

	if (s->started)
		return;
	s->started = true;
	s->greeting = false;
	for (line = s->banner; line < s->banner + s->banner_len;
	    line += strlen(line) + 1)
		msg_verbose("%s: ssh: %s", s->route->name, line);
	s->banner_len = 0;
	for (line = s->held; line < s->held + s->held_len;
	    line += strlen(line) + 1)
		show(s, line);
	s->held_len = 0;
	/* What was in the way, was not. */
	s->kind = SAID_NOTHING;
	s->weight = W_NONE;
}
