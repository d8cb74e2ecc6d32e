/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toc/copy-stmt.h"
#include "toc/lex.h"
#include "toc/lists.h"
#include "toc/signature.h"
#include "toc/toc-check-impl.h"

#define REMARK		"-- load via partition root "

/* Names that pg_dump and the server add go with the database's encoding; those
 * of roles and databases are the cluster's, and may be in another. */
static void
check_text(struct toc_check *t, const struct archive_entry *e,
    enum finding_kind kind, const char *what, const char *s, bool cut)
{
	const struct encoding *enc = t->c->encoding;
	size_t len = strlen(s), good;

	if (enc == NULL || !encoding_is_checked(enc))
		return;
	good = encoding_valid(enc, (const uint8_t *)s, len);
	if (good == len || (cut && len - good < 4 && encoding_char(enc,
	    (const uint8_t *)s + good, len - good) == 0))
		return;
	check_say(t, kind, e, kind == FIND_ERROR ? "a restore stops here" :
	    NULL, "%s is not in the archive's encoding, %s, from its byte %zu "
	    "on", what, encoding_name(enc), good);
}

static bool
is_cut(const char *s)
{
	return (strlen(s) >= ARCHIVE_SQL_MAX);
}

static void
check_texts(struct toc_check *t, const struct archive_entry *e,
    const struct kind *k)
{
	enum finding_kind sql = (k->flags & KIND_ROLES) != 0 ? FIND_NOTE :
	    FIND_ERROR;

	check_text(t, e, sql, "its name", e->tag, false);
	check_text(t, e, FIND_ERROR, "its schema", e->schema, false);
	check_text(t, e, FIND_NOTE, "its owner", e->owner, false);
	check_text(t, e, FIND_ERROR, "its COPY statement", e->copy, false);
	check_text(t, e, FIND_NOTE, "its tablespace", e->tablespace, false);
	check_text(t, e, FIND_ERROR, "its access method", e->tableam, false);
	check_text(t, e, sql, "its definition", e->defn, e->defn_cut);
	check_text(t, e, sql, "its DROP statement", e->drop, is_cut(e->drop));
}

/* Section, catalog, kind of relation, OIDs in rows. */
static void
check_numbers(struct toc_check *t, const struct archive_entry *e,
    const struct kind *k)
{
	bool has_oid = k->catalog != 0 || (k->flags & KIND_OID) != 0;

	if ((k->sections & 1U << e->section) == 0)
		check_say(t, FIND_ERROR, e, "pg_restore would put it "
		    "elsewhere, or leave it out", "its section is %d",
		    e->section);
	if (e->section > 1 && e->section < t->section)
		check_say(t, FIND_ERROR, e, "pg_restore --section and -j would "
		    "take it for another", "its section, %d, stands behind "
		    "entries of section %d", e->section, t->section);
	if (e->section > t->section)
		t->section = e->section;
	if (e->table_oid != k->catalog && k->catalog != KIND_ANY)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "catalog %" PRIu32
		    ", not %" PRIu32, e->table_oid, k->catalog);
	else if (k->catalog != KIND_ANY &&
	    (e->oid != 0) != has_oid)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its OID is %" PRIu32,
		    e->oid);
	if (e->relkind != 0 && (k->relkinds == NULL ||
	    strchr(k->relkinds, e->relkind) == NULL))
		check_say(t, FIND_ERROR, e, "a restore would set its owner, "
		    "access method or rights in another way", "its kind of "
		    "relation is %d", e->relkind);
	if (e->with_oids)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "it has OIDs in its "
		    "rows, which pg_dump %d does not know", t->dumper.major);
}

/* pg_dump --binary-upgrade puts statements of its own in front. */
static bool
is_upgrade(const char *sql)
{
	return (strncmp(sql, "\n-- For binary upgrade", 22) == 0 ||
	    strncmp(sql, "-- For binary upgrade", 21) == 0);
}

static const char *
article(const char *desc)
{
	return (strchr("AEIO", desc[0]) != NULL ? "an" : "a");
}

static void
check_form(struct toc_check *t, const struct archive_entry *e,
    const struct kind *k, struct form *found)
{
	struct form dropped = { 0 };

	if (e->defn[0] != '\0' && k->defn != NULL && !is_upgrade(e->defn) &&
	    !form_match(k->defn, e->defn, e, found))
		check_say(t, FIND_ERROR, e, WOULD_RUN, "its definition is not "
		    "that of %s %s of this name",
		    article(e->desc), e->desc);
	if (e->drop[0] != '\0' && k->drop != NULL && !is_cut(e->drop) &&
	    !form_match(k->drop, e->drop, e, &dropped))
		check_say(t, FIND_ERROR, e, "pg_restore --clean would run it "
		    "as it is", "its DROP statement is not that of %s %s of "
		    "this name", article(e->desc), e->desc);
	if (found->table.s == NULL)
		*found = dropped;
}

static void
check_sql(struct toc_check *t, const struct archive_entry *e,
    const struct kind *k)
{
	struct lex_opts opts = { .encoding = t->c->encoding,
	    .escapes = t->c->escapes, .cut = e->defn_cut };
	const char *why;

	if ((k->flags & KIND_NO_SQL) != 0)
		return;
	if (e->defn[0] != '\0' && (why = lex_check(e->defn, strlen(e->defn),
	    &opts)) != NULL)
		check_say(t, FIND_ERROR, e, WOULD_RUN, "its definition: %s",
		    why);
	opts.cut = is_cut(e->drop);
	if (e->drop[0] != '\0' && (why = lex_check(e->drop, strlen(e->drop),
	    &opts)) != NULL)
		check_say(t, FIND_ERROR, e, "pg_restore --clean would run it "
		    "as it is", "its DROP statement: %s", why);
}

/* TABLE DATA: its COPY statement, if it is one of COPY. */
static void
check_copy(struct toc_check *t, const struct archive_entry *e)
{
	static const char restore[] = "a restore would load the rows elsewhere";
	size_t remark = sizeof(REMARK) - 1;
	struct copy_stmt c;

	if (e->defn[0] != '\0' && strncmp(e->defn, REMARK, remark) != 0) {
		check_say(t, FIND_ERROR, e, WOULD_RUN,
		    "its definition is no remark of pg_dump's");
		return;
	}
	if (e->copy[0] == '\0')
		return;
	if (copy_stmt_parse(e->copy, &c) != 0) {
		check_say(t, FIND_ERROR, e, "a restore stops here, or loads "
		    "the rows elsewhere", "its COPY statement is not as "
		    "pg_dump writes it");
		return;
	}
	if (e->defn[0] != '\0') {
		if (strlen(e->defn + remark) != c.whole_len ||
		    memcmp(e->defn + remark, c.whole, c.whole_len) != 0)
			check_say(t, FIND_ERROR, e, restore, "its COPY "
			    "statement names another table than its "
			    "definition");
	} else if ((!name_is(&c.table, e->tag) || (c.schema.len > 0 &&
	    !name_is(&c.schema, e->schema))) && !check_predates_remark(t))
		check_say(t, FIND_ERROR, e, restore,
		    "its COPY statement names another table");
}

/* BLOB: the OID is its name, too. */
static void
check_blob(struct toc_check *t, const struct archive_entry *e)
{
	char oid[16];

	snprintf(oid, sizeof(oid), "%" PRIu32, e->oid);
	if (strcmp(oid, e->tag) != 0)
		check_say(t, FIND_ERROR, e, "the large object would come back "
		    "under another number, or not at all", "its name is not "
		    "its OID, %s", oid);
}

/* BLOB METADATA: OIDs, ascending; the name is the first one, and the last. */
static void
check_metadata(struct toc_check *t, const struct archive_entry *e)
{
	static const char restore[] = "large objects would come back under "
	    "other numbers, or not at all";
	uint32_t loid, first = 0, last = 0;
	const char *p = e->defn;
	char want[32];
	int len;

	for (; *p != '\0'; last = loid) {
		if ((p = list_loid(p, &loid)) == NULL || loid <= last) {
			if (p == NULL && e->defn_cut)
				return;
			check_say(t, FIND_ERROR, e, restore, "its definition "
			    "is not an ascending list of large objects");
			return;
		}
		if (first == 0)
			first = loid;
	}
	len = snprintf(want, sizeof(want), "%" PRIu32, first);
	if (first != last)
		snprintf(want + len, sizeof(want) - (size_t)len, "..%" PRIu32,
		    last);
	if (first != e->oid || (!e->defn_cut && strcmp(want, e->tag) != 0))
		check_say(t, FIND_ERROR, e, restore, "its list of large "
		    "objects is not from %s on", e->tag);
}

/*
 * Where sql goes on as the entry's name does, schemas in front of names left
 * out: what is behind it; else NULL.  A name may be that of its schema, so both
 * ways are tried; *tries bounds how often.
 */
static const char *
goes_on(const char *sql, const char *tag, bool fresh,
    const struct archive_entry *e, int *tries)
{
	struct name schema;
	const char *p;

	for (; *tag != '\0'; fresh = *tag == ' ' || *tag == '(', sql++, tag++) {
		if (fresh && (p = name_scan(sql, &schema)) != NULL &&
		    *p == '.' && name_is(&schema, e->schema) &&
		    --*tries > 0 &&
		    (p = goes_on(p + 1, tag, false, e, tries)) != NULL)
			return (p);
		if (*sql != *tag)
			return (NULL);
	}
	return (*sql == ' ' ? sql : NULL);
}

/* "COMMENT ON" what the name says. */
static void
check_comment(struct toc_check *t, const struct archive_entry *e)
{
	size_t len = sizeof("COMMENT ON ") - 1;
	int tries = 64;
	const char *p;

	if (strncmp(e->defn, "COMMENT ON ", len) != 0)
		return;			/* said by check_form() */
	p = goes_on(e->defn + len, e->tag, true, e, &tries);
	if (p == NULL || strncmp(p, " IS ", 4) != 0)
		check_say(t, FIND_ERROR, e, WOULD_RUN,
		    "its definition is a comment on something else");
}

/* "COLUMN TABLE.COLUMN": rights to (COLUMN) ON TABLE [SCHEMA.]TABLE. */
static bool
is_column_acl(const struct archive_entry *e)
{
	static const char back[] = ") ON TABLE ";
	struct name table, column, schema, name;
	const char *p = name_scan(e->tag + 7, &table);

	if (p == NULL || *p != '.' || name_scan(p + 1, &column) == NULL)
		return (true);		/* not known how to read it */
	for (p = e->defn; (p = strchr(p, '(')) != NULL;) {
		if (strncmp(++p, column.s, column.len) != 0 ||
		    strncmp(p + column.len, back, sizeof(back) - 1) != 0)
			continue;
		p = name_scan_qualified(p + column.len + sizeof(back) - 1,
		    &schema, &name);
		return (p != NULL && *p == ' ' && name.len == table.len &&
		    memcmp(name.s, table.s, name.len) == 0 &&
		    (schema.len == 0 || name_is(&schema, e->schema)));
	}
	return (false);
}

/* Rights ON what the name says, TO or FROM somebody: in the first statement. */
static void
check_acl(struct toc_check *t, const struct archive_entry *e)
{
	const char *on = strstr(e->defn, " ON "), *p = NULL;
	int tries = 64;
	bool good;

	if (strncmp(e->defn, "GRANT ", 6) != 0 &&
	    strncmp(e->defn, "REVOKE ", 7) != 0)
		return;
	if (strncmp(e->tag, "COLUMN ", 7) == 0)
		good = is_column_acl(e);
	else {
		if (on != NULL)
			p = goes_on(on + 4, e->tag, true, e, &tries);
		good = p != NULL && (strncmp(p, " TO ", 4) == 0 ||
		    strncmp(p, " FROM ", 6) == 0);
	}
	if (!good && !e->defn_cut)
		check_say(t, FIND_ERROR, e, WOULD_RUN,
		    "its definition is about rights on something else");
}

/* The parenthesis of a function's arguments, behind its name. */
static const char *
arguments(const char *sql, const char *behind, struct name *name)
{
	const char *p = strstr(sql, behind);
	struct name schema;

	if (p == NULL || (p = name_scan_qualified(p + strlen(behind), &schema,
	    name)) == NULL || *p != '(')
		return (NULL);
	return (p + 1);
}

/* Name, DROP statement and definition say what a function's arguments are. */
static void
check_signature(struct toc_check *t, const struct archive_entry *e, int kind)
{
	struct lex_opts opts = { .encoding = t->c->encoding,
	    .escapes = t->c->escapes, .cut = e->defn_cut };
	const char *drop, *create, *tag;
	struct name name;
	char word[16];

	if (is_cut(e->drop))
		return;
	snprintf(word, sizeof(word), "%s ", e->desc);
	drop = arguments(e->drop, word, &name);
	/* Those of ordered-set aggregates are not written in one way. */
	if (drop == NULL || (tag = name_in(&name, e->tag)) == NULL ||
	    (kind == KIND_AGGREGATE && strstr(drop, "ORDER BY ") != NULL))
		return;
	if (!signature_types_agree(tag + 1, drop))
		check_say(t, FIND_ERROR, e, "pg_restore --clean and --function "
		    "would take it for another", "its DROP statement has "
		    "other types of arguments than its name");
	create = arguments(e->defn, word, &name);
	if (create == NULL || e->defn_cut)
		return;
	if (!signature_defaults_agree(drop, create, &opts))
		check_say(t, FIND_ERROR, e, WOULD_RUN, "its definition has "
		    "other arguments than its DROP statement");
}

/* The columns of a table. */
static enum columns_found
check_table(struct toc_check *t, const struct archive_entry *e,
    struct columns *c)
{
	struct lex_opts opts = { .encoding = t->c->encoding,
	    .escapes = t->c->escapes };
	enum columns_found found;

	if (e->defn_cut || e->defn[0] == '\0' || is_upgrade(e->defn))
		return (COLUMNS_OPEN);
	found = columns_of_table(e->defn, &opts, t->key, c);
	if (found == COLUMNS_ODD)
		check_say(t, FIND_ERROR, e, WOULD_RUN, "its columns are not "
		    "written as pg_dump does");
	else if (found == COLUMNS_ALL && e->relkind != 0 &&
	    c->partitioned != (e->relkind == 'p'))
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its definition and "
		    "its kind of relation disagree on whether it is a "
		    "partitioned table");
	return (found);
}

/* That few bits from what it should be: that is damage, not a new kind. */
static bool
is_bits_off(const char *s, const char *want, int most)
{
	unsigned x;
	int bits = 0;

	for (; *s != '\0' && *want != '\0'; s++, want++)
		for (x = (unsigned)(*s ^ *want) & 0xff; x != 0; x &= x - 1)
			bits++;
	return (*s == *want && bits > 0 && bits <= most);
}

static void
check_unknown(struct toc_check *t, const struct archive_entry *e)
{
	int i;

	for (i = 1; i < kind_count(); i++)
		if (is_bits_off(e->desc, kind_of(i)->desc, 2)) {
			check_say(t, FIND_ERROR, e, "pg_restore may treat it "
			    "in another way", "its kind is a bit or two off "
			    "%s", kind_of(i)->desc);
			return;
		}
	check_say(t, FIND_NOTE, e, NULL, "\"%s\" is a kind of entry not "
	    "known here", e->desc);
}

/* What only some kinds have. */
static void
check_kind(struct toc_check *t, const struct archive_entry *e, int kind)
{

	if (kind == KIND_BLOB_METADATA)
		check_metadata(t, e);
	if (kind == KIND_BLOBS && t->minor < 16 && strcmp(e->tag, "BLOBS") != 0)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "its name is not "
		    "BLOBS");
	if (kind == KIND_COMMENT)
		check_comment(t, e);
	if (kind == KIND_ACL)
		check_acl(t, e);
	if (kind == KIND_FUNCTION || kind == KIND_PROCEDURE ||
	    kind == KIND_AGGREGATE)
		check_signature(t, e, kind);
	if (is_bits_off(e->tableam, "heap", 1))
		check_say(t, FIND_ERROR, e, "a restore stops here", "its "
		    "access method is one bit off heap");
	if (kind == KIND_DATABASE &&
	    strcmp(e->tag, t->c->header->dbname) != 0)
		check_say(t, FIND_ERROR, e, "pg_restore --create would make "
		    "it under this name", "the header has another database");
}

enum columns_found
check_fields(struct toc_check *t, const struct archive_entry *e, int kind,
    struct form *found, struct columns *columns)
{
	const struct kind *k = kind_of(kind);

	if (kind == KIND_UNKNOWN) {
		check_unknown(t, e);
		return (COLUMNS_OPEN);
	}
	check_texts(t, e, k);
	check_sql(t, e, k);
	if (kind == KIND_TABLE_DATA)
		check_copy(t, e);
	if (kind == KIND_BLOB)
		check_blob(t, e);
	if (t->minor < MINOR_KNOWN)
		return (COLUMNS_OPEN);
	check_numbers(t, e, k);
	check_form(t, e, k, found);
	check_kind(t, e, kind);
	if (kind == KIND_TABLE || kind == KIND_FOREIGN_TABLE)
		return (check_table(t, e, columns));
	return (COLUMNS_OPEN);
}
