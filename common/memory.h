/* SPDX-License-Identifier: ISC */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdlib.h>

/* Whether so many bytes can be had just now: before a call into a library that
 * does not bear it well to be without.  0, or -1. */
static inline int
memory_there(size_t size)
{
	void *volatile memory = malloc(size);

	if (memory == NULL)
		return (-1);
	free(memory);
	return (0);
}

#endif
