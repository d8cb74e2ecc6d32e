/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shelf/store-impl.h"

struct store *
store_open(const struct dest *d, const char *dir, const char *name,
    const struct ship_opts *opts, enum status *status)
{

	return (d->remote ? store_sftp_open(d, dir, name, opts, status) :
	    store_local_open(dir, name, status));
}

void
store_close(struct store *s)
{

	if (s != NULL)
		s->close(s);
}

int
store_list_add(struct store_list *list, const char *name,
    const struct store_file *f)
{
	struct store_file *v;
	size_t room;

	if (name[0] == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0 || strchr(name, '/') != NULL)
		return (0);
	if (list->count == STORE_FILES_MAX) {
		errno = EFBIG;
		return (-1);
	}
	if (list->count == list->room) {
		room = list->room * 2 + 64;
		v = reallocarray(list->v, room, sizeof(*v));
		if (v == NULL)
			return (-1);
		list->v = v;
		list->room = room;
	}
	v = &list->v[list->count];
	*v = *f;
	if ((v->name = strdup(name)) == NULL)
		return (-1);
	list->count++;
	return (0);
}

void
store_list_free(struct store_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->v[i].name);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

static int
by_name(const void *a, const void *b)
{

	return (strcmp(((const struct store_file *)a)->name,
	    ((const struct store_file *)b)->name));
}

/* One that is told twice would count twice. */
static void
drop_doubles(struct store_list *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->count; i++)
		if (kept > 0 && by_name(&list->v[i], &list->v[kept - 1]) == 0)
			free(list->v[i].name);
		else
			list->v[kept++] = list->v[i];
	list->count = kept;
}

enum status
store_list(struct store *s, struct store_list *list)
{
	enum status status;

	memset(list, 0, sizeof(*list));
	if ((status = s->list(s, list)) != STATUS_OK)
		return (status);
	if (list->count > 0)
		qsort(list->v, list->count, sizeof(*list->v), by_name);
	drop_doubles(list);
	return (STATUS_OK);
}

const struct store_file *
store_find(const struct store_list *list, const char *name, size_t len)
{
	size_t low = 0, high = list->count, mid;
	const char *here;
	int order;

	while (low < high) {
		mid = low + (high - low) / 2;
		here = list->v[mid].name;
		order = strncmp(here, name, len);
		if (order == 0)
			order = here[len] != '\0';
		if (order == 0)
			return (&list->v[mid]);
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (NULL);
}

enum store_removed
store_remove(struct store *s, const char *name, struct fault *fault)
{

	return (s->remove(s, name, fault));
}

enum status
store_clock(struct store *s, int64_t *reached)
{

	*reached = INT64_MIN;
	return (s->clock(s, reached));
}
