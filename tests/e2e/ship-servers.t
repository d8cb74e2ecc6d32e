#!/bin/sh
# SPDX-License-Identifier: ISC
# Servers that are not OpenSSH: ProFTPD's mod_sftp, and dropbear with OpenSSH's
# sftp-server.  What works with them is what the manual says.
. "${0%/*}/../lib.sh"

need b2sum proftpd dropbear timeout
own_mounts "$@"
cd "$SCRATCH" || exit
sshd_start
PRAND=$BIN/helper/prand
"$PRAND" 20000000 1 >data
"$PRAND" 5000000 2 >other.json

# --- the servers, each on a port of its own -------------------------------------

# listening PORT
listening() { grep -qi ": *0100007F:$(printf %04X "$1") 00000000:0000 0A " /proc/net/tcp; }

# started PORT COMMAND...: as sshd's user; sets SERVER.
started()
{
	t_port=$1
	shift
	as_user "$SSHD_USER" setpriv --pdeathsig TERM "$@" </dev/null \
	    >"$SCRATCH/server.log" 2>&1 &
	SERVER=$!
	at_exit $SERVER
	await 20 listening "$t_port" || bail "$1: $(tail -n 5 server.log)"
}

proftpd_start()
{
	t_dir=$SCRATCH/proftpd
	rm -rf "$t_dir"
	mkdir "$t_dir"
	t_group=$(id -gn "$SSHD_USER")
	t_ids=$(id -u "$SSHD_USER"):$(id -g "$SSHD_USER")
	ssh-keygen -e -f "$SSH_KEY.pub" >"$t_dir/authorized_keys"
	cp "$SCRATCH/ssh/host_ed25519" "$SCRATCH/ssh/host_ecdsa" "$t_dir"
	# 1.3.9 asks for the passphrase of an OpenSSH key that has none.
	case $(proftpd -v 2>&1) in
	*1.3.[0-8]*) ;;
	*)
		for t_key in ed25519 ecdsa; do
			ssh-keygen -q -p -m PKCS8 -P '' -N '' \
			    -f "$t_dir/host_$t_key" >/dev/null
		done ;;
	esac
	echo "$SSHD_USER:x:$t_ids:x:$REMOTE:/bin/sh" >"$t_dir/passwd"
	echo "$t_group:x:${t_ids#*:}:" >"$t_dir/group"
	cat >"$t_dir/conf" <<-END
	ServerName test
	ServerType standalone
	ModulePath /usr/lib/proftpd
	$(for t_mod in xfer delay sftp; do
		[ ! -e "/usr/lib/proftpd/mod_$t_mod.so" ] ||
		    echo "LoadModule mod_$t_mod.c"
	done)
	User $SSHD_USER
	Group $t_group
	UseIPv6 off
	SocketBindTight on
	DefaultAddress 127.0.0.1
	ControlsEngine off
	Port $1
	PidFile $t_dir/pid
	ScoreboardFile $t_dir/score
	DelayTable none
	WtmpLog off
	TransferLog none
	SystemLog $t_dir/log
	AuthOrder mod_auth_file.c
	AuthUserFile $t_dir/passwd
	AuthGroupFile $t_dir/group
	RequireValidShell off
	AllowOverwrite on
	AllowStoreRestart on
	Umask 077
	SFTPEngine on
	SFTPLog $t_dir/sftp.log
	SFTPHostKey $t_dir/host_ed25519
	SFTPHostKey $t_dir/host_ecdsa
	SFTPAuthMethods publickey
	SFTPAuthorizedUserKeys file:$t_dir/authorized_keys
	END
	[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$t_dir"
	chmod 600 "$t_dir"/passwd "$t_dir"/group "$t_dir"/host_*
	started "$1" proftpd -n -c "$t_dir/conf"
	sed -n "s/^\(\[127.0.0.1\]\):$SSHD_PORT /\1:$1 /p" "$KNOWN_HOSTS" >known
}

# It looks for its user's keys below his home, and gives him a shell.
dropbear_start()
{
	t_dir=$SCRATCH/dropbear
	rm -rf "$t_dir"
	mkdir -p "$t_dir/.ssh"
	cp "$SCRATCH/ssh/authorized_keys" "$t_dir/.ssh"
	dropbearkey -t ed25519 -f "$t_dir/key" >/dev/null 2>&1
	chmod 700 "$t_dir" "$t_dir/.ssh"
	echo "[127.0.0.1]:$1 $(dropbearkey -y -f "$t_dir/key" |
	    grep '^ssh-ed25519')" >known
	[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$t_dir"
	sed "s|^\($SSHD_USER:.*:\)[^:]*:[^:]*\$|\1$t_dir:/bin/sh|" \
	    /etc/passwd >passwd
	chmod 644 passwd
	mount --bind passwd /etc/passwd || bail 'no passwd of our own'
	started "$1" dropbear -F -E -s -r "$t_dir/key" -p "127.0.0.1:$1"
}

stop_server()
{
	kill_tree "$SERVER" KILL
	wait "$SERVER" 2>/dev/null
}

# --- what is asked of each ----------------------------------------------------

fresh() { find "$REMOTE" -mindepth 1 -delete; }
files() { (cd "$REMOTE" && find . -mindepth 1 | sort | tr '\n' ' '); }

# extensions: what stock sftp sees of them.
extensions()
{
	echo bye | sftp -vv -F ssh_config -b - it 2>&1 |
	    sed -n 's/.*Server supports extension "\([^"]*\)".*/\1/p' |
	    sort | tr '\n' ' '
}

# client PORT: an ssh_config in which the server is "it".
client()
{
	cat >ssh_config <<-END
	Host it
		HostName 127.0.0.1
		Port $1
		User $SSHD_USER
		IdentityFile $SSH_KEY
		IdentitiesOnly yes
		UserKnownHostsFile $SCRATCH/known
		GlobalKnownHostsFile /dev/null
		StrictHostKeyChecking yes
		BatchMode yes
	END
}

asked_of()
{
	SERVER_NAME=$1 PORT=$2
	for t_transport in libssh2 ssh; do
		T="$SERVER_NAME, $t_transport"
		[ "$t_transport" = ssh ] || curves || {
			untested "$T: it has no elliptic curves"
			continue
		}
		SHIP="pgb-ship -F ssh_config --transport $t_transport"
		URL=sftp://it$REMOTE
		fresh
		run timeout 60 $SHIP --raw --sink "$URL/x" <data
		is "$RC$ERR" 0 "$T: an upload, and nothing to say"
		ok "$T: byte for byte" cmp data "$REMOTE/x"
		is "$(files)$(stat -c %a "$REMOTE/x")" './x 600' \
		    "$T: mode 600, nothing else"
		run timeout 60 $SHIP --raw --sink "$URL/x" <data
		status_is 2 "$T: a name that is taken"
		run timeout 60 $SHIP --raw --sink --overwrite --sum \
		    --with other.json "$URL/x" <data
		status_is 0 "$T: --overwrite, --sum, --with"
		is "$(files)" './x ./x.b2 ./x.json ' "$T: all are there"
		touch -d '2 days ago' "$REMOTE/.z.0123456789abcdef.pgbtmp"
		[ "$(id -u)" != 0 ] ||
		    chown "$SSHD_USER" "$REMOTE/.z.0123456789abcdef.pgbtmp"
		run timeout 60 $SHIP --raw --sink --read-back \
		    --connections 3 "$URL/y" <data
		status_is 0 "$T: --read-back, three connections"
		ok "$T: byte for byte" cmp data "$REMOTE/y"
		ok "$T: what a dead run left, is swept" test ! -e \
		    "$REMOTE/.z.0123456789abcdef.pgbtmp"
		run timeout 60 $SHIP --fetch "$URL/x"
		status_is 0 "$T: fetched"
		ok "$T: byte for byte" cmp data out
		run timeout 60 $SHIP --fetch "$URL/x" --range 1000-1999
		is "$(size out)" 1000 "$T: a part of it"
		run timeout 60 $SHIP --raw --sink --mkdir "$URL/d/e/x" <other.json
		status_is 0 "$T: --mkdir"
		run timeout 60 $SHIP --raw --sink "$URL/none/x" <other.json
		status_is 5 "$T: a missing directory"
		pruned
		resumed
	done
}

pruned()
{
	fresh
	for t_day in 01 02 03 04; do
		"$PRAND" 1000 "$t_day" >"$REMOTE/a-202611${t_day}T020000Z.dump"
	done
	[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE"/*
	run timeout 60 $SHIP --list "$URL/a-{time}.dump"
	status_is 0 "$T: --list"
	is "$(grep -c 'a-202611' out)" 4 "$T: four of them"
	run timeout 60 $SHIP --prune "$URL/a-{time}.dump" --keep-last 2
	status_is 0 "$T: --prune"
	is "$(files)" './a-20261103T020000Z.dump ./a-20261104T020000Z.dump ' \
	    "$T: two are left"
}

# The session dies in the middle, two times.
resumed()
{
	fresh
	rm -f pipe err
	mkfifo pipe
	timeout 60 $SHIP --raw --sink "$URL/x" <pipe >out 2>err &
	t_pid=$!
	exec 3>pipe
	head -c 9000000 data >&3
	ok "$T: an upload is on its way" await 20 \
	    find_grown 4000000
	kill_sessions
	head -c 15000000 data | tail -c +9000001 >&3
	ok "$T: it goes on" await 20 find_grown 10000000
	kill_sessions
	tail -c +15000001 data >&3
	exec 3>&-
	wait $t_pid
	RC=$? ERR=$(cat err) RAN="$T: resumed"
	status_is 0 "$T: killed twice"
	ok "$T: byte for byte" cmp data "$REMOTE/x"
	is "$(files)" './x ' "$T: nothing else is there"
}
find_grown()
{
	[ "$(size "$(find "$REMOTE" -name '.x.*.pgbtmp')")" -gt "$1" ]
}
kill_sessions()
{
	t_listener=$SERVER
	case $(cat "/proc/$SERVER/comm") in
	proftpd|dropbear) ;;
	*) t_listener=$(pgrep -P "$SERVER") ;;
	esac
	for t_child in $(pgrep -P "$t_listener"); do
		kill_tree "$t_child" KILL
	done
}

PORT=$((SSHD_PORT < 31000 ? SSHD_PORT + 131 : SSHD_PORT - 131))
proftpd_start $PORT
client $PORT
note "ProFTPD: $(proftpd -v 2>&1), extensions: $(extensions)"
asked_of ProFTPD $PORT
stop_server

if [ "$MOUNTS" = 1 ]; then
	PORT=$((PORT + 1))
	dropbear_start $PORT
	client $PORT
	note "dropbear: $(dropbear -V 2>&1), extensions: $(extensions)"
	asked_of dropbear $PORT
	stop_server
else
	untested 'dropbear: it wants a home directory'
fi

done_testing
