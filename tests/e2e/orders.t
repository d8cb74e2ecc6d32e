#!/bin/sh
# SPDX-License-Identifier: ISC
# In whatever order the four stand, and however one of them dies: no incomplete
# file gets a final name, a previous good one stays as it was, and the status
# of the last stage alone says so, in a shell without pipefail.
. "${0%/*}/../lib.sh"

own_mounts "$@"
need age pg_restore
pg_start
sshd_start
pg_fill appdb 0
cd "$SCRATCH" || exit

# D dump, V verify, I verify -i, E encrypt, S ship.
ORDERS='D,V,E,S D,E,V,S D,E,I,S D,E,S D,V,S D,S D,S,V D,V,S,E,V D,S,E,S'

ok 'a key pair' sh -c 'pgb-encrypt --keygen key.txt >backup.pub'
export PGB_PGDUMP="$BIN/helper/gate" GATE_REAL="$PGBIN/pg_dump"
export GATE_DIR="$SCRATCH/gate" GATE_AT=0
mkdir gate local "$REMOTE/there"
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE/there"

# What a complete backup holds, by stock tools alone.
text_of()
{
	pg_restore -f text "$1" 2>/dev/null &&
	    grep -Ev '^\\(un)?restrict ' text | md5sum
}
# reference WORDS: of a dump with these options.
reference()
{
	HOW=$1
	"$PGBIN/pg_dump" -Fc $HOW appdb | cat >stock.dump
	SIZE=$(size stock.dump)
	WANT=$(text_of stock.dump)
}
reference ''
complete()
{
	case $(head -c 3 "$1" | tr -d '\000') in
	age) age -d -i key.txt -o plain "$1" 2>/dev/null || return 1 ;;
	*) cp "$1" plain ;;
	esac
	[ "$(text_of plain)" = "$WANT" ]
}

# line ORDER: sets LINE, and FINALS, the files that it is to publish in DIR,
# seen from pgb-ship as URL.
line()
{
	LINE=
	FINALS=
	t_n=0
	t_order=$(echo "$1" | tr , ' ')
	for t_s in $t_order; do
		t_n=$((t_n + 1))
		t_sink=
		[ "$t_n" -lt "$(echo "$t_order" | wc -w)" ] || t_sink=--sink
		case $t_s in
		D) c="pgb-dump $HOW appdb" ;;
		V) c="pgb-verify $t_sink" ;;
		I) c='pgb-verify -i key.txt' ;;
		E) c='pgb-encrypt -R backup.pub' ;;
		S)
			c="pgb-ship $t_sink --overwrite --known-hosts
			    $KNOWN_HOSTS -i $SSH_KEY $URL/final$t_n"
			FINALS="$FINALS $DIR/final$t_n"
			;;
		esac
		LINE="$LINE${LINE:+ | }stage $t_s$t_n $c"
	done
	LINE=$(echo "$LINE" | tr -d '\n')
}

# Local and remote in turn, with and without a previous file in turn.
CASE=0
place()
{
	CASE=$((CASE + 1))
	case $((CASE % 2)) in
	0) DIR=local URL=$SCRATCH/local ;;
	1) DIR=$REMOTE/there URL=$SFTP_URL$DIR ;;
	esac
	rm -f local/* local/.*pgbtmp "$REMOTE/there/"* \
	    "$REMOTE/there/".*pgbtmp gate/* stage/*
}

previous()
{
	[ $((CASE / 2 % 2)) = 1 ] || return 0
	for f in $FINALS; do
		echo 'previous good' >"$f"
	done
}

# start: the line runs; its end is awaited by finish, which sets RC.
start()
{
	timeout -k 1 30 /bin/sh -c "$LINE" </dev/null >out 2>err &
	PIPE=$!
}
finish()
{
	wait "$PIPE" 2>/dev/null
	RC=$?
	[ "$RC" != 124 ] || note "hung: $LINE"
}

# wrong KILLED: what is wrong after the run, if anything.  KILLED is a stage
# that had no chance to remove its temporary file.
wrong()
{
	for f in $FINALS; do
		if [ "$(head -c 9 "$f" 2>/dev/null | tr -d '\000')" = \
		    previous\  ]; then
			[ "$(cat "$f")" = 'previous good' ] ||
			    echo "$f: the previous file was changed"
			[ "$RC" != 0 ] || echo "$f: status 0, not replaced"
		elif [ -e "$f" ]; then
			complete "$f" || echo "$f: INCOMPLETE FILE PUBLISHED"
		else
			[ "$RC" != 0 ] || echo "$f: status 0, no file"
			[ $((CASE / 2 % 2)) = 0 ] ||
			    echo "$f: the previous file is gone"
		fi
	done
	t_left=$(find "$DIR" -name '*.pgbtmp')
	case $1 in
	S*) ;;
	*) [ -z "$t_left" ] || echo "left behind: $t_left" ;;
	esac
}

judge()
{
	t_wrong=$(wrong "$1")
	if [ -z "$t_wrong" ]; then
		pass "$2"
		return
	fi
	fail "$2"
	diag "$t_wrong"
	diag "status $RC of: $LINE"
	diag "$(cat err)"
}

# --- good runs ---------------------------------------------------------------


: >gate/go
for order in $ORDERS; do
	for where in 1 2; do
		place
		line "$order"
		previous
		: >gate/go
		start
		finish
		is "$RC" 0 "$order: a good run ends with status 0"
		[ "$RC" = 0 ] || diag "$(cat err)"
		judge - "$order: complete in $DIR"
	done
done

# --- a stage dies --------------------------------------------------------------

# With INSERT statements it is pg_dump's stream that is passed on, and the gate
# that holds it holds the dump at any byte.
reference --inserts

# attack ORDER STAGE SIGNAL MOMENT: with the dump held at byte MOMENT.
attack()
{
	place
	line "$1"
	previous
	GATE_AT=$4
	start
	await 20 test -e gate/reached || note "the gate was not reached"
	victim=$(stage_pid "$2")
	# What has passed the gate is to reach the last stage.
	sleep 0.03
	kill -s "$3" "$victim"
	await 10 gone "$victim" || note "SIG$3 does not end $2"
	: >gate/go
	finish
	t_killed=-
	[ "$3" = TERM ] || t_killed=$2
	judge "$t_killed" "$1: SIG$3 to $2 at byte $4 of $SIZE"
}

for order in $ORDERS; do
	number=0
	for letter in $(echo "$order" | tr , ' '); do
		number=$((number + 1))
		stage=$letter$number
		for moment in 0 $((SIZE / 2)) "$SIZE"; do
			attack "$order" "$stage" KILL "$moment"
			attack "$order" "$stage" TERM "$moment"
		done
	done
done

# --- the server ends the session -----------------------------------------------

# terminated ORDER WHICH: the session of pgb-dump, which holds the snapshot, is
# the first one, that of its pg_dump the last.
terminated()
{
	place
	line "$1"
	previous
	GATE_AT=$((SIZE / 3))
	start
	await 20 test -e gate/reached || note "the gate was not reached"
	sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	    WHERE datname = 'appdb' ORDER BY backend_start $2 LIMIT 1" >killed
	: >gate/go
	finish
	is "$(cat killed)" t "$1: there was a session to end"
}

for order in $ORDERS; do
	terminated "$order" DESC
	judge - "$order: the server ends the session of pg_dump"
	unlike "$RC" '^0$' "$order: and the status says so"
	case $order in
	D,S | D,V,E,S)
		terminated "$order" ASC
		judge - "$order: the server ends the session of pgb-dump"
		;;
	esac
done

# --- the disk is full ----------------------------------------------------------

full()
{
	start
	finish
	judge - "$1: disk full in $DIR"
	if [ "$RC" = 0 ]; then
		fail "$1: status $RC"
		diag "$(cat err)"
	fi
	like "$(cat err)" 'No space|disk|full|space' "$1: and it says so"
}

if [ "$MOUNTS" = 1 ]; then
	tmpfs_on "$SCRATCH/local" 64k
	tmpfs_on "$REMOTE/there" 64k
	[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE/there"
	for order in $ORDERS; do
		for where in 1 2; do
			place
			line "$order"
			previous
			: >gate/go
			full "$order"
		done
	done
else
	untested 'a full disk: no private mounts on this machine'
fi

done_testing
