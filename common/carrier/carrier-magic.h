/* SPDX-License-Identifier: ISC */
#ifndef CARRIER_MAGIC_H
#define CARRIER_MAGIC_H

#include "carrier/carrier-impl.h"

/*
 * Formats by their first bytes, for carrier.c.
 */

#define MAGIC_SPACE_MAX	1024	/* white space in front of age's armor */

/* So many bytes always decide. */
#define MAGIC_MAX	(MAGIC_SPACE_MAX + 64)

enum magic_fit { FIT_NO, FIT_MAYBE, FIT_YES };

struct magic {
	const struct carrier_ops *ops;
	const char *bytes;
	size_t len;
	uint8_t mask;			/* for the first byte */
	size_t enough;			/* bytes that tell a cut stream from an
					 * unknown one */
	enum magic_fit (*fit)(const struct magic *, const uint8_t *buf,
	    size_t len, size_t *matched);
	bool is_age;
	bool is_wrapper;
};

/*
 * magic_find(buf, len, found):
 * FIT_YES with the format in *found, FIT_NO where none fits, FIT_MAYBE where
 * more bytes are needed.  YES and NO stay so when more bytes come.
 */
enum magic_fit magic_find(const uint8_t *buf, size_t len,
    const struct magic **found);

/* The stream ended while magic_find() said FIT_MAYBE: the format that was
 * cut short, or NULL where that is more than the bytes tell. */
const struct magic *magic_cut(const uint8_t *buf, size_t len);

/* A sentence about bytes that fit nothing. */
void magic_stranger(const uint8_t *buf, size_t len, char *out, size_t outlen);

/* Whether it is age, but of a version that is not known here. */
bool magic_other_age(const uint8_t *buf, size_t len);

#endif
