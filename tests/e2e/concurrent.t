#!/bin/sh
# SPDX-License-Identifier: ISC
# A dump shows one moment of a database that goes on: whatever others write,
# vacuum, reindex or change meanwhile, and however long a slow reader holds the
# dump back, it is the snapshot's, nobody deadlocks, and nobody who only reads
# and writes rows waits for it.
. "${0%/*}/../lib.sh"
. "$TOP/tests/held.sh"

pg_start max_connections=40 deadlock_timeout=200ms
cd "$SCRATCH" || exit
mkfifo gate

createdb conc
psql -Xq -v ON_ERROR_STOP=1 -d conc >fill.log 2>&1 <<'END' || bail "$(cat fill.log)"
CREATE TABLE a_small (id int PRIMARY KEY, n int, t text);
INSERT INTO a_small SELECT g, 0, g FROM generate_series(1, 2000) g;
CREATE TABLE b_big (id int PRIMARY KEY, n int, t text);
INSERT INTO b_big SELECT g, 0, repeat(md5(g::text), 8)
    FROM generate_series(1, 200000) g;
CREATE TABLE c_toast (id int PRIMARY KEY, n int, t text);
ALTER TABLE c_toast ALTER t SET STORAGE EXTERNAL;
INSERT INTO c_toast SELECT g, 0, repeat(md5(g::text), 2000)
    FROM generate_series(1, 60) g;
CREATE TABLE d_other (id int PRIMARY KEY, t text);
INSERT INTO d_other SELECT g, g FROM generate_series(1, 5000) g;
CREATE TABLE e_mid (id int PRIMARY KEY, n int, t text);
INSERT INTO e_mid SELECT g, 0, md5(g::text) FROM generate_series(1, 20000) g;
CREATE TABLE z_alter (id int PRIMARY KEY, t text);
INSERT INTO z_alter SELECT g, repeat('alter', 50)
    FROM generate_series(1, 9000) g;
CREATE TABLE z_drop AS TABLE z_alter;
CREATE TABLE z_full AS TABLE z_alter;
CREATE TABLE z_part (id int, t text) PARTITION BY RANGE (id);
CREATE TABLE z_part_1 PARTITION OF z_part FOR VALUES FROM (0) TO (5000);
CREATE TABLE z_part_2 PARTITION OF z_part DEFAULT;
INSERT INTO z_part TABLE z_alter;
CREATE TABLE z_truncate AS TABLE z_alter;
SELECT lo_from_bytea(4000, 'before');
END
createdb -T conc again

# --- what others do ------------------------------------------------------------

# writer FILE: rows inserted, changed and deleted until the file stop is there;
# who waits for a lock for 2 s has failed.
writer()
{
	t_n=$ROUND
	{
		echo "SET lock_timeout = '2s';"
		while [ ! -e stop ]; do
			t_n=$((t_n + 1))
			cat <<-END
			UPDATE a_small SET n = n + 1 WHERE id % 50 = $t_n % 50;
			UPDATE b_big SET n = n + 1, t = t || 'x'
			    WHERE id BETWEEN $t_n * 97 % 200000
			    AND $t_n * 97 % 200000 + 50;
			UPDATE c_toast SET t = 'changed' || t
			    WHERE id = $t_n % 60;
			DELETE FROM e_mid WHERE id = $t_n % 20000;
			INSERT INTO e_mid VALUES (-$t_n, 1, 'late');
			INSERT INTO b_big VALUES (-$t_n, 1, 'late');
			SELECT lo_put(4000, 0, 'after$t_n');
			\\echo round $t_n
			END
			sleep 0.01
		done
	} | psql -Xq -d "$1" >"writer.$1" 2>&1
}
rounds() { grep -c round "writer.$1"; }

# write DATABASE: a writer in the background, at work.
write()
{
	rm -f stop
	: >"writer.$1"
	ROUND=$((${ROUND:-0} + 10000))
	writer "$1" &
	WRITER=$!
	at_exit $WRITER
	await 10 grep -q round "writer.$1" || fail 'the writer is at work'
}

# written DATABASE NAME: it ends, and never had to wait.
written()
{
	t_n=$(rounds "$1")
	: >stop
	wait $WRITER
	is "$(grep -E 'ERROR|FATAL' "writer.$1" | sort | uniq -c)" '' \
	    "$2: the writer never waited ($t_n rounds)"
}

# behind DATABASE NAME SQL: a session that will have to wait; its end in
# NAME.rc.
behind()
{
	{
		PGAPPNAME=$2 psql -Xq -v ON_ERROR_STOP=1 -d "$1" -c "$3" \
		    >"$2.log" 2>&1
		echo $? >"$2.rc"
	} &
	at_exit $!
}
waiting() # COUNT of sessions that wait for a lock of a relation
{
	[ "$(sql postgres "SELECT count(*) FROM pg_locks WHERE NOT granted")" \
	    -ge "$1" ]
}

# --- a dump, held back -----------------------------------------------------------

# start DATABASE WORD...: a dump whose reader waits for the gate.
start()
{
	t_db=$1; shift
	rm -f rc out stage/dump
	{ stage dump pgb-dump -v "$@" "$t_db" 2>err; echo $? >rc; } |
	    { read -r _ <gate; cat >out; } &
	JOB=$!
	DUMP=$(stage_pid dump)
	await 1 stalled "$t_db" || fail "a dump of $t_db is held back"
}
# It has its own locks, and none of its sessions has got anything to do lately.
stalled()
{
	[ -z "$(backends '^pg_dump$')" ] || return
	t_was=$(doing "$1")
	sleep 0.5
	[ -n "$t_was" ] && [ "$t_was" = "$(doing "$1")" ]
}
doing()
{
	sql "$1" "SELECT pid, query_start FROM pg_stat_activity WHERE
	    datname = '$1' AND application_name = 'pgb-dump' ORDER BY pid"
}
# finish NAME: the reader goes on, and all is well.
finish()
{
	echo >gate
	t_left=3000
	while [ ! -s rc ] && [ $((t_left -= 1)) -gt 0 ]; do
		sleep 0.02
	done
	[ -s rc ] || { fail "$1: an end"; kill -KILL "$DUMP"; }
	wait $JOB
	RC=$(cat rc) ERR=$(cat err) RAN="pgb-dump ($1)"
	status_is 0 "$1: status 0"
	to_sql out out.sql
	is "$(cmp out.sql stock.sql 2>&1)" '' "$1: it is the snapshot's"
	is "$(pgb-verify <out 2>&1 >/dev/null | grep -v note:)" '' "$1: verified"
	is "$(passed err)" 0 "$1: nothing passed through"
}
# stock DATABASE WORD...: what stock pg_dump makes of the snapshot.
stock()
{
	t_db=$1; shift
	pg_dump -Fc -Z0 --snapshot="$SNAP" "$@" "$t_db" >stock &&
	    to_sql stock stock.sql || bail 'stock pg_dump'
}

for j in 1 2; do
	[ $j = 1 ] && db=conc || db=again
	name="-j $j"
	rm -f ./*.rc
	write $db
	hold $db
	stock $db -T d_other
	start $db -j $j -Z none --split-pages 200 --snapshot="$SNAP" -T d_other
	# The snapshot lives on in the dump's own sessions.
	let_go
	n=$(rounds $db)
	behind $db alter "ALTER TABLE z_alter ADD x float DEFAULT random()"
	behind $db truncate 'TRUNCATE z_truncate'
	behind $db drop 'DROP TABLE z_drop'
	behind $db full 'VACUUM FULL z_full'
	behind $db attach "ALTER TABLE z_part DETACH PARTITION z_part_1"
	ok "$name: who wants a change waits for the dump" await 10 waiting 5
	behind $db reindex 'REINDEX INDEX CONCURRENTLY e_mid_pkey'
	ok "$name: VACUUM of what is dumped" \
	    timeout 5 psql -Xqd $db -c 'VACUUM a_small' -c 'VACUUM c_toast'
	ok "$name: VACUUM FULL of another table" \
	    timeout 5 psql -Xqd $db -c 'VACUUM FULL d_other'
	ok "$name: REINDEX TABLE of another table" \
	    timeout 5 psql -Xqd $db -c 'REINDEX TABLE d_other'
	sleep 2.5
	ok "$name: the writer goes on" test "$(rounds $db)" -gt $((n + 20))
	is "$(find . -name '*.rc')" '' "$name: they wait still"
	finish "$name"
	for who in alter truncate drop full attach reindex; do
		await 20 test -s $who.rc
		is "$(cat $who.rc $who.log)" 0 "$name: $who: goes on after it"
	done
	written $db "$name"
done
is "$(grep -c 'deadlock detected' "$PG_LOG")" 0 'no deadlock'

# --- REINDEX, not concurrently -----------------------------------------------------

# It holds up all who write, so it must not wait for the dump: neither while the
# dump flows slowly, nor while nobody reads it at all.
write conc
hold conc
stock conc
start conc -j 2 -Z none --split-pages 100 --snapshot="$SNAP"
for index in e_mid_pkey b_big_pkey; do
	ok "held back: REINDEX INDEX $index" \
	    timeout 10 psql -Xqd conc -c "SET lock_timeout = '1500ms'" \
	    -c "REINDEX INDEX $index"
done
let_go
finish 'held back, with REINDEX'
written conc 'held back, with REINDEX'
write conc
hold conc
stock conc
rm -f rc
{ stage dump pgb-dump -v -j 2 -Z none --split-pages 100 --snapshot="$SNAP" \
    conc 2>err; echo $? >rc; } | "$BIN/helper/dribble" 65536 262144 10 >out &
JOB=$!
n=0
while [ ! -s rc ] && [ $n -lt 50 ]; do
	timeout 10 psql -Xqd conc -c "SET lock_timeout = '1500ms'" \
	    -c 'REINDEX INDEX b_big_pkey' -c 'REINDEX INDEX e_mid_pkey' \
	    >reindex.log 2>&1 || { fail "REINDEX: $(cat reindex.log)"; break; }
	n=$((n + 1))
done
wait $JOB
is "$(cat rc)" 0 "read slowly, and $n times REINDEX: status 0"
to_sql out out.sql
is "$(cmp out.sql stock.sql 2>&1)" '' "read slowly, with REINDEX: the snapshot's"
written conc 'read slowly, with REINDEX'
let_go

# --- a change between pg_dump's locks and ours --------------------------------------

# A pg_dump whose output comes only when somebody waits behind its locks.
cat >bin/late <<'END'
#!/bin/sh
[ "$1" != --version ] || exec "$LATE_ON" "$@"
[ ! -e "$PGB_SCRATCH/late" ] || exec "$LATE_ON" "$@"
: >"$PGB_SCRATCH/late"
"$LATE_ON" "$@" | {
	head -c 5
	PGAPPNAME=late psql -Xqd conc -c 'ALTER TABLE e_mid ADD late int' \
	    >"$PGB_SCRATCH/late" 2>&1 &
	until psql -XAtqd postgres -c "SELECT wait_event_type FROM
	    pg_stat_activity WHERE application_name = 'late'" | grep -q Lock; do
		sleep 0.02
	done
	cat
}
END
chmod +x bin/late
run env PGB_PGDUMP="$SCRATCH/bin/late" LATE_ON="$PGBIN/pg_dump" \
    timeout 60 pgb-dump -j 2 -Z1 conc
status_is 0 'a change that gets between: another try'
is "$(cat late)" '' 'the change was made'
cp out ours
to_sql ours out.sql
hold conc
stock conc
let_go
is "$(cmp out.sql stock.sql 2>&1)" '' 'and what it changed is dumped'

# --- a lock table too short for another session -----------------------------------------

pg_stop
pg_start max_connections=30 max_locks_per_transaction=10
createdb many
psql -Xqd many >fill.log 2>&1 <<'END'
SELECT format('CREATE TABLE t%s AS SELECT %s AS a', g, g)
    FROM generate_series(1, 250) g \gexec
-- Lock and keep the first n of the tables, or fewer, so that there is memory
-- for 30 locks more.
CREATE FUNCTION lock_some(n int, seconds int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	got int := 0;
BEGIN
	WHILE got < n LOOP
		BEGIN
			FOR i IN 221..250 LOOP
				EXECUTE 'LOCK TABLE t' || i ||
				    ' IN ACCESS SHARE MODE';
			END LOOP;
			RAISE division_by_zero;
		EXCEPTION
			WHEN division_by_zero THEN NULL;
			WHEN out_of_memory THEN EXIT;
		END;
		FOR i IN got + 1..least(got + 10, n) LOOP
			EXECUTE 'LOCK TABLE t' || i || ' IN ACCESS SHARE MODE';
		END LOOP;
		got := least(got + 10, n);
	END LOOP;
	RAISE NOTICE 'locks: %', got;
	PERFORM pg_sleep(seconds);
END $$;
END
# locker N: a session that locks N tables, at most 200; sets GOT.
locker()
{
	rm -f locked
	PGAPPNAME=locker psql -XAtqd many -c "SELECT lock_some($1, 300)" \
	    >locker.log 2>locked &
	at_exit $!
	await 10 grep -q locks: locked || bail "no locks: $(cat locked)"
	GOT=$(sed -n 's/.*locks: //p' locked)
}
unlock()
{
	sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'locker'" >locker.log
	await 10 not sql postgres "SELECT 1 / count(*) FROM pg_stat_activity
	    WHERE application_name = 'locker'"
	sleep 0.1
}
room=0
GOT=200
while [ "$GOT" = 200 ] && [ $room -lt 4600 ]; do
	locker 200
	room=$((room + GOT))
done
unlock
note "room for $((room + 30)) locks"
[ "$GOT" != 200 ] || {
	unlock
	untested 'more locks than its sessions can take'
	done_testing
}
# What is left: pg_dump's 250 and some 100 of the catalog's, and half of what
# another session would need.
room=$((room + 30 - 470))
while [ $room -gt 0 ]; do
	locker $((room < 200 ? room : 200))
	room=$((room - GOT))
	[ "$GOT" -gt 0 ] || break
done
# So little that pg_dump has written it all when we look; then more.
for rows in 1 200000; do
	sql many "INSERT INTO t1 SELECT generate_series(2, $rows)"
	pg_dump -Fc many >stock && to_sql stock stock.sql || fail 'stock pg_dump'
	for j in 1 4; do
		run timeout 60 pgb-dump -j $j many
		status_is 0 "a lock table too short, -j $j, $rows rows"
		# With so little it may have gone, and its locks with it.
		[ $rows = 1 ] || like "$ERR" 'lock table' 'is told'
		cp out ours
		to_sql ours out.sql
		is "$(cmp out.sql stock.sql 2>&1)" '' 'the same archive'
	done
done
# Somebody waits behind pg_dump, which waits for us: nobody may wait for him.
cat >bin/queued <<'END'
#!/bin/sh
[ "$1" != --version ] || exec "$LATE_ON" "$@"
"$LATE_ON" "$@" | {
	head -c 5
	# With so few locks left it may find none for itself at first.
	queued=
	while :; do
		kill -0 "${queued:-none}" 2>/dev/null || {
			PGAPPNAME=queued psql -Xqd many \
			    -c 'ALTER TABLE t210 ADD x int' </dev/null \
			    >>"$PGB_SCRATCH/queued.log" 2>&1 &
			queued=$!
		}
		psql -XAtqd postgres -c "SELECT wait_event_type FROM
		    pg_stat_activity WHERE application_name = 'queued'" |
		    grep -q Lock && break
		sleep 0.02
	done
	cat
}
END
chmod +x bin/queued
run env PGB_PGDUMP="$SCRATCH/bin/queued" LATE_ON="$PGBIN/pg_dump" \
    timeout 60 pgb-dump -j 1 -Z none many
status_is 4 'somebody waits behind a pg_dump that stays: an end'
like "$ERR" 'error: public\.t210: somebody waits to change the table' \
    'says for what' || note "$(cat queued.log)"
queued_gone() { [ -z "$(backends '^queued$')" ]; }
await 10 queued_gone
sql many 'ALTER TABLE t210 DROP COLUMN IF EXISTS x'

# pg_dump has the locks, and does not see that its session was ended.
sql many 'INSERT INTO t1 SELECT generate_series(1, 3000000)'
sql many 'INSERT INTO t99 SELECT generate_series(1, 1000)'
rm -f rc stage/dump
{ stage dump pgb-dump -j 1 -Z none many 2>err; echo $? >rc; } |
    { read -r _ <gate; cat >out; } &
JOB=$!
DUMP=$(stage_pid dump)
# Where pgb-dump waits root alone may see, since it leaves no core.
full()
{
	[ "$(id -u)" != 0 ] || { grep -q pipe_write "/proc/$DUMP/wchan"; return; }
	sql postgres "SELECT 1 FROM pg_stat_activity WHERE application_name =
	    'pgb-dump' AND wait_event = 'ClientWrite'" | grep -q 1
}
await 20 full || fail 'a dump is held back'
kept=$(backends '^pg_dump$')
like "$(cat err)" 'lock table is full: pg_dump stays' 'pg_dump stays'
sql postgres "SELECT pg_terminate_backend($kept)" >kept.log
unlock
ok 'a table is changed' timeout 5 psql -Xqd many -c 'TRUNCATE t99'
echo >gate
wait $JOB
is "$(cat rc)" 4 'the locks were lost: status 4'
like "$(cat err)" 'error: public\.t99: changed while it was read' 'names the table'
ok 'no archive' not pg_restore -f /dev/null out
unlock

done_testing
