/* SPDX-License-Identifier: ISC */
/*
 * The talk with a plugin: stanzas as in a header, both ways.  First we tell all
 * that we have, then the plugin commands and each command is answered.  Nothing
 * keeps a plugin from writing before it has read, or from filling its stderr:
 * so all three pipes are served by one poll(), and none of our calls blocks.
 * What is said and heard has file keys in it, and is wiped.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "age/base64.h"
#include "age/plugin-impl.h"
#include "fdio.h"
#include "msg.h"
#include "sig.h"

#define BODY_COLUMNS	64
#define BODY_BYTES	48
#define PREFIX		"-> "
#define READ_LEN	4096
#define PATIENCE_MS	5000	/* until the user is told what we wait for */

/* Of the longest: a command, an index and the stanza of a header. */
#define ARG_MAX_ALL	(2 + 1 + AGE_ARG_MAX)

int
plugin_fail(struct plugin *p, enum status status, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (p->status != STATUS_OK)
		return (-1);
	p->status = status;
	if (sig_caught() != 0) {
		p->status = STATUS_LOCAL;
		return (-1);
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg_error("%s%s: %s", PLUGIN_PREFIX, p->name, text);
	return (-1);
}

/* --- its stderr ---------- */

static void
relay_line(struct plugin *p)
{

	if (p->line_len > 0 && p->line[p->line_len - 1] == '\r')
		p->line_len--;
	p->line[p->line_len] = '\0';
	if (p->line_len > 0)
		msg_relay("%s%s: %s", PLUGIN_PREFIX, p->name, p->line);
	p->line_len = 0;
}

static void
relay_bytes(struct plugin *p, const char *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			relay_line(p);
			continue;
		}
		if (p->line_len == sizeof(p->line) - 1)
			relay_line(p);
		p->line[p->line_len++] = buf[i] == '\0' ? '?' : buf[i];
	}
}

/* A bounded part at a time: one that never stops must not hold us here. */
void
plugin_relay(struct plugin *p)
{
	char buf[READ_LEN];
	ssize_t n = 0;
	int i;

	for (i = 0; i < 16 && p->child.err != -1; i++) {
		if ((n = read(p->child.err, buf, sizeof(buf))) > 0) {
			relay_bytes(p, buf, (size_t)n);
			continue;
		}
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			break;
		fd_close(&p->child.err);
	}
	if (p->child.err == -1 || p->child.pid == -1)
		relay_line(p);
}

/* --- what is heard, as stanzas ---------- */

static int
nonsense(struct plugin *p, const char *what)
{

	return (plugin_fail(p, STATUS_LOCAL, "not the plugin protocol: %s",
	    what));
}

/* "-> command arg arg" */
static int
first_line(struct plugin *p, size_t at, size_t len)
{
	const uint8_t *line = p->heard.buf + at;
	struct age_stanza *s = &p->stanza;
	size_t i, skip = strlen(PREFIX);

	if (len <= skip || memcmp(line, PREFIX, skip) != 0)
		return (nonsense(p, "a line that begins no stanza"));
	s->args_at = at + skip;
	s->args_len = len - skip;
	s->arg_count = 1;
	for (i = skip; i < len; i++) {
		if (line[i] == ' ' && line[i - 1] != ' ' && i + 1 < len)
			s->arg_count++;
		else if (line[i] < 33 || line[i] > 126)
			return (nonsense(p, "a malformed argument"));
	}
	if (s->arg_count > ARG_MAX_ALL)
		return (nonsense(p, "too many arguments"));
	s->body_at = at + len + 1;
	p->body = true;
	return (0);
}

/* 1 where it ends the body, and the stanza. */
static int
body_line(struct plugin *p, size_t at, size_t len)
{
	uint8_t out[BODY_BYTES];
	size_t n;
	int rc = len > BODY_COLUMNS ? -1 : base64_decode(p->heard.buf + at, len,
	    false, out, sizeof(out), &n);

	explicit_bzero(out, sizeof(out));
	if (rc == -1)
		return (nonsense(p, "a malformed body"));
	if (len == BODY_COLUMNS)
		return (0);
	p->stanza.body_len = at + len + 1 - p->stanza.body_at;
	p->body = false;
	return (1);
}

/* 1 where a stanza is whole, 0 where more is needed, -1. */
static int
parse(struct plugin *p)
{
	const uint8_t *lf;
	size_t at, len;
	int rc = 0;

	while (rc == 0 && p->seen < p->heard.len) {
		lf = memchr(p->heard.buf + p->seen, '\n',
		    p->heard.len - p->seen);
		if (lf == NULL) {
			p->seen = p->heard.len;
			break;
		}
		at = p->line_at;
		len = (size_t)(lf - p->heard.buf) - at;
		p->line_at = p->seen = at + len + 1;
		rc = p->body ? body_line(p, at, len) : first_line(p, at, len);
	}
	if (rc == 1)
		p->used = p->line_at;
	return (rc);
}

/* The command that was returned last is done with. */
static void
drop_used(struct plugin *p)
{
	struct age_text *t = &p->heard;

	if (p->used == 0)
		return;
	memmove(t->buf, t->buf + p->used, t->len - p->used);
	explicit_bzero(t->buf + t->len - p->used, p->used);
	t->len -= p->used;
	p->line_at = p->seen = p->used = 0;
}

/* --- the pipes ---------- */

static int
hear(struct plugin *p)
{
	uint8_t buf[READ_LEN];
	ssize_t n;

	n = read(p->child.out, buf, sizeof(buf));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n <= 0) {
		fd_close(&p->child.out);
		return (0);
	}
	if (p->heard.len + (size_t)n > AGE_HEADER_MAX) {
		explicit_bzero(buf, sizeof(buf));
		return (nonsense(p, "a command that is too long"));
	}
	age_text_put(&p->heard, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
	if (p->heard.failed)
		return (plugin_fail(p, STATUS_LOCAL, "%s", strerror(ENOMEM)));
	return (0);
}

/*
 * One that reads no more may have told why: what it says decides, and what we
 * still had to say is lost.
 */
static void
speak(struct plugin *p)
{
	ssize_t n;

	n = write(p->child.in, p->say.buf + p->said, p->say.len - p->said);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1)
		fd_close(&p->child.in);
	else if ((p->said += (size_t)n) < p->say.len)
		return;
	age_text_wipe(&p->say);
	p->said = 0;
}

static int
exchange(struct plugin *p)
{
	struct pollfd v[3] = {
		{ .fd = p->say.len > 0 ? p->child.in : -1, .events = POLLOUT },
		{ .fd = p->child.out, .events = POLLIN },
		{ .fd = p->child.err, .events = POLLIN },
	};
	int n;

	do {
		if (sig_caught() != 0)
			return (plugin_fail(p, STATUS_LOCAL, "interrupted"));
		n = poll(v, 3, p->waited ? -1 : PATIENCE_MS);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return (plugin_fail(p, STATUS_LOCAL, "%s", strerror(errno)));
	if (n == 0) {
		msg_note("waiting for %s%s", PLUGIN_PREFIX, p->name);
		p->waited = true;
	}
	if (v[2].revents != 0)
		plugin_relay(p);
	if (v[0].revents != 0)
		speak(p);
	return (v[1].revents != 0 ? hear(p) : 0);
}

/* How it ended, for "ended WHEN: ..."; nothing for status 0. */
static int
tell_end(struct plugin *p, const char *when)
{

	if (WIFSIGNALED(p->child.wstatus))
		return (plugin_fail(p, STATUS_LOCAL, "ended %s: signal %d (%s)",
		    when, WTERMSIG(p->child.wstatus),
		    strsignal(WTERMSIG(p->child.wstatus))));
	if (WEXITSTATUS(p->child.wstatus) != 0)
		return (plugin_fail(p, STATUS_LOCAL, "ended %s: status %d",
		    when, WEXITSTATUS(p->child.wstatus)));
	return (0);
}

/* Its stdout has ended without a "done". */
static int
hung_up(struct plugin *p)
{

	fd_close(&p->child.in);
	if (!plugin_ended(p))
		return (plugin_fail(p, STATUS_LOCAL, "hung up"));
	if (tell_end(p, "before it was done") == -1)
		return (-1);
	return (plugin_fail(p, STATUS_LOCAL, "ended before it was done"));
}

void
plugin_say(struct plugin *p, const char *command, const char *arg,
    const uint8_t *body, size_t len)
{
	const char *args[2] = { command, arg };

	if (p->child.in == -1)
		return;
	age_text_stanza(&p->say, args, arg == NULL ? 1 : 2, body, len);
}

int
plugin_next(struct plugin *p, struct age_header *cmd)
{
	int n;

	drop_used(p);
	if (p->say.failed)
		return (plugin_fail(p, STATUS_LOCAL, "%s", strerror(ENOMEM)));
	for (;;) {
		if (p->say.len == 0 || p->child.in == -1 ||
		    p->child.out == -1) {
			if ((n = parse(p)) == -1)
				return (-1);
			if (n == 1)
				break;
			if (p->child.out == -1)
				return (hung_up(p));
		}
		if (exchange(p) == -1)
			return (-1);
	}
	memset(cmd, 0, sizeof(*cmd));
	cmd->raw = p->heard.buf;
	cmd->len = p->used;
	cmd->stanzas = &p->stanza;
	cmd->count = 1;
	return (0);
}

int
plugin_finish(struct plugin *p)
{
	char byte;

	drop_used(p);
	fd_close(&p->child.in);
	/* One that stays is ended; what it had to do is done. */
	if (plugin_ended(p) && tell_end(p, "badly") == -1)
		return (-1);
	if (sig_caught() != 0)
		return (plugin_fail(p, STATUS_LOCAL, "interrupted"));
	if (p->heard.len > 0 ||
	    (p->child.out != -1 && read(p->child.out, &byte, 1) == 1))
		return (nonsense(p, "more behind its last command"));
	return (p->status == STATUS_OK ? 0 : -1);
}

char *
plugin_text(struct plugin *p, const struct age_header *cmd)
{
	size_t room = cmd->stanzas[0].body_len, len, i;
	char *text;

	if ((text = malloc(room + 1)) == NULL) {
		plugin_fail(p, STATUS_LOCAL, "%s", strerror(ENOMEM));
		return (NULL);
	}
	/* The base64 was looked at when it came, and is longer. */
	if (age_stanza_body(cmd, 0, (uint8_t *)text, room, &len) == -1)
		len = 0;
	for (i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '?';
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	text[len] = '\0';
	return (text);
}
