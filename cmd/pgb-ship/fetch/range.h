/* SPDX-License-Identifier: ISC */
#ifndef RANGE_H
#define RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* A part of a file, as HTTP's Range has it: "A-B", "A-", "-N". */
struct range {
	bool last;		/* from is how many, counted from the end */
	uint64_t from;
	uint64_t to;		/* the last byte's number; UINT64_MAX: to the
				 * end */
};

/* 0, or -1: that is no range, or one of no byte. */
int range_parse(const char *text, struct range *);

/*
 * range_place(r, size, from, end):
 * Which bytes of a file of that size those are: from *from up to, and without,
 * *end.  0, or -1 where the range begins behind the end.
 */
int range_place(const struct range *, uint64_t size, uint64_t *from,
    uint64_t *end);

#endif
