/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "data/blocks-impl.h"

int
decoders_init(struct decoders *p, enum archive_compression compression,
    size_t most, size_t size)
{

	p->compression = compression;
	p->most = most;
	p->size = size;
	pthread_mutex_init(&p->mutex, NULL);
	p->free = calloc(size, sizeof(struct decode *));
	return (p->free != NULL ? 0 : -1);
}

void
decoders_wipe(struct decoders *p)
{

	while (p->count > 0)
		decode_free(p->free[--p->count]);
	free(p->free);
	if (p->size > 0)
		pthread_mutex_destroy(&p->mutex);
}

static struct decode *
get(struct decoders *p, size_t most)
{
	struct decode *d = NULL;
	bool make;

	pthread_mutex_lock(&p->mutex);
	make = p->count == 0;
	if (p->out < most) {
		p->out++;
		if (!make)
			d = p->free[--p->count];
	} else
		make = false;
	pthread_mutex_unlock(&p->mutex);
	if (!make || (d = decode_new(p->compression)) != NULL)
		return (d);
	pthread_mutex_lock(&p->mutex);
	p->out--;
	pthread_mutex_unlock(&p->mutex);
	return (NULL);
}

struct decode *
decoders_get(struct decoders *p)
{
	return (get(p, p->most));
}

struct decode *
decoders_must(struct decoders *p)
{
	return (get(p, SIZE_MAX));
}

void
decoders_put(struct decoders *p, struct decode *d)
{

	if (d == NULL)
		return;
	pthread_mutex_lock(&p->mutex);
	p->out--;
	if (p->count < p->size) {
		p->free[p->count++] = d;
		d = NULL;
	}
	pthread_mutex_unlock(&p->mutex);
	decode_free(d);
}
