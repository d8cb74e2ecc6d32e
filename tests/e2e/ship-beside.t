#!/bin/sh
# SPDX-License-Identifier: ISC
# What goes beside a backup is there before the backup is, on servers and on
# this machine alike, and where it cannot be, nothing is; room, mode, rate and
# what is read back are as asked for.
. "${0%/*}/../lib.sh"

need b2sum
own_mounts "$@"
pg_start
sshd_start
pg_fill appdb 0
cd "$SCRATCH" || exit
pg_dump -Fc appdb >dump
head -c 3000000 /dev/urandom >big
echo '{"a":1}' >report.json
echo 'untrusted comment: x' >report.json.minisig
mkdir other
echo '{"b":2}' >other/report.json
mkdir -m 700 to

URL=$SFTP_URL$REMOTE
SHIP="pgb-ship -F /dev/null --known-hosts $KNOWN_HOSTS -i $SSH_KEY"
# The same directory of the server, and one of this machine.
PLACES="$URL $SCRATCH/to"
dir() { case $1 in sftp:*) echo "$REMOTE" ;; *) echo "$1" ;; esac; }
fresh()
{
	find "$REMOTE" to -mindepth 1 -not -path "$REMOTE/small*" -delete
}
files() { ls -A "$1" | tr '\n' ' '; }

for p in $PLACES; do
	d=$(dir "$p")
	case $p in sftp:*) k=sftp ;; *) k=local ;; esac

	fresh
	run $SHIP --sink --sum --with report.json --with report.json.minisig \
	    --report rep "$p/x.dump" <dump
	status_is 0 "$k: with two files and a sum"
	is "$(files "$d")" \
	    'x.dump x.dump.b2 x.dump.json x.dump.json.minisig ' \
	    "$k: all are there, under its name"
	ok "$k: the first is as it was" cmp report.json "$d/x.dump.json"
	ok "$k: the second too" cmp report.json.minisig \
	    "$d/x.dump.json.minisig"
	is "$(stat -c %a "$d/x.dump.json" "$d/x.dump.b2" | tr '\n' ' ')" \
	    '600 600 ' "$k: nobody else may read them"
	is "$(cd "$d" && b2sum -c x.dump.b2 2>&1)" 'x.dump: OK' \
	    "$k: b2sum is content"
	like "$OUT" '"beside":\[".json",".json.minisig",".b2"\]' \
	    "$k: the record names them"
	like "$(cat rep)" '"beside":\[' "$k: the report too"

	# The server has it, and there is no room for the report.
	case $k in sftp)
		run sh -c "{ (ulimit -f 0; exec $SHIP --sink --report full \
		    $p/y.dump); echo status \$?; } 2>&1 | cat" <dump
		like "$OUT" 'status 3$' 'no room for the report'
		is "$(printf '%s\n' "$OUT" | grep -c error:)" 1 'told once'
		like "$OUT" 'y.dump: published all the same; only the report' \
		    'and what that is of'
		ok 'which is there' cmp dump "$d/y.dump"
		rm "$d/y.dump" ;;
	esac

	# Order: who is woken by the name sees all.
	run $SHIP --sink --with report.json "$p/x.dump" <dump
	status_is 2 "$k: a second time"
	like "$ERR" 'x.dump.*: exists already' "$k: says so"
	rm "$d/x.dump"
	run sh -c "$SHIP --sink --with report.json '$p/x.dump'; rc=\$?
	    cat >left; exit \$rc" <dump
	status_is 2 "$k: the file beside alone is there"
	like "$ERR" 'x.dump.json exists already|x.dump.json: exists already' \
	    "$k: says which"
	ok "$k: stdin was not read" cmp dump left
	# Too long, which some servers call a bad message.
	long=$(printf '%0251d' 0)
	for t in "$long.json" "$long"; do
		run sh -c "$SHIP --sink --overwrite --with report.json \
		    '$p/$t'; rc=\$?; cat >left; exit \$rc" <dump
		case $k in
		sftp)
			status_is 5 "$k: a long name"
			like "$ERR" 'hint: a name of more than 255 bytes' \
			    "$k: says so" ;;
		local)
			status_is 2 "$k: a long name"
			like "$ERR" '(json: .* 255 bytes|0: .* 255 bytes, with .json)$' \
			    "$k: says so" ;;
		esac
		ok "$k: stdin was not read" cmp dump left
	done
	run $SHIP --sink --overwrite --sum --with other/report.json \
	    "$p/x.dump" <dump
	status_is 0 "$k: --overwrite"
	ok "$k: replaces the file beside" cmp other/report.json \
	    "$d/x.dump.json"

	# It comes late, or not at all.
	fresh
	rm -f late.json
	{ sleep 2; echo late >late.new; mv late.new late.json; } &
	run $SHIP -v --sink --with late.json "$p/x.dump" <dump
	status_is 0 "$k: a file that comes after the end of the stream"
	is "$(cat "$d/x.dump.json")" late "$k: is waited for"
	wait $!
	fresh
	mkdir -p adir.json
	: >empty.json
	run $SHIP --sink --with adir.json "$p/x.dump" <dump
	status_is 2 "$k: a directory"
	is "$(files "$d")" '' "$k: nothing is published"
	run $SHIP --sink --with empty.json "$p/x.dump" <dump
	status_is 1 "$k: an empty file"
	is "$(files "$d")" '' "$k: nothing is published, nothing is left"
	stage ship $SHIP --sink --with never.json "$p/x.dump" <dump >out 2>err &
	t_pid=$!
	await 10 test -n "$(stage_pid ship)"
	sleep 1
	kill -TERM "$(stage_pid ship)"
	wait "$t_pid"
	is "$?" 143 "$k: SIGTERM while it is waited for"
	is "$(files "$d")" '' "$k: nothing is left"

	# Two of one suffix, none at all, the sum's own.
	for t_with in '--with report.json --with other/report.json' \
	    '--with adir' '--with .hidden' '--sum --with x.b2' '--with x.'; do
		run $SHIP --sink $t_with "$p/x" <dump
		status_is 2 "$k: $t_with"
	done
	run $SHIP --sink --sum --no-sum "$p/x" <dump
	status_is 2 "$k: --sum --no-sum"

	# Mode, sum, reading back.
	fresh
	run $SHIP --sink --mode 0640 --no-sum --read-back --with report.json \
	    "$p/x" <dump
	status_is 0 "$k: --mode --no-sum --read-back"
	is "$(stat -c %a "$d/x" "$d/x.json" | tr '\n' ' ')" '640 640 ' \
	    "$k: the mode of all"
	unlike "$OUT" blake2b "$k: no sum"
	ok "$k: as it was" cmp dump "$d/x"
	for t_mode in 8 0200 01777 07777 rw ''; do
		run $SHIP --sink --mode "$t_mode" "$p/y" <dump
		status_is 2 "$k: --mode '$t_mode'"
	done

	# Names with what b2sum escapes.
	fresh
	if [ $k = sftp ]; then
		run $SHIP --sink --sum "$p/a%5Cb" <dump
		is "$(cd "$d" && b2sum -c 'a\b.b2' 2>&1 | grep -c OK)" 1 \
		    "$k: a name that b2sum escapes"
	fi

	# {host}
	fresh
	run $SHIP --sink "$p/{host}-x" <dump
	is "$(files "$d")" "$(uname -n | sed 's/\..*//')-x " \
	    "$k: {host} is this machine"
done

# --- room ---------------------------------------------------------------------

if [ "$MOUNTS" = 1 ]; then
	fresh
	tmpfs_on "$REMOTE/small" 8m
	chmod 777 "$REMOTE/small"
	for p in "$URL/small" "$REMOTE/small"; do
		t_want=5
		case $p in /*) t_want=3 ;; esac
		run sh -c "$SHIP --sink --min-free 16M $p/x; rc=\$?
		    cat >left; exit \$rc" <dump
		status_is $t_want "--min-free: $p"
		like "$ERR" '[0-9]+ bytes are free, and 16777216 are to be left' \
		    'says so'
		ok 'stdin was not read' cmp dump left
		run $SHIP --sink --min-free 1M --expect-size 1M "$p/x" <dump
		status_is 0 'there is room'
		run $SHIP --sink --min-free 5M --expect-size 5M "$p/y" <dump
		status_is $t_want 'not for both'
		rm -f "$REMOTE/small/x"
		is "$(ls -A "$REMOTE/small")" '' 'nothing is left'
	done
else
	untested 'a small disk: no private mounts on this machine'
fi

# --- several ------------------------------------------------------------------

fresh
mkdir "$REMOTE/closed"
chmod 555 "$REMOTE/closed"
if ! open_to_us "$REMOTE/closed" w; then
	run $SHIP --sink --sum --with report.json --report rep "$URL/closed/x" \
	    "$URL/x" "$SCRATCH/to/y" <dump
	status_is 5 'one of three may not be written'
	like "$ERR" 'closed/x: create: permission denied' 'says so'
	is "$(cd "$REMOTE" && b2sum -c x.b2)$(cd to && b2sum -c y.b2)" 'x: OKy: OK' \
	    'the others have it, each with its own sum'
	like "$OUT" '"name":"[^"]*/x","destinations"' \
	    'the record is of one that has it'
	like "$OUT" '"name":"[^"]*closed/x","published":false,"status":5' \
	    'tells which not'
	is "$(cut -c 1-60 rep)" "$(echo "$OUT" | cut -c 1-60)" 'so does the report'
fi
chmod 755 "$REMOTE/closed"

# --- the stream itself ----------------------------------------------------------

fresh
run $SHIP --raw --limit 2M --sink "$URL/x" <big
status_is 0 '--limit'
ok 'the file is whole' cmp big "$REMOTE/x"
fresh
try "$SHIP --raw --connections 4 --transport ssh $URL/x <big | cmp - big"
status_is 0 'four connections by ssh, passed on'
ok 'the file is whole' cmp big "$REMOTE/x"
for t_bad in '--connections 0' '--connections 17' '--connections x' \
    '--limit x' '--transport x' '--retry-time 0' '--stall-timeout x'; do
	run $SHIP --sink $t_bad "$URL/y" <dump
	status_is 2 "$t_bad"
done
done_testing
