/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fdio.h"
#include "msg.h"
#include "ssh/answers-impl.h"
#include "ssh/answers.h"

#define PACKET_MS	2000	/* until the question has come */
#define PROMPTS		32	/* different ones that are counted */
#define SHOWN_MAX	(ASK_PROMPT_MAX + 600)	/* with who asks in front */

/* How often a prompt was answered, to the same ssh. */
struct prompt {
	pid_t asker;
	char text[SHOWN_MAX];
	unsigned count;
};

struct answers {
	const struct route *route;
	bool marked;
	int fd;			/* listens */
	int notice;		/* a helper that shows one, -1: none */
	char word[sizeof(ASK_VARIABLE) + ASK_NAME_MAX];
	struct prompt prompts[PROMPTS];
	size_t prompt_count;
};

/* --- the socket --- */

/* A name that nobody can guess, nor take before us. */
static int
listen_at(struct answers *a)
{
	struct sockaddr_un sun;
	unsigned char random[16];
	char hex[sizeof(random) * 2 + 1], name[ASK_NAME_MAX];
	socklen_t len;

	randombytes_buf(random, sizeof(random));
	sodium_bin2hex(hex, sizeof(hex), random, sizeof(random));
	snprintf(name, sizeof(name), "pgb-ship-%s", hex);
	snprintf(a->word, sizeof(a->word), "%s=%s", ASK_VARIABLE, name);
	len = ask_address(&sun, name);
	a->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (a->fd == -1 ||
	    bind(a->fd, (const struct sockaddr *)&sun, len) == -1)
		return (-1);
	return (listen(a->fd, 8));
}

struct answers *
answers_new(const struct route *r, bool marked)
{
	struct answers *a;
	int saved;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return (NULL);
	a->route = r;
	a->marked = marked;
	a->fd = a->notice = -1;
	if (listen_at(a) == 0)
		return (a);
	saved = errno;
	answers_free(a);
	errno = saved;
	return (NULL);
}

void
answers_free(struct answers *a)
{

	if (a == NULL)
		return;
	fd_close(&a->fd);
	fd_close(&a->notice);
	free(a);
}

const char *
answers_word(const struct answers *a)
{

	return (a->word);
}

int
answers_fd(const struct answers *a)
{

	return (a->fd);
}

bool
answers_showing(struct answers *a)
{
	char byte;
	ssize_t n;

	if (a->notice == -1)
		return (false);
	n = recv(a->notice, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (true);
	fd_close(&a->notice);
	return (false);
}

/* Somebody of this user who puts a question: a descriptor, or -1. */
static int
next_question(struct answers *a, struct ask_packet *q)
{
	struct pollfd p = { .events = POLLIN };
	int fd;

	if ((fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC)) == -1)
		return (-1);
	p.fd = fd;
	if (ask_is_ours(fd, getuid()) && poll(&p, 1, PACKET_MS) == 1 &&
	    recv(fd, q, sizeof(*q), MSG_DONTWAIT) == (ssize_t)sizeof(*q)) {
		q->prompt[sizeof(q->prompt) - 1] = '\0';
		return (fd);
	}
	close(fd);
	return (-1);
}

/* --- the questions --- */

/* How often it was put before; counts this time. */
static unsigned
count_prompt(struct answers *a, pid_t asker, const char *text)
{
	struct prompt *p;
	size_t i;

	for (i = 0; i < a->prompt_count; i++)
		if (a->prompts[i].asker == asker &&
		    strcmp(a->prompts[i].text, text) == 0)
			return (a->prompts[i].count++);
	/* One that asks so much is not going to let us in. */
	if (a->prompt_count == PROMPTS)
		return (PROMPTS);
	p = &a->prompts[a->prompt_count++];
	p->asker = asker;
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->count = 1;
	return (0);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	while (len > 0 && text[len - 1] == ' ')
		len--;
	return (len >= n && strncasecmp(text + len - n, end, n) == 0);
}

/*
 * A server must not get the passphrase of a key by asking for it in ssh's
 * words.  Nor is the password for one server for another.
 */
static enum secret_kind
kind_of(const struct answers *a, const struct ask_packet *q, bool own,
    bool dialogue)
{

	if (q->kind != ASK_QUESTION)
		return (SECRET_OTHER);
	if (strncmp(q->prompt, "Enter passphrase for", 20) == 0)
		return (a->marked || (own && !dialogue) ? SECRET_PASSPHRASE :
		    SECRET_OTHER);
	return (own && ends_with(q->prompt, "password:") ? SECRET_PASSWORD :
	    SECRET_OTHER);
}

/*
 * As it is shown, and remembered: for another server, it is another one, and
 * for a key the one that wire-libssh2-keys.c would put.
 */
static void
make_prompt(const struct answers *a, const struct ask_packet *q,
    enum secret_kind kind, char *out, size_t size)
{
	const struct route *r = a->route;
	const char *key = strchr(q->prompt, '\''), *end;
	char *p;

	if (kind == SECRET_PASSPHRASE && key != NULL &&
	    (end = strrchr(key + 1, '\'')) != NULL)
		snprintf(out, size, "passphrase of %.*s: ",
		    (int)(end - key - 1), key + 1);
	else if (kind == SECRET_PASSPHRASE || strchr(q->prompt, '@') != NULL)
		snprintf(out, size, "%s", q->prompt);
	else
		snprintf(out, size, "%s@%s: %s", r->user, r->alias, q->prompt);
	for (p = out; (p = strchr(p, '\n')) != NULL;)
		*p = ' ';
	if (q->kind == ASK_CONFIRM) {
		out[size - sizeof(" (yes/no) ")] = '\0';
		strcat(out, " (yes/no) ");
	}
}

/* ssh takes any answer to such a question for a yes. */
static bool
is_no(const struct ask_packet *q, const char *answer)
{

	return (q->kind == ASK_CONFIRM && strcasecmp(answer, "yes") != 0 &&
	    strcasecmp(answer, "y") != 0);
}

static void
reply(int fd, char code, const char *text)
{
	char buf[1 + ASK_ANSWER_MAX];
	size_t len = strlen(text);

	if (len > sizeof(buf) - 1)
		len = sizeof(buf) - 1;
	buf[0] = code;
	memcpy(buf + 1, text, len);
	(void)send(fd, buf, 1 + len, MSG_NOSIGNAL | MSG_DONTWAIT);
	explicit_bzero(buf, sizeof(buf));
}

static void
answer(struct answers *a, int fd, const struct ask_packet *q, bool dialogue,
    struct answered *result, struct fault *fault)
{
	char prompt[SHOWN_MAX], *secret;
	bool echo;

	result->kind = kind_of(a, q, result->own, dialogue);
	make_prompt(a, q, result->kind, prompt, sizeof(prompt));
	result->refused = count_prompt(a, q->asker, prompt);
	echo = q->kind == ASK_CONFIRM || strstr(prompt, "(yes/no") != NULL;
	secret = secrets_get(a->route->secrets, result->kind, prompt, echo,
	    result->refused, fault);
	if (secret != NULL && !is_no(q, secret)) {
		reply(fd, ASK_ANSWER, secret);
		result->what = ANSWERED_GIVEN;
	} else {
		reply(fd, ASK_NO_ANSWER, "");
		result->what = secret == NULL && fault->status != STATUS_OK ?
		    ANSWERED_FAULT : ANSWERED_NONE;
	}
	secrets_put(secret);
}

struct answered
answers_serve(struct answers *a, pid_t child, bool dialogue,
    struct fault *fault)
{
	struct answered result = { .what = ANSWERED_NOTHING };
	struct ask_packet q;
	int fd;

	if ((fd = next_question(a, &q)) == -1)
		return (result);
	result.own = q.asker == child;
	if (q.kind == ASK_NOTICE) {
		msg_note("%s: %s", a->route->name, q.prompt);
		fd_close(&a->notice);
		a->notice = fd;
		result.what = ANSWERED_NOTICE;
		return (result);
	}
	answer(a, fd, &q, dialogue, &result, fault);
	close(fd);
	return (result);
}
