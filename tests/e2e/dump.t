#!/bin/sh
# SPDX-License-Identifier: ISC
# pgb-dump writes what stock pg_dump would, under one snapshot, and ends with
# status 0 only for a whole archive; whatever else happens is said in one line
# that names it, with the status that tells whether a retry can help.
. "${0%/*}/../lib.sh"
umask 077
. "$TOP/tests/same.sh"

need pgrep perl script
pg_start max_connections=20
pg_fill appdb 6
cd "$SCRATCH" || exit
mkfifo hold

# plain FILE: the archive as SQL, less what differs in every run.
plain() { pg_restore -f - "$1" | grep -Ev '^\\(un)?restrict '; }
# toc FILE: its entries, without the IDs, which count what was left out too.
toc() { pg_restore -l "$1" | sed -n 's/^[0-9]*; [0-9]* [0-9]* //p'; }

# --- the same archive -------------------------------------------------------

run pgb-dump appdb
status_is 0 'a dump'
is "$ERR" '' 'without a word'
cp out ours
pg_dump -Fc appdb >stock
plain ours >ours.sql
plain stock >stock.sql
ok 'it holds what stock pg_dump writes' cmp ours.sql stock.sql
createdb back
ok 'stock pg_restore restores it' pg_restore --exit-on-error -d back ours
is "$(db_print back)" "$(db_print appdb)" 'the same rows and large objects'
is "$(db_schema back)" "$(db_schema appdb)" 'the same schema'
dropdb back
pgb-dump appdb | cat >piped
plain piped >piped.sql
ok 'through a pipe it is the same' cmp piped.sql stock.sql

# --- options handed on ------------------------------------------------------

both()
{
	run pgb-dump "$@" appdb
	status_is 0 "pgb-dump $*"
	cp out a
	pg_dump -Fc "$@" appdb >b
	plain a >a.sql
	plain b >b.sql
	ok "pgb-dump $*: as pg_dump" cmp a.sql b.sql
	is "$(toc a)" "$(toc b)" "pgb-dump $*: the same entries"
}
both -s
both -a
both -n shop -x -O
both -N archive --no-comments
both -t shop.customers -t shop.products
both -T 'shop.order*' --exclude-table-data=shop.products
both --exclude-table-data='shop.*' --section=pre-data
both --inserts --rows-per-insert=10 -t shop.products
both -Z 0 -c -C --if-exists
both -B -E UTF8 --quote-all-identifiers
both -b --column-inserts --on-conflict-do-nothing -t shop.products

# The words themselves, as the child gets them.
cat >bin/spy <<'END'
#!/bin/sh
[ "$1" = --version ] || for word; do printf '%s\n' "$word"; done >"$SPY"
exec "$SPY_ON" "$@"
END
chmod +x bin/spy
export SPY="$SCRATCH/words" SPY_ON="$PGBIN/pg_dump"
run env PGB_PGDUMP="$SCRATCH/bin/spy" pgb-dump --strict-names \
    --table 'shop.c*' -Z1 --exclude-table-data "it's a b" appdb
status_is 0 'PGB_PGDUMP is run'
is "$(head -n 3 words)" "--strict-names
--table=shop.c*
--exclude-table-data=it's a b" 'with the words as they were given'
ok 'and the compression in its own syntax' grep -q '^--compress=.*1$' words
like "$(cat words)" '^--snapshot=' 'and our snapshot'

# --- refused by name --------------------------------------------------------

refused()
{
	t_want=$1; shift
	run pgb-dump "$@" appdb
	status_is 2 "pgb-dump $*: status 2"
	like "$ERR" "^pgb-dump: error: $t_want" "pgb-dump $*: names it"
	is "$(grep -c error: err)" 1 "pgb-dump $*: in one line"
	is "$OUT" '' "pgb-dump $*: no output"
}
refused '--jobs 0: ' -j 0
refused '--jobs x: ' --jobs x
refused '--compress=lzma: ' -Z lzma
[ "$PG_MAJOR" -ge 16 ] || refused '--compress=zstd: ' -Z zstd:3
refused '-F d: ' -Fd
refused '-F plain: ' --format=plain
refused '-g: ' -g
refused '--no-sync: ' --no-sync
refused '--sync-method: ' --sync-method=fsync
refused '--no-synchronized-snapshots: ' --no-synchronized-snapshots
refused '--restrict-key: ' --restrict-key=x
refused '--nonsense: ' --nonsense
refused 'appdb: ' -d appdb
refused '--report: ' --list --report=x
refused '-s: ' --list -s
refused '-t: ' --globals -t x
refused '-w and -W' -w -W
refused '--serializable-deferrable: ' --serializable-deferrable --snapshot=x
run pgb-dump -Fc -s appdb
status_is 0 '-Fc is what it does anyway'
run script -qec 'pgb-dump appdb' /dev/null
status_is 2 'an archive to a terminal is refused'
like "$OUT" 'stdout is a terminal' 'and it says so'

# An option that this pg_dump does not have is refused by it.
if [ "$PG_MAJOR" -lt 18 ]; then
	run pgb-dump --statistics appdb
	status_is 2 'an option of a later pg_dump'
	like "$ERR" "pg_dump: unrecognized option '--statistics'" \
	    "pg_dump's own words"
fi

# --- what can go wrong at the other end -------------------------------------

# fails STATUS ERE NAME COMMAND...
fails()
{
	t_status=$1 t_ere=$2 t_name=$3; shift 3
	run "$@"
	status_is "$t_status" "$t_name: status $t_status"
	like "$ERR" "$t_ere" "$t_name: says so"
	is "$(grep -c '^pgb-dump: error:' err)" 1 "$t_name: one error line"
	is "$(grep -c FATAL err)" 0 "$t_name: no code or class"
	ok "$t_name: no archive" not pg_restore -f /dev/null out
}
fails 5 "$(words 'database "nope" does not exist' \
    'Datenbank »nope« existiert nicht')" 'unknown database' pgb-dump nope
fails 5 "$(words 'role "nobody9" does not exist' \
    'Rolle »nobody9« existiert nicht')" 'unknown role' pgb-dump -U nobody9 appdb
fails 4 'No such file or directory' 'server down' \
    pgb-dump -h "$SCRATCH/home" appdb
fails 4 'Connection refused' 'nobody listens' \
    pgb-dump -h 127.0.0.1 -p 1 appdb
fails '4 5' 'could not translate host name' 'unknown host' \
    pgb-dump -h nosuch.invalid appdb
fails 2 'invalid connection option "nonsense"' 'a bad conninfo string' \
    pgb-dump 'host=x nonsense=1'
fails 2 'invalid .*port' 'a bad port' pgb-dump -p 0x appdb
fails 2 'service .*not found' 'an unknown service' \
    pgb-dump service=nope
fails 5 'pg_dump: error: no matching tables' 'no such table' \
    pgb-dump -t nosuch appdb
# Who may not choose the server's language has pg_dump's status alone.
fails "$(words 5 1)" "pg_dump: error: .*$(words 'permission denied' \
    'keine Berechtigung')" 'a role without rights' \
    sh -c 'psql -qd appdb -c "CREATE ROLE weak LOGIN" && pgb-dump -U weak appdb'
fails 4 "$(words 'too many connections' 'zu viele Verbindungen')" \
    'a database full of connections' sh -c '
    psql -qd postgres -c "CREATE DATABASE busy CONNECTION LIMIT 0" \
	-c "CREATE ROLE plain LOGIN" && pgb-dump -U plain busy'
sql postgres 'DROP DATABASE busy'
fails 2 'invalid snapshot identifier|could not import' 'a bad snapshot' \
    pgb-dump --snapshot=x appdb

# A mute server: connect_timeout counts; a signal too.
cat >mute.pl <<'END'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1:0');
open my $f, '>', 'port.new'; print $f $s->sockport; close $f;
rename 'port.new', 'port';
while (my $c = $s->accept) { push @c, $c }
END
perl mute.pl &
mute=$!
at_exit $mute
await 10 test -s port
fails 4 'timeout expired' 'a server that says nothing' pgb-dump \
    "host=127.0.0.1 port=$(cat port) connect_timeout=2 sslmode=disable"
stage mute pgb-dump "host=127.0.0.1 port=$(cat port)" >out 2>err &
pid=$!
kill -TERM "$(stage_pid mute)"
wait "$pid"
is $? 143 'a signal ends the wait for it'
kill $mute

# --- passwords --------------------------------------------------------------

sql postgres "SET password_encryption = 'scram-sha-256';
    CREATE ROLE secretary LOGIN SUPERUSER PASSWORD 'open sesame'"
hba=$PGHOST/data/pg_hba.conf
{ echo 'local all secretary scram-sha-256'; cat "$hba"; } >hba
cat hba >"$hba"
sql postgres 'SELECT pg_reload_conf()' >reload
await 10 not psql -qwd 'dbname=appdb user=secretary' -c 'SELECT 1'
uri="postgresql://secretary@/appdb?host=$PGHOST"

fails 5 "$(words 'password auth.* failed' 'Passwort-Auth.* fehlgeschlagen')" \
    'wrong password' \
    env PGPASSWORD=wrong pgb-dump "$uri"
like "$ERR" 'hint: .*PGPASSFILE' 'and how to give it'
fails 5 'no password supplied' 'no password, and -w' pgb-dump -w "$uri"
fails 5 'no password supplied' 'no password, and no terminal' \
    setsid -w pgb-dump "$uri"
fails 2 'no terminal' '-W without a terminal' setsid -w pgb-dump -W "$uri"
run env PGPASSWORD='open sesame' pgb-dump -s "$uri"
status_is 0 'PGPASSWORD'
echo '*:*:*:secretary:open sesame' >"$HOME/.pgpass"
chmod 600 "$HOME/.pgpass"
run pgb-dump -s "$uri"
status_is 0 'PGPASSFILE'
rm "$HOME/.pgpass"
cat >"$HOME/.pg_service.conf" <<END
[office]
host=$PGHOST
user=secretary
password=open sesame
dbname=appdb
END
run pgb-dump -s service=office
status_is 0 'a service, password and all'
run env PGSERVICE=office pgb-dump -s
status_is 0 'PGSERVICE'
{ await 10 grep -q 'Password for user secretary: ' typescript
    echo 'open sesame'; await 10 test -s typed; } |
    script -qefc "pgb-dump -s '$uri' >typed" typescript >out 2>err
is $? 0 'a password typed at the terminal'
is "$(grep -c sesame typescript)" 0 'is not shown'
ok 'a whole archive' pg_restore -f /dev/null typed

# The child's command line is public.
uri="postgresql://secretary:open%20sesame@/appdb?host=$PGHOST"
# It waits for a table, so that it can be seen.
mkfifo seen
psql -Xqd appdb -c BEGIN -c 'LOCK TABLE shop.orders' \
    -c '\! echo >locked; read -r _ <seen' -c COMMIT &
locker=$!
await 10 test -s locked
stage uri pgb-dump "$uri&sslpassword=hush" 2>err |
    { read -r _ <hold; cat >out; } &
job=$!
dump=$(stage_pid uri)
children()
{
	for t_pid in $(pgrep -P "$1"); do
		tr '\0' '\n' <"/proc/$t_pid/cmdline"
	done
}
sees_child() { children "$1" >cmdline; grep -q -e --dbname cmdline; }
await 20 sees_child "$dump"
echo >seen
echo >hold
wait "$job" "$locker"
like "$(cat cmdline)" '^--dbname=.*user=.secretary' 'the child was seen'
unlike "$(cat cmdline)" 'sesame|hush' 'without any password'
ok 'the archive is whole' pg_restore -f /dev/null out

# --- one snapshot -----------------------------------------------------------

cat >bin/late <<'END'
#!/bin/sh
[ "$1" = --version ] || psql -Xqd appdb -c "INSERT INTO shop.products
    (sku, title, net) VALUES ('ZZ000001', 'too late', 1)"
exec "$SPY_ON" "$@"
END
chmod +x bin/late
run env PGB_PGDUMP="$SCRATCH/bin/late" pgb-dump -t shop.products \
    appdb
status_is 0 'a row that comes while pg_dump starts'
is "$(plain out | grep -c 'too late')" 0 'is not in our snapshot'
run pgb-dump -t shop.products appdb
is "$(plain out | grep -c 'too late')" 1 'but in the next'
run pgb-dump --serializable-deferrable -t shop.products appdb
status_is 0 '--serializable-deferrable'
ok 'a whole archive' pg_restore -f /dev/null out

# A snapshot of somebody else, who keeps it.
mkfifo session
psql -XAtqd appdb <session >exported 2>&1 &
job=$!
exec 9>session
echo 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();' >&9
await 10 test -s exported
sql appdb "DELETE FROM shop.products WHERE sku = 'ZZ000001'"
run pgb-dump --snapshot="$(cat exported)" -t shop.products appdb
status_is 0 '--snapshot'
is "$(plain out | grep -c 'too late')" 1 'shows what that session sees'

# A lock that is not given up.
echo 'ROLLBACK; BEGIN; LOCK TABLE shop.orders; SELECT 1;' >&9
await 10 sh -c 'test $(wc -l <exported) = 2'
fails 4 'canceling statement due to' 'a lock in the way' \
    pgb-dump --lock-wait-timeout=100 appdb
waits_for_lock()
{
	sql postgres "SELECT 1 FROM pg_stat_activity WHERE wait_event_type =
	    'Lock' AND application_name = 'pg_dump'" | grep -q 1
}
stage wait pgb-dump appdb >out 2>err &
pid=$!
await 10 waits_for_lock
child=$(pgrep -P "$(stage_pid wait)")
kill -TERM "$pid"
wait "$pid"
is $? 143 'a signal while pg_dump waits for the lock'
ok 'no child is left' await 5 gone "$child"
exec 9>&-
wait "$job"

# --- an end in the middle ---------------------------------------------------

# One table larger than all buffers on the way: its COPY is what stops.
createdb big
psql -Xqd big -c "CREATE TABLE one AS SELECT g AS id, md5(g::text) ||
    md5((-g)::text) AS sum FROM generate_series(1, 400000) g"

# mid COMMAND...: a dump that its full pipe has stopped; then the command, with
# DUMP and CHILD set, and then the reader goes on.  WORDS are its options.  Sets
# RC and ERR.
mid()
{
	rm -f stage/mid rc out report
	{ stage mid pgb-dump $WORDS --report report big 2>err
	    echo $? >rc; } | { read -r _ <hold; cat >out; } &
	t_job=$!
	DUMP=$(stage_pid mid)
	await 20 stalled || fail "$*: the dump is in the middle"
	CHILD=$(pgrep -P "$DUMP")
	: "${CHILD:=$DUMP}"
	"$@" >mid.log 2>&1
	echo >hold
	wait "$t_job"
	RC=$(cat rc) ERR=$(cat err) RAN="a dump, and $*"
}
# The pipe is full.  Where pg_dump's own stream is passed on (INSERT statements),
# it is pg_dump that waits, in the middle of its data; else a worker of ours too,
# with no memory left: in its COPY, or between two ranges.  Where pgb-dump waits
# root alone may see, since it leaves no core.
stalled()
{
	[ "$(id -u)" != 0 ] || grep -q pipe_write "/proc/$DUMP/wchan" || return
	case $WORDS in
	*inserts*)
		grep -q pipe_write "/proc/$(pgrep -P "$DUMP")/wchan"
		return ;;
	esac
	server_waits && { [ "$(id -u)" = 0 ] || sleep 0.5; } && server_waits
}
server_waits()
{
	sql postgres "SELECT 1 FROM pg_stat_activity
	    WHERE application_name = 'pgb-dump' AND query LIKE '%COPY %'
	    AND (wait_event = 'ClientWrite' OR state = 'idle in transaction'
	    AND state_change < clock_timestamp() - interval '300 ms')" |
	    grep -q 1
}
# The backend that reads, the one that has the snapshot.
end_worker()
{
	sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'pgb-dump' AND query LIKE '%COPY %'"
}
end_leader()
{
	sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE application_name = 'pgb-dump' AND query NOT LIKE '%COPY %'"
}
end_backend() { sql postgres "SELECT pg_terminate_backend($(backends "$1"))"; }
kill_child() { kill -s "$1" "$CHILD"; }
kill_dump() { kill -s "$1" "$DUMP"; await 5 gone "$DUMP"; }
# fragment NAME: what was written is not an archive that anybody takes.
fragment()
{
	ok "$1: something was written" test -s out
	ok "$1: no whole archive" not pg_restore -f /dev/null out
	ok "$1: no child is left" await 5 gone "$CHILD"
	ok "$1: no report" test ! -e report
}

for WORDS in --inserts '-j 1 -Z none' '-j 1 -Z none --no-split'; do
	mid true
	status_is 0 "$WORDS: stopped for a while: status 0"
	ok 'stopped for a while: a whole archive' pg_restore -f /dev/null out
	ok 'stopped for a while: a report' test -s report
done

WORDS=--inserts
mid end_backend '^pg_dump$'
status_is 4 'backend terminated: status 4'
fragment 'backend terminated'
is "$(grep -c '^pgb-dump: error:' err)" 1 'one line of ours'
like "$ERR" '^pgb-dump: pg_dump: error: ' "after pg_dump's own"
unlike "$ERR" 'empty|cut short' 'not of what follows from it'

mid kill_child KILL
status_is 3 'pg_dump killed: status 3'
fragment 'pg_dump killed'
like "$ERR" 'killed by signal 9' 'and how'
mid kill_child TERM
status_is '1 3' 'pg_dump terminated: not status 0'
fragment 'pg_dump terminated'

# Once imported, the snapshot lives in pg_dump's own session.
mid end_backend '^pgb-dump$'
status_is 0 "the leader's backend terminated: the archive is whole"
ok 'and restores' pg_restore -f /dev/null out

for WORDS in --inserts '-j 1 -Z none' '-j 1 -Z none --no-split'; do
	for signal in TERM:143 HUP:129 KILL:137; do
		mid kill_dump ${signal%:*}
		status_is ${signal#*:} "$WORDS: SIG${signal%:*}: ended by it"
		fragment "SIG${signal%:*}"
		is "$(grep -c error: err)" 0 "SIG${signal%:*}: no message"
	done
done

server_stop()
{
	t_postmaster=$(head -n 1 "$PGHOST/data/postmaster.pid")
	kill -INT "$t_postmaster"
	await 20 gone "$t_postmaster"
}
for WORDS in '-j 1 -Z none' '-j 1 -Z none --no-split'; do
	mid end_worker
	status_is 4 "$WORDS: worker ended: status 4"
	fragment 'worker ended'
	is "$(grep -c '^pgb-dump: error:' err)" 1 'one line'
	like "$ERR" '^pgb-dump: error: public\.one: ' 'names the table'
	ok 'no session is left' await 10 eval 'test -z "$(backends dump)"'

	mid end_leader
	status_is 4 "$WORDS: leader ended: status 4"
	fragment 'leader ended'
	like "$ERR" '^pgb-dump: error: big: .*the snapshot' 'says what was lost'
	ok 'no session is left' await 10 eval 'test -z "$(backends dump)"'

	mid server_stop
	status_is 4 "$WORDS: server shut down: status 4"
	fragment 'server shut down'
	pg_start max_connections=20
done

# --- nowhere to write -------------------------------------------------------

createdb bare
psql -Xqd bare -c 'CREATE TABLE one (a int)'
for db in appdb bare; do
	pgb-dump "$db" >/dev/full 2>err
	is $? 3 "$db to a full device: status 3"
	is "$(cat err)" 'pgb-dump: error: stdout: No space left on device' \
	    'in one line'
	pgb-dump "$db" >&- 2>err
	is $? 3 "$db to a closed stdout: status 3"
	is "$(grep -c error: err)" 1 'in one line'
	{ pgb-dump "$db" 2>err; echo $? >rc; } | :
	is "$(cat rc)" 3 "$db, nobody reads: status 3"
	is "$(cat err)" '' 'without a word'
done
pgb-dump --report none/report bare >out 2>err
is $? 3 'no place for the report: status 3'
ok 'and no whole archive' not pg_restore -f /dev/null out

# --- nothing in it ----------------------------------------------------------

fails 1 'describes tables \(1\) and has the data of none' 'no data at all' \
    pgb-dump --exclude-table-data='*' bare
like "$ERR" 'hint: .*--allow-empty' 'and how to mean it'
for how in --allow-empty -s --section=pre-data; do
	run pgb-dump $how --exclude-table-data='*' bare
	status_is 0 "no data, and $how"
	is "$ERR" '' "$how: without a word"
done
psql -Xqd bare -c 'DROP TABLE one'
run pgb-dump bare
status_is 0 'no table'
like "$ERR" '^pgb-dump: warning: bare: there is no table' 'is worth a warning'
run pgb-dump --section=post-data appdb
is "$ERR" '' 'unless none was asked for'

# --- --list -----------------------------------------------------------------

psql -Xqd postgres -c 'CREATE DATABASE "Two words"' \
    -c 'CREATE DATABASE closed ALLOW_CONNECTIONS false'
run pgb-dump --list
status_is 0 '--list'
is "$OUT" 'Two words
appdb
bare
big
postgres' 'all that can be dumped, sorted'
run pgb-dump --list -U nobody9
status_is 5 '--list by an unknown role'
psql -Xqd postgres -c 'CREATE DATABASE "a
b"'
run pgb-dump --list
status_is 1 'a name of two lines: status 1'
like "$ERR" 'error: database "a\\x0ab": ' 'is named'
is "$OUT" 'Two words
appdb
bare
big
postgres' 'and left out, the others are there'
psql -Xqd postgres -c 'DROP DATABASE "a
b"'
psql -Xqd template1 -c 'ALTER DATABASE postgres RENAME TO renamed'
run pgb-dump --list
status_is 0 '--list without a database postgres'
psql -Xqd template1 -c 'ALTER DATABASE renamed RENAME TO postgres'

# --- --globals --------------------------------------------------------------

# Minor versions from August 2025 on have it.
key=--restrict-key=k
pg_dumpall --help | grep -q -e --restrict-key || key=
run pgb-dump --globals $key
status_is 0 '--globals'
cp out globals
pg_dumpall --globals-only $key >stock
ok "is pg_dumpall's" cmp globals stock
run pgb-dump --globals --no-role-passwords -x
status_is 0 '--globals --no-role-passwords'
unlike "$OUT" 'SCRAM' 'has none'
fails "$(words 5 1)" "pg_dumpall: error: .*$(words 'permission denied' \
    'keine Berechtigung')" '--globals by a weak role' \
    pgb-dump --globals -U weak
is "$(grep -c . out)" 0 'writes nothing that looks whole'
psql -Xqd postgres -c 'CREATE DATABASE "dbname=template1 host=/nowhere"'
run pgb-dump --globals -d "dbname='dbname=template1 host=/nowhere'"
status_is 0 '--globals by way of a database with a conninfo for a name'
psql -Xqd postgres -c 'DROP DATABASE "dbname=template1 host=/nowhere"'

# --- what could come out wrong ----------------------------------------------

run pgb-dump -T '' -n shop -S '' -Z0 appdb
status_is 0 'empty values'
cp out a
is "$(head -c 5 a)" PGDMP 'empty values: a custom archive all the same'
ok 'empty values: the other options count' sh -c \
    'pg_restore -l a | grep "TABLE shop" && ! pg_restore -l a | grep archive'
PG_COLOR=always; export PG_COLOR
fails 5 'pg_dump: error: no matching tables' 'PG_COLOR=always' \
    pgb-dump -t nosuch appdb
unset PG_COLOR

# --- --filter ---------------------------------------------------------------

printf '%s\n' '# what to keep' 'include table shop.customers' \
    'include table shop.products' 'exclude table_data shop.pro*' >rules
try 'pgb-dump --filter - appdb <rules'
status_is 0 '--filter -'
cp out a
run pgb-dump --filter rules appdb
status_is 0 '--filter FILE'
pg_dump -Fc -t shop.customers -t shop.products \
    --exclude-table-data='shop.pro*' appdb >b
plain a >a.sql
plain b >b.sql
plain out >c.sql
ok '--filter - means the same as options' cmp a.sql b.sql
ok '--filter FILE too' cmp c.sql b.sql
try 'printf "include table a\n\ninclude nothing b\n" | pgb-dump --filter - x'
status_is 2 'a bad rule'
like "$ERR" 'filter: stdin: line 3: nothing: ' 'is named by its line'
run pgb-dump --filter none appdb
status_is 2 'no file of rules'
try 'pgb-dump --filter - appdb <&-'
status_is 3 'rules from a closed stdin'
if [ "$PG_MAJOR" -lt 16 ]; then
	try 'echo include table_and_children t | pgb-dump --filter - appdb'
	status_is 2 'a rule that this pg_dump does not have'
	like "$ERR" 'line 1: .* from version 16 on' 'says since when'
fi

# --- --estimate -------------------------------------------------------------

for how in -Z0 -Z6 '-Z0 -s' '-Z0 -t shop.customers'; do
	# shellcheck disable=SC2086
	run pgb-dump --estimate $how appdb
	status_is 0 "--estimate $how"
	like "$OUT" '^[0-9]+$' 'one number'
	# shellcheck disable=SC2086
	pgb-dump $how appdb >a
	ok "$OUT for $(size a) bytes" test $((OUT * 4)) -gt "$(size a)" -a \
	    "$OUT" -lt $(($(size a) * 4))
done
fails 5 'no matching tables' '--estimate of nothing' \
    pgb-dump --estimate -t nosuch appdb

# --- which pg_dump ----------------------------------------------------------

cat >bin/told <<'END'
#!/bin/sh
[ "$1" != --version ] || { echo "pg_dump (PostgreSQL) $TOLD"; exit; }
exec "$SPY_ON" "$@"
END
chmod +x bin/told
export PGB_PGDUMP="$SCRATCH/bin/told"
run env TOLD="$((PG_MAJOR + 1)).1" pgb-dump -s appdb
status_is 0 'a newer pg_dump'
like "$ERR" 'warning: .*bin/told .*pg_restore .* may not read' 'with a warning'
run env TOLD="$((PG_MAJOR - 1)).9" pgb-dump -s appdb
status_is 2 'an older pg_dump'
like "$ERR" 'too old' 'is refused'
like "$ERR" "hint: .*postgresql-client-$PG_MAJOR .*postgresql$PG_MAJOR " \
    'with the names of packages'
run env PGB_PGDUMP="$SCRATCH/none" pgb-dump -s appdb
status_is 2 'a PGB_PGDUMP that is not there'
like "$ERR" "PGB_PGDUMP: $SCRATCH/none: No such file" 'is named'
unset PGB_PGDUMP
# One that is there and cannot be asked is not one that is not there.
for n in 6 7 8 9 10 11 12; do
	sh -c "ulimit -n $n; exec pgb-dump -s appdb" >out 2>err && break
	echo "$? $(head -n 1 err)"
done >few
like "$(cat few)" ' pgb-dump: error: .*Too many open files$' 'too few descriptors'
is "$(grep -cv '^3 pgb-dump: error: .*Too many open files$' few)" 0 \
    'are not taken for anything else'

# --- files ------------------------------------------------------------------

run pgb-dump -f file appdb
status_is 0 '-f'
is "$OUT$ERR" '' 'writes nothing else'
is "$(stat -c %a file)" 600 'is for its owner alone'
# Every place of a block is known: none is searched for.
pg_dump -Fc -f stock appdb
for f in file stock; do
	pg_restore -f - "$f" | grep -v restrict >"$f.sql"
done
ok 'is what pg_dump has' cmp file.sql stock.sql
cp file old
# What runs that were killed have left under that name; and what is not that.
d=0123456789abcde
mkdir -m 700 swept swept/.file.${d}2.pgbtmp
for name in .file.${d}0 .file.${d}1 .file.${d}3 .other.${d}0 .file.x.${d}0; do
	echo rest >"swept/$name.pgbtmp"
done
touch -d '25 hours ago' swept/.*.pgbtmp
touch -d '23 hours ago' swept/.file.${d}1.pgbtmp
# One that a run has open, which has had to wait for a day.
exec 4<swept/.file.${d}3.pgbtmp
flock 4
run pgb-dump -f swept/file appdb 4<&-
exec 4<&-
status_is 0 '-f where one was killed'
is "$(LC_ALL=C ls -A swept | tr '\n' ' ')" ".file.${d}1.pgbtmp .file.${d}2.pgbtmp .file.${d}3.pgbtmp \
.file.x.${d}0.pgbtmp .other.${d}0.pgbtmp file " \
    'its leftover of yesterday is gone, nothing else'
fails 2 'snapshot' 'a dump that fails' pgb-dump --snapshot x -f file appdb
ok 'leaves the old file alone' cmp file old
is "$(find . -maxdepth 1 -name '.file*')" '' 'and no temporary'
pgb-dump appdb >redirected
is "$(dd if=redirected bs=1 skip=18 2>/dev/null | cmp -l - old -i 0:18 |
    wc -l | awk '{ print ($1 < 40) }')" 1 'redirected: the same, with offsets'
(umask 022; exec pgb-dump appdb >open 2>err)
like "$(cat err)" 'warning: stdout is a file that others may read' \
    'one that others may read is worth a warning'

# --- --report ---------------------------------------------------------------

run pgb-dump --report report appdb
status_is 0 '--report'
for key in '"database":"appdb"' '"server_version":"[0-9]' \
    '"pg_dump_version":"[0-9]' '"snapshot":"[0-9A-F-]+"' \
    '"tables":[1-9]' '"table_data":[1-9]' '"large_object_blocks":1' \
    '"proof":"carrier"' "\"bytes_out\":$(size out)"; do
	like "$(cat report)" "$key" "report: $key"
done

# --- tables that are not cut ---------------------------------------------------------

psql -Xqd appdb -c "CREATE TABLE long AS SELECT i, repeat('x', 500) b
    FROM generate_series(1, 1000) i" \
    -c "ALTER ROLE postgres SET log_statement = 'all'"
# cut: whether the table was read by ranges of pages, as the server's log has it.
cut()
{
	: >"$PG_LOG"
	run pgb-dump -j 2 --split-pages 7 -t long appdb
	[ "$RC" = 0 ] && grep -aq 'COPY (SELECT .*long WHERE ctid' "$PG_LOG"
}
# PostgreSQL reads a range of pages as such since 14.
if [ "$PG_MAJOR" -ge 14 ]; then
	ok 'a long table is cut' cut
else
	ok 'a long table is not cut' not cut
fi
PGOPTIONS='-c allow_system_table_mods=on' psql -Xqd appdb -c "INSERT INTO
    pg_extension (oid, extname, extowner, extnamespace, extrelocatable,
    extversion) VALUES (90000, 'timescaledb', 10, 2200, false, '2')"
ok 'but not where TimescaleDB is' not cut
status_is 0 'where it is dumped as a whole'
psql -Xqd appdb -c "ALTER ROLE postgres RESET log_statement"

done_testing
