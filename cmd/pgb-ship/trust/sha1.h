/* SPDX-License-Identifier: ISC */
#ifndef SHA1_H
#define SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_LEN	20

/*
 * hmac_sha1(key, keylen, msg, msglen, out):
 * For the hashed names of known_hosts, which no library that this program
 * links offers.  Not for secrets: nothing is wiped.  keylen is at most 64.
 * Source: RFC 3174, RFC 2104.
 */
void hmac_sha1(const uint8_t *key, size_t keylen, const void *msg,
    size_t msglen, uint8_t out[SHA1_LEN]);

#endif
