#!/bin/sh
# SPDX-License-Identifier: ISC
# Behind its walls no program opens, runs or reaches what it was not given; with
# --no-sandbox it could have.
. "${0%/*}/../lib.sh"
need perl openssl ssh-keygen
cd "$SCRATCH" || exit
umask 022
mkdir beside plugins
cp "$BIN/helper/age-plugin-fake" plugins
echo secret >beside/file
printf '#!/bin/sh\n: >%s/ran\n' "$SCRATCH" >beside/program
chmod 755 beside/program
BARE=$PATH

# What there is to be tested here.
printf -- '--\n-- PostgreSQL database dump\n--\n\n--\n-- PostgreSQL database dump complete\n--\n\n' >plain
try 'pgb-verify -v --sink <plain'
WALLS=all
case $ERR in
*'under a sanitizer'*) WALLS=none ;;
*'no seccomp here'*'no Landlock here'* | *'no Landlock here'*'no seccomp here'*) WALLS=none ;;
*'no seccomp here'*) WALLS=landlock ;;
*'no Landlock here'*) WALLS=seccomp ;;
esac
note "walls: $WALLS"

# breach DEED COMMAND: try it behind the walls of a command.  OUTCOME: killed,
# refused, done, or what else became of it.
breach()
{
	rm -f ran
	PGB_TEST_BREACH=$1 /bin/sh -c "exec $2" >out 2>err
	b_rc=$?
	ERR=$(cat err)
	case $b_rc in
	100) OUTCOME='done' ;;
	101) OUTCOME=refused ;;
	159) OUTCOME=killed ;;
	*) OUTCOME="status $b_rc: $ERR" ;;
	esac
	[ ! -e ran ] || OUTCOME='done'
}

# shut NAME COMMAND: all doors of the sandbox; shut_run NAME COMMAND: one of them,
# where the walls are the same and are only entered in another place.
shut()
{
	shut_by "$1" "$2" "run $SCRATCH/beside/program" "connect $PORT" \
	    'abstract none' "kill $$" "trace $$" "remove $SCRATCH/beside/file"
}
shut_run() { shut_by "$1" "$2" "run $SCRATCH/beside/program"; }
shut_by()
{
	s_name=$1 s_command=$2
	shift 2
	for s_deed; do
		[ $WALLS = all ] || [ $WALLS = seccomp ] || continue
		breach "$s_deed" "$s_command"
		is "$OUTCOME" killed "$s_name: ${s_deed%% *} is killed"
		is "$(size out)" 0 "$s_name: and nothing is written"
	done
	[ $WALLS != none ] || return 0
	breach "read $SCRATCH/beside/file" "$s_command"
	is "$OUTCOME" refused "$s_name: read is refused"
	breach "write $SCRATCH/beside/new" "$s_command"
	is "$OUTCOME" refused "$s_name: write is refused"
	ok "$s_name: and nothing was made" test ! -e beside/new -a -e beside/file
}

# A port where nobody listens: that too would be an answer.
PORT=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
    LocalAddr => "127.0.0.1", Listen => 1)->sockport')

# --- what could be done -------------------------------------------------------

for deed in "read $SCRATCH/beside/file" "run $SCRATCH/beside/program" \
    "connect $PORT" "abstract none" "kill $$" "write $SCRATCH/beside/new" \
    "remove $SCRATCH/beside/new"; do
	breach "$deed" 'pgb-verify --no-sandbox --sink <plain'
	is "$OUTCOME" 'done' "--no-sandbox: ${deed%% *} is done"
done

# --- pgb-encrypt and pgb-verify --------------------------------------------------

me=$(pgb-encrypt --keygen key)
fake=age1fake1qqqqqqqqqqqqqqqqnxla9p
echo AGE-PLUGIN-FAKE-1QQQQQQQQQQQQQQQQE69CVS >fake.key
echo 'open sesame' >pass
chmod 600 pass fake.key
PATH=$PATH:$SCRATCH/plugins
pgb-encrypt -r "$me" <plain >key.age
pgb-encrypt -r "$fake" <plain >fake.age
pgb-encrypt --passphrase-file pass <plain >pass.age

shut encryption "pgb-encrypt -r $me --report report <plain"
shut_run 'to a plugin' "pgb-encrypt -r $fake <plain"
shut_run 'with a passphrase, armored' 'pgb-encrypt -a --passphrase-file pass <plain'
shut -d 'pgb-encrypt -d -i key --report report <key.age'
shut_run '-d, a plugin' 'pgb-encrypt -d -i fake.key <fake.age'
shut_run '-d, a key, and a passphrase in case' \
    'pgb-encrypt -d -i key --passphrase-file pass <pass.age'
shut --rekey "pgb-encrypt --rekey -i key -r $me <key.age"
shut_run '--rekey to a plugin' "pgb-encrypt --rekey -i key -r $fake <key.age"
shut --inspect 'pgb-encrypt --inspect <key.age'
shut pgb-verify 'pgb-verify --report report <plain'
shut_run 'pgb-verify, a plugin' 'pgb-verify -i fake.key <fake.age'
ok 'no report is left' test ! -e report

# Not a byte is read before: what is there to be read would never end.
for mode in "-r $me" '-d -i key' "--rekey -i key -r $me" --inspect; do
	[ $WALLS = none ] || [ $WALLS = landlock ] || {
		# shellcheck disable=SC2016
		breach 'run /bin/true' "perl -e '
		    pipe R, W; open STDIN, \"<&R\"; fcntl W, 2, 0;
		    exec @ARGV' pgb-encrypt $mode"
		is "$OUTCOME" killed "$mode: the doors are shut before a byte is read"
	}
done
PATH=$BARE

# --- a fence: pgb-dump and pgb-ship ------------------------------------------------

# Linux X: has what came with that version.
linux() { [ "$(printf '%s\n%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" = "$1" ]; }

# A socket without a path, of another process.
perl -e 'use Socket; socket S, AF_UNIX, SOCK_STREAM, 0 or die;
    bind S, pack "Sa*", AF_UNIX, "\0$ARGV[0]" or die; listen S, 9 or die;
    print "\n"; close STDOUT; sleep 600' "$SCRATCH" >listening &
LISTENER=$!
at_exit $LISTENER
await 10 test -s listening

# fenced NAME COMMAND: what the fence keeps apart; fenced_run the same in short.
fenced()
{
	fenced_run "$1" "$2"
	f_list="read write"
	! linux 6.7 || f_list="$f_list connect"
	! linux 6.12 || f_list="$f_list abstract"
	for f_deed in $f_list; do
		case $WALLS in none | seccomp) continue ;; esac
		case $f_deed in
		read) breach "read $SCRATCH/beside/file" "$2" ;;
		write) breach "write $SCRATCH/beside/new" "$2" ;;
		connect) breach "connect $PORT" "$2" ;;
		abstract) breach "abstract $SCRATCH" "$2" ;;
		esac
		is "$OUTCOME" refused "$1: $f_deed is refused"
	done
	ok "$1: nothing was made" test ! -e beside/new
}
fenced_run()
{
	case $WALLS in none | seccomp) return ;; esac
	breach "run $SCRATCH/beside/program" "$2"
	is "$OUTCOME" refused "$1: run is refused"
}

# given NAME DEED COMMAND: what it was given it may reach, or this could not fail.
given()
{
	breach "$2" "$3"
	is "$OUTCOME" 'done' "$1"
}

# A server that listens to TCP, wants a certificate from one, a password from
# another; and files in places of our own.
mkdir tls place made in
for name in ca server certified; do
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	    -keyout tls/$name.key -out tls/$name.csr -subj "/CN=$name" 2>/dev/null
done
# OpenSSL 3.5 wants to be told that it is an authority.
printf 'basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign
subjectKeyIdentifier = hash\n' >tls/ca.ext
openssl x509 -req -in tls/ca.csr -signkey tls/ca.key -out tls/ca.crt \
    -extfile tls/ca.ext 2>/dev/null
for name in server certified; do
	openssl x509 -req -in tls/$name.csr -CA tls/ca.crt -CAkey tls/ca.key \
	    -CAcreateserial -out tls/$name.crt 2>/dev/null
done
mkdir served
cp tls/server.* tls/ca.crt served
chmod 600 served/server.key tls/certified.key
[ "$(id -u)" != 0 ] || chown -R nobody served
PG_TCP=$(perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(
    LocalAddr => "127.0.0.1", Listen => 1)->sockport')
pg_start
pg_stop
cat >"$PGHOST/data/pg_hba.conf" <<END
local all all trust
hostssl all certified 127.0.0.1/32 cert
host all secretary 127.0.0.1/32 scram-sha-256
END
pg_start listen_addresses=127.0.0.1 ssl=on "ssl_cert_file=$SCRATCH/served/server.crt" \
    "ssl_key_file=$SCRATCH/served/server.key" "ssl_ca_file=$SCRATCH/served/ca.crt"
pg_fill app 0
sql postgres "SET password_encryption = 'scram-sha-256';
    CREATE ROLE secretary LOGIN SUPERUSER PASSWORD 'open sesame';
    CREATE ROLE certified LOGIN SUPERUSER"
echo "127.0.0.1:$PG_TCP:*:secretary:open sesame" >place/pass
chmod 600 place/pass
printf '[far]\nhost=127.0.0.1\nport=%s\nuser=secretary\n' "$PG_TCP" >place/services
TCP="host=127.0.0.1 port=$PG_TCP dbname=app"
CERT="user=certified sslmode=verify-ca sslrootcert=$SCRATCH/tls/ca.crt \
sslcert=$SCRATCH/tls/certified.crt sslkey=$SCRATCH/tls/certified.key"

# Every session of the many finds what it needs.
rm -f in/report
try "pgb-dump -j 3 -f made/a.dump --report in/report '$TCP $CERT'"
status_is 0 'pgb-dump by TLS, with certificates'
like "$(cat in/report)" '"jobs":3' 'in three sessions'
ok 'the archive is whole' pg_restore -l made/a.dump
rm -f in/report
try "pgb-dump -j 3 --report in/report '$TCP user=secretary passfile=$SCRATCH/place/pass'"
status_is 0 'with a password file'
like "$(cat in/report)" '"jobs":3' 'in three sessions'
rm -f in/report
run env PGSERVICEFILE=place/services PGSERVICE=far PGPASSFILE=place/pass \
    pgb-dump -j 3 --report in/report app
status_is 0 'with a service, both by relative names'
like "$(cat in/report)" '"jobs":3' 'in three sessions'
rm -f in/report
mkdir -p home/.postgresql
ln -s "$SCRATCH/tls/ca.crt" home/.postgresql/root.crt
ln -s "$SCRATCH/tls/certified.crt" home/.postgresql/postgresql.crt
ln -s "$SCRATCH/tls/certified.key" home/.postgresql/postgresql.key
USUAL="pgb-dump -j 3 --report in/report '$TCP user=certified sslmode=verify-ca'"
listed=1
case $(HOME=$SCRATCH/none psql -XAtd "$TCP user=certified sslmode=verify-ca" \
    -c '' 2>&1) in
*"$SCRATCH/none/"*) try "HOME=$SCRATCH/home $USUAL" ;;
*)
	# Before 15, libpq asks the password database.
	sed "s|^\(root:.*:\)[^:]*\(:[^:]*\)\$|\1$SCRATCH/home\2|" /etc/passwd \
	    >passwd
	[ "$(id -u)" = 0 ] && unshare -m mount --bind passwd /etc/passwd ||
	    listed=0
	try "HOME=$SCRATCH/none exec unshare -m sh -c 'mount --bind passwd \
	    /etc/passwd && exec \"\$@\"' sh $USUAL" ;;
esac
if [ $listed = 1 ]; then
	status_is 0 'with the usual certificates, where they are links'
	like "$(cat in/report)" '"jobs":3' 'in three sessions'
else
	untested 'the usual certificates: libpq looks in the real home alone'
fi
run pgb-dump -v app
[ -n "${PGB_SAN:-}" ] || unlike "$ERR" 'sandbox' 'nothing is said of it'
run pgb-dump -v --no-sandbox app
status_is 0 --no-sandbox

fenced pgb-dump 'pgb-dump app'
fenced 'pgb-dump, passing on' "pgb-dump --inserts --report in/report '$TCP $CERT'"
for job in --list --globals '--estimate app'; do
	fenced_run "pgb-dump $job" "pgb-dump $job"
done
breach "run $SCRATCH/beside/program" 'pgb-dump --no-sandbox app'
is "$OUTCOME" 'done' 'pgb-dump --no-sandbox: run is done'
if linux 6.7; then
	given "the server's port" "connect $PG_TCP" "pgb-dump '$TCP $CERT'"
fi
given 'its certificates' "read $SCRATCH/tls/certified.key" "pgb-dump '$TCP $CERT'"
given "the report's directory" "write $SCRATCH/in/x" 'pgb-dump --report in/report app'

# bound PID N: it has N threads or more, and each of them is behind the fence.
bound()
{
	b_all=$(cat /proc/"$1"/task/*/status 2>/dev/null | grep -c '^NoNewPrivs:')
	[ "$b_all" -ge "$2" ] && [ "$(cat /proc/"$1"/task/*/status 2>/dev/null |
	    grep -c '^NoNewPrivs:.*1$')" = "$b_all" ]
}
# More than is kept for a reader that waits, so that nobody is done.
createdb large
sql large "CREATE TABLE wide AS SELECT g, repeat(md5(g::text), 30) AS x
    FROM generate_series(1, 80000) g"
# Before 14 a table is read by one session alone.
[ "$PG_MAJOR" -ge 14 ] ||
    sql large 'CREATE TABLE wide2 AS TABLE wide;
	CREATE TABLE wide3 AS TABLE wide'
mkfifo hold
stage dump pgb-dump -Z0 -j 3 large 2>err | { read -r _ <hold; cat >/dev/null; } &
case $WALLS in
all | landlock) ok 'each thread of a dump is behind the fence' \
	await 20 bound "$(stage_pid dump)" 6 ;;
esac
echo >hold
wait $!

# pg_dump is outside: it outlives the moment when we go behind the fence.
cat >place/pg_dump <<END
#!/bin/sh
pg_dump "\$@" || exit
[ "\$1" = --version ] || echo it >'$SCRATCH/beside/dumped'
END
chmod 755 place/pg_dump
run env PGB_PGDUMP="$SCRATCH/place/pg_dump" pgb-dump --inserts app
status_is 0 'a pg_dump that is a script'
is "$(cat beside/dumped 2>/dev/null)" it 'has all rights'

# --- pgb-ship ------------------------------------------------------------------------

sshd_start
cp "$SSH_KEY" place/key
URL=$SFTP_URL$REMOTE
SSH="-F none --known-hosts place/known -i place/key"
# A fence is where no child is to be run.
FENCED=1
curves || {
	FENCED=0
	untested 'the fence of an upload: libssh2 has no elliptic curves'
}
mkdir stock

# Learned in a place where nothing is yet; then known by that.
try "pgb-ship --sink --accept-new --known-hosts place/known -i place/key -F none $URL/a.sql <plain"
status_is 0 'pgb-ship --accept-new, into a file that is not there'
try "pgb-ship --sink --report in/ship --sum $SSH $URL/x-{time}.sql stock/y.sql \
    file://$SCRATCH/stock/z-%Y.sql <plain"
status_is 0 'three destinations, two of them here'
try "pgb-ship --sink --mkdir --overwrite stock/new/dir/y.sql <plain"
status_is 0 '--mkdir here'
try "{ cat plain; echo later >in/with.txt; } |
    pgb-ship --sink --with in/with.txt $SSH $URL/w-{time}.sql stock/w.sql"
status_is 0 '--with a file that is not there yet'
try "pgb-ship --fetch '$URL/x-{latest}.sql' $SSH"
is "$RC $(cmp plain out)" '0 ' '--fetch the latest'
try 'pgb-ship --fetch stock/y.sql'
is "$RC $(cmp plain out)" '0 ' '--fetch from here'
try "pgb-ship --list '$URL/w-{time}.sql' $SSH"
like "$OUT" 'w-.*\.sql' --list
try "pgb-ship --sink stock/p-20200101T000000Z.sql <plain;
    pgb-ship --sink stock/p-20210101T000000Z.sql <plain;
    pgb-ship --prune 'stock/p-{time}.sql' --keep-last 1; ls stock/p-*"
like "$OUT" 'p-2021[^ ]*$' '--prune here'
ok 'the older one is gone' test ! -e stock/p-20200101T000000Z.sql

# Links lead out of a directory.
mkdir 'stock/by name' disk
ln -s "$SCRATCH/disk" 'stock/by name/app'
ln -s ../disk stock/plain
try "pgb-ship --sink --db app --sum 'stock/by name/{db}/l-{time}.sql' <plain"
status_is 0 'a directory that a word names may be a link'
try "pgb-ship --sink --db app 'file://$SCRATCH/stock/by%20name/{db}/l-u.sql' stock/plain/m.sql <plain"
status_is 0 'in a URL too'
try "pgb-ship --fetch 'stock/by name/app/l-{latest}.sql'"
is "$RC $(cmp plain out)" '0 ' '--fetch from there'
ln -s ../disk/m.sql stock/n.sql
try 'pgb-ship --fetch stock/n.sql'
is "$RC $(cmp plain out)" '0 ' '--fetch of a link'
for command in "pgb-ship --sink --overwrite" "pgb-dump -f made/l.dump"; do
	cp in/ship disk/earlier
	ln -sf ../disk/earlier in/linked
	case $command in
	pgb-ship*) try "$command --report in/linked stock/r.sql <plain" ;;
	*) try "$command --report in/linked app" ;;
	esac
	status_is 0 "${command%% *}: --report where a link is"
done

[ $FENCED = 0 ] ||
    fenced pgb-ship "pgb-ship --sink $SSH $URL/f.sql stock/f.sql <plain"
fenced 'pgb-ship, here alone' 'pgb-ship --sink stock/f.sql <plain'
for mode in "--list $URL/" "--fetch $URL/x-{latest}.sql" \
    "--prune $URL/x-{time}.sql --keep-last 9"; do
	[ $FENCED = 1 ] || continue
	fenced_run "pgb-ship $mode" "pgb-ship $SSH $mode"
done
case $WALLS in
all | landlock)
	breach "write $SCRATCH/stock/l" 'pgb-ship --fetch stock/y.sql'
	is "$OUTCOME" refused '--fetch: write there is refused'
	[ $FENCED = 0 ] || {
		breach "read $SCRATCH/place/pass" \
		    "pgb-ship --sink $SSH $URL/f.sql <plain"
		is "$OUTCOME" refused 'a file beside the key is refused'
	}
	if linux 6.12; then
		breach "kill $$" 'pgb-ship --sink stock/f.sql <plain'
		is "$OUTCOME" refused 'kill is refused'
	fi
esac
[ $FENCED = 0 ] ||
    given 'its key' "read $SCRATCH/place/key" \
	"pgb-ship --sink $SSH $URL/f.sql <plain"
given "the destination's directory" "write $SCRATCH/stock/l" \
    'pgb-ship --sink stock/f.sql <plain'
is "$(find "$REMOTE" stock -name 'f.sql*')" '' 'no file has come of all that'

# shellcheck disable=SC2086
stage ship pgb-ship --sink $SSH "$URL/t.sql" <hold >/dev/null 2>err &
exec 3>hold
case $FENCED$WALLS in
1all | 1landlock) ok 'each thread of an upload is behind the fence' \
	await 20 bound "$(stage_pid ship)" 2 ;;
esac
cat plain >&3
exec 3>&-
wait $!
is $? 0 'and it ends well'

# As ssh(1) does it: another file of that name, while we run.
proxy_start
cp "$KNOWN_HOSTS" place/known
mkfifo again
# shellcheck disable=SC2086
{ head -c 3000000 /dev/zero; read -r _ <again; cat plain; } |
    pgb-ship --raw --sink -v $SSH "$PROXY_URL$REMOTE/k.sql" >/dev/null 2>err &
arrived() { [ -n "$(find "$REMOTE" -name '.k.sql.*' -size +1000k)" ]; }
await 20 arrived
cp place/known place/new && mv place/new place/known
kill -USR2 "$PROXY_PID"
await 20 grep -q 'connection lost' err
echo >again
wait $!
is $? 0 'known hosts were replaced when the connection is made again'
like "$(cat err)" 'connected again' 'which it was'
proxy_stop

# Where a child is to be run there is none.
try "pgb-ship -v --sink --transport ssh -F $SSH_CONFIG $URL/c.sql stock/c.sql <plain"
status_is 0 'with the transport ssh'
case $WALLS in
all | landlock) like "$ERR" 'sandbox: none: ssh has to be run' 'it is told' ;;
esac
run pgb-ship -v --no-sandbox --list stock
status_is 0 --no-sandbox
kill $LISTENER 2>/dev/null
done_testing
