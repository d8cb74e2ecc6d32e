/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conninfo.h"

/* What the child is told in another way, or decides by itself. */
static const char *const dropped[] = {
	"host", "hostaddr", "port", "dbname", "password",
	"service", "servicefile", "fallback_application_name", "options",
	/* The server is chosen; asking again could only differ. */
	"target_session_attrs", "load_balance_hosts",
};

/* Not marked by libpq, but as good as the password to who reads them. */
static const char *const keys[] = {
	"scram_client_key", "scram_server_key",
};

static bool
is_in(const char *word, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return (true);
	return (false);
}

enum conninfo_fate
conninfo_fate(const struct conninfo_param *p)
{

	if (p->value == NULL || p->value[0] == '\0' ||
	    is_in(p->keyword, dropped, sizeof(dropped) / sizeof(dropped[0])))
		return (CONNINFO_DROP);
	/*
	 * A default is left out, because the child's libpq may be older than
	 * ours and die of a keyword that it does not know; but not where the
	 * environment would say otherwise.
	 */
	if (p->compiled != NULL && strcmp(p->value, p->compiled) == 0 &&
	    !p->env_set)
		return (CONNINFO_DROP);
	if (p->secret ||
	    is_in(p->keyword, keys, sizeof(keys) / sizeof(keys[0])))
		return (CONNINFO_HIDE);
	return (CONNINFO_SHOW);
}

int
conninfo_add(char **str, const char *keyword, const char *value)
{
	size_t used = *str != NULL ? strlen(*str) : 0;
	char *bigger, *to;

	/* A blank, =, two quotes, the NUL; every byte may need a backslash. */
	bigger = realloc(*str, used + strlen(keyword) + 2 * strlen(value) + 5);
	if (bigger == NULL)
		return (-1);
	*str = bigger;
	to = bigger + used;
	if (used > 0)
		*to++ = ' ';
	to = stpcpy(to, keyword);
	to = stpcpy(to, "='");
	for (; *value != '\0'; value++) {
		if (*value == '\'' || *value == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	stpcpy(to, "'");
	return (0);
}

int
conninfo_hide(char **str, const char *keyword, const char *value)
{
	char *bigger;

	if (strpbrk(value, "\r\n") != NULL) {
		errno = EINVAL;
		return (-1);
	}
	if (asprintf(&bigger, "%s%s=%s\n",
	    *str != NULL ? *str : "[" CONNINFO_SERVICE "]\n", keyword,
	    value) == -1)
		return (-1);
	if (*str != NULL) {
		explicit_bzero(*str, strlen(*str));
		free(*str);
	}
	*str = bigger;
	return (0);
}
