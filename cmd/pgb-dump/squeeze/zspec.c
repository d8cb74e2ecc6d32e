/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <zstd.h>

#include "msg.h"
#include "zspec.h"

#define METHODS_SINCE	160000	/* pg_dump that knows more than gzip */
#define METHODS_MINOR	15	/* and the archives it writes: 1.15 */

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	enum archive_compression method;
} methods[] = {
	{ "none", ARCHIVE_NONE },
	{ "gzip", ARCHIVE_GZIP },
	{ "lz4", ARCHIVE_LZ4 },
	{ "zstd", ARCHIVE_ZSTD },
};

/* What has been read: as pg_dump has it, before it is judged. */
struct parse {
	enum archive_compression method;
	bool has_level, has_long, has_workers;
	bool long_window;
	int level;
};

static const char *
name_of(enum archive_compression method)
{
	size_t i;

	for (i = 0; i < COUNT(methods); i++)
		if (methods[i].method == method)
			return (methods[i].name);
	return ("");
}

/* A whole number as strtol(3) reads it, blanks in front and sign included. */
static bool
number(const char *text, int *out)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < INT_MIN ||
	    n > INT_MAX)
		return (false);
	*out = (int)n;
	return (true);
}

static bool
boolean(const char *text, bool *out)
{
	static const char *const yes[] = { "yes", "on", "1" };
	static const char *const no[] = { "no", "off", "0" };
	size_t i;

	for (i = 0; i < COUNT(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0 ||
		    strcasecmp(text, no[i]) == 0) {
			*out = strcasecmp(text, yes[i]) == 0;
			return (true);
		}
	}
	return (false);
}

/* One word of a detail, its value or NULL: NULL, or what is wrong. */
static const char *
parse_word(const char *word, const char *value, struct parse *p)
{
	int n;

	if (strcmp(word, "level") == 0) {
		p->has_level = true;
		return (value != NULL && number(value, &p->level) ? NULL :
		    "level= takes a whole number");
	}
	if (strcmp(word, "workers") == 0) {
		p->has_workers = true;
		return (value != NULL && number(value, &n) ? NULL :
		    "workers= takes a whole number");
	}
	if (strcmp(word, "long") == 0) {
		p->has_long = p->long_window = true;
		return (value == NULL || boolean(value, &p->long_window) ?
		    NULL : "long= takes yes or no");
	}
	return (word[0] == '\0' ? "a word is missing in the detail" :
	    "unknown word in the detail (known: level=, long, workers=)");
}

/* What stands behind the colon; it is written into. */
static const char *
parse_detail(char *detail, struct parse *p)
{
	const char *wrong = NULL;
	char *word, *value;

	if (number(detail, &p->level)) {
		p->has_level = true;
		return (NULL);
	}
	while (wrong == NULL && detail != NULL) {
		word = detail;
		if ((detail = strchr(word, ',')) != NULL)
			*detail++ = '\0';
		if ((value = strchr(word, '=')) != NULL)
			*value++ = '\0';
		wrong = parse_word(word, value, p);
	}
	return (wrong);
}

/* The whole of it, which is written into. */
static const char *
parse_text(char *text, struct parse *p)
{
	char *detail;
	size_t i;
	int n;

	/* pg_dump takes an empty word for 0; so do we. */
	if (text[0] == '\0' || number(text, &n)) {
		p->method = ARCHIVE_NONE;
		if (text[0] != '\0' && n != 0) {
			p->method = ARCHIVE_GZIP;
			p->has_level = true;
			p->level = n;
		}
		return (NULL);
	}
	if ((detail = strchr(text, ':')) != NULL)
		*detail++ = '\0';
	for (i = 0; strcmp(methods[i].name, text) != 0; )
		if (++i == COUNT(methods))
			return ("unknown method (known: none, gzip, lz4, "
			    "zstd)");
	p->method = methods[i].method;
	return (detail != NULL ? parse_detail(detail, p) : NULL);
}

/* Whether it makes sense; the values that mean "no level" become that. */
static const char *
judge(struct parse *p)
{

	switch (p->method) {
	case ARCHIVE_NONE:
		if (p->has_level && p->level != 0)
			return ("none has no levels");
		p->has_level = false;
		break;
	case ARCHIVE_GZIP:
		p->has_level = p->has_level && p->level != -1;
		if (p->has_level && (p->level < 1 || p->level > 9))
			return ("gzip has levels 1 to 9");
		break;
	case ARCHIVE_LZ4:
		p->has_level = p->has_level && p->level != 0;
		if (p->has_level && (p->level < 1 || p->level > 12))
			return ("lz4 has levels 1 to 12");
		break;
	case ARCHIVE_ZSTD:
		if (p->has_level && (p->level < ZSTD_minCLevel() ||
		    p->level > ZSTD_maxCLevel()))
			return ("zstd has levels 1 to 22, and negative ones");
		break;
	}
	if (p->has_workers && p->method != ARCHIVE_ZSTD)
		return ("only zstd takes workers=");
	if (p->has_long && p->method != ARCHIVE_ZSTD)
		return ("only zstd takes long");
	return (NULL);
}

enum status
zspec_parse(const char *text, struct zspec *z)
{
	struct parse p = { .method = ARCHIVE_GZIP };
	const char *wrong;
	char copy[256];

	if (strlen(text) < sizeof(copy)) {
		memcpy(copy, text, strlen(text) + 1);
		wrong = parse_text(copy, &p);
	} else
		wrong = "too long";
	if (wrong == NULL)
		wrong = judge(&p);
	if (wrong != NULL) {
		msg_error("--compress=%s: %s", text, wrong);
		msg_hint("0 to 9, none, gzip[:LEVEL], lz4[:LEVEL], "
		    "zstd[:LEVEL] or zstd:level=LEVEL,long");
		return (STATUS_USAGE);
	}
	if (p.has_workers)
		msg_warning("--compress=%s: workers has no effect: all "
		    "sessions compress at the same time, see --jobs", text);
	*z = (struct zspec){ p.method, p.has_level ? p.level : ZSPEC_DEFAULT,
	    p.long_window, true };
	return (STATUS_OK);
}

static bool
fits(const struct zspec *z, int version, int minor)
{
	return (z->method == ARCHIVE_NONE || z->method == ARCHIVE_GZIP ||
	    (version >= METHODS_SINCE &&
	    (minor == 0 || minor >= METHODS_MINOR)));
}

enum status
zspec_fit(const struct zspec *z, int version, int minor)
{
	const char *name = name_of(z->method);

	if (fits(z, version, minor))
		return (STATUS_OK);
	if (version < METHODS_SINCE)
		msg_error("--compress=%s: archives of pg_dump %d can only be "
		    "gzip or none", name, version / 10000);
	else
		msg_error("--compress=%s: archives of format 1.%d can only be "
		    "gzip or none", name, minor);
	msg_hint("leave it out; or --compress=none, and %s as a filter behind",
	    name);
	return (STATUS_USAGE);
}

int
zspec_word(const struct zspec *z, int version, char word[ZSPEC_WORD])
{
	bool level = z->level != ZSPEC_DEFAULT;

	word[0] = '\0';
	if (!fits(z, version, 0))
		return (-1);
	if (!z->given)
		return (0);
	if (version < METHODS_SINCE) {
		if (z->method == ARCHIVE_NONE)
			snprintf(word, ZSPEC_WORD, "--compress=0");
		else if (level)
			snprintf(word, ZSPEC_WORD, "--compress=%d", z->level);
		return (0);
	}
	snprintf(word, ZSPEC_WORD, "--compress=%s", name_of(z->method));
	if (level)
		snprintf(word + strlen(word), ZSPEC_WORD - strlen(word),
		    ":level=%d", z->level);
	if (z->long_window)
		snprintf(word + strlen(word), ZSPEC_WORD - strlen(word),
		    "%slong", level ? "," : ":");
	return (0);
}
