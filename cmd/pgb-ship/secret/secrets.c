/* SPDX-License-Identifier: ISC */
/*
 * An answer is remembered as soon as it is given.  Whether it was right is seen
 * by whether the same connection asks again: then it was not, and is forgotten.
 * Unless another connection has meanwhile asked, and got, a newer one: which
 * answer a thread was given last is kept for that.
 */
#include <sys/stat.h>

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdio.h"
#include "secret/ask.h"
#include "secret/keys.h"
#include "secret/secrets.h"

#define SECRET_MAX	1024
#define FILE_MAX	(64 * 1024)
#define ASK_TIMES	3
#define TAKERS		64	/* the oldest is forgotten */

/* Who was given which answer. */
struct taker {
	pthread_t thread;
	unsigned serial;	/* 0: nobody */
};

struct entry {
	struct entry *next;
	char *prompt;
	char *answer;		/* guarded; NULL: none */
	unsigned serial;	/* of the answer */
	struct taker takers[TAKERS];
	size_t last;
};

struct secrets {
	const struct ship_opts *opts;
	struct halt seal;	/* asked: nobody is there; without the lock */
	pthread_mutex_t lock;	/* of all below, and of asking */
	char *files[SECRET_OTHER];	/* guarded: what a file holds */
	struct entry *first;
};

struct secrets *
secrets_new(const struct ship_opts *opts)
{
	struct secrets *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return (NULL);
	s->opts = opts;
	pthread_mutex_init(&s->lock, NULL);
	return (s);
}

void
secrets_free(struct secrets *s)
{
	struct entry *e;
	int i;

	if (s == NULL)
		return;
	while ((e = s->first) != NULL) {
		s->first = e->next;
		sodium_free(e->answer);
		free(e->prompt);
		free(e);
	}
	for (i = 0; i < SECRET_OTHER; i++)
		sodium_free(s->files[i]);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* The lock may be held by one who waits for the user. */
void
secrets_seal(struct secrets *s)
{

	atomic_store(&s->seal.asked, true);
}

void
secrets_put(char *secret)
{

	sodium_free(secret);
}

/* --- files --- */

static const char *
path_of(const struct secrets *s, enum secret_kind kind)
{

	switch (kind) {
	case SECRET_PASSWORD:
		return (s->opts->password_file);
	case SECRET_PASSPHRASE:
		return (s->opts->passphrase_file);
	case SECRET_OTHER:
		break;
	}
	return (NULL);
}

static const char *
name_of(enum secret_kind kind)
{

	return (kind == SECRET_PASSPHRASE ? "passphrase" : "password");
}

/* A password is the first line, whatever comes behind it; a file of a
 * passphrase holds nothing else, as in the other programs. */
static int
find_line(const char *path, enum secret_kind kind, const char *text,
    size_t len, size_t *line, struct fault *fault)
{
	const char *rest;

	*line = strcspn(text, "\r\n");
	rest = text + *line;
	rest += *rest == '\r';
	rest += *rest == '\n';
	if (*line == 0 || *line >= SECRET_MAX) {
		fault_set(fault, STATUS_USAGE, "%s: no %s in the first line",
		    path, name_of(kind));
		return (-1);
	}
	if (kind != SECRET_PASSPHRASE || rest == text + len)
		return (0);
	fault_set(fault, STATUS_USAGE, "%s: more than one line where a "
	    "passphrase is due", path);
	return (-1);
}

/* Guarded memory, or NULL with the fault. */
static char *
read_file(const char *path, enum secret_kind kind, struct fault *fault)
{
	char *text = NULL, *secret = NULL;
	struct stat st;
	size_t len, line;

	if (stat(path, &st) == -1 ||
	    (text = fd_slurp(path, FILE_MAX, &len)) == NULL) {
		fault_set(fault, STATUS_USAGE, "%s: %s", path,
		    strerror(errno));
		return (NULL);
	}
	if (keys_too_open(&st)) {
		fault_set(fault, STATUS_USAGE, "%s: others may read this %s "
		    "(mode %03o)", path, name_of(kind),
		    (unsigned)st.st_mode & 0777u);
		fault_hint(fault, "chmod 600 %s", path);
	} else if (find_line(path, kind, text, len, &line, fault) == 0) {
		if ((secret = sodium_malloc(SECRET_MAX)) == NULL)
			fault_set(fault, STATUS_LOCAL, "no memory");
		else {
			memcpy(secret, text, line);
			secret[line] = '\0';
		}
	}
	sodium_memzero(text, len);
	free(text);
	return (secret);
}

static char *
copy_of(const char *secret, struct fault *fault)
{
	char *copy = sodium_malloc(SECRET_MAX);

	if (copy == NULL)
		fault_set(fault, STATUS_LOCAL, "no memory");
	else
		memcpy(copy, secret, strlen(secret) + 1);
	return (copy);
}

/* It may be a pipe, and is read once. */
static char *
from_file(struct secrets *s, enum secret_kind kind, const char *prompt,
    unsigned refused, struct fault *fault)
{
	const char *path = path_of(s, kind);
	size_t len = strlen(prompt);

	if (refused > 0) {
		while (len > 0 && strchr(": ", prompt[len - 1]) != NULL)
			len--;
		if (kind == SECRET_PASSPHRASE)
			fault_set(fault, STATUS_USAGE, "%.*s: the one in %s "
			    "is wrong", (int)len, prompt, path);
		return (NULL);
	}
	if (s->files[kind] == NULL &&
	    (s->files[kind] = read_file(path, kind, fault)) == NULL)
		return (NULL);
	return (copy_of(s->files[kind], fault));
}

/* --- answers --- */

static struct entry *
find(const struct secrets *s, const char *prompt)
{
	struct entry *e;

	for (e = s->first; e != NULL; e = e->next)
		if (strcmp(e->prompt, prompt) == 0)
			return (e);
	return (NULL);
}

static struct entry *
find_or_make(struct secrets *s, const char *prompt)
{
	struct entry *e;

	if ((e = find(s, prompt)) != NULL)
		return (e);
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return (NULL);
	if ((e->prompt = strdup(prompt)) == NULL) {
		free(e);
		return (NULL);
	}
	e->next = s->first;
	s->first = e;
	return (e);
}

/* The place of this thread among those who were given an answer. */
static struct taker *
taker(struct entry *e)
{
	size_t i;

	for (i = 0; i < TAKERS; i++)
		if (e->takers[i].serial != 0 &&
		    pthread_equal(e->takers[i].thread, pthread_self()))
			return (&e->takers[i]);
	e->last = (e->last + 1) % TAKERS;
	e->takers[e->last] = (struct taker){ .thread = pthread_self() };
	return (&e->takers[e->last]);
}

static int
ask_anew(struct secrets *s, struct entry *e, const char *prompt, bool echo,
    struct fault *fault)
{

	if (halt_asked(&s->seal)) {
		if (halt_asked(NULL))
			fault_halted(fault);
		return (-1);
	}
	if ((e->answer = sodium_malloc(SECRET_MAX)) == NULL) {
		fault_set(fault, STATUS_LOCAL, "no memory");
		return (-1);
	}
	if (ask(prompt, echo, e->answer, SECRET_MAX, &s->seal) == 0) {
		e->serial++;
		return (0);
	}
	sodium_free(e->answer);
	e->answer = NULL;
	if (halt_asked(NULL))
		fault_halted(fault);
	return (-1);
}

static char *
from_user(struct secrets *s, const char *prompt, bool echo, unsigned refused,
    struct fault *fault)
{
	struct entry *e = find_or_make(s, prompt);
	struct taker *me;

	if (e == NULL) {
		fault_set(fault, STATUS_LOCAL, "no memory");
		return (NULL);
	}
	me = taker(e);
	if (refused > 0 && (me->serial == 0 || me->serial == e->serial)) {
		sodium_free(e->answer);
		e->answer = NULL;
	}
	if (e->answer == NULL && (refused >= ASK_TIMES ||
	    ask_anew(s, e, prompt, echo, fault) == -1))
		return (NULL);
	me->serial = e->serial;
	return (copy_of(e->answer, fault));
}

bool
secrets_has(struct secrets *s, enum secret_kind kind, const char *prompt)
{
	const struct entry *e;
	bool has;

	pthread_mutex_lock(&s->lock);
	has = path_of(s, kind) != NULL ||
	    (!atomic_load(&s->seal.asked) && ask_possible());
	for (e = s->first; e != NULL && !has; e = e->next)
		has = e->answer != NULL &&
		    strncmp(e->prompt, prompt, strlen(prompt)) == 0;
	pthread_mutex_unlock(&s->lock);
	return (has);
}

char *
secrets_get(struct secrets *s, enum secret_kind kind, const char *prompt,
    bool echo, unsigned refused, struct fault *fault)
{
	char *secret;

	*fault = (struct fault){ .status = STATUS_OK };
	pthread_mutex_lock(&s->lock);
	if (halt_asked(NULL)) {
		fault_halted(fault);
		secret = NULL;
	} else
		secret = path_of(s, kind) != NULL ?
		    from_file(s, kind, prompt, refused, fault) :
		    from_user(s, prompt, echo, refused, fault);
	pthread_mutex_unlock(&s->lock);
	return (secret);
}
