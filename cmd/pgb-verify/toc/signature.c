/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "toc/signature.h"

/* The comma or parenthesis behind an argument without a default; NULL where
 * there is none. */
static const char *
argument(const char *p)
{
	bool quoted = false;
	long depth = 0;

	for (; *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (quoted)
			continue;
		if (depth == 0 && (*p == ',' || *p == ')'))
			return (p);
		depth += (*p == '(') - (*p == ')');
	}
	return (NULL);
}

/* At a comma: the next argument; at the end: that. */
static const char *
behind(const char *p)
{
	return (strncmp(p, ", ", 2) == 0 ? p + 2 : p);
}

/* "a integer" is an argument of type "integer". */
static bool
has_type(const char *arg, size_t len, const char *type, size_t type_len)
{
	return (len >= type_len &&
	    memcmp(arg + len - type_len, type, type_len) == 0 &&
	    (len == type_len || arg[len - type_len - 1] == ' '));
}

/* Behind both lists. */
static bool
at_end(const char *tag, const char *drop)
{
	return (strcmp(tag, ")") == 0 && strcmp(drop, ");\n") == 0);
}

bool
signature_types_agree(const char *tag, const char *drop)
{
	const char *tag_end, *drop_end;

	for (;;) {
		if ((drop_end = argument(drop)) == NULL)
			return (false);
		if (strncmp(drop, "OUT ", 4) == 0) {
			drop = behind(drop_end);
		} else if ((tag_end = argument(tag)) == NULL ||
		    !has_type(drop, (size_t)(drop_end - drop), tag,
		    (size_t)(tag_end - tag))) {
			return (false);
		} else {
			tag = behind(tag_end);
			drop = behind(drop_end);
		}
		if (*drop == ')' || *drop == ',')
			return (at_end(tag, drop));
	}
}

/* Behind a default. */
static const char *
skip_default(const char *p, const struct lex_opts *opts)
{
	const char *end = p + strlen(p);
	long depth = 0;

	while (p != NULL && p < end) {
		if (depth == 0 && (*p == ',' || *p == ')'))
			return (p);
		depth += (*p == '(' || *p == '[') - (*p == ')' || *p == ']');
		p = lex_next(p, end, opts);
	}
	return (NULL);
}

bool
signature_defaults_agree(const char *drop, const char *create,
    const struct lex_opts *opts)
{
	static const char word[] = " DEFAULT ";
	const char *end;
	size_t len;

	for (;;) {
		if ((end = argument(drop)) == NULL)
			return (false);
		len = (size_t)(end - drop);
		if (strncmp(create, drop, len) != 0)
			return (false);
		create += len;
		if (strncmp(create, word, sizeof(word) - 1) == 0 &&
		    (create = skip_default(create + sizeof(word) - 1,
		    opts)) == NULL)
			return (false);
		if (*create != *end)
			return (false);
		if (*end == ')')
			return (true);
		drop = behind(end);
		create = behind(create);
	}
}
