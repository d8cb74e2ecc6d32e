/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes that begin like an archive make the checks of its table of
 * contents, or the list of it, crash, hang or take more memory than they may;
 * what they find does not depend on how the bytes were cut.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd/pgb-verify -Itests/fuzz -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/toc.c \
 *     cmd/pgb-verify/toc/[a-z]*.c cmd/pgb-verify/text/encoding.c \
 *     cmd/pgb-verify/finding.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier.h"
#include "quiet.h"
#include "toc/toc-check.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MEMORY_MAX	(1 << 20)

struct run {
	struct findings *f;
	struct contents *c;
	struct toc_check *t;
	bool full;		/* the limit of memory was met */
	bool ended;
};

static const char *
heard(struct run *r, int rc)
{

	if (rc == 0)
		return (NULL);
	r->full = true;
	if (contents_error(r->c)[0] == '\0' &&
	    toc_check_error(r->t)[0] == '\0')
		abort();
	return ("full");
}

static const char *
see_header(void *arg, const struct archive_header *h)
{
	struct run *r = arg;

	return (heard(r, contents_set_header(r->c, h) != 0 ||
	    toc_check_header(r->t, h) != 0));
}

static const char *
see_entry(void *arg, const struct archive_entry *e)
{
	struct run *r = arg;

	return (heard(r, contents_add(r->c, e) != 0 ||
	    toc_check_entry(r->t, e) != 0));
}

static const char *
see_end(void *arg, size_t count)
{
	struct run *r = arg;

	if (count != contents_count(r->c))
		abort();
	r->ended = true;
	return (heard(r, contents_end(r->c) != 0 ||
	    toc_check_end(r->t) != 0));
}

static int
see_line(void *arg, const char *line, size_t len)
{

	if (len == 0 || line[len - 1] != '\n')
		abort();
	*(size_t *)arg += len;
	return (0);
}

/* What was kept hangs together. */
static void
look(struct run *r)
{
	size_t sum = 0, i;
	char name[128];

	for (i = 0; i < contents_data_count(r->c); i++) {
		const struct contents_data *d = contents_data(r->c, i);
		size_t k;

		contents_describe(r->c, i, name, sizeof(name));
		sum += strlen(d->schema) + strlen(d->tag) + strlen(d->member);
		for (k = 1; k < d->loids; k++)
			if (contents_loids(r->c)[d->loids_from + k - 1] >
			    contents_loids(r->c)[d->loids_from + k])
				abort();
	}
	if (contents_list(r->c, see_line, &sum) != 0 || sum == 0)
		abort();
}

static uint64_t
check(const uint8_t *data, size_t size, size_t cut)
{
	static const struct archive_watch watch = { .all_sql = true,
	    .header = see_header, .entry = see_entry, .toc_end = see_end };
	struct finding_opts fopts = { .all = true, .most = 20 };
	struct contents_opts copts = { .all_names = true, .most = MEMORY_MAX };
	struct run r = { .f = findings_new(&fopts) };
	struct carrier_opts opts = { .watch = &watch, .watch_arg = &r };
	struct carrier *c = carrier_new(&opts);
	uint64_t found;

	r.c = contents_new(&copts);
	r.t = toc_check_new(r.c, r.f, MEMORY_MAX);
	if (r.f == NULL || c == NULL || r.t == NULL)
		abort();
	if (carrier_feed(c, data, cut) == 0)
		(void)carrier_feed(c, data + cut, size - cut);
	(void)carrier_end(c);
	if (contents_memory(r.c) > MEMORY_MAX + 65536 ||
	    toc_check_memory(r.t) > MEMORY_MAX + 65536)
		abort();
	if (r.ended && !r.full)
		look(&r);
	found = findings_errors(r.f) << 32 | findings_notes(r.f);
	carrier_free(c);
	toc_check_free(r.t);
	contents_free(r.c);
	findings_free(r.f);
	return (found);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t whole, parts;
	size_t cut;

	if (size < 2)
		return (0);
	cut = (size_t)(data[0] << 8 | data[1]);
	data += 2;
	size -= 2;
	quiet_begin();
	whole = check(data, size, size);
	parts = check(data, size, size == 0 ? 0 : cut % size);
	quiet_end();
	if (whole != parts)
		abort();
	return (0);
}
