/* SPDX-License-Identifier: ISC */
/*
 * A dump that has lost more than it may, or nothing and gained nothing, is told
 * from one that has not; and the table of it is readable.
 */
#include "pgb-verify/report/drift-line.c"
#include "pgb-verify/report/drift-say.c"
#include "pgb-verify/report/drift.c"
#include "pgb-verify/report/earlier.c"

#include "tap.h"

#define KNOWN	UINT64_MAX	/* rows are not known */

static const uint8_t hash_a[64] = "a", hash_b[64] = "b";

static struct earlier earlier;
static struct earlier_table before[2000];
static struct drift_opts opts;
static struct drift_totals totals;
static struct drift_table now[2000];
static size_t now_count;

static char out[65536];
static bool too_wide;

static void
hear(void *arg, const char *line)
{
	size_t pos = strlen(out);

	(void)arg;
	too_wide = too_wide || width(line) > DRIFT_WIDTH;
	snprintf(out + pos, sizeof(out) - pos, "%s\n", line);
}

/* --- two dumps ---------- */

static void
fresh(void)
{

	memset(&earlier, 0, sizeof(earlier));
	memset(&opts, 0, sizeof(opts));
	memset(&totals, 0, sizeof(totals));
	earlier.path = strdup("/backups/appdb.json");
	earlier.database = "appdb";
	earlier.made = "2026-11-27 02:00:00";
	earlier.tables = before;
	totals.database = "appdb";
	opts.max_shrink = 0.2;
	now_count = 0;
}

static void
was(const char *schema, const char *name, uint64_t rows, uint64_t bytes,
    const uint8_t *hash)
{
	struct earlier_table *t = &before[earlier.table_count++];

	memset(t, 0, sizeof(*t));
	t->database = "";
	t->schema = schema;
	t->name = name;
	t->counted = rows != KNOWN;
	t->rows = rows == KNOWN ? 0 : rows;
	t->bytes = bytes;
	t->hashed = hash != NULL;
	if (hash != NULL)
		memcpy(t->hash, hash, 64);
}

static void
is(const char *schema, const char *name, uint64_t rows, uint64_t bytes,
    const uint8_t *hash)
{

	now[now_count++] = (struct drift_table){ "", schema, name,
	    rows != KNOWN, rows == KNOWN ? 0 : rows, bytes, hash };
}

static bool only_same;

static int64_t
compare_dumps(void)
{
	struct drift *d;
	int64_t n;
	size_t i;

	qsort(before, earlier.table_count, sizeof(before[0]), compare);
	out[0] = '\0';
	if ((d = drift_new(&opts, &earlier)) == NULL)
		abort();
	for (i = now_count; i-- > 0; )
		if (drift_add(d, &now[i]) == -1)
			abort();
	n = drift_end(d, &totals, hear, NULL);
	only_same = drift_is_same(d);
	drift_free(d);
	free(earlier.path);
	earlier.path = NULL;
	return (n);
}

static void
beyond(int64_t want, const char *name)
{
	int64_t n = compare_dumps();

	if (!ok(n == want, "%s", name))
		printf("# %jd, not %jd\n%s", (intmax_t)n, (intmax_t)want, out);
}

static bool
has(const char *text)
{

	return (strstr(out, text) != NULL);
}

/* One table, and one beside it that keeps the totals up. */
static void
one(uint64_t rows, uint64_t bytes, uint64_t new_rows, uint64_t new_bytes,
    int64_t want, const char *name)
{

	fresh();
	was("public", "t", rows, bytes, hash_a);
	is("public", "t", new_rows, new_bytes, hash_b);
	was("public", "large", 1000000, 1000000000, hash_a);
	is("public", "large", 1000000, 1000000000, hash_b);
	beyond(want, name);
}

/* --- the limits ---------- */

static void
test_limits(void)
{
	int i, wrong = 0;

	one(100, 1000, 100, 1000, 0, "other contents");
	ok(has("2 tables of other contents, with as many rows and bytes"),
	    "are told");
	one(100, 1000, 120, 1200, 0, "more rows");
	one(100, 1000, 80, 1000, 0, "a fifth less");
	one(100, 1000, 79, 1000, 1, "a row less than that");
	one(100, 1000, 100, 800, 0, "a fifth of the bytes");
	one(100, 1000, 100, 799, 1, "a byte less than that, bytes alone");
	one(100, 1000, 79, 2000, 1, "fewer rows in more bytes");
	one(100, 1000, 0, 0, 1, "emptied");
	ok(has("-100 %"), "is told");
	one(1, 10, 0, 0, 1, "one row, emptied");
	one(0, 0, 0, 0, 0, "empty before");
	one(0, 100, 0, 0, 0, "no rows cannot shrink");
	one(0, 0, 10, 10, 0, "filled");
	one(KNOWN, 1000, KNOWN, 799, 1, "not counted: bytes are judged");
	one(100, 1000, KNOWN, 900, 0, "counted no longer");
	one(KNOWN, 1000, 1, 900, 0, "counted for the first time");

	for (i = 1; i < 100; i++) {
		fresh();
		opts.max_shrink = i / 100.0;
		was("", "t", 100, 0, NULL);
		is("", "t", 100 - (uint64_t)i, 0, NULL);
		wrong += compare_dumps() != 0;
	}
	ok(wrong == 0, "each limit of 1 to 99 %%, to the row");
	fresh();
	opts.max_shrink = 0;
	was("", "t", 1000000, 10, NULL);
	is("", "t", 999999, 10, NULL);
	beyond(2, "limit 0, a row less: the table, the total");
}

static void
test_gone(void)
{

	fresh();
	was("public", "t", 10, 100, NULL);
	was("public", "u", 1000, 1000000, NULL);
	is("public", "u", 1000, 1000001, NULL);
	is("public", "v", 10, 100, NULL);
	beyond(1, "gone, and another is new");
	ok(has("\n  public.t                          10        gone"),
	    "what is gone");
	ok(has("\n  public.v                         new          10"),
	    "what is new");
	ok(strstr(out, "public.t") < strstr(out, "other changes") &&
	    strstr(out, "other changes") < strstr(out, "public.v"),
	    "beyond the limits first");

	fresh();
	was("public", "t", 0, 0, NULL);
	was("public", "u", 1, 1, NULL);
	is("public", "u", 1, 1, NULL);
	beyond(1, "an empty one gone");

	fresh();
	was("a", "t", 5, 5, NULL);
	is("b", "t", 5, 5, NULL);
	beyond(2, "in another schema it is another, and all that was is gone");
	ok(has("every table that had rows is empty now, or gone"), "is told");
}

static void
test_emptied(void)
{

	fresh();
	opts.max_shrink = 1;
	was("", "t", 10, 100, NULL);
	was("", "u", 0, 0, NULL);
	is("", "t", 0, 0, NULL);
	is("", "u", 0, 0, NULL);
	is("", "v", 3, 3, NULL);
	beyond(1, "all that had rows are empty, whatever the limit");
	fresh();
	was("", "t", 0, 0, NULL);
	is("", "t", 0, 0, NULL);
	beyond(0, "none had rows");
	fresh();
	was("", "t", KNOWN, 100, NULL);
	is("", "t", KNOWN, 0, NULL);
	beyond(3, "not counted: emptied, the table, the total");
	fresh();
	was("", "t", 1, 1, NULL);
	beyond(3, "no table at all");
	fresh();
	beyond(0, "no table in either");
}

static void
test_totals(void)
{
	static char name[500][8];
	size_t i;

	fresh();
	earlier.rows = 100;
	earlier.bytes = 1000;
	is("", "t", 50, 500, NULL);
	beyond(1, "totals alone");
	fresh();
	earlier.rows = 100;
	earlier.bytes = 1000;
	is("", "t", 90, 900, NULL);
	beyond(0, "within the limit");

	fresh();
	was("", "large", 1000, 1000, NULL);
	is("", "large", 810, 810, NULL);
	for (i = 0; i < 500; i++) {
		snprintf(name[i], sizeof(name[i]), "t%zu", i);
		was("", name[i], 2, 2, NULL);
	}
	for (i = 0; i < 500; i++)
		if (i % 2 == 0)
			is("", name[i], 2, 2, NULL);
		else
			is("", name[i], 1, 1, NULL);
	opts.except = (char *[]){ NULL };
	beyond(250 + 1, "small losses are a great one");
	ok(has("\n  all tables                      2000        1560  -22.0 %"),
	    "in the total");
	ok(has("  and 50 more\n"), "200 of them are listed");
}

static void
test_objects(void)
{

	fresh();
	earlier.has_objects = true;
	earlier.large_objects = 10;
	earlier.large_object_bytes = 1000;
	totals.has_objects = true;
	totals.large_objects = 10;
	totals.large_object_bytes = 900;
	beyond(0, "large objects, smaller");
	fresh();
	earlier.has_objects = true;
	earlier.large_objects = 10;
	earlier.large_object_bytes = 1000;
	totals.has_objects = true;
	totals.large_objects = 10;
	totals.large_object_bytes = 700;
	beyond(1, "too small");
	ok(has("\n  large objects                     10          10     same  "
	    "-30.0 %"), "are told");
	fresh();
	earlier.has_objects = totals.has_objects = true;
	earlier.large_objects = 10;
	beyond(1, "gone");
	fresh();
	earlier.has_objects = true;
	earlier.large_objects = 10;
	beyond(0, "not counted now, as in plain SQL: nothing is said");
}

/* --- exceptions, the same, the schema ---------- */

static int64_t
spared(const char *pattern)
{
	char *patterns[2], other[] = "x*";

	fresh();
	patterns[0] = other;
	patterns[1] = strdup(pattern);
	opts.except = patterns;
	opts.except_count = 2;
	was("log", "y2026m10", 1000000, 1000000, NULL);
	was("public", "t", 10, 10, NULL);
	is("public", "t", 10, 10, NULL);
	if (compare_dumps() == -1)
		abort();
	free(patterns[1]);
	return (has("beyond"));
}

static void
test_except(void)
{

	ok(!spared("log.y2026m10"), "SCHEMA.NAME");
	ok(has("log.y2026m10") && has("gone"), "is told all the same");
	ok(!spared("log.*"), "SCHEMA.*");
	ok(!spared("y20??m*"), "a pattern of NAME");
	ok(!spared("*"), "all");
	ok(spared("public.*"), "another schema");
	ok(spared("y2026"), "a part of the name");
	ok(spared("LOG.*"), "another case");
}

static void
same_dump(const uint8_t *is_hash, const uint8_t *was_hash)
{

	fresh();
	was("", "t", 5, 50, was_hash);
	is("", "t", 5, 50, is_hash);
	was("", "u", 0, 0, hash_a);
	is("", "u", 0, 0, hash_a);
}

static void
test_same(void)
{

	same_dump(hash_a, hash_a);
	beyond(1, "the same to the byte");
	ok(only_same, "that is all");
	ok(has("not a byte") && has("stopped replaying") &&
	    has("--allow-same"), "is told, with what to do");
	same_dump(hash_a, hash_a);
	opts.allow_same = true;
	beyond(0, "where that is allowed");
	ok(has("not a byte") && !has("--allow-same"), "it is told still");
	same_dump(hash_a, NULL);
	beyond(0, "no hash before");
	ok(has("no change in any count or size; not all contents"),
	    "what is not known is told");
	same_dump(NULL, NULL);
	beyond(0, "no hash in either");
	same_dump(hash_b, hash_a);
	beyond(0, "another hash");
	same_dump(hash_a, hash_a);
	is("", "new", 0, 0, hash_a);
	beyond(0, "an empty table is new");
	same_dump(hash_a, hash_a);
	earlier.has_objects = totals.has_objects = true;
	totals.large_objects = 1;
	beyond(0, "a large object is new");
	same_dump(hash_a, hash_a);
	earlier.has_schema = true;
	memcpy(earlier.schema_hash, hash_a, 64);
	totals.schema_hash = hash_b;
	beyond(0, "another schema");
	ok(has("the schema has changed"), "is told");
	same_dump(hash_a, hash_a);
	earlier.has_schema = true;
	memcpy(earlier.schema_hash, hash_a, 64);
	totals.schema_hash = hash_a;
	beyond(1, "the same schema");
	same_dump(hash_a, hash_a);
	totals.schema_hash = hash_a;
	beyond(1, "a schema that was not known");
	fresh();
	was("", "u", 0, 0, hash_a);
	is("", "u", 0, 0, hash_a);
	beyond(0, "no rows at all");
	same_dump(hash_a, hash_a);
	totals.database = "shop";
	beyond(1, "of another database");
	ok(has("another database: shop, before it was appdb"), "is told");
}

/* --- names ---------- */

static void
test_names(void)
{

	fresh();
	was("public", "gr\\xf6\\xdfe", 5, 50, NULL);
	is("public", "gr\366\337e", 5, 51, NULL);
	beyond(0, "a name that is not UTF-8 is found again");

	fresh();
	was("public", "t", 5, 50, hash_a);
	is("public", "t", 2, 20, hash_a);
	is("public", "t", 3, 30, hash_a);
	beyond(0, "parts of a table are added up");
	ok(has("now: 1 table, 5 rows, 50 B"), "and counted");

	fresh();
	was("a_schema_with_a_long_name", "and_a_table_of_one_too", 9, 9, NULL);
	was("s", "gr\303\266\303\237en_und_l\303\244ngen_und_h\303\266hen", 9,
	    9, NULL);
	was("s", "a\nb\033[2J", 9, 9, NULL);
	beyond(5, "long names");
	ok(has("\n  a_schema_w..._of_one_too           9"), "are cut in the "
	    "middle");
	ok(has("\n  s.gr\303\266\303\237en_u...n_und_h\303\266hen           9"),
	    "by characters");
	ok(has("a\\x0ab\\x1b[2J"), "what does not print is masked");

	fresh();
	was("s", "t", 9, 9, NULL);
	before[0].database = "shop";
	beyond(3, "of a cluster");
	ok(has("  shop: s.t  "), "with its database");

	fresh();
	free(earlier.path);
	earlier.path = strdup("/var/backups/a/very/long/way/to/the/report/of/"
	    "yesterday/appdb-20261127T020000Z.dump.json");
	earlier.database = "a_database_of_a_long_name_indeed_it_is";
	totals.database = "another_database_of_a_long_name";
	beyond(0, "long names of dumps");
}

static void
size_is(uint64_t bytes, const char *want)
{
	char text[16];

	drift_size(text, bytes);
	same(text, want, want);
}

static void
share_is(uint64_t was_n, uint64_t is_n, const char *want)
{
	char text[CELL];

	share(text, was_n, is_n);
	same(text, want, want);
}

static void
number_is(uint64_t n, const char *want)
{
	char text[CELL];

	number(text, n);
	same(text, want, want);
}

static void
test_cells(void)
{

	size_is(0, "0 B");
	size_is(999, "999 B");
	size_is(1000, "1.0 KiB");
	size_is(1023 * 1024, "1.0 MiB");
	size_is(10 << 20, "10 MiB");
	size_is(1288490189, "1.2 GiB");
	size_is(UINT64_MAX, "16 EiB");
	number_is(99999999999, "99999999999");
	number_is(100000000000, "100000 M");
	number_is(UINT64_MAX, "18446744 T");
	share_is(100, 66, "-34.0 %");
	share_is(1000000, 1, "-99.9 %");
	share_is(1000000, 0, "-100 %");
	share_is(1000000, 999999, "-0.1 %");
	share_is(1000000, 1000001, "+0.1 %");
	share_is(7, 7, "same");
	share_is(0, 7, "");
	share_is(1, 3, "+200 %");
	share_is(1, 102, ">9999 %");
	share_is(1, UINT64_MAX, ">9999 %");
	share_is(UINT64_MAX, 1, "-99.9 %");
}

/* The whole of it, as a person sees it. */
static void
test_whole(void)
{
	static const char whole[] =
	    "appdb: 2026-11-27 02:00:00 (/backups/appdb.json) and now\n"
	    "beyond the limit (20 %)         BEFORE         NOW     ROWS"
	    "     SIZE\n"
	    "  all tables                  12347292     8124660  -34.1 %"
	    "  -43.3 %\n"
	    "  public.orders               12345678     8123456  -34.2 %"
	    "  -33.0 %\n"
	    "  audit.log                    1.2 GiB     400 MiB         "
	    "  -67.4 %\n"
	    "  public.customers                1204        gone         "
	    " -120 KiB\n"
	    "other changes                   BEFORE         NOW     ROWS"
	    "     SIZE\n"
	    "  public.invoices                  new          12         "
	    "   +400 B\n"
	    "  public.t39                        10          49   +390 %"
	    "   +390 %\n";
	static char name[40][8];
	size_t i;

	fresh();
	was("public", "orders", 12345678, 3000000000, NULL);
	is("public", "orders", 8123456, 2010000000, NULL);
	was("public", "customers", 1204, 122880, NULL);
	was("audit", "log", KNOWN, 1288490189, NULL);
	is("audit", "log", KNOWN, 419430400, NULL);
	was("public", "t", 10, 100, NULL);
	is("public", "t", 12, 118, NULL);
	is("public", "invoices", 12, 400, NULL);
	for (i = 0; i < 40; i++) {
		snprintf(name[i], sizeof(name[i]), "t%02zu", i);
		was("public", name[i], 10, 10, NULL);
		is("public", name[i], 10 + i, 10 + i, NULL);
	}
	earlier.has_objects = true;
	earlier.large_objects = 300;
	earlier.large_object_bytes = 12 << 20;
	totals.has_objects = true;
	totals.large_objects = 300;
	totals.large_object_bytes = 12 << 20;
	beyond(4, "a table of changes");
	ok(strncmp(out, whole, strlen(whole)) == 0, "is read easily");
	ok(has("  and 21 more\n") && has("now: 44 tables, 8124660 rows, ") &&
	    has("     300 large objects, 12 MiB\n"), "to its end");
}

int
main(void)
{

	test_limits();
	test_gone();
	test_emptied();
	test_totals();
	test_objects();
	test_except();
	test_same();
	test_names();
	test_cells();
	test_whole();
	ok(!too_wide, "no line is wider than %d columns", DRIFT_WIDTH);
	return (tap_done());
}
