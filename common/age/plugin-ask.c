/* SPDX-License-Identifier: ISC */
/*
 * A plugin's messages and questions.  Nothing of what it says is trusted: each
 * line names the plugin, so that none can pass for ours, and is masked.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/base64.h"
#include "age/plugin-impl.h"
#include "msg.h"
#include "sig.h"
#include "terminal.h"

#define PROMPT_MAX	2048
#define ANSWER_MAX	4096
#define BUTTON_MAX	128
#define TRIES		3

static void
answer(struct plugin *p, const char *command, const char *arg)
{

	plugin_say(p, command, arg, (const uint8_t *)"", 0);
}

static int
message(struct plugin *p, const struct age_header *cmd)
{
	char *text, *line, *rest;

	if ((text = plugin_text(p, cmd)) == NULL)
		return (-1);
	for (rest = text; (line = strsep(&rest, "\n")) != NULL;)
		msg_note("%s%s: %s", PLUGIN_PREFIX, p->name, line);
	free(text);
	answer(p, "ok", NULL);
	return (1);
}

/* "age-plugin-NAME: TEXT", on one line. */
static void
make_prompt(struct plugin *p, char out[PROMPT_MAX], char *text,
    const char *tail)
{
	char raw[PROMPT_MAX];
	char *c;

	for (c = text; *c != '\0'; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	/* What is behind a text that is too long must be seen. */
	snprintf(raw, sizeof(raw), "%s%s: %.1500s%s", PLUGIN_PREFIX, p->name,
	    text, tail);
	msg_mask(out, PROMPT_MAX, raw);
}

/* 0; 1 where nobody can be asked, which is told; -1 after plugin_fail(). */
static int
ask(struct plugin *p, const char *prompt, bool echo, char buf[ANSWER_MAX],
    size_t *len)
{

	/* The user knows what we wait for. */
	p->waited = true;
	if (terminal_ask(prompt, echo, buf, ANSWER_MAX, len) == 0)
		return (0);
	if (errno == EINTR && sig_caught() != 0)
		return (plugin_fail(p, STATUS_LOCAL, "interrupted"));
	if (errno == ENXIO)
		msg_warning("%s%s asks, and there is no terminal to answer at",
		    PLUGIN_PREFIX, p->name);
	else
		msg_warning("%s%s asks: terminal: %s", PLUGIN_PREFIX, p->name,
		    strerror(errno));
	return (1);
}

static int
request(struct plugin *p, const struct age_header *cmd, bool echo)
{
	char prompt[PROMPT_MAX], buf[ANSWER_MAX];
	char *text;
	size_t len;
	int rc;

	if ((text = plugin_text(p, cmd)) == NULL)
		return (-1);
	len = strlen(text);
	make_prompt(p, prompt, text,
	    len > 0 && strchr(":?", text[len - 1]) != NULL ? " " : ": ");
	free(text);
	rc = ask(p, prompt, echo, buf, &len);
	if (rc == 0)
		plugin_say(p, "ok", NULL, (const uint8_t *)buf, len);
	else if (rc == 1)
		answer(p, "fail", NULL);
	explicit_bzero(buf, sizeof(buf));
	return (rc == -1 ? -1 : 1);
}

/* What stands on the button of argument k: 0, 1 where there is none, or -1
 * where it is not base64, or longer than a button. */
static int
button(const struct age_header *cmd, size_t k, char out[BUTTON_MAX])
{
	const char *arg;
	size_t len, i;

	*out = '\0';
	if ((arg = age_stanza_arg(cmd, 0, k, &len)) == NULL)
		return (1);
	if (base64_decode((const uint8_t *)arg, len, false, (uint8_t *)out,
	    BUTTON_MAX - 1, &len) == -1)
		return (-1);
	for (i = 0; i < len; i++)
		if (out[i] == '\0')
			out[i] = '?';
	out[len] = '\0';
	return (0);
}

/* 'y' or 'n', or what terminal_ask() came to as ask() says; 'x' for none. */
static int
choose(struct plugin *p, const char *prompt, bool both)
{
	char buf[ANSWER_MAX];
	size_t len;
	int i, rc, c;

	for (i = 0; i < TRIES; i++) {
		if ((rc = ask(p, prompt, true, buf, &len)) != 0)
			return (rc);
		if (len == 0)
			c = both ? 'x' : 'y';
		else
			c = tolower((unsigned char)buf[0]);
		if (c == 'y' || (c == 'n' && both))
			return (c);
	}
	return ('x');
}

static int
confirm(struct plugin *p, const struct age_header *cmd)
{
	char prompt[PROMPT_MAX], yes[BUTTON_MAX], no[BUTTON_MAX];
	char tail[2 * BUTTON_MAX + 32];
	bool both = cmd->stanzas[0].arg_count == 3;
	char *text;
	int c;

	if (cmd->stanzas[0].arg_count > 3 || button(cmd, 1, yes) != 0 ||
	    button(cmd, 2, no) == -1)
		return (plugin_fail(p, STATUS_LOCAL,
		    "not the plugin protocol: a malformed confirm"));
	if ((text = plugin_text(p, cmd)) == NULL)
		return (-1);
	if (both)
		snprintf(tail, sizeof(tail), " [y: %s, n: %s] ", yes, no);
	else
		snprintf(tail, sizeof(tail), " [Enter: %s] ", yes);
	make_prompt(p, prompt, text, tail);
	free(text);
	if ((c = choose(p, prompt, both)) == -1)
		return (-1);
	if (c == 'y' || c == 'n')
		answer(p, "ok", c == 'y' ? "yes" : "no");
	else
		answer(p, "fail", NULL);
	return (1);
}

int
plugin_ask(struct plugin *p, const struct age_header *cmd)
{

	if (age_stanza_is(cmd, 0, "msg"))
		return (message(p, cmd));
	if (age_stanza_is(cmd, 0, "confirm"))
		return (confirm(p, cmd));
	if (age_stanza_is(cmd, 0, "request-public"))
		return (request(p, cmd, true));
	if (age_stanza_is(cmd, 0, "request-secret"))
		return (request(p, cmd, false));
	return (0);
}
