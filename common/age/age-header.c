/* SPDX-License-Identifier: ISC */
/*
 * An age header is lines of text: the version, stanzas, the MAC.  It is kept as
 * it came, since the MAC is over the raw bytes, and each line is judged when
 * its LF is there.  A body is lines of 64 characters and a shorter one, perhaps
 * empty, that ends it: so nothing but the length tells where a body ends.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/base64.h"

#define BODY_COLUMNS	64
#define BODY_BYTES	48
#define MAC_PREFIX	"--- "
#define STANZA_PREFIX	"-> "
#define ROOM_FIRST	4096

enum { VERSION, STANZA, BODY, WHOLE };	/* what the next line may be */

void
age_header_wipe(struct age_header *h)
{

	free(h->raw);
	free(h->stanzas);
	memset(h, 0, sizeof(*h));
}

__attribute__((format(printf, 3, 4)))
static int
bad(struct age_header *h, size_t at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(h->why, sizeof(h->why), fmt, ap);
	va_end(ap);
	h->bad_at = at;
	return (-1);
}

/* The first line is judged byte by byte: what is not age is told at once. */
static int
check_version(struct age_header *h)
{
	size_t i, n = strlen(AGE_VERSION);

	for (i = 0; i < n && i < h->len; i++) {
		if (h->raw[i] == (uint8_t)AGE_VERSION[i])
			continue;
		if (i < strlen(AGE_MAGIC)) {
			h->stranger = true;
			return (bad(h, i, "not an age file"));
		}
		return (bad(h, i, "not version 1 of age"));
	}
	return (0);
}

static struct age_stanza *
add_stanza(struct age_header *h, size_t at)
{
	struct age_stanza *v;

	if (h->count == AGE_STANZA_MAX) {
		bad(h, at, "header: more than %d stanzas", AGE_STANZA_MAX);
		return (NULL);
	}
	if (h->count == h->stanza_room) {
		v = realloc(h->stanzas, (h->stanza_room + 16) * sizeof(*v));
		if (v == NULL) {
			h->no_memory = true;
			bad(h, at, "no memory for the header");
			return (NULL);
		}
		h->stanzas = v;
		h->stanza_room += 16;
	}
	v = &h->stanzas[h->count++];
	memset(v, 0, sizeof(*v));
	return (v);
}

/* "-> type arg arg" */
static int
stanza_line(struct age_header *h, size_t at, size_t len)
{
	const uint8_t *p = h->raw + at;
	struct age_stanza *s;
	size_t i;

	if ((s = add_stanza(h, at)) == NULL)
		return (-1);
	s->args_at = at + strlen(STANZA_PREFIX);
	s->args_len = len - strlen(STANZA_PREFIX);
	s->body_at = at + len + 1;
	s->arg_count = 1;
	for (i = strlen(STANZA_PREFIX); i < len; i++) {
		if (p[i] == ' ') {
			if (p[i - 1] == ' ' || i + 1 == len)
				break;
			s->arg_count++;
		} else if (p[i] < 33 || p[i] > 126)
			return (bad(h, at + i, "header: stanza %zu: byte %02x "
			    "in an argument", h->count, p[i]));
	}
	if (i < len || s->args_len == 0)
		return (bad(h, at + i, "header: stanza %zu: empty argument",
		    h->count));
	if (s->arg_count > 1 + AGE_ARG_MAX)
		return (bad(h, at, "header: stanza %zu: more than %d arguments",
		    h->count, AGE_ARG_MAX));
	h->state = BODY;
	return (0);
}

static int
body_line(struct age_header *h, size_t at, size_t len)
{
	struct age_stanza *s = &h->stanzas[h->count - 1];
	uint8_t out[BODY_BYTES];
	size_t n;

	if (len > 0 && h->raw[at] == '-')
		return (bad(h, at, "header: stanza %zu: its body does not end",
		    h->count));
	if (len > BODY_COLUMNS || base64_decode(h->raw + at, len, false, out,
	    sizeof(out), &n) == -1)
		return (bad(h, at, "header: stanza %zu: bad line in its body",
		    h->count));
	s->body_len = at + len + 1 - s->body_at;
	if (len < BODY_COLUMNS)
		h->state = STANZA;
	return (0);
}

/* What the page of the format wants checked before any key is tried. */
static int
check_stanzas(struct age_header *h)
{
	const char *type;
	size_t i;

	if (h->count == 0)
		return (bad(h, h->line_at, "header: no stanza"));
	for (i = 0; i < h->count; i++) {
		if (age_stanza_is(h, i, "scrypt") && h->count > 1)
			return (bad(h, h->stanzas[i].args_at, "header: a "
			    "passphrase beside another recipient"));
		if ((type = age_stanza_malformed(h, i)) != NULL)
			return (bad(h, h->stanzas[i].args_at,
			    "header: stanza %zu: malformed %s stanza",
			    i + 1, type));
	}
	return (0);
}

static int
mac_line(struct age_header *h, size_t at, size_t len)
{
	size_t skip = strlen(MAC_PREFIX), n;

	if (len != skip + BASE64_LEN(sizeof(h->mac)) ||
	    memcmp(h->raw + at, MAC_PREFIX, skip) != 0 ||
	    base64_decode(h->raw + at + skip, len - skip, false, h->mac,
	    sizeof(h->mac), &n) == -1 || n != sizeof(h->mac))
		return (bad(h, at, "header: malformed MAC line"));
	if (check_stanzas(h) == -1)
		return (-1);
	h->mac_at = at + skip - 1;
	h->state = WHOLE;
	return (0);
}

static int
take_line(struct age_header *h, size_t at, size_t len)
{

	if (h->state == VERSION) {
		h->state = STANZA;
		return (0);
	}
	if (h->state == BODY)
		return (body_line(h, at, len));
	if (len >= strlen(STANZA_PREFIX) && memcmp(h->raw + at, STANZA_PREFIX,
	    strlen(STANZA_PREFIX)) == 0)
		return (stanza_line(h, at, len));
	if (len >= 3 && memcmp(h->raw + at, MAC_PREFIX, 3) == 0)
		return (mac_line(h, at, len));
	return (bad(h, at, "header: a line that is neither stanza nor MAC"));
}

/* Append bytes of one line to what is kept. */
static int
keep(struct age_header *h, const uint8_t *buf, size_t len)
{
	size_t room;
	uint8_t *raw;

	if (len > AGE_HEADER_MAX - h->len)
		return (bad(h, AGE_HEADER_MAX, "header: longer than %d bytes",
		    AGE_HEADER_MAX));
	if (h->len + len > h->room) {
		room = h->room == 0 ? ROOM_FIRST : h->room;
		while (room < h->len + len)
			room *= 2;
		if ((raw = realloc(h->raw, room)) == NULL) {
			h->no_memory = true;
			return (bad(h, h->len, "no memory for the header"));
		}
		h->raw = raw;
		h->room = room;
	}
	memcpy(h->raw + h->len, buf, len);
	h->len += len;
	return (0);
}

int
age_header_feed(struct age_header *h, const uint8_t *buf, size_t len,
    size_t *used)
{
	const uint8_t *lf;
	size_t done, n;

	for (done = 0; done < len && h->state != WHOLE; done += n) {
		lf = memchr(buf + done, '\n', len - done);
		n = lf != NULL ? (size_t)(lf - (buf + done)) + 1 : len - done;
		if (keep(h, buf + done, n) == -1)
			return (-1);
		if (h->state == VERSION && check_version(h) == -1)
			return (-1);
		if (lf == NULL)
			continue;
		if (take_line(h, h->line_at, h->len - 1 - h->line_at) == -1)
			return (-1);
		h->line_at = h->len;
	}
	*used = done;
	return (h->state == WHOLE ? 1 : 0);
}
