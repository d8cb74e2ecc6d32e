/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive-entry.h"
#include "archive/archive-toc.h"

#define MINOR_MIN	12	/* 9.0 */
#define MINOR_MAX	16	/* 17 and 18 */

/* What a field may be at most; far above all that PostgreSQL can make. */
#define ENTRIES_MAX	(1 << 29)
#define NAME_MAX_LEN	(1 << 20)	/* a function's tag lists its types */
#define COPY_MAX	(1 << 22)	/* 1600 quoted column names */
#define SQL_MAX		0x3fffffff	/* what a string of the server holds */
#define NUMBER_MAX	10
#define MEMBER_MAX	99		/* a name in a tar header */

#define BYTES(n)	.kind = ITEM_BYTES, .max = (n)
#define INT(from, to)	.kind = ITEM_INT, .lo = (from), .hi = (to)
#define TEXT(n, to)	.kind = ITEM_TEXT, .max = (n), .text = (to)
#define SKIP(n, to)	.kind = ITEM_SKIP, .max = (n), .text = (to)

/* The format in order; a field with since or until exists in those minors
 * only, one with a format in that one.  lo and hi are for integers. */
static const struct field {
	const char *name;
	enum item_kind kind;
	uint32_t max;
	int text;
	int since, until;
	int64_t lo, hi;
	enum archive_format format;
} fields[F_END] = {
	[F_MAGIC] = { "version", BYTES(8) },
	[F_SIZES] = { "sizes", BYTES(3) },
	[F_ALGORITHM] = { "compression", BYTES(1), .since = 15 },
	[F_LEVEL] = { "compression level", INT(-1, 9), .until = 14 },
	[F_SEC] = { "second", INT(0, 60) },
	[F_MIN] = { "minute", INT(0, 59) },
	[F_HOUR] = { "hour", INT(0, 23) },
	[F_DAY] = { "day", INT(1, 31) },
	[F_MONTH] = { "month", INT(0, 11) },
	[F_YEAR] = { "year", INT(0, 8099) },
	[F_DST] = { "summer time", INT(-1, 1) },
	[F_DBNAME] = { "database name", TEXT(NAME_MAX_LEN, TEXT_DBNAME) },
	[F_SERVER] = { "server version", TEXT(NAME_MAX_LEN, TEXT_SERVER) },
	[F_DUMPER] = { "pg_dump version", TEXT(NAME_MAX_LEN, TEXT_DUMPER) },
	[F_COUNT] = { "number of entries", INT(1, ENTRIES_MAX) },
	[F_ID] = { "dump ID", INT(1, INT32_MAX) },
	[F_HAS_DATA] = { "data flag", INT(0, 1) },
	[F_TABLE_OID] = { "catalog OID", TEXT(NUMBER_MAX, TEXT_NUMBER) },
	[F_OID] = { "OID", TEXT(NUMBER_MAX, TEXT_NUMBER) },
	[F_TAG] = { "name", TEXT(NAME_MAX_LEN, TEXT_TAG) },
	[F_DESC] = { "kind", TEXT(NAME_MAX_LEN, TEXT_DESC) },
	[F_SECTION] = { "section", INT(0, 4) },
	[F_DEFN] = { "definition", SKIP(SQL_MAX, TEXT_DEFN) },
	[F_DROP] = { "drop statement", SKIP(SQL_MAX, TEXT_DROP) },
	[F_COPY] = { "COPY statement", TEXT(COPY_MAX, TEXT_COPY) },
	[F_SCHEMA] = { "schema", TEXT(NAME_MAX_LEN, TEXT_SCHEMA) },
	[F_TABLESPACE] = { "tablespace", TEXT(NAME_MAX_LEN, TEXT_TABLESPACE) },
	[F_TABLEAM] = { "access method", TEXT(NAME_MAX_LEN, TEXT_TABLEAM),
	    .since = 14 },
	[F_RELKIND] = { "relation kind", INT(0, 127), .since = 16 },
	[F_OWNER] = { "owner", TEXT(NAME_MAX_LEN, TEXT_OWNER) },
	[F_WITH_OIDS] = { "OID flag", TEXT(5, TEXT_NUMBER) },
	[F_DEP] = { "dependency", TEXT(NUMBER_MAX, TEXT_NUMBER) },
	[F_OFFSET] = { "data offset", BYTES(9), .format = ARCHIVE_CUSTOM },
	[F_MEMBER] = { "file name", TEXT(MEMBER_MAX, TEXT_MEMBER),
	    .format = ARCHIVE_TAR },
};

/* Whether this archive has that field. */
static bool
has(const struct toc *t, const struct field *f)
{
	int minor = t->header.minor;

	if (f->format != 0 && f->format != t->header.format)
		return (false);
	return (minor == 0 || ((f->since == 0 || minor >= f->since) &&
	    (f->until == 0 || minor <= f->until)));
}

/* Expect that field, or the next one that there is. */
static void
go(struct toc *t, int field)
{
	const struct field *f = &fields[field];
	bool keep;

	while (!has(t, f))
		f++;
	t->field = (int)(f - fields);
	t->field_at = t->pos;
	keep = f->kind == ITEM_TEXT || entry_tells(t, t->field);
	item_begin(&t->item, f->kind, f->max,
	    keep ? &t->text[f->text] : NULL);
}

int
toc_init(struct toc *t, struct carrier *c, enum archive_format format,
    uint64_t at)
{

	memset(t, 0, sizeof(*t));
	t->c = c;
	t->pos = at;
	t->header.format = format;
	t->watch = carrier_watch(c, &t->watch_arg);
	go(t, F_MAGIC);
	return (getentropy(t->key, sizeof(t->key)));
}

void
toc_wipe(struct toc *t)
{
	int i;

	for (i = 0; i < TEXT_COUNT; i++)
		text_wipe(&t->text[i]);
	text_wipe(&t->names);
	free(t->deps);
	free(t->ids);
	free(t->hashes);
	free(t->leans);
	free(t->data);
}

void
toc_again(struct toc *t)
{

	t->again = true;
	t->again_at = t->pos;
	t->seen = 0;
	go(t, F_COUNT);
}

const char *
toc_due_name(const struct toc *t)
{
	return (t->names.s + t->due_name);
}

void
toc_due_next(struct toc *t)
{

	t->due_name += strlen(toc_due_name(t)) + 1;
	t->due++;
}

void
toc_describe(const struct toc *t, char *out, size_t size)
{
	const char *desc, *tag, *schema;

	desc = t->field > F_DESC ? text_str(&t->text[TEXT_DESC]) : "";
	tag = t->field > F_TAG ? text_str(&t->text[TEXT_TAG]) : "";
	schema = t->field > F_SCHEMA ? text_str(&t->text[TEXT_SCHEMA]) : "";
	snprintf(out, size, "%s%s%s%s%s", desc,
	    desc[0] != '\0' && tag[0] != '\0' ? " " : "", schema,
	    schema[0] != '\0' ? "." : "", tag);
}

/* Where in the table we are: "header", "entry 17 (TABLE DATA public.t)". */
static void
locate(const struct toc *t, char *out, size_t size)
{
	char what[SHOWN_MAX];

	if (t->field < F_COUNT)
		snprintf(out, size, t->header.format == ARCHIVE_TAR ?
		    "header of toc.dat" : "header");
	else if (t->field == F_COUNT)
		snprintf(out, size, "table of contents");
	else if (t->field == F_ID)
		snprintf(out, size, "entry number %zu", t->seen + 1);
	else {
		toc_describe(t, what, sizeof(what));
		snprintf(out, size, "entry %d%s%s%s", (int)t->entry.id,
		    what[0] != '\0' ? " (" : "", what,
		    what[0] != '\0' ? ")" : "");
	}
}

int
toc_fail(struct toc *t, const char *fmt, ...)
{
	char where[SHOWN_MAX + 64], what[320];
	va_list ap;

	if (t->again && t->field == F_COUNT)
		return (carrier_fail(t->c, t->field_at, "after the last block "
		    "stand neither the end nor a second table of contents"));
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	locate(t, where, sizeof(where));
	return (carrier_fail(t->c, t->field_at, "%s%s: %s", t->again ?
	    "second table of contents: " : "", where, what));
}

int
toc_heard(struct toc *t, const char *why)
{

	if (why == NULL)
		return (0);
	if (why == archive_told)
		return (carrier_told(t->c, STATUS_DATA));
	return (toc_fail(t, "%s", why));
}

static int
check_magic(struct toc *t)
{
	const uint8_t *raw = t->item.raw;
	char why[96];

	if (memcmp(raw, "PGDMP", 5) != 0)
		return (toc_fail(t, "not an archive"));
	if (raw[5] == 1 && raw[6] >= MINOR_MIN && raw[6] <= MINOR_MAX &&
	    raw[7] == 0) {
		t->header.minor = raw[6];
		return (0);
	}
	snprintf(why, sizeof(why), "archive version %d.%d-%d is %s", raw[5],
	    raw[6], raw[7], raw[5] < 1 || (raw[5] == 1 && raw[6] < MINOR_MIN) ?
	    "older than 1.12 (PostgreSQL 9.0)" : "newer than 1.16, the newest "
	    "known here");
	carrier_stray(t->c, why);
	t->stray = true;
	return (0);
}

static int
check_sizes(struct toc *t)
{
	const uint8_t *raw = t->item.raw;

	if (raw[0] != 4)
		return (toc_fail(t, "integers of %d bytes, not 4", raw[0]));
	if (raw[1] != 8)
		return (toc_fail(t, "offsets of %d bytes, not 8", raw[1]));
	if (t->header.format == ARCHIVE_CUSTOM && (raw[2] == 3 || raw[2] == 5))
		return (toc_fail(t, "the table of contents of a tar or "
		    "directory dump, whose data lie elsewhere"));
	if (raw[2] != t->header.format)
		return (toc_fail(t, "format %d, not %d", raw[2],
		    (int)t->header.format));
	return (0);
}

static int
set_compression(struct toc *t, int method)
{

	if (method > ARCHIVE_ZSTD)
		return (toc_fail(t, "compression %d is unknown", method));
	if (method != ARCHIVE_NONE && t->header.format == ARCHIVE_TAR)
		return (toc_fail(t, "compressed, which pg_restore does not "
		    "take in a tar"));
	t->header.compression = (enum archive_compression)method;
	return (0);
}

static int
header_end(struct toc *t)
{
	struct archive_header *h = &t->header;

	h->dbname = text_str(&t->text[TEXT_DBNAME]);
	h->server = text_str(&t->text[TEXT_SERVER]);
	h->dumper = text_str(&t->text[TEXT_DUMPER]);
	if (h->format == ARCHIVE_CUSTOM)
		carrier_set_archive(t->c, h);
	if (t->watch != NULL && t->watch->header != NULL)
		return (toc_heard(t, t->watch->header(t->watch_arg, h)));
	return (0);
}

static int
header_field(struct toc *t)
{
	struct archive_header *h = &t->header;
	int value = (int)t->item.value;

	switch (t->field) {
	case F_MAGIC:
		return (check_magic(t));
	case F_SIZES:
		return (check_sizes(t));
	case F_ALGORITHM:
		return (set_compression(t, t->item.raw[0]));
	case F_LEVEL:
		return (set_compression(t, value != 0 ? ARCHIVE_GZIP :
		    ARCHIVE_NONE));
	case F_SEC:
		h->sec = value;
		break;
	case F_MIN:
		h->min = value;
		break;
	case F_HOUR:
		h->hour = value;
		break;
	case F_DAY:
		h->day = value;
		break;
	case F_MONTH:
		h->month = value + 1;
		break;
	case F_YEAR:
		h->year = value + 1900;
		break;
	case F_DUMPER:
		return (header_end(t));
	default:
		break;
	}
	return (0);
}

static int
header_next(struct toc *t)
{

	if (header_field(t) != 0)
		return (-1);
	return (t->stray ? F_END : t->field + 1);
}

static int
count_next(struct toc *t)
{
	size_t count = (size_t)t->item.value;

	if (t->again && count != t->count)
		return (toc_fail(t, "not the same number of entries"));
	t->count = count;
	return (F_ID);
}

/* The field is whole: the one to expect next, F_END or -1. */
static int
next(struct toc *t)
{
	const struct field *f = &fields[t->field];

	if (f->kind == ITEM_INT &&
	    (t->item.value < f->lo || t->item.value > f->hi))
		return (toc_fail(t, "%s: %lld cannot be", f->name,
		    (long long)t->item.value));
	if (t->field < F_COUNT)
		return (header_next(t));
	if (t->field == F_COUNT)
		return (count_next(t));
	return (entry_next(t));
}

int
toc_feed(struct toc *t, const uint8_t **buf, size_t *len)
{
	const uint8_t *from;
	size_t n;
	int rc;

	while (*len > 0) {
		from = *buf;
		rc = item_feed(&t->item, buf, len);
		n = (size_t)(*buf - from);
		t->pos += n;
		if (t->field > F_COUNT)
			entry_bytes(t, from, n);
		if (rc == -1) {
			if (t->item.error == item_no_memory)
				carrier_memory(t->c);
			return (toc_fail(t, "%s: %s", fields[t->field].name,
			    t->item.error));
		}
		if (rc == 0)
			return (0);
		if ((rc = next(t)) == -1)
			return (-1);
		if (t->stray) {
			*len = 0;
			return (0);
		}
		if (rc == F_END)
			return (1);
		if (rc == F_ID)
			entry_begin(t);
		go(t, rc);
	}
	return (0);
}

/* Where it ends, too early: "in the header, at the year". */
static void
locate_end(const struct toc *t, char *out, size_t size)
{
	char where[SHOWN_MAX + 64];

	if (t->field < F_COUNT)
		snprintf(out, size, "in the header, at the %s",
		    fields[t->field].name);
	else if (t->field == F_COUNT)
		snprintf(out, size, "where the table of contents begins");
	else {
		locate(t, where, sizeof(where));
		snprintf(out, size, "in the %stable of contents: %zu of %zu "
		    "entries seen, ends in %s, at the %s", t->again ?
		    "second " : "", t->seen, t->count, where,
		    fields[t->field].name);
	}
}

enum carrier_verdict
toc_cut(struct toc *t)
{
	char where[SHOWN_MAX + 256];

	if (t->again && t->field == F_COUNT)
		return (carrier_cut(t->c, "more bytes after the last block, or "
		    "cut short where a second table of contents begins"));
	locate_end(t, where, sizeof(where));
	return (carrier_cut(t->c, "cut short %s", where));
}

int
toc_short(struct toc *t, uint64_t at)
{
	char where[SHOWN_MAX + 256];

	locate_end(t, where, sizeof(where));
	return (carrier_fail(t->c, at, "member toc.dat is cut short %s",
	    where));
}
