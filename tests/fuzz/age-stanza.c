/* SPDX-License-Identifier: ISC */
/*
 * Promise: whatever stanzas stand in a header, what is asked of them comes to
 * an answer within their bounds, and what is written of it is the stanza that
 * was read.  The input is stanzas, with nothing around.
 *
 * clang -D_GNU_SOURCE -Icommon -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/age-stanza.c common/age/age-header.c \
 *     common/age/age-stanza.c common/age/age-write.c common/age/base64.c
 */
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* A last stanza, so that those before it are whole; and a MAC. */
#define LAST	"-> z\n\n"
#define MAC	"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

static int
feed(struct age_header *h, const void *p, size_t len)
{
	size_t used;

	return (age_header_feed(h, p, len, &used));
}

/* The body in memory of just its length; and not in less. */
static uint8_t *
body_of(const struct age_header *h, size_t i, size_t *len)
{
	size_t room = h->stanzas[i].body_len, n;
	uint8_t *big = malloc(room), *body;

	if (big == NULL || age_stanza_body(h, i, big, room, len) == -1 ||
	    *len > room || (body = malloc(*len > 0 ? *len : 1)) == NULL ||
	    age_stanza_body(h, i, body, *len, &n) == -1 || n != *len ||
	    memcmp(big, body, n) != 0)
		abort();
	if (n > 0 && age_stanza_body(h, i, big, n - 1, &n) == 0)
		abort();
	free(big);
	return (body);
}

/* Write it again: the form is the only one that there is. */
static void
again(const struct age_header *h, size_t i)
{
	const struct age_stanza *s = &h->stanzas[i];
	size_t k, n, len, from = s->args_at - 3;
	char *args[AGE_ARG_MAX + 1];
	struct age_text t = { 0 };
	const char *arg;
	uint8_t *body;

	for (k = 0; k < s->arg_count; k++) {
		if ((arg = age_stanza_arg(h, i, k, &n)) == NULL || n == 0 ||
		    (args[k] = strndup(arg, n)) == NULL)
			abort();
	}
	if (age_stanza_arg(h, i, k, &n) != NULL ||
	    age_stanza_arg(h, i, k + 1, &n) != NULL ||
	    !age_stanza_is(h, i, args[0]))
		abort();
	body = body_of(h, i, &len);
	age_text_stanza(&t, (const char *const *)args, s->arg_count, body,
	    len);
	if (t.failed || t.len != s->body_at + s->body_len - from ||
	    memcmp(t.buf, h->raw + from, t.len) != 0)
		abort();
	age_text_wipe(&t);
	free(body);
	while (k > 0)
		free(args[--k]);
}

/* Those that we know: malformed, or all that it should be. */
static void
known(const struct age_header *h, size_t i)
{
	uint8_t a[AGE_XWING_LEN], b[AGE_X25519_LEN], body[AGE_BODY_LEN];
	const char *type = age_stanza_malformed(h, i), *is = NULL;
	unsigned log_n = 0;
	int x25519, scrypt, ssh, xwing, rc = 0;

	x25519 = age_stanza_x25519(h, i, a, body);
	scrypt = age_stanza_scrypt(h, i, a, &log_n, body);
	if (scrypt == 0 && (log_n == 0 || log_n > 100))
		abort();
	ssh = age_stanza_ssh(h, i, a, b, body);
	xwing = age_stanza_xwing(h, i, a, body);
	if (age_stanza_is(h, i, is = "X25519"))
		rc = x25519;
	else if (age_stanza_is(h, i, is = "scrypt"))
		rc = scrypt;
	else if (age_stanza_is(h, i, is = "ssh-ed25519"))
		rc = ssh;
	else if (age_stanza_is(h, i, is = "mlkem768x25519"))
		rc = xwing;
	if ((type != NULL) != (rc == -1) ||
	    (type != NULL && strcmp(type, is) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct age_header h = { 0 };
	size_t i, whole;
	int rc;

	if (feed(&h, AGE_VERSION, strlen(AGE_VERSION)) != 0)
		abort();
	rc = feed(&h, data, len);
	if (rc == 0)
		rc = feed(&h, LAST, strlen(LAST));
	if (rc == 0)
		rc = feed(&h, MAC, strlen(MAC));
	whole = rc == 1 || h.count == 0 ? h.count : h.count - 1;
	for (i = 0; i < whole; i++) {
		again(&h, i);
		known(&h, i);
		if (rc == 1 && age_stanza_malformed(&h, i) != NULL)
			abort();
	}
	age_header_wipe(&h);
	return (0);
}
