/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes that begin like a tar of pg_dump make the carrier crash,
 * and the verdict never depends on how they were cut into pieces.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/tar.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lz -lzstd -llz4 -ljansson -lsodium -lcrypto
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define BLOCK	512

/* A fuzzer does not find checksums: set them where headers may be. */
static void
mend(uint8_t *data, size_t len)
{
	size_t at, i;
	unsigned sum;

	for (at = 0; at + BLOCK <= len; at += BLOCK) {
		uint8_t *h = data + at;

		if (memcmp(h + 257, "ustar", 5) != 0)
			continue;
		memset(h + 148, ' ', 8);
		for (i = 0, sum = 0; i < BLOCK; i++)
			sum += h[i];
		snprintf((char *)h + 148, 8, "%07o", sum);
	}
}

static enum carrier_verdict
run(const uint8_t *data, size_t len, size_t step)
{
	struct carrier *c = carrier_new(NULL);
	enum carrier_verdict v;
	size_t n;

	if (c == NULL)
		abort();
	for (; len > 0; data += n, len -= n) {
		n = len < step ? len : step;
		if (carrier_feed(c, data, n) != 0)
			break;
	}
	v = carrier_end(c);
	if (v != CARRIER_PROVEN && carrier_why(c)[0] == '\0')
		abort();
	carrier_free(c);
	return (v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *mine = malloc(len + 1);
	enum carrier_verdict v;

	if (mine == NULL)
		abort();
	memcpy(mine, data, len);
	mend(mine, len);
	v = run(mine, len, len + 1);
	if (run(mine, len, 1) != v || run(mine, len, 509) != v)
		abort();
	free(mine);
	return (0);
}
