/* SPDX-License-Identifier: ISC */
#include <stddef.h>
#include <string.h>

#include "toc/kinds.h"

#define PRE	KIND_PRE
#define DATA	KIND_DATA
#define POST	KIND_POST

#define REL	KIND_RELATION
#define PART	(KIND_PART | KIND_NEEDS)
#define LOOSE	KIND_LOOSE
#define LATE	KIND_LATE
#define FRONT	(KIND_FRONT | KIND_LATE)

#define ALTER	"ALTER [FOREIGN ]TABLE [ONLY ]%T"
#define ADD	"\n    ADD CONSTRAINT %I %*"
#define DROP	" DROP CONSTRAINT %I;\n"

/* Two runs, each in order of the names: the numbered ones first. */
static const struct kind kinds[] = {
	[KIND_UNKNOWN] = { "", 0, 0, 0, NULL, NULL, NULL },
	[KIND_ACL] = { "ACL", 0, KIND_NONE,
	    KIND_ABOUT | KIND_ROLES | LOOSE | LATE, NULL,
	    "GRANT %*|REVOKE %*|SET %*|SELECT pg_catalog.%*", "" },
	[KIND_AGGREGATE] = { "AGGREGATE", 1255, PRE, 0, NULL,
	    "CREATE AGGREGATE %F%*", "DROP AGGREGATE %F%*" },
	[KIND_BLOB] = { "BLOB", 2613, PRE, 0, NULL,
	    "SELECT pg_catalog.lo_create('%D');\n",
	    "SELECT pg_catalog.lo_unlink('%D');\n" },
	[KIND_BLOB_METADATA] = { "BLOB METADATA", 2613, DATA, KIND_NO_SQL,
	    NULL, NULL, "-- dummy" },
	[KIND_BLOBS] = { "BLOBS", 0, DATA,
	    KIND_AGAIN | KIND_NO_SQL | LOOSE, NULL, "", "" },
	[KIND_COMMENT] = { "COMMENT", 0, KIND_NONE,
	    KIND_ABOUT | KIND_ROLES | LOOSE | LATE, NULL,
	    "COMMENT ON %*", "" },
	[KIND_DATABASE] = { "DATABASE", 1262, PRE, KIND_ROLES | LATE, NULL,
	    "CREATE DATABASE %N WITH TEMPLATE = template0%*",
	    "DROP DATABASE %N;\n" },
	[KIND_ENCODING] = { "ENCODING", 0, PRE, FRONT, NULL,
	    "SET client_encoding = '%*", "" },
	[KIND_FOREIGN_TABLE] = { "FOREIGN TABLE", 1259, PRE, REL, "f",
	    "CREATE FOREIGN TABLE %Q %*", "DROP FOREIGN TABLE %Q;\n" },
	[KIND_FUNCTION] = { "FUNCTION", 1255, PRE, 0, NULL,
	    "CREATE FUNCTION %F%*", "DROP FUNCTION %F%*" },
	[KIND_INDEX_ATTACH] = { "INDEX ATTACH", 0, POST, 0, NULL,
	    "ALTER INDEX %G ATTACH PARTITION %Q;\n", "" },
	[KIND_PROCEDURE] = { "PROCEDURE", 1255, PRE, 0, NULL,
	    "CREATE PROCEDURE %F%*", "DROP PROCEDURE %F%*" },
	[KIND_SEARCHPATH] = { "SEARCHPATH", 0, PRE, FRONT, NULL,
	    "SELECT pg_catalog.set_config('search_path', '%*", "" },
	[KIND_SEQUENCE_OWNED_BY] = { "SEQUENCE OWNED BY", 0, PRE,
	    KIND_NAMESAKE | LATE, NULL,
	    "ALTER SEQUENCE %Q OWNED BY %C;\n", "" },
	[KIND_STDSTRINGS] = { "STDSTRINGS", 0, PRE, FRONT, NULL,
	    "SET standard_conforming_strings = '%*", "" },
	[KIND_TABLE] = { "TABLE", 1259, PRE, REL, "rp",
	    "CREATE [UNLOGGED ]TABLE %Q %*", "DROP TABLE %Q;\n" },
	[KIND_TABLE_ATTACH] = { "TABLE ATTACH", 0, PRE, KIND_NAMESAKE, NULL,
	    "ALTER TABLE ONLY %G ATTACH PARTITION %Q %*", "" },
	[KIND_TABLE_DATA] = { "TABLE DATA", 0, DATA,
	    KIND_NO_SQL | KIND_OID | LOOSE, NULL,
	    "|-- load via partition root %*", "" },

	{ "ACCESS METHOD", 2601, PRE, 0, NULL,
	    "CREATE ACCESS METHOD %N TYPE %*", "DROP ACCESS METHOD %N;\n" },
	{ "BLOB COMMENTS", KIND_ANY, DATA, KIND_NO_SQL, NULL, NULL, NULL },
	{ "CAST", 2605, PRE, 0, NULL,
	    "CREATE %X %*", "DROP %X;\n" },
	{ "CHECK CONSTRAINT", 2606, POST | PRE, PART, NULL,
	    ALTER ADD "|ALTER DOMAIN %T" ADD,
	    ALTER DROP "|ALTER DOMAIN %T" DROP },
	{ "COLLATION", 3456, PRE, 0, NULL,
	    "CREATE COLLATION %Q %*", "DROP COLLATION %Q;\n" },
	{ "CONSTRAINT", 2606, POST, PART, NULL, ALTER ADD, ALTER DROP },
	{ "CONVERSION", 2607, PRE, 0, NULL,
	    "CREATE [DEFAULT ]CONVERSION %Q FOR %*",
	    "DROP CONVERSION %Q;\n" },
	{ "DATABASE PROPERTIES", 0, PRE, KIND_ROLES | LOOSE | LATE, NULL,
	    "ALTER DATABASE %N %*|ALTER ROLE %A IN DATABASE %N %*",
	    "|UPDATE pg_catalog.pg_database SET datistemplate = false %*" },
	{ "DEFAULT", 2604, PRE | POST, PART, NULL,
	    ALTER " ALTER COLUMN %I SET DEFAULT %*",
	    ALTER " ALTER COLUMN %I DROP DEFAULT;\n" },
	{ "DEFAULT ACL", 826, POST | KIND_NONE | PRE, KIND_ROLES | KIND_AGAIN,
	    NULL, "ALTER DEFAULT PRIVILEGES FOR ROLE %*", "" },
	{ "DOMAIN", 1247, PRE, 0, NULL,
	    "CREATE DOMAIN %Q AS %*", "DROP DOMAIN %Q;\n" },
	{ "EVENT TRIGGER", 3466, POST, 0, NULL,
	    "CREATE EVENT TRIGGER %N ON %*", "DROP EVENT TRIGGER %N;\n" },
	{ "EXTENSION", 3079, PRE, 0, NULL,
	    "CREATE EXTENSION IF NOT EXISTS %N WITH SCHEMA %A;\n%*",
	    "DROP EXTENSION %N;\n" },
	{ "FK CONSTRAINT", 2606, POST, PART, NULL,
	    ALTER "\n    ADD CONSTRAINT %I FOREIGN KEY (%*", ALTER DROP },
	{ "FOREIGN DATA WRAPPER", 2328, PRE, 0, NULL,
	    "CREATE FOREIGN DATA WRAPPER %N%*",
	    "DROP FOREIGN DATA WRAPPER %N;\n" },
	{ "INDEX", 1259, POST, PART, NULL,
	    "CREATE [UNIQUE ]INDEX %N ON [ONLY ]%T USING %A (%*",
	    "|DROP INDEX %Q;\n" },
	{ "MATERIALIZED VIEW", 1259, PRE | POST, REL, "m",
	    "CREATE MATERIALIZED VIEW %Q%*",
	    "DROP MATERIALIZED VIEW %Q;\n" },
	{ "MATERIALIZED VIEW DATA", 0, POST | DATA,
	    KIND_OID | KIND_NAMESAKE | LOOSE, NULL,
	    "REFRESH MATERIALIZED VIEW %Q;\n", "" },
	{ "OPERATOR", 2617, PRE, KIND_AGAIN, NULL,
	    "CREATE OPERATOR %O (%*", "DROP OPERATOR %O (%*" },
	{ "OPERATOR CLASS", 2616, PRE, KIND_AGAIN, NULL,
	    "CREATE OPERATOR CLASS %Q%*", "DROP OPERATOR CLASS %Q USING %*" },
	{ "OPERATOR FAMILY", 2753, PRE, KIND_AGAIN, NULL,
	    "CREATE OPERATOR FAMILY %Q USING %*",
	    "DROP OPERATOR FAMILY %Q USING %*" },
	{ "POLICY", 3256, POST, PART | KIND_ROLES, NULL,
	    "CREATE POLICY %I ON %T%*", "DROP POLICY %I ON %T;\n" },
	{ "PROCEDURAL LANGUAGE", 2612, PRE, 0, NULL,
	    "CREATE [OR REPLACE ][TRUSTED ]PROCEDURAL LANGUAGE %N%*",
	    "DROP PROCEDURAL LANGUAGE %N;\n" },
	{ "PUBLICATION", 6104, POST, 0, NULL,
	    "CREATE PUBLICATION %N%*", "DROP PUBLICATION %N;\n" },
	{ "PUBLICATION TABLE", 6106, POST, KIND_NEEDS, NULL,
	    "ALTER PUBLICATION %I ADD TABLE ONLY %T%*", "" },
	{ "PUBLICATION TABLES IN SCHEMA", 6237, POST, 0, NULL,
	    "ALTER PUBLICATION %I ADD TABLES IN SCHEMA %A;\n", "" },
	{ "ROW SECURITY", 0, POST, KIND_OID | KIND_NAMESAKE | LOOSE, NULL,
	    "ALTER TABLE %Q ENABLE ROW LEVEL SECURITY;", "" },
	{ "RULE", 2618, POST | PRE, PART, NULL,
	    "CREATE RULE %I AS\n%*|CREATE OR REPLACE VIEW %T%*|"
	    "ALTER TABLE %T %*",
	    "DROP RULE %I ON %T;\n|CREATE OR REPLACE VIEW %T%*" },
	{ "SCHEMA", 2615, PRE, 0, NULL,
	    "CREATE SCHEMA %N;\n%*|-- *not* creating schema, since initdb "
	    "creates it\n",
	    "DROP SCHEMA %N;\n|-- *not* dropping schema, since initdb "
	    "creates it\n" },
	{ "SECURITY LABEL", 0, KIND_NONE,
	    KIND_ABOUT | KIND_ROLES | KIND_AGAIN | LOOSE | LATE, NULL,
	    "SECURITY LABEL FOR %*", "" },
	{ "SEQUENCE", 1259, PRE, REL, "S",
	    "CREATE [UNLOGGED ]SEQUENCE %Q\n[    AS smallint\n]"
	    "[    AS integer\n]    START WITH %V\n    INCREMENT BY %V\n"
	    "    [NO ]MINVALUE[ ]%V\n    [NO ]MAXVALUE[ ]%V\n"
	    "    CACHE %V[\n    CYCLE];\n|"
	    "ALTER TABLE %G ALTER COLUMN %A ADD GENERATED %*",
	    "|DROP SEQUENCE %Q;\n" },
	{ "SEQUENCE SET", 0, DATA, KIND_NAMESAKE | LOOSE | LATE, NULL,
	    "SELECT pg_catalog.setval(%L, %V, true);\n|"
	    "SELECT pg_catalog.setval(%L, %V, false);\n", "" },
	{ "SERVER", 1417, PRE, 0, NULL,
	    "CREATE SERVER %N %*", "DROP SERVER %N;\n" },
	{ "SHELL TYPE", 0, PRE, 0, NULL, "CREATE TYPE %Q;\n", "" },
	{ "STATISTICS", 3381, POST, 0, NULL,
	    "CREATE STATISTICS %Q%*", "DROP STATISTICS %Q;\n" },
	{ "STATISTICS DATA", 0, DATA | POST | KIND_NONE,
	    KIND_AGAIN | LOOSE | LATE, NULL,
	    "|SELECT * FROM pg_catalog.pg_restore_%*", "" },
	{ "SUBSCRIPTION", 6100, POST, 0, NULL,
	    "CREATE SUBSCRIPTION %N CONNECTION %*",
	    "DROP SUBSCRIPTION %N;\n" },
	{ "SUBSCRIPTION TABLE", KIND_ANY, POST, 0, NULL, NULL, NULL },
	{ "TEXT SEARCH CONFIGURATION", 3602, PRE, 0, NULL,
	    "CREATE TEXT SEARCH CONFIGURATION %Q (%*",
	    "DROP TEXT SEARCH CONFIGURATION %Q;\n" },
	{ "TEXT SEARCH DICTIONARY", 3600, PRE, 0, NULL,
	    "CREATE TEXT SEARCH DICTIONARY %Q (%*",
	    "DROP TEXT SEARCH DICTIONARY %Q;\n" },
	{ "TEXT SEARCH PARSER", 3601, PRE, 0, NULL,
	    "CREATE TEXT SEARCH PARSER %Q (%*",
	    "DROP TEXT SEARCH PARSER %Q;\n" },
	{ "TEXT SEARCH TEMPLATE", 3764, PRE, 0, NULL,
	    "CREATE TEXT SEARCH TEMPLATE %Q (%*",
	    "DROP TEXT SEARCH TEMPLATE %Q;\n" },
	{ "TRANSFORM", 3576, PRE, 0, NULL, "CREATE %X (%*", "DROP %X;\n" },
	{ "TRIGGER", 2620, POST, PART, NULL,
	    "CREATE [CONSTRAINT ]TRIGGER %I %*|ALTER [FOREIGN ]TABLE %T %*",
	    "|DROP TRIGGER %I ON %T;\n" },
	{ "TYPE", 1247, PRE, 0, NULL,
	    "CREATE TYPE %Q%*", "DROP TYPE %Q[ CASCADE];\n" },
	{ "USER MAPPING", 0, PRE, KIND_ROLES | LATE, NULL,
	    "CREATE USER MAPPING FOR %*", "DROP USER MAPPING FOR %*" },
	{ "VIEW", 1259, PRE, REL, "v",
	    "CREATE [OR REPLACE ]VIEW %Q%*", "DROP VIEW %Q;\n" },
	{ "pg_largeobject", KIND_ANY, PRE, KIND_AGAIN | LATE, NULL, NULL,
	    NULL },
};

#define KIND_COUNT	(sizeof(kinds) / sizeof(kinds[0]))

_Static_assert(KIND_COUNT < 256, "contents.c keeps numbers in a byte");

static int
search(const char *desc, size_t from, size_t to)
{
	size_t mid;
	int rc;

	while (from < to) {
		mid = from + (to - from) / 2;
		if ((rc = strcmp(desc, kinds[mid].desc)) == 0)
			return ((int)mid);
		if (rc < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return (KIND_UNKNOWN);
}

int
kind_find(const char *desc)
{
	int n = search(desc, KIND_UNKNOWN + 1, KIND_OTHERS);

	return (n != KIND_UNKNOWN ? n : search(desc, KIND_OTHERS, KIND_COUNT));
}

int
kind_count(void)
{
	return ((int)KIND_COUNT);
}

const struct kind *
kind_of(int number)
{
	return (&kinds[number]);
}
