/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fdio.h"
#include "route/routes.h"

struct entry {
	struct entry *next;
	struct dest dest;	/* user, host and port, of its own */
	struct route *route;
};

struct kept {
	struct kept *next;
	char *path, *text;
	size_t len;
};

struct routes {
	struct entry *first;
	struct kept *kept;
};

struct routes *
routes_new(void)
{

	return (calloc(1, sizeof(struct routes)));
}

static void
free_entry(struct entry *e)
{

	route_free(e->route);
	free(e->dest.user);
	free(e->dest.host);
	free(e);
}

void
routes_free(struct routes *all)
{
	struct entry *e;
	struct kept *k;

	if (all == NULL)
		return;
	while ((k = all->kept) != NULL) {
		all->kept = k->next;
		free(k->path);
		free(k->text);
		free(k);
	}
	while ((e = all->first) != NULL) {
		all->first = e->next;
		free_entry(e);
	}
	free(all);
}

void
routes_keep(struct routes *all, const char *path, size_t max)
{
	struct kept *k;
	struct stat st;

	/* The pipe of a shell's <(...) can be read once. */
	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (k = calloc(1, sizeof(*k))) == NULL)
		return;
	k->path = strdup(path);
	k->text = fd_slurp(path, max, &k->len);
	if (k->path == NULL || k->text == NULL) {
		free(k->path);
		free(k->text);
		free(k);
		return;
	}
	k->next = all->kept;
	all->kept = k;
}

char *
routes_kept(const struct routes *all, const char *path, size_t *len)
{
	const struct kept *k;
	char *text;

	for (k = all != NULL ? all->kept : NULL; k != NULL; k = k->next) {
		if (strcmp(k->path, path) != 0)
			continue;
		if ((text = malloc(k->len + 1)) == NULL)
			return (NULL);
		memcpy(text, k->text, k->len);
		text[*len = k->len] = '\0';
		return (text);
	}
	errno = EACCES;
	return (NULL);
}

static bool
same_user(const char *a, const char *b)
{

	return (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

const struct route *
routes_find(const struct routes *all, const struct dest *d)
{
	const struct entry *e;

	for (e = all->first; e != NULL; e = e->next)
		if (strcmp(e->dest.host, d->host) == 0 &&
		    same_user(e->dest.user, d->user) &&
		    e->dest.port == d->port &&
		    e->dest.port_told == d->port_told)
			return (e->route);
	return (NULL);
}

const struct route *
routes_add(struct routes *all, const struct dest *d,
    const struct ship_opts *opts, struct fault *fault)
{
	const struct route *found = routes_find(all, d);
	struct entry *e;

	if (found != NULL)
		return (found);
	if ((e = calloc(1, sizeof(*e))) == NULL)
		goto no_memory;
	e->dest.port = d->port;
	e->dest.port_told = d->port_told;
	e->dest.host = strdup(d->host);
	e->dest.user = d->user != NULL ? strdup(d->user) : NULL;
	if (e->dest.host == NULL || (d->user != NULL && e->dest.user == NULL))
		goto no_memory;
	e->route = route_new(&e->dest, e->dest.host, opts, opts->secrets, NULL,
	    fault);
	if (e->route == NULL) {
		free_entry(e);
		return (NULL);
	}
	e->next = all->first;
	all->first = e;
	return (e->route);
no_memory:
	if (e != NULL)
		free_entry(e);
	fault_set(fault, STATUS_LOCAL, "no memory");
	return (NULL);
}
