#!/bin/sh
# SPDX-License-Identifier: ISC
# Whatever is renamed, dropped, truncated or locked just when a dump begins, or
# in its middle: it is one moment of the database, or an error; never a table
# that looks empty, another one's rows, or rows in another encoding.
. "${0%/*}/../lib.sh"
. "$TOP/tests/held.sh"

pg_start max_connections=40
cd "$SCRATCH" || exit
umask 077
mkfifo gate
export PGB_PGDUMP="$SCRATCH/bin/fake" REAL="$PGBIN/pg_dump"

# rows ARCHIVE: its COPY blocks.
rows() { pg_restore -f - "$1" | sed -n '/^COPY/,/^\\\./p'; }
# like_stock DATABASE NAME WORD...: the last run was well, and its archive is
# stock's.
like_stock()
{
	t_db=$1 t_name=$2; shift 2
	status_is 0 "$t_name: status 0"
	cp out ours
	"$REAL" -Fc -Z0 "$@" "$t_db" >stock
	to_sql ours ours.sql
	to_sql stock stock.sql
	is "$(cmp ours.sql stock.sql 2>&1)" '' "$t_name: what stock dumps"
}

# --- between the snapshot and the locks ------------------------------------------

createdb swap
psql -Xqd swap -c 'CREATE TABLE t AS SELECT g a FROM generate_series(1, 10) g' \
    -c 'CREATE TABLE u AS SELECT 100 + g a FROM generate_series(1, 3) g' \
    -c 'CREATE TABLE e (a int)'
# A pg_dump in front of which, or behind which, something happens; only the
# first time, unless ALWAYS.
cat >bin/fake <<'END2'
#!/bin/sh
[ "$1" != --version ] || exec "$REAL" "$@"
[ -e "$PGB_SCRATCH/once" ] && [ -z "${ALWAYS:-}" ] && exec "$REAL" "$@"
: >"$PGB_SCRATCH/once"
if [ "$WHEN" = before ]; then
	psql -Xqd swap -c "$SQL" >&2
	exec "$REAL" "$@"
fi
"$REAL" "$@" >"$PGB_SCRATCH/whole"
psql -Xqd swap -c "$SQL" >&2
cat "$PGB_SCRATCH/whole"
END2
chmod +x bin/fake
# between WHEN SQL: a dump, and the SQL in between.
between()
{
	export WHEN="$1" SQL="$2"
	rm -f once
	run timeout 60 pgb-dump -j 2 -Z 1 ${WORDS:-} swap
}
for when in before after; do
	between $when 'ALTER TABLE t RENAME TO x; ALTER TABLE u RENAME TO t;
	    ALTER TABLE x RENAME TO u'
	like_stock swap "$when: two names swapped"
	between $when 'CREATE TABLE n AS SELECT a + 1 AS a FROM t;
	    ALTER TABLE t RENAME TO o; ALTER TABLE n RENAME TO t'
	like_stock swap "$when: a new table in place of another"
	sql swap 'DROP TABLE o'
	between $when 'ALTER TABLE t ALTER a TYPE bigint'
	like_stock swap "$when: a new type"
	sql swap 'ALTER TABLE t ALTER a TYPE int'
done
between after 'DROP TABLE u'
like_stock swap 'after: a table dropped'
between after 'ALTER TABLE t RENAME TO renamed'
like_stock swap 'after: a table renamed'
sql swap 'ALTER TABLE renamed RENAME TO t'
WORDS=--inserts
between before 'CREATE TEMP TABLE q AS TABLE t; TRUNCATE t;
    INSERT INTO t TABLE q'
like_stock swap '--inserts: rewritten before' --inserts
WORDS=
export ALWAYS=1
between before 'BEGIN; CREATE TEMP TABLE q AS TABLE t; TRUNCATE t;
    INSERT INTO t TABLE q; COMMIT'
status_is 4 'rewritten at each attempt: status 4'
like "$ERR" '^pgb-dump: error: public\.t: rewritten' 'names the table'
ok 'no archive' not pg_restore -f /dev/null out
unset ALWAYS

# The user's snapshot.
cp bin/fake bin/twice
cat >bin/fake <<'END2'
#!/bin/sh
exec "$REAL" "$@"
END2
hold swap
sql swap 'VACUUM FULL t'
run pgb-dump --snapshot="$SNAP" swap
like_stock swap 'VACUUM FULL since the snapshot' --snapshot="$SNAP"
sql swap 'TRUNCATE t'
run pgb-dump --snapshot="$SNAP" swap
status_is 1 'TRUNCATE since the snapshot: status 1'
like "$ERR" '^pgb-dump: error: public\.t: rewritten since the snapshot' 'says so'
ok 'no archive' not pg_restore -f /dev/null out
run pgb-dump --inserts --snapshot="$SNAP" swap
status_is 1 'the same with --inserts'
ok 'no archive' not pg_restore -f /dev/null out
let_go

# --- settings outlast what fails ----------------------------------------------------

createdb set
psql -Xqd set >fill.log 2>&1 <<'END2'
CREATE ROLE lim LOGIN CONNECTION LIMIT 2;
CREATE TABLE d AS SELECT date '2024-02-01' d, interval '1 day 2 hours' i,
    0.1::float8 + 0.2 f;
CREATE TABLE e (a int);
CREATE TABLE r AS SELECT generate_series(1, 10) a;
ALTER TABLE r ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON r USING (a < 3);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO lim;
ALTER DATABASE set SET datestyle = German;
ALTER DATABASE set SET intervalstyle = sql_standard;
ALTER DATABASE set SET extra_float_digits = -5;
END2
# Nobody but the leader has a session, and it begins twice.
cat >bin/fake <<'END2'
#!/bin/sh
[ "$1" != --version ] || exec "$REAL" "$@"
[ ! -e "$PGB_SCRATCH/once" ] || exec "$REAL" "$@"
: >"$PGB_SCRATCH/once"
"$REAL" "$@" >"$PGB_SCRATCH/whole"
PGUSER=postgres psql -Xqd set -c 'TRUNCATE e; CREATE TABLE n(a int);
    DROP TABLE e; ALTER TABLE n RENAME TO e; GRANT SELECT ON e TO lim' >&2
cat "$PGB_SCRATCH/whole"
END2
rm -f once
run pgb-dump -j 2 -U lim set
status_is 5 'row security, at the second attempt: status 5'
like "$ERR" 'hint: .*--enable-row-security' 'and a hint'
rm -f once
run pgb-dump -j 2 -U lim -T r set
like_stock set 'at the second attempt' -T r

# A worker whose transaction fails goes on in the archive's encoding.
cat >bin/fake <<'END2'
#!/bin/sh
exec "$REAL" "$@"
END2
createdb enc
psql -Xqd enc -c "CREATE TABLE a_big AS SELECT g AS id, repeat(md5(g::text), 8)
    AS t FROM generate_series(1, 120000) g" \
    -c 'CREATE TABLE b_lock AS SELECT 1 AS a' \
    -c "CREATE TABLE c_text AS SELECT 'é ü ñ'::text AS t"
"$REAL" -Fc -Z0 -E LATIN1 enc >stock
{ pgb-dump -v -j 1 -Z none -E LATIN1 enc 2>err; echo $? >rc; } |
    { read -r _ <gate; cat >out; } &
JOB=$!
reading() { sql enc "SELECT 1 / count(*) FROM pg_stat_activity WHERE
    application_name = 'pgb-dump' AND query LIKE '%COPY %a_big%'"; }
await 10 reading
PGAPPNAME=behind psql -Xqd enc -c 'ALTER TABLE b_lock ADD x int' \
    >behind.log 2>&1 &
at_exit $!
queued() { sql enc 'SELECT 1 / count(*) FROM pg_locks WHERE NOT granted'; }
await 10 queued
echo >gate
wait $JOB
is "$(cat rc)" 0 'a lock that is not had, and -E: status 0'
like "$(cat err)" 'b_lock: somebody waits' 'it was not had'
is "$(rows out | md5sum)" "$(rows stock | md5sum)" 'all in the same encoding'

# --- locks of indexes -------------------------------------------------------------------

# The leader waits for an index, behind a REINDEX, which waits for a worker, which
# has made far more than was expected and waits for memory, which waits for the
# leader's task.
createdb index
psql -Xqd index -c "CREATE TABLE f AS SELECT g AS id, repeat(md5(g::text), 8) t
    FROM generate_series(1, 160000) g" \
    -c 'CREATE TABLE t (id int PRIMARY KEY, t text)' \
    -c "INSERT INTO t SELECT g, repeat(md5(g::text), 3000)
	FROM generate_series(1, 1500) g"
"$REAL" -Fc -Z0 index >stock
# A reader that takes what it is told to take.
mkfifo ctl
{ pgb-dump -v -j 2 -Z none --split-pages 60 index 2>err; echo $? >rc.i; } | {
	exec 7<>ctl
	while read -r n <&7; do
		[ "$n" != all ] || exec cat
		head -c "$n"
	done
} >out &
JOB=$!
exec 9>ctl
sleep 1
PGAPPNAME=behind psql -Xqd index -c 'ALTER TABLE t ADD x int' >behind.log 2>&1 &
at_exit $!
n=0
until grep -q 'leader reads' err || [ $((n += 1)) -gt 150 ]; do
	echo 524288 >&9
	sleep 0.1
done
sql postgres "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE
    application_name = 'behind'" >cancel.log
# Workers come to it again.
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	echo 524288 >&9
	sleep 0.1
done
PGAPPNAME=reindex psql -Xqd index -c 'REINDEX INDEX t_pkey' >reindex.log 2>&1 &
REINDEX=$!
at_exit $REINDEX
sleep 1
echo all >&9
ended() { [ -s rc.i ]; }
ok 'a leader behind a REINDEX: an end' await 60 ended
is "$(cat rc.i)" 0 'status 0'
# Before 14 there are no ranges.
[ "$PG_MAJOR" -lt 14 ] ||
    like "$(cat err)" 'public\.t: somebody has an index' 'it did wait'
ok 'and REINDEX too' await 10 gone $REINDEX
exec 9>&-
wait $JOB
is "$(rows out | md5sum)" "$(rows stock | md5sum)" 'the same rows'

# --- what pg_dump may write ----------------------------------------------------------------

cat >bin/fake <<'END2'
#!/bin/sh
[ "$1" != --version ] || exec "$REAL" "$@"
exec "$REAL" "$@" -Z0
END2
run pgb-dump -v -Z 1 swap
like_stock swap 'an archive that is compressed in another way'
like "$ERR" 'passing on .* compressed in another way' 'is passed on'
cat >bin/fake <<'END2'
#!/bin/sh
[ "$1" != --version ] || exec "$REAL" "$@"
"$REAL" "$@" | perl -0777 -pe 'substr($_, 6, 1) = "\x63"'
END2
run pgb-dump -v swap
status_is 0 'an archive of a later version'
like "$ERR" '^pgb-dump: warning: swap: .* version 1\.99' 'with a warning'
is "$(head -c 7 out | od -An -tx1)" "$(printf 'PGDMP\001\143' | od -An -tx1)" \
    'is passed on'
cat >bin/fake <<'END2'
#!/bin/sh
[ "$1" != --version ] || exec "$REAL" "$@"
"$REAL" "$@" | perl -0777 -pe 'substr($_, 6, 1) = "\x63"'
exit 1
END2
pgb-dump swap 2>err | pgb-ship --raw --sink later.dump >record 2>&1
ok 'but only if pg_dump ended well' test ! -e later.dump

# --- passed on, but not alone ------------------------------------------------------------------

cat >bin/fake <<'END2'
#!/bin/sh
exec "$REAL" "$@"
END2
{ pgb-dump --inserts --max-blocking=1 index 2>err; echo $? >rc; } |
    { read -r _ <gate; cat >out; } &
JOB=$!
await 20 sh -c 'test -n "$(psql -XAtqd postgres -c "SELECT 1 FROM
    pg_stat_activity WHERE application_name = '"'pg_dump'"' AND
    query LIKE '"'FETCH%'"'")"'
PGAPPNAME=behind psql -Xqd index -c 'ALTER TABLE t ADD x int' >behind.log 2>&1 &
at_exit $!
ok '--inserts: who waits is told' await 20 grep -q 'warning: .* has waited' err
echo >gate
wait $JOB
is "$(cat rc)" 0 'and the dump goes on'

# Nobody reads, and pg_dump waits for a lock.
PGAPPNAME=locker psql -Xqd swap -c 'BEGIN' -c 'LOCK TABLE t' \
    -c 'SELECT pg_sleep(60)' >locker.log 2>&1 &
at_exit $!
locked() { sql swap "SELECT 1 / count(*) FROM pg_locks WHERE
    mode = 'AccessExclusiveLock' AND granted"; }
await 10 locked
for words in '-j 2' --inserts; do
	# shellcheck disable=SC2086
	{ pgb-dump $words swap 2>err; echo $? >rc.gone; } | :
	is "$(cat rc.gone)" 3 "$words: no reader, and a lock in the way"
done
ok 'without waiting for it' locked

done_testing
