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
	TRY('E', "TABLE", relkind, 'p', "a partitioned table that is none");
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
#define TABLE(text)	"CREATE TABLE \"s x\".t (\n    id integer,\n" \
			    "    w text,\n    CONSTRAINT x " text "\n);\n"
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
	TRY('E', "TABLE", defn, "CREATE TABLE \"s x\".t (\n"
	    "    id integer,\n    w text\n)\n", "no end");
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
	TRY('E', "TABLE DATA", copy, "COPY \"s x\".t  FROM stdin;\n",
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
	entry(&t, "TABLE DATA")->copy = "COPY \"s x\".r (id, w) FROM stdin;\n";
	GOOD(t, "through the partition root");
	entry(&t, "TABLE DATA")->defn = "-- load via partition root \"s x\".q";
	BAD(t, "through another one than the remark says");
	begin(&t);
	t.header.minor = 14;
	t.header.server = t.header.dumper = "15.2";
	entry(&t, "TABLE")->relkind = 0;
	entry(&t, "TABLE DATA")->copy = "COPY \"s x\".r (id, w) FROM stdin;\n";
	/* Large objects are not so in 1.14. */
	t.e[8] = t.e[9];
	memmove(&t.e[9], &t.e[11], sizeof(t.e[0]));
	t.count = 10;
	GOOD(t, "before there was such a remark");
	t.header.dumper = "15.3";
	BAD(t, "but not after");
}

static void
test_columns(void)
{
#define DEFN(text)	"CREATE TABLE \"s x\".t (\n    " text
#define COPY(list)	"COPY \"s x\".t " list " FROM stdin;\n"
	struct trial t;

	TRY('E', "TABLE DATA", copy, COPY("(id)"), "a column less");
	TRY('E', "TABLE DATA", copy, COPY("(id, w, v)"), "a column more");
	TRY('E', "TABLE DATA", copy, COPY("(id, v)"), "another column");
	TRY('E', "TABLE DATA", copy, COPY("(w, id)"), "in another order");
	TRY('E', "TABLE DATA", copy, COPY("(id, \"w\")"), "in quotes");
	TRY('-', "TABLE", defn, DEFN("id integer,\n    g integer GENERATED "
	    "ALWAYS AS ((id * 2)) STORED,\n    w text\n);\n"), "generated");
	TRY('-', "TABLE", defn, DEFN("id numeric(9,2)[],\n    w text DEFAULT "
	    "ARRAY[',\n    v text', E'\\','] NOT NULL,\n    CONSTRAINT c CHECK "
	    "((w <> ')'::text))\n)\nWITH (fillfactor='70');\n"),
	    "commas of all kinds");
	TRY('-', "TABLE", defn, DEFN("w text\n)\nINHERITS (\"s x\".r);\n"),
	    "columns that are inherited");
	TRY('-', "TABLE", defn, "CREATE TABLE \"s x\".t OF \"s x\".r;\n",
	    "of a type");
	TRY('E', "TABLE", defn, DEFN("id integer, w text\n);\n"), "one line");
	TRY('E', "TABLE", defn, DEFN("id integer,\n    w text);\n"),
	    "the end elsewhere");
	TRY('E', "TABLE", defn, "CREATE TABLE \"s x\".t(\n    id integer,\n"
	    "    w text\n);\n", "a blank missing");
	begin(&t);
	entry(&t, "TABLE")->defn = DEFN("\"i,\"\"d\" integer\n);\n");
	entry(&t, "TABLE DATA")->copy = COPY("(\"i,\"\"d\")");
	GOOD(t, "an odd name");
	entry(&t, "TABLE DATA")->copy = COPY("(\"i,\"\"e\")");
	BAD(t, "and another");
	entry(&t, "TABLE")->defn = DEFN("g integer GENERATED ALWAYS AS (1) "
	    "STORED\n);\n");
	entry(&t, "TABLE DATA")->copy = COPY("");
	GOOD(t, "no column that is loaded");
	entry(&t, "TABLE")->defn = "CREATE TABLE \"s x\".t (\n);\n";
	GOOD(t, "no column at all");
	entry(&t, "TABLE DATA")->copy = COPY("(id)");
	BAD(t, "but one is loaded");
	begin(&t);
	entry(&t, "TABLE")->defn = DEFN("id integer,\n    w text\n)\n"
	    "PARTITION BY RANGE (id);\n");
	BAD(t, "a partitioned table is no plain one");
	entry(&t, "TABLE")->relkind = 'p';
	BAD(t, "and has no data");
	t.count = 9;
	GOOD(t, "so it has none");
#undef DEFN
#undef COPY
}

/* Tag, DROP statement and definition of a function f; rest is "". */
static char
judge_function(const char *kind, const char *tag, const char *drop,
    const char *create)
{
	char defn[200], gone[200];
	struct archive_entry *e;
	struct trial t;

	begin(&t);
	e = entry(&t, "FUNCTION");
	e->desc = kind;
	e->tag = tag;
	snprintf(defn, sizeof(defn), "CREATE %s \"s x\".f(%s) x;\n", kind,
	    create);
	snprintf(gone, sizeof(gone), "DROP %s \"s x\".f(%s);\n", kind, drop);
	e->defn = defn;
	e->drop = gone;
	return (judge(&t));
}

static void
test_arguments(void)
{
	static const struct {
		char want;
		const char *kind, *tag, *drop, *create;
	} tries[] = {
		{ '-', "FUNCTION", "f()", "", "" },
		{ '-', "FUNCTION", "f(integer, double precision)",
		    "integer, \"a, b\" double precision",
		    "integer DEFAULT 1, \"a, b\" double precision DEFAULT "
		    "(1)::double precision" },
		{ '-', "FUNCTION", "f(s.\"x)\"[], \"any\")",
		    "a s.\"x)\"[], OUT b text, VARIADIC \"any\"",
		    "a s.\"x)\"[], OUT b text, VARIADIC \"any\"" },
		{ '-', "FUNCTION", "f()", "OUT a integer, OUT b text",
		    "OUT a integer, OUT b text" },
		{ '-', "FUNCTION", "f(text[])", "a text[]",
		    "a text[] DEFAULT ARRAY['a'::text, E'\\')', ')'::text]" },
		{ '-', "PROCEDURE", "f(integer)", "IN a integer, OUT b text",
		    "IN a integer, OUT b text" },
		{ '-', "AGGREGATE", "f(*)", "*", "*" },
		{ '-', "AGGREGATE", "f(text, integer)",
		    "text ORDER BY integer", "text ORDER BY integer" },
		{ 'E', "FUNCTION", "f(integer)", "", "" },
		{ 'E', "FUNCTION", "f()", "a integer", "a integer" },
		{ 'E', "FUNCTION", "f(integer)", "a bigint", "a bigint" },
		{ 'E', "FUNCTION", "f(recision)", "a precision",
		    "a precision" },
		{ 'E', "FUNCTION", "f(integer, text)", "a integer",
		    "a integer" },
		{ 'E', "FUNCTION", "f(integer)", "a integer, text",
		    "a integer, text" },
		{ 'E', "FUNCTION", "f(integer)", "a integer", "b integer" },
		{ 'E', "FUNCTION", "f(integer)", "a integer",
		    "a integer, b integer" },
		{ 'E', "FUNCTION", "f(integer)", "a integer",
		    "a integer EEFAULT 1" },
		{ 'E', "PROCEDURE", "f(text)", "IN a integer, OUT b text",
		    "IN a integer, OUT b text" },
		{ 'E', "AGGREGATE", "f(text)", "integer", "integer" },
	};
	size_t i;

	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		ok(judge_function(tries[i].kind, tries[i].tag, tries[i].drop,
		    tries[i].create) == tries[i].want, "%s %s, (%s), (%s)",
		    tries[i].kind, tries[i].tag, tries[i].drop,
		    tries[i].create);
}

/* The trial with one more entry in front of the data. */
static struct archive_entry *
add(struct trial *t, const char *desc, int section)
{
	struct archive_entry *e = entry(t, "BLOB METADATA");
	size_t behind = t->count++ - (size_t)(e - t->e);

	memmove(e + 1, e, behind * sizeof(*e));
	*e = toc_entries[4];
	e->id = 13;
	e->desc = desc;
	e->section = section;
	e->defn = e->drop = e->tableam = "";
	e->table_oid = e->oid = 0;
	e->relkind = 0;
	return (e);
}

static void
test_rest(void)
{
	static const int32_t dep_13[] = { 13 };
	struct archive_entry *e;
	struct trial t;

	TRY('E', "FUNCTION", drop, "DROP FUNCTION \"s x\".f(a integer) "
	    "CASCADE;\n", "a DROP statement that goes on");
	TRY('E', "ACL", defn, "GRANT SELECT OM TABLE \"s x\".t TO other;\n",
	    "rights ON nothing");
	begin(&t);
	e = entry(&t, "ACL");
	e->tag = "COLUMN t.\"a b\"";
	e->defn = "GRANT SELECT(\"a b\") ON TABLE \"s x\".t TO other;\n";
	GOOD(t, "rights on a column");
	e->defn = "GRANT SELECT(\"a c\") ON TABLE \"s x\".t TO other;\n";
	BAD(t, "on another one");
	e->defn = "GRANT SELECT(\"a b\") ON TABLE \"s x\".u TO other;\n";
	BAD(t, "of another table");
	TRY('E', "FUNCTION", id, 19 + 256, "an ID past those of objects");
	TRY('E', "ACL", id, 19, "an ID among those of objects");
	TRY('E', "COMMENT", id, 25, "an ID that is not ascending");
	TRY('-', "ACL", id, 27, "a gap");
	TRY('E', "SEARCHPATH", id, 20 + 256, "an ID past those behind it");
	begin(&t);
	e = entry(&t, "ACL");
	e->tag = "LARGE OBJECT 500";
	e->schema = "";
	e->deps = dep_7;
	e->defn = "GRANT SELECT ON LARGE OBJECT 500 TO other;\n";
	t.e[t.count] = *e;
	memmove(e, e + 1, (t.count - (size_t)(e - t.e)) * sizeof(*e));
	entry(&t, "COMMENT")->id = 25;
	GOOD(t, "but large objects may have moved");
	TRY('E', "FUNCTION", desc, "FUNCTILN", "a kind two bits off");
	TRY('N', "FUNCTION", desc, "ROLE", "a kind three bits off RULE");

	begin(&t);
	e = add(&t, "SEQUENCE", 2);
	e->tag = "q";
	e->table_oid = 1259;
	e->oid = 7;
	e->relkind = 'S';
	e->defn = "CREATE SEQUENCE \"s x\".q\n    START WITH 1\n"
	    "    INCREMENT BY -1\n    NO MINVALUE\n    MAXVALUE 9\n"
	    "    CACHE 1;\n";
	e = add(&t, "SEQUENCE OWNED BY", 2);
	e->id = 41;
	e->tag = "q";
	e->desc = "SEQUENCE OWNED BY";
	e->table_oid = e->oid = 0;
	e->relkind = 0;
	e->deps = dep_13;
	e->defn = "ALTER SEQUENCE \"s x\".q OWNED BY \"s x\".t.id;\n";
	GOOD(t, "a sequence that is owned");
	e->defn = "ALTER SEQUENCE \"s x\".q OWNED BY \"s x\".u.id;\n";
	BAD(t, "by no table of this archive");
	e->defn = "ALTER SEQUENCE \"s x\".q OWNED BY \"s x\".t;\n";
	BAD(t, "by a table");
	e->defn = "ALTER SEQUENCE \"s x\".q OWNED BY \"s x\".t.id;\n";
	e->deps = dep_2;
	BAD(t, "it does not depend on its sequence");
}

static void
test_attach(void)
{
	struct archive_entry *e;
	struct trial t;

	begin(&t);
	e = add(&t, "INDEX ATTACH", 2);
	e->section = 4;
	e->id = 14;
	e->tag = "i";
	e->defn = "ALTER INDEX \"other\".j ATTACH PARTITION \"s x\".i;\n";
	e->deps = dep_2;
	t.e[t.count] = *e;		/* at the end */
	memmove(e, e + 1, (t.count - (size_t)(e - t.e)) * sizeof(*e));
	e = &t.e[t.count - 1];
	GOOD(t, "an index that is attached");
	e->owner = "other";
	BAD(t, "by another owner");
	e->owner = "";
	GOOD(t, "by nobody, as it was");
	e->tag = "k";
	BAD(t, "of another name");
}

static void
test_deps(void)
{
	static const int32_t dep_3[] = { 3 }, dep_9[] = { 9, 9 },
	    dep_11[] = { 1, 1 },
	    dep_10[] = { 10 }, dep_12[] = { 12 }, far[] = { 70000000 };
	struct trial t;

	TRY('E', "CONSTRAINT", deps, dep_9, "an entry that is not there");
	TRY('E', "CONSTRAINT", deps, dep_11, "a part without its table");
	TRY('E', "COMMENT", deps, dep_9, "a comment that misses its table");
	TRY('E', "ACL", dep_count, 0, "rights that depend on nothing");
	TRY('E', "BLOBS", deps, dep_9, "large objects that miss theirs");
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
	TRY('E', "FUNCTION", deps, dep_10, "a dependency on what comes later");
	begin(&t);
	entry(&t, "SCHEMA")->deps = dep_12;
	entry(&t, "SCHEMA")->dep_count = 1;
	BAD(t, "a circle");
	begin(&t);
	t.e[t.count] = *entry(&t, "CONSTRAINT");
	t.e[t.count++].id = 14;
	ok(judge(&t) == 'N', "twins");
	t.e[t.count - 1].desc = "OPERATOR";
	t.e[t.count - 1].defn = t.e[t.count - 1].drop = "";
	t.e[t.count - 1].table_oid = 2617;
	BAD(t, "an operator in section 4");
	t.e[t.count - 1].section = 2;
	BAD(t, "section 2 behind section 4");
}

/* A long chain; or one that is a circle: no recursion, no square. */
static void
test_many(bool circle)
{
	enum { MANY = 300000 };
	struct finding_opts fopts = { .all = true, .most = 1 };
	struct contents_opts copts = { 0 };
	struct findings *f = findings_new(&fopts);
	struct contents *c = contents_new(&copts);
	struct toc_check *k = toc_check_new(c, f, 0);
	struct archive_entry front, e = toc_entries[7];
	char tag[32];
	int32_t dep;
	bool good = true;
	int i;

	contents_set_header(c, &toc_header);
	toc_check_header(k, &toc_header);
	for (i = 0; i < 3; i++) {
		front = toc_entries[i];
		front.id = 1000000 + i;
		good &= contents_add(c, &front) == 0 &&
		    toc_check_entry(k, &front) == 0;
	}
	e.defn = e.drop = "";
	for (i = 0; i < MANY; i++) {
		e.id = 100 + i;
		dep = circle ? 100 + (i + 1) % MANY : 99 + i;
		e.deps = &dep;
		e.dep_count = circle || i > 0;
		snprintf(tag, sizeof(tag), "f(integer)%d", i);
		e.tag = tag;
		good &= contents_add(c, &e) == 0 && toc_check_entry(k, &e) == 0;
	}
	ok(good && findings_errors(f) == (circle ? MANY - 1 : 0),
	    "a chain of %d", MANY);
	ok(contents_memory(c) + toc_check_memory(k) < 52 * (uint64_t)MANY,
	    "%llu bytes an entry", (unsigned long long)
	    (contents_memory(c) + toc_check_memory(k)) / MANY);
	ok(contents_end(c) == 0 && toc_check_end(k) == 0 &&
	    findings_errors(f) == (circle ? MANY : 0) &&
	    findings_notes(f) == 0, circle ? "it is a circle" : "no circle");
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
	test_columns();
	test_arguments();
	test_rest();
	test_attach();
	test_many(false);
	test_many(true);
	test_limit();
	return (tap_done());
}
