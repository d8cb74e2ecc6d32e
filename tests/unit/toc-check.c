/* SPDX-License-Identifier: ISC */
/* Promise: a table of contents as pg_dump makes it gets no finding; whatever in
 * it pg_dump cannot have written gets one. */
#include "msg.h"
#include "pgb-verify/toc/toc-check.h"
#include "tap.h"
#include "toc-make.h"

struct trial {
	struct archive_header header;
	struct archive_entry e[TOC_COUNT + 4];
	size_t count;
};

static void
begin(struct trial *t)
{

	t->header = toc_header;
	memcpy(t->e, toc_entries, sizeof(toc_entries));
	t->count = TOC_COUNT;
}

static struct archive_entry *
entry(struct trial *t, const char *desc)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strcmp(t->e[i].desc, desc) == 0)
			return (&t->e[i]);
	abort();
}

/* 'E' an error, 'N' a note, '-' nothing. */
static char
judge(const struct trial *t)
{
	struct finding_opts fopts = { .all = true, .most = 100 };
	struct contents_opts copts = { 0 };
	struct findings *f = findings_new(&fopts);
	struct contents *c = contents_new(&copts);
	struct toc_check *k = toc_check_new(c, f, 0);
	char verdict;
	size_t i;

	if (contents_set_header(c, &t->header) != 0 ||
	    toc_check_header(k, &t->header) != 0)
		abort();
	for (i = 0; i < t->count; i++)
		if (contents_add(c, &t->e[i]) != 0 ||
		    toc_check_entry(k, &t->e[i]) != 0)
			abort();
	if (contents_end(c) != 0 || toc_check_end(k) != 0)
		abort();
	verdict = findings_errors(f) > 0 ? 'E' :
	    findings_notes(f) > 0 ? 'N' : '-';
	toc_check_free(k);
	contents_free(c);
	findings_free(f);
	return (verdict);
}

#define GOOD(t, name)	ok(judge(&(t)) == '-', "%s", (name))
#define BAD(t, name)	ok(judge(&(t)) == 'E', "%s", (name))

/* One field of the entry of that kind is another. */
#define TRY(want, kind, field, value, name) do {			\
	struct trial t_;						\
									\
	begin(&t_);							\
	entry(&t_, (kind))->field = (value);				\
	ok(judge(&t_) == (want), "%s", (name));				\
} while (0)

static void
test_header(void)
{
	struct trial t;

	begin(&t);
	GOOD(t, "a table of contents");
	t.header.day = 31;
	BAD(t, "30 days has November");
	begin(&t);
	t.header.month = 2;
	t.header.day = 29;
	BAD(t, "2026 is no leap year");
	begin(&t);
	t.header.server = "19.1";
	BAD(t, "a server newer than pg_dump");
	t.header.server = "1%.6 (Debian 18.6-3)";
	BAD(t, "no version");
	t.header.server = "9.6.24";
	GOOD(t, "an old server");
	t.header.dumper = "15.3";
	BAD(t, "pg_dump 15 does not write 1.16");
	t.header.dumper = "19rc1 (Debian)";
	GOOD(t, "pg_dump 19rc1");
}

static void
test_front(void)
{
	struct archive_entry swap;
	struct trial t;

	TRY('E', "ENCODING", defn, "SET client_encoding = 'UTG8';\n",
	    "an unknown encoding");
	TRY('E', "ENCODING", defn, "SET client_encoding = 'BIG6';\n",
	    "another");
	TRY('E', "ENCODING", defn, "SET client_encoding = 'utf8';\n",
	    "an encoding in small letters");
	TRY('E', "ENCODING", defn, "SET client_encodinf = 'UTF8';\n",
	    "another setting");
	TRY('-', "ENCODING", defn, "SET client_encoding = 'LATIN1';\n",
	    "another encoding");
	TRY('E', "STDSTRINGS", defn,
	    "SET standard_conforming_strings = 'of';\n", "neither on nor off");
	TRY('E', "SEARCHPATH", tag, "SEARCHPATI", "a name of one's own");
	begin(&t);
	swap = t.e[0];
	t.e[0] = t.e[1];
	t.e[1] = swap;
	BAD(t, "in another order");
	begin(&t);
	t.e[t.count] = t.e[0];
	t.e[t.count++].id = 99;
	BAD(t, "ENCODING twice");
	begin(&t);
	t.count = 2;
	BAD(t, "no SEARCHPATH");
}

static void
test_fields(void)
{

	TRY('N', "FUNCTION", desc, "FUNNY", "an unknown kind");
	TRY('E', "FUNCTION", desc, "FUNCTIOO", "a kind one bit off");
	TRY('E', "TABLE", section, 3, "a table in section 3");
	TRY('E', "TABLE", section, 1, "a table in section 1");
	TRY('E', "CONSTRAINT", table_oid, 2607, "another catalog");
	TRY('E', "CONSTRAINT", oid, 0, "no OID");
	TRY('E', "COMMENT", oid, 5, "an OID too many");
	TRY('E', "TABLE", relkind, 'v', "a table is no view");
	TRY('-', "TABLE", relkind, 'p', "a partitioned table");
	TRY('E', "TABLE", with_oids, true, "rows with OIDs");
	TRY('E', "TABLE", tableam, "heaq", "an access method one bit off");
	TRY('-', "TABLE", tableam, "columnar", "another access method");
	TRY('E', "TABLE", schema, "s y", "a schema that its SQL has not");
	TRY('E', "TABLE", tag, "u", "a name that its SQL has not");
	TRY('E', "FUNCTION", tag, "g(integer)", "a function of another name");
	TRY('E', "TABLE", drop, "DROP TABLE \"s x\".u;\n", "drops another");
	TRY('E', "TABLE", drop, "DROP TABLF \"s x\".t;\n", "a typing error");
	TRY('E', "CONSTRAINT", tag, "t u_pkey", "another constraint");
	TRY('-', "CONSTRAINT", tag, "t_pkey", "as old versions name it");
	TRY('E', "COMMENT", tag, "TABLE u", "a comment on another table");
	TRY('E', "COMMENT", tag, "TYPE t", "a comment on a type");
	TRY('E', "ACL", defn, "GRANT SELECT ON TABLE \"s x\".u TO other;\n",
	    "rights on another table");
	TRY('E', "TABLE", tag, "t\xff", "not UTF-8");
	TRY('N', "ACL", defn, "GRANT SELECT ON TABLE \"s x\".t TO "
	    "\"\xe9t\xe9\";\n", "a role's name may be in another encoding");
	TRY('E', "BLOB METADATA", defn, "500\n503\n502\n", "not ascending");
	TRY('E', "BLOB METADATA", defn, "500\n501\n503\n", "another end");
	TRY('E', "BLOB METADATA", oid, 501, "another beginning");
}

static void
test_sql(void)
{
#define TABLE(text)	"CREATE TABLE \"s x\".t (\n    " text "\n);\n"
	TRY('-', "TABLE", defn, TABLE("a \"char\" DEFAULT E'\\'('::text"),
	    "escapes");
	TRY('-', "TABLE", defn, TABLE("a integer[] CHECK ((a[1] <> 1e-05))"),
	    "brackets, a number");
	TRY('E', "TABLE", defn, TABLE("a text DEFAULT 'x"), "an open string");
	TRY('E', "TABLE", defn, TABLE("\"a text"), "an open name");
	TRY('E', "TABLE", defn, TABLE("a integer)"), "closed twice");
	TRY('E', "TABLE", defn, TABLE("(a integer"), "never closed");
	TRY('E', "TABLE", defn, TABLE("a[ integer"), "a bracket");
	TRY('E', "TABLE", defn, TABLE("a {nteger"), "a brace");
	TRY('E', "TABLE", defn, TABLE("a intEger"), "a capital");
	TRY('E', "TABLE", defn, TABLE("a integer NOT NTLL"), "NTLL");
	TRY('E', "TABLE", defn, TABLE("a integer NOT0NULL"), "NOT0NULL");
	TRY('E', "TABLE", defn, TABLE("a text DEFAULT $x$y$x"), "a dollar");
	TRY('E', "TABLE", defn, TABLE("a /* integer"), "a comment");
	TRY('E', "TABLE", defn, "CREATE TABLE \"s x\".t (\n)\n", "no end");
	TRY('-', "TABLE", defn, TABLE("a text DEFAULT 'x\\'"),
	    "a backslash is one");
#undef TABLE
	struct trial t;

	begin(&t);
	entry(&t, "STDSTRINGS")->defn =
	    "SET standard_conforming_strings = 'off';\n";
	BAD(t, "but not so with standard_conforming_strings off");
	entry(&t, "COMMENT")->defn =
	    "COMMENT ON TABLE \"s x\".t IS 'it''s \\\\';\n";
	GOOD(t, "where it is doubled");
	/* 0x95 0x5c is one character there. */
	entry(&t, "ENCODING")->defn = "SET client_encoding = 'SJIS';\n";
	entry(&t, "COMMENT")->defn =
	    "COMMENT ON TABLE \"s x\".t IS '\x95\\';\n";
	GOOD(t, "a character that ends like a backslash");
	begin(&t);
	entry(&t, "TABLE")->defn = "CREATE TABLE \"s x\".t (\n    \"a";
	entry(&t, "TABLE")->defn_cut = true;
	GOOD(t, "a definition of which only the beginning is told");
}

static void
test_copy(void)
{
	struct trial t;

	TRY('-', "TABLE DATA", copy, "", "INSERT statements");
	TRY('-', "TABLE DATA", copy, "COPY \"s x\".t  FROM stdin;\n",
	    "no columns");
	TRY('E', "TABLE DATA", copy, "COPY \"s x\".t FROM stdin;\n",
	    "a blank missing");
	TRY('E', "TABLE DATA", copy, "COPY \"s x\".u (id, w) FROM stdin;\n",
	    "into another table");
	TRY('E', "TABLE DATA", copy, "COPY \"s x\".t (id, w) FROM stdio;\n",
	    "from elsewhere");
	TRY('E', "TABLE DATA", copy, "COPY \"s x\".t (id,`w) FROM stdin;\n",
	    "columns that are none");
	TRY('E', "TABLE DATA", defn, "DROP TABLE t;\n", "SQL of its own");
	begin(&t);
	entry(&t, "TABLE DATA")->defn = "-- load via partition root \"s x\".r";
	entry(&t, "TABLE DATA")->copy = "COPY \"s x\".r (id) FROM stdin;\n";
	GOOD(t, "through the partition root");
	entry(&t, "TABLE DATA")->defn = "-- load via partition root \"s x\".q";
	BAD(t, "through another one than the remark says");
	begin(&t);
	t.header.minor = 14;
	t.header.server = t.header.dumper = "15.2";
	entry(&t, "TABLE")->relkind = 0;
	entry(&t, "TABLE DATA")->copy = "COPY \"s x\".r (id) FROM stdin;\n";
	/* Large objects are not so in 1.14. */
	t.e[8] = t.e[9];
	memmove(&t.e[9], &t.e[11], sizeof(t.e[0]));
	t.count = 10;
	GOOD(t, "before there was such a remark");
	t.header.dumper = "15.3";
	BAD(t, "but not after");
}

static void
test_deps(void)
{
	static const int32_t dep_3[] = { 3 }, dep_9[] = { 9, 9 },
	    dep_10[] = { 10 }, dep_12[] = { 12 }, far[] = { 70000000 };
	struct trial t;

	TRY('-', "CONSTRAINT", deps, dep_9, "an entry that is not there");
	TRY('E', "TABLE DATA", deps, dep_3, "data that depends on a function");
	TRY('E', "TABLE DATA", deps, dep_9, "data that misses its table");
	TRY('E', "TABLE DATA", dep_count, 0, "data that depends on nothing");
	TRY('E', "TABLE DATA", owner, "other", "data of another owner");
	TRY('E', "TABLE DATA", oid, 16401, "data of another OID");
	TRY('E', "BLOBS", deps, dep_2, "large objects that depend on a table");
	TRY('E', "BLOBS", tag, "500..501", "or have another name");
	TRY('E', "CONSTRAINT", owner, "other", "a part of another owner");
	TRY('E', "COMMENT", owner, "other", "a comment of another owner");
	TRY('E', "ACL", schema, "s", "rights in another schema");
	TRY('E', "FUNCTION", deps, far, "an ID out of reach");
	TRY('E', "FUNCTION", deps, dep_3, "a dependency on itself");
	TRY('N', "FUNCTION", deps, dep_10, "a dependency on what comes later");
	begin(&t);
	entry(&t, "SCHEMA")->deps = dep_12;
	entry(&t, "SCHEMA")->dep_count = 1;
	BAD(t, "a circle");
	begin(&t);
	t.e[t.count] = *entry(&t, "CONSTRAINT");
	t.e[t.count++].id = 30;
	ok(judge(&t) == 'N', "twins");
	t.e[t.count - 1].desc = "OPERATOR";
	t.e[t.count - 1].defn = t.e[t.count - 1].drop = "";
	t.e[t.count - 1].table_oid = 2617;
	BAD(t, "an operator in section 4");
	t.e[t.count - 1].section = 2;
	BAD(t, "section 2 behind section 4");
}

/* A long chain, backwards and in a circle: no recursion, no square. */
static void
test_many(void)
{
	enum { MANY = 300000 };
	struct finding_opts fopts = { .all = true, .most = 1 };
	struct contents_opts copts = { 0 };
	struct findings *f = findings_new(&fopts);
	struct contents *c = contents_new(&copts);
	struct toc_check *k = toc_check_new(c, f, 0);
	struct archive_entry e = toc_entries[7];
	char tag[32];
	int32_t dep;
	bool good = true;
	int i;

	contents_set_header(c, &toc_header);
	toc_check_header(k, &toc_header);
	for (i = 0; i < 3; i++)
		good &= contents_add(c, &toc_entries[i]) == 0 &&
		    toc_check_entry(k, &toc_entries[i]) == 0;
	for (i = 0; i < MANY; i++) {
		e.id = 100 + i;
		dep = 100 + (i + 1) % MANY;
		e.deps = &dep;
		snprintf(tag, sizeof(tag), "f(integer)%d", i);
		e.tag = tag;
		good &= contents_add(c, &e) == 0 && toc_check_entry(k, &e) == 0;
	}
	ok(good && findings_errors(f) == 0, "a chain of %d", MANY);
	ok(contents_memory(c) + toc_check_memory(k) < 52 * (uint64_t)MANY,
	    "%llu bytes an entry", (unsigned long long)
	    (contents_memory(c) + toc_check_memory(k)) / MANY);
	ok(contents_end(c) == 0 && toc_check_end(k) == 0 &&
	    findings_errors(f) == 1 && findings_notes(f) == MANY - 1,
	    "it is a circle");
	toc_check_free(k);
	contents_free(c);
	findings_free(f);
}

static void
test_limit(void)
{
	struct finding_opts fopts = { .all = true, .most = 1 };
	struct contents_opts copts = { 0 };
	struct findings *f = findings_new(&fopts);
	struct contents *c = contents_new(&copts);
	struct toc_check *k = toc_check_new(c, f, 1 << 20);
	struct archive_entry e = toc_entries[7];
	int i;

	for (i = 1; i < 1000000; i++) {
		e.id = i;
		if (contents_add(c, &e) != 0)
			abort();
		if (toc_check_entry(k, &e) != 0)
			break;
	}
	ok(i > 20000 && i < 1000000 && toc_check_memory(k) < (1 << 20) + 4096,
	    "a limit of memory holds, at entry %d", i);
	same(toc_check_error(k), "its table of contents needs more than 1 MiB "
	    "of memory: see --max-memory", "and says so");
	toc_check_free(k);
	contents_free(c);
	findings_free(f);
}

int
main(void)
{

	msg_program("unit");
	test_header();
	test_front();
	test_fields();
	test_sql();
	test_copy();
	test_deps();
	test_many();
	test_limit();
	return (tap_done());
}
