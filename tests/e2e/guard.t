#!/bin/sh
# SPDX-License-Identifier: ISC
# A dump shows how far it is, tells who waits for its locks and when nobody reads
# it, ends for them if asked, and goes on with fewer sessions than it wanted.
. "${0%/*}/../lib.sh"

pg_start max_connections=12 superuser_reserved_connections=0
cd "$SCRATCH" || exit
mkfifo gate
createdb guard
psql -Xqd guard -c "CREATE TABLE big AS SELECT g AS id, md5(g::text) ||
    md5((-g)::text) AS sum FROM generate_series(1, 500000) g" \
    -c 'CREATE TABLE small AS SELECT 1 AS a'

# start WORD...: a dump whose reader waits for the gate.
start()
{
	rm -f rc out err stage/dump
	{ stage dump pgb-dump -Z none "$@" guard 2>err; echo $? >rc; } |
	    { read -r _ <gate; cat >out; } &
	JOB=$!
	DUMP=$(stage_pid dump)
	await 10 working || fail 'a dump that is held back'
}
# It has all its locks: pg_dump has gone, and rows were read.
working()
{
	[ -z "$(backends '^pg_dump$')" ] && [ "$(sql guard "SELECT count(*)
	    FROM pg_stat_activity WHERE application_name = 'pgb-dump'
	    AND query LIKE '%COPY %'")" -gt 0 ]
}
# finish: the reader goes on; sets RC and ERR.
finish()
{
	echo >gate
	wait $JOB
	RC=$(cat rc) ERR=$(cat err) RAN="pgb-dump"
}
# behind: a session that wants to change the table small, in the background.
behind()
{
	PGAPPNAME=behind psql -Xqd guard -c 'ALTER TABLE small ADD x int' \
	    >behind.log 2>&1 &
	BEHIND=$!
	at_exit $BEHIND
}

# --- who waits -----------------------------------------------------------------

for j in 1 2; do
	start -j $j --max-blocking=1
	behind
	ok "-j $j: a session that waits is told" \
	    await 20 grep -q '^pgb-dump: warning: .*process' err
	pid=$(backends '^behind$')
	finish
	status_is 0 'and the dump goes on'
	wait $BEHIND
	is "$?" 0 'and so does the session, after it'
	is "$(grep -c '^pgb-dump:' err)" 1 'once'
	like "$ERR" "process $pid has waited [0-9]+ s for a lock on public.small" \
	    'who, for how long, and for what'
	like "$ERR" 'AccessExclusiveLock; snapshot [0-9]+ s old' \
	    'which lock, and how old the snapshot is'
	ok 'a whole archive' pg_restore -f /dev/null out
	sql guard 'ALTER TABLE small DROP x'
done

start -j 2 --max-blocking=1 --abort-blocking
behind
ok 'asked to, the dump ends, though nobody reads' await 20 test -s rc
ok 'and the session goes on' await 5 gone $BEHIND
finish
status_is 4 'status 4'
is "$(grep -c '^pgb-dump: error:' err)" 1 'in one line'
like "$ERR" 'process [0-9]+ has waited .* on public.small' 'that says why'
ok 'no archive' not pg_restore -f /dev/null out
sql guard 'ALTER TABLE small DROP x'

start -j 2 --max-blocking=0
behind
sleep 5
finish
status_is 0 '--max-blocking=0'
wait $BEHIND
is "$ERR" '' 'never minds'
sql guard 'ALTER TABLE small DROP x'

# --- sessions --------------------------------------------------------------------

# Two sessions are ours, one is pg_dump's, one is a worker's.
for n in 1 2 3 4 5 6 7 8; do
	PGAPPNAME=crowd psql -Xqd postgres -c 'SELECT pg_sleep(100)' \
	    >crowd.log 2>&1 &
	at_exit $!
done
crowded() { [ "$(backends '^crowd$' | wc -l)" = 8 ]; }
await 10 crowded || fail 'a crowd'
run pgb-dump -j 8 -Z 1 guard
status_is 0 'few sessions left'
like "$ERR" 'note: guard: [1-3] of 8 workers: .*no connection' 'is told'
ok 'a whole archive' pg_restore -f /dev/null out
run pgb-dump -j 8 --inserts -t small guard
status_is 0 'and nobody needs workers for what is passed through'
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'crowd'" >crowd.log

# --- nobody reads -------------------------------------------------------------------

start -j 2
ok 'nobody reads for a minute: a warning' await 90 grep -q warning: err
like "$(cat err)" 'nobody has read from us for 60 s.*snapshot is [0-9]+ s old' \
    'that says so'
finish
status_is 0 'and when it is read, the dump goes on'
like "$ERR" 'note: the archive is read again' 'and says so'
ok 'a whole archive' pg_restore -f /dev/null out

# --- progress ------------------------------------------------------------------------

run pgb-dump --progress -j 2 -Z 1 guard
status_is 0 '--progress'
like "$ERR" '^pgb-dump: 100% ' 'the last line'
run pgb-dump -j 2 -Z 1 guard
unlike "$ERR" '%' 'where stderr is no terminal: only if asked for'
# A terminal: one line, redrawn and wiped; also within a table that is not cut.
TERM=xterm script -qefc 'pgb-dump -j 1 --no-split -Z none guard |
    { head -c 10000000; read -r _ <gate; cat; } >term.out' /dev/null >term.log 2>&1 &
job=$!
drawn()
{
	tr '\r' '\n' <term.log |
	    grep -Eq 'pgb-dump: +[1-9][0-9]?% public\.big .*MB/s'
}
ok 'a terminal: percent, table, speed' await 30 drawn
timeout 30 sh -c 'echo >gate'
wait "$job"
ok 'a terminal: a whole archive' pg_restore -f /dev/null term.out

done_testing
