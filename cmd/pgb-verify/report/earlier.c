/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fdio.h"
#include "msg.h"
#include "report/earlier.h"
#include "sig.h"

#define FILE_MAX	(64 * 1024 * 1024)
#define FORMAT		1
#define PROGRAM		"pgb-verify"

/* A value takes some 100 bytes of memory, whatever it takes in the file.  More
 * than this, of a table for each 200 bytes, no report has. */
#define VALUES_MAX	(4 * 1024 * 1024)

#define WHERE_LEN	128

/* --- what members there are ---------- */

enum kind { TEXT, COUNT, REAL, TRUTH, HASH, TEXTS, TABLES };

struct member {
	const char *name;
	enum kind kind;
	bool due;
};

static const struct member in_report[] = {
	{ "program", TEXT, true },
	{ "version", TEXT, true },
	{ "format", COUNT, true },
	{ "through", TEXT, false },
	{ "archive", TEXT, false },
	{ "archive_version", TEXT, false },
	{ "compression", TEXT, false },
	{ "database", TEXT, false },
	{ "server_version", TEXT, false },
	{ "dump_version", TEXT, false },
	{ "made", TEXT, false },
	{ "encoding", TEXT, false },
	{ "entries", COUNT, false },
	{ "schema_blake2b", HASH, false },
	{ "second_contents", TRUTH, false },
	{ "blocks", COUNT, false },
	{ "tables_with_data", COUNT, false },
	{ "large_objects", COUNT, false },
	{ "large_object_bytes", COUNT, false },
	{ "rows", COUNT, false },
	{ "row_bytes", COUNT, false },
	{ "payload_bytes", COUNT, false },
	{ "data_bytes", COUNT, false },
	{ "notes", COUNT, false },
	{ "unchecked", TEXTS, false },
	{ "input", TEXT, true },
	{ "bytes_in", COUNT, true },
	{ "bytes_out", COUNT, true },
	{ "proof", TEXT, true },
	{ "started", TEXT, true },
	{ "seconds", REAL, true },
	{ "blake2b", HASH, false },
	{ "tables", TABLES, false },
	{ .name = NULL }
};

static const struct member in_table[] = {
	{ "database", TEXT, false },
	{ "schema", TEXT, true },
	{ "name", TEXT, true },
	{ "rows", COUNT, false },
	{ "bytes", COUNT, true },
	{ "stored", COUNT, false },
	{ "blake2b", HASH, false },
	{ .name = NULL }
};

static bool
unhex(const char *hex, uint8_t hash[64])
{
	uint8_t room[64];
	size_t len;

	return (strlen(hex) == 2 * sizeof(room) && sodium_hex2bin(
	    hash == NULL ? room : hash, sizeof(room), hex, 2 * sizeof(room),
	    NULL, &len, NULL) == 0 && len == sizeof(room));
}

static bool
is_texts(const json_t *value)
{
	size_t i;

	if (!json_is_array(value))
		return (false);
	for (i = 0; i < json_array_size(value); i++)
		if (!json_is_string(json_array_get(value, i)))
			return (false);
	return (true);
}

/* What is wrong with a value; NULL: nothing. */
static const char *
wrong(const json_t *value, enum kind kind)
{

	switch (kind) {
	case TEXT:
		return (json_is_string(value) ? NULL : "not a string");
	case COUNT:
		if (!json_is_integer(value))
			return ("not a whole number");
		return (json_integer_value(value) >= 0 ? NULL : "negative");
	case REAL:
		if (!json_is_number(value))
			return ("not a number");
		return (json_number_value(value) >= 0 ? NULL : "negative");
	case TRUTH:
		return (json_is_boolean(value) ? NULL : "not true or false");
	case HASH:
		return (json_is_string(value) && unhex(json_string_value(value),
		    NULL) ? NULL : "not 128 hexadecimal digits");
	case TEXTS:
		return (is_texts(value) ? NULL : "not an array of strings");
	case TABLES:
		return (json_is_array(value) ? NULL : "not an array");
	}
	return ("not known");
}

/* where is "", or the name of the object with a dot behind. */
static int
check_members(const char *path, const char *where, const json_t *object,
    const struct member *m)
{
	const json_t *value;
	const char *why;

	for (; m->name != NULL; m++) {
		if ((value = json_object_get(object, m->name)) != NULL)
			why = wrong(value, m->kind);
		else
			why = m->due ? "missing" : NULL;
		if (why == NULL)
			continue;
		msg_error("%s: %s%s: %s", path, where, m->name, why);
		return (-1);
	}
	return (0);
}

/* --- values of members that have been checked ---------- */

static const char *
text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return (value == NULL ? "" : json_string_value(value));
}

static bool
count_of(const json_t *object, const char *name, uint64_t *count)
{
	const json_t *value = json_object_get(object, name);

	*count = (uint64_t)json_integer_value(value);
	return (value != NULL);
}

static bool
hash_of(const json_t *object, const char *name, uint8_t hash[64])
{
	const json_t *value = json_object_get(object, name);

	return (value != NULL && unhex(json_string_value(value), hash));
}

/* --- tables ---------- */

static int
compare(const void *a, const void *b)
{
	const struct earlier_table *s = a, *t = b;
	int c;

	if ((c = strcmp(s->database, t->database)) != 0 ||
	    (c = strcmp(s->schema, t->schema)) != 0)
		return (c);
	return (strcmp(s->name, t->name));
}

static int
take_table(struct earlier *e, const json_t *object, size_t i)
{
	struct earlier_table *t = &e->tables[i];
	char where[WHERE_LEN];

	snprintf(where, sizeof(where), "tables[%zu]", i);
	if (!json_is_object(object)) {
		msg_error("%s: %s: not an object", e->path, where);
		return (-1);
	}
	snprintf(where, sizeof(where), "tables[%zu].", i);
	if (check_members(e->path, where, object, in_table) == -1)
		return (-1);
	t->database = text_of(object, "database");
	t->schema = text_of(object, "schema");
	t->name = text_of(object, "name");
	t->counted = count_of(object, "rows", &t->rows);
	(void)count_of(object, "bytes", &t->bytes);
	t->hashed = hash_of(object, "blake2b", t->hash);
	if (!__builtin_add_overflow(e->rows, t->rows, &e->rows) &&
	    !__builtin_add_overflow(e->bytes, t->bytes, &e->bytes))
		return (0);
	msg_error("%s: %sbytes: more than there can be", e->path, where);
	return (-1);
}

/* Plain SQL may have a table in parts (--load-via-partition-root): their sums
 * are known to be in range. */
static void
join_parts(struct earlier *e)
{
	struct earlier_table *t = e->tables;
	size_t i, last = 0;

	for (i = 1; i < e->table_count; i++) {
		if (compare(&t[last], &t[i]) != 0) {
			t[++last] = t[i];
			continue;
		}
		t[last].counted &= t[i].counted;
		t[last].rows += t[i].rows;
		t[last].bytes += t[i].bytes;
		t[last].hashed = false;
	}
	if (e->table_count > 0)
		e->table_count = last + 1;
}

static enum status
take_tables(struct earlier *e, const json_t *array)
{
	size_t i, count = json_array_size(array);

	if (count == 0)
		return (STATUS_OK);
	if ((e->tables = calloc(count, sizeof(*e->tables))) == NULL) {
		msg_errno(e->path);
		return (STATUS_LOCAL);
	}
	for (i = 0; i < count; i++)
		if (take_table(e, json_array_get(array, i), i) == -1)
			return (STATUS_USAGE);
	e->table_count = count;
	qsort(e->tables, count, sizeof(*e->tables), compare);
	join_parts(e);
	return (STATUS_OK);
}

/* --- the report ---------- */

/* Whose it is, before what is wrong with it. */
static int
check_kind(const char *path, const json_t *report)
{
	const json_t *program, *format;

	if (!json_is_object(report)) {
		msg_error("%s: not a report of " PROGRAM, path);
		return (-1);
	}
	program = json_object_get(report, "program");
	if (!json_is_string(program) ||
	    strcmp(json_string_value(program), PROGRAM) != 0) {
		msg_error("%s: a report of %s, not of " PROGRAM, path,
		    json_is_string(program) ? json_string_value(program) :
		    "no program");
		return (-1);
	}
	format = json_object_get(report, "format");
	if (json_is_integer(format) && json_integer_value(format) > FORMAT) {
		msg_error("%s: format %" JSON_INTEGER_FORMAT " is newer than "
		    "this " PROGRAM " knows", path, json_integer_value(format));
		return (-1);
	}
	if (json_is_integer(format) && json_integer_value(format) < 1) {
		msg_error("%s: format: not 1 or more", path);
		return (-1);
	}
	return (check_members(path, "", report, in_report));
}

static enum status
take(struct earlier *e, const json_t *report)
{
	uint64_t rows, bytes;
	bool has_rows, has_bytes;
	enum status status;

	if (check_kind(e->path, report) == -1)
		return (STATUS_USAGE);
	(void)count_of(report, "bytes_in", &e->stream_bytes);
	e->has_stream = hash_of(report, "blake2b", e->stream_hash);
	e->has_schema = hash_of(report, "schema_blake2b", e->schema_hash);
	e->database = text_of(report, "database");
	e->made = text_of(report, "made");
	if (e->made[0] == '\0')
		e->made = text_of(report, "started");
	e->has_objects = count_of(report, "large_objects", &e->large_objects);
	(void)count_of(report, "large_object_bytes", &e->large_object_bytes);
	has_rows = count_of(report, "rows", &rows);
	has_bytes = count_of(report, "row_bytes", &bytes) ||
	    count_of(report, "data_bytes", &bytes);
	status = take_tables(e, json_object_get(report, "tables"));
	if (status == STATUS_OK && e->table_count == 0) {
		e->rows = has_rows ? rows : 0;
		e->bytes = has_bytes ? bytes : 0;
	}
	return (status);
}

/* Commas within strings count as well: that is no matter. */
static bool
is_too_much(const char *text, size_t len)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += text[i] == ',' || text[i] == '[' || text[i] == '{';
	return (n > VALUES_MAX);
}

static enum status
not_json(const char *path, const json_error_t *error)
{

	switch (json_error_code(error)) {
	case json_error_out_of_memory:
		msg_error("%s: %s", path, strerror(ENOMEM));
		return (STATUS_LOCAL);
	case json_error_premature_end_of_input:
		msg_error("%s: not a report of " PROGRAM ": cut short", path);
		return (STATUS_USAGE);
	default:
		msg_error("%s: not a report of " PROGRAM ": byte %d: %s", path,
		    error->position, error->text);
		msg_hint("pgb-verify --report FILE writes one, after all was "
		    "checked");
		return (STATUS_USAGE);
	}
}

static enum status
slurp(struct earlier *e)
{

	if ((e->text = fd_slurp(e->path, FILE_MAX, &e->text_len)) == NULL) {
		if (errno == EINTR && sig_caught() != 0)
			return (STATUS_LOCAL);
		if (errno == EFBIG)
			msg_error("%s: larger than %d bytes", e->path,
			    FILE_MAX);
		else
			msg_errno(e->path);
		return (errno == ENOMEM || errno == EIO ? STATUS_LOCAL :
		    STATUS_USAGE);
	}
	return (STATUS_OK);
}

static enum status
parse(struct earlier *e)
{
	json_error_t error;

	if (is_too_much(e->text, e->text_len)) {
		msg_error("%s: more than %d values", e->path, VALUES_MAX);
		return (STATUS_USAGE);
	}
	e->json = json_loadb(e->text, e->text_len, JSON_REJECT_DUPLICATES,
	    &error);
	if (e->json == NULL)
		return (not_json(e->path, &error));
	return (take(e, e->json));
}

struct earlier *
earlier_load(const char *path,
    enum status (*trust)(void *arg, const struct earlier *), void *arg,
    enum status *status)
{
	struct earlier *e;

	if ((e = calloc(1, sizeof(*e))) == NULL ||
	    (e->path = strdup(path)) == NULL) {
		msg_errno(path);
		*status = STATUS_LOCAL;
	} else if ((*status = slurp(e)) == STATUS_OK && (trust == NULL ||
	    (*status = trust(arg, e)) == STATUS_OK))
		*status = parse(e);
	if (*status == STATUS_OK)
		return (e);
	earlier_free(e);
	return (NULL);
}

void
earlier_free(struct earlier *e)
{

	if (e == NULL)
		return;
	json_decref(e->json);
	free(e->tables);
	free(e->text);
	free(e->path);
	free(e);
}

const struct earlier_table *
earlier_find(const struct earlier *e, const char *database,
    const char *schema, const char *name)
{
	const struct earlier_table key = { .database = database,
	    .schema = schema, .name = name };

	if (e->table_count == 0)
		return (NULL);
	return (bsearch(&key, e->tables, e->table_count, sizeof(key),
	    compare));
}

/* As record_str() does it (record.h). */
const char *
earlier_name(const char *name, char **own)
{
	const char *p;
	json_t *json;
	size_t pos = 0;

	*own = NULL;
	if ((json = json_string(name)) != NULL) {
		json_decref(json);
		return (name);
	}
	if ((*own = malloc(4 * strlen(name) + 1)) == NULL)
		return (NULL);
	for (p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x80)
			(*own)[pos++] = *p;
		else
			pos += (size_t)snprintf(*own + pos, 5, "\\x%02x",
			    (unsigned)(unsigned char)*p);
	}
	(*own)[pos] = '\0';
	return (*own);
}

bool
earlier_is_report(const char *path)
{
	struct stat st;
	char head[256];
	ssize_t n;
	int fd, i = 0;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) == -1)
		return (false);
	n = fd_read_full(fd, head, sizeof(head));
	(void)fd_close(&fd);
	while (i < n && strchr(" \t\r\n", head[i]) != NULL && head[i] != '\0')
		i++;
	return (i < n && head[i] == '{');
}
