/* SPDX-License-Identifier: ISC */
/* Promise: of a table of contents is kept what its checks and lists need, in
 * few bytes an entry; its hash changes with every field of every entry. */
#include "msg.h"
#include "pgb-verify/toc/contents.h"
#include "tap.h"
#include "toc-make.h"

static struct contents *
keep(const struct archive_header *h, const struct archive_entry *e,
    size_t count, bool all_names)
{
	struct contents_opts opts = { .all_names = all_names };
	struct contents *c = contents_new(&opts);
	size_t i;

	if (c == NULL || contents_set_header(c, h) != 0)
		abort();
	for (i = 0; i < count; i++)
		if (contents_add(c, &e[i]) != 0)
			abort();
	if (contents_end(c) != 0)
		abort();
	return (c);
}

static void
test_data(void)
{
	struct contents *c = keep(&toc_header, toc_entries, TOC_COUNT, false);
	const struct contents_data *d = contents_data(c, 0);
	const uint32_t *loids = contents_loids(c);
	char name[64];

	ok(contents_count(c) == TOC_COUNT && contents_data_count(c) == 2,
	    "entries, and entries with data");
	ok(d->id == 10 && d->is_copy && !d->is_blobs && d->columns == 2 &&
	    !d->seen, "of table data");
	same(d->schema, "s x", "schema");
	same(d->tag, "t", "name");
	contents_describe(c, 0, name, sizeof(name));
	same(name, "TABLE DATA s x.t", "described");
	d = contents_data(c, 1);
	ok(d->id == 11 && d->is_blobs && d->loids_known && d->loids == 3 &&
	    loids[d->loids_from] == 500 && loids[d->loids_from + 2] == 502,
	    "of large objects: which");
	contents_describe(c, 1, name, sizeof(name));
	same(name, "BLOBS 500..502", "described");
	same(encoding_name(contents_encoding(c)), "UTF8", "encoding");
	ok(contents_plain_strings(c), "strings");
	same(contents_header(c)->server, toc_header.server, "header");
	contents_free(c);
}

static void
test_columns(void)
{
	static const struct {
		const char *copy;
		size_t columns;
	} cases[] = {
		{ "", 0 },
		{ "COPY t  FROM stdin;\n", 0 },
		{ "COPY s.t (a) FROM stdin;\n", 1 },
		{ "COPY \"s\".\"t\"\"(\" (\"a, b\", c, \"\"\"\") FROM stdin;\n",
		    3 },
		{ "COPY t (a, b) WITH OIDS FROM stdin;\n", 3 },
	};
	struct archive_entry e = toc_entries[9];
	struct contents *c;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e.copy = cases[i].copy;
		c = keep(&toc_header, &e, 1, false);
		ok(contents_data(c, 0)->columns == cases[i].columns &&
		    contents_data(c, 0)->is_copy == (i > 0),
		    "columns of %.20s", cases[i].copy);
		contents_free(c);
	}
}

/* Before 1.16 large objects have an entry each. */
static void
test_old_objects(void)
{
	struct archive_header h = toc_header;
	struct archive_entry e[4];
	const uint32_t *loids;
	struct contents *c;
	int i;

	for (i = 0; i < 3; i++)
		e[i] = (struct archive_entry){ ENTRY, .id = i + 1,
		    .desc = "BLOB", .tag = "", .oid = 4000000000U -
		    (uint32_t)i };
	e[3] = (struct archive_entry){ ENTRY, .id = 9, .desc = "BLOBS",
	    .tag = "BLOBS", .has_data = true, .is_blobs = true };
	h.minor = 13;
	c = keep(&h, e, 4, false);
	loids = contents_loids(c);
	ok(contents_data(c, 0)->loids == 3 && contents_data(c, 0)->loids_known
	    && loids[0] == 3999999998U && loids[1] == 3999999999U &&
	    loids[2] == 4000000000U, "the objects of BLOB entries, ascending");
	contents_free(c);
	c = keep(&h, e + 3, 1, false);
	ok(!contents_data(c, 0)->loids_known, "an archive of data alone");
	contents_free(c);
}

static void
test_objects(void)
{
	struct archive_entry e[2] = { toc_entries[8], toc_entries[10] };
	struct contents *c;

	e[0].defn_cut = true;
	c = keep(&toc_header, e, 2, false);
	ok(!contents_data(c, 0)->loids_known, "a list that was cut");
	contents_free(c);
	e[0].defn_cut = false;
	e[0].defn = "500\n5x1\n";
	c = keep(&toc_header, e, 2, false);
	ok(!contents_data(c, 0)->loids_known, "a list that is none");
	contents_free(c);
	c = keep(&toc_header, e + 1, 1, false);
	ok(!contents_data(c, 0)->loids_known, "no list");
	contents_free(c);
}

static char text[8192];
static size_t text_len;

static int
emit(void *arg, const char *line, size_t len)
{

	if (arg != NULL)
		return (-1);
	memcpy(text + text_len, line, len);
	text_len += len;
	text[text_len] = '\0';
	return (0);
}

static void
test_list(void)
{
	struct archive_entry e[2] = { toc_entries[4], toc_entries[9] };
	struct contents *c;
	char stop;

	e[0].tag = "a\nb\r";
	c = keep(&toc_header, e, 2, true);
	contents_data(c, 0)->seen = true;
	contents_data(c, 0)->rows = 1;
	contents_data(c, 0)->bytes = 56789;
	ok(contents_list(c, emit, NULL) == 0, "a list");
	same(strstr(text, "2; "), "2; 1259 16400 TABLE s x a b  boss\n"
	    "10; 0 16400 TABLE DATA s x t boss\n;     1 row, 56789 bytes\n",
	    "its entries");
	ok(strstr(text, "\n; Archive created at 2026-11-28 00:00:00\n") != NULL
	    && strstr(text, "\n;     dbname: app\n") != NULL &&
	    strstr(text, "\n;     TOC Entries: 2\n;     Compression: gzip\n"
	    ";     Dump Version: 1.16-0\n;     Format: CUSTOM\n") != NULL,
	    "its head");
	ok(contents_list(c, emit, &stop) == -1, "it can be stopped");
	contents_free(c);
}

static bool
differs(const struct archive_entry *e, const char *what)
{
	struct contents *c = keep(&toc_header, &toc_entries[9], 1, false);
	uint8_t a[64], b[64];

	contents_hash(c, a);
	contents_free(c);
	c = keep(&toc_header, e, 1, false);
	contents_hash(c, b);
	contents_free(c);
	return (ok(memcmp(a, b, sizeof(a)) != 0, "hash: %s", what));
}

static void
test_hash(void)
{
	static const int32_t dep[] = { 3 };
	struct archive_header h = toc_header;
	struct archive_entry e;
	struct contents *c;
	uint8_t a[64], b[64];

#define OTHER(field, value) do {	\
	e = toc_entries[9];		\
	e.field = (value);		\
	differs(&e, #field);		\
} while (0)
	OTHER(id, 4);
	OTHER(table_oid, 1);
	OTHER(oid, 1);
	OTHER(tag, "u");
	OTHER(desc, "TABLE DATB");
	OTHER(schema, "s");
	OTHER(owner, "bosx");
	OTHER(copy, "");
	OTHER(section, 2);
	OTHER(has_data, false);
	OTHER(deps, dep);
	OTHER(dep_count, 0);
	OTHER(defn, "-- ");
	OTHER(drop, "-- ");
	OTHER(defn_cut, true);
	OTHER(tablespace, "x");
	OTHER(tableam, "x");
	OTHER(with_oids, true);
	OTHER(member, "1.dat");
	OTHER(relkind, 'r');
	/* A byte from one string to the next. */
	e = toc_entries[9];
	e.schema = "s xt";
	e.tag = "";
	differs(&e, "where a string ends");
	c = keep(&h, toc_entries, TOC_COUNT, false);
	contents_hash(c, a);
	contents_free(c);
	e = toc_entries[TOC_COUNT - 1];
	h.sec = 5;
	c = keep(&h, toc_entries, TOC_COUNT, true);
	contents_hash(c, b);
	ok(memcmp(a, b, sizeof(a)) == 0, "hash: not of the time");
	contents_free(c);
	c = keep(&h, toc_entries, TOC_COUNT - 1, false);
	contents_hash(c, b);
	ok(memcmp(a, b, sizeof(a)) != 0, "hash: of all entries");
	contents_free(c);
}

static void
test_memory(void)
{
	struct contents_opts opts = { .most = 1 << 20 };
	struct contents *c = contents_new(&opts);
	struct archive_entry e = toc_entries[9];
	int i;

	for (i = 1; i < 1000000; i++) {
		e.id = i;
		if (contents_add(c, &e) != 0)
			break;
	}
	ok(i > 5000 && i < 1000000 && contents_memory(c) < (1 << 20) + 8192,
	    "a limit of memory holds, at entry %d", i);
	same(contents_error(c), "its table of contents needs more than 1 MiB "
	    "of memory: see --max-memory", "and says so");
	contents_free(c);
}

int
main(void)
{

	msg_program("unit");
	test_data();
	test_columns();
	test_old_objects();
	test_objects();
	test_list();
	test_hash();
	test_memory();
	return (tap_done());
}
