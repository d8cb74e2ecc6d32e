/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes make the reader of age headers crash, and what it says of
 * them does not depend on how they were cut into pieces.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/age-header.c common/age/age-header.c \
 *     common/age/age-stanza.c common/age/base64.c
 */
#include <stdlib.h>
#include <string.h>

#include "age/age.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
run(struct age_header *h, const uint8_t *data, size_t len, size_t step,
    size_t *used)
{
	size_t at, n, took;
	uint8_t *piece;
	int rc = 0;

	memset(h, 0, sizeof(*h));
	*used = 0;
	for (at = 0; at < len && rc == 0; at += n) {
		n = len - at < step ? len - at : step;
		/* Of its own, so that a byte too far is seen. */
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, data + at, n);
		rc = age_header_feed(h, piece, n, &took);
		free(piece);
		if (rc == -1)
			continue;
		if (took > n || (rc == 0 && took != n))
			abort();
		*used += took;
	}
	return (rc);
}

static void
same(const struct age_header *a, const struct age_header *b, int rc)
{

	if (rc == -1 && (strcmp(a->why, b->why) != 0 || a->bad_at != b->bad_at
	    || a->stranger != b->stranger))
		abort();
	if (rc != 1)
		return;
	if (a->len != b->len || memcmp(a->raw, b->raw, a->len) != 0 ||
	    a->count != b->count || memcmp(a->stanzas, b->stanzas,
	    a->count * sizeof(*a->stanzas)) != 0 || a->mac_at != b->mac_at ||
	    memcmp(a->mac, b->mac, sizeof(a->mac)) != 0)
		abort();
}

static void
look(const struct age_header *h, const uint8_t *data, size_t used)
{
	const struct age_stanza *s;
	size_t i;

	if (h->len != used || memcmp(h->raw, data, used) != 0 ||
	    h->raw[used - 1] != '\n' || h->mac_at >= used ||
	    memcmp(h->raw + h->mac_at - 3, "--- ", 4) != 0 ||
	    h->count == 0 || h->count > AGE_STANZA_MAX)
		abort();
	for (i = 0; i < h->count; i++) {
		s = &h->stanzas[i];
		if (s->args_len == 0 || s->arg_count == 0 ||
		    s->arg_count > 1 + AGE_ARG_MAX || s->body_len == 0 ||
		    s->body_at != s->args_at + s->args_len + 1 ||
		    s->body_at + s->body_len > h->mac_at - 3)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 7, 61 };
	struct age_header whole, parts;
	size_t used, n, i;
	int rc;

	rc = run(&whole, data, len, len + 1, &used);
	if (rc == 1)
		look(&whole, data, used);
	if (rc == -1 && (whole.why[0] == '\0' || whole.bad_at > len))
		abort();
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (run(&parts, data, len, steps[i], &n) != rc ||
		    (rc != -1 && n != used))
			abort();
		same(&whole, &parts, rc);
		age_header_wipe(&parts);
	}
	age_header_wipe(&whole);
	return (0);
}
