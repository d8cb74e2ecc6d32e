/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes make a carrier crash, its answer does not depend on where
 * they were cut in two, which the first two bytes say, and a watcher is told
 * nothing of an archive that cannot be.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/carrier.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *
see(void *arg, const char *s)
{

	*(size_t *)arg += strlen(s);
	return (NULL);
}

static const char *
see_header(void *arg, const struct archive_header *h)
{

	see(arg, h->dbname);
	see(arg, h->server);
	return (see(arg, h->dumper));
}

static const char *
see_entry(void *arg, const struct archive_entry *e)
{
	size_t i;

	for (i = 0; i < e->dep_count; i++)
		if (e->deps[i] <= 0)
			abort();
	see(arg, e->tag);
	see(arg, e->desc);
	see(arg, e->schema);
	see(arg, e->owner);
	see(arg, e->defn);
	see(arg, e->drop);
	see(arg, e->tablespace);
	see(arg, e->tableam);
	see(arg, e->member);
	return (see(arg, e->copy));
}

static const char *
see_data(void *arg, int32_t id, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t chunk_at)
{

	(void)loid;
	(void)chunk_at;
	if (id <= 0 || len == 0)
		abort();
	*(size_t *)arg += buf[0] + (size_t)buf[len - 1];
	return (NULL);
}

static const char *
see_again(void *arg, uint64_t at)
{

	if (at == 0)
		abort();
	++*(size_t *)arg;
	return (NULL);
}

static bool
is_wrapper(const char *name)
{
	return (strncmp(name, "gzip", 4) == 0 ||
	    strncmp(name, "zstd", 4) == 0 || strncmp(name, "lz4", 3) == 0);
}

static enum carrier_verdict
judge(const uint8_t *data, size_t size, size_t cut, char *name, size_t room)
{
	static const struct archive_watch watch = { .all_sql = true,
		.header = see_header, .entry = see_entry, .data = see_data,
		.again = see_again };
	size_t sum = 0;
	struct carrier_opts opts = { .watch = &watch, .watch_arg = &sum };
	struct carrier *c = carrier_new(&opts);
	enum carrier_verdict v;
	int rc;

	if (c == NULL)
		abort();
	rc = carrier_feed(c, data, cut);
	if (carrier_feed(c, data + cut, size - cut) == 0 && rc == -1)
		abort();
	v = carrier_end(c);
	if ((v != CARRIER_PROVEN) != (carrier_why(c)[0] != '\0'))
		abort();
	/* What a library says of broken bytes may depend on the pieces, and
	 * so may sentences; whether the stream is whole may not. */
	if (v != CARRIER_PROVEN && is_wrapper(carrier_name(c)))
		v = CARRIER_BROKEN;
	snprintf(name, room, "%s", strcmp(carrier_name(c),
	    "custom archive") == 0 || strcmp(carrier_name(c),
	    "tar archive") == 0 ? carrier_why(c) : "");
	carrier_free(c);
	return (v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char whole[1024], parts[1024];
	size_t cut;

	if (size < 2)
		return (0);
	cut = (size_t)(data[0] << 8 | data[1]);
	data += 2;
	size -= 2;
	if (judge(data, size, size, whole, sizeof(whole)) !=
	    judge(data, size, size == 0 ? 0 : cut % size, parts,
	    sizeof(parts)) || strcmp(whole, parts) != 0)
		abort();
	return (0);
}
