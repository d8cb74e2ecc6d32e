/* SPDX-License-Identifier: ISC */
#ifndef BUCKET_H
#define BUCKET_H

#include <stddef.h>
#include <stdint.h>

/* The limit of a rate.  Prints nothing. */
struct bucket {
	uint64_t rate;		/* bytes a second; 0: none */
	int64_t due_us;		/* when the next bytes may go */
};

void bucket_init(struct bucket *, uint64_t rate);

/* How many of most bytes to take at once, so that they flow and do not jump. */
size_t bucket_piece(const struct bucket *, size_t most);

/* Take bytes: 0; or how many milliseconds later to ask again. */
int bucket_take(struct bucket *, size_t bytes);

#endif
