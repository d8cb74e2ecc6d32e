/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "toc/form.h"

#define LITERAL_MAX	600	/* two names of 63 bytes, all of them quotes */

/* What is behind NAME or SCHEMA.NAME, if it is the entry's; else NULL. */
static const char *
own_name(const char *sql, const struct archive_entry *e)
{
	struct name schema, name;

	if ((sql = name_scan_qualified(sql, &schema, &name)) == NULL ||
	    !name_is(&name, e->tag) ||
	    (schema.len > 0 && !name_is(&schema, e->schema)))
		return (NULL);
	return (sql);
}

static const char *
own_function(const char *sql, const struct archive_entry *e)
{
	struct name schema, name;
	const char *rest;

	if ((sql = name_scan_qualified(sql, &schema, &name)) == NULL ||
	    (schema.len > 0 && !name_is(&schema, e->schema)) ||
	    (rest = name_in(&name, e->tag)) == NULL || *rest != '(' ||
	    *sql != '(')
		return (NULL);
	return (sql);
}

static const char *
own_operator(const char *sql, const struct archive_entry *e)
{
	size_t len = strspn(e->tag, "+-*/<>=~!@#%^&|`?");
	struct name schema;
	const char *p;

	if ((p = name_scan(sql, &schema)) != NULL) {
		if (*p != '.' || !name_is(&schema, e->schema))
			return (NULL);
		sql = p + 1;
	}
	if (len == 0 || e->tag[len] != '\0' ||
	    strncmp(sql, e->tag, len) != 0)
		return (NULL);
	return (sql + len);
}

/* A name in a string.  One with a backslash is looked through: whether that is
 * an escape is not known here. */
static const char *
own_literal(const char *sql, const struct archive_entry *e)
{
	char buf[LITERAL_MAX];
	const char *end;
	bool plain = true;
	size_t len = 0;

	if (*sql++ != '\'')
		return (NULL);
	for (; *sql != '\0'; sql++) {
		if (*sql == '\'' && *++sql != '\'')
			break;
		plain &= *sql != '\\' && len < sizeof(buf) - 1;
		if (plain)
			buf[len++] = *sql;
	}
	buf[len] = '\0';
	if (plain && ((end = own_name(buf, e)) == NULL || *end != '\0'))
		return (NULL);
	return (sql);
}

static const char *
own_text(const char *sql, const char *text)
{
	size_t len = strlen(text);

	return (strncmp(sql, text, len) == 0 ? sql + len : NULL);
}

/* [SCHEMA.]TABLE.COLUMN */
static const char *
column(const char *sql, struct form *f)
{
	struct name last;

	sql = name_scan_qualified(sql, &f->table_schema, &f->table);
	if (sql == NULL)
		return (NULL);
	if (*sql == '.')
		return (name_scan(sql + 1, &last));
	if (f->table_schema.len == 0)
		return (NULL);
	f->table = f->table_schema;
	memset(&f->table_schema, 0, sizeof(f->table_schema));
	return (sql);
}

static const char *
directive(char which, const char *sql, const struct archive_entry *e,
    struct form *f)
{
	struct name schema, name;

	switch (which) {
	case 'Q':
		return (own_name(sql, e));
	case 'N':
		sql = name_scan(sql, &name);
		return (sql != NULL && name_is(&name, e->tag) ? sql : NULL);
	case 'F':
		return (own_function(sql, e));
	case 'O':
		return (own_operator(sql, e));
	case 'D':
	case 'X':
		return (own_text(sql, e->tag));
	case 'L':
		return (own_literal(sql, e));
	case 'V':
		sql += *sql == '-';
		return (sql + strspn(sql, "0123456789"));
	case 'T':
		return (name_scan_qualified(sql, &f->table_schema, &f->table));
	case 'I':
		return (name_scan(sql, &f->part));
	case 'C':
		return (column(sql, f));
	case 'A':
		return (name_scan(sql, &name));
	default:
		return (name_scan_qualified(sql, &schema, &name));
	}
}

/* One form, which ends at a bar or a NUL. */
static bool
match(const char *form, const char *sql, const struct archive_entry *e,
    struct form *f)
{
	size_t len;

	for (; *form != '\0' && *form != '|'; form++) {
		if (*form == '%' && form[1] == '*')
			return (true);
		if (*form == '%') {
			if ((sql = directive(*++form, sql, e, f)) == NULL)
				return (false);
		} else if (*form == '[') {
			len = strcspn(++form, "]");
			if (strncmp(sql, form, len) == 0)
				sql += len;
			form += len;
		} else if (*form != *sql++)
			return (false);
	}
	return (*sql == '\0');
}

/* TABLE PART, PART TABLE or PART; of a part alone it may be anything there. */
static bool
names_agree(const struct form *f, const struct archive_entry *e)
{
	const char *p;

	if (f->table_schema.len > 0 && !name_is(&f->table_schema, e->schema))
		return (false);
	if (f->part.s == NULL || name_is(&f->part, e->tag))
		return (true);
	if (f->table.s == NULL)
		return (name_ends(&f->part, e->tag) ||
		    name_in(&f->part, e->tag) != NULL);
	if ((p = name_in(&f->table, e->tag)) != NULL && *p == ' ' &&
	    name_is(&f->part, p + 1))
		return (true);
	return ((p = name_in(&f->part, e->tag)) != NULL && *p == ' ' &&
	    name_is(&f->table, p + 1));
}

bool
form_match(const char *forms, const char *sql, const struct archive_entry *e,
    struct form *out)
{

	for (;; forms++) {
		memset(out, 0, sizeof(*out));
		if (match(forms, sql, e, out) && names_agree(out, e))
			return (true);
		forms += strcspn(forms, "|");
		if (*forms == '\0')
			return (false);
	}
}
