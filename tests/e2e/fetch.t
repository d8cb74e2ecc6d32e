#!/bin/sh
# SPDX-License-Identifier: ISC
# What is fetched is the file that lies there, byte for byte, and has the
# checksum beside it, whatever becomes of the connection; or its tail does not
# come, and the status says so.
. "${0%/*}/../lib.sh"

need age age-keygen b2sum perl
own_mounts "$@"
sshd_start
cd "$SCRATCH" || exit

URL=$SFTP_URL$REMOTE
SSH="--known-hosts $KNOWN_HOSTS -i $SSH_KEY"
SHIP="pgb-ship $SSH"
PRAND=$BIN/helper/prand
DRIBBLE=$BIN/helper/dribble
for t_tool in "$PRAND" "$DRIBBLE"; do
	[ -x "$t_tool" ] || bail "$t_tool is not built"
done

BIG=25000001
"$PRAND" $BIG 1 >big
"$PRAND" 300000 2 >small

# place FILE [AS]: put it on the server.
place() { cp "$1" "$REMOTE/${2:-$1}"; chmod 644 "$REMOTE/${2:-$1}"; }
fresh()
{
	chmod -R u+rwX "$REMOTE" 2>/dev/null
	find "$REMOTE" -mindepth 1 -delete
}
# said KEY...: what the report of the last run says, "-" where it does not.
said()
{
	perl -MJSON::PP -e 'local $/; $r = decode_json(<STDIN>);
	    print join " ", map { !defined $r->{$_} ? "-" :
	    JSON::PP::is_bool($r->{$_}) ? ($r->{$_} ? "true" : "false") :
	    $r->{$_} } @ARGV' "$@" <report
}
# cut_short FILE NAME: out is the beginning of FILE, and its end is missing.
cut_short()
{
	t_len=$(size out)
	ok "$2: a beginning, without the end ($t_len bytes)" \
	    test "$t_len" -le $(($(size "$1") - 100000))
	ok "$2: and nothing else" cmp -n "$t_len" "$1" out
}
# errors: how many error lines there were.
errors() { printf '%s\n' "$ERR" | grep -c ': error: '; }

# --- whole ---------------------------------------------------------------------

for t_size in 1 4095 32768 131071 131072 131073 300001 $BIG; do
	head -c $t_size big >f
	place f
	b2sum f >f.b2
	for t_from in "$URL/f" "$REMOTE/f" "file://$REMOTE/f"; do
		rm -f report
		run $SHIP --fetch "$t_from" --report report
		t_name="$t_size bytes of ${t_from%%:*}"
		is "$RC$ERR" 0 "$t_name"
		ok "$t_name: byte for byte" cmp f out
		is "$(said bytes blake2b verified reconnects range)" \
		    "$t_size $(cut -d ' ' -f 1 f.b2) false 0 -" \
		    "$t_name: the report"
	done
done
run $SHIP --fetch "$URL/f" --report report
is "$(said fetched)" "$URL/f" 'the report says from where'
like "$(said transport)" '^(libssh2 1|ssh)' 'and by which way'
: >empty
place empty
mkdir "$REMOTE/d"
for t_from in "$URL" "$REMOTE"; do
	run $SHIP --fetch "$t_from/empty"
	status_is 1 'an empty file is none'
	like "$ERR" 'empty is empty$' 'says so'
	run $SHIP --fetch "$t_from/d"
	status_is '2 5' 'nor is a directory'
	like "$ERR" '/d: (is no regular file|failure)$' 'says so'
	run $SHIP --fetch "$t_from/none"
	status_is '3 5' 'nor what is not there'
	like "$ERR" '/none: [Nn]o such file' 'says so'
done
mkfifo "$REMOTE/fifo"
run timeout 20 $SHIP --fetch "$REMOTE/fifo"
status_is 2 'nor a FIFO of this machine'

# --- the checksum beside it ------------------------------------------------------

fresh
place small
place small 'a\b'
(cd "$REMOTE" && b2sum small >good && b2sum --tag small >tag &&
    b2sum -b small >binary && b2sum 'a\b' >escaped && b2sum <small >stdin &&
    echo x | b2sum | sed 's/-$/small/' >bad && chmod 644 ./*)
t_sum=$(b2sum <small | cut -d ' ' -f 1)
# with FILE: fetched, with that beside it.
with()
{
	cp "$REMOTE/$1" "$REMOTE/small.b2" 2>/dev/null
	run $SHIP --fetch "$t_from/small" --report report
}
for t_from in "$URL" "$REMOTE"; do
	for t_beside in good tag binary; do
		with $t_beside
		is "$RC$ERR" 0 "the checksum beside it, $t_beside"
		ok 'the file' cmp small out
		is "$(said verified blake2b sum)" \
		    "true $t_sum $t_from/small.b2" 'the report'
	done
	{ echo '# sums'; b2sum big; cat "$REMOTE/good"
	    sed 's|small|./small|' "$REMOTE/good"; } | sed 's/$/\r/' \
	    >"$REMOTE/mixed"
	with mixed
	is "$RC$ERR$(said verified)" 0true 'one line of many, twice, in CR LF'
	cp "$REMOTE/escaped" "$REMOTE/a\\b.b2"
	t_name='a\b'
	[ "$t_from" = "$REMOTE" ] || t_name=a%5Cb
	run $SHIP --fetch "$t_from/$t_name" --report report
	is "$RC$ERR$(said verified)" 0true 'a name with a backslash'

	rm -f report
	with bad
	status_is 1 'another checksum'
	like "$ERR" "small: is not what was stored: BLAKE2b $(echo "$t_sum" |
	    head -c 16)\.\.\., the sidecar says $(head -c 16 \
	    "$REMOTE/bad")\.\.\.$" 'both are told'
	like "$ERR" 'hint: .*--no-sum' 'and what can be done'
	is "$(errors)" 1 'once'
	cut_short small 'another checksum'
	ok 'no report' test ! -e report
	place big
	b2sum small | sed 's/small/big/' >"$REMOTE/big.b2"
	run $SHIP --fetch "$t_from/big"
	status_is 1 'the same of a large file'
	cut_short big 'a large file'
	run $SHIP --fetch "$t_from/big" --no-sum --report report
	is "$RC$ERR" 0 '--no-sum does not look'
	ok 'it is all there' cmp big out
	is "$(said verified blake2b sum)" 'false - -' 'and does not claim'
	try "$SHIP --fetch $t_from/small | cat >out"
	cut_short small 'into a pipe'

	for t_beside in stdin escaped; do
		with $t_beside
		status_is 0 "a checksum of another name ($t_beside)"
		like "$ERR" '^pgb-ship: warning: .*/small.b2: no line of b2sum for small: ignored$' \
		    'is ignored, with a warning'
		is "$(said verified blake2b)" "false $t_sum" 'not verified'
	done
	{ cat "$REMOTE/good" "$REMOTE/bad"; } >"$REMOTE/two"
	with two
	status_is 1 'two checksums for it'
	like "$ERR" 'small.b2: two checksums for small$' 'says so'
	is "$(size out)" 0 'nothing is sent'
	head -c 65537 /dev/zero >"$REMOTE/much"
	with much
	is "$RC" 0 'more than a checksum'
	like "$ERR" 'small.b2: larger than 65536 bytes: ignored' 'is ignored'
	: >"$REMOTE/nothing"
	with nothing
	like "$ERR" 'warning: .*: no line of b2sum' 'an empty one'
	rm "$REMOTE/small.b2"
	with none
	is "$RC$ERR$(said verified)" 0false 'none'
	run $SHIP -v --fetch "$t_from/small"
	like "$ERR" 'small.b2: not there' '-v says so'
	mkdir "$REMOTE/small.b2"
	with none
	is "$RC" 0 'a directory of that name'
	like "$ERR" 'warning: .*small.b2: .*: ignored' 'is ignored'
	rmdir "$REMOTE/small.b2"
	with bad
	run $SHIP --fetch "$t_from/small.b2"
	is "$RC" 0 'the checksum itself can be fetched'
	ok 'as it is' cmp "$REMOTE/bad" out
	rm -f "$REMOTE"/*.b2
done
cp "$REMOTE/bad" "$REMOTE/small.b2"
chmod 000 "$REMOTE/small.b2"
run $SHIP --fetch "$URL/small" --report report
if ! open_to_us "$REMOTE/small.b2" r; then
	is "$RC$(said verified)" 0false 'a checksum that may not be read'
	like "$ERR" 'warning: .*small.b2: permission denied: ignored' 'a warning'
fi

# --- ranges ------------------------------------------------------------------------

fresh
place small
cp small "$REMOTE/small"
# It would not do: the checksum is not of a part.
echo x | b2sum | sed 's/-$/small/' >"$REMOTE/small.b2"
chmod 644 "$REMOTE"/*
for t_from in "$URL/small" "$REMOTE/small"; do
	for t_case in '0-0 0 1' '0-9 0 10' '0- 0 300000' '0-299999 0 300000' \
	    '299999- 299999 1' '299999-299999 299999 1' \
	    '131071-131072 131071 2' '131072-262143 131072 131072' \
	    '1-299998 1 299998' '299990-400000 299990 10' '-1 299999 1' \
	    '-300000 0 300000' '-999999 0 300000' '-131073 168927 131073'; do
		set -- $t_case
		run $SHIP --fetch "$t_from" --range "$1" --report report
		is "$RC$ERR" 0 "range $1 of ${t_from%%:*}"
		dd if=small bs=64K skip="$2" count="$3" of=want \
		    iflag=skip_bytes,count_bytes,fullblock 2>/dev/null
		ok "$1: those bytes" cmp want out
		is "$(said bytes range verified blake2b)" \
		    "$3 $2-$(($2 + $3 - 1)) false -" "$1: the report"
	done
	for t_range in 300000- 300000-300001 9999999-99999999; do
		run $SHIP --fetch "$t_from" --range $t_range
		status_is 1 "range $t_range: behind the end"
		like "$ERR" "small: .*byte ${t_range%%-*}, .* has 300000 bytes$" \
		    'says how long it is'
		is "$(errors)$(size out)" 10 'and sends nothing'
	done
done
for t_range in '' - 5 5-4 -0 a-b 1-2-3 1K-2K ' 1-2' 99999999999999999999-; do
	run pgb-ship --fetch sftp://nowhere.invalid/x "--range=$t_range"
	status_is 2 "range '$t_range': is none"
	like "$ERR" '^pgb-ship: error: --range' 'says so'
	is "$(printf '%s\n' "$ERR" | grep -c 'hint: --range')" 1 'and how'
done
run $SHIP --fetch "$URL/small" --range 0-65535
mv out one
run $SHIP --fetch "$URL/small" --range 65536-
ok 'two parts are the whole' sh -c 'cat one out | cmp - small'

# What was fetched is known to be what lies there, not to be a whole backup: who
# comes behind wants his own proof.
age-keygen -o key 2>/dev/null
age -r "$(age-keygen -y key)" -o "$REMOTE/x.age" small
chmod 644 "$REMOTE/x.age"
for t_range in '' '--range 0-' '--range 0-100000'; do
	rm -f copy
	try "$SHIP --fetch $URL/x.age $t_range | pgb-ship --sink copy"
	status_is 1 "shipped on: binary age $t_range"
	like "$ERR" 'not proven complete' 'is not vouched for'
	ok 'and not published' test ! -e copy
done

# --- the latest ----------------------------------------------------------------------

fresh
for t_day in 01 03 02; do
	head -c 1000$t_day big >"$REMOTE/app-202601${t_day}T000000Z.dump"
done
head -c 10 big >"$REMOTE/app-20260109T000000Z.dump.b2x"
head -c 10 big >"$REMOTE/other-20260109T000000Z.dump"
chmod 644 "$REMOTE"/*
(cd "$REMOTE" && b2sum app-20260103T000000Z.dump \
    >app-20260103T000000Z.dump.b2)
for t_from in "$URL" "$REMOTE"; do
	run $SHIP -v --fetch "$t_from/app-{latest}.dump" --report report
	status_is 0 'the latest'
	is "$(size out)" 100003 'is it'
	like "$ERR" "the latest: .*$t_from/app-20260103T000000Z.dump\$" \
	    'and is told'
	is "$(said fetched verified)" "$t_from/app-20260103T000000Z.dump true" \
	    'also in the report'
	run $SHIP --fetch "$t_from/none-{latest}.dump"
	status_is 1 'none there'
	is "$(errors)$(size out)" 10 'says so'
done

# --- a connection that ends --------------------------------------------------------------

fresh
place big
(cd "$REMOTE" && b2sum big >big.b2 && chmod 644 big.b2)

# slow OPTIONS...: fetch big in the background, to a reader that takes about a
# second for it, and that waits where took() wants it.
slow()
{
	rm -f rc report stage/fetch
	echo 1 >hold
	: >out
	{
		stage fetch $SHIP --fetch "$URL/big" "$@" 2>err
		echo $? >rc
	} | "$DRIBBLE" 65536 524288 20 hold >out &
	SLOW=$!
	at_exit $SLOW
}
# took N: the reader has so many bytes, and takes no more until the next took()
# or slow_end().
more_than() { [ "$(size out)" -ge "$1" ]; }
took()
{
	echo "$1" >hold
	await 30 more_than "$1" || bail "the reader waits: $(cat err)"
}
# slow_end: as run does.
slow_end()
{
	rm -f hold
	wait $SLOW
	RC=$(cat rc) ERR=$(cat err) RAN=slow
}
drop()
{
	for t_pid in $(sshd_sessions); do
		kill_tree "$t_pid" KILL
	done
}
# libssh2_can HOW: it can talk to this server, or is not asked to.
libssh2_can()
{
	[ "$1" != '--transport libssh2' ] || curves || {
		untested "$1: it has no elliptic curves"
		return 1
	}
}
for t_how in '--transport libssh2' '--transport ssh' '--range 1000-24999999' \
    '--limit 20M'; do
	libssh2_can "$t_how" || continue
	[ "$t_how" != '--transport ssh' ] || t_how="$t_how --ssh-config $SSH_CONFIG"
	slow --report report $t_how
	for t_i in 1 2 3 4 5; do
		took $((t_i * 3500000))
		drop
	done
	slow_end
	status_is 0 "the connection is killed five times, $t_how"
	head -c 25000000 big | tail -c +1001 >part
	t_want=big
	case $t_how in --range*) t_want=part ;; esac
	ok 'byte for byte' cmp $t_want out
	t_count=$(said reconnects)
	ok "connected again ($t_count)" test "$t_count" -ge 2
	like "$ERR" "warning: $URL/big: connection lost: .*; trying again" \
	    'a warning'
	like "$ERR" "$URL/big: connected again, going on at byte [0-9]+ of $BIG" \
	    'and a note'
	is "$(errors)" 0 'no error'
	case $t_how in --range*) continue ;; esac
	is "$(said verified)" true 'the checksum of all'
	case $t_how in --transport*)
		like "--transport $(said transport)" "^${t_how%% --ssh*}" \
		    'by that way'
	esac
done

# The server is started again; it takes a while.
slow --report report
took 3000000
sshd_stop
sleep 1.5
sshd_start
slow_end
status_is 0 'the server is started again'
ok 'byte for byte' cmp big out

slow --retry-time 2
took 3000000
sshd_stop
slow_end
status_is 4 'the server does not come back'
like "$ERR" "error: $URL/big: .*([Rr]efused|lost|reset)" 'says why'
like "$ERR" 'hint: .*--retry-time' 'and how long it was waited for'
is "$(errors)" 1 'once'
cut_short big 'no server'
sshd_start

# Nobody waits for a server for nobody.
for t_who in reader fetch; do
	rm -f rc out stage/fetch stage/reader
	{
		stage fetch $SHIP --fetch "$URL/big" --limit 5M 2>err
		echo $? >rc
	} | stage reader cat >out &
	SLOW=$!
	at_exit $SLOW
	took 1000000
	sshd_stop
	await 20 grep -q 'trying again' err
	kill -TERM "$(stage_pid $t_who)"
	await 60 test -s rc || kill -KILL "$(stage_pid fetch)"
	await 10 test -s rc
	slow_end
	sshd_start
	case $t_who in
	reader) status_is 3 'the server is away, and then the reader' ;;
	fetch) status_is 143 'the server is away; SIGTERM' ;;
	esac
	is "$(errors)" 0 'without a word'
done

# What is final stays final.
cp "$KNOWN_HOSTS" kh
SHIP_WAS=$SHIP
SHIP="pgb-ship --known-hosts kh -i $SSH_KEY"
slow
took 3000000
read -r t_type t_key t_rest <"$SSH_KEY.pub"
echo "[127.0.0.1]:$SSHD_PORT $t_type $t_key" >kh
drop
slow_end
status_is 5 'another host key than before'
like "$ERR" 'error: .*ed25519' 'says so'
is "$(errors)" 1 'once'
cut_short big 'another host key'
SHIP=$SHIP_WAS
slow
took 3000000
mv "$SCRATCH/ssh/authorized_keys" away
drop
slow_end
mv away "$SCRATCH/ssh/authorized_keys"
status_is 5 'not let in any more'
is "$(errors)" 1 'said once'
cut_short big 'not let in'

# --- a file that changes ------------------------------------------------------------------

# meanwhile NAME COMMAND...: that happens while big is read.
meanwhile()
{
	t_name=$1; shift
	place big
	touch -d '2026-01-01 00:00' "$REMOTE/big"
	cp big before
	slow --no-sum
	took 3000000
	"$@"
	slow_end
	status_is 1 "$t_name"
	like "$ERR" "error: $URL/big: changed while it was read$" 'says so'
	is "$(errors)" 1 'once'
	cut_short big "$t_name"
}
grow() { echo more >>"$REMOTE/big"; }
shorten() { truncate -s 20000000 "$REMOTE/big"; }
rewrite() { printf x | dd of="$REMOTE/big" bs=1 conv=notrunc 2>/dev/null; }
replace()
{
	"$PRAND" "$1" 3 >"$REMOTE/new"
	touch -d "2026-01-0$2 00:00" "$REMOTE/new"
	mv "$REMOTE/new" "$REMOTE/big"
	drop
}
remove() { rm "$REMOTE/big"; drop; }
meanwhile 'it grows' grow
meanwhile 'it is cut' shorten
meanwhile 'it is written to' rewrite
meanwhile 'it is replaced by one of another size' replace 26000000 1
meanwhile 'it is replaced by one of another time' replace $BIG 2
meanwhile 'it is replaced by one of the same size and time' replace $BIG 1
meanwhile 'it is removed' remove
# Replaced, but the connection stays: the old one is read to its end.
place big
slow --no-sum
took 3000000
"$PRAND" 26000000 3 >"$REMOTE/new"
mv "$REMOTE/new" "$REMOTE/big"
slow_end
status_is 0 'the old one is read to its end'
ok 'byte for byte' cmp big out
place big
for t_what in grow shorten rewrite; do
	place big
	touch -d '2026-01-01 00:00' "$REMOTE/big"
	: >out
	echo 1 >hold
	{
		$SHIP --fetch "$REMOTE/big" 2>err
		echo $? >rc
	} | "$DRIBBLE" 65536 524288 20 hold >out &
	SLOW=$!
	took 3000000
	$t_what
	slow_end
	status_is 1 "the same on this machine: $t_what"
	like "$ERR" 'big: changed while it was read$' 'says so'
	cut_short big "on this machine: $t_what"
done

# --- a reader that does not want it ---------------------------------------------------------

place big
for t_from in "$URL/big" "$REMOTE/big"; do
	try "{ $SHIP --fetch $t_from; echo \$? >rc; } | head -c 100 >/dev/null"
	is "$(cat rc)$ERR" 3 'the reader goes: status 3, and not a word'
	run sh -c "$SHIP --fetch $t_from >/dev/full"
	status_is 3 'the disk is full'
	is "$(errors)" 1 'says so'
	run sh -c "$SHIP --fetch $t_from >&-"
	status_is 3 'stdout is closed'
done
slow
took 3000000
kill -TERM "$(stage_pid fetch)"
slow_end
status_is 143 'SIGTERM'
is "$(errors)" 0 'without a word'
cut_short big 'SIGTERM'

# --- a line that falls silent ----------------------------------------------------------------

proxy_start -e
URL=$PROXY_URL$REMOTE
slow --timeout 2 --no-sum --report report
took 3000000
kill -USR1 "$PROXY_PID"
slow_end
kill -USR1 "$PROXY_PID"
status_is 0 'a line falls silent; another is taken'
ok 'byte for byte' cmp big out
ok 'connected again' test "$(said reconnects)" -ge 1
proxy_stop
# So slow an answer that the window opens.
proxy_start -d 25
URL=$PROXY_URL$REMOTE
run $SHIP --fetch "$URL/big" --report report
status_is 0 'a distant server'
ok 'byte for byte' cmp big out
proxy_stop

# --- options that do not hurt ------------------------------------------------------------------

URL=$SFTP_URL$REMOTE
for t_opt in '--limit 40M' '--connections auto' \
    "--transport ssh --ssh-config $SSH_CONFIG" '--transport libssh2'; do
	libssh2_can "$t_opt" || continue
	run $SHIP --fetch "$URL/big" $t_opt
	is "$RC$ERR" 0 "with $t_opt"
	ok 'byte for byte' cmp big out
done
run $SHIP --fetch "$REMOTE/big" --limit 40M
ok 'a limit on this machine' cmp big out

done_testing
