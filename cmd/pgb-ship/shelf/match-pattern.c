/* SPDX-License-Identifier: ISC */
/* A pattern, as it was typed, becomes a row of tokens. */
#include <stdlib.h>
#include <string.h>

#include "dest-impl.h"
#include "msg.h"
#include "shelf/match-impl.h"
#include "shelf/match.h"

static void
put(struct match *m, const struct token *t)
{

	m->v[m->count++] = *t;
}

static void
put_byte(struct match *m, int c)
{

	put(m, &(struct token){ .kind = LITERAL, .byte = (char)c });
}

/* A conversion of strftime(3): 0, or -1 where names do not show its value. */
static int
put_conversion(struct match *m, char letter)
{
	static const char letters[] = "YmdHMSj";
	const char *p;

	if (letter == '%') {
		put_byte(m, '%');
		return (0);
	}
	if (letter == 'F') {
		(void)put_conversion(m, 'Y');
		put_byte(m, '-');
		(void)put_conversion(m, 'm');
		put_byte(m, '-');
		return (put_conversion(m, 'd'));
	}
	if (letter == '\0' || (p = strchr(letters, letter)) == NULL)
		return (-1);
	put(m, &(struct token){ .kind = FIELD, .byte = letter,
	    .field = (enum field)(p - letters) });
	return (0);
}

static int
put_word(struct match *m, const char *p, size_t len)
{
	static const struct { const char *word; struct token token; } words[] =
	{
		{ DEST_TIME, { .kind = TIME } },
		{ DEST_LATEST, { .kind = TIME } },
		{ DEST_DB, { .kind = WILD, .wild = WILD_DB } },
		{ DEST_HOST, { .kind = WILD, .wild = WILD_HOST } },
		{ DEST_SERVER, { .kind = WILD, .wild = WILD_SERVER } },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (len == strlen(words[i].word) &&
		    memcmp(p, words[i].word, len) == 0) {
			put(m, &words[i].token);
			return (0);
		}
	return (-1);
}

static bool
has_field(const struct match *m, enum field f)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (m->v[i].kind == TIME ||
		    (m->v[i].kind == FIELD && m->v[i].field == f))
			return (true);
	return (false);
}

static enum status
refuse(const char *name, const char *why, const char *hint)
{

	msg_error("%s: %s", name, why);
	msg_hint("%s", hint);
	return (STATUS_USAGE);
}

static enum status
parse(struct match *m, const char *p, bool url, const char *name)
{
	size_t n;
	int rc;

	for (; *p != '\0'; p += n) {
		n = 1;
		rc = 0;
		if (url && dest_percent(p) != -1) {
			put_byte(m, dest_percent(p));
			n = 3;
		} else if (*p == '%') {
			rc = put_conversion(m, p[1]);
			n = 2;
		} else if ((n = dest_word_len(p)) > 0)
			rc = put_word(m, p, n);
		else {
			put_byte(m, *p);
			n = 1;
		}
		if (rc == -1)
			return (refuse(name, *p == '%' ?
			    "a %-conversion that cannot be read back from "
			    "names" : "a {word} that is not known here",
			    "known: {time} {db} {server} {host}, "
			    "%Y %m %d %H %M %S %F %j"));
	}
	if (has_field(m, YEAR) && ((has_field(m, MONTH) &&
	    has_field(m, DAY)) || has_field(m, YDAY)))
		return (STATUS_OK);
	return (refuse(name, "no day in the pattern's last part",
	    "the age of a backup is read from its name: {time}, or %Y %m %d"));
}

struct match *
match_any(void)
{

	return (calloc(1, sizeof(struct match)));
}

struct match *
match_new(const char *pattern, bool url, const char *name,
    enum status *status)
{
	struct match *m;

	/* %F is two bytes, and five tokens. */
	if ((m = match_any()) == NULL || (m->v = calloc(
	    strlen(pattern) * 5 / 2 + 1, sizeof(*m->v))) == NULL) {
		msg_errno(name);
		*status = STATUS_LOCAL;
	} else
		*status = parse(m, pattern, url, name);
	if (*status == STATUS_OK)
		return (m);
	match_free(m);
	return (NULL);
}

void
match_free(struct match *m)
{

	if (m != NULL)
		free(m->v);
	free(m);
}
