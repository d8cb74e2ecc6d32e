/* SPDX-License-Identifier: ISC */
/*
 * One line of JSON.  It begins as a record does (record.h); what age-inspect
 * says too stands under its names, in an object of its own, since it calls the
 * format's version as a record calls the program's.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/inspect-impl.h"
#include "msg.h"
#include "version.h"

#define FORMAT	1

/* Takes the value over.  Whether it failed: memory was short, for this value or
 * for the object, and one of them is NULL. */
static bool
set(json_t *object, const char *key, json_t *value)
{

	return (json_object_set_new(object, key, value) == -1);
}

static bool
set_number(json_t *object, const char *key, uint64_t n)
{

	return (set(object, key, json_integer((json_int_t)n)));
}

/* The value, or NULL in its place. */
static json_t *
unless(bool failed, json_t *value)
{

	if (!failed)
		return (value);
	json_decref(value);
	return (NULL);
}

/* Of a header that is broken, a type may hold any bytes. */
static json_t *
type_json(const char *type, size_t len)
{
	size_t room = 4 * len + 8;	/* \xNN for each byte */
	char *raw = strndup(type, len), *out = malloc(room);
	json_t *json = NULL;

	if (raw != NULL && out != NULL) {
		(void)msg_mask(out, room, raw);
		json = json_string(out);
	}
	free(raw);
	free(out);
	return (json);
}

static json_t *
group_json(const struct group *g)
{
	json_t *o = json_object();
	bool failed;

	failed = set(o, "type", type_json(g->type, g->len));
	failed |= set_number(o, "count", g->count);
	failed |= set(o, "name", json_string(g->name));
	if (g->log_n > 0)
		failed |= set_number(o, "work_factor", g->log_n);
	if (g->log_n > 0 && g->log_n <= AGE_WORK_MAX)
		failed |= set_number(o, "memory", age_scrypt_bytes(g->log_n));
	return (unless(failed, o));
}

static json_t *
groups_json(const struct view *v)
{
	json_t *all = json_array();
	bool failed = false;
	size_t i;

	for (i = 0; i < v->group_count; i++)
		failed |= json_array_append_new(all,
		    group_json(&v->groups[i])) == -1;
	return (unless(failed, all));
}

/* The type of each stanza, in the order of the file. */
static json_t *
types_json(const struct age_header *h)
{
	json_t *types = json_array();
	bool failed = false;
	const char *type;
	size_t i, len;

	for (i = 0; i < h->count; i++) {
		type = age_stanza_arg(h, i, 0, &len);
		failed |= json_array_append_new(types,
		    type_json(type, len)) == -1;
	}
	return (unless(failed, types));
}

/* age pads nothing: the bounds that age-inspect gives are equal. */
static json_t *
sizes_json(const struct view *v)
{
	json_t *o = json_object();
	bool failed;

	failed = set_number(o, "header", v->walk.header.len);
	failed |= set_number(o, "armor", v->armor_bytes);
	failed |= set_number(o, "overhead", v->overhead);
	failed |= set_number(o, "min_payload", v->plaintext);
	failed |= set_number(o, "max_payload", v->plaintext);
	failed |= set_number(o, "min_padding", 0);
	failed |= set_number(o, "max_padding", 0);
	return (unless(failed, o));
}

/* What age-inspect --json prints, or a part of it. */
static json_t *
age_json(const struct view *v)
{
	json_t *o = json_object();
	bool failed = false;

	if (v->version_known)
		failed |= set(o, "version", json_stringn(AGE_VERSION,
		    strlen(AGE_VERSION) - 1));
	if (v->walk.open)
		failed |= set(o, "postquantum",
		    json_string(inspect_answers[v->postquantum]));
	failed |= set(o, "armor", json_boolean(v->armored));
	if (v->walk.open)
		failed |= set(o, "stanza_types", types_json(&v->walk.header));
	if (v->why == NULL)
		failed |= set(o, "sizes", sizes_json(v));
	return (unless(failed, o));
}

static json_t *
view_json(const struct view *v)
{
	json_t *o = json_object();
	bool failed;

	failed = set(o, "program", json_string(msg_program_name()));
	failed |= set(o, "version", json_string(PGB_VERSION));
	failed |= set_number(o, "format", FORMAT);
	failed |= set(o, "mode", json_string("inspect"));
	if (!v->stranger) {
		failed |= set(o, "age", age_json(v));
		failed |= set_number(o, "recipients", v->recipients);
		failed |= set(o, "stanzas", groups_json(v));
	}
	if (v->why == NULL) {
		failed |= set_number(o, "bytes", v->bytes);
		failed |= set_number(o, "encrypted", v->walk.rest);
		failed |= set_number(o, "chunks", v->chunks);
		failed |= set_number(o, "plaintext", v->plaintext);
	}
	failed |= set(o, "well_formed", json_boolean(v->why == NULL));
	failed |= set(o, "complete",
	    json_string(inspect_answers[v->complete]));
	if (v->proof != NULL)
		failed |= set(o, "proof", json_string(v->proof));
	if (v->why != NULL) {
		failed |= set(o, "error", json_string(v->why));
		failed |= set_number(o, "error_at", v->at);
	}
	return (unless(failed, o));
}

char *
inspect_json(const struct view *v)
{
	json_t *o = view_json(v);
	char *text, *line;

	text = o != NULL ? json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER) :
	    NULL;
	json_decref(o);
	if (text == NULL || asprintf(&line, "%s\n", text) == -1)
		line = NULL;
	free(text);
	return (line);
}
