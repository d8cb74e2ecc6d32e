/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "route/config.h"
#include "route/home.h"

struct out {
	char *text;
	size_t len, max;
};

static int
add(struct out *o, const char *text, size_t len)
{
	char *bigger;

	if (o->len + len + 1 > o->max) {
		o->max = o->len + len + 256;
		if ((bigger = realloc(o->text, o->max)) == NULL)
			return (-1);
		o->text = bigger;
	}
	memcpy(o->text + o->len, text, len);
	o->len += len;
	o->text[o->len] = '\0';
	return (0);
}

static int
add_text(struct out *o, const char *text)
{

	if (text == NULL) {
		errno = EINVAL;
		return (-1);
	}
	return (add(o, text, strlen(text)));
}

static int
add_number(struct out *o, unsigned long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", n);
	return (add_text(o, text));
}

/* The name of this machine, without its domain if so asked. */
static int
add_machine(struct out *o, bool brief)
{
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) == -1)
		return (-1);
	name[sizeof(name) - 1] = '\0';
	if (brief)
		name[strcspn(name, ".")] = '\0';
	return (add_text(o, name));
}

/* %X */
static int
add_token(struct out *o, char token, const struct config_words *w)
{

	switch (token) {
	case '%':
		return (add_text(o, "%"));
	case 'd':
		return (add_text(o, w->home));
	case 'h':
		return (add_text(o, w->host));
	case 'i':
		return (add_number(o, (unsigned long)getuid()));
	case 'k':
		return (add_text(o, w->key_alias));
	case 'L':
		return (add_machine(o, true));
	case 'l':
		return (add_machine(o, false));
	case 'n':
		return (add_text(o, w->alias));
	case 'p':
		return (add_number(o, w->port));
	case 'r':
		return (add_text(o, w->user));
	case 'u':
		return (add_text(o, w->login));
	default:
		errno = EINVAL;
		return (-1);
	}
}

/* ${NAME}: where it ends, or NULL. */
static const char *
add_variable(struct out *o, const char *p)
{
	char name[256];
	size_t n = strcspn(p + 2, "}");

	if (p[2 + n] != '}' || n >= sizeof(name)) {
		errno = EINVAL;
		return (NULL);
	}
	memcpy(name, p + 2, n);
	name[n] = '\0';
	return (add_text(o, getenv(name)) == -1 ? NULL : p + 2 + n + 1);
}

/* "~", "~user" in front: where it ends, or NULL. */
static const char *
add_home(struct out *o, const char *p, const struct config_words *w)
{
	size_t n = strcspn(p + 1, "/");
	char *user, *home;
	int rc;

	if (n == 0)
		return (add_text(o, w->home) == -1 ? NULL : p + 1);
	if ((user = strndup(p + 1, n)) == NULL)
		return (NULL);
	home = home_of(user);
	free(user);
	rc = add_text(o, home);
	free(home);
	return (rc == -1 ? NULL : p + 1 + n);
}

char *
config_expand(const char *text, const struct config_words *w)
{
	struct out o = { NULL, 0, 0 };
	const char *p = text;
	size_t n;
	int saved;

	if (add(&o, "", 0) == -1)
		return (NULL);
	if (*p == '~' && (p = add_home(&o, p, w)) == NULL)
		goto fail;
	while (*p != '\0') {
		n = strcspn(p, "%$");
		if (add(&o, p, n) == -1)
			goto fail;
		p += n;
		if (*p == '%') {
			if (add_token(&o, p[1], w) == -1)
				goto fail;
			p += 2;
		} else if (*p == '$' && p[1] == '{') {
			if ((p = add_variable(&o, p)) == NULL)
				goto fail;
		} else if (*p == '$') {
			if (add(&o, p++, 1) == -1)
				goto fail;
		}
	}
	return (o.text);
fail:
	saved = errno;
	free(o.text);
	errno = saved;
	return (NULL);
}
