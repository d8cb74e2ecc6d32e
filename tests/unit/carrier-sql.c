/* SPDX-License-Identifier: ISC */
/*
 * Promise: a plain SQL dump counts as whole only at the closing comment that
 * its first comment owes, byte for byte as pg_dump and pg_dumpall write it,
 * and nothing inside rows, quotes or function bodies is taken for that.  A
 * watcher is told of statements and of every byte of the rows, however the
 * stream was cut, and changes no verdict unless it objects.
 */
#include "carrier-try.h"

#define BEGIN	"--\n-- PostgreSQL database dump\n--\n\n"
#define END	"--\n-- PostgreSQL database dump complete\n--\n\n"
#define ALL	"--\n-- PostgreSQL database cluster dump\n--\n\n"
#define ALLEND	"--\n-- PostgreSQL database cluster dump complete\n--\n\n"
#define ON	"\\restrict 5iDstkayAQHEXY\n\n"
#define OFF	"\\unrestrict 5iDstkayAQHEXY\n\n"
#define ON2	"\\restrict lciF9MdDCyIZHZ\n\n"
#define OFF2	"\\unrestrict lciF9MdDCyIZHZ\n\n"
#define SETS	"SET client_encoding = 'UTF8';\n" \
		"SET standard_conforming_strings = on;\n" \
		"SELECT pg_catalog.set_config('search_path', '', false);\n\n"
#define COPY	"COPY public.t (a, b) FROM stdin;\n1\tit's \"\n2\t\\N\n\\.\n\n\n"
#define TABLE	"--\n-- Name: t; Type: TABLE; Schema: public; Owner: -\n--\n\n" \
		"CREATE TABLE public.t (\n    a integer,\n    b text\n);\n\n\n"

/* Whole dumps of one shape each. */
static const struct {
	const char *name, *text;
} whole[] = {
	{ "a dump", BEGIN ON SETS TABLE COPY END OFF },
	{ "a dump before \\restrict", BEGIN SETS TABLE COPY END },
	{ "a dump of nothing", BEGIN END },
	{ "verbose", BEGIN ON SETS "-- Started on 2026-11-22 21:32:00 UTC\n\n"
	    "-- Completed on 2026-11-22 21:32:00 UTC\n\n" END OFF },
	{ "-C, with quotes in \\connect", BEGIN ON SETS "CREATE DATABASE "
	    "\"we\"\"ird n\";\n\n\n" "\\unrestrict 5iDstkayAQHEXY\n"
	    "\\encoding SQL_ASCII\n\\connect -reuse-previous=on \"dbname="
	    "'we\"\"ird n\"\n\\restrict 5iDstkayAQHEXY\n\n" SETS END OFF },
	{ "cluster", ALL ON SETS "CREATE ROLE bob;\n\n\n\n" OFF
	    "--\n-- Databases\n--\n\n--\n-- Database \"a\" dump\n--\n\n"
	    "\\connect a\n\n" BEGIN ON2 SETS TABLE COPY END OFF2
	    "--\n-- Database \"it's\" dump\n--\n\n" BEGIN ON SETS END OFF
	    ALLEND },
	{ "cluster before \\restrict", ALL SETS "\\connect a\n\n" BEGIN SETS
	    COPY END "\\connect b\n\n" BEGIN END ALLEND },
	{ "globals only", ALL ON SETS "CREATE ROLE bob;\n\n" OFF ALLEND },
	{ "globals only, verbose, before \\restrict", ALL SETS
	    "-- Completed on 2026-11-22 21:34:12 UTC\n\n" ALLEND },
};

/* What must not disturb: between SETS and END of a dump. */
static const struct {
	const char *name, *text;
} quiet[] = {
	{ "comment that holds an end", "COMMENT ON TABLE t IS 'c \\ it''s\n"
	    END "';\n" },
	{ "function that holds an end", "CREATE FUNCTION f() AS $$\n" END
	    "$$;\n" },
	{ "function that holds two kinds of dollars", "CREATE FUNCTION f() AS "
	    "$_$begin\n" END "return $a$ $$ _$ $_ $a$; $_end$__$_$;\n" },
	{ "empty dollar quotes", "CREATE FUNCTION f() AS $$$$;\nCREATE FUNCTION"
	    " g() AS $a$$a$;\n" },
	{ "function that holds a beginning", "CREATE FUNCTION f() AS $$" BEGIN
	    "$$;\n" },
	{ "BEGIN ATOMIC", "CREATE FUNCTION h() RETURNS text\n BEGIN ATOMIC\n"
	    " SELECT ('a\\''b'::text || '\n" END "'::text);\nEND;\n" },
	{ "E'' with an escaped quote", "COMMENT ON ROLE x IS E'it\\'s\n" END
	    "\\\\';\n" },
	{ "name that ends in e before a quote", "SELECT typE'a\\';\n" },
	{ "strings with backslashes", "SET standard_conforming_strings = off;\n"
	    "COMMENT ON TABLE t IS 'it\\'s\n" END "\\\\';\n"
	    "SET standard_conforming_strings = on;\nSELECT '\\';\n" },
	{ "SJIS whose second byte is a backslash", "SET client_encoding = "
	    "'SJIS';\nSELECT E'\x95\x5c', E'\xb1\\'', E'\\\x95\x5c';\n" },
	{ "GB18030 whose second byte is a backslash", "SET client_encoding = "
	    "'GB18030';\nSELECT E'\x95\x5c\x81\x30\x81\x30';\n" },
	{ "UTF-8 after SJIS", "SET client_encoding = 'SJIS';\nSET "
	    "client_encoding = 'UTF8';\nSELECT E'\xc3\xa9\\'';\n" },
	{ "name that holds an end", "CREATE TABLE \"tab\n" END "le\"\"q -- x\" "
	    "(\n    \"c'o$l\" text\n);\nDROP TABLE \"e$a$\";\n" },
	{ "row that is an end", "COPY t (a) FROM stdin;\n" END "\\.\n\n\n" },
	{ "rows that look like ends of data", "COPY t (a, b) FROM stdin;\n"
	    "\\\\.\t\\.\n\\.\\.\t1\n.\t\\\\\n\\.\n\n\n" },
	{ "rows of no columns", "COPY public.zero  FROM stdin;\n\n\n\\.\n\n\n" },
	{ "no rows", "COPY public.t (a) FROM stdin;\n\\.\n\n\n" },
	{ "COPY with names full of COPY", "COPY \"a;b FROM stdin;\n\" (\"x, y\","
	    " c) FROM stdin;\n--\t1\n\\.\n\n\n" },
	{ "COPY with oids", "COPY t (a) WITH OIDS FROM stdin;\n7\ta\n\\.\n\n" },
	{ "COPY inside a string", "COMMENT ON TABLE t IS 'x;\nCOPY t FROM "
	    "stdin;\n';\n" },
	{ "COPY of a server's file", "COPY t FROM '/x FROM stdin';\n" },
	{ "INSERT that holds an end", "INSERT INTO t VALUES ('" END "', E'\\\\');"
	    "\nINSERT INTO t VALUES ('\\', '''', '--');\n" },
	{ "nested comments", "/* a /* b */ ' \" $$\n" END "*/ SELECT 1;\n" },
	{ "rule of two statements", "CREATE RULE r AS ON INSERT TO v DO INSTEAD"
	    " ( INSERT INTO a VALUES (1);\n INSERT INTO b VALUES (2);\n);\n" },
	{ "operators", "CREATE OPERATOR public.@/ (FUNCTION = x);\nSELECT 1 - "
	    "'-1'::integer, a$b$c, 2*3/4;\n" },
	{ "comments that nearly end it", "--\n-- PostgreSQL database dump "
	    "complete\n\n--\n\n--\n--\n-- PostgreSQL database dump complete \n"
	    "--\n\n -- PostgreSQL database dump complete\n--\n\n" },
};

/* And what must: the whole stream. */
static const struct {
	const char *name, *text;
	enum carrier_verdict want;
	const char *why;
} loud[] = {
	{ "open string over the end", BEGIN "SELECT 'a\n" END, CARRIER_BROKEN,
	    "in a quoted string from byte 42 on" },
	{ "open E'' over the end", BEGIN "SELECT E'a\\'\n" END, CARRIER_BROKEN,
	    "in a quoted string from byte 43 on" },
	{ "open name over the end", BEGIN "DROP TABLE \"a\n" END,
	    CARRIER_BROKEN, "in a quoted name from byte 46 on" },
	{ "open dollar quote over the end", BEGIN "DO $a$x\n$$ $a\n" END,
	    CARRIER_BROKEN, "in a dollar-quoted string from byte 38 on" },
	{ "open comment over the end", BEGIN "/* /* */\n" END, CARRIER_BROKEN,
	    "in a comment from byte 35 on" },
	{ "rows that never end", BEGIN "COPY t (a) FROM stdin;\nx\n" END,
	    CARRIER_BROKEN, "in the COPY data from byte 58 on" },
	{ "end inside a statement", BEGIN "SELECT 1\n" END, CARRIER_BROKEN,
	    "inside a statement that begins at byte 35" },
	{ "rows without their COPY", BEGIN "1\n\\.\n" END, CARRIER_FOREIGN,
	    "byte 35" },
	{ "end of rows without rows", BEGIN "\\.\n" END, CARRIER_BROKEN,
	    "outside COPY data" },
	{ "a byte behind the end", BEGIN END "\n", CARRIER_BROKEN,
	    "follows the end" },
	{ "a dump behind the end", BEGIN END BEGIN END, CARRIER_BROKEN,
	    "follows the end" },
	{ "a byte behind the \\unrestrict", BEGIN ON END OFF "\n",
	    CARRIER_BROKEN, "follows the end" },
	{ "a comment behind the cluster's end", ALL ALLEND "--\n",
	    CARRIER_BROKEN, "follows the end" },
	{ "no \\unrestrict", BEGIN ON END, CARRIER_BROKEN,
	    "\\unrestrict is missing" },
	{ "\\unrestrict of another key", BEGIN ON END OFF2, CARRIER_BROKEN,
	    "its closing comment" },
	{ "\\unrestrict without \\restrict", BEGIN END OFF, CARRIER_BROKEN,
	    "follows the end" },
	{ "\\unrestrict without \\restrict, before the end", BEGIN OFF END,
	    CARRIER_BROKEN, "without the \\restrict" },
	{ "\\restrict twice", BEGIN ON ON2 END OFF2, CARRIER_BROKEN,
	    "while another is in force" },
	{ "database's end for a cluster", ALL BEGIN END, CARRIER_BROKEN,
	    "\"PostgreSQL database cluster dump complete\" is missing" },
	{ "cluster's end for a database", BEGIN ALLEND, CARRIER_BROKEN,
	    "\"PostgreSQL database dump complete\" is missing" },
	{ "cluster that ends inside a database", ALL BEGIN ALLEND,
	    CARRIER_BROKEN, "ends inside a database dump" },
	{ "cluster with a database that did not end", ALL BEGIN SETS BEGIN END
	    ALLEND, CARRIER_BROKEN, "in front of it has ended" },
	{ "cluster with a database that did not begin", ALL SETS END ALLEND,
	    CARRIER_BROKEN, "has not begun" },
	{ "end without an empty line", BEGIN SETS
	    "--\n-- PostgreSQL database dump complete\n--\n", CARRIER_BROKEN,
	    "closing comment" },
	{ "end without its first line", BEGIN
	    "-- PostgreSQL database dump complete\n--\n\n", CARRIER_BROKEN,
	    "closing comment" },
	{ "end without its last line", BEGIN
	    "--\n-- PostgreSQL database dump complete\n\n\n", CARRIER_BROKEN,
	    "closing comment" },
	{ "end with CRLF", BEGIN "--\r\n-- PostgreSQL database dump complete\r\n"
	    "--\r\n\r\n", CARRIER_BROKEN, "closing comment" },
	{ "end behind a blank", BEGIN " " END, CARRIER_BROKEN,
	    "closing comment" },
	{ "a dump that died, and another", BEGIN SETS "CREATE TA" BEGIN SETS
	    END, CARRIER_BROKEN, "another database dump begins" },
	{ "a dump that died in rows, and another", BEGIN "COPY t (a, b) FROM "
	    "stdin;\n1\tx" BEGIN COPY END, CARRIER_BROKEN,
	    "inside the COPY data that begin at byte 61" },
	{ "a dump that died in a string, and another", BEGIN "SELECT 'abc"
	    BEGIN SETS END, CARRIER_FOREIGN, "does not write" },
	{ "a dump that died in a string, and another with its key", BEGIN ON
	    "SELECT 'abc" BEGIN ON2 "SELECT ' a ';" COPY " ';" END OFF2,
	    CARRIER_FOREIGN, "does not write" },
	{ "a letter behind a quote", BEGIN "SELECT 'a'b;\n" END,
	    CARRIER_FOREIGN, "byte 45" },
	{ "another first comment", "--\n-- PostgreSQL database dumper\n--\n\n"
	    END, CARRIER_FOREIGN, "first comment" },
	{ "the end alone", END, CARRIER_FOREIGN, "first comment" },
};

static char *
join(const char *a, const char *b, const char *c, size_t *len)
{
	char *text = NULL;

	*len = (size_t)asprintf(&text, "%s%s%s", a, b, c);
	return (text);
}

/* Words of n bytes for each @. */
static void
long_words(void)
{
	static const struct {
		const char *name, *text;
		size_t n;
		enum carrier_verdict want;
	} list[] = {
		{ "a tag of 1024 bytes", BEGIN "DO $@$x$@$;\n" END, 1024,
		    CARRIER_PROVEN },
		{ "a tag of 1025 bytes", BEGIN "DO $@$x$@$;\n" END, 1025,
		    CARRIER_FOREIGN },
		{ "a key of 512 bytes", BEGIN "\\restrict @\n\n" END
		    "\\unrestrict @\n\n", 512, CARRIER_PROVEN },
		{ "a key of 513 bytes", BEGIN "\\restrict @\n\n" END
		    "\\unrestrict @\n\n", 513, CARRIER_FOREIGN },
		{ "a key of 4000 bytes", BEGIN "\\restrict @\n\n" END
		    "\\unrestrict @\n\n", 4000, CARRIER_FOREIGN },
		{ "rows of 4000 bytes", BEGIN "COPY t (a) FROM stdin;\n--@\n"
		    "\\.@\n\\.\n" END, 4000, CARRIER_PROVEN },
		{ "comments of 4000 bytes", BEGIN "-- @\n/*@*/\n" END, 4000,
		    CARRIER_PROVEN },
		{ "a setting of 4000 bytes", BEGIN "SET s@ = '@';\n" END, 4000,
		    CARRIER_PROVEN },
	};
	char word[4001], text[16384], *at;
	const char *f;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		memset(word, 'X', list[i].n);
		word[list[i].n] = '\0';
		at = text;
		for (f = list[i].text; *f != '\0'; f++)
			if (*f == '@')
				at = stpcpy(at, word);
			else
				*at++ = *f;
		try_is(text, (size_t)(at - text), list[i].want, NULL,
		    list[i].name);
	}
}

/* What a watcher hears, as text; and to which of it it objects. */
static struct heard {
	char text[65536];
	size_t len;
	uint64_t next;		/* where the rows go on; 0: at their beginning */
	size_t row_bytes;
	bool gap;		/* pieces of rows that do not join */
	const char *object;	/* object where this is heard */
	size_t object_at;	/* or to this byte of the rows, from 1 on */
	const char *answer;
	enum status status;
	bool told;
} heard;

__attribute__((format(printf, 1, 2)))
static const char *
hear(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	heard.len += (size_t)snprintf(heard.text + heard.len,
	    sizeof(heard.text) - heard.len, "%s", line);
	if (heard.len >= sizeof(heard.text))
		abort();
	return (heard.object != NULL && strstr(line, heard.object) != NULL ?
	    heard.answer : NULL);
}

static const char *
hear_database(void *arg, const char *name)
{
	(void)arg;
	return (hear("database <%s>\n", name));
}

static const char *
hear_encoding(void *arg, const char *name)
{
	(void)arg;
	return (hear("encoding <%s>\n", name));
}

static const char *
hear_statement(void *arg, const char *head, uint64_t at)
{
	(void)arg;
	return (hear("%d: <%s>\n", (int)at, head));
}

static const char *
hear_copy(void *arg, const struct sql_copy *copy)
{
	(void)arg;
	heard.next = 0;
	return (hear("%d: copy <%s> of %zu\n", (int)copy->at, copy->table,
	    copy->columns));
}

static const char *
hear_rows(void *arg, const uint8_t *buf, size_t len, uint64_t at)
{
	(void)arg;
	if (len == 0 || (heard.next != 0 && heard.next != at))
		heard.gap = true;
	if (heard.next == 0)
		hear("%d: rows ", (int)at);
	heard.next = at + len;
	if (heard.len + len >= sizeof(heard.text))
		abort();
	memcpy(heard.text + heard.len, buf, len);
	heard.len += len;
	heard.text[heard.len] = '\0';
	heard.row_bytes += len;
	return (heard.object_at > 0 && heard.row_bytes >= heard.object_at ?
	    heard.answer : NULL);
}

static const char *
hear_copy_end(void *arg, uint64_t at)
{
	(void)arg;
	if (heard.next != 0 && heard.next != at)
		heard.gap = true;
	return (hear("%d: end\n", (int)at));
}

static const struct sql_watch hear_all = {
	.database = hear_database, .encoding = hear_encoding,
	.statement = hear_statement, .copy = hear_copy, .rows = hear_rows,
	.copy_end = hear_copy_end,
};

/* As try_bytes(), with somebody who listens; each piece in memory of just its
 * size. */
static enum carrier_verdict
listen(const struct sql_watch *watch, const char *text, size_t len, size_t step)
{
	const struct carrier_opts opts = { .sql_watch = watch };
	struct carrier *c = carrier_new(&opts);
	size_t i, n, odd = 1;
	enum carrier_verdict v;
	char *piece;
	int rc = 0;

	heard.len = heard.row_bytes = 0;
	heard.next = 0;
	heard.gap = false;
	heard.text[0] = '\0';
	for (i = 0; i < len && rc == 0; i += n) {
		n = step > 0 ? step : (odd = odd * 5 % 97 + 1);
		n = n < len - i ? n : len - i;
		if ((piece = malloc(n)) == NULL)
			abort();
		memcpy(piece, text + i, n);
		rc = carrier_feed(c, piece, n);
		free(piece);
	}
	v = carrier_end(c);
	snprintf(try_why, sizeof(try_why), "%s", carrier_why(c));
	heard.status = carrier_status(c);
	heard.told = carrier_is_told(c);
	carrier_free(c);
	return (v);
}

/* The same is heard and said however it is cut, and said without a watcher. */
static void
try_heard(const char *text, size_t len, const char *want, const char *name)
{
	static const size_t steps[] = { 1 << 20, 1, 2, 3, 13, 67, 0 };
	static const struct sql_watch deaf;
	static char first[sizeof(heard.text)];
	char why[sizeof(try_why)];
	const char *problem = NULL;
	enum carrier_verdict v = try_bytes(text, len, 1 << 20);
	size_t i;

	snprintf(why, sizeof(why), "%s", try_why);
	if (listen(&deaf, text, len, 1 << 20) != v || strcmp(why, try_why) != 0)
		problem = "another verdict with a deaf watcher";
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !problem; i++) {
		if (listen(&hear_all, text, len, steps[i]) != v ||
		    strcmp(why, try_why) != 0)
			problem = "another verdict with a watcher";
		else if (heard.gap)
			problem = "rows that do not join";
		else if (i > 0 && strcmp(first, heard.text) != 0)
			problem = "something else is heard";
		strcpy(first, heard.text);
	}
	ok(problem == NULL, "%s: heard however it is cut", name);
	if (problem != NULL)
		printf("# %s: %s; %s\n%s\n", problem, why, try_why, heard.text);
	if (want != NULL)
		same(heard.text, want, name);
}

/* Between BEGIN, which is 35 bytes, and END. */
static const struct {
	const char *name, *text, *want;
} told[] = {
	{ "rows are told whole", COPY, "35: <COPY public.t (a, b) FROM stdin>\n"
	    "35: copy <public.t> of 2\n68: rows 1\tit's \"\n2\t\\N\n82: end\n" },
	{ "no rows are told as none", "COPY t (a) FROM stdin;\n\\.\n",
	    "35: <COPY t (a) FROM stdin>\n35: copy <t> of 1\n58: end\n" },
	{ "rows that begin like the end are told", "COPY t (a) FROM stdin;\n"
	    "\\\n\\.x\n\\\\.\n\\\\\n\n\\N\n\\.\\.\n\\.\n",
	    "35: <COPY t (a) FROM stdin>\n35: copy <t> of 1\n58: rows "
	    "\\\n\\.x\n\\\\.\n\\\\\n\n\\N\n\\.\\.\n80: end\n" },
	{ "rows of no columns are told", "COPY public.zerocol  FROM stdin;\n"
	    "\n\n\\.\n", "35: <COPY public.zerocol  FROM stdin>\n"
	    "35: copy <public.zerocol> of 0\n68: rows \n\n70: end\n" },
	{ "rows like another dump's first comment are told", "COPY t (a, b) "
	    "FROM stdin;\n-- PostgreSQL \n-- PostgreSQL database dumps\n--\n-- "
	    "PostgreSQL database dum\n\\.\n", "35: <COPY t (a, b) FROM stdin>\n"
	    "35: copy <t> of 2\n61: rows -- PostgreSQL \n-- PostgreSQL database"
	    " dumps\n--\n-- PostgreSQL database dum\n135: end\n" },
	{ "quoted names are whole", "COPY \"a.b \"\"c\"\", (\nd\".\"e;f\" (\"x,"
	    " (y)\", \"z\"\"\", w) FROM stdin;\n\\.\n", "35: <COPY \"a.b \"\"c"
	    "\"\", (\nd\".\"e;f\" (\"x, (y)\", \"z\"\"\", w) FROM stdin>\n"
	    "35: copy <\"a.b \"\"c\"\", (\nd\".\"e;f\"> of 3\n96: end\n" },
	{ "a name that says FROM stdin", "COPY \" FROM stdin\".\" WITH OIDS\""
	    " (a) TO stdout;\n", "35: <COPY \" FROM stdin\".\" WITH OIDS\" (a)"
	    " TO stdout>\n" },
	{ "OIDs are a column", "COPY t (a) WITH OIDS FROM stdin;\n7\tx\n\\.\n"
	    "COPY oids (a) FROM stdin;\n\\.\n", "35: <COPY t (a) WITH OIDS FROM"
	    " stdin>\n35: copy <t> of 2\n68: rows 7\tx\n72: end\n75: <COPY oids"
	    " (a) FROM stdin>\n75: copy <oids> of 1\n101: end\n" },
	{ "encodings are told", "SET client_encoding = 'EUC_JP';\nSET "
	    "client_encoding TO 'X';\nSET client_encoding = 'a' 'b';\nSELECT "
	    "'SET client_encoding = ''x''';\n", "35: <SET client_encoding = '"
	    "EUC_JP'>\nencoding <EUC_JP>\n67: <SET client_encoding TO 'X'>\n"
	    "95: <SET client_encoding = 'a' 'b'>\n126: <SELECT 'SET "
	    "client_encoding = ''x'''>\n" },
	{ "databases are told", "\\connect a\n\\connect \"We\"\"ird n\"\n"
	    "\\connect -reuse-previous=on \"dbname='a \"\"b'\"\n\\connect "
	    "-reuse-previous=on \"dbname='it\\'s \\\\=-'\"\n"
	    "\\connect -reuse-previous=on \"dbname=c d\"\n\\connect - bob\n"
	    "\\connect\n\\connect \n\\connect \"\"\n\\connect d bob\n"
	    "\\connected e\n\\connect user=f\n\\connect -reuse-previous=on\n",
	    "database <a>\ndatabase <We\"ird n>\ndatabase <a \"b>\n"
	    "database <it's \\=->\ndatabase <c>\ndatabase <d>\n" },
	{ "heads are 63 bytes, quotes and all", "CREATE FUNCTION \"f;\"() AS "
	    "$$;$$ LANGUAGE 'sql;' 0123456789 0123456789;\n(SELECT /* ; */ 'x'"
	    ");;\n x/*;*/;\n", "35: <CREATE FUNCTION \"f;\"() AS $$;$$ LANGUAGE"
	    " 'sql;' 0123456789 0123>\n106: <(SELECT /* ; */ 'x')>\n"
	    "130: <x/*;*/>\n" },
	{ "comments are no statements", "-- a;\n--\n/* b; */ SELECT 1 -- c;\n"
	    ";\n", "53: <SELECT 1 -- c;\n>\n" },
};

static void
try_told(void)
{
	char table[700], want[2048];
	char *text;
	size_t i, len;

	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		text = join(BEGIN, told[i].text, END, &len);
		try_heard(text, len, told[i].want, told[i].name);
		free(text);
	}
	memset(table, 'x', sizeof(table));
	table[0] = table[698] = '"';
	table[699] = '\0';
	text = join(BEGIN "COPY ", table, " (a) FROM stdin;\n\\.\n" END, &len);
	snprintf(want, sizeof(want), "35: <COPY %.58s>\n35: copy <%.600s> of "
	    "1\n756: end\n", table, table);
	try_heard(text, len, want, "a table's name of 699 bytes is cut");
	free(text);
	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		try_heard(whole[i].text, strlen(whole[i].text), NULL,
		    whole[i].name);
	for (i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		text = join(ALL BEGIN SETS, quiet[i].text, END ALLEND, &len);
		try_heard(text, len, NULL, quiet[i].name);
		free(text);
	}
	for (i = 0; i < sizeof(loud) / sizeof(loud[0]); i++)
		try_heard(loud[i].text, strlen(loud[i].text), NULL,
		    loud[i].name);
}

/* What is objected to breaks the dump, in the same words however it is cut;
 * why NULL: none of it is heard. */
static const struct {
	const char *object;
	size_t object_at;
	const char *why;
} objections[] = {
	{ "database <a>", 0, "byte 35: no" },
	{ "encoding <UTF8>", 0, "byte 46: no" },
	{ "<COPY", 0, "byte 76: no" },
	{ "copy <public.\"t 1\"> of 2", 0, "byte 76: table public.\"t 1\": no" },
	{ NULL, 1, "byte 76: table public.\"t 1\": no" },
	{ NULL, 8, "byte 76: table public.\"t 1\": no" },
	{ NULL, 11, "byte 76: table public.\"t 1\": no" },
	{ "end", 0, "byte 124: table public.\"t 1\": no" },
	{ "<SELECT 1", 0, "byte 127: no" },
	{ NULL, 12, NULL },
};

static bool
objected(const char *text, size_t len, size_t step, const char *why)
{
	enum carrier_verdict v;

	heard.answer = "no";
	v = listen(&hear_all, text, len, step);
	if (why == NULL)
		return (v == CARRIER_PROVEN && !heard.told);
	if (v != CARRIER_BROKEN || heard.told ||
	    strcmp(try_why + strlen("plain SQL dump: "), why) != 0)
		return (false);
	heard.answer = archive_told;
	return (listen(&hear_all, text, len, step) == CARRIER_BROKEN &&
	    heard.told && heard.status == STATUS_DATA);
}

static void
try_objections(void)
{
	static const char text[] = BEGIN "\\connect a\nSET client_encoding = "
	    "'UTF8';\nCOPY public.\"t 1\" (a, b) FROM stdin;\n1\t2\n\\\n\\.x\n\n"
	    "\\.\nSELECT 1;\n" END;
	static const size_t steps[] = { 1 << 20, 1, 2, 3, 13, 0 };
	size_t i, j;
	bool good;

	for (i = 0; i < sizeof(objections) / sizeof(objections[0]); i++) {
		heard.object = objections[i].object;
		heard.object_at = objections[i].object_at;
		good = true;
		for (j = 0; j < sizeof(steps) / sizeof(steps[0]) && good; j++)
			good = objected(text, sizeof(text) - 1, steps[j],
			    objections[i].why);
		ok(good, "objection %zu: %s", i, objections[i].why != NULL ?
		    objections[i].why : "none");
		if (!good)
			printf("# %s\n%s", try_why, heard.text);
	}
	heard.object = NULL;
	heard.object_at = 0;
}

static uint32_t
rnd(uint32_t n)
{
	static uint32_t r = 1;

	r = r * 1664525 + 1013904223;
	return ((r >> 8) % n);
}

/* Rows of what makes rows special. */
static char *
random_rows(char *at, size_t len)
{
	static const char *const words[] = { "\n", "\n\\", "\n-", ".", "\\.",
	    "-", "--", "x", "\\", "\n\\.x", "\n-- P", "\n-- PostgreSQL ",
	    "0123456789abcdefghijklmnopqrstuvwxyz 0123456789" };
	const char *const end = at + len;

	while (at < end)
		at = stpcpy(at, words[rnd(rnd(8) == 0 ? 13 : 9)]);
	return (at);
}

/* The first line that matters, looked for the plain way too. */
static void
try_random(void)
{
	static const char head[] = BEGIN "COPY t (a, b) FROM stdin;\n";
	static const char first[] = "\n-- PostgreSQL database dump\n";
	char text[2048];
	const char *const rows = text + sizeof(head) - 1, *end, *other;
	char *at, *mark;
	size_t round, bad = 0;
	enum carrier_verdict v, want;

	for (round = 1; round <= 20000 && bad == 0; round++) {
		at = random_rows(stpcpy(text, head), rnd(900));
		if (rnd(4) == 0)
			at = stpcpy(at, first);
		at = stpcpy(at, "\n\\.\n" END);
		mark = strstr(text + sizeof(head) - 2, "\n\\.\n");
		other = strstr(rows - 1, first);
		want = CARRIER_BROKEN;
		end = mark + 1;
		if (other != NULL && other < mark)
			end = other + sizeof(first) - 2;
		else if (mark + 4 + sizeof(END) - 1 == at)
			want = CARRIER_PROVEN;
		else	/* What follows is no SQL. */
			*(at = mark + 4) = '\0';
		v = listen(&hear_all, text, (size_t)(at - text),
		    round % 3 == 0 ? 1 << 20 : rnd(200));
		if (v != want || heard.gap ||
		    heard.row_bytes != (size_t)(end - rows) ||
		    (end != mark + 1) != (strstr(try_why, "another dump")
		    != NULL))
			bad = round;
	}
	ok(bad == 0, "rows at random");
	if (bad > 0)
		printf("# round %zu: %s\n%s\n----\n%s\n", bad, try_why, text,
		    heard.text);
}

int
main(void)
{
	size_t i, len;
	char *text;

	for (i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		len = strlen(whole[i].text);
		try_is(whole[i].text, len, CARRIER_PROVEN, NULL,
		    whole[i].name);
		same(try_name, "plain SQL dump", whole[i].name);
		try_cuts(whole[i].text, len, whole[i].name);
	}
	for (i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++) {
		text = join(BEGIN SETS, quiet[i].text, END, &len);
		try_is(text, len, CARRIER_PROVEN, NULL, quiet[i].name);
		try_cuts(text, len, quiet[i].name);
		free(text);
		text = join(BEGIN ON SETS, quiet[i].text, END OFF, &len);
		try_is(text, len, CARRIER_PROVEN, NULL, quiet[i].name);
		try_cuts(text, len, quiet[i].name);
		free(text);
		text = join(ALL BEGIN SETS, quiet[i].text, END ALLEND, &len);
		try_is(text, len, CARRIER_PROVEN, NULL, quiet[i].name);
		free(text);
	}
	for (i = 0; i < sizeof(loud) / sizeof(loud[0]); i++)
		try_is(loud[i].text, strlen(loud[i].text), loud[i].want,
		    loud[i].why, loud[i].name);
	long_words();
	try_told();
	try_objections();
	try_random();
	return (tap_done());
}
