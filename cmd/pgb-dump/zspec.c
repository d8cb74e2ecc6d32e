/* SPDX-License-Identifier: ISC */
/*
 * Source: PostgreSQL 18, documentation of pg_dump --compress, and
 * src/common/compression.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "msg.h"
#include "zspec.h"

#define METHODS_SINCE	160000	/* pg_dump, for other methods than gzip */

static const struct {
	const char *name;
	enum archive_compression method;
} methods[] = {
	{ "none", ARCHIVE_NONE },
	{ "gzip", ARCHIVE_GZIP },
	{ "lz4", ARCHIVE_LZ4 },
	{ "zstd", ARCHIVE_ZSTD },
};

static const char *
name_of(enum archive_compression method)
{
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].method == method)
			return (methods[i].name);
	return ("");
}

static enum status
refuse(const char *text, const char *why)
{

	msg_error("-Z %s: %s", text, why);
	msg_hint("0 to 9, none, gzip[:1-9], zstd[:LEVEL], lz4[:1-12]");
	return (STATUS_USAGE);
}

static bool
number(const char *s, size_t len, int *out)
{
	char copy[16], *end;
	long n;

	if (len == 0 || len >= sizeof(copy))
		return (false);
	memcpy(copy, s, len);
	copy[len] = '\0';
	errno = 0;
	n = strtol(copy, &end, 10);
	if (errno != 0 || *end != '\0' || n < -1000000 || n > 1000000)
		return (false);
	*out = (int)n;
	return (true);
}

/* One word of the detail: NULL, or why not. */
static const char *
detail_word(const char *s, size_t len, struct zspec *z)
{
	const char *value = memchr(s, '=', len);
	size_t key = value != NULL ? (size_t)(value - s) : len;
	size_t rest = value != NULL ? len - key - 1 : 0;
	int n;

	if (key == 5 && memcmp(s, "level", 5) == 0)
		return (value != NULL && number(value + 1, rest, &z->level) ?
		    NULL : "the level is not a number");
	if (z->method == ARCHIVE_ZSTD && key == 7 &&
	    memcmp(s, "workers", 7) == 0) {
		if (value == NULL || !number(value + 1, rest, &n) || n < 0)
			return ("workers is not a number");
		msg_warning("-Z: workers: all sessions compress at once "
		    "anyway, see --jobs");
		return (NULL);
	}
	if (z->method == ARCHIVE_ZSTD && key == 4 &&
	    memcmp(s, "long", 4) == 0) {
		if (value != NULL && rest != 0 &&
		    strspn(value + 1, "01") != rest)
			return ("long is 0 or 1");
		z->long_window = value == NULL || value[1] != '0';
		return (NULL);
	}
	return (key == 7 && memcmp(s, "workers", 7) == 0 ?
	    "only zstd has workers" : key == 4 && memcmp(s, "long", 4) == 0 ?
	    "only zstd has long" : "unknown word");
}

static const char *
detail(const char *s, struct zspec *z)
{
	const char *why = NULL;
	size_t len;

	if (z->method == ARCHIVE_NONE)
		return ("without compression there is nothing to say more");
	if (*s == '\0')
		return ("nothing behind the colon");
	if (number(s, strlen(s), &z->level))
		return (NULL);
	for (; why == NULL; s += len + 1) {
		len = strcspn(s, ",");
		why = detail_word(s, len, z);
		if (s[len] == '\0')
			break;
	}
	return (why);
}

static const char *
check_level(const struct zspec *z)
{

	if (z->level == ZSPEC_DEFAULT)
		return (NULL);
	switch (z->method) {
	case ARCHIVE_GZIP:
		return (z->level < 1 || z->level > 9 ?
		    "levels of gzip are 1 to 9" : NULL);
	case ARCHIVE_LZ4:
		return (z->level < 1 || z->level > 12 ?
		    "levels of lz4 are 1 to 12" : NULL);
	case ARCHIVE_ZSTD:
		return (z->level < ZSTD_minCLevel() ||
		    z->level > ZSTD_maxCLevel() ?
		    "not a level of zstd" : NULL);
	case ARCHIVE_NONE:
		break;
	}
	return (NULL);
}

enum status
zspec_parse(const char *text, struct zspec *z)
{
	size_t len = strcspn(text, ":"), i;
	const char *why = NULL;
	int n;

	*z = (struct zspec){ .method = ARCHIVE_GZIP, .level = ZSPEC_DEFAULT,
	    .given = true };
	if (number(text, strlen(text), &n)) {
		if (n == 0)
			z->method = ARCHIVE_NONE;
		else
			z->level = n;
	} else {
		for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
			if (strlen(methods[i].name) == len &&
			    memcmp(methods[i].name, text, len) == 0)
				break;
		if (i == sizeof(methods) / sizeof(methods[0]))
			return (refuse(text, "unknown method"));
		z->method = methods[i].method;
		if (text[len] == ':')
			why = detail(text + len + 1, z);
	}
	if (why == NULL)
		why = check_level(z);
	return (why != NULL ? refuse(text, why) : STATUS_OK);
}

enum status
zspec_fit(const struct zspec *z, int version, int minor)
{

	(void)minor;
	if (version >= METHODS_SINCE || z->method == ARCHIVE_NONE ||
	    z->method == ARCHIVE_GZIP)
		return (STATUS_OK);
	msg_error("-Z %s: archives of pg_dump %d know only gzip and none",
	    name_of(z->method), version / 10000);
	msg_hint("%s needs PostgreSQL 16 on both ends", name_of(z->method));
	return (STATUS_USAGE);
}

int
zspec_word(const struct zspec *z, int version, char word[ZSPEC_WORD])
{

	word[0] = '\0';
	if (!z->given)
		return (0);
	if (version < METHODS_SINCE) {
		if (z->method == ARCHIVE_NONE)
			snprintf(word, ZSPEC_WORD, "--compress=0");
		else if (z->level != ZSPEC_DEFAULT)
			snprintf(word, ZSPEC_WORD, "--compress=%d", z->level);
		return (0);
	}
	if (z->level == ZSPEC_DEFAULT)
		snprintf(word, ZSPEC_WORD, "--compress=%s%s",
		    name_of(z->method), z->long_window ? ":long" : "");
	else
		snprintf(word, ZSPEC_WORD, "--compress=%s:level=%d%s",
		    name_of(z->method), z->level,
		    z->long_window ? ",long" : "");
	return (0);
}
