/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "age/base64.h"
#include "armor.h"

#define LINES		64	/* written at a time */
#define LINE_ROOM	(AGE_ARMOR_LINE + 1)

/* One line, padded where it is the last; its characters and LF. */
static size_t
make_line(const uint8_t *in, size_t len, char *out)
{
	size_t n = BASE64_LEN(len);

	base64_encode(in, len, out);
	while (n % 4 != 0)
		out[n++] = '=';
	out[n++] = '\n';
	return (n);
}

static enum status
begin_armor(struct armor *a, struct pump *p)
{

	if (a->begun)
		return (STATUS_OK);
	a->begun = true;
	return (pump_emit(p, AGE_ARMOR_BEGIN "\n",
	    strlen(AGE_ARMOR_BEGIN "\n")));
}

enum status
armor_put(struct armor *a, struct pump *p, const uint8_t *buf, size_t len)
{
	char out[LINES * LINE_ROOM];
	enum status status;
	size_t n, used = 0;

	if (!a->on)
		return (pump_emit(p, buf, len));
	if ((status = begin_armor(a, p)) != STATUS_OK)
		return (status);
	while (len > 0) {
		n = sizeof(a->line) - a->len < len ?
		    sizeof(a->line) - a->len : len;
		memcpy(a->line + a->len, buf, n);
		a->len += n;
		buf += n;
		len -= n;
		if (a->len < sizeof(a->line))
			break;
		used += make_line(a->line, a->len, out + used);
		a->len = 0;
		if (used < sizeof(out))
			continue;
		if ((status = pump_emit(p, out, used)) != STATUS_OK)
			return (status);
		used = 0;
	}
	return (pump_emit(p, out, used));
}

enum status
armor_end(struct armor *a, struct pump *p)
{
	char out[LINE_ROOM + sizeof(AGE_ARMOR_END "\n")];
	enum status status;
	size_t n = 0;

	if (!a->on)
		return (STATUS_OK);
	if ((status = begin_armor(a, p)) != STATUS_OK)
		return (status);
	if (a->len > 0)
		n = make_line(a->line, a->len, out);
	memcpy(out + n, AGE_ARMOR_END "\n", strlen(AGE_ARMOR_END "\n"));
	return (pump_emit(p, out, n + strlen(AGE_ARMOR_END "\n")));
}
