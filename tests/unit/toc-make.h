/* SPDX-License-Identifier: ISC */
#ifndef TOC_MAKE_H
#define TOC_MAKE_H

#include <string.h>

#include "archive/archive.h"

/*
 * Entries of a table of contents as pg_dump makes them, for tests.
 */

#define ENTRY	.copy = "", .schema = "", .owner = "", .defn = "",	\
		.drop = "", .tablespace = "", .tableam = "", .member = ""

static const struct archive_header toc_header = {
	.format = ARCHIVE_CUSTOM, .minor = 16, .compression = ARCHIVE_GZIP,
	.year = 2026, .month = 11, .day = 28, .dbname = "app",
	.server = "18.6 (Debian 18.6-3)", .dumper = "18.6 (Debian 18.6-3)",
};

static const int32_t dep_1[] = { 1 }, dep_2[] = { 2 }, dep_7[] = { 7 },
    dep_21[] = { 2, 1 };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct archive_entry toc_entries[] = {
	{ ENTRY, .id = 20, .tag = "ENCODING", .desc = "ENCODING", .section = 2,
	    .defn = "SET client_encoding = 'UTF8';\n" },
	{ ENTRY, .id = 21, .tag = "STDSTRINGS", .desc = "STDSTRINGS",
	    .section = 2, .defn = "SET standard_conforming_strings = 'on';\n" },
	{ ENTRY, .id = 22, .tag = "SEARCHPATH", .desc = "SEARCHPATH",
	    .section = 2, .defn = "SELECT pg_catalog.set_config("
	    "'search_path', '', false);\n" },
	{ ENTRY, .id = 1, .table_oid = 2615, .oid = 2200, .tag = "s x",
	    .desc = "SCHEMA", .section = 2, .owner = "boss",
	    .defn = "CREATE SCHEMA \"s x\";\n",
	    .drop = "DROP SCHEMA \"s x\";\n" },
	{ ENTRY, .id = 2, .table_oid = 1259, .oid = 16400, .tag = "t",
	    .desc = "TABLE", .section = 2, .schema = "s x", .owner = "boss",
	    .defn = "CREATE TABLE \"s x\".t (\n    id integer NOT NULL,\n"
	    "    w text DEFAULT 'a''b(c'::text\n);\n",
	    .drop = "DROP TABLE \"s x\".t;\n", .tableam = "heap",
	    .relkind = 'r', .deps = dep_1, .dep_count = 1 },
	{ ENTRY, .id = 23, .tag = "TABLE t", .desc = "COMMENT", .section = 1,
	    .schema = "s x", .owner = "boss", .defn = "COMMENT ON TABLE "
	    "\"s x\".t IS 'it''s \\';\n", .deps = dep_2, .dep_count = 1 },
	{ ENTRY, .id = 24, .tag = "TABLE t", .desc = "ACL", .section = 1,
	    .schema = "s x", .owner = "boss", .defn = "GRANT SELECT ON TABLE "
	    "\"s x\".t TO other;\n", .deps = dep_2, .dep_count = 1 },
	{ ENTRY, .id = 3, .table_oid = 1255, .oid = 16410, .tag = "f(integer)",
	    .desc = "FUNCTION", .section = 2, .schema = "s x", .owner = "boss",
	    .defn = "CREATE FUNCTION \"s x\".f(a integer) RETURNS void\n"
	    "    LANGUAGE sql\n    AS $_$ SELECT 'x', $1 -- ( $_$;\n",
	    .drop = "DROP FUNCTION \"s x\".f(a integer);\n", .deps = dep_1,
	    .dep_count = 1 },
	{ ENTRY, .id = 7, .table_oid = 2613, .oid = 500, .tag = "500..502",
	    .desc = "BLOB METADATA", .section = 3, .owner = "boss",
	    .defn = "500\n501\n502\n", .drop = "-- dummy" },
	{ ENTRY, .id = 10, .oid = 16400, .tag = "t", .desc = "TABLE DATA",
	    .section = 3, .schema = "s x", .owner = "boss", .has_data = true,
	    .copy = "COPY \"s x\".t (id, w) FROM stdin;\n", .deps = dep_2,
	    .dep_count = 1 },
	{ ENTRY, .id = 11, .tag = "500..502", .desc = "BLOBS", .section = 3,
	    .owner = "boss", .has_data = true, .is_blobs = true,
	    .deps = dep_7, .dep_count = 1 },
	{ ENTRY, .id = 12, .table_oid = 2606, .oid = 16420, .tag = "t t_pkey",
	    .desc = "CONSTRAINT", .section = 4, .schema = "s x",
	    .owner = "boss", .defn = "ALTER TABLE ONLY \"s x\".t\n    "
	    "ADD CONSTRAINT t_pkey PRIMARY KEY (id);\n", .drop = "ALTER TABLE "
	    "ONLY \"s x\".t DROP CONSTRAINT t_pkey;\n", .deps = dep_21,
	    .dep_count = 2 },
};
#pragma GCC diagnostic pop

#define TOC_COUNT	(sizeof(toc_entries) / sizeof(toc_entries[0]))

#endif
