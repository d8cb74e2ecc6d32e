/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/base64.h"

#define ROOM_FIRST	1024
#define LINE_BYTES	48	/* of a body: 64 characters */

void
age_text_wipe(struct age_text *t)
{

	if (t->buf != NULL)
		explicit_bzero(t->buf, t->room);
	free(t->buf);
	memset(t, 0, sizeof(*t));
}

/* Not realloc(): a message to a plugin may hold a file key. */
static int
grow(struct age_text *t, size_t need)
{
	size_t room = t->room == 0 ? ROOM_FIRST : t->room;
	uint8_t *buf;

	while (room < need)
		room *= 2;
	if ((buf = malloc(room)) == NULL)
		return (-1);
	if (t->buf != NULL) {
		memcpy(buf, t->buf, t->len);
		explicit_bzero(t->buf, t->room);
		free(t->buf);
	}
	t->buf = buf;
	t->room = room;
	return (0);
}

void
age_text_put(struct age_text *t, const void *p, size_t len)
{

	if (t->failed)
		return;
	if (t->len + len > t->room && grow(t, t->len + len) == -1) {
		t->failed = true;
		return;
	}
	memcpy(t->buf + t->len, p, len);
	t->len += len;
}

void
age_text_stanza(struct age_text *t, const char *const *args, size_t count,
    const uint8_t *body, size_t len)
{
	char line[BASE64_LEN(LINE_BYTES)];
	size_t i, n;

	age_text_put(t, "->", 2);
	for (i = 0; i < count; i++) {
		age_text_put(t, " ", 1);
		age_text_put(t, args[i], strlen(args[i]));
	}
	age_text_put(t, "\n", 1);
	do {
		n = len < LINE_BYTES ? len : LINE_BYTES;
		base64_encode(body, n, line);
		age_text_put(t, line, BASE64_LEN(n));
		age_text_put(t, "\n", 1);
		body += n;
		len -= n;
	} while (n == LINE_BYTES);
	explicit_bzero(line, sizeof(line));
}
