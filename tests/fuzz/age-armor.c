/* SPDX-License-Identifier: ISC */
/*
 * Promise: no bytes make the reader of armor crash, what it says of them and
 * what it makes of them does not depend on how they were cut into pieces; and
 * it reads what pgb-encrypt writes.  The input is both, armor and contents.
 *
 * clang -D_GNU_SOURCE -Icommon -Icmd -g -O1 \
 *     -fsanitize=fuzzer,address,undefined tests/fuzz/age-armor.c \
 *     common/age/age-armor.c common/age/base64.c
 */
#include <stdlib.h>
#include <string.h>

#include "pump.h"

/* What it writes stays here. */
#define pump_emit	keep
static enum status keep(struct pump *, const void *, size_t);
#include "pgb-encrypt/armor.c"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct bytes {
	uint8_t *buf;
	size_t len, room;
};

static struct bytes written;

static int
put(void *arg, const uint8_t *buf, size_t len)
{
	struct bytes *b = arg;

	if (b->len + len > b->room) {
		b->room = 2 * (b->len + len);
		if ((b->buf = realloc(b->buf, b->room)) == NULL)
			abort();
	}
	if (len > 0)
		memcpy(b->buf + b->len, buf, len);
	b->len += len;
	return (0);
}

static enum status
keep(struct pump *p, const void *buf, size_t len)
{

	(void)p;
	put(&written, buf, len);
	return (STATUS_OK);
}

static int
run(struct age_armor *a, const uint8_t *data, size_t len, size_t step,
    struct bytes *out)
{
	size_t at, n;
	int rc = 0;

	memset(a, 0, sizeof(*a));
	memset(out, 0, sizeof(*out));
	a->sink = put;
	a->arg = out;
	for (at = 0; at < len && rc == 0; at += n) {
		n = len - at < step ? len - at : step;
		rc = age_armor_feed(a, data + at, n);
	}
	if (rc == 0)
		rc = age_armor_end(a);
	if ((rc == -1) != (a->why != NULL) || a->line_at > len)
		abort();
	return (rc);
}

static bool
same(const struct bytes *b, const uint8_t *data, size_t len)
{

	return (b->len == len && (len == 0 || memcmp(b->buf, data, len) == 0));
}

static void
read_armor(const uint8_t *data, size_t len)
{
	static const size_t steps[] = { 1, 7, 65 };
	struct age_armor whole, parts;
	struct bytes a, b;
	size_t i;
	int rc = run(&whole, data, len, len + 1, &a);

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (run(&parts, data, len, steps[i], &b) != rc ||
		    !same(&a, b.buf, b.len))
			abort();
		if (rc == -1 && (strcmp(whole.why, parts.why) != 0 ||
		    whole.line_at != parts.line_at ||
		    whole.stranger != parts.stranger))
			abort();
		free(b.buf);
	}
	free(a.buf);
}

static void
write_armor(const uint8_t *data, size_t len, size_t step)
{
	struct armor w = { .on = true };
	struct age_armor a;
	struct bytes b;
	size_t at, n, body = (len + 2) / 3 * 4;

	written.len = 0;
	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		if (armor_put(&w, NULL, data + at, n) != STATUS_OK)
			abort();
	}
	if (armor_end(&w, NULL) != STATUS_OK ||
	    written.len != 35 + body + (body + 63) / 64 + 33 ||
	    run(&a, written.buf, written.len, step, &b) == -1 ||
	    !same(&b, data, len))
		abort();
	free(b.buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{

	read_armor(data, len);
	write_armor(data, len, len + 1);
	write_armor(data, len, 1 + len % 61);
	return (0);
}
