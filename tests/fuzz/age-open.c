/* SPDX-License-Identifier: ISC */
/*
 * Promise: no file makes the opener crash; what it says of one, and what it
 * makes of it, depends neither on how it was cut into pieces nor on the number
 * of threads.  The input is a file with marks: mold.h.
 *
 * clang -D_GNU_SOURCE -Icommon -Itests -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/age-open.c \
 *     common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include "age/age-open.h"
#include "fuzz/mold.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define WORK_MAX	4

/* What a file comes to. */
struct answer {
	enum age_fault fault;
	char why[AGE_WHY_LEN];
	uint64_t at;
	uint64_t len;		/* of the plaintext */
	uint64_t sum;
};

static struct identities *ids;

/* An age key, an SSH key and a passphrase. */
static void
begin(void)
{
	struct passphrase_source from = { .fd = -1 };
	char path[64], pass[64];
	int fd, pass_fd;

	if (mold_keys.cipher == NULL)
		mold_init();
	pass_fd = quiet_file(MOLD_PASS, strlen(MOLD_PASS), pass);
	from.file = pass;
	mold_must((ids = identities_new(&from)) != NULL);
	identities_set_work(ids, WORK_MAX);
	fd = quiet_file(mold_keys.identity.text, mold_keys.identity.len, path);
	mold_must(identities_load(ids, path, 0) == STATUS_OK);
	close(fd);
	fd = quiet_file(mold_keys.private.text, mold_keys.private.len, path);
	mold_must(identities_load(ids, path, 0) == STATUS_OK &&
	    identities_ask(ids) == STATUS_OK);
	close(fd);
	close(pass_fd);
}

static int
sum(void *arg, const uint8_t *buf, size_t len)
{
	struct answer *a = arg;
	size_t i;

	for (i = 0; i < len; i++)
		a->sum = a->sum * 31 + buf[i];
	a->len += len;
	return (0);
}

/* The next bytes, step at most; into the opener's own memory, if asked. */
static int
feed(struct age_opener *o, const uint8_t *buf, size_t *len, bool room)
{
	uint8_t *to;
	size_t n;

	if (!room || (to = age_opener_room(o, &n)) == NULL)
		return (age_opener_feed(o, buf, *len));
	mold_must(n > 0);
	if (*len > n)
		*len = n;
	memcpy(to, buf, *len);
	return (age_opener_feed(o, to, *len));
}

static struct answer
run(const uint8_t *file, size_t len, size_t step, unsigned threads, bool room)
{
	struct answer a = { .fault = AGE_FINE };
	struct age_opener *o = age_opener_new(ids, threads, sum,
	    NULL, &a);
	size_t at, n;
	int rc = 0;

	mold_must(o != NULL);
	for (at = 0; at < len && rc == 0; at += n) {
		n = len - at < step ? len - at : step;
		rc = feed(o, file + at, &n, room);
	}
	if (rc == 0)
		rc = age_opener_end(o);
	a.fault = age_opener_fault(o);
	mold_must((rc == 0) == (a.fault == AGE_FINE));
	/* It stays so. */
	mold_must(rc == 0 || (age_opener_feed(o, file, len) == -1 &&
	    age_opener_end(o) == -1 && age_opener_fault(o) == a.fault));
	if (rc == -1) {
		a.at = age_opener_wrong(o)->at;
		snprintf(a.why, sizeof(a.why), "%s", age_opener_wrong(o)->why);
		mold_must(a.why[0] != '\0' && a.at <= len + AGE_HEADER_MAX);
		mold_must(a.fault != AGE_TOLD && a.fault != AGE_STOPPED);
	}
	age_opener_free(o);
	return (a);
}

static bool
same(const struct answer *a, const struct answer *b)
{

	return (a->fault == b->fault && strcmp(a->why, b->why) == 0 &&
	    a->at == b->at && a->len == b->len && a->sum == b->sum);
}

static void
tell(const char *name, const struct answer *a)
{

	fprintf(stderr, "%s: fault %d, %s, at %llu; %llu bytes\n", name,
	    (int)a->fault, a->why, (unsigned long long)a->at,
	    (unsigned long long)a->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer one, other;
	size_t len, i;
	uint8_t *file = mold(data, size, &len);
	const struct {
		size_t step;
		unsigned threads;
		bool room;
	} ways[] = {
		{ len < 4096 ? 1 : 4093, 1, false },
		{ len < 4096 ? 13 : 65537, 2, true },
	};

	if (ids == NULL)
		begin();
	one = run(file, len, len + 1, 1, false);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		other = run(file, len, ways[i].step, ways[i].threads,
		    ways[i].room);
		if (same(&one, &other))
			continue;
		tell("whole", &one);
		tell(ways[i].threads == 1 ? "in pieces" : "two threads",
		    &other);
		abort();
	}
	free(file);
	return (0);
}
