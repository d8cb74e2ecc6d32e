#!/bin/sh
# SPDX-License-Identifier: ISC
# However an upload ends before its end, by a signal, a dead server, a full
# disk or missing rights, no file has its name, the one that had it before is
# as it was, and the status says so.
. "${0%/*}/../lib.sh"

own_mounts "$@"
pg_start
sshd_start
SILENT='no answer'
curves || SILENT='Connection timed out during banner exchange'
pg_fill appdb 0
cd "$SCRATCH" || exit

pg_dump -Fc appdb >dump
pg_dump appdb >sql
head -n 20 sql >big
perl -e 'print "-- ", "x" x 96, "\n" for 1 .. 100000' >>big
tail -n +21 sql >>big

URL=$SFTP_URL$REMOTE
SHIP="pgb-ship --known-hosts $KNOWN_HOSTS -i $SSH_KEY"

fresh()
{
	find "$REMOTE" -mindepth 1 -not -path "$REMOTE/small*" -delete
	echo good >"$REMOTE/x"
	chmod 666 "$REMOTE/x"
	rm -rf to
	mkdir -m 700 to
	echo good >to/x
}
files() { (cd "$REMOTE" && find . -mindepth 1 -not -path './small*' | sort |
    tr '\n' ' '); }
temp() { find "$1" -name '.x.*.pgbtmp'; }

# begun DIR...: an upload has put 6 MB into each.
begun()
{
	for t_dir; do
		[ "$(size "$(temp "$t_dir")")" -gt 6000000 ] || return 1
	done
}

# halfway COMMAND...: start it with all but the end of the input; the end stays
# away. The command's process is in PID.
halfway()
{
	rm -f pipe
	mkfifo pipe
	{ head -c 8000000 big; exec sleep 60; } >pipe &
	FEED=$!
	stage ship "$@" <pipe >out 2>err &
	PID=$!
	at_exit "$FEED" "$PID"
}

# ended: wait for what halfway has started; RC and ERR.
ended()
{
	wait "$PID" 2>/dev/null
	RC=$?
	ERR=$(cat err)
	RAN=halfway
	kill_tree "$FEED"
	wait "$FEED" 2>/dev/null
}

# intact NAME: the good files are as they were.
intact()
{
	is "$(cat "$REMOTE/x" to/x)" "good
good" "$1: the files that were there are as they were"
}

# --- signals -----------------------------------------------------------------

for t_case in 'TERM 143' 'INT 130' 'HUP 129'; do
	t_signal=${t_case% *}
	fresh
	# A shell starts its background jobs with SIGINT ignored.
	halfway perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' \
	    $SHIP --sink --overwrite "$URL/x" to/x
	ok "SIG$t_signal: an upload is on its way" await 20 begun "$REMOTE" to
	kill -s $t_signal "$PID"
	ended
	status_is "${t_case#* }" "SIG$t_signal: ends by it"
	intact "SIG$t_signal"
	is "$(files)$(ls -A to)" './x x' "SIG$t_signal: no temporary is left"
	is "$ERR$(cat out)" '' "SIG$t_signal: nothing is said"
done

fresh
halfway $SHIP --sink --overwrite "$URL/x" to/x
ok 'SIGKILL: an upload is on its way' await 20 begun "$REMOTE" to
kill -KILL "$PID"
ended
status_is 137 'SIGKILL: ends by it'
intact SIGKILL
t_remote=$(temp "$REMOTE") t_local=$(temp to)
ok 'SIGKILL: the temporaries are left' test -n "$t_remote" -a -n "$t_local"

# --- sweep: they are found a day later -------------------------------------------

t_digits=0123456789abcdef
for t_dir in "$REMOTE" to; do
	touch -d '23 hours ago' "$t_dir/.new.$t_digits.pgbtmp"
	for t_name in .x.pgbtmp "x.$t_digits.pgbtmp" ".x.$t_digits.pgbtmp.x" \
	    ".x.${t_digits%f}g.pgbtmp" .x; do
		touch -d '3 days ago' "$t_dir/$t_name"
	done
	mkdir "$t_dir/.dir.$t_digits.pgbtmp"
	touch -d '3 days ago' "$t_dir/.dir.$t_digits.pgbtmp"
done
everything() { { find "$REMOTE" to | sed 's/.*remote//' | sort; } 2>&1; }
t_before=$(everything)
run $SHIP --sink "$URL/y" to/y <dump
status_is 0 'the next run'
ok 'sees that they are young' test -e "$t_remote" -a -e "$t_local"
touch -d '25 hours ago' "$t_remote" "$t_local"
run $SHIP -v --sink "$URL/z" to/z <dump
status_is 0 'a run a day later'
ok 'removes them' test ! -e "$t_remote" -a ! -e "$t_local"
like "$ERR" "leftover.*removed" 'says so under -v'
rm -f "$REMOTE/y" "$REMOTE/z" to/y to/z
is "$(everything)" "$(echo "$t_before" |
    grep -vF -e "${t_remote##*/}" -e "${t_local##*/}")" 'and nothing else'

# --- network -----------------------------------------------------------------------

# The connections that sshd serves now, all their processes.
sessions()
{
	t_listener=$SSHD_PID
	# The harness may have put a shell in front.
	grep -q sshd "/proc/$t_listener/comm" ||
	    t_listener=$(pgrep -P "$t_listener")
	for t_pid in $(pgrep -P "$t_listener"); do
		echo "$t_pid"
		pgrep -P "$t_pid"
	done
}
sessions_die() { kill -KILL $(sessions); }

# A session that dies is made again, and the server has all of it.
fresh
rm -f pipe; mkfifo pipe
{
	head -c 8000000 big
	await 20 begun "$REMOTE"
	sessions_die
	tail -c +8000001 big
} >pipe &
run $SHIP --sink --overwrite "$URL/x" <pipe
status_is 0 'a session dies: it goes on'
ok 'the file is whole' cmp big "$REMOTE/x"
like "$ERR" 'warning: .*x: connection lost: .*; trying again' 'says so'
like "$ERR" 'note: .*x: connected again, [0-9]+ bytes are there' 'and that'
like "$OUT" '"reconnects":1' 'and the record too'
is "$(files)" './x ' 'no temporary is left'

fresh
halfway $SHIP --retry-time 1 --overwrite "$URL/x"
ok 'server dies: an upload is on its way' await 20 begun "$REMOTE"
sshd_stop
# The input gives nothing more: the loss is noticed all the same.
ended
status_is 4 'server dies while we wait for input'
like "$ERR" 'warning: .*x: connection lost' 'says so'
like "$ERR" 'error: .*x: connect to .*: Connection refused' 'and why it ends'
intact 'server dies'
like "$ERR" 'warning: .*pgbtmp may be left behind' 'and what may be left'
sshd_start

# One of two destinations dies: the other one is served.
fresh
rm -f pipe; mkfifo pipe
{
	head -c 8000000 big
	await 20 begun "$REMOTE" to
	kill_tree "$SSHD_PID" KILL
	tail -c +8000001 big
} >pipe &
try "{ $SHIP --retry-time 1 --report rep --overwrite $URL/x to/x <pipe 3>&-
    echo \$? >rc; } | pgb-verify >passed"
status_is 1 'one of two dies: who reads from us does not take it for whole'
is "$(cat rc)" 4 'one of two dies: status 4'
ok 'the other one has its file' cmp big to/x
is "$(cat "$REMOTE/x")" good 'the file on the dead server is as it was'
like "$ERR" "/x: connect to .*: Connection refused" 'says so'
like "$(cat rep)" '"destinations":\[\{"name":"sftp:[^}]*"published":false,"status":4' \
    'and the report which failed'
like "$(cat rep)" '"name":"to/x","published":true' 'and which did not'

fresh
sshd_stop
run sh -c "$SHIP --overwrite --sink $URL/x; rc=\$?; cat >left; exit \$rc" <dump
status_is 4 'no server'
like "$ERR" 'connect to 127.0.0.1 port [0-9]+: Connection refused' 'says so'
ok 'stdin was not read' cmp dump left
run $SHIP --overwrite --sink "$URL/x" to/x <dump
status_is 4 'no server, and a second destination'
ok 'that has its file' cmp dump to/x
like "$OUT" '"published":false,"status":4.*"name":"to/x","published":true' \
    'the record tells the two apart'
run pgb-ship sftp://no-such-host.invalid/x <dump
status_is 4 'no such host'
# A server that accepts and never says a word.
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 5,
    LocalAddr => "127.0.0.1:'"$SSHD_PORT"'", ReuseAddr => 1); sleep 60' &
at_exit $!
t_silent=$!
# 0A: listening.
await 10 grep -qi ":$(printf %04X "$SSHD_PORT") 00000000:0000 0A " /proc/net/tcp
run $SHIP --timeout 1 --overwrite --sink "$URL/x" <dump
status_is 4 'a server that says nothing'
like "$ERR" "SSH handshake: $SILENT" 'says so'
kill "$t_silent"
wait "$t_silent" 2>/dev/null
sshd_start

# Its process hangs in the middle.
fresh
halfway $SHIP --timeout 2 --retry-time 3 --overwrite "$URL/x"
await 20 begun "$REMOTE"
t_listener=$SSHD_PID
grep -q sshd "/proc/$t_listener/comm" || t_listener=$(pgrep -P "$t_listener")
kill -STOP "$t_listener" $(sessions)
ended
status_is 4 'a server that hangs'
like "$ERR" 'no sign of life for 2 seconds' 'says so'
kill -CONT "$t_listener"
sessions_die
intact 'a server that hangs'

# The server wants new keys again and again, and on its way every packet of
# ours is in pieces.
sshd_stop
sshd_start 'RekeyLimit 2M' 'LogLevel DEBUG1'
need cc
cat >narrow.c <<'END'
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/socket.h>
#include <errno.h>
#include <unistd.h>

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	static unsigned turn;

	if (turn++ % 2 == 1) {
		errno = EAGAIN;
		return (-1);
	}
	return (syscall(SYS_sendto, fd, buf, len < 5000 ? len : 5000, flags,
	    (void *)0, 0));
}
END
ok 'a narrow line' cc -shared -fPIC -o narrow.so narrow.c
fresh
head -n 20 sql >long
perl -e 'print "-- ", "x" x 96, "\n" for 1 .. 400000' >>long
tail -n +21 sql >>long
run env LD_PRELOAD="$SCRATCH/narrow.so" $SHIP --timeout 10 --overwrite --sink \
    "$URL/x" <long
status_is 0 'new keys while a packet is half sent'
ok 'the file is whole' cmp long "$REMOTE/x"
is "$(files)" './x ' 'no temporary is left'
ok 'there were new keys' test "$(grep -c rekeying "$SSHD_LOG")" -ge 10
rm -f long
sshd_stop
sshd_start

# --- disk and rights ------------------------------------------------------------------

fresh
if [ "$MOUNTS" = 1 ]; then
	tmpfs_on "$REMOTE/small" 4m
	chmod 777 "$REMOTE/small"
	echo good >"$REMOTE/small/x"
	chmod 666 "$REMOTE/small/x"
	for t_to in "$URL/small/x" "$REMOTE/small/x"; do
		t_want=5
		case $t_to in /*) t_want=3 ;; esac
		run $SHIP --sink --overwrite "$t_to" <big
		status_is $t_want "disk full: $t_to"
		like "$ERR" 'error: .*(disk full|No space left)' 'says so'
		is "$(ls -A "$REMOTE/small")$(cat "$REMOTE/small/x")" xgood \
		    'the file there is as it was, no temporary is left'
		run sh -c "$SHIP --sink --expect-size 8M --overwrite $t_to
		    rc=\$?; cat >left; exit \$rc" <dump
		status_is $t_want "--expect-size: $t_to"
		like "$ERR" '8388608 bytes are expected, and [0-9]+ are free' \
		    'says so, with both numbers'
		ok 'stdin was not read' cmp dump left
	done
else
	untested 'a full disk: no private mounts on this machine'
fi
mkdir "$REMOTE/closed"
chmod 555 "$REMOTE/closed"
if ! open_to_us "$REMOTE/closed" w; then
	run $SHIP --sink "$URL/closed/x" <dump
	status_is 5 'a directory that may not be written'
	like "$ERR" 'closed/x: create: permission denied' 'says so'
	run $SHIP --sink --mkdir "$URL/closed/a/x" <dump
	status_is 5 'nor made into'
	like "$ERR" 'make directory: permission denied' 'says so'
fi
run $SHIP --sink "$URL/none/x" <dump
status_is 5 'a directory that is not there'
like "$ERR" 'hint: --mkdir' 'what to do'
run $SHIP --sink "$URL/x/y" <dump
status_is 5 'a file where a directory should be'
run $SHIP --sink none/x <dump
status_is 3 'a local directory that is not there'
like "$ERR" 'hint: --mkdir' 'what to do'
run $SHIP --sink --mkdir none/a/x <dump
ok '--mkdir makes it' cmp dump none/a/x

# --- input and output ---------------------------------------------------------------------

fresh
for t_cut in 0 1 1000 $(($(size dump) - 1)); do
	head -c "$t_cut" dump >cut
	run $SHIP --sink --overwrite "$URL/x" to/x <cut
	status_is 1 "a dump cut at $t_cut"
	intact "a dump cut at $t_cut"
	is "$(files)$(ls -A to)" './x x' "$t_cut: nothing else is left"
	is "$OUT" '' "$t_cut: no record"
done
try "$SHIP --sink --overwrite $URL/x <dump >/dev/full"
status_is 3 'the record does not fit'
like "$ERR" 'warning: .*published all the same' 'says what has happened'
ok 'which is so' cmp dump "$REMOTE/x"
fresh
try "$SHIP --overwrite $URL/x to/x <big >/dev/full"
status_is 3 'the stream does not fit'
intact 'the stream does not fit'
for t_how in '<&-' '>&-' '--sink >&-' '<&- >&- 2>&-'; do
	case $t_how in
	*'<&-'*) try "$SHIP --overwrite $URL/x to/x $t_how" ;;
	*) try "$SHIP --overwrite $URL/x to/x $t_how <dump" ;;
	esac
	status_is 3 "$t_how: status 3"
	intact "$t_how"
	is "$(files)$(ls -A to)" './x x' "$t_how: nothing else is left"
done
try "$SHIP --overwrite $URL/x to/x <big | head -c 10 >/dev/null"
is "$ERR" '' 'nobody reads: nothing is said'
intact 'nobody reads'

done_testing
