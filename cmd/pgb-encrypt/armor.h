/* SPDX-License-Identifier: ISC */
#ifndef ARMOR_H
#define ARMOR_H

#include "age/age.h"
#include "pump.h"

/*
 * What is written: the age file itself, or its armor.
 */
struct armor {
	bool on;		/* set by the caller; else bytes go out as
				 * they are */

	/* armor.c's own. */
	bool begun;
	size_t len;
	uint8_t line[AGE_ARMOR_LINE / 4 * 3];
};

/* The next bytes of the age file: pump_emit()'s status. */
enum status armor_put(struct armor *, struct pump *, const uint8_t *buf,
    size_t len);

/* They were the last. */
enum status armor_end(struct armor *, struct pump *);

#endif
