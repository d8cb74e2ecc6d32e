/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "report/report.h"

struct sink {
	struct publish *to;
	struct digest *sum;
	enum status status;
};

static void
unchecked(void *arg, const char *sentence)
{

	record_add(arg, "unchecked", sentence);
}

static void
archive_facts(struct record *r, const struct check *c,
    const struct archive_header *h)
{
	const struct contents *toc = check_contents(c);
	uint8_t hash[DIGEST_LEN];
	char text[DIGEST_HEX], version[16];

	record_str(r, "archive", h->format == ARCHIVE_TAR ? "tar" : "custom");
	snprintf(version, sizeof(version), "1.%d", h->minor);
	record_str(r, "archive_version", version);
	record_str(r, "compression", contents_compression(h->compression));
	record_str(r, "database", h->dbname);
	record_str(r, "server_version", h->server);
	record_str(r, "dump_version", h->dumper);
	snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", h->year,
	    h->month, h->day, h->hour, h->min, h->sec);
	record_str(r, "made", text);
	if (contents_encoding(toc) != NULL)
		record_str(r, "encoding",
		    encoding_name(contents_encoding(toc)));
	record_int(r, "entries", check_totals(c)->entries);
	contents_hash(toc, hash);
	digest_hex(hash, text);
	record_str(r, "schema_blake2b", text);
	record_bool(r, "second_contents", check_totals(c)->again);
}

void
report_facts(struct record *r, const struct check *c, uint64_t notes)
{
	const struct archive_header *h = contents_header(check_contents(c));
	const struct blocks_totals *n = &check_totals(c)->data;

	record_int(r, "notes", notes);
	check_each_unchecked(c, unchecked, r);
	if (h != NULL)
		archive_facts(r, c, h);
	else if (check_is_sql(c))
		record_str(r, "archive", "sql");
	else
		return;
	record_int(r, "blocks", n->blocks);
	record_int(r, "tables_with_data", n->tables);
	record_int(r, "rows", n->rows);
	record_int(r, "row_bytes", n->bytes);
	if (h != NULL) {
		record_int(r, "large_objects", n->large_objects);
		record_int(r, "large_object_bytes", n->object_bytes);
	}
	record_int(r, "payload_bytes", n->stored);
	record_int(r, "data_bytes", n->data);
}

static void
put(struct sink *s, const char *text, size_t len)
{

	if (s->status != STATUS_OK)
		return;
	if (s->sum != NULL)
		digest_add(s->sum, text, len);
	if (s->to != NULL)
		s->status = publish_write(s->to, text, len);
}

/* A table's object. */
static char *
table_line(const struct table *t)
{
	char hex[DIGEST_HEX];
	struct record *r;
	char *line;

	if ((r = record_bare()) == NULL)
		return (NULL);
	if (t->database[0] != '\0')
		record_str(r, "database", t->database);
	record_str(r, "schema", t->schema);
	record_str(r, "name", t->name);
	if (t->counted)
		record_int(r, "rows", t->rows);
	record_int(r, "bytes", t->bytes);
	if (t->has_stored)
		record_int(r, "stored", t->stored);
	if (t->hash != NULL) {
		digest_hex(t->hash, hex);
		record_str(r, "blake2b", hex);
	}
	line = record_line(r);
	record_free(r);
	return (line);
}

/* One whose tables are known, be there none. */
static bool
is_dump(const struct check *c)
{
	return (check_is_sql(c) || contents_header(check_contents(c)) != NULL);
}

enum status
report_write(const struct check *c, char *line, struct publish *to,
    struct digest *sum)
{
	struct sink s = { to, sum, STATUS_OK };
	const char *between = ",\"tables\":[";
	size_t n = tables_count(check_tables(c)), i, len = strlen(line);
	struct table t;
	char *object;

	put(&s, line, len - 2);
	for (i = 0; i < n && s.status == STATUS_OK; i++) {
		t = tables_get(check_tables(c), i);
		if (t.name == NULL)
			continue;
		if ((object = table_line(&t)) == NULL) {
			msg_error("no memory for the report");
			return (STATUS_LOCAL);
		}
		put(&s, between, strlen(between));
		put(&s, object, strlen(object) - 1);
		free(object);
		between = ",";
	}
	if (between[1] != '\0' && is_dump(c)) {
		put(&s, between, strlen(between));
		between = ",";
	}
	if (between[1] == '\0')
		put(&s, "]", 1);
	put(&s, "}\n", 2);
	return (s.status);
}
