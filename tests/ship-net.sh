# SPDX-License-Identifier: ISC
# shellcheck shell=sh
#
# The body of ship-net.t and ship-net-ssh.t: a real sshd behind a bad network,
# over the transport $TRANSPORT.
. "${0%/*}/../lib.sh"

need timeout dd
sshd_start 'LogLevel DEBUG1'
[ "$TRANSPORT" = ssh ] || curves || {
	echo "1..0 # SKIP $TRANSPORT has no elliptic curves"
	exit
}
cd "$SCRATCH" || exit
umask 077
PRAND=$BIN/helper/prand
SIZE=16777216
FIRST=10485760
"$PRAND" $SIZE 1 >data

# --- one upload, with something happening in its middle -------------------------

# The server's directory, emptied.
fresh()
{
	chmod -R u+rwX "$REMOTE" 2>/dev/null
	find "$REMOTE" -mindepth 1 -delete
}
files() { (cd "$REMOTE" && find . -mindepth 1 | sort | tr '\n' ' '); }
temp() { find "$REMOTE" -name ".${1:-x}.*.pgbtmp"; }
grown() { [ "$(size "$(temp "${1:-x}")")" -gt "${2:-4000000}" ]; }

# begin OPTION...: starts an upload to host far in $TRANSPORT and gives it the
# first part of the data; returns when some of that is on the server.
begin()
{
	fresh
	rm -f pipe err go
	mkfifo pipe
	{
		head -c $FIRST data
		await 60 test -e go
		tail -c +$((FIRST + 1)) data
	} >pipe 2>/dev/null &
	FEED=$!
	timeout 60 pgb-ship --raw --sink -F "$SSH_CONFIG" \
	    --transport "$TRANSPORT" "$@" ${DEST:-sftp://far$REMOTE/x} \
	    <pipe >out 2>err &
	PID=$!
	at_exit $FEED $PID
	RAN="$TRANSPORT: $*"
	ok "$TRANSPORT: $NAME: an upload is on its way" await 20 grown
}

# finish: gives the rest; sets RC and ERR.
finish()
{
	: >go
	ended
}

ended()
{
	wait "$PID" 2>/dev/null
	RC=$?
	kill_tree $FEED
	wait $FEED 2>/dev/null
	ERR=$(cat err)
}

# whole: it was published as it should be.
whole()
{
	status_is 0 "$TRANSPORT: $NAME: status 0"
	ok "$TRANSPORT: $NAME: byte for byte" cmp data "$REMOTE/x"
	is "$(files)" './x ' "$TRANSPORT: $NAME: nothing else is there"
	unlike "$ERR" ': error: ' "$TRANSPORT: $NAME: no error"
}

# final STATUS ERE: it ended so, said why in one error line, published nothing,
# and names what it leaves.
final()
{
	status_is "$1" "$TRANSPORT: $NAME: status $1"
	like "$ERR" "^pgb-ship: error: .*$2" "$TRANSPORT: $NAME: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 \
	    "$TRANSPORT: $NAME: once"
	ok "$TRANSPORT: $NAME: nothing is published" test ! -e "$REMOTE/x"
	t_temp=$(temp)
	[ -z "$t_temp" ] || like "$ERR" "$(basename "$t_temp")" \
	    "$TRANSPORT: $NAME: the temporary is named"
}

# case NAME OPTION... -- COMMAND...: COMMAND happens in the middle.
happens()
{
	NAME=$1
	shift
	t_options=
	while [ "$1" != -- ]; do
		t_options="$t_options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	begin $t_options
	"$@"
	finish
}

# The processes of sshd's sessions: each with its sftp server below.
listener()
{
	t_pid=$SSHD_PID
	# The harness may have put a shell in front.
	grep -q sshd "/proc/$t_pid/comm" || t_pid=$(pgrep -P "$t_pid")
	echo "$t_pid"
}
sessions() { pgrep -P "$(listener)"; }
servers() { for t_pid in $(sessions); do pgrep -P "$t_pid"; done; }
connects() { grep -c ': connect' "$PROXY_LOG"; }

kill_all() { kill -KILL $(sessions) $(servers); }
kill_one() { t_one=$(sessions | head -n 1); kill -KILL $(pgrep -P "$t_one") "$t_one"; }
stop_server() { kill -STOP $(servers); }
signal() { kill -s "$1" "$PROXY_PID"; }
hole_for_a_moment() { signal USR1; sleep 1; signal USR1; }
start_again() { sshd_start 'LogLevel DEBUG1'; }
restart() { sshd_stop; sleep 0.5; start_again; }
reconnecting() { await 20 grep -Eq 'warning: .*(lost|no answer|no sign)' err; }

# While nobody is connected.
away()
{
	sshd_stop
	reconnecting
	"$@"
	start_again
}
truncate_temp() { dd if=/dev/null of="$(temp)" bs=1 seek=3000000 2>/dev/null; }
zero_temp()
{
	dd if=/dev/zero of="$(temp)" bs=1000 seek=1000 count=300 conv=notrunc \
	    2>/dev/null
}
remove_temp() { rm "$(temp)"; }
forget_keys() { : >"$SCRATCH/ssh/authorized_keys"; }
change_host_keys()
{
	for t_type in ed25519 ecdsa; do
		cp "$SCRATCH/ssh/host_$t_type" "$SCRATCH/ssh/host_$t_type.pub" .
		rm "$SCRATCH/ssh/host_$t_type" "$SCRATCH/ssh/host_$t_type.pub"
		ssh-keygen -q -t $t_type -N '' -C host \
		    -f "$SCRATCH/ssh/host_$t_type"
	done
	[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$SCRATCH"/ssh/host_*
}

proxy_start
happens 'the session is killed' -- kill_all
whole
like "$ERR" 'warning: .*(lost|closed|ended)' 'and the loss is told'
happens RST -- signal USR2
whole
happens FIN -- signal HUP
whole
happens 'the server starts anew' -- restart
whole
happens 'one of four is killed' --connections 4 -- kill_one
whole
t_connects=$(connects)
happens 'a black hole that heals' -- hole_for_a_moment
whole
is "$(connects)" $((t_connects + 1)) "$TRANSPORT: without another connection"
# The server's process hangs, though its sshd does not.
happens 'sftp process stopped' --stall-timeout 2 -- stop_server
whole
like "$ERR" 'no answer' 'says so'
kill_all 2>/dev/null
proxy_stop

# A firewall has forgotten the connection: who speaks on it is not heard.  When
# it remembers, the old session's last words arrive, and change nothing.
proxy_start -e
happens 'a black hole' --timeout 2 -- signal USR1
whole
signal USR1
ok "$TRANSPORT: the old session ends" await 20 grep -q '^1: \(closed\|broken\)' \
    "$PROXY_LOG"
ok "$TRANSPORT: and has changed nothing" cmp data "$REMOTE/x"
is "$(files)" './x ' "$TRANSPORT: nor left anything"
proxy_stop

# --- slow ones ----------------------------------------------------------------

proxy_start -r 2000000 -o 2
happens 'one of four is slow' --connections 4 -- :
whole
proxy_stop
proxy_start -d 25
happens 'latency' -- :
whole
happens 'latency, killed' --connections 2 -- kill_all
whole
proxy_stop
proxy_start -d 5 -r 15000000
happens 'a slow line' -- :
whole
happens '--limit' --limit 10M -- :
whole
proxy_stop

# --- what cannot pass ---------------------------------------------------------

proxy_start
happens 'a temporary cut short' -- away truncate_temp
final 1 '(lost|not what was sent)'
happens 'a temporary with zeros' -- away zero_temp
final 1 '(lost|not what was sent)'
happens 'a temporary taken away' -- away remove_temp
final 1 ''

happens 'a read-only directory' -- chmod 555 "$REMOTE"
final 5 'permission denied'
ok 'the temporary is kept' test -n "$(temp)"

NAME='the keys are taken back'
begin
cp "$SCRATCH/ssh/authorized_keys" keys
t_tried=$(connects)
forget_keys
kill_all
finish
final 5 ''
cat keys >"$SCRATCH/ssh/authorized_keys"
is "$(connects)" $((t_tried + 1)) 'and it is tried once'

NAME='another host key'
cp "$KNOWN_HOSTS" known
begin --known-hosts known
sshd_stop
change_host_keys
start_again
finish
final 5 '(host key|ssh-ed25519|changed)'
like "$(grep -c 'Connection from' "$SSHD_LOG")" '^[12]$' 'and it is tried once'
is "$(grep -c Accepted "$SSHD_LOG")" 0 'and nobody had logged in'
for t_type in ed25519 ecdsa; do
	for t_file in host_$t_type host_$t_type.pub; do
		cat $t_file >"$SCRATCH/ssh/$t_file"
	done
done
restart

NAME='--retry-time is over'
begin --retry-time 2
sshd_stop
finish
final 4 ''
t_temp=$(temp)
ok 'the temporary is left, the server is gone' test -n "$t_temp"

sshd_start 'LogLevel DEBUG1'
NAME='SIGTERM while it is not connected'
begin
sshd_stop
reconnecting
# timeout(1) passes it on.
kill -TERM "$PID"
ended
status_is '143 124' "$TRANSPORT: $NAME: ends by it"
like "$ERR" "$(basename "$(temp)")" "$TRANSPORT: $NAME: the temporary is named"
sshd_start 'LogLevel DEBUG1'

fresh
mkdir "$REMOTE/x" "$REMOTE/closed"
chmod 555 "$REMOTE/closed"
for t_case in 'none/x:5:none/x' 'closed/x:5:permission denied' 'x:2:directory' \
    'x --overwrite:2:directory'; do
	t_path=${t_case%%:*} t_rest=${t_case#*:}
	# shellcheck disable=SC2086
	run timeout 60 pgb-ship --raw --sink -F "$SSH_CONFIG" \
	    --transport $TRANSPORT sftp://far$REMOTE/$t_path </dev/null
	status_is "${t_rest%%:*}" "$TRANSPORT: $t_path"
	like "$ERR" "error: .*${t_rest#*:}" 'says so'
done
proxy_stop

# --- several -------------------------------------------------------------------

proxy_start -r 10000000
NAME='one of two is slow'
DEST="sftp://vault$REMOTE/x sftp://far$REMOTE/y"
begin
finish
status_is 0 "$TRANSPORT: $NAME"
ok 'one is whole' cmp data "$REMOTE/x"
ok 'and so is the other' cmp data "$REMOTE/y"
proxy_stop
proxy_start
NAME='one of two dies'
DEST="sftp://vault$REMOTE/x sftp://far$REMOTE/y"
begin --retry-time 1
proxy_stop
finish
DEST=
status_is 4 "$TRANSPORT: $NAME"
ok 'the other is whole' cmp data "$REMOTE/x"
ok 'it is not published' test ! -e "$REMOTE/y"
like "$(cat out)" '/y","published":false' 'and the record says so'

# --- who reads from us ------------------------------------------------------------

SHIP="pgb-ship --raw -F $SSH_CONFIG --transport $TRANSPORT sftp://vault$REMOTE/x"
fresh
try "$SHIP <data | { sleep 1; cat; } >passed"
status_is 0 "$TRANSPORT: a slow reader"
ok 'gets all' cmp data passed
ok 'and so does the server' cmp data "$REMOTE/x"
fresh
try "{ $SHIP <data; echo \$? >rc; } | head -c 100 >/dev/null"
is "$(cat rc)$ERR" 3 "$TRANSPORT: a reader that goes away"
is "$(files)" '' 'nothing is published, nothing is left'

# --- new keys, again and again -------------------------------------------------------

sshd_stop
sshd_start 'RekeyLimit 4M' 'LogLevel DEBUG1'
proxy_start
happens 'new keys' -- :
whole
ok 'there were some' test "$(grep -c rekeying "$SSHD_LOG")" -ge 5
proxy_stop
sshd_stop
sshd_start 'LogLevel DEBUG1'

# --- killed again and again --------------------------------------------------------

fresh
proxy_start -b 15000000
"$PRAND" 200000000 3 | timeout 80 pgb-ship --raw --sink -F "$SSH_CONFIG" \
    --transport "$TRANSPORT" sftp://far$REMOTE/x >out 2>err
RC=$? ERR=$(cat err) RAN='killed every 15 MB'
status_is 0 "$TRANSPORT: killed every 15 MB"
"$PRAND" 200000000 3 >big
ok 'byte for byte' cmp big "$REMOTE/x"
rm -f big
ok 'it was killed' test "$(grep -c RST "$PROXY_LOG")" -ge 12
is "$(files)" './x ' 'nothing else is there'
proxy_stop

done_testing
