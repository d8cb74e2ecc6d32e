-- SPDX-License-Identifier: ISC
-- A second database, whose names and texts all exist in LATIN1, with what an
-- extension's configuration tables are.  For an empty database of any encoding
-- that has them; fidelity.sql made the roles.

\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = error;
SET client_encoding = 'UTF8';
SELECT current_database() AS db, EXISTS (SELECT FROM pg_available_extensions
    WHERE name = 'hstore') AS contrib \gset

CREATE SCHEMA "Größe";
CREATE TABLE "Größe"."Straße" ("für" int, "Ï" text);
INSERT INTO "Größe"."Straße" SELECT g, chr(192 + g % 64) || repeat('é', g % 50)
    || E'\\\t\n' FROM generate_series(1, 9000) g;
COMMENT ON TABLE "Größe"."Straße" IS 'ÄÖÜ';
CREATE TABLE plain AS SELECT g AS a, md5(g::text) AS b
    FROM generate_series(1, 9000) g;
CREATE TABLE secured AS SELECT g AS id, CASE g % 3 WHEN 0 THEN 'fid_plain'
    ELSE 'x' END::name AS who FROM generate_series(1, 9000) g;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secured USING (who = current_user);
GRANT SELECT ON secured TO fid_plain;
SELECT lo_from_bytea(7, convert_to('Ä', 'UTF8')) \g /dev/null

-- What CREATE EXTENSION does with a script that calls
-- pg_extension_config_dump(), without a file in the server's directories.
\if :contrib
CREATE EXTENSION hstore;
CREATE TABLE config_all (k int, v text, g int GENERATED ALWAYS AS (k + 1) STORED);
CREATE TABLE config_some (k int, standard bool);
CREATE TABLE "config ""odd"" %" (k int, v text);
CREATE TABLE config_none (k int);
CREATE TABLE not_config (k int);
CREATE TABLE config_parent (k int);
CREATE TABLE config_child () INHERITS (config_parent);
CREATE SEQUENCE config_seq;
CREATE TABLE config_large (k int, v text);
INSERT INTO config_all SELECT g, g FROM generate_series(1, 50) g;
INSERT INTO config_some SELECT g, g % 3 = 0 FROM generate_series(1, 5000) g;
INSERT INTO "config ""odd"" %" SELECT g, 'user''s \ % ' || g
    FROM generate_series(1, 500) g;
INSERT INTO config_none VALUES (1);
INSERT INTO not_config VALUES (1);
INSERT INTO config_parent VALUES (1), (2);
INSERT INTO config_child VALUES (3), (4);
INSERT INTO config_large SELECT g, md5(g::text) FROM generate_series(1, 9000) g;
SELECT setval('config_seq', 99) \g /dev/null
ALTER EXTENSION hstore ADD TABLE config_all;
ALTER EXTENSION hstore ADD TABLE config_some;
ALTER EXTENSION hstore ADD TABLE "config ""odd"" %";
ALTER EXTENSION hstore ADD TABLE config_none;
ALTER EXTENSION hstore ADD TABLE not_config;
ALTER EXTENSION hstore ADD TABLE config_parent;
ALTER EXTENSION hstore ADD TABLE config_child;
ALTER EXTENSION hstore ADD TABLE config_large;
ALTER EXTENSION hstore ADD SEQUENCE config_seq;
UPDATE pg_extension SET
    extconfig = ARRAY['config_all'::regclass, 'config_some',
	'"config ""odd"" %"', 'config_none', 'config_parent', 'config_large',
	'config_seq'],
    extcondition = ARRAY['', 'WHERE NOT standard', $$WHERE v LIKE 'user''s \\ \% %7'
	ORDER BY k DESC$$, 'WHERE false', 'WHERE k > 1', '', '']
    WHERE extname = 'hstore';
\endif
