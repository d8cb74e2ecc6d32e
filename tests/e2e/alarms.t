#!/bin/sh
# SPDX-License-Identifier: ISC
# No false alarm: what pg_dump, pg_dumpall and pgb-dump make, with whatever
# option and of whatever database, passes pgb-verify without a word, and the
# report has as many rows of each table as the table has.
. "${0%/*}/../lib.sh"
pg_start max_connections=60 max_locks_per_transaction=256
PATH=$BIN/helper:$PATH
cd "$SCRATCH" || exit

# --- databases --------------------------------------------------------------

# new NAME ENCODING
new()
{
	psql -Xqd postgres -c "CREATE DATABASE $1 TEMPLATE template0
	    ENCODING '$2' LC_COLLATE 'C' LC_CTYPE 'C'" || bail "$1"
}

# fill DATABASE FILE
fill()
{
	psql -Xq -v "host=$PGHOST" -d "$1" -f "$2" >fill.log 2>&1 ||
	    bail "$2: $(tail -n 5 fill.log)"
}

# fid and those beside it come last: they make roles whose names exist in few
# encodings.
new fid UTF8
new side UTF8
new latin LATIN1
new odd UTF8
new raw SQL_ASCII
new kanji EUC_JP
new russian WIN1251
new chinese UTF8
new empty UTF8

cat >odd.sql <<'END'
\set ON_ERROR_STOP on
SET client_min_messages = error;
CREATE TABLE nothing ();
INSERT INTO nothing SELECT FROM generate_series(1, 3);
SELECT 'CREATE TABLE wide (' || string_agg('c' || g || ' int2', ',') || ')'
    FROM generate_series(1, 1600) g \gexec
SELECT 'INSERT INTO wide SELECT ' || string_agg(g || '+ r', ',') ||
    ' FROM generate_series(1, 3) r' FROM generate_series(1, 1600) g \gexec
CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text);
INSERT INTO made SELECT g FROM generate_series(1, 100) g;
CREATE TABLE parts (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (50);
CREATE TABLE parts_2 (b text, a int NOT NULL);
ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (50) TO (100);
CREATE TABLE parts_d PARTITION OF parts DEFAULT PARTITION BY HASH (b);
CREATE TABLE parts_d0 PARTITION OF parts_d FOR VALUES WITH (MODULUS 2,
    REMAINDER 0);
CREATE TABLE parts_d1 PARTITION OF parts_d FOR VALUES WITH (MODULUS 2,
    REMAINDER 1);
INSERT INTO parts SELECT g, md5(g::text) FROM generate_series(1, 200) g;
CREATE TABLE above (a int);
CREATE TABLE below (b int) INHERITS (above);
INSERT INTO above VALUES (1);
INSERT INTO below VALUES (2, 3), (4, 5);
CREATE TABLE long (t text, n int);
INSERT INTO long SELECT repeat(E'x\\\n\ty€', 20000), 1;
INSERT INTO long SELECT repeat('z', 1000000), g FROM generate_series(2, 3) g;
CREATE TABLE control (i int, t text, u text);
INSERT INTO control SELECT g, chr(g), repeat('a' || chr(g), 3)
    FROM generate_series(1, 300) g;
CREATE TABLE marks (t text);
INSERT INTO marks VALUES ('\N'), ('\.'), (''), (NULL), (E'\\.\n\\.'),
    (E'\n'), (E'\r\n'), (E'\\'), (E'\\\\'), (E'\\N\t\\N'), (E'a\\.\n'),
    ('COPY x FROM stdin;'), (E'-- x\n'), (''';''');
CREATE TABLE bytes (b bytea, a text[], p point, j jsonb);
INSERT INTO bytes SELECT decode(lpad(to_hex(g), 2, '0'), 'hex'),
    ARRAY['a"b', NULL, '', E'\\', '{,}', 'NULL'], point(g, -g),
    jsonb_build_object(E'k"\\', g) FROM generate_series(0, 255) g;
CREATE SCHEMA "a ""schema"" \ of
two lines;";
CREATE TABLE "a ""schema"" \ of
two lines;"."a 'table' (x), ""y"" \.
FROM stdin;" ("\." int, "a, ""b""" text, "c
d" text, ")" text, "%s $$" text);
INSERT INTO "a ""schema"" \ of
two lines;"."a 'table' (x), ""y"" \.
FROM stdin;" SELECT g, 'x', E'\n', NULL, '' FROM generate_series(1, 7) g;
CREATE TABLE "COPY" ("FROM" int, "stdin" text);
INSERT INTO "COPY" VALUES (1, 'stdin;');
CREATE TABLE "é€😀" ("ä	b" text);
INSERT INTO "é€😀" VALUES ('😀'), ('€'), (E'\u00a0');
CREATE FUNCTION body() RETURNS text LANGUAGE sql AS $_$
SELECT '$$ \ '' -- /* ' /* a /* b */ -- */ || E'\'' || $x$ '" $x$ $_$;
COMMENT ON FUNCTION body() IS E'\\ '' " \n ; $$';
SELECT lo_create(0) FROM generate_series(1, 5);
SELECT lo_from_bytea(0, decode(repeat('00ff', 40000), 'hex'));
END
PGCLIENTENCODING=UTF8 fill odd odd.sql

# Bytes that are no text in any encoding.
sql raw "SET client_min_messages = error; SET escape_string_warning = off;
    CREATE TABLE bytes (i int, t text);
    INSERT INTO bytes SELECT g, convert_from(decode(repeat(lpad(to_hex(1 + g %
	255), 2, '0'), 20), 'hex'), 'SQL_ASCII') FROM generate_series(1, 900) g"
# Characters whose last byte is a backslash in SJIS, BIG5 and GBK.
export PGCLIENTENCODING=UTF8
sql kanji "CREATE TABLE ソ表 (能 text, \"ソ\\ソ\" text); INSERT INTO ソ表 SELECT
    repeat('ソ表能予', g), E'ソ\\\\ソ\t表\n能' FROM generate_series(1, 50) g;
    COMMENT ON TABLE ソ表 IS 'ソ''表'"
sql russian "CREATE TABLE слова (ключ int, слово text); INSERT INTO слова
    SELECT g, repeat('Ёжик', g) FROM generate_series(1, 50) g"
sql chinese "CREATE TABLE 功能 (許 text); INSERT INTO 功能 SELECT
    repeat('許功蓋', g) || E'\\\\\t功' FROM generate_series(1, 50) g"
unset PGCLIENTENCODING

# --- the verdict ------------------------------------------------------------

# What may be said of a sound archive.
allowed='carries no checksum|a second table of contents'

# miscounted DATABASE: tables of report r.json that have another number of rows.
# Plain SQL loads some leaves of a partitioned table through its root, piece by
# piece (one of "mixed" is a foreign table, whose rows are not dumped).  Of an
# extension's tables only some rows are dumped.  Names that are not UTF-8 are
# reported byte by byte; such tables have 50 or 9000 rows.
miscounted()
{
	PGCLIENTENCODING=UTF8 psql -XAtqd "$1" -v ON_ERROR_STOP=1 \
	    -v "report=$(cat r.json)" -f - <<-'END'
	WITH t AS (SELECT t ->> 'schema' AS s, t ->> 'name' AS n,
	    sum((t ->> 'rows')::bigint) AS r,
	    to_regclass(format('%I.%I', t ->> 'schema', t ->> 'name')) AS c
	FROM json_array_elements(:'report'::json -> 'tables') t
	WHERE t ->> 'rows' IS NOT NULL AND t ->> 'name' NOT LIKE 'config%'
	    AND t ->> 'name' <> 'mixed'
	GROUP BY 1, 2)
	SELECT CASE WHEN c IS NULL AND r NOT IN (50, 9000)
	    THEN format('SELECT %L, %L', n, r)
	    WHEN c IS NULL THEN 'SELECT WHERE false'
	    ELSE format('SELECT %L, %s, count(*) FROM %s %I.%I
		HAVING count(*) <> %s', n, r, CASE relkind WHEN 'p' THEN ''
		ELSE 'ONLY' END, s, n, r) END
	FROM t LEFT JOIN pg_class ON pg_class.oid = t.c \gexec
	END
}

# sound NAME FILE [DATABASE]
sound()
{
	rm -f r.json
	pgb-verify --sink --report r.json <"$2" >out 2>err
	t_rc=$?
	t_said=$(grep -Ev "$allowed" err)
	t_wrong=$([ $t_rc = 0 ] && [ -z "$t_said" ] ||
	    echo "status $t_rc: $t_said"
	    [ $t_rc != 0 ] || [ -z "${3:-}" ] || miscounted "$3" 2>&1)
	[ -z "$t_wrong" ] && { pass "$1"; return; }
	fail "$1"
	diag "$t_wrong"
}

# dumped DATABASE WORD...: one dump of stock pg_dump, to a pipe.
dumped()
{
	t_db=$1; shift
	{ pg_dump "$@" "$t_db" 2>dump.err || echo "status $?" >>dump.err; } |
	    cat >dump
	if grep -q '^status' dump.err; then
		fail "$t_db $*"
		diag "$(cat dump.err)"
		return
	fi
	sound "$t_db $*" dump "$t_db"
}

since() { [ "$PG_MAJOR" -ge "$1" ]; }

# --- encodings --------------------------------------------------------------

# encoded: lines of a database and encodings of its dump.
encoded()
{
	while read -r db encodings; do
		for e in $encodings; do
			for words in '-Fc -Z1' -Fp '-Ft --inserts'; do
				# shellcheck disable=SC2086
				dumped "$db" $words -E "$e"
			done
		done
	done
}
encoded <<'END'
kanji	EUC_JP UTF8 SJIS SQL_ASCII
russian	WIN1251 UTF8 KOI8R WIN866 ISO_8859_5 SQL_ASCII
chinese	BIG5 GB18030 GBK UTF8 SQL_ASCII
raw	SQL_ASCII
empty	LATIN1 SJIS BIG5 JOHAB UHC KOI8U
END
fill fid "$TOP/tests/fidelity.sql"
fill side "$TOP/tests/fidelity-side.sql"
fill latin "$TOP/tests/fidelity-side.sql"
encoded <<'END'
side	LATIN1 LATIN9 WIN1252 SQL_ASCII
latin	LATIN1 UTF8 SQL_ASCII
END

# --- every option -----------------------------------------------------------

set -f			# these are patterns of pg_dump's, no file names
while read -r words; do
	case $words in
	[0-9]*)	since "${words%% *}" || continue
		words=${words#* } ;;
	esac
	# shellcheck disable=SC2086
	dumped fid -Fc -Z1 $words
done <<'END'
-s
-a
-c
-C
-c -C
-c --if-exists
-O
-x
-O -x -C
--inserts
--column-inserts
--rows-per-insert=1
--rows-per-insert=100
--inserts --on-conflict-do-nothing
-a --inserts --disable-triggers
-n things
-n parts -n bulk
-N things
-N parts -N bulk
-t things.*
-t parts.by_range*
-T things.*
-T *.*
-s -t types.*
-a -t bulk.*
--exclude-table-data=*.*
--exclude-table-data=parts.*
14 -e hstore
14 -e plpgsql
--section=pre-data
--section=data
--section=post-data
--section=pre-data --section=post-data
--section=data --section=post-data
-E UTF8
-E SQL_ASCII
--no-comments
--no-publications
--no-security-labels
--no-subscriptions
15 --no-table-access-method
--no-tablespaces
14 --no-toast-compression
--no-unlogged-table-data
--quote-all-identifiers
--quote-all-identifiers --inserts
--load-via-partition-root
--load-via-partition-root --inserts
--enable-row-security
--disable-triggers
-a --disable-triggers
--disable-dollar-quoting
--blobs
-s --blobs
-n things --blobs
--extra-float-digits=0
--extra-float-digits=3
--serializable-deferrable
--use-set-session-authorization
--lock-wait-timeout=10000
--strict-names -n things
--no-owner --no-privileges --clean --if-exists --create
--binary-upgrade
--include-foreign-data=fid_loop --include-foreign-data=fid_files
--no-sync
--role=fid_boss
-S postgres --disable-triggers
16 --table-and-children=parts.by_range
16 --no-large-objects
17 --exclude-extension=btree_gist
18 --no-policies
18 --no-data
18 --no-schema
18 --statistics
18 --statistics-only
18 --sequence-data -s
END
set +f
dumped fid -Fc -Z1 --no-blobs

# --- formats, compression, output -------------------------------------------

for z in 0 1 2 3 4 5 6 7 8 9; do
	dumped odd -Fc -Z$z
	pg_dump -Fc -Z$z -f dump odd
	sound "odd -Z$z, a file" dump odd
done
if since 16; then
	for z in none gzip:9 lz4 lz4:9 zstd zstd:19 zstd:long; do
		dumped odd -Fc -Z $z
		pg_dump -Fc -Z $z odd >dump
		sound "odd -Z $z, redirected" dump odd
	done
fi
# the_same DATABASE WORDS...
the_same()
{
	db=$1; shift
	pg_dump -Fc -Z0 "$db" >dump
	sound "$db -Fc -Z0, redirected" dump "$db"
	for words; do
		# shellcheck disable=SC2086
		dumped "$db" $words
	done
}
for db in fid side odd; do
	the_same $db '-Fc -Z1' -Ft -Fp '-Fp -C -c --if-exists' '-Ft -a' \
	    '-Ft -s' '-Fp --column-inserts --rows-per-insert=3' \
	    '-Fp --quote-all-identifiers -O -x' '-Fp --section=data' \
	    '-Fp --load-via-partition-root --disable-dollar-quoting' \
	    '-Ft --inserts' '-Fc -Z1 --inserts -a' '-Fp --binary-upgrade'
done
for db in latin raw kanji russian chinese empty; do
	the_same $db '-Fc -Z1' '-Ft -C -c' '-Fp --inserts'
done

# --- the whole cluster ------------------------------------------------------

for words in -g -r -t; do
	pg_dumpall $words >dump 2>dump.err || diag "$(cat dump.err)"
	sound "pg_dumpall $words" dump
done
for words in '' -s -a -c '-c --if-exists' --inserts \
    '--column-inserts --rows-per-insert=5' '-O -x' --no-role-passwords \
    --quote-all-identifiers '-E UTF8 --exclude-database=raw' --no-comments; do
	# shellcheck disable=SC2086
	pg_dumpall --exclude-database=latin $words >dump 2>dump.err ||
	    diag "$(cat dump.err)"
	sound "pg_dumpall $words" dump
done

# --- other versions ---------------------------------------------------------

for db in fid odd side kanji; do
	pg_dump -Fc -f own.dump $db
	own=$(od -An -tu1 -j6 -N1 own.dump | tr -d ' ')
	n=0
	for f in '12 none' '12 gzip' '13 gzip' '14 none' '14 gzip' '15 none' \
	    '15 gzip' '15 lz4' '15 zstd' '16 none' '16 gzip' '16 lz4' '16 zstd'; do
		[ "$own" -le 14 ] || [ "${f% *}" -ge "$own" ] || continue
		n=$(((n + 1) % 3))
		case $n in 0) words='' ;; 1) words=offsets ;; 2) words='second sums' ;; esac
		# shellcheck disable=SC2086
		convert own.dump $f $words >dump || bail "convert $f"
		sound "$db as 1.$f $words" dump $db
	done
done

# --- pgb-dump ---------------------------------------------------------------

methods='none gzip gzip:1 gzip:9'
! since 16 || methods="$methods lz4 zstd zstd:long"
for db in fid odd side latin raw kanji russian chinese; do
	for z in $methods; do
		pgb-dump -j 3 -Z "$z" --split-pages 3 $db 2>dump.err |
		    cat >dump
		sound "pgb-dump -j 3 -Z $z $db" dump $db
	done
	pgb-dump -j 1 -f dump.f $db 2>dump.err
	sound "pgb-dump -j 1 -f $db" dump.f $db
	rm -f dump.f
done
pgb-dump --globals >dump 2>dump.err
sound 'pgb-dump --globals' dump

done_testing
