/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes that begin like a plain SQL dump make the carrier crash,
 * and the verdict never depends on how they were cut into pieces.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/sql.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lz -lzstd -llz4 -ljansson -lsodium -lcrypto
 */
#include <stdlib.h>
#include <string.h>

#include "carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char head[] = "--\n-- PostgreSQL database dump\n--\n\n";
static const char cluster[] = "--\n-- PostgreSQL database cluster dump\n--\n\n";
static const char tail[] = "--\n-- PostgreSQL database dump complete\n--\n\n";

static enum carrier_verdict
run(const uint8_t *data, size_t len, size_t step)
{
	struct carrier *c = carrier_new(NULL);
	const uint8_t mode = len > 0 ? data[len - 1] : 0;
	enum carrier_verdict v;
	size_t n;

	if (c == NULL)
		abort();
	if (mode & 1)
		(void)carrier_feed(c, head, sizeof(head) - 1);
	else if (mode & 2)
		(void)carrier_feed(c, cluster, sizeof(cluster) - 1);
	for (; len > 0; data += n, len -= n) {
		n = len < step ? len : step;
		if (carrier_feed(c, data, n) != 0)
			break;
	}
	if (mode & 4)
		(void)carrier_feed(c, tail, sizeof(tail) - 1);
	v = carrier_end(c);
	if (v != CARRIER_PROVEN && carrier_why(c)[0] == '\0')
		abort();
	carrier_free(c);
	return (v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum carrier_verdict v = run(data, len, len + 1);

	if (run(data, len, 1) != v || run(data, len, 7) != v)
		abort();
	return (0);
}
