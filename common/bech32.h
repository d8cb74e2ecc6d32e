/* SPDX-License-Identifier: ISC */
#ifndef BECH32_H
#define BECH32_H

#include <stddef.h>
#include <stdint.h>

/*
 * Bech32 (BIP 173, not bech32m), as age writes its keys: without a limit of
 * the string's length but ours, and in one case only, which is that of the
 * human-readable part ("age" or "AGE-SECRET-KEY-").
 */

#define BECH32_DATA_MAX	64	/* bytes of data */

/* Characters of the string for an HRP of hrplen and len bytes. */
#define BECH32_LEN(hrplen, len)	((hrplen) + 1 + ((len) * 8 + 4) / 5 + 6)

/*
 * bech32_decode(hrp, text, len, out, outlen):
 * text	len characters
 * out	outlen bytes, at most BECH32_DATA_MAX
 *
 * Returns 0, or -1: another HRP or case, a character outside the alphabet, a
 * wrong checksum, padding that is not zero, or not exactly outlen bytes.
 */
int bech32_decode(const char *hrp, const char *text, size_t len, uint8_t *out,
    size_t outlen);

/*
 * bech32_encode(hrp, data, len, out):
 * out	room for BECH32_LEN() characters and the NUL
 */
void bech32_encode(const char *hrp, const uint8_t *data, size_t len,
    char *out);

#endif
