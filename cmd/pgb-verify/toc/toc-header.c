/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "toc/toc-check-impl.h"

static bool
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

static int
number(const char **p)
{
	int n = 0;

	while (is_digit(**p) && n < 100000)
		n = n * 10 + *(*p)++ - '0';
	return (n);
}

/*
 * "15.20", "9.6.24", "19rc1", "17devel", each with whatever a packager put
 * behind it, but no letter or digit at once.  0, or -1.
 */
static int
parse_version(const char *s, struct version *v)
{
	const char *p = s;

	v->minor = -1;
	v->release = true;
	if (*p < '1' || *p > '9' || (v->major = number(&p)) > 99 ||
	    v->major < 7 || (*p != '.' && (*p < 'a' || *p > 'z')))
		return (-1);
	while (*p == '.' && is_digit(p[1])) {
		p++;
		if (v->minor == -1)
			v->minor = number(&p);
		else
			(void)number(&p);
	}
	if (*p >= 'a' && *p <= 'z') {
		v->release = false;
		while (*p >= 'a' && *p <= 'z')
			p++;
		(void)number(&p);
	}
	if (is_digit(*p) || (*p >= 'A' && *p <= 'Z') ||
	    (*p >= 'a' && *p <= 'z'))
		return (-1);
	for (; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return (-1);
	return (0);
}

/* Which versions of pg_dump write archives of that version. */
static bool
writes(const struct version *dumper, int minor)
{

	switch (minor) {
	case 12:
		return (dumper->major == 9 || dumper->major == 10);
	case 13:
		return (dumper->major >= 9 && dumper->major <= 11);
	case 14:
		return (dumper->major >= 12 && dumper->major <= 15);
	case 15:
		return (dumper->major == 16);
	default:
		return (dumper->major >= 17);
	}
}

static bool
is_date(const struct archive_header *h)
{
	static const int days[12] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	bool leap = h->year % 4 == 0 &&
	    (h->year % 100 != 0 || h->year % 400 == 0);

	if (h->month < 1 || h->month > 12 || h->day > days[h->month - 1])
		return (false);
	return (h->month != 2 || h->day < 29 || leap);
}

int
toc_check_header(struct toc_check *t, const struct archive_header *h)
{
	struct place place = { .name = "header" };
	bool known;

	t->minor = h->minor;
	if (!is_date(h))
		finding(t->f, FIND_ERROR, &place, NOT_NOTICED,
		    "there is no day %d of month %d", h->day, h->month);
	known = parse_version(h->server, &t->server) == 0;
	if (!known)
		finding(t->f, FIND_ERROR, &place, NOT_NOTICED,
		    "\"%s\" is no version of a server", h->server);
	if (parse_version(h->dumper, &t->dumper) != 0) {
		finding(t->f, FIND_ERROR, &place, NOT_NOTICED,
		    "\"%s\" is no version of pg_dump", h->dumper);
		t->dumper.major = 0;
		return (0);
	}
	if (t->dumper.release && !writes(&t->dumper, h->minor))
		finding(t->f, FIND_ERROR, &place, "pg_restore would read it "
		    "as another version", "pg_dump %s writes no archives of "
		    "version 1.%d", h->dumper, h->minor);
	if (known && t->server.major > t->dumper.major)
		finding(t->f, FIND_ERROR, &place, NOT_NOTICED, "pg_dump %d "
		    "does not dump from a server %d", t->dumper.major,
		    t->server.major);
	return (0);
}

/*
 * Since minor versions of May 2023, data that is to be loaded through another
 * table says so in its definition.  Before, its COPY statement just named that.
 */
bool
check_predates_remark(const struct toc_check *t)
{
	static const int since[] = { 20, 15, 11, 8, 3 };	/* 11 ... 15 */
	const struct version *d = &t->dumper;

	if (d->major < 11 || d->major > 15)
		return (d->major == 0);
	return (!d->release || d->minor < since[d->major - 11]);
}

/* SQL that is front, some text without quotes, and back. */
static bool
is_setting(const char *sql, const char *front, const char *back)
{
	size_t len = strlen(front), text;

	if (strncmp(sql, front, len) != 0)
		return (false);
	text = strcspn(sql + len, "'\\");
	return (strcmp(sql + len + text, back) == 0);
}

static void
check_encoding(struct toc_check *t, const struct archive_entry *e)
{
	const struct encoding *enc = contents_encoding(t->c);
	char want[96];

	if (!is_setting(e->defn, "SET client_encoding = '", "';\n"))
		check_say(t, FIND_ERROR, e, "a restore would read all text "
		    "in another encoding", "its definition does not set the "
		    "encoding");
	else if (enc == NULL)
		check_say(t, FIND_ERROR, e, "a restore stops here, or reads "
		    "all text in another encoding", "it names an encoding "
		    "that PostgreSQL does not know");
	else {
		snprintf(want, sizeof(want), "SET client_encoding = '%s';\n",
		    encoding_name(enc));
		if (strcmp(e->defn, want) != 0)
			check_say(t, FIND_ERROR, e, NOT_NOTICED, "the name of "
			    "its encoding is not written as pg_dump does");
	}
}

static void
check_setting(struct toc_check *t, const struct archive_entry *e, int kind)
{

	if (kind == KIND_ENCODING)
		check_encoding(t, e);
	else if (e->defn[0] == '\0')
		return;			/* not told */
	else if (kind == KIND_STDSTRINGS) {
		if (strcmp(e->defn, "SET standard_conforming_strings = 'on';\n")
		    != 0 && strcmp(e->defn,
		    "SET standard_conforming_strings = 'off';\n") != 0)
			check_say(t, FIND_ERROR, e, "a restore may read "
			    "backslashes in another way", "its definition "
			    "does not say how strings are written");
	} else if (!is_setting(e->defn, "SELECT pg_catalog.set_config("
	    "'search_path', '", "', false);\n"))
		check_say(t, FIND_ERROR, e, WOULD_RUN, "its definition does "
		    "not set the search path");
}

void
check_front(struct toc_check *t, const struct archive_entry *e, size_t n,
    int kind)
{
	static const int order[] = { KIND_ENCODING, KIND_STDSTRINGS,
	    KIND_SEARCHPATH };
	size_t count = t->minor >= 13 ? 3 : 2;

	if (n < count && kind != order[n])
		check_say(t, FIND_ERROR, e, "a restore would do without that",
		    "it stands where the %s entry is to be",
		    kind_of(order[n])->desc);
	if ((kind_of(kind)->flags & KIND_FRONT) == 0)
		return;
	if (n >= count || kind != order[n])
		check_say(t, FIND_ERROR, e, "a restore may go by the wrong "
		    "one", "such an entry stands at the front, once");
	if (strcmp(e->tag, e->desc) != 0 || e->schema[0] != '\0' ||
	    e->owner[0] != '\0' || e->dep_count != 0)
		check_say(t, FIND_ERROR, e, NOT_NOTICED, "it is not named as "
		    "pg_dump names it");
	check_setting(t, e, kind);
}
