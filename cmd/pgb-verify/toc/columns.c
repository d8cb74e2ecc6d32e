/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "toc/columns.h"
#include "toc/name.h"

#define GENERATED	"GENERATED ALWAYS AS ("
#define MARGIN		"\n    "

struct scan {
	const char *p, *end;
	const struct lex_opts *opts;
	struct hash hash;
	struct columns *out;
};

static bool
begins(const char *s, const char *with)
{
	return (strncmp(s, with, strlen(with)) == 0);
}

static void
add(struct scan *s, const struct name *n)
{

	hash_add(&s->hash, (const uint8_t *)n->s, n->len);
	hash_add(&s->hash, (const uint8_t *)",", 1);
	s->out->count++;
}

/* To the comma or the parenthesis that ends a column or constraint. */
static bool
skip_rest(struct scan *s, bool *generated)
{
	long depth = 0;
	char c;

	for (*generated = false; s->p != NULL && s->p < s->end;
	    s->p = lex_next(s->p, s->end, s->opts)) {
		c = *s->p;
		if (depth == 0 && (c == ',' || c == ')'))
			return (true);
		depth += (c == '(' || c == '[') - (c == ')' || c == ']');
		if (depth == 0 && begins(s->p, GENERATED))
			*generated = true;
	}
	return (false);
}

/* One line or more: a column begins with its name, a constraint with a
 * keyword. */
static bool
scan_element(struct scan *s)
{
	struct name n;
	const char *p = name_scan(s->p, &n);
	bool generated;

	if (p != NULL) {
		if (*p != ' ')
			return (false);
		s->p = p;
	} else if (*s->p < 'A' || *s->p > 'Z')
		return (false);
	if (!skip_rest(s, &generated))
		return (false);
	if (p != NULL && !generated)
		add(s, &n);
	return (true);
}

/* Behind the parenthesis, to the one that ends the list. */
static bool
scan_list(struct scan *s)
{

	if (begins(s->p, "\n)")) {
		s->p += 2;
		return (true);
	}
	for (;;) {
		if (!begins(s->p, MARGIN))
			return (false);
		s->p += sizeof(MARGIN) - 1;
		if (!scan_element(s))
			return (false);
		if (*s->p++ == ')')
			return (s->p[-2] == '\n');
	}
}

enum columns_found
columns_of_table(const char *sql, const struct lex_opts *opts,
    const uint8_t key[HASH_KEY], struct columns *out)
{
	struct scan s = { .opts = opts, .end = sql + strlen(sql), .out = out };
	struct name schema, table;
	const char *p = strstr(sql, "TABLE ");

	memset(out, 0, sizeof(*out));
	if (p == NULL || (p = name_scan_qualified(p + 6, &schema,
	    &table)) == NULL)
		return (COLUMNS_ODD);
	if (begins(p, " OF ") || begins(p, " PARTITION OF "))
		return (COLUMNS_OPEN);
	if (!begins(p, " ("))
		return (COLUMNS_ODD);
	s.p = p + 2;
	hash_begin(&s.hash, key);
	if (!scan_list(&s))
		return (COLUMNS_ODD);
	out->hash = hash_end(&s.hash);
	if (begins(s.p, "\nINHERITS ("))
		return (COLUMNS_OPEN);
	out->partitioned = begins(s.p, "\nPARTITION BY ");
	return (COLUMNS_ALL);
}

void
columns_of_copy(const char *list, const uint8_t key[HASH_KEY],
    struct columns *out)
{
	struct scan s = { .p = list, .out = out };
	struct name n;

	memset(out, 0, sizeof(*out));
	hash_begin(&s.hash, key);
	while (s.p != NULL && (s.p = name_scan(s.p, &n)) != NULL) {
		add(&s, &n);
		s.p = begins(s.p, ", ") ? s.p + 2 : NULL;
	}
	out->hash = hash_end(&s.hash);
}
