/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "age/age.h"
#include "age/base64.h"

#define LOG_N_LARGE	100	/* more than two digits are over any limit */

bool
age_stanza_is(const struct age_header *h, size_t i, const char *type)
{
	size_t len;
	const char *p = age_stanza_arg(h, i, 0, &len);

	return (p != NULL && len == strlen(type) && memcmp(p, type, len) == 0);
}

const char *
age_stanza_arg(const struct age_header *h, size_t i, size_t k, size_t *len)
{
	const struct age_stanza *s = &h->stanzas[i];
	const char *p = (const char *)h->raw + s->args_at;
	const char *end = p + s->args_len, *blank;

	if (k >= s->arg_count)
		return (NULL);
	for (;; k--, p = blank + 1) {
		if ((blank = memchr(p, ' ', (size_t)(end - p))) == NULL)
			blank = end;
		if (k == 0)
			break;
	}
	*len = (size_t)(blank - p);
	return (p);
}

int
age_stanza_body(const struct age_header *h, size_t i, uint8_t *out,
    size_t room, size_t *len)
{
	const struct age_stanza *s = &h->stanzas[i];
	const uint8_t *p = h->raw + s->body_at, *end = p + s->body_len, *lf;
	size_t n, all = 0;

	for (; p < end; p = lf + 1) {
		if ((lf = memchr(p, '\n', (size_t)(end - p))) == NULL ||
		    base64_decode(p, (size_t)(lf - p), false, out + all,
		    room - all, &n) == -1)
			return (-1);
		all += n;
	}
	*len = all;
	return (0);
}

/* An argument, or a body, of just so many bytes. */
static int
get(const struct age_header *h, size_t i, size_t k, uint8_t *out, size_t len)
{
	const char *p;
	size_t n;

	if ((p = age_stanza_arg(h, i, k, &n)) == NULL ||
	    base64_decode((const uint8_t *)p, n, false, out, len, &n) == -1)
		return (-1);
	return (n == len ? 0 : -1);
}

static int
get_body(const struct age_header *h, size_t i, uint8_t body[AGE_BODY_LEN])
{
	size_t n;

	if (age_stanza_body(h, i, body, AGE_BODY_LEN, &n) == -1)
		return (-1);
	return (n == AGE_BODY_LEN ? 0 : -1);
}

int
age_stanza_x25519(const struct age_header *h, size_t i,
    uint8_t share[AGE_X25519_LEN], uint8_t body[AGE_BODY_LEN])
{

	if (h->stanzas[i].arg_count != 2 ||
	    get(h, i, 1, share, AGE_X25519_LEN) == -1)
		return (-1);
	return (get_body(h, i, body));
}

int
age_stanza_scrypt(const struct age_header *h, size_t i,
    uint8_t salt[AGE_SALT_LEN], unsigned *log_n, uint8_t body[AGE_BODY_LEN])
{
	const char *p;
	size_t len, k;

	if (h->stanzas[i].arg_count != 3 ||
	    get(h, i, 1, salt, AGE_SALT_LEN) == -1 ||
	    (p = age_stanza_arg(h, i, 2, &len)) == NULL || p[0] == '0')
		return (-1);
	for (*log_n = 0, k = 0; k < len; k++) {
		if (p[k] < '0' || p[k] > '9')
			return (-1);
		if (k < 2)
			*log_n = *log_n * 10 + (unsigned)(p[k] - '0');
	}
	if (len > 2)
		*log_n = LOG_N_LARGE;
	return (get_body(h, i, body));
}

int
age_stanza_ssh(const struct age_header *h, size_t i,
    uint8_t tag[AGE_SSH_TAG_LEN], uint8_t share[AGE_X25519_LEN],
    uint8_t body[AGE_BODY_LEN])
{

	if (h->stanzas[i].arg_count != 3 ||
	    get(h, i, 1, tag, AGE_SSH_TAG_LEN) == -1 ||
	    get(h, i, 2, share, AGE_X25519_LEN) == -1)
		return (-1);
	return (get_body(h, i, body));
}

int
age_stanza_xwing(const struct age_header *h, size_t i,
    uint8_t enc[AGE_XWING_LEN], uint8_t body[AGE_BODY_LEN])
{

	if (h->stanzas[i].arg_count != 2 ||
	    get(h, i, 1, enc, AGE_XWING_LEN) == -1)
		return (-1);
	return (get_body(h, i, body));
}

const char *
age_stanza_malformed(const struct age_header *h, size_t i)
{
	uint8_t a[AGE_XWING_LEN], b[AGE_X25519_LEN], body[AGE_BODY_LEN];
	unsigned log_n;

	if (age_stanza_is(h, i, "X25519"))
		return (age_stanza_x25519(h, i, a, body) == -1 ? "X25519" :
		    NULL);
	if (age_stanza_is(h, i, "scrypt"))
		return (age_stanza_scrypt(h, i, a, &log_n, body) == -1 ?
		    "scrypt" : NULL);
	if (age_stanza_is(h, i, "ssh-ed25519"))
		return (age_stanza_ssh(h, i, a, b, body) == -1 ?
		    "ssh-ed25519" : NULL);
	if (age_stanza_is(h, i, "mlkem768x25519"))
		return (age_stanza_xwing(h, i, a, body) == -1 ?
		    "mlkem768x25519" : NULL);
	return (NULL);
}
