#!/bin/sh
# SPDX-License-Identifier: ISC
# A hot standby is dumped as stock pg_dump does it, while it follows its primary
# and when it is promoted.  Where it may not wait for the dump, or is shut down,
# the dump ends with status 4, one line that says so, and no archive.
. "${0%/*}/../lib.sh"
umask 077
. "$TOP/tests/held.sh"

STANDBY=5433
pg_start wal_level=replica max_wal_senders=4 synchronous_commit=on
cd "$SCRATCH" || exit
mkfifo gate
mkdir gated

pg_fill appdb 1
psql -Xq -v ON_ERROR_STOP=1 -d appdb >fill.log 2>&1 <<'END' || bail "$(cat fill.log)"
CREATE TABLE many (id int PRIMARY KEY, t text);
INSERT INTO many SELECT g, md5(g::text) FROM generate_series(1, 30000) g;
CREATE UNLOGGED TABLE quick AS TABLE many;
CREATE TABLE quick_too () INHERITS (quick);
CREATE MATERIALIZED VIEW seen AS SELECT * FROM many WHERE id % 100 = 1;
INSERT INTO quick_too TABLE seen;
END
createdb held
psql -Xq -v ON_ERROR_STOP=1 -d held >fill.log 2>&1 <<'END' || bail "$(cat fill.log)"
CREATE TABLE a_small (id int PRIMARY KEY, n int);
INSERT INTO a_small SELECT g, 0 FROM generate_series(1, 2000) g;
CREATE TABLE b_big (id int PRIMARY KEY, n int, t text);
INSERT INTO b_big SELECT g, 0, repeat(md5(g::text), 8)
    FROM generate_series(1, 200000) g;
CREATE TABLE z_alter (id int PRIMARY KEY, t text);
INSERT INTO z_alter SELECT g, repeat('alter', 50)
    FROM generate_series(1, 9000) g;
CREATE TABLE z_drop AS TABLE z_alter;
CREATE TABLE z_truncate AS TABLE z_alter;
END
createdb lots
psql -Xq -d lots >fill.log 2>&1 <<'END'
CREATE TABLE aged AS SELECT generate_series(1, 100) AS a;
SELECT format('CREATE TABLE t%s AS SELECT %s AS a', g, g)
    FROM generate_series(1, 1500) g \gexec
END

# --- the standby --------------------------------------------------------------

standby_start()
{
	cd "$PGHOST" || bail 'no cluster'
	as_user nobody setpriv --pdeathsig INT "$PGBIN/postgres" -D standby \
	    -k "$PGHOST" -p "$STANDBY" -c listen_addresses= -c fsync=off \
	    -c hot_standby_feedback=off </dev/null >>"$SCRATCH/standby.log" 2>&1 &
	STANDBY_PID=$!
	cd "$SCRATCH" || exit
	await 30 "$PGBIN/pg_isready" -q -p "$STANDBY" -d postgres ||
	    bail "the standby did not start: $(tail -n 5 standby.log)"
}
standby_stop()
{
	[ -n "${STANDBY_PID:-}" ] || return 0
	t_pid=$(head -n 1 "$PGHOST/standby/postmaster.pid" 2>/dev/null)
	kill -INT "${t_pid:-$STANDBY_PID}" 2>/dev/null
	await 10 gone "${t_pid:-$STANDBY_PID}" || kill_tree "$STANDBY_PID" KILL
	wait "$STANDBY_PID" 2>/dev/null
	STANDBY_PID=
}
# Before the primary, and gently too.
trap 'standby_stop; quit' EXIT
for signal in INT TERM HUP; do
	# shellcheck disable=SC2064
	trap "standby_stop; quit_signal $signal" "$signal"
done

as_user nobody "$PGBIN/pg_basebackup" -D "$PGHOST/standby" -R -c fast --no-sync \
    >backup.log 2>&1 || bail "pg_basebackup: $(tail -n 5 backup.log)"
standby_start
# All that follows is asked of the standby, but what goes by this.
PRIMARY=$PGPORT
PGPORT=$STANDBY
primary()
{
	t_db=$1; shift
	for t_sql; do
		psql -XAtq -v ON_ERROR_STOP=1 -p "$PRIMARY" -d "$t_db" \
		    -c "$t_sql" 2>primary.err || bail "$t_sql: $(cat primary.err)"
	done
}
# marked: where the primary is now.  replayed LSN: so is the standby.
marked() { primary postgres "SELECT pg_logical_emit_message(true, '', '')"; }
replayed()
{
	[ "$(sql postgres "SELECT pg_last_wal_replay_lsn() > '$1'")" = t ]
}
caught_up() { await 20 replayed "$(marked)" || fail 'the standby follows'; }
# may_wait TIME: for how long it may wait for a dump.
may_wait()
{
	sql postgres "ALTER SYSTEM SET max_standby_streaming_delay = '$1'"
	sql postgres 'SELECT pg_reload_conf()' >reload
	await 10 eval \
	    "[ \"\$(sql postgres 'SHOW max_standby_streaming_delay')\" = '$1' ]"
}

caught_up
is "$(sql postgres 'SELECT pg_is_in_recovery()')" t 'a hot standby'

# --- the same archive ---------------------------------------------------------

# same NAME WORD...: a dump of appdb; it is stock's.
same()
{
	t_name=$1; shift
	run pgb-dump -v "$@" appdb
	status_is 0 "$t_name: status 0"
	cp out ours
	to_sql ours ours.sql
	is "$(cmp ours.sql stock.sql 2>&1)" '' "$t_name: what stock pg_dump has"
	is "$(entries ours)" "$(entries stock)" "$t_name: the same entries"
	is "$(passed err)" 0 "$t_name: nothing passed through"
}

# A snapshot that has become old.
may_wait -1
hold appdb
pg_dump -Fc -Z0 --snapshot="$SNAP" appdb >stock && to_sql stock stock.sql ||
    bail 'stock pg_dump'
primary appdb 'INSERT INTO quick SELECT generate_series(-9, -1)' \
    "UPDATE many SET t = 'late' WHERE id % 3 = 1" \
    'DELETE FROM many WHERE id % 3 = 2' 'REFRESH MATERIALIZED VIEW seen' \
    "SELECT lo_from_bytea(9999, 'late')" >late
await 1 replayed "$(marked)" || note 'the standby waits'
primary appdb 'VACUUM many'
for j in 1 2; do
	same "-j $j" -j $j --snapshot="$SNAP"
	same "-j $j, split" -j $j --split-pages 7 -Z none --snapshot="$SNAP"
done
like "$(entries ours)" ' TABLE public quick ' 'an unlogged table is there'
unlike "$(entries ours)" ' TABLE DATA public quick ' 'but its data are not'
like "$(entries ours)" ' TABLE DATA public quick_too ' "its child's are"
let_go
caught_up

# Snapshots of their own, of one moment.
sql postgres 'SELECT pg_wal_replay_pause()' >paused
await 10 eval "sql postgres 'SELECT pg_is_wal_replay_paused()' | grep -q t"
primary appdb 'DELETE FROM many WHERE id % 7 = 1'
pg_dump -Fc -Z0 appdb >stock && to_sql stock stock.sql || bail 'stock pg_dump'
same 'replay paused'
sql postgres 'SELECT pg_wal_replay_resume()' >paused
caught_up

# --- what a standby cannot do -------------------------------------------------

run pg_dump -Fc --serializable-deferrable appdb
ok '--serializable-deferrable: stock refuses' test "$RC" != 0
run pgb-dump --serializable-deferrable appdb
status_is '2 5' '--serializable-deferrable: so do we'
like "$ERR" '^pgb-dump: error: appdb: cannot use serializable.* hot standby' \
    'and say why'
is "$(grep -c error: err)" 1 'in one line'
is "$OUT" '' 'without output'

# --- a dump, held back --------------------------------------------------------

# start WORD...: a dump of held whose reader waits for the gate.
start()
{
	rm -f rc out stage/dump
	{ stage dump pgb-dump -v "$@" held 2>err; echo $? >rc; } |
	    { read -r _ <gate; cat >out; } &
	JOB=$!
	DUMP=$(stage_pid dump)
	await 1 stalled || fail "$*: a dump is held back"
}
stalled()
{
	[ -z "$(backends '^pg_dump$')" ] || return
	t_was=$(doing)
	sleep 0.4
	[ -n "$t_was" ] && [ "$t_was" = "$(doing)" ]
}
doing()
{
	sql postgres "SELECT pid, query_start FROM pg_stat_activity WHERE
	    application_name = 'pgb-dump' ORDER BY pid"
}
# finish NAME: the reader goes on.  Sets RC and ERR.
finish()
{
	echo >gate
	t_left=1500
	while [ ! -s rc ] && [ $((t_left -= 1)) -gt 0 ]; do
		sleep 0.02
	done
	[ -s rc ] || { fail "$1: an end"; kill -KILL "$DUMP"; }
	wait $JOB
	RC=$(cat rc) RAN="pgb-dump ($1)"
	told
}
# told: what it said, but for what it did.
told() { ERR=$(grep -E '^pgb-dump: (pg_dump: )?(error|hint|warning):' err); }
whole() # NAME
{
	status_is 0 "$1: status 0"
	to_sql out out.sql
	is "$(cmp out.sql stock.sql 2>&1)" '' "$1: what stock pg_dump has"
	is "$(passed err)" 0 "$1: nothing passed through"
}
stock()
{
	pg_dump -Fc -Z0 "$@" held >stock && to_sql stock stock.sql ||
	    bail 'stock pg_dump'
}
# change: on the primary, what cannot be had while others read.
change()
{
	primary held 'ALTER TABLE z_alter ADD x float DEFAULT random()' \
	    'TRUNCATE z_truncate' "DELETE FROM a_small WHERE id % 50 = $1" \
	    'VACUUM a_small'
}
# The process that replays, waiting for somebody's lock.
replay_waits()
{
	sql postgres 'SELECT 1 FROM pg_locks l JOIN pg_stat_activity USING (pid)
	    WHERE NOT granted AND backend_type = $$startup$$' | grep -q 1
}

# --- where it may wait --------------------------------------------------------

n=1
for how in '-j 1 --no-split' '-j 2 --split-pages 200'; do
	name="it may wait, $how"
	hold held
	stock --snapshot="$SNAP"
	# shellcheck disable=SC2086
	start $how -Z none --snapshot="$SNAP"
	let_go
	change $n
	ok "$name: it waits" await 10 replay_waits
	finish "$name"
	whole "$name"
	caught_up
	is "$(sql held 'SELECT count(x) FROM z_alter')|$(sql held \
	    'SELECT count(*) FROM z_truncate')" '9000|0' \
	    "$name: what has changed comes after it"
	primary held 'ALTER TABLE z_alter DROP x' \
	    'INSERT INTO z_truncate SELECT id, t FROM z_alter'
	n=$((n + 1))
done

# --- a change between pg_dump's locks and ours --------------------------------

# gated WORD...: a dump of held whose pg_dump has its locks, and waits.
export GATE_REAL="$PGBIN/pg_dump" GATE_AT=5 GATE_DIR="$SCRATCH/gated"
gated()
{
	rm -f gated/*
	PGB_PGDUMP="$BIN/helper/gate" pgb-dump -v "$@" held >out 2>err &
	JOB=$!
	await 10 test -e gated/reached || fail 'pg_dump is at the gate'
}
# ungated NAME: it goes on.  Sets RC and ERR.
ungated()
{
	: >gated/go
	wait $JOB
	RC=$? RAN="pgb-dump ($1)"
	told
}

name='a change that gets between'
gated -j 2 -Z none
change $n
ok "$name: replay waits" await 10 replay_waits
ungated "$name"
caught_up
stock
whole "$name"
is "$(grep -c 'snapshot [0-9A-F]*-' err)" 2 "$name: another try"

# --- where it may not ---------------------------------------------------------

# ended NAME: for the standby's sake.
ended()
{
	status_is 4 "$1: status 4"
	is "$(grep -c '^pgb-dump: error:' err)" 1 "$1: one error line"
	like "$ERR" '^pgb-dump: hint: .*max_standby_streaming_delay' \
	    "$1: and what to do"
	ok "$1: no archive" not pg_restore -f /dev/null out
}
# in_the_way: replay has come to a change, and has ended whom it could.  Who
# waits for our reader sees that later.
in_the_way() { await 1 replayed "$(marked)" || note 'the standby waits'; }
# vacuum DATABASE TABLE COLUMN: rows that every dump sees until now go.
vacuum()
{
	n=$((n + 1))
	primary "$1" "DELETE FROM $2 WHERE $3 % 50 = $n" "VACUUM $2"
}

may_wait 0
for how in '-j 1 --no-split' '-j 2 --split-pages 200'; do
	# shellcheck disable=SC2086
	start $how -Z none
	vacuum held a_small id
	in_the_way
	finish "VACUUM, $how"
	ended "VACUUM, $how"
done
for sql in 'ALTER TABLE z_alter DROP x' 'DROP TABLE z_drop'; do
	start -j 2 -Z none
	primary held "$sql"
	in_the_way
	finish "$sql"
	ended "$sql"
done

# Before the first byte.
gated -j 2 -Z none
vacuum held a_small id
in_the_way
ungated 'VACUUM at the beginning'
ended 'VACUUM at the beginning'

# While sessions change from one snapshot to the next: the one that has it ends
# first, and what they say then is not why.  Once the dump may be quicker.
reads_lots()
{
	sql postgres "SELECT 1 FROM pg_stat_activity WHERE
	    application_name = 'pgb-dump' AND query LIKE '%COPY public.t%'" |
	    grep -q 1
}
# lots JOBS COMMAND...: a dump of lots of tables, and in the middle the command.
lots()
{
	t_jobs=$1; shift
	RC=0 t_tries=12
	while [ "$RC" = 0 ] && [ $t_tries -gt 0 ]; do
		pgb-dump -j "$t_jobs" -Z none lots >out 2>err &
		JOB=$!
		await 10 reads_lots
		"$@"
		wait $JOB
		RC=$? RAN="pgb-dump -j $t_jobs lots" t_tries=$((t_tries - 1))
		caught_up
	done
	told
}
for j in 1 2; do
	lots $j vacuum lots aged a
	ended "lots of tables, -j $j"
done
may_wait -1

# --- an end in the middle -----------------------------------------------------

for how in '-j 1 --no-split' '-j 2 --split-pages 200'; do
	name="shut down, $how"
	# shellcheck disable=SC2086
	start $how -Z none
	standby_stop
	finish "$name"
	status_is 4 "$name: status 4"
	is "$(grep -c '^pgb-dump: error:' err)" 1 "$name: one error line"
	ok "$name: no archive" not pg_restore -f /dev/null out
	standby_start
done
caught_up

end_leader()
{
	sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'pgb-dump' AND query NOT LIKE '%COPY %'" \
	    >leader.log
}
for j in 1 2; do
	name="the session that has the snapshot ended, -j $j"
	lots $j end_leader
	status_is 4 "$name: status 4"
	is "$(grep -c '^pgb-dump: error:' err)" 1 "$name: one error line"
	ok "$name: no archive" not pg_restore -f /dev/null out
done

# A promotion ends no session.
hold held
stock --snapshot="$SNAP"
start -j 2 --split-pages 50 -Z none --snapshot="$SNAP"
let_go
is "$(sql postgres 'SELECT pg_promote()')" t 'promoted'
sql held "UPDATE a_small SET n = 1"
sql held "UPDATE b_big SET t = 'late' WHERE id % 9 = 1"
finish 'promoted in the middle'
whole 'promoted in the middle'

done_testing
