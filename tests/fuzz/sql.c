/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes that begin like a plain SQL dump make the carrier crash;
 * neither the verdict nor what a watcher is told depends on how they were cut
 * into pieces, nor the verdict on whether somebody watches.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/sql.c common/[a-z]*.c common/age/[a-z]*.c \
 *     -lisal -lz -lzstd -llz4 -ljansson -lsodium -lcrypto -lseccomp
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "carrier/carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char head[] = "--\n-- PostgreSQL database dump\n--\n\n";
static const char cluster[] = "--\n-- PostgreSQL database cluster dump\n--\n\n";
static const char tail[] = "--\n-- PostgreSQL database dump complete\n--\n\n";

/* What was told, as one number; pieces of rows count as if they were one. */
struct told {
	uint64_t sum;
	uint64_t rows_at;	/* where the rows go on */
	bool in_rows;
	uint64_t row_bytes;
	uint64_t object_at;	/* object to this byte of the rows; 0: never */
};

struct answer {
	enum carrier_verdict verdict;
	uint64_t sum;
	char why[640];
};

static void
add(struct told *t, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 0; len--)
		t->sum = (t->sum ^ *p++) * 0x100000001b3;
}

static const char *
name(void *arg, const char *text)
{
	add(arg, text, strlen(text) + 1);
	return (NULL);
}

static const char *
statement(void *arg, const char *text, uint64_t at)
{
	if (strlen(text) > 63 || text[0] == '\0')
		abort();
	add(arg, &at, sizeof(at));
	return (name(arg, text));
}

static const char *
copy(void *arg, const struct sql_copy *c)
{
	struct told *t = arg;

	if (t->in_rows || strlen(c->table) > 600)
		abort();
	t->in_rows = true;
	t->rows_at = 0;
	add(t, &c->columns, sizeof(c->columns));
	return (statement(t, "COPY", c->at));
}

static const char *
rows(void *arg, const uint8_t *buf, size_t len, uint64_t at)
{
	struct told *t = arg;

	if (!t->in_rows || len == 0 || (t->rows_at != 0 && t->rows_at != at))
		abort();
	if (t->rows_at == 0)
		add(t, &at, sizeof(at));
	t->rows_at = at + len;
	t->row_bytes += len;
	if (t->object_at > 0 && t->row_bytes >= t->object_at) {
		t->sum = 0;
		return ("objection");
	}
	add(t, buf, len);
	return (NULL);
}

static const char *
copy_end(void *arg, uint64_t at)
{
	struct told *t = arg;

	if (!t->in_rows || (t->rows_at != 0 && t->rows_at != at))
		abort();
	t->in_rows = false;
	return (statement(t, "\\.", at));
}

static const struct sql_watch watch = {
	.database = name, .encoding = name, .statement = statement,
	.copy = copy, .rows = rows, .copy_end = copy_end,
};

static struct answer
run(const uint8_t *data, size_t len, size_t step, bool watched)
{
	const uint8_t mode = len > 0 ? data[len - 1] : 0;
	struct told told = { .object_at = watched && (mode & 8) != 0 ?
	    mode >> 4 : 0 };
	const struct carrier_opts opts = { .sql_watch = &watch,
	    .sql_arg = &told };
	struct carrier *c = carrier_new(watched ? &opts : NULL);
	struct answer a;
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
	a.verdict = carrier_end(c);
	a.sum = told.sum;
	memset(a.why, 0, sizeof(a.why));
	strcpy(a.why, carrier_why(c));
	if (a.verdict != CARRIER_PROVEN && a.why[0] == '\0')
		abort();
	carrier_free(c);
	return (a);
}

static bool
same_verdict(const struct answer *a, const struct answer *b)
{
	return (a->verdict == b->verdict && strcmp(a->why, b->why) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 7, 70 };
	const struct answer whole = run(data, len, len + 1, true);
	const struct answer alone = run(data, len, len + 1, false);
	struct answer cut;
	size_t i;

	if (strstr(whole.why, "objection") == NULL &&
	    !same_verdict(&whole, &alone))
		abort();
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		cut = run(data, len, steps[i], true);
		if (!same_verdict(&whole, &cut) || whole.sum != cut.sum)
			abort();
	}
	return (0);
}
