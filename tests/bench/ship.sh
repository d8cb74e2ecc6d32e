#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make bench-ship: pgb-ship beside what else brings a backup to an SFTP server,
# side by side in one run, alternating, medians of REPEAT (3) runs: from memory
# to memory, through one sshd of this machine.  SIZE (1G) goes over the loopback;
# FAR_SIZE (SIZE), FAR_REPEAT (1) times, through proxies that add FAR ("50 100")
# ms to every round trip; then SMALL (20) uploads of 64 KiB in a row.
# PARTS="near far small" and ROWS choose.
#
# Seconds are of whole commands; cpu is user and system time of the client with
# all it starts, but not of sshd; rss that of its largest process.  What is not
# installed is left out: apt-get install rclone lftp.

cd "${0%/*}/../.." || exit
. tests/lib.sh
: "${SIZE:=1G}" "${REPEAT:=3}" "${FAR_SIZE:=$SIZE}" "${FAR_REPEAT:=1}"
: "${FAR:=50 100}" "${SMALL:=20}" "${PARTS:=near far small}"

need cmp sftp ssh
own_mounts "$@"
sshd_start
cd "$SCRATCH" || exit
SPENT=$BIN/bench/spent
MEMORY=$(mktemp -d /dev/shm/pgb-bench.XXXXXX) || exit
T_ALSO=$MEMORY
FILE=$MEMORY/file
TO=$MEMORY/to/x
mkdir "$MEMORY/to"
chmod 711 "$MEMORY"
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$MEMORY/to"

# --- rows ---------------------------------------------------------------------

# A row "KEY|TITLE|COMMAND" sends $FILE to $TO on the server $HOST: vault, or far
# behind the proxy.
rows()
{
	t_ship='pgb-ship --raw --sink --overwrite -F $SSH_CONFIG'
	t_url='sftp://$HOST$TO <$FILE'
	cat <<-END
	ship|pgb-ship|$t_ship $t_url
	ship1|pgb-ship --connections 1|$t_ship --connections 1 $t_url
	nosum|pgb-ship --no-sum|$t_ship --no-sum $t_url
	ship2|pgb-ship --connections 2|$t_ship --connections 2 $t_url
	ship4|pgb-ship --connections 4|$t_ship --connections 4 $t_url
	ssh|pgb-ship --transport ssh --no-sum|$t_ship --transport ssh --no-sum $t_url
	ssh2|the same, --connections 2|$t_ship --transport ssh --no-sum --connections 2 $t_url
	sftp|sftp -b|sftp -q -F \$SSH_CONFIG -b batch \$HOST
	gcm|sftp -b, aes128-gcm|sftp -q -F \$SSH_CONFIG -c aes128-gcm@openssh.com -b batch \$HOST
	scp|scp|scp -q -F \$SSH_CONFIG \$FILE \$HOST:\$TO
	cat|ssh cat|ssh -F \$SSH_CONFIG \$HOST "cat >\$TO" <\$FILE
	lftp|lftp|lftp -e "set sftp:connect-program 'ssh -a -x -F \$SSH_CONFIG'; put \$FILE -o \$TO; bye" sftp://\$SSHD_USER:@\$HOST
	rclone|rclone rcat|rclone --config rclone.conf rcat \$HOST:\$TO <\$FILE
	END
}
title() { rows | sed -n "s/^$1|\([^|]*\)|.*/\1/p"; }
command_of() { rows | sed -n "s/^$1|[^|]*|//p"; }

# usable ROW: it can be run here.
usable()
{
	case $1 in
	scp|lftp|rclone)
		command -v "$1" >/dev/null && return
		echo "left out: $1: not installed" >&2 ;;
	cat)
		# The server gives the command to its user's shell.
		sshd_shell && return
		echo 'left out: ssh cat: no shell on the server' >&2 ;;
	*)
		return 0 ;;
	esac
	return 1
}

# --- measuring --------------------------------------------------------------

# measure PREFIX ROW: once; its figures are added to t.PREFIX.ROW.
measure()
{
	rm -f "$TO"
	echo "put $FILE $TO" >batch
	if FILE=$FILE TO=$TO HOST=$HOST SSH_CONFIG=$SSH_CONFIG \
	    SSHD_USER=$SSHD_USER "$SPENT" "t.$1.$2" sh -c \
	    "exec $(command_of "$2")" >run.out 2>run.err &&
	    cmp -s "$FILE" "$TO"; then
		return
	fi
	echo "$(title "$2"): failed: $(tail -n 2 run.err)" >&2
	rm -f "t.$1.$2"
	: >"t.$1.$2.bad"
}

# rounds PREFIX COUNT ROW...: by turns, and what came of it.
rounds()
{
	t_prefix=$1 t_count=$2
	shift 2
	while [ $((t_count -= 1)) -ge 0 ]; do
		for t_row; do
			[ -e "t.$t_prefix.$t_row.bad" ] ||
			    measure "$t_prefix" "$t_row"
		done
	done
	for t_row; do
		show "$t_prefix.$t_row" "$(title "$t_row")" "$(size "$FILE")"
	done
}

# value PREFIX.ROW COLUMN: the median; 1: seconds, 2: cpu, 3: rss.
value()
{
	awk -v c="$2" '{ print $c }' "t.$1" | sort -n |
	    awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# show PREFIX.ROW TITLE BYTES
show()
{
	[ -s "t.$1" ] || return
	awk -v n="$2" -v s="$(value "$1" 1)" -v c="$(value "$1" 2)" \
	    -v r="$(value "$1" 3)" -v b="$3" 'BEGIN { printf \
	    "%-38s %7.2f s %6.1f MB/s %6.2f s cpu %5.0f MiB rss\n", n, s,
	    b / s / 1e6, c, r / 1024 }'
}

# faster TEXT PREFIX ROW OTHER LIMIT: so many times.
faster()
{
	[ -s "t.$2.$3" ] && [ -s "t.$2.$4" ] || return
	awk -v t="$1" -v a="$(value "$2.$3" 1)" -v b="$(value "$2.$4" 1)" \
	    -v l="$5" 'BEGIN { v = b / a; printf \
	    "%-58s %8.2f  at least %5.2f  %s\n", t, v, l,
	    (v >= l ? "ok" : "MISSED") }'
}

# most TEXT PREFIX.ROW COLUMN UNIT LIMIT
most()
{
	[ -s "t.$2" ] || return
	awk -v t="$1" -v v="$(value "$2" "$3")" -v u="$4" -v l="$5" 'BEGIN {
	    v /= u; printf "%-58s %8.2f  at most  %5.2f  %s\n", t, v, l,
	    (v <= l ? "ok" : "MISSED") }'
}

# --- the run ----------------------------------------------------------------

# chosen ROW...: those of them that are asked for, and can be run.
chosen()
{
	for t_row; do
		case " ${ROWS:-$*} " in
		*" $t_row "*) usable "$t_row" && printf '%s ' "$t_row" ;;
		esac
	done
}

rclone_config()
{
	for t_row in "vault $SSHD_PORT" "far ${PROXY_PORT:-9}"; do
		cat <<-END
		[${t_row% *}]
		type = sftp
		host = 127.0.0.1
		port = ${t_row#* }
		user = $SSHD_USER
		key_file = $SSH_KEY
		known_hosts_file = $KNOWN_HOSTS
		END
	done >rclone.conf
}

near()
{
	"$BIN/helper/prand" "$(numfmt --from=iec "$SIZE")" 1 >"$FILE"
	HOST=vault
	rclone_config
	echo "loopback, $SIZE:"
	# shellcheck disable=SC2046
	rounds near "$REPEAT" $(chosen ship ship1 nosum ship2 ssh ssh2 sftp gcm scp \
	    cat lftp rclone)
	t_gib=$(awk -v n="$(size "$FILE")" 'BEGIN { print n / 1024 ^ 3 }')
	rm "$FILE"
}

far()
{
	"$BIN/helper/prand" "$(numfmt --from=iec "$FAR_SIZE")" 2 >"$FILE"
	HOST=far
	for t_ms in $FAR; do
		proxy_start -d $((t_ms / 2))
		rclone_config
		echo "$t_ms ms, $FAR_SIZE:"
		# shellcheck disable=SC2046
		rounds "far$t_ms" "$FAR_REPEAT" $(chosen ship ship1 ship2 ship4 \
		    sftp rclone)
		proxy_stop
	done
	rm "$FILE"
}

# A session each, as a job of cron would have it.
small()
{
	"$BIN/helper/prand" 65536 3 >"$FILE"
	t_count=$REPEAT
	while [ $((t_count -= 1)) -ge 0 ]; do
		for t_row in ship sftp; do
			echo "put $FILE $TO" >batch
			FILE=$FILE TO=$TO HOST=vault SSH_CONFIG=$SSH_CONFIG \
			    "$SPENT" "t.small.$t_row" sh -c "
			    i=$SMALL; while [ \$((i -= 1)) -ge 0 ]; do
			    $(command_of "$t_row") || exit; done" \
			    >run.out 2>run.err || cat run.err >&2
		done
	done
	for t_row in ship sftp; do
		show "small.$t_row" "$SMALL x 64K: $(title "$t_row")" \
		    $((SMALL * 65536))
	done
}

bounds()
{
	echo
	faster 'loopback: pgb-ship, of sftp' near ship sftp 1.2
	faster 'one connection' near ship1 sftp 1.2
	faster '--no-sum' near nosum sftp 1.4
	faster 'pgb-ship, of rclone rcat' near ship rclone 2.5
	faster 'two connections, ssh, --no-sum, of sftp' near ssh2 sftp 2
	faster 'two connections, libssh2, of one' near ship2 ship1 1
	most 'cpu of the client, seconds a GiB' near.ship 2 "${t_gib:-1}" 4
	most '--no-sum' near.nosum 2 "${t_gib:-1}" 3
	for t_row in ship ship2; do
		most "peak memory, MiB: $(title $t_row)" near.$t_row 3 1024 96
	done
	faster '100 ms: pgb-ship, one connection, of sftp' far100 ship1 sftp 1
	faster 'four connections, of sftp' far100 ship4 sftp 2.5
	faster 'four connections, of rclone rcat' far100 ship4 rclone 2.5
	faster "$SMALL small uploads: pgb-ship, of sftp" small ship sftp 1
}

echo "$(nproc) processors for client and server; $(ssh -V 2>&1);" \
    "libssh2 $(pkg-config --modversion libssh2)"
for t_part in near far small; do
	case " $PARTS " in *" $t_part "*) $t_part ;; esac
done
bounds
