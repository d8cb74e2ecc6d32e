/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record.h"
#include "version.h"

#define RECORD_FORMAT	1

struct record {
	json_t *object;
	struct record *parts;	/* objects appended to arrays */
	struct record *next;
	bool failed;
};

static struct record *
wrap(json_t *object)
{
	struct record *r;

	if (object == NULL)
		return (NULL);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		json_decref(object);
	else
		r->object = object;
	return (r);
}

struct record *
record_new(const char *program)
{
	struct record *r;

	if ((r = wrap(json_object())) == NULL)
		return (NULL);
	record_str(r, "program", program);
	record_str(r, "version", PGB_VERSION);
	record_int(r, "format", RECORD_FORMAT);
	if (r->failed) {
		record_free(r);
		return (NULL);
	}
	return (r);
}

struct record *
record_bare(void)
{

	return (wrap(json_object()));
}

void
record_free(struct record *r)
{
	struct record *next;

	while (r != NULL) {
		record_free(r->parts);
		next = r->next;
		json_decref(r->object);
		free(r);
		r = next;
	}
}

static void
set(struct record *r, const char *key, json_t *value)
{

	if (value == NULL || json_object_set_new(r->object, key, value) == -1)
		r->failed = true;
}

/* value with \xNN for each byte that is not ASCII; freed by the caller. */
static char *
escaped(const char *value)
{
	size_t len = strlen(value), pos = 0;
	char *text;

	if ((text = malloc(4 * len + 1)) == NULL)
		return (NULL);
	for (; *value != '\0'; value++) {
		if ((unsigned char)*value < 0x80)
			text[pos++] = *value;
		else
			pos += (size_t)snprintf(text + pos, 5, "\\x%02x",
			    (unsigned)(unsigned char)*value);
	}
	text[pos] = '\0';
	return (text);
}

static json_t *
string(const char *value)
{
	json_t *json;
	char *text;

	/* json_string() refuses what is not UTF-8, and fails without memory. */
	errno = 0;
	if ((json = json_string(value)) == NULL && errno != ENOMEM &&
	    (text = escaped(value)) != NULL) {
		json = json_string(text);
		free(text);
	}
	return (json);
}

void
record_str(struct record *r, const char *key, const char *value)
{

	set(r, key, string(value));
}

void
record_int(struct record *r, const char *key, uint64_t value)
{

	set(r, key, json_integer((json_int_t)value));
}

void
record_real(struct record *r, const char *key, double value)
{

	set(r, key, json_real(value));
}

void
record_bool(struct record *r, const char *key, bool value)
{

	set(r, key, json_boolean(value));
}

/* The array KEY, made where it is not there; NULL without memory. */
static json_t *
array_of(struct record *r, const char *key)
{
	json_t *array = json_object_get(r->object, key);

	if (array != NULL)
		return (array);
	if ((array = json_array()) == NULL ||
	    json_object_set_new(r->object, key, array) == -1)
		return (NULL);
	return (array);
}

void
record_add(struct record *r, const char *key, const char *value)
{

	/* Takes the reference or drops it, also where there is no array. */
	if (json_array_append_new(array_of(r, key), string(value)) == -1)
		r->failed = true;
}

struct record *
record_append(struct record *r, const char *key)
{
	struct record *part;
	json_t *array;

	if ((array = array_of(r, key)) == NULL)
		goto fail;
	if ((part = wrap(json_object())) == NULL)
		goto fail;
	if (json_array_append(array, part->object) == -1) {
		record_free(part);
		goto fail;
	}
	part->next = r->parts;
	r->parts = part;
	return (part);
fail:
	r->failed = true;
	return (NULL);
}

void
record_time(struct record *r, const char *key, int64_t unix_seconds)
{
	time_t t = (time_t)unix_seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		r->failed = true;
	else
		record_str(r, key, text);
}

static bool
any_failed(const struct record *r)
{

	for (; r != NULL; r = r->next)
		if (r->failed || any_failed(r->parts))
			return (true);
	return (false);
}

char *
record_line(const struct record *r)
{
	char *text, *line = NULL;
	size_t len;

	if (r->failed || any_failed(r->parts))
		return (NULL);
	text = json_dumps(r->object, JSON_COMPACT | JSON_PRESERVE_ORDER |
	    JSON_REAL_PRECISION(6));
	if (text == NULL)
		return (NULL);
	len = strlen(text);
	if ((line = malloc(len + 2)) != NULL) {
		memcpy(line, text, len);
		memcpy(line + len, "\n", 2);
	}
	free(text);
	return (line);
}
