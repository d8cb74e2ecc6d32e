#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make check-ship: what takes too long for make check.  GIB (4) GiB through
# connections that are killed every second, over both transports and with
# several connections; then ROUNDS (12) uploads of 300 MB while things happen to
# their connections and to the server at random.  SEED repeats a run.  Each time
# the status is 0 and every byte is what it was.
. "${0%/*}/lib.sh"
. "$TOP/tests/chance.sh"

: "${GIB:=4}" "${ROUNDS:=12}" "${SEED:=$$}"
need timeout
sshd_start
cd "$SCRATCH" || exit
PRAND=$BIN/helper/prand
note "SEED=$SEED"

# In memory, where there is enough: the disk is not what is tested.
t_free=$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')
DIR=$REMOTE
if [ "${t_free:-0}" -gt $((GIB * 1100000)) ]; then
	DIR=$(mktemp -d /dev/shm/pgb-chaos.XXXXXX)
	trap 'rm -rf "$DIR"; quit' EXIT
	[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$DIR"
fi

# whole NAME BYTES NUMBER: the last run published just that.
whole()
{
	status_is 0 "$1: status 0"
	ok "$1: byte for byte" sh -c "$PRAND $2 $3 | cmp - $DIR/x"
	is "$(ls -A "$DIR")" x "$1: nothing else is there"
	note "$(sed -n 's/.*\("connections":[0-9]*,"reconnects":[0-9]*\).*/\1/p
	    ' out), $(sed -n 's/.*\("seconds":[0-9.]*\).*/\1/p' out)"
	rm -f "$DIR/x"
}

# ship BYTES NUMBER OPTION...
ship()
{
	t_bytes=$1 t_number=$2
	shift 2
	"$PRAND" "$t_bytes" "$t_number" | timeout 1800 pgb-ship --raw --sink \
	    -F "$SSH_CONFIG" "$@" "sftp://far$DIR/x" >out 2>err
	RC=$?
	ERR=$(tail -n 20 err)
	RAN="ship $*"
}

# --- killed every second -------------------------------------------------------

BYTES=$((GIB * 1073741824))
proxy_start -a 1000
for t_options in '--transport libssh2' '--transport ssh' \
    '--transport libssh2 --connections 3' '--transport ssh --connections 2'; do
	ship $BYTES 1 $t_options
	whole "$GIB GiB, killed every second, $t_options" $BYTES 1
done
ok 'they were killed' test "$(grep -c RST "$PROXY_LOG")" -ge $((GIB * 4))
proxy_stop

# --- at random ------------------------------------------------------------------

# One thing happens.
happens()
{
	random 7
	case $R in
	0) kill -s USR2 "$PROXY_PID" ;;
	1) kill -s HUP "$PROXY_PID" ;;
	2|3) kill -KILL $(a_session) ;;
	4)
		t_pids=$(a_session)
		kill -STOP $t_pids
		sleep 1
		kill -CONT $t_pids ;;
	5)
		kill -s USR1 "$PROXY_PID"
		sleep 0.7
		kill -s USR1 "$PROXY_PID" ;;
	6)
		kill -KILL $(a_session)
		kill -s USR2 "$PROXY_PID" ;;
	esac 2>/dev/null
}

proxy_start -d 5
t_round=0
while [ $((t_round += 1)) -le "$ROUNDS" ]; do
	random 4
	t_options="--connections $((R + 1))"
	random 2
	[ "$R" = 0 ] && t_options="$t_options --transport ssh" ||
	    t_options="$t_options --transport libssh2"
	random 2
	[ "$R" = 0 ] || t_options="$t_options --read-back"
	{
		ship 300000000 "$t_round" --stall-timeout 5 --limit 60M \
		    $t_options
		echo "$RC" >rc
	} &
	t_ship=$!
	while ! gone $t_ship; do
		random 15
		sleep "$((R / 10)).$((R % 10 + 1))"
		happens
	done
	wait $t_ship
	RC=$(cat rc) ERR=$(tail -n 20 err) RAN="round $t_round $t_options"
	whole "round $t_round, $t_options" 300000000 "$t_round"
done
proxy_stop

done_testing
