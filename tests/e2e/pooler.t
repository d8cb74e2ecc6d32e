#!/bin/sh
# SPDX-License-Identifier: ISC
# Through PgBouncer: where it keeps a session on one connection of the server's a
# dump is what it would be without; where it does not, it is refused, and nothing
# of ours is left in the sessions of others.
. "${0%/*}/../lib.sh"

need pgbouncer
pg_start
cd "$SCRATCH" || exit
createdb app
psql -Xq -d app -c "ALTER DATABASE app SET datestyle = 'German';
    CREATE TABLE t AS SELECT i, date '2026-01-02' + i AS d
    FROM generate_series(1, 20000) i; CREATE TABLE u AS SELECT 1 AS a"
umask 077

# pool MODE [LINE]: a pooler before the server; sets POOL, its directory, and
# PGHOST and PGPORT to it.
SERVER=$PGHOST
pool()
{
	PGHOST=$SERVER PGPORT=5432 POOL=$SCRATCH/pool.$((T_POOLS += 1))
	mkdir "$POOL"
	echo '"postgres" ""' >"$POOL/users"
	cat >"$POOL/ini" <<-END
	[databases]
	* = host=$SERVER port=5432
	[pgbouncer]
	listen_addr =
	unix_socket_dir = $POOL
	listen_port = 6432
	auth_type = trust
	auth_file = $POOL/users
	pool_mode = $1
	logfile = $POOL/log
	pidfile =
	${2:-}
	END
	[ "$(id -u)" != 0 ] || chown -R nobody "$POOL"
	as_user nobody pgbouncer "$POOL/ini" >pool.out 2>&1 &
	POOL_PID=$!
	at_exit $POOL_PID
	await 20 test -S "$POOL/.s.PGSQL.6432" ||
	    bail "pgbouncer: $(cat pool.out)"
	PGHOST=$POOL PGPORT=6432
}
T_POOLS=0

pool session
try 'pgb-dump -j 2 app >through'
status_is 0 'a pooler that keeps sessions: dumped'
PGHOST=$SERVER PGPORT=5432 pgb-dump -j 2 app >direct 2>err || bail "$(cat err)"
pg_restore -f direct.sql direct
pg_restore -f through.sql through
ok 'what came through it is what is there' sh -c \
    'grep -v "^.\(un\)\?restrict " direct.sql >a
    grep -v "^.\(un\)\?restrict " through.sql >b; cmp a b'
like "$(grep -A1 '^COPY public.t ' through.sql)" '2026-01-03' \
    'as pg_dump writes it, whatever the style of the database'

refused()
{
	try 'pgb-dump -j 2 app >got'
	status_is 2 "$1: refused"
	like "$ERR" '^pgb-dump: error: app: the pooler in front of this server does not keep a session on one connection$' \
	    'it says why'
	like "$ERR" 'hint: connect to the server itself, or where pool_mode = session$' \
	    'and what to do'
	is "$(size got)" 0 'nothing was written'
}

# others: what sessions find that are there at the same time, on connections of
# their own: a line for each kind of it.
others()
{
	cat >deeper <<-'END'
	#!/bin/sh
	[ "$1" = 0 ] || psql -XAtq -d app -c 'BEGIN' -c 'SHOW search_path' \
	    -c 'SHOW IntervalStyle' -c "\\! ./deeper $(($1 - 1))" -c 'COMMIT'
	END
	chmod +x deeper
	./deeper 4 | sort | uniq -c | sed 's/^ *//'
}
OTHERS='4 "$user", public
4 postgres_verbose'
psql -Xq -d app -c "ALTER DATABASE app SET intervalstyle = 'postgres_verbose'"

pool transaction
is "$(others)" "$OTHERS" 'four others, each with a connection'
for i in 1 2 3; do
	refused "one that lends connections for a transaction, $i"
done
is "$(others)" "$OTHERS" 'and none of them has anything of ours'
try 'PGDATABASE=app pgb-dump --list'
status_is 0 'the databases are listed'
is "$(others)" "$OTHERS" 'which leaves nothing either'

# Some connections are there before, and taken in turns.
pool transaction 'server_round_robin = 1'
is "$(others)" "$OTHERS" 'four others where they are taken in turns'
for i in 1 2 3 4; do
	refused "one that takes them in turns, $i"
	is "$(others)" "$OTHERS" 'these have nothing of ours either'
done

pool statement
refused 'one that lends them for a statement'

# Where there is no second session, it is not taken for a pooler that lends.
pool session 'max_client_conn = 1'
try 'pgb-dump app >got'
status_is 4 'no second client: try again later'
like "$ERR" 'error: .*no more connections allowed' 'as it says'
is "$(printf '%s\n' "$ERR" | grep -c error:)" 1 'once'
try 'pgb-dump --list'
is "$RC $OUT" '0 app
postgres' 'the databases are listed all the same'
pool session 'default_pool_size = 1
	query_wait_timeout = 2'
try 'pgb-dump app >got'
status_is 4 'no second connection: try again later'
like "$ERR" 'error: .*query_wait_timeout' 'as it says'
is "$(size got)" 0 'nothing was written'


# One that the look does not see: the process that greets is the server's, and a
# transaction is begun in another one.
cat >lends <<'END'
use strict;
use IO::Select;
use IO::Socket::UNIX;
my ($server, $listen) = @ARGV;

sub message { my $s = shift; my ($head, $body) = ('', '');
    sysread($s, $head, 5) == 5 or exit; my $n = unpack('N', substr($head, 1)) - 4;
    while (length($body) < $n) { sysread($s, $body, $n - length($body),
	length($body)) or exit }
    return $head . $body }
sub opened { my $start = shift; my $s = IO::Socket::UNIX->new(Peer => $server)
	or exit; syswrite($s, $start); return $s }

my $all = IO::Socket::UNIX->new(Local => $listen, Listen => 8) or die "$listen";
$SIG{CHLD} = 'IGNORE';
while (my $client = $all->accept) {
    next if fork;
    my ($head, $rest);
    # What asks for encryption is told no.
    do { sysread($client, $head, 4); sysread($client, $rest, unpack('N', $head) - 4);
	syswrite($client, 'N') if length($rest) == 4 } while length($rest) == 4;
    my ($one, $two) = map { opened("$head$rest") } 1, 2;
    my $to = $one;
    while (message($two) !~ /^Z/) { }
    my $ready = IO::Select->new($client, $one, $two);
    for (;;) { for my $s ($ready->can_read) {
	my $m = message($s);
	$to = $two if $s == $client && $m =~ /^Q....BEGIN/s;
	syswrite($s == $client ? $to : $client, $m);
    } }
}
END
mkdir lent
perl ./lends "$SERVER/.s.PGSQL.5432" lent/.s.PGSQL.6432 &
at_exit $!
await 10 test -S lent/.s.PGSQL.6432
PGHOST=$SCRATCH/lent
is "$(psql -XAtq -d app -c 'SELECT 1' -c 'BEGIN' -c 'SELECT 2')" '1
2' 'one that nothing shows'
refused 'by what the transaction has not'

# One that ends in the middle.
pool session
psql -Xq -d app -c "CREATE TABLE long AS SELECT i, repeat(md5(i::text), 40) b
    FROM generate_series(1, 20000) i"
mkfifo gate
{ pgb-dump -Z none -j 2 app 2>err; echo $? >rc; } |
    { head -c 1000000; read -r _ <gate; cat; } | pgb-verify --sink >rec 2>err.v &
job=$!
reading()
{
	[ "$(psql -XAtq -h "$SERVER" -p 5432 -d postgres -c "SELECT count(*)
	    FROM pg_stat_activity WHERE query LIKE '%COPY%long%'
	    AND state = 'active' AND pid <> pg_backend_pid()")" -ge 1 ]
}
await 20 reading || fail 'it reads'
kill_tree "$POOL_PID" KILL
echo >gate
wait "$job"
is "$(cat rc)" 4 'a pooler that ends in the middle: 4'
like "$(cat err)" '^pgb-dump: error: ' 'says so'
like "$(cat err.v)" 'error: ' 'and nothing looks whole'

done_testing
