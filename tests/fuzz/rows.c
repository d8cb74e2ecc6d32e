/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes make the checks of COPY text and of INSERT statements
 * crash, the answer does not depend on how they came in pieces, the quick ways
 * through rows say what the plain one says, and the sink is told the text.
 *
 * The first bytes: columns; encoding; 1 marked, 2 standard_conforming_strings;
 * two for the sizes of the pieces.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -Icmd/pgb-verify -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/rows.c
 */
#include <stdlib.h>
#include <string.h>

#include "pgb-verify/text/encoding.c"
#include "pgb-verify/text/rows-quick.c"
#include "pgb-verify/text/rows.c"
#include "pgb-verify/text/inserts.c"

#define HEAD_LEN	5

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct shape {
	size_t columns;
	const struct encoding *encoding;
	bool marked, plain_strings;
	size_t step[2];		/* pieces, by turns */
};

/* What the sink was told has to be the input from its start on. */
struct told {
	const uint8_t *want;
	size_t len;
};

static void
sink(void *arg, const uint8_t *buf, size_t len)
{
	struct told *t = arg;

	if (memcmp(t->want + t->len, buf, len) != 0)
		abort();
	t->len += len;
}

static void
same_fault(const struct rows_fault *a, const struct rows_fault *b)
{

	if (a->row != b->row || a->column != b->column || a->at != b->at ||
	    a->restore != b->restore || strcmp(a->what, b->what) != 0)
		abort();
}

static void
run_rows(struct rows *r, const struct shape *s, rows_run *quick, bool pieces,
    const uint8_t *data, size_t size)
{
	struct told told = { data, 0 };
	size_t at, n, turn = 0;

	rows_begin(r, s->columns, s->encoding, s->marked, sink, &told);
	if (s->columns > 0)
		r->run = quick;
	for (at = 0; at < size; at += n) {
		n = pieces ? s->step[turn++ % 2] : size;
		n = n < size - at ? n : size - at;
		rows_feed(r, data + at, n);
	}
	rows_end(r);
	if (r->at != size || told.len != r->bytes || r->bytes > size ||
	    size - r->bytes > 5 || r->count > size ||
	    (r->faults > 0) != (r->first.restore != NULL))
		abort();
}

static void
try_rows(const struct shape *s, const uint8_t *data, size_t size)
{
	rows_run *const ways[] = { NULL,
#ifdef __SSE2__
	    run_sse2,
#endif
	    rows_quick() };
	struct rows first, r;
	size_t i;

	run_rows(&first, s, NULL, false, data, size);
	for (i = 0; i < 2 * sizeof(ways) / sizeof(ways[0]); i++) {
		run_rows(&r, s, ways[i / 2], i % 2 == 1, data, size);
		if (r.count != first.count || r.bytes != first.bytes ||
		    r.faults != first.faults)
			abort();
		same_fault(&r.first, &first.first);
	}
}

static void
run_inserts(struct inserts *r, const struct shape *s, bool pieces,
    const uint8_t *data, size_t size)
{
	size_t at, n, turn = 0;

	inserts_begin(r, s->encoding, s->plain_strings);
	for (at = 0; at < size; at += n) {
		n = pieces ? s->step[turn++ % 2] : size;
		n = n < size - at ? n : size - at;
		inserts_feed(r, data + at, n);
	}
	inserts_end(r);
	if (r->bytes != size || r->at != size ||
	    (r->faults > 0) != (r->first.restore != NULL))
		abort();
}

static void
try_inserts(const struct shape *s, const uint8_t *data, size_t size)
{
	struct inserts whole, r;

	run_inserts(&whole, s, false, data, size);
	run_inserts(&r, s, true, data, size);
	if (r.count != whole.count || r.statements != whole.statements ||
	    r.faults != whole.faults)
		abort();
	same_fault(&r.first, &whole.first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct shape s;

	if (size < HEAD_LEN)
		return (0);
	s.columns = data[0] % 16;
	s.encoding = data[1] % (ENCODINGS + 1) == ENCODINGS ? NULL :
	    &encodings[data[1] % (ENCODINGS + 1)];
	s.marked = (data[2] & 1) != 0;
	s.plain_strings = (data[2] & 2) != 0;
	s.step[0] = 1 + data[3] % 80;
	s.step[1] = 1 + data[4] % 200;
	try_rows(&s, data + HEAD_LEN, size - HEAD_LEN);
	try_inserts(&s, data + HEAD_LEN, size - HEAD_LEN);
	return (0);
}
