-- SPDX-License-Identifier: ISC
-- A database that holds every kind of object, for PostgreSQL 13 to 18; not
-- like in real life.  Wants the psql variable host (where this server is, for
-- postgres_fdw) and an empty UTF8 database; makes the roles fid_*.

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET timezone = 'UTC';
SELECT setseed(0.42) \g /dev/null
SELECT :SERVER_VERSION_NUM >= 140000 AS v14,
    :SERVER_VERSION_NUM >= 150000 AS v15,
    :SERVER_VERSION_NUM >= 160000 AS v16,
    :SERVER_VERSION_NUM >= 170000 AS v17,
    :SERVER_VERSION_NUM >= 180000 AS v18,
    current_database() AS db,
    EXISTS (SELECT FROM pg_settings
	WHERE name = 'allow_in_place_tablespaces') AS in_place,
    EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i') AS icu,
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hstore') AND
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'file_fdw') AND
    EXISTS (SELECT FROM pg_available_extensions
	WHERE name = 'postgres_fdw') AS contrib \gset

-- --- roles, schemas, the database itself -----------------------------------

CREATE ROLE fid_owner;
CREATE ROLE fid_boss SUPERUSER;
CREATE ROLE fid_plain LOGIN;
CREATE ROLE "fid reader% ""x"" \é" LOGIN;
GRANT fid_owner TO fid_plain;
ALTER DATABASE :"db" SET work_mem = '5MB';
ALTER DATABASE :"db" SET datestyle = 'German, DMY';
ALTER DATABASE :"db" SET intervalstyle = 'sql_standard';
ALTER DATABASE :"db" SET bytea_output = 'escape';
ALTER DATABASE :"db" SET extra_float_digits = 0;
ALTER DATABASE :"db" SET timezone = 'Asia/Kolkata';
ALTER DATABASE :"db" SET default_transaction_read_only = off;
ALTER DATABASE :"db" SET search_path = 'odd names', public;
ALTER DATABASE :"db" SET xmloption = 'content';
ALTER ROLE fid_plain IN DATABASE :"db" SET work_mem = '6MB';
COMMENT ON DATABASE :"db" IS 'It''s "all"; \ %s';
GRANT CONNECT ON DATABASE :"db" TO fid_plain WITH GRANT OPTION;
REVOKE TEMPORARY ON DATABASE :"db" FROM PUBLIC;

CREATE SCHEMA things;
CREATE SCHEMA types AUTHORIZATION fid_owner;
CREATE SCHEMA "odd names";
CREATE SCHEMA "Sch""ema.%s\";
CREATE SCHEMA empty_schema;
CREATE SCHEMA parts;
CREATE SCHEMA bulk;
COMMENT ON SCHEMA "odd names" IS E'two\nlines\tand a tab';
GRANT USAGE ON SCHEMA things TO PUBLIC;
GRANT ALL ON SCHEMA types TO "fid reader% ""x"" \é" WITH GRANT OPTION;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- --- types ------------------------------------------------------------------

SET search_path = types;
CREATE TYPE shell_only;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"', E'tab\there', 'größer', '');
ALTER TYPE mood ADD VALUE 'between' BEFORE 'ok';
CREATE TYPE no_mood AS ENUM ();
CREATE TYPE pair AS (a int, "b ""q""" text, c types.mood[]);
CREATE TYPE nothing AS ();
CREATE TYPE nest AS (p pair, ps pair[]);
CREATE DOMAIN positive AS int CHECK (VALUE > 0) DEFAULT 7;
CREATE DOMAIN short AS varchar(5) COLLATE "C" NOT NULL DEFAULT '';
CREATE DOMAIN positives AS positive[] CHECK (cardinality(VALUE) < 9);
CREATE DOMAIN sub AS positive CONSTRAINT "less than %" CHECK (VALUE < 1000);
ALTER DOMAIN sub ADD CONSTRAINT later CHECK (VALUE <> 13) NOT VALID;
CREATE TYPE floatrange AS RANGE (subtype = float8,
    subtype_diff = float8mi);
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE TYPE base36;
CREATE FUNCTION base36_in(cstring) RETURNS base36
    LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
CREATE FUNCTION base36_out(base36) RETURNS cstring
    LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
CREATE TYPE base36 (INPUT = base36_in, OUTPUT = base36_out, LIKE = int8,
    CATEGORY = 'N', DEFAULT = '36');
COMMENT ON TYPE mood IS 'an enum';
COMMENT ON DOMAIN sub IS 'a domain';
COMMENT ON CONSTRAINT "less than %" ON DOMAIN sub IS 'of a domain';
COMMENT ON COLUMN pair.a IS 'an attribute';
GRANT USAGE ON TYPE mood TO fid_plain;
REVOKE USAGE ON DOMAIN positive FROM PUBLIC;
ALTER TYPE pair OWNER TO fid_owner;
\if :v14
CREATE TYPE gaps AS RANGE (subtype = int4,
    multirange_type_name = "many gaps");
CREATE DOMAIN spans AS int4multirange CHECK (NOT isempty(VALUE));
\endif
\if :contrib
CREATE SCHEMA contrib;
CREATE EXTENSION hstore SCHEMA contrib;
CREATE EXTENSION postgres_fdw SCHEMA contrib;
CREATE EXTENSION file_fdw SCHEMA contrib;
CREATE EXTENSION btree_gist SCHEMA contrib;
COMMENT ON EXTENSION hstore IS 'commented by us';
GRANT EXECUTE ON FUNCTION contrib.hstore(text, text) TO fid_plain;
REVOKE EXECUTE ON FUNCTION contrib.skeys(contrib.hstore) FROM PUBLIC;
\endif

-- --- every type, with odd values -------------------------------------------

CREATE TABLE every (
	id int PRIMARY KEY,
	i2 smallint, i8 bigint, n numeric, n2 numeric(30, 10), f4 real, f8 float8,
	m money, t text, vc varchar(40), ch char(7), nm name, c1 "char",
	by bytea, b boolean, d date, ti time, tz timetz(3), ts timestamp,
	tt timestamptz, iv interval, iy interval year to month,
	ip inet, ci cidr, ma macaddr, m8 macaddr8, bi bit(9), vb bit varying,
	j json, jb jsonb, jp jsonpath, x xml, u uuid,
	tv tsvector, tq tsquery,
	po point, li line, ls lseg, bo box, pa path, pg polygon, ce circle,
	o oid, rc regclass, rt regtype, rp regprocedure, rr regrole,
	td tid, xd xid, lsn pg_lsn, sn txid_snapshot, xx xid8, cd cid,
	ia int[], ta text[], aa int[][], da date[], ja jsonb[],
	ir int4range, nr numrange, tr tstzrange, dr daterange, fr floatrange,
	md mood, mds mood[], pr pair, prs pair[], ne nest,
	dm positive, dms positives, b36 base36, iv2 int2vector, ov oidvector
);
INSERT INTO every (id) VALUES (0);
INSERT INTO every VALUES (1, -32768, -9223372036854775808, 'NaN',
	-0.0000000001, 'NaN', '-Infinity', -92233720368547758.08,
	'', '', '', '', '', '', false, '4713-01-01 BC', '00:00',
	'24:00:00-15:59', '4713-01-01 00:00:00 BC',
	'4713-01-01 00:00:00+00 BC', '-178000000 years', '-1 month',
	'0.0.0.0/0', '::/0', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff',
	B'000000000', B'', ' { "a" :  1,"a":2}  ', '{}', '$', '',
	'00000000-0000-0000-0000-000000000000', '', '',
	'(-0,0)', '{1,-1,0}', '[(0,0),(0,0)]', '(0,0),(0,0)', '((0,0))',
	'((0,0))', '<(0,0),0>', 4294967295, 'pg_class', 'int4[]', 'now()',
	'fid_owner', '(0,1)', '4294967295', '0/0', '1:1:', '0', '0',
	'{}', '{}', '{}', '{}', '{}', 'empty', 'empty', 'empty', 'empty', 'empty',
	'', '{}', '(,,)', '{}', '(,)', 1, '{}', '0', '', '');
INSERT INTO every VALUES (2, 32767, 9223372036854775807,
	1e131071::numeric + 1e-16383::numeric,
	99999999999999999999.9999999999, 1e-45, 4.9406564584124654e-324,
	92233720368547758.07, E'\\.', E'\\N', E'\t\\ ', E'a''b"c', '\',
	decode('00010203ff5c2e0a', 'hex'), true, 'infinity',
	'23:59:59.999999', '00:00:00.123+15:59', '294276-12-31 23:59:59.999999',
	'-infinity', '1 year -2 months 3 days -04:05:06.789', '178 years 11 mons',
	'::ffff:1.2.3.4/128', '192.168.0.0/16', 'ff:ff:ff:ff:ff:ff',
	'08:00:2b:01:02:03:04:05', B'111111111', B'1010101', '[null,"\u0041\\n"]',
	'{"b": [1, 2.50, null, "\t\\\\.", "\u00e9"], "a": {"": 1e400}}',
	'strict $."a b"[*] ? (@ > 1 && @.x like_regex "^\\.$")',
	'<?xml version="1.0"?><a b="&quot;">&lt;é]]&gt;</a>',
	'ffffffff-ffff-ffff-ffff-ffffffffffff',
	$$'a b':1A,2B '\\':3 'it''s':4C$$, $$'a' & !( 'b':*AB <2> '''' )$$,
	'(1e308,-1e-308)', '{0,1,2.5}', '[(1,2),(3,4)]', '(3,4),(1,2)',
	'[(1,2),(3,4)]', '((1,2),(3,4),(5,6))', '<(1,2),3.5>', 0, 'every',
	'mood', 'base36_in(cstring)', '"fid reader% ""x"" \é"',
	'(4294967294,65535)', '0', 'FFFFFFFF/FFFFFFFF', '10:20:10,14,15',
	'18446744073709551615', '7', '[0:2]={1,NULL,3}',
	ARRAY['', NULL, 'NULL', '\', '"', E'\t', ',', '{}', E'\n\\.\n', ' a '],
	'{{1,2},{NULL,4}}', '{infinity,0001-01-01 BC}',
	ARRAY['{"a": "\\"}', 'null']::jsonb[],
	'[-2147483648,)', '(,1e-10]', '[-infinity,"2026-01-01 00:00:00+00"]',
	'[2026-01-01,infinity)', '(NaN,)', 'größer',
	'{sad,"it''s \"fine\"",NULL}', ROW (1, E'\t"\\,()', '{ok,""}'),
	ARRAY[ROW (NULL, '', NULL), NULL]::pair[],
	ROW (ROW (1, ',', '{}'), ARRAY[ROW (2, '"', NULL)]::pair[]), 7,
	'[5:6]={1,2}', '36', '1 2 3', '4294967295 0');
INSERT INTO every (id, t, vc, by, ch)
    SELECT 100 + g, chr(g) || 'x' || chr(g), repeat(chr(g), g % 40),
	set_byte('\x0000', 0, g % 256), chr(g)
    FROM generate_series(1, 700) g;
INSERT INTO every (id, t) SELECT 1000 + row_number() OVER (), x FROM unnest(
    ARRAY['', ' ', E'\\', E'\\\\', E'\\.', E'\\.\n', E'\n\\.\n', E'\\N', 'N',
    E'\r', E'\r\n', E'\n', E'\t', E'a\tb', E'\b\f\v', '\x41', '\101', '--', '$$',
    ';', 'COPY x FROM stdin;', E'\\.\n\n\n', '𝄞 ∀ 漢字', E'\u200b', E'\ufeff',
    repeat(E'\\\n', 5000), repeat('é', 4001), E'\x7f\x01']) x;
INSERT INTO every (id, f8, f4, n) SELECT 2000 + g, random() * 10 ^ (g % 300),
    random()::real, random()::numeric / 3 FROM generate_series(1, 200) g;
INSERT INTO every (id, tt, ts, d, iv) SELECT 3000 + g,
    '2026-03-29 00:30:00+00'::timestamptz + g * interval '17 minutes',
    '0044-03-15 BC'::timestamp + g * interval '29 days', '0001-01-01'::date - g,
    make_interval(years => g, days => -g, secs => g / 7.0)
    FROM generate_series(1, 100) g;
\if :v14
ALTER TABLE every ADD ni numeric, ADD mr int4multirange, ADD gm "many gaps",
    ADD sp spans, ADD bl pg_snapshot;
INSERT INTO every (id, ni, mr, gm, sp, bl) VALUES
    (4001, 'Infinity', '{}', '{[1,2),(5,)}', '{[1,2)}', '10:20:10,14'),
    (4002, '-Infinity', '{(,)}', '{}', '{[-5,0),[7,8)}', '1:1:');
\endif
\if :contrib
ALTER TABLE every ADD hs contrib.hstore;
INSERT INTO every (id, hs) VALUES (4003, 'a=>1, "b c"=>"\"\\", n=>NULL'),
    (4004, '');
\endif
CREATE TABLE only_domains (a short, b sub, c positives);
INSERT INTO only_domains VALUES ('', 1, NULL), ('abc', 999, '{1,2}');

-- --- names ------------------------------------------------------------------

SET search_path = "odd names";
CREATE TABLE "odd columns" (" " int, "a""b" text, "new
line" text, "tab	" text, "back\slash\" text, "%s%d%%" text, "it's" text,
    "(paren), x" text, "ärger 漢字" text, "SELECT" text, "Mixed" text,
    "$1" text, "--" text, "a.b" text, "\." text, "odd columns" text);
INSERT INTO "odd columns" SELECT g, '1', E'2\n', E'3\t', E'4\\', '%', '''',
    '(', 'ä', 's', 'M', '$1', '--', '.', E'\\.', 'o'
    FROM generate_series(1, 40) g;
DO $do$
DECLARE
	name text;
	n int := 0;
BEGIN
	FOREACH name IN ARRAY ARRAY[' ', 'a"b', '"', '""', E'new\nline',
	    E'\n', E'cr\r', E'tab\t', E'back\\', E'\\', '%', '%s%n%5$s', '''',
	    'it''s', '(', 'x) TO stdout; --', 'ärger', '漢字', '𝄞', 'SELECT',
	    'table', 'UPPER', '$1', '$$', ';', '--', '/*', '*/', '.', 'a.b',
	    '*', '?', '[a-z]', '|', '\.', 'stdin', '@', ':x', ':''x''', '{',
	    repeat('x', 63), repeat('é', 31), repeat('"', 63), '1', '1e5',
	    '-t', '--section=data', E'\x01\x7f', E'\u200b']
	LOOP
		n := n + 1;
		EXECUTE format('CREATE TABLE %I (%I int PRIMARY KEY, v text
		    DEFAULT %L)', name, name, name);
		EXECUTE format('INSERT INTO %I SELECT g FROM
		    generate_series(1, %s) g', name, n % 5 * 100);
		EXECUTE format('COMMENT ON TABLE %I IS %L', name,
		    'table ' || name);
		EXECUTE format('CREATE VIEW %I AS SELECT * FROM %I',
		    left('v ' || name, 40), name);
	END LOOP;
END $do$;
CREATE TABLE "Sch""ema.%s\"."ta""ble.%s\" ("co""l.%s\" serial, x int);
INSERT INTO "Sch""ema.%s\"."ta""ble.%s\" (x) SELECT generate_series(1, 3000);
CREATE SEQUENCE "seq ""quoted"" %";
SELECT setval('"seq ""quoted"" %"', 42, false) \g /dev/null
CREATE FUNCTION "fun ""quoted"" %"("arg ""q""" int DEFAULT 1) RETURNS int
    LANGUAGE sql AS 'SELECT $1 -- it''s';
CREATE INDEX "idx
line" ON "odd columns" ("new
line");
CREATE RULE "rule %" AS ON DELETE TO "odd columns" DO INSTEAD NOTHING;
ALTER TABLE "Sch""ema.%s\"."ta""ble.%s\"
    ADD CONSTRAINT "check ""q"" %" CHECK (x > 0);

-- --- tables ------------------------------------------------------------------

SET search_path = things;
CREATE TABLE no_columns ();
INSERT INTO no_columns SELECT FROM generate_series(1, 1500);
CREATE TABLE no_columns_left (a int, b text);
INSERT INTO no_columns_left SELECT g, 'x' FROM generate_series(1, 30) g;
ALTER TABLE no_columns_left DROP a, DROP b;
CREATE TABLE no_columns_empty ();
CREATE TABLE no_rows (a int, b text);
CREATE TABLE one_row (a int);
INSERT INTO one_row VALUES (NULL);
CREATE TABLE all_deleted AS SELECT g AS a, repeat('x', 100) AS b
    FROM generate_series(1, 4000) g;
DELETE FROM all_deleted;
CREATE TABLE dropped (a int, b text, c date, d int, e text);
INSERT INTO dropped SELECT g, 'b' || g, '2026-01-01', g * 2, 'e'
    FROM generate_series(1, 500) g;
ALTER TABLE dropped DROP b, DROP d;
ALTER TABLE dropped ADD f text DEFAULT 'added later', ADD b int DEFAULT 5;
INSERT INTO dropped (a) SELECT g FROM generate_series(501, 900) g;
CREATE TABLE generated (
	a int,
	b int GENERATED ALWAYS AS (a * 2) STORED,
	c text,
	d text GENERATED ALWAYS AS (upper(c)) STORED
);
INSERT INTO generated (a, c) SELECT g, 'c' || g
    FROM generate_series(1, 700) g;
CREATE TABLE only_generated (a int GENERATED ALWAYS AS (1 + 1) STORED);
INSERT INTO only_generated SELECT FROM generate_series(1, 25);
CREATE TABLE identities (
	a int GENERATED ALWAYS AS IDENTITY (START -5 INCREMENT -3),
	b bigint GENERATED BY DEFAULT AS IDENTITY,
	c smallserial, d bigserial
);
INSERT INTO identities (b) SELECT g * 3 FROM generate_series(1, 200) g;
CREATE TABLE defaults (a int DEFAULT 1 + 2, b text DEFAULT E'it''s\n\\',
    c timestamptz DEFAULT now(), d int[] DEFAULT '{1,2}', e text DEFAULT NULL);
INSERT INTO defaults (a, c) VALUES (1, '2026-01-01');
CREATE UNLOGGED TABLE unlogged AS SELECT g AS a, g::text AS b
    FROM generate_series(1, 2000) g;
CREATE TABLE typed OF types.pair (a WITH OPTIONS PRIMARY KEY);
INSERT INTO typed SELECT g, g, '{ok,NULL}' FROM generate_series(1, 300) g;
CREATE TABLE typed_nothing OF types.nothing;
INSERT INTO typed_nothing SELECT FROM generate_series(1, 5);
CREATE TABLE nulls AS SELECT CASE WHEN g & 1 > 0 THEN g END AS a,
    CASE WHEN g & 2 > 0 THEN '' END AS b, CASE WHEN g & 4 > 0 THEN '{}'::int[]
    END AS c, NULL::text AS d, CASE WHEN g & 8 > 0 THEN E'\\N' END AS e
    FROM generate_series(0, 64) g;
CREATE TABLE one_text (t text);
INSERT INTO one_text SELECT CASE g % 6 WHEN 0 THEN '' WHEN 1 THEN NULL
    WHEN 2 THEN E'\\.' WHEN 3 THEN E'\n' WHEN 4 THEN E'\\' ELSE '\N' END
    FROM generate_series(1, 600) g;
CREATE TABLE wide ();
DO $$
BEGIN
	FOR i IN 1..1200 LOOP
		EXECUTE format('ALTER TABLE wide ADD %I "char"', 'c' || i);
	END LOOP;
END $$;
INSERT INTO wide (c1, c600, c1200) SELECT 'a', 'b', chr(64 + g % 26)
    FROM generate_series(1, 60) g;
CREATE TABLE options (a int, b text) WITH (fillfactor = 20,
    autovacuum_enabled = off, toast.autovacuum_enabled = off);
INSERT INTO options SELECT g, repeat('b', g % 100)
    FROM generate_series(1, 1000) g;
ALTER TABLE options ALTER a SET STATISTICS 500, ALTER b SET STORAGE EXTERNAL,
    ALTER a SET (n_distinct = -0.5);
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD heap2 IS 'the same under another name';
CREATE ACCESS METHOD gist2 TYPE INDEX HANDLER gisthandler;
CREATE TABLE other_am (a int, b text) USING heap2;
INSERT INTO other_am SELECT g, md5(g::text) FROM generate_series(1, 4000) g;
\if :in_place
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE "fid space" LOCATION '';
CREATE TABLE elsewhere (a int PRIMARY KEY USING INDEX TABLESPACE "fid space",
    b text) TABLESPACE "fid space";
INSERT INTO elsewhere SELECT g, g FROM generate_series(1, 500) g;
\endif
\if :v14
CREATE TABLE squeezed (a text COMPRESSION pglz, b text);
INSERT INTO squeezed SELECT repeat('a' || g, 3000), g
    FROM generate_series(1, 40) g;
\endif
\if :v18
CREATE TABLE virtual (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL,
    c text, d text GENERATED ALWAYS AS (c || '!') VIRTUAL);
INSERT INTO virtual (a, c) SELECT g, g FROM generate_series(1, 400) g;
CREATE TABLE only_virtual (a int GENERATED ALWAYS AS (1) VIRTUAL);
INSERT INTO only_virtual SELECT FROM generate_series(1, 9);
\endif

-- Inheritance: COPY of a parent never descends.
CREATE TABLE parent (a int, b text, CHECK (a > 0) NO INHERIT);
CREATE TABLE mother (a int, m date);
CREATE TABLE child (c int) INHERITS (parent, mother);
CREATE TABLE grandchild (c int, d int) INHERITS (child);
CREATE TABLE adopted (z int, b text, a int);
ALTER TABLE adopted DROP z;
ALTER TABLE adopted INHERIT parent;
ALTER TABLE child ALTER b SET DEFAULT 'child';
INSERT INTO parent SELECT g, 'p' FROM generate_series(1, 2000) g;
INSERT INTO mother SELECT g, '2026-01-01' FROM generate_series(1, 1000) g;
INSERT INTO child SELECT g, 'c', NULL, g FROM generate_series(-1000, 1000) g;
INSERT INTO grandchild SELECT g, 'g', NULL, g, 4 FROM generate_series(1, 9) g;
INSERT INTO adopted SELECT 'a', g FROM generate_series(1, 500) g;

-- --- partitions --------------------------------------------------------------

SET search_path = parts;
CREATE TABLE by_range (k int, at date, v text, PRIMARY KEY (k, at))
    PARTITION BY RANGE (at, k);
CREATE TABLE by_range_low PARTITION OF by_range FOR VALUES
    FROM (MINVALUE, MINVALUE) TO ('2026-01-01', MINVALUE);
CREATE TABLE by_range_mid PARTITION OF by_range FOR VALUES
    FROM ('2026-01-01', MINVALUE) TO ('2026-07-01', MAXVALUE)
    PARTITION BY LIST (k);
CREATE TABLE by_range_mid_odd PARTITION OF by_range_mid FOR VALUES IN (1, 3, 5);
CREATE TABLE by_range_mid_rest PARTITION OF by_range_mid DEFAULT
    PARTITION BY HASH (k);
CREATE TABLE by_range_mid_rest0 PARTITION OF by_range_mid_rest
    FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_range_mid_rest1 PARTITION OF by_range_mid_rest
    FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE by_range_other (gone int, v text, k int NOT NULL, also_gone int,
    at date NOT NULL);
ALTER TABLE by_range_other DROP gone, DROP also_gone;
ALTER TABLE by_range ATTACH PARTITION by_range_other DEFAULT;
INSERT INTO by_range SELECT g % 97, '2025-10-01'::date + g, 'v' || g
    FROM generate_series(1, 1500) g;
CREATE TABLE by_list (s text, v int) PARTITION BY LIST (lower(s));
CREATE TABLE by_list_a PARTITION OF by_list FOR VALUES IN ('a', 'it''s', NULL);
CREATE TABLE by_list_rest PARTITION OF by_list DEFAULT;
INSERT INTO by_list SELECT CASE g % 4 WHEN 0 THEN NULL WHEN 1 THEN 'A'
    WHEN 2 THEN 'it''s' ELSE 'z' || g END, g FROM generate_series(1, 400) g;
-- An enum under a hash: pg_dump itself asks for the way through the root.
CREATE TABLE by_enum (m types.mood, v int, w text DEFAULT 'w')
    PARTITION BY HASH (m);
CREATE TABLE by_enum_0 PARTITION OF by_enum
    FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_enum_1 (w text, gone int, v int, m types.mood);
ALTER TABLE by_enum_1 DROP gone;
ALTER TABLE by_enum ATTACH PARTITION by_enum_1
    FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_enum_2 PARTITION OF by_enum
    FOR VALUES WITH (MODULUS 3, REMAINDER 2) PARTITION BY HASH (m);
CREATE TABLE by_enum_20 PARTITION OF by_enum_2
    FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO by_enum SELECT (enum_range(NULL::types.mood))[1 + g % 7], g
    FROM generate_series(1, 2100) g;
INSERT INTO by_enum VALUES (NULL, 0);
CREATE TABLE by_nothing (a int) PARTITION BY RANGE (a);
CREATE TABLE detached (LIKE by_list INCLUDING ALL);
INSERT INTO detached VALUES ('x', 1);
CREATE INDEX ON by_range (v);
CREATE INDEX only_parent ON ONLY by_range (at);
CREATE TABLE refers (k int, at date,
    FOREIGN KEY (k, at) REFERENCES by_range);
INSERT INTO refers SELECT k, at FROM by_range LIMIT 50;

-- --- bulk --------------------------------------------------------------------

SET search_path = bulk;
CREATE TABLE rows AS SELECT g AS id, md5(g::text) AS sum,
    '2026-01-01'::timestamptz + g * interval '3 minutes' AS at,
    random() AS r, CASE WHEN g % 3 > 0 THEN jsonb_build_object('a', g) END AS j
    FROM generate_series(1, 24000) g;
ALTER TABLE rows ADD PRIMARY KEY (id);
UPDATE rows SET sum = 'updated ' || id WHERE id % 7 = 0;
DELETE FROM rows WHERE id BETWEEN 3000 AND 9000;
VACUUM rows;
INSERT INTO rows SELECT g, 'again', '2026-01-01', 0, NULL
    FROM generate_series(100001, 101500) g;
CREATE TABLE bloated (id int PRIMARY KEY, v text);
INSERT INTO bloated SELECT g, repeat('dead', 20)
    FROM generate_series(1, 20000) g;
DELETE FROM bloated WHERE id NOT IN (1, 10000, 20000);
CREATE TABLE vacuumed_front AS SELECT g AS id, repeat('dead', 20) AS v
    FROM generate_series(1, 20000) g;
DELETE FROM vacuumed_front WHERE id < 19990;
VACUUM vacuumed_front;
CREATE TABLE hot (id int PRIMARY KEY, n int) WITH (fillfactor = 50);
INSERT INTO hot SELECT g, 0 FROM generate_series(1, 3000) g;
DO $$ BEGIN FOR i IN 1..4 LOOP UPDATE hot SET n = n + 1; END LOOP; END $$;
CREATE TABLE toasted (id int, kind text, v text);
ALTER TABLE toasted ALTER v SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT n, 'random', string_agg(md5((n * i)::text), '')
    FROM generate_series(1, 2) n, generate_series(1, 32768) i GROUP BY n;
INSERT INTO toasted VALUES (3, 'packs', repeat('0123456789', 20000)),
    (4, 'escapes', repeat(E'\\\t\n', 50000)), (5, 'null', NULL),
    (6, 'empty', '');
INSERT INTO toasted SELECT 10 + n, 'some', repeat(md5(n::text), 100 + n)
    FROM generate_series(1, 60) n;
UPDATE toasted SET kind = 'updated' WHERE id = 3;
DELETE FROM toasted WHERE id BETWEEN 20 AND 30;
CREATE TABLE packed AS SELECT n AS id, repeat(md5(n::text), 5000) AS v
    FROM generate_series(1, 15) n;
CREATE TABLE images (id int, b bytea);
INSERT INTO images SELECT n, decode(string_agg(md5((n * i)::text), ''), 'hex')
    FROM generate_series(1, 3) n, generate_series(1, 10000) i GROUP BY n;

-- --- relations among tables ----------------------------------------------------

SET search_path = things;
CREATE TABLE egg (id int PRIMARY KEY, hen int, CHECK (id > 0));
CREATE TABLE hen (id int PRIMARY KEY, egg int REFERENCES egg DEFERRABLE);
ALTER TABLE egg ADD CONSTRAINT "egg of hen" FOREIGN KEY (hen) REFERENCES hen
    ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED;
BEGIN;
INSERT INTO egg SELECT g, g FROM generate_series(1, 100) g;
INSERT INTO hen SELECT g, g FROM generate_series(1, 100) g;
COMMIT;
CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree,
    UNIQUE (up, id) INCLUDE (id));
INSERT INTO tree SELECT g, NULLIF(g / 2, 0) FROM generate_series(1, 200) g;
ALTER TABLE tree ADD CONSTRAINT not_valid CHECK (id < 100) NOT VALID;
CREATE TABLE match_full (a int, b int, FOREIGN KEY (a, b)
    REFERENCES tree (up, id) MATCH FULL ON DELETE RESTRICT);
CREATE TABLE excluded (r int4range, p circle,
    EXCLUDE USING gist (r WITH &&) WHERE (r <> 'empty'),
    EXCLUDE USING gist (p WITH &&) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO excluded VALUES ('[1,2]', '<(0,0),1>'), ('[5,7)', '<(9,9),1>');
CREATE INDEX partial ON tree (up DESC NULLS LAST) WHERE up > 5;
CREATE INDEX expression ON dropped ((a + 1), lower(e) text_pattern_ops);
CREATE INDEX gin ON nulls USING gin (c) WITH (fastupdate = off);
CREATE INDEX brin ON dropped USING brin (a) WITH (pages_per_range = 2);
CREATE INDEX hash ON dropped USING hash (a);
CREATE UNIQUE INDEX collated ON one_row ((a::text COLLATE "C"));
ALTER INDEX expression ALTER COLUMN 1 SET STATISTICS 300;
ALTER TABLE tree CLUSTER ON tree_pkey;
ALTER TABLE tree REPLICA IDENTITY FULL;
ALTER TABLE hen REPLICA IDENTITY USING INDEX hen_pkey;
ALTER TABLE one_row REPLICA IDENTITY NOTHING;
COMMENT ON CONSTRAINT not_valid ON tree IS 'a constraint';
COMMENT ON INDEX partial IS 'an index';
CREATE STATISTICS stats (ndistinct, dependencies, mcv) ON a, c FROM dropped;
ALTER STATISTICS stats SET STATISTICS 50;
COMMENT ON STATISTICS stats IS 'statistics';
\if :v14
CREATE STATISTICS stats2 ON (a % 7), (lower(e)) FROM dropped;
\endif
\if :v15
CREATE TABLE nulls_equal (a int, b int, UNIQUE NULLS NOT DISTINCT (a),
    FOREIGN KEY (a, b) REFERENCES tree (up, id) ON DELETE SET NULL (b));
CREATE UNLOGGED SEQUENCE unlogged_seq;
\endif
\if :v18
CREATE TABLE not_enforced (a int CHECK (a > 0) NOT ENFORCED,
    b int CONSTRAINT named NOT NULL NO INHERIT,
    c int REFERENCES tree NOT ENFORCED);
INSERT INTO not_enforced VALUES (-1, 1, -1);
ALTER TABLE one_row ADD CONSTRAINT not_now NOT NULL a NOT VALID;
\if :contrib
CREATE TABLE temporal (id int, valid daterange,
    PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE temporal_ref (id int, valid daterange,
    FOREIGN KEY (id, PERIOD valid) REFERENCES temporal);
INSERT INTO temporal VALUES (1, '[2026-01-01,2026-02-01)');
INSERT INTO temporal_ref VALUES (1, '[2026-01-05,2026-01-07)');
\endif
\endif
ANALYZE dropped;

CREATE SEQUENCE seq_small AS smallint MINVALUE -7 MAXVALUE 7 CYCLE CACHE 3;
CREATE SEQUENCE seq_down INCREMENT -5 START -1 OWNED BY dropped.a;
CREATE SEQUENCE seq_unused;
SELECT nextval('seq_small'), nextval('seq_down') \g /dev/null
COMMENT ON SEQUENCE seq_small IS 'a sequence';

-- --- views ----------------------------------------------------------------------

CREATE VIEW plain AS SELECT a, b AS "B b" FROM parent WHERE b <> E'it''s\\';
CREATE VIEW checked AS SELECT * FROM dropped WHERE a > 5
    WITH CASCADED CHECK OPTION;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM plain;
CREATE RECURSIVE VIEW recursive (n) AS
    SELECT 1 UNION ALL SELECT n + 1 FROM recursive WHERE n < 10;
CREATE VIEW no_view_columns AS SELECT;
CREATE VIEW "view %" AS SELECT t.*, t AS whole FROM typed t;
CREATE VIEW by_key AS SELECT id, up, count(*) FROM tree GROUP BY id;
CREATE VIEW circle_1 AS SELECT 1 AS a;
CREATE VIEW circle_2 AS SELECT a FROM circle_1;
CREATE FUNCTION circle_f() RETURNS bigint LANGUAGE sql
    AS 'SELECT count(*) FROM things.circle_2';
CREATE OR REPLACE VIEW circle_1 AS SELECT 1 AS a WHERE circle_f() > 0 OR true;
ALTER VIEW plain ALTER a SET DEFAULT 9;
COMMENT ON VIEW plain IS 'a view';
COMMENT ON COLUMN plain.a IS 'a column of a view';
\if :v15
CREATE VIEW invoker WITH (security_invoker) AS SELECT * FROM plain;
\endif
CREATE MATERIALIZED VIEW made AS SELECT id, up FROM tree ORDER BY id;
CREATE UNIQUE INDEX ON made (id);
CREATE MATERIALIZED VIEW made_of_made AS SELECT count(*) AS n FROM made;
CREATE MATERIALIZED VIEW unmade AS SELECT * FROM tree WITH NO DATA;
CREATE MATERIALIZED VIEW "made ""q"" %" WITH (fillfactor = 70) AS
    SELECT max(n) AS m FROM made_of_made;
ALTER MATERIALIZED VIEW made CLUSTER ON made_id_idx;
COMMENT ON MATERIALIZED VIEW made IS 'a materialized view';

-- --- code -----------------------------------------------------------------------

CREATE FUNCTION notes(a int, OUT b int, VARIADIC c text[] DEFAULT '{}')
    LANGUAGE plpgsql STABLE STRICT LEAKPROOF COST 7 PARALLEL SAFE
    SECURITY DEFINER SET search_path = things, pg_temp
    SET work_mem = '4MB' AS $body$
BEGIN
	-- $$ ' \ %
	b := a + cardinality(c);
END $body$;
CREATE FUNCTION lines() RETURNS TABLE (x int, y text) LANGUAGE sql ROWS 3
    AS $$ VALUES (1, $q$it's$q$) $$;
CREATE FUNCTION poly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql
    IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION plus(int, int) RETURNS int LANGUAGE internal IMMUTABLE STRICT
    AS 'int4pl';
CREATE PROCEDURE proc(INOUT a int, b text DEFAULT 'x') LANGUAGE plpgsql
    AS $$ BEGIN a := a + 1; COMMIT; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RETURN COALESCE(NEW, OLD); END $$;
CREATE FUNCTION ddl() RETURNS event_trigger LANGUAGE plpgsql
    AS $$ BEGIN NULL; END $$;
COMMENT ON FUNCTION notes(int, text[]) IS 'a function';
COMMENT ON PROCEDURE proc IS 'a procedure';
GRANT EXECUTE ON FUNCTION notes(int, text[]) TO fid_plain;
REVOKE EXECUTE ON FUNCTION lines() FROM PUBLIC;
REVOKE EXECUTE ON PROCEDURE proc FROM PUBLIC;
ALTER FUNCTION poly OWNER TO fid_owner;
\if :v14
CREATE FUNCTION atomic(a int) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    SELECT count(*) + a FROM things.tree;
END;
CREATE FUNCTION single(a int) RETURNS int LANGUAGE sql RETURN a + 1;
CREATE PROCEDURE proc_out(a int, OUT b int) LANGUAGE plpgsql
    AS $$ BEGIN b := a; END $$;
\endif

CREATE AGGREGATE total(int) (SFUNC = plus, STYPE = int, INITCOND = '0',
    COMBINEFUNC = plus, MSFUNC = plus, MINVFUNC = int4mi, MSTYPE = int,
    PARALLEL = SAFE);
CREATE AGGREGATE ordered(float8 ORDER BY anyelement) (
    SFUNC = ordered_set_transition, STYPE = internal,
    FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE least_of(int) (SFUNC = int4smaller, STYPE = int, SORTOP = <);
COMMENT ON AGGREGATE total(int) IS 'an aggregate';
CREATE OPERATOR <+> (LEFTARG = int, RIGHTARG = int, FUNCTION = plus,
    COMMUTATOR = OPERATOR(things.<+>));
CREATE OPERATOR !!! (RIGHTARG = int, FUNCTION = int4abs);
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq,
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR <+> (int, int) IS 'an operator';
CREATE OPERATOR FAMILY family USING btree;
CREATE OPERATOR CLASS backwards FOR TYPE int USING btree FAMILY family AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <,
    FUNCTION 1 btint4cmp(int, int);
ALTER OPERATOR FAMILY family USING btree ADD
    OPERATOR 1 > (int, bigint), FUNCTION 1 btint48cmp(int, bigint);
COMMENT ON OPERATOR CLASS backwards USING btree IS 'a class';
COMMENT ON OPERATOR FAMILY family USING btree IS 'a family';
CREATE FUNCTION to_base36(money) RETURNS types.base36 LANGUAGE sql IMMUTABLE
    AS 'SELECT NULL::types.base36';
CREATE CAST (money AS types.base36) WITH FUNCTION to_base36(money)
    AS ASSIGNMENT;
CREATE CAST (bigint AS types.base36) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (types.mood AS types.base36) WITH INOUT;
COMMENT ON CAST (money AS types.base36) IS 'a cast';
CREATE COLLATION kept FROM "C";
COMMENT ON COLLATION kept IS 'a collation';
\if :icu
CREATE COLLATION nocase (PROVIDER = icu, LOCALE = 'und-u-ks-level2',
    DETERMINISTIC = false);
CREATE TABLE nocased (t text COLLATE nocase UNIQUE);
INSERT INTO nocased VALUES ('Ä'), ('b');
\if :v16
CREATE COLLATION ruled (PROVIDER = icu, LOCALE = 'de', RULES = '&a < g');
\endif
\endif
\if :v17
CREATE COLLATION built (PROVIDER = builtin, LOCALE = 'C.UTF-8');
\endif
CREATE CONVERSION conv FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
COMMENT ON CONVERSION conv IS 'a conversion';
CREATE FUNCTION pl2_handler() RETURNS language_handler LANGUAGE c
    AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION pl2_inline(internal) RETURNS void LANGUAGE c STRICT
    AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE TRUSTED LANGUAGE pl2 HANDLER pl2_handler INLINE pl2_inline;
COMMENT ON LANGUAGE pl2 IS 'a language';
GRANT USAGE ON LANGUAGE pl2 TO fid_plain;
CREATE TRANSFORM FOR int LANGUAGE SQL (
    FROM SQL WITH FUNCTION prsd_lextype(internal),
    TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR int LANGUAGE sql IS 'a transform';

CREATE TEXT SEARCH PARSER parser (START = prsd_start, GETTOKEN = prsd_nexttoken,
    END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline);
CREATE TEXT SEARCH TEMPLATE template (INIT = dsimple_init,
    LEXIZE = dsimple_lexize);
CREATE TEXT SEARCH DICTIONARY dictionary (TEMPLATE = template,
    STOPWORDS = english, ACCEPT = 'true');
CREATE TEXT SEARCH CONFIGURATION "configu""ration" (PARSER = parser);
ALTER TEXT SEARCH CONFIGURATION "configu""ration"
    ADD MAPPING FOR asciiword, word WITH dictionary, english_stem;
COMMENT ON TEXT SEARCH PARSER parser IS 'a parser';
COMMENT ON TEXT SEARCH TEMPLATE template IS 'a template';
COMMENT ON TEXT SEARCH DICTIONARY dictionary IS 'a dictionary';
COMMENT ON TEXT SEARCH CONFIGURATION "configu""ration" IS 'a configuration';

-- --- triggers, rules, policies -----------------------------------------------------

CREATE TRIGGER before BEFORE INSERT OR UPDATE OF a ON dropped FOR EACH ROW
    WHEN (NEW.a > 100000) EXECUTE FUNCTION touch('arg', 'it''s');
CREATE TRIGGER after AFTER DELETE ON dropped REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION touch();
CREATE TRIGGER truncated AFTER TRUNCATE ON dropped EXECUTE FUNCTION touch();
CREATE CONSTRAINT TRIGGER constrained AFTER UPDATE ON dropped FROM tree
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER instead INSTEAD OF INSERT ON plain FOR EACH ROW
    EXECUTE FUNCTION touch();
CREATE TRIGGER of_root AFTER INSERT ON parts.by_range FOR EACH ROW
    EXECUTE FUNCTION touch();
ALTER TABLE dropped DISABLE TRIGGER before;
ALTER TABLE dropped ENABLE ALWAYS TRIGGER after;
ALTER TABLE dropped ENABLE REPLICA TRIGGER truncated;
COMMENT ON TRIGGER before ON dropped IS 'a trigger';
CREATE RULE also AS ON INSERT TO mother DO ALSO NOTIFY "chan nel", 'x';
CREATE RULE instead AS ON UPDATE TO mother WHERE NEW.a < 0 DO INSTEAD NOTHING;
CREATE RULE into_view AS ON DELETE TO plain DO INSTEAD
    (DELETE FROM parent WHERE a = OLD.a; SELECT 1);
ALTER TABLE mother DISABLE RULE instead;
COMMENT ON RULE also ON mother IS 'a rule';
CREATE EVENT TRIGGER fid_event ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION ddl();
CREATE EVENT TRIGGER fid_drop ON sql_drop EXECUTE FUNCTION ddl();
ALTER EVENT TRIGGER fid_drop DISABLE;
COMMENT ON EVENT TRIGGER fid_event IS 'an event trigger';
CREATE TABLE secured (id int, who name, v text);
INSERT INTO secured SELECT g, CASE g % 2 WHEN 0 THEN 'fid_plain' ELSE 'other'
    END, 'v' || g FROM generate_series(1, 3000) g;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON secured FOR SELECT TO fid_plain, PUBLIC
    USING (who = current_user);
CREATE POLICY "restrict %" ON secured AS RESTRICTIVE FOR UPDATE
    USING (id > 0) WITH CHECK (v <> E'\\');
COMMENT ON POLICY own ON secured IS 'a policy';
CREATE TABLE secured_off (a int);
CREATE POLICY unused ON secured_off USING (false);
INSERT INTO secured_off VALUES (1);

-- --- privileges -----------------------------------------------------------------------

GRANT SELECT ON secured, secured_off TO fid_plain;
GRANT SELECT, INSERT (a, f), UPDATE (a) ON dropped
    TO "fid reader% ""x"" \é" WITH GRANT OPTION;
GRANT SELECT ON ALL TABLES IN SCHEMA parts TO fid_plain;
GRANT USAGE ON SCHEMA parts TO fid_plain;
GRANT USAGE, UPDATE ON SEQUENCE seq_small TO fid_plain;
REVOKE ALL ON no_rows FROM CURRENT_USER;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) FROM PUBLIC;
GRANT SELECT (rolname) ON pg_catalog.pg_authid TO fid_plain;
ALTER DEFAULT PRIVILEGES IN SCHEMA empty_schema
    GRANT SELECT ON TABLES TO fid_plain;
ALTER DEFAULT PRIVILEGES FOR ROLE fid_owner REVOKE EXECUTE ON FUNCTIONS
    FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE fid_owner GRANT ALL ON TYPES TO fid_boss
    WITH GRANT OPTION;
ALTER TABLE nulls OWNER TO fid_owner;
ALTER TABLE parts.by_list OWNER TO "fid reader% ""x"" \é";
COMMENT ON TABLE dropped IS E'it''s\n\\ "%s"';
COMMENT ON COLUMN dropped.f IS 'added later';
\if :v17
GRANT MAINTAIN ON dropped TO fid_plain;
\endif

-- --- other servers ------------------------------------------------------------------

CREATE FOREIGN DATA WRAPPER no_handler OPTIONS (a 'it''s', "b c" '\');
CREATE SERVER "no ""server" TYPE 't' VERSION '1' FOREIGN DATA WRAPPER no_handler
    OPTIONS (x 'y');
CREATE USER MAPPING FOR PUBLIC SERVER "no ""server" OPTIONS (pass 'word');
CREATE USER MAPPING FOR fid_plain SERVER "no ""server";
CREATE FOREIGN TABLE unreachable (a int OPTIONS (n 'v') NOT NULL, b text)
    SERVER "no ""server" OPTIONS (t 'x%');
COMMENT ON FOREIGN DATA WRAPPER no_handler IS 'a wrapper';
COMMENT ON SERVER "no ""server" IS 'a server';
COMMENT ON FOREIGN TABLE unreachable IS 'a foreign table';
GRANT USAGE ON FOREIGN DATA WRAPPER no_handler TO fid_plain;
GRANT USAGE ON FOREIGN SERVER "no ""server" TO fid_plain;
\if :contrib
CREATE SERVER fid_files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE from_program (a int, b text) SERVER fid_files
    OPTIONS (program 'printf "1,one\n2,\"two\n\"\n3,\\.\n"', format 'csv');
CREATE SERVER fid_loop FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host :'host', dbname :'db', fetch_size '50');
CREATE USER MAPPING FOR CURRENT_USER SERVER fid_loop
    OPTIONS (user 'postgres');
CREATE USER MAPPING FOR fid_boss SERVER fid_loop OPTIONS (user 'postgres');
CREATE FOREIGN TABLE from_loop (a int, gone int,
    "c c" text OPTIONS (column_name 'b'))
    SERVER fid_loop OPTIONS (schema_name 'things', table_name 'parent');
ALTER FOREIGN TABLE from_loop DROP gone;
CREATE FOREIGN TABLE no_columns_foreign () SERVER fid_loop
    OPTIONS (schema_name 'things', table_name 'no_columns');
CREATE TABLE parts.mixed (a int, b text) PARTITION BY LIST (a);
CREATE TABLE parts.mixed_here PARTITION OF parts.mixed FOR VALUES IN (1, 2);
INSERT INTO parts.mixed_here VALUES (1, 'here');
CREATE FOREIGN TABLE parts.mixed_there PARTITION OF parts.mixed DEFAULT
    SERVER fid_files OPTIONS (program 'printf "7,there\n"', format 'csv');
\endif

CREATE PUBLICATION "pub ""all""" FOR ALL TABLES
    WITH (publish = 'insert, truncate');
CREATE PUBLICATION pub_some FOR TABLE things.dropped, ONLY things.parent
    WITH (publish_via_partition_root = true);
CREATE PUBLICATION pub_none;
COMMENT ON PUBLICATION pub_none IS 'a publication';
\if :v15
CREATE PUBLICATION pub_rows FOR TABLE things.hen (id) WHERE (id > 5);
CREATE PUBLICATION pub_schema FOR TABLES IN SCHEMA parts;
\endif
CREATE SUBSCRIPTION "sub ""q""" CONNECTION 'host=/nowhere password=x'
    PUBLICATION a, "b ""c""" WITH (connect = false, slot_name = NONE);
COMMENT ON SUBSCRIPTION "sub ""q""" IS 'a subscription';

-- --- large objects ---------------------------------------------------------------------

SELECT lo_create(100001), lo_from_bytea(100002, '\x00'),
    lo_from_bytea(100003, '\x5c2e0a') \g /dev/null
SELECT lo_from_bytea(100004, (SELECT decode(string_agg(md5(i::text), ''), 'hex')
    FROM generate_series(1, 19200) i)) \g /dev/null
SELECT lo_from_bytea(100005, (SELECT decode(string_agg(md5(i::text), ''), 'hex')
    FROM generate_series(1, 327680) i)) \g /dev/null
SELECT lo_from_bytea(4000000000, 'beyond two to the thirty-first'),
    lo_create(2147483648), lo_from_bytea(2147483647, '\xff'),
    lo_from_bytea(4294967294, 'nearly the last') \g /dev/null
-- With holes: what was never written reads as zeros.
SELECT lo_create(100006) \g /dev/null
SELECT lo_put(100006, 100000, 'after a hole') \g /dev/null
SELECT lo_from_bytea((200000 + g)::oid, convert_to(repeat('lo ' || g, g), 'UTF8'))
    FROM generate_series(1, 250) g \g /dev/null
ALTER LARGE OBJECT 4000000000 OWNER TO fid_owner;
ALTER LARGE OBJECT 200007 OWNER TO fid_plain;
COMMENT ON LARGE OBJECT 100001 IS 'empty; it''s';
GRANT SELECT, UPDATE ON LARGE OBJECT 100002 TO fid_plain;
GRANT SELECT ON LARGE OBJECT 200009 TO fid_plain WITH GRANT OPTION;
REVOKE ALL ON LARGE OBJECT 200010 FROM CURRENT_USER;
