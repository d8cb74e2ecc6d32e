#!/bin/sh
# SPDX-License-Identifier: ISC
# What pgb-dump writes on many connections is, byte for byte of what pg_restore
# makes of it, what stock pg_dump writes on one: for every kind of object, for
# every -j, -Z, --split-pages and kind of output, and whatever is selected.
. "${0%/*}/../lib.sh"
. "$TOP/tests/held.sh"

pg_start max_connections=60
psql -Xqd postgres -c 'CREATE DATABASE fid' -c 'CREATE DATABASE side' \
    -c "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1
	LC_COLLATE 'C' LC_CTYPE 'C'" \
    -c "CREATE DATABASE raw TEMPLATE template0 ENCODING SQL_ASCII
	LC_COLLATE 'C' LC_CTYPE 'C'"
# fill DATABASE FILE
fill()
{
	psql -Xq -v "host=$PGHOST" -d "$1" -f "$TOP/tests/$2.sql" \
	    >"$SCRATCH/fill.log" 2>&1 ||
	    bail "$2.sql: $(tail -n 5 "$SCRATCH/fill.log")"
}
fill fid fidelity
fill side fidelity-side
fill latin fidelity-side
# Bytes that are no text in any encoding.
sql raw "SET client_min_messages = error; SET escape_string_warning = off;
    CREATE TABLE bytes (i int, t text);
    INSERT INTO bytes SELECT g, convert_from(decode(repeat(lpad(to_hex(1 + g %
	255), 2, '0'), 20), 'hex'), 'SQL_ASCII') FROM generate_series(1, 9000) g"
cd "$SCRATCH" || exit
contrib=$(sql fid "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'")

# --- every -j, --split-pages, -Z and output ------------------------------------

hold fid
pg_dump -Fc -Z0 --snapshot="$SNAP" fid >stock || bail 'stock pg_dump'
to_sql stock stock.sql || bail 'stock pg_restore'
entries stock >stock.toc
note "$(size stock.sql) bytes of SQL, $(wc -l <stock.toc) entries"

# dump OUTPUT WORD...: one archive, named a; sets RC.
dump()
{
	t_out=$1; shift
	rm -f a
	case $t_out in
	file)	pgb-dump -v "$@" >a 2>err ;;
	-f)	pgb-dump -v -f a "$@" 2>err ;;
	pipe)	{ pgb-dump -v "$@" 2>err; echo $? >rc; } | cat >a
		return "$(cat rc)" ;;
	esac
}

# equal WANT: what is wrong with archive a, if it is not like WANT (WANT.sql,
# WANT.toc).
equal()
{
	to_sql a a.sql >restore.log 2>&1 ||
	    echo "pg_restore: $(head -c 1000 restore.log)"
	cmp a.sql "$1.sql" 2>&1
	entries a | cmp - "$1.toc" 2>&1
	pgb-verify <a 2>&1 >/dev/null | grep -v ' note: '
}

# offsets_are WANT OUTPUT
offsets_are()
{
	case $1 in file|-f) t_want='set 0' ;; *) t_want='unset 0' ;; esac
	t_is=$(offsets a 2>&1)
	[ "$t_is" = "$t_want" ] || echo "offsets: $t_is"
}

# one OUTPUT WANT WORD...: a dump into OUTPUT is like WANT, and none of it came
# from stock pg_dump.
one()
{
	t_to=$1 t_like=$2; shift 2
	dump "$t_to" "$@"
	t_rc=$?
	t_wrong=$([ $t_rc = 0 ] || echo "status $t_rc: $(cat err)"
	    equal "$t_like"
	    offsets_are "$t_to"
	    [ "$(passed err)" = 0 ] || echo "passed through: $(passed err)")
	is "$t_wrong" '' "$t_to: $*"
}

methods='gzip gzip:1 gzip:6 gzip:9 none'
[ "$PG_MAJOR" -lt 16 ] || methods="$methods zstd zstd:1 lz4 lz4:9"
# PGB_FULL=1: each with each; else a square in which any two values of two
# kinds meet.
nz=0
for z in $methods; do
	nj=0
	for j in 1 2 8; do
		ns=0
		for split in 1 7 ''; do
			case $(((nz + nj + ns * 2) % 3)) in
			0) out='file' ;; 1) out='-f' ;; 2) out='pipe' ;;
			esac
			[ "${PGB_FULL:-0}" = 0 ] &&
			    [ $(((nz + nj + ns) % 3)) != 0 ] ||
			    one "$out" stock -j $j -Z "$z" \
				${split:+--split-pages $split} \
				--snapshot="$SNAP" fid
			ns=$((ns + 1))
		done
		nj=$((nj + 1))
	done
	nz=$((nz + 1))
done
one file stock --serializable-deferrable -j 2 --split-pages 9 fid

# --- kinds of output ------------------------------------------------------------

pgb-dump --no-split --snapshot="$SNAP" fid >>a.new 2>err
is $? 0 'stdout opened for appending'
mv a.new a
is "$(equal stock)" '' 'appended: the same'
is "$(offsets a)" 'unset 0' 'appended: offsets cannot be filled in'
# Defaults of -j and -Z, too.
{ echo front; pgb-dump --snapshot="$SNAP" fid 2>err; } >b
is $? 0 'stdout that stands behind other bytes'
tail -c +7 b >a
is "$(equal stock)" '' 'behind other bytes: the same'
is "$(offsets a)" 'unset 0' 'behind other bytes: no offsets'
umask 077
pgb-dump -Z 1 -n types --snapshot="$SNAP" fid >private 2>err
is "$(cat err)" '' 'a private file: without a word'
umask 022
pgb-dump -Z 1 -n types --snapshot="$SNAP" fid >public 2>err
is "$(grep -c '^pgb-dump: warning:' err)" 1 'a public file: one warning'
echo old >target
chmod 644 target
run pgb-dump -j 2 -Z 1 --snapshot="$SNAP" -f target fid
status_is 0 '-f FILE over an old one'
is "$ERR" '' 'without a word'
is "$(stat -c %a target)" 600 'and private'
cp target a
is "$(equal stock)" '' '-f FILE: the same'
echo old >target
run pgb-dump -f target nope
status_is 5 '-f FILE, and no dump'
is "$(cat target)" old 'leaves the old one alone'
is "$(find . -name '*target*' | wc -l)" 1 'and nothing beside it'
run pgb-dump -f none/target fid
status_is '2 3' '-f FILE in no directory'

# --- real restores ---------------------------------------------------------------

# restored NAME ARCHIVE [WORD...]: into a new database; its dump, sorted, in
# NAME.sql.  In which order rows lie, and in which leaf those hashed by an enum,
# is every database's own affair.  An ARCHIVE of - is stdin.
restored()
{
	t_db=$1 t_from=$2; shift 2
	# pg_restore -j may run into a deadlock with itself, over indexes and
	# keys of partitioned tables.
	for t_try in 1 2 3 4 5; do
		createdb "$t_db"
		case $t_from in
		-) run pg_restore --exit-on-error -d "$t_db" "$@" <ours ;;
		*) run pg_restore --exit-on-error -d "$t_db" "$@" "$t_from" ;;
		esac
		case $ERR in *deadlock*) dropdb "$t_db" ;; *) break ;; esac
	done
	status_is 0 "$t_db: pg_restore $*"
	pg_dump -Fc -Z0 --exclude-table-data='parts.by_enum*' "$t_db" \
	    >"$t_db.back"
	to_sql "$t_db.back" "$t_db.text"
	sql "$t_db" 'SELECT * FROM parts.by_enum' >>"$t_db.text"
	sort "$t_db.text" >"$t_db.sql"
	rm "$t_db.text" "$t_db.back"
	dropdb "$t_db"
}
# The name of a subscription is taken once a server.
sql fid 'DROP SUBSCRIPTION "sub ""q"""'
let_go
pgb-dump -j 2 --split-pages 7 -f ours fid
pg_dump -Fc fid >stock2
pgb-dump -j 8 --split-pages 3 -Z 6 fid | cat >piped
restored stock stock2 -j 4
restored ours ours -j 4
restored stdin -
restored piped piped -j 4
for name in ours stdin piped; do
	ok "$name: dumped again, it is what stock's restore is" \
	    cmp "$name.sql" stock.sql
done

# --- what is selected ------------------------------------------------------------

# both DATABASE WORD...: as stock pg_dump, where that takes the words.
both()
{
	t_db=$1; shift
	if ! pg_dump -Fc -Z0 --snapshot="$SNAP" "$@" "$t_db" >b 2>berr; then
		fail "stock pg_dump $*"
		diag "$(cat berr)"
		return
	fi
	to_sql b both.sql
	entries b >both.toc
	one pipe both -j 2 --split-pages 5 -Z 1 --snapshot="$SNAP" "$@" "$t_db"
}

# Words of one version.
since() { [ "$PG_MAJOR" -ge "$1" ]; }

hold fid
both fid -t bulk.rows -t things.dropped -t 'parts.by_enum*' -t things.unlogged \
    --no-unlogged-table-data
both fid -n parts -n bulk -T bulk.hot -x -O -b
both fid -N bulk -N 'odd*' -C -c --if-exists --exclude-table-data='things.n*' \
    --no-comments --no-publications --no-subscriptions --no-tablespaces
both fid -T '*.*'
both fid --section=data --extra-float-digits=0
both fid -a --disable-triggers --quote-all-identifiers --extra-float-digits=-10
both fid -B --role=fid_boss --load-via-partition-root
both fid --disable-dollar-quoting --strict-names -S somebody -n types -n things \
    --lock-wait-timeout=5000
both fid --enable-row-security --role=fid_plain -t things.secured
[ "$contrib" = 0 ] || both fid --role=fid_boss --include-foreign-data=fid_files \
    --include-foreign-data=fid_loop
! since 14 || both fid --no-toast-compression -e hstore -n types
! since 15 || both fid --no-table-access-method -n things
! since 16 || both fid --table-and-children=parts.by_range \
    --exclude-table-and-children=parts.by_enum
! since 16 || both fid --no-large-objects -n bulk
! since 17 || both fid --exclude-extension=btree_gist -n parts
! since 18 || both fid --no-policies --no-data
! since 18 || both fid --statistics
! since 18 || both fid --sequence-data -s

# A role that may not see all rows is told so, as by stock pg_dump.
run pgb-dump --role=fid_plain -t things.secured --snapshot="$SNAP" fid
status_is 5 'row security without --enable-row-security'
like "$ERR" 'row-level security policy for table "secured"' 'says so'

# --- rows as statements ------------------------------------------------------------

# statements WORD...
statements()
{
	pg_dump -Fc -Z0 --snapshot="$SNAP" "$@" fid >b
	to_sql b both.sql
	entries b >both.toc
	dump file -j 2 -Z 1 --snapshot="$SNAP" "$@" fid
	is $? 0 "$*"
	is "$(equal both)" '' "$*: the same"
	ok "$*: -v says that it passed through" test "$(passed err)" -gt 0
}
statements --inserts -n things
statements --column-inserts --on-conflict-do-nothing -n parts
statements --rows-per-insert=7 -n bulk

# --- settings -------------------------------------------------------------------------

# What may be set for a role and would disturb many connections or change the
# text of a value.
sql postgres "CREATE ROLE fid_odd SUPERUSER LOGIN;
    ALTER ROLE fid_odd SET lock_timeout = '1ms';
    ALTER ROLE fid_odd SET statement_timeout = '500ms';
    ALTER ROLE fid_odd SET idle_in_transaction_session_timeout = '300ms';
    ALTER ROLE fid_odd SET default_transaction_isolation = 'serializable';
    ALTER ROLE fid_odd SET default_transaction_deferrable = on;
    ALTER ROLE fid_odd SET enable_tidscan = off;
    ALTER ROLE fid_odd SET enable_seqscan = off;
    ALTER ROLE fid_odd SET synchronize_seqscans = on;
    ALTER ROLE fid_odd SET quote_all_identifiers = on;
    ALTER ROLE fid_odd SET row_security = off;
    ALTER ROLE fid_odd SET bytea_output = 'escape';
    ALTER ROLE fid_odd SET xmlbinary = 'hex';
    ALTER ROLE fid_odd SET datestyle = 'SQL, DMY';
    ALTER ROLE fid_odd SET intervalstyle = 'iso_8601';
    ALTER ROLE fid_odd SET timezone = 'America/St_Johns';
    ALTER ROLE fid_odd SET lc_monetary = 'C';
    ALTER ROLE fid_odd SET extra_float_digits = -15;
    ALTER ROLE fid_odd SET search_path = 'things', 'odd names';
    ALTER ROLE fid_odd SET client_min_messages = 'log';
    CREATE ROLE fid_many SUPERUSER LOGIN;
    ALTER ROLE fid_many SET max_parallel_workers_per_gather = 8;
    ALTER ROLE fid_many SET min_parallel_table_scan_size = 0;
    ALTER ROLE fid_many SET parallel_setup_cost = 0;
    ALTER ROLE fid_many SET parallel_tuple_cost = 0"
! since 17 || sql postgres "ALTER ROLE fid_odd SET transaction_timeout = '1s'"
PGUSER=fid_odd
both fid
PGUSER=postgres
export PGTZ=Asia/Kathmandu PGDATESTYLE=SQL,MDY PGGEQO=off PGAPPNAME=other \
    PGOPTIONS='-c bytea_output=hex -c intervalstyle=sql_standard'
both fid -n types
unset PGTZ PGDATESTYLE PGGEQO PGAPPNAME PGOPTIONS
let_go

# --- encodings ------------------------------------------------------------------------

for db in side latin raw; do
	hold $db
	both $db
	both $db -E SQL_ASCII
	case $db in
	side)
		both $db -E LATIN1
		both $db -E WIN1252
		export PGCLIENTENCODING=LATIN9
		both $db
		both $db -E UTF8
		unset PGCLIENTENCODING ;;
	latin)
		both $db -E UTF8
		export PGCLIENTENCODING=SQL_ASCII
		both $db
		unset PGCLIENTENCODING ;;
	esac
	let_go
done

# --- extensions' own tables -------------------------------------------------------------

hold side
# Stock's own order is any, where a query with a condition is spread over
# processes.
PGUSER=fid_many
both side -a --exclude-table-data='config*'
PGUSER=postgres
both side -t plain
both side --exclude-table-data='config_*'
both side --enable-row-security --role=fid_plain -t secured
let_go
# As after CREATE EXTENSION: the tables are there, their rows are not.
if [ "$contrib" != 0 ]; then
	pgb-dump -j 2 --split-pages 3 -f side.dump side
	for archive in side.dump stock; do
		[ $archive != stock ] || pg_dump -Fc -f stock side
		createdb -T template0 back
		fill back fidelity-side
		psql -Xqd back -c 'DROP TABLE "Größe"."Straße"' \
		    -c 'DROP SCHEMA "Größe"' -c 'DROP TABLE
		    plain, secured' -c 'SELECT lo_unlink(7)' -c 'TRUNCATE
		    config_all, config_some, "config ""odd"" %",
		    config_parent, config_large' >fill.log
		ok "pg_restore over the extension of $archive" \
		    pg_restore --exit-on-error -j 4 -d back $archive
		pg_dump -Fc -Z0 back >back.dump
		to_sql back.dump back.sql
		sort back.sql >"back-$archive.sql"
		dropdb back
	done
	ok 'the same rows of the extension' cmp back-side.dump.sql \
	    back-stock.sql
fi

done_testing
