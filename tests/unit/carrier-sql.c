/* SPDX-License-Identifier: ISC */
/*
 * Promise: a plain SQL dump counts as whole only at the closing comment that
 * its first comment owes, byte for byte as pg_dump and pg_dumpall write it,
 * and nothing inside rows, quotes or function bodies is taken for that.
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
	return (tap_done());
}
