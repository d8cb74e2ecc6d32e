/* SPDX-License-Identifier: ISC */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Base64 as age writes it: the standard alphabet, no white space, canonical
 * (bits that are not used are zero).  Not in constant time: for public data.
 * Source: RFC 4648, section 4.
 */

/* Characters of len bytes without padding. */
#define BASE64_LEN(len)	(((len) * 8 + 5) / 6)

/*
 * base64_decode(in, inlen, padded, out, room, outlen):
 * padded	whole groups of four, "=" at the end; else "=" is refused
 * out		room bytes, of which *outlen are filled
 *
 * Returns 0, or -1: not base64, not canonical, or more than room bytes.
 */
int base64_decode(const uint8_t *in, size_t inlen, bool padded, uint8_t *out,
    size_t room, size_t *outlen);

/*
 * base64_encode(in, len, out):
 * Without padding and without a NUL: BASE64_LEN(len) characters.
 */
void base64_encode(const uint8_t *in, size_t len, char *out);

#endif
