/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes that begin like a tar of pg_dump make the carrier crash,
 * the verdict never depends on how they were cut into pieces, and a watcher is
 * told nothing of an archive that cannot be.
 *
 * An input is taken twice: as it is, and as changes to a whole archive, so that
 * any input gets deep.
 *
 * clang -D_GNU_SOURCE -Icommon -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/tar.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier.h"
#include "unit/tar-make.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define CHANGE	3	/* bytes: where, 16 bits; what to flip there */

/* What a watcher may expect: a table, then blocks of entries that it was told
 * have data, in order. */
struct seen {
	size_t entries, data, next;
	int32_t ids[64];
	bool toc, in_block;
	uint64_t sum;
};

static void
must(bool good)
{

	if (!good)
		abort();
}

static const char *
see_header(void *arg, const struct archive_header *h)
{
	struct seen *s = arg;

	must(h->format == ARCHIVE_TAR && h->compression == ARCHIVE_NONE);
	s->sum += strlen(h->dbname) + strlen(h->server) + strlen(h->dumper);
	return (NULL);
}

static const char *
see_entry(void *arg, const struct archive_entry *e)
{
	struct seen *s = arg;

	must(!s->toc && e->id > 0 && e->has_data == (e->member[0] != '\0'));
	s->entries++;
	s->sum += strlen(e->tag) + strlen(e->defn) + strlen(e->drop) +
	    strlen(e->tablespace) + strlen(e->tableam) + e->offset_at - e->at;
	if (e->has_data && s->data < 64)
		s->ids[s->data] = e->id;
	s->data += e->has_data;
	return (NULL);
}

static const char *
see_toc_end(void *arg, size_t count)
{
	struct seen *s = arg;

	must(!s->toc && count == s->entries);
	s->toc = true;
	return (NULL);
}

static const char *
see_block(void *arg, int32_t id, uint64_t at)
{
	struct seen *s = arg;

	must(s->toc && !s->in_block && s->next < s->data && at % 512 == 0);
	must(s->next >= 64 || s->ids[s->next] == id);
	s->in_block = true;
	return (NULL);
}

static const char *
see_data(void *arg, int32_t id, uint32_t loid, const uint8_t *buf, size_t len,
    uint64_t chunk_at)
{
	struct seen *s = arg;

	(void)id, (void)loid;
	must(s->in_block && len > 0 && chunk_at % 512 == 0);
	s->sum += buf[0] + (uint64_t)buf[len - 1];
	return (NULL);
}

static const char *
see_data_end(void *arg, int32_t id, uint32_t loid)
{

	(void)id, (void)loid;
	must(((struct seen *)arg)->in_block);
	return (NULL);
}

static const char *
see_block_end(void *arg, int32_t id)
{
	struct seen *s = arg;

	(void)id;
	must(s->in_block);
	s->in_block = false;
	s->next++;
	return (NULL);
}

/* A fuzzer does not find checksums: set them where headers may be. */
static void
mend(uint8_t *data, size_t len)
{
	size_t at;

	for (at = 0; at + TAR_BLOCK <= len; at += TAR_BLOCK)
		if (memcmp(data + at + 257, "ustar", 5) == 0)
			tar_checksum(data + at);
}

static enum carrier_verdict
run(const uint8_t *data, size_t len, size_t step)
{
	static const struct archive_watch watch = { true, see_header,
		see_entry, see_toc_end, see_block, see_data, see_data_end,
		see_block_end, NULL };
	struct seen seen = { 0 };
	const struct carrier_opts opts = { .watch = &watch,
		.watch_arg = &seen };
	struct carrier *c = carrier_new(&opts);
	enum carrier_verdict v;
	size_t n;

	must(c != NULL);
	for (; len > 0; data += n, len -= n) {
		n = len < step ? len : step;
		if (carrier_feed(c, data, n) != 0)
			break;
	}
	v = carrier_end(c);
	must((v != CARRIER_PROVEN) == (carrier_why(c)[0] != '\0'));
	if (v == CARRIER_PROVEN && strcmp(carrier_name(c), "tar archive") == 0)
		must(seen.toc && !seen.in_block && seen.next == seen.data);
	carrier_free(c);
	return (v);
}

static void
judge(uint8_t *data, size_t len)
{
	enum carrier_verdict v;

	mend(data, len);
	v = run(data, len, len + 1);
	must(run(data, len, 1) == v && run(data, len, 509) == v);
}

/* A whole archive, of a version and shape that the first byte says, with some
 * bytes changed. */
static void
judge_changed(const uint8_t *data, size_t len)
{
	struct make_spec spec = { .minor = 12 + data[0] % 5,
		.groups = 1 + data[0] / 5 % 3, .schema_only = data[0] > 200 };
	struct made_tar t;
	size_t at;

	make_tar(&t, &spec);
	for (data++, len--; len >= CHANGE; data += CHANGE, len -= CHANGE) {
		at = (size_t)(data[0] << 8 | data[1]) % t.m.len;
		t.m.buf[at] ^= data[2];
	}
	judge(t.m.buf, t.m.len);
	tar_wipe(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *mine = malloc(len + 1);

	must(mine != NULL);
	memcpy(mine, data, len);
	judge(mine, len);
	free(mine);
	if (len > 0)
		judge_changed(data, len);
	return (0);
}
