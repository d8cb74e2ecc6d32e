/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "filter.h"
#include "fdio.h"
#include "msg.h"

/* The text, and how far it was read. */
struct reader {
	struct filter *f;
	const char *at, *end;
	unsigned line;
	char *pattern;		/* being put together */
	size_t len;
};

static const struct kind {
	const char *type;
	const char *include, *exclude;	/* NULL: not allowed */
	int since;			/* of either option */
} kinds[] = {
	{ "table", "--table", "--exclude-table", 0 },
	{ "table_and_children", "--table-and-children",
	    "--exclude-table-and-children", 160000 },
	{ "table_data", NULL, "--exclude-table-data", 0 },
	{ "table_data_and_children", NULL,
	    "--exclude-table-data-and-children", 160000 },
	{ "schema", "--schema", "--exclude-schema", 0 },
	{ "foreign_data", "--include-foreign-data", NULL, 130000 },
	{ "extension", "--extension", "--exclude-extension", 140000 },
	/* Words of pg_dumpall's and pg_restore's rules. */
	{ "database", NULL, NULL, 0 },
	{ "function", NULL, NULL, 0 },
	{ "index", NULL, NULL, 0 },
	{ "trigger", NULL, NULL, 0 },
};

#define EXCLUDE_EXTENSION	170000	/* is younger than --extension */

__attribute__((format(printf, 3, 4)))
static enum status
complain(const struct filter *f, unsigned line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	msg_error("%s: line %u: %s", f->name, line, text);
	return (STATUS_USAGE);
}

static bool
at_blank(const struct reader *r)
{

	return (r->at < r->end && *r->at != '\n' &&
	    isspace((unsigned char)*r->at));
}

static bool
at_line_end(const struct reader *r)
{

	return (r->at == r->end || *r->at == '\n');
}

static void
skip_blanks(struct reader *r)
{

	while (at_blank(r))
		r->at++;
}

static void
skip_line(struct reader *r)
{

	while (!at_line_end(r))
		r->at++;
	if (r->at < r->end)
		r->at++;
	r->line++;
}

/* The next word of a line, cut to fit in buf; empty at the line's end. */
static void
take_word(struct reader *r, char *buf, size_t len)
{
	size_t n = 0;

	skip_blanks(r);
	while (!at_line_end(r) && !at_blank(r)) {
		if (n + 1 < len)
			buf[n++] = *r->at;
		r->at++;
	}
	buf[n] = '\0';
}

/* The pattern has room for the rest of the text and a blank a piece. */
static void
put(struct reader *r, char c)
{

	r->pattern[r->len++] = c;
}

/*
 * A quoted name goes on over line ends; "" is a quote in it, and it stays
 * quoted for pg_dump.
 */
static enum status
take_quoted(struct reader *r)
{
	unsigned begins = r->line;

	put(r, *r->at++);
	for (;;) {
		if (r->at == r->end)
			return (complain(r->f, begins, "the quoted name has "
			    "no end"));
		if (*r->at == '\r' && r->end - r->at > 1 && r->at[1] == '\n') {
			r->at++;
			continue;
		}
		if (*r->at == '\n')
			r->line++;
		if (*r->at == '\\' && r->end - r->at > 1 &&
		    (r->at[1] == 'n' || r->at[1] == '\\')) {
			put(r, r->at[1] == 'n' ? '\n' : '\\');
			r->at += 2;
			continue;
		}
		put(r, *r->at);
		if (*r->at++ != '"')
			continue;
		if (r->at == r->end || *r->at != '"')
			return (STATUS_OK);
		put(r, *r->at++);
	}
}

/*
 * Up to the line's end or a comment.  Blanks count as one between two words
 * and as none beside a separator: that is how the server writes names, and
 * patterns are compared with what it writes.
 */
static enum status
take_pattern(struct reader *r)
{
	enum status status;
	bool glue = true, blank = false;

	r->len = 0;
	for (; !at_line_end(r) && *r->at != '#'; blank = true) {
		if (at_blank(r)) {
			skip_blanks(r);
			continue;
		}
		for (; !at_line_end(r) && !at_blank(r) && *r->at != '#';
		    blank = false) {
			if (strchr(".,()", *r->at) != NULL) {
				put(r, *r->at);
				if (*r->at++ == ',')
					put(r, ' ');
				glue = true;
				continue;
			}
			if (blank && !glue)
				put(r, ' ');
			glue = false;
			if (*r->at != '"') {
				put(r, *r->at++);
				continue;
			}
			if ((status = take_quoted(r)) != STATUS_OK)
				return (status);
		}
	}
	r->pattern[r->len] = '\0';
	return (STATUS_OK);
}

static const struct kind *
find_kind(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcasecmp(type, kinds[i].type) == 0)
			return (&kinds[i]);
	return (NULL);
}

static enum status
add_rule(struct reader *r, const struct kind *k, bool include, unsigned line)
{
	struct filter *f = r->f;
	struct filter_rule *rules, *rule;

	rules = realloc(f->rules, (f->count + 1) * sizeof(*rules));
	if (rules == NULL)
		goto fail;
	f->rules = rules;
	rule = &rules[f->count];
	rule->option = include ? k->include : k->exclude;
	rule->type = k->type;
	rule->line = line;
	rule->since = k->since;
	if (!include && strcmp(k->type, "extension") == 0)
		rule->since = EXCLUDE_EXTENSION;
	if ((rule->pattern = strdup(r->pattern)) == NULL)
		goto fail;
	f->count++;
	return (STATUS_OK);
fail:
	msg_errno(f->name);
	return (STATUS_LOCAL);
}

/* One rule; the line is not empty. */
static enum status
take_rule(struct reader *r)
{
	const struct kind *k;
	enum status status;
	char word[64];
	unsigned line = r->line;
	bool include;

	take_word(r, word, sizeof(word));
	include = strcasecmp(word, "include") == 0;
	if (!include && strcasecmp(word, "exclude") != 0)
		return (complain(r->f, line, "%s: a rule begins with include "
		    "or exclude", word));
	take_word(r, word, sizeof(word));
	if (word[0] == '\0')
		return (complain(r->f, line, "the type of object is missing"));
	if ((k = find_kind(word)) == NULL)
		return (complain(r->f, line, "%s: not a type of object that "
		    "has rules", word));
	if ((include ? k->include : k->exclude) == NULL)
		return (complain(r->f, line, "%s %s: a dump has no such rule",
		    include ? "include" : "exclude", k->type));
	skip_blanks(r);
	if ((status = take_pattern(r)) != STATUS_OK)
		return (status);
	if (r->len == 0)
		return (complain(r->f, line, "the pattern is missing"));
	return (add_rule(r, k, include, line));
}

enum status
filter_parse(struct filter *f, const char *text, size_t len)
{
	struct reader r = { .f = f, .at = text, .end = text + len, .line = 1 };
	enum status status = STATUS_OK;

	if (memchr(text, '\0', len) != NULL) {
		msg_error("%s: not a text: it holds a zero byte", f->name);
		return (STATUS_USAGE);
	}
	/* At worst every byte is a comma, or follows a blank. */
	if ((r.pattern = malloc(2 * len + 1)) == NULL) {
		msg_errno(f->name);
		return (STATUS_LOCAL);
	}
	while (r.at < r.end && status == STATUS_OK) {
		skip_blanks(&r);
		if (!at_line_end(&r) && *r.at != '#')
			status = take_rule(&r);
		if (status == STATUS_OK)
			skip_line(&r);
	}
	free(r.pattern);
	return (status);
}

/* All of stdin, as fd_slurp() gives a file. */
static char *
slurp_stdin(size_t *len)
{
	char *text;
	ssize_t n;

	if ((text = malloc(FILTER_MAX + 1)) == NULL)
		return (NULL);
	n = fd_read_full(STDIN_FILENO, text, FILTER_MAX + 1);
	if (n == -1 || (size_t)n > FILTER_MAX) {
		if (n != -1)
			errno = EFBIG;
		free(text);
		return (NULL);
	}
	*len = (size_t)n;
	return (text);
}

enum status
filter_read(struct filter *f, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	enum status status;
	size_t len;
	char *text;

	if (asprintf(&f->name, "--filter: %s", is_stdin ? "stdin" : path) ==
	    -1) {
		f->name = NULL;
		msg_errno("--filter");
		return (STATUS_LOCAL);
	}
	text = is_stdin ? slurp_stdin(&len) : fd_slurp(path, FILTER_MAX, &len);
	if (text == NULL) {
		if (errno == EINTR)
			return (STATUS_LOCAL);
		if (is_stdin && errno == EBADF)
			msg_error("%s is closed", f->name);
		else
			msg_errno(f->name);
		return (is_stdin ? STATUS_LOCAL : STATUS_USAGE);
	}
	status = filter_parse(f, text, len);
	free(text);
	if (status == STATUS_OK && f->count == 0)
		msg_warning("%s: no rule in it: everything is dumped", f->name);
	return (status);
}

enum status
filter_options(const struct filter *f, int version, struct opt_list *list)
{
	const struct filter_rule *rule;
	char *word;
	size_t i;

	for (i = 0; i < f->count; i++) {
		rule = &f->rules[i];
		if (version < rule->since)
			return (complain(f, rule->line, "%s %s: pg_dump has "
			    "that from version %d on, and this is %d",
			    strstr(rule->option, "exclude") != NULL ?
			    "exclude" : "include", rule->type,
			    rule->since / 10000, version / 10000));
		if (asprintf(&word, "%s=%s", rule->option, rule->pattern) ==
		    -1 || opt_list_add(list, word) == -1) {
			msg_errno(f->name);
			return (STATUS_LOCAL);
		}
	}
	return (STATUS_OK);
}

void
filter_free(struct filter *f)
{
	size_t i;

	for (i = 0; i < f->count; i++)
		free(f->rules[i].pattern);
	free(f->rules);
	free(f->name);
	memset(f, 0, sizeof(*f));
}
