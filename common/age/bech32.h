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

#define BECH32_DATA_MAX	1280	/* bytes of data */

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

/*
 * bech32_check(text, len, hrp, size):
 * Whether it is Bech32, of whatever HRP and any length of data, in one case;
 * the last '1' ends the HRP.
 *
 * hrp	size bytes: the HRP as it stands, and a NUL
 *
 * Returns 0, or -1: as above, or an HRP longer than size - 1.
 */
int bech32_check(const char *text, size_t len, char *hrp, size_t size);

#endif
