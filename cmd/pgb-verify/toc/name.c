/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "toc/name.h"

static bool
is_bare(char c, bool first)
{
	return ((c >= 'a' && c <= 'z') || c == '_' ||
	    (!first && c >= '0' && c <= '9'));
}

const char *
name_scan(const char *p, struct name *n)
{
	const char *from = p;

	if (*p == '"') {
		for (p++; *p != '\0'; p++) {
			if (*p != '"')
				continue;
			if (p[1] != '"')
				break;
			p++;
		}
		if (*p == '\0' || p == from + 1)
			return (NULL);
		p++;
	} else {
		while (is_bare(*p, p == from))
			p++;
		if (p == from)
			return (NULL);
	}
	n->s = from;
	n->len = (size_t)(p - from);
	return (p);
}

const char *
name_scan_qualified(const char *p, struct name *schema, struct name *n)
{

	schema->s = "";
	schema->len = 0;
	if ((p = name_scan(p, n)) == NULL || *p != '.')
		return (p);
	*schema = *n;
	return (name_scan(p + 1, n));
}

const char *
name_in(const struct name *n, const char *s)
{
	size_t i;

	if (n->len == 0 || n->s[0] != '"')
		return (strncmp(n->s, s, n->len) == 0 ? s + n->len : NULL);
	for (i = 1; i + 1 < n->len; i++, s++) {
		if (n->s[i] == '"')
			i++;
		if (*s != n->s[i])
			return (NULL);
	}
	return (s);
}

bool
name_is(const struct name *n, const char *s)
{
	const char *end = name_in(n, s);

	return (end != NULL && *end == '\0');
}

bool
name_ends(const struct name *n, const char *s)
{
	size_t i, len = n->len, have = strlen(s);

	if (n->len > 0 && n->s[0] == '"')
		for (len = 0, i = 1; i + 1 < n->len; i++, len++)
			if (n->s[i] == '"')
				i++;
	return (len <= have && name_is(n, s + have - len));
}
