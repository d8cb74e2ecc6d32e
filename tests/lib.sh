# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034
#
# What every end-to-end test stands on: TAP, a scratch directory, a throw-away
# PostgreSQL and a throw-away sshd.  POSIX sh.  A test begins with
#
#	#!/bin/sh
#	# SPDX-License-Identifier: ISC
#	# The promise this test holds.
#	. "${0%/*}/../lib.sh"
#
# and ends with done_testing.  Whatever was started here is stopped, and the
# scratch directory is removed, at exit, on failure and on signals; KEEP=1
# keeps the directory.  A server or tool that is missing ends the test with
# "Bail out!"; with PGB_SKIP_OK=1 the test is skipped instead.
#
# PGB_LOCALE: the language that all of it runs in, the server's messages too.
#
# Set here: TOP (the checkout), BIN (the built programs: $PGB_BUILD or
# TOP/.build), SCRATCH, HOME (in SCRATCH); PATH begins with BIN.

set -u
umask 022
export LC_ALL="${PGB_LOCALE:-C}"

# --- TAP -------------------------------------------------------------------

T_COUNT=0
T_FAILED=0

# note TEXT...: a comment in the output; diag: the same, seen under prove.
note() { printf '%s\n' "$*" | sed 's/^/# /'; }
diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }
# untested TEXT...: what this machine does not let us test; matrix.sh counts it.
untested() { note "untested: $*"; }

# pass NAME, fail NAME: one result.  fail returns 1.
pass()
{
	T_COUNT=$((T_COUNT + 1))
	printf . >>"$SCRATCH/.tally"
	echo "ok $T_COUNT - $*"
}
fail()
{
	T_COUNT=$((T_COUNT + 1))
	printf . >>"$SCRATCH/.tally"
	T_FAILED=$((T_FAILED + 1))
	echo "not ok $T_COUNT - $*"
	diag "failed: $*"
	return 1
}

# ok NAME COMMAND...: the command ends with status 0; its output is shown
# otherwise.  "not" in front of the command turns it round.
ok()
{
	t_name=$1; shift
	"$@" >"$SCRATCH/ok.log" 2>&1 && { pass "$t_name"; return 0; }
	fail "$t_name ($*: status $?)"
	diag "$(tail -n 40 "$SCRATCH/ok.log")"
	return 1
}
not() { ! "$@"; }

# is GOT WANT NAME: the two texts are equal.
is()
{
	[ "$1" = "$2" ] && { pass "$3"; return 0; }
	fail "$3"
	diag " got: $1"
	diag "want: $2"
	return 1
}

# like TEXT ERE NAME, unlike TEXT ERE NAME: grep -E finds it, or does not.
like()
{
	printf '%s\n' "$1" | grep -Eq -e "$2" && { pass "$3"; return 0; }
	fail "$3"
	diag "text: $1"
	diag "does not match: $2"
	return 1
}
# words ENGLISH GERMAN: what is said in the language that all of it runs in.
words()
{
	case ${PGB_LOCALE:-} in
	de_*) printf '%s\n' "$2" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

unlike()
{
	printf '%s\n' "$1" | grep -Eq -e "$2" || { pass "$3"; return 0; }
	fail "$3"
	diag "text: $1"
	diag "matches: $2"
	return 1
}

# run COMMAND...: sets RC, OUT and ERR; stdout and stderr are kept in the files
# $SCRATCH/out and $SCRATCH/err too.
run()
{
	"$@" >"$SCRATCH/out" 2>"$SCRATCH/err"
	RC=$?
	OUT=$(head -c 65536 "$SCRATCH/out" | tr -d '\000')
	ERR=$(head -c 65536 "$SCRATCH/err" | tr -d '\000')
	RAN="$*"
}

# try TEXT: run a line of shell under /bin/sh, as cron would, without pipefail.
try() { run /bin/sh -c "$1"; }

# status_is WANT NAME: RC of the last run or try; a list "3 4" admits several.
status_is()
{
	case " $1 " in *" $RC "*) pass "$2"; return 0 ;; esac
	fail "$2"
	diag "status: $RC, want: $1, of: $RAN"
	diag "stderr: $ERR"
	return 1
}

# bail TEXT: nothing more can be tested here; nor, but in a chroot of the matrix,
# elsewhere.
bail()
{
	if [ "${PGB_SKIP_OK:-0}" = 1 ]; then
		fail "no more of this: $*"
	else
		echo "Bail out! $*"
	fi
	diag "$*"
	exit 1
}

# need TOOL...: all of them are installed, or the test ends.
need()
{
	for t_tool; do
		command -v "$t_tool" >/dev/null || missing "$t_tool is missing"
	done
}
missing()
{
	[ "${PGB_SKIP_OK:-0}" = 1 ] || bail "$* (sh tests/deps.sh installs it)"
	[ "$T_COUNT" = 0 ] && { echo "1..0 # SKIP $*"; exit 0; }
	note "cut short: $*"
	done_testing
}

# sanitized REASON: the programs are built with a sanitizer (make SAN=), and what
# follows cannot work then; says so.
sanitized()
{
	[ -n "${PGB_SAN:-}" ] && note "skipped under a sanitizer: $*"
}

# done_testing: the plan, and the end of the test.
done_testing()
{
	# One that was counted in a subshell, behind a pipe, is lost to us.
	[ "$(size "$SCRATCH/.tally")" = "$T_COUNT" ] ||
	    bail "$(size "$SCRATCH/.tally") results, and $T_COUNT counted"
	echo "1..$T_COUNT"
	[ "$T_FAILED" = 0 ]
	exit
}

# --- scratch directory and end ---------------------------------------------

# quit: stop and remove all; runs once, at every kind of end.  T_ALSO: a directory
# of ours elsewhere.
quit()
{
	trap '' INT TERM HUP PIPE
	trap - EXIT
	for t_pid in ${T_PIDS:-}; do
		kill_tree "$t_pid" TERM
	done
	for t_pid in ${T_PIDS:-}; do
		await 1 gone "$t_pid" || kill_tree "$t_pid" KILL
	done
	# Gently, so that nothing of a server outlives this.
	pg_stop
	# Whatever else runs with our scratch directory in its environment.
	for t_file in $(grep -lsz "^PGB_SCRATCH=$SCRATCH\$" \
	    /proc/[0-9]*/environ 2>/dev/null); do
		t_pid=${t_file#/proc/}
		t_pid=${t_pid%/environ}
		[ "$t_pid" = $$ ] || kill -KILL "$t_pid" 2>/dev/null
	done
	sshd_stop
	for t_dir in ${T_MOUNTS:-}; do
		umount -l "$t_dir"
	done
	if [ "${KEEP:-0}" = 1 ]; then
		echo "# kept: $SCRATCH" >&2
	else
		cd / && chmod -R u+rwX "$SCRATCH" 2>/dev/null
		rm -rf "$SCRATCH"
	fi
	[ -z "${T_ALSO:-}" ] || rm -rf "$T_ALSO"
}

quit_signal()
{
	quit
	trap - "$1"
	kill -s "$1" $$
}

# kill_tree PID [SIGNAL]: a process and all below it, children first found.
kill_tree()
{
	for t_child in $(pgrep -P "$1"); do
		kill_tree "$t_child" "${2:-TERM}"
	done
	kill -s "${2:-TERM}" "$1" 2>/dev/null
	:
}

# at_exit PID...: processes to be killed, with their children, at the end.
at_exit() { T_PIDS="${T_PIDS:-} $*"; }

# await SECONDS COMMAND...: try every 20 ms until it succeeds; 1 if never.
await()
{
	t_left=$(($1 * 50)); shift
	until "$@" >/dev/null 2>&1; do
		[ $((t_left -= 1)) -gt 0 ] || return 1
		sleep 0.02
	done
}

# gone PID: no such process (a zombie counts as gone).
gone()
{
	{ read -r t_stat <"/proc/$1/stat"; } 2>/dev/null || return 0
	case ${t_stat##*) } in [ZX]*) return 0 ;; esac
	return 1
}

# size FILE: its length in bytes, 0 where there is none.
size() { stat -c %s -- "$1" 2>/dev/null || echo 0; }

# own_mounts "$@": at the top of a test that needs tmpfs_on; starts the test
# again with mounts that nobody else sees.  Sets MOUNTS=1, or 0 where this
# machine does not allow it.
own_mounts()
{
	MOUNTS=${PGB_MOUNTS:-}
	[ -z "$MOUNTS" ] || return 0
	for t_how in '-m' '-c -m --keep-caps'; do
		# shellcheck disable=SC2086
		if unshare $t_how mount -t tmpfs none /mnt 2>/dev/null; then
			quit
			trap - INT TERM HUP
			export PGB_MOUNTS=1 TMPDIR="$T_TMPDIR"
			# shellcheck disable=SC2086
			exec unshare $t_how "$T_SELF" "$@"
		fi
	done
	MOUNTS=0
}

# tmpfs_on DIR SIZE: a small file system of its own (after own_mounts).
tmpfs_on()
{
	mkdir -p "$1" && mount -t tmpfs -o "size=$2" none "$1" ||
	    bail "cannot mount tmpfs on $1"
	T_MOUNTS="${T_MOUNTS:-} $1"
}

t_setup()
{
	for t_dir in "${0%/*}/.." "${0%/*}/../.."; do
		[ -f "$t_dir/common/status.h" ] && TOP=$(cd "$t_dir" && pwd)
	done
	: "${TOP:?"the checkout was not found from $0"}"
	T_SELF=$(cd "${0%/*}" && pwd)/${0##*/}
	BIN=${PGB_BUILD:-$TOP/.build}
	case $BIN in /*) ;; *) BIN=$TOP/$BIN ;; esac

	# The path of a unix socket has 107 bytes, and the servers' users must
	# be able to come here.
	T_TMPDIR=${TMPDIR:-/tmp}
	t_dir=$T_TMPDIR
	[ ${#t_dir} -le 60 ] || t_dir=/tmp
	as_user nobody test -x "$t_dir" || t_dir=/tmp
	SCRATCH=$(mktemp -d "$t_dir/pgb.XXXXXX") || bail 'no scratch directory'
	trap quit EXIT
	for t_signal in INT TERM HUP; do
		# shellcheck disable=SC2064
		trap "quit_signal $t_signal" "$t_signal"
	done
	chmod 711 "$SCRATCH"
	mkdir -m 700 "$SCRATCH/home"
	mkdir "$SCRATCH/stage" "$SCRATCH/bin"
	# A name without blanks, for the lines of shell that tests are made of.
	ln -s "$BIN" "$SCRATCH/built"
	BIN=$SCRATCH/built
	PATH=$BIN:$PATH:/usr/sbin:/sbin
	export PGB_SCRATCH="$SCRATCH" HOME="$SCRATCH/home" TMPDIR="$SCRATCH"
	unset SSH_AUTH_SOCK SSH_ASKPASS DISPLAY CDPATH MAKEFLAGS MFLAGS O SAN
	for t_var in $(env | sed -n 's/^\(PG[A-Z]*\)=.*/\1/p'); do
		[ "$t_var" = PGBIN ] || unset "$t_var"
	done
	t_stage_script
}

# as_user USER COMMAND...: where we are root, as that user; else as ourselves.
as_user()
{
	t_user=$1; shift
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid="$(id -u "$t_user")" \
		    --regid="$(id -g "$t_user")" --clear-groups "$@"
	else
		"$@"
	fi
}

# open_to_us PATH r|w: nothing is closed to us, nor to the server: who is root by
# a namespace of his own.  Says so.
open_to_us()
{
	[ "$(id -un)" = "$SSHD_USER" ] && test "-$2" "$1" || return
	untested "$1 closed: nothing is closed to us"
}

# --- stages of a pipeline ----------------------------------------------------

# stage NAME COMMAND... (a program in PATH): run the command as one stage of a
# pipeline whose process stage_pid NAME gives.
t_stage_script()
{
	cat >"$SCRATCH/bin/stage" <<-'END'
	#!/bin/sh
	name=$1; shift
	echo $$ >"$PGB_SCRATCH/stage/$name.new"
	mv "$PGB_SCRATCH/stage/$name.new" "$PGB_SCRATCH/stage/$name"
	exec "$@"
	END
	chmod +x "$SCRATCH/bin/stage"
	PATH=$SCRATCH/bin:$PATH
}

# stage_pid NAME: waits until the stage has started, prints its process ID.
stage_pid()
{
	await 10 test -s "$SCRATCH/stage/$1" && cat "$SCRATCH/stage/$1"
}

# --- PostgreSQL --------------------------------------------------------------

# pg_start [SETTING=VALUE...]: a new cluster, superuser postgres, reachable by
# a unix socket alone.  Sets PGBIN, PGHOST, PGPORT, PGUSER, PG_MAJOR, PG_LOG.
# A PGBIN of the environment is taken; else the newest one installed.  PG_TCP is
# its port, for who lets it listen to one.
pg_start()
{
	if [ -z "${PGBIN:-}" ]; then
		PGBIN=$(for t_dir in /usr/lib/postgresql/*/bin; do
			[ -x "$t_dir/initdb" ] && echo "$t_dir"
		done | sort -V | tail -n 1)
	fi
	[ -x "${PGBIN:-}/postgres" ] || missing 'a PostgreSQL server is missing'
	PATH=$BIN:$SCRATCH/bin:$PGBIN:${PATH#"$SCRATCH/bin:$BIN:"}
	PG_LOG=$SCRATCH/pg.log
	PG_MAJOR=$("$PGBIN/postgres" -V | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	export PGHOST="$SCRATCH/pg" PGPORT=${PG_TCP:-5432} PGUSER=postgres PSQLRC=/dev/null
	export PGPASSFILE="$HOME/.pgpass" PGSERVICEFILE="$HOME/.pg_service.conf"
	if [ ! -d "$PGHOST/data" ]; then
		mkdir -p "$PGHOST"
		[ "$(id -u)" != 0 ] || chown nobody "$PGHOST"
		(cd "$PGHOST" && as_user nobody "$PGBIN/initdb" -D data -A trust \
		    -U postgres -E UTF8 --locale=C.UTF-8 --no-sync) \
		    >"$PG_LOG" 2>&1 || bail "initdb: $(tail -n 5 "$PG_LOG")"
	fi
	for t_arg; do
		shift
		set -- "$@" -c "$t_arg"
	done
	[ -z "${PGB_LOCALE:-}" ] || set -- -c "lc_messages=$PGB_LOCALE" "$@"
	t_dir=$(pwd)
	cd "$PGHOST" || bail 'no cluster'
	as_user nobody setpriv --pdeathsig INT "$PGBIN/postgres" -D data \
	    -k "$PGHOST" -p "$PGPORT" -c listen_addresses= -c fsync=off \
	    -c synchronous_commit=off -c full_page_writes=off \
	    -c autovacuum=off -c max_wal_size=2GB -c wal_level=minimal \
	    -c max_wal_senders=0 "$@" </dev/null >>"$PG_LOG" 2>&1 &
	PG_PID=$!
	cd "$t_dir" || exit
	await 30 "$PGBIN/pg_isready" -q -d postgres ||
	    bail "PostgreSQL did not start: $(tail -n 5 "$PG_LOG")"
}

# pg_stop: stop the server; the cluster stays for another pg_start.
pg_stop()
{
	[ -n "${PG_PID:-}" ] || return 0
	# PG_PID may be a shell around it, which does not heed SIGINT.
	t_pid=$(head -n 1 "$SCRATCH/pg/data/postmaster.pid" 2>/dev/null)
	kill -INT "${t_pid:-$PG_PID}" 2>/dev/null
	await 10 gone "${t_pid:-$PG_PID}" || kill_tree "$PG_PID" KILL
	wait "$PG_PID" 2>/dev/null
	PG_PID=
}

# sql DATABASE TEXT: run SQL, print the bare result.
sql() { psql -XAtq -v ON_ERROR_STOP=1 -d "$1" -c "$2"; }

# pg_fill NAME MB: a new database NAME like in real life (sample.sql), of about
# MB megabytes; 0: a handful of rows in each table.
pg_fill()
{
	createdb "$1" && psql -Xq -v ON_ERROR_STOP=1 -v "mb=$2" -d "$1" \
	    -f "$TOP/tests/sample.sql" >"$SCRATCH/fill.log" 2>&1 ||
	    bail "sample.sql: $(tail -n 5 "$SCRATCH/fill.log")"
}

# backends APPLICATION-NAME-ERE: process IDs of the server's backends for it.
backends()
{
	sql postgres "SELECT pid FROM pg_stat_activity WHERE
	    application_name ~ '$1' AND pid <> pg_backend_pid()"
}

# --- sshd --------------------------------------------------------------------

# sshd_start [CONFIGURATION-LINE...]: an sshd on 127.0.0.1 that serves sftp
# alone, without anybody's profile.  Sets
#   SSHD_PORT SSHD_USER SSHD_PID SSHD_LOG
#   SFTP_URL	sftp://USER@127.0.0.1:PORT
#   REMOTE	a directory of that user on the server, its login directory
#   SSH_KEY	the user's key (ed25519); SSH_KEY_ECDSA another
#   KNOWN_HOSTS	the server's keys
#   SSH_CONFIG	for the stock tools: sftp -F "$SSH_CONFIG" vault
# Started again, it has the same port and keys.
sshd_start()
{
	need sshd ssh-keygen sftp
	t_ssh=$SCRATCH/ssh
	REMOTE=$SCRATCH/remote
	SSH_KEY=$HOME/.ssh/id_ed25519
	SSH_KEY_ECDSA=$HOME/.ssh/id_ecdsa
	KNOWN_HOSTS=$HOME/.ssh/known_hosts
	SSH_CONFIG=$HOME/.ssh/config
	SSHD_LOG=$t_ssh/log
	SSHD_USER=$(id -un)
	# Not root: rights must be able to refuse it something.
	if [ "$SSHD_USER" = root ]; then
		SSHD_USER=backup
		[ -d ~backup ] || SSHD_USER=nobody
	fi
	[ -d "$t_ssh" ] || t_sshd_keys
	t_sshd_config "$@"
	# Sessions outlive their sshd, not us: sshd_stop finds them by name.
	for t_try in 1 2 3 4 5 6 7 8 9 10; do
		: "${SSHD_PORT:=$((20000 + ($$ * 7 + t_try * 911) % 12000))}"
		: >"$SSHD_LOG"
		as_user "$SSHD_USER" setpriv --pdeathsig TERM \
		    "$(command -v sshd)" -D -e -f "$t_ssh/config" \
		    -p "$SSHD_PORT" </dev/null >>"$SSHD_LOG" 2>&1 &
		SSHD_PID=$!
		await 10 grep -Eq 'listening on|failed|fatal|rror' "$SSHD_LOG"
		grep -q 'listening on' "$SSHD_LOG" && break
		kill "$SSHD_PID" 2>/dev/null
		wait "$SSHD_PID"
		SSHD_PID=
		SSHD_PORT=
	done
	[ -n "$SSHD_PID" ] || bail "sshd: $(tail -n 5 "$SSHD_LOG")"
	SFTP_URL=sftp://$SSHD_USER@127.0.0.1:$SSHD_PORT
	t_ssh_client
}

t_sshd_keys()
{
	mkdir "$t_ssh" "$REMOTE"
	mkdir -p -m 700 "$HOME/.ssh"
	for t_type in ed25519 ecdsa; do
		ssh-keygen -q -t $t_type -N '' -C host -f "$t_ssh/host_$t_type"
		ssh-keygen -q -t $t_type -N '' -C user -f "$HOME/.ssh/id_$t_type"
	done
	cat "$SSH_KEY.pub" "$SSH_KEY_ECDSA.pub" >"$t_ssh/authorized_keys"
	[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER:" "$t_ssh" "$REMOTE"
}

# The first value of a keyword counts: the caller's lines stand in front.
t_sshd_config()
{
	: >"$t_ssh/config"
	for t_line; do
		echo "$t_line" >>"$t_ssh/config"
	done
	cat >>"$t_ssh/config" <<-END
	ListenAddress 127.0.0.1
	HostKey $t_ssh/host_ed25519
	HostKey $t_ssh/host_ecdsa
	AuthorizedKeysFile $t_ssh/authorized_keys
	PidFile none
	UsePAM no
	StrictModes no
	PubkeyAuthentication yes
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	ChallengeResponseAuthentication no
	PermitUserRC no
	PrintMotd no
	UseDNS no
	MaxStartups 100
	MaxSessions 100
	LogLevel VERBOSE
	Subsystem sftp internal-sftp -d $REMOTE
	END
	# OpenSSH 9.8 locks out an address that fails often.
	as_user "$SSHD_USER" "$(command -v sshd)" -t -f "$t_ssh/config" \
	    -o PerSourcePenalties=no 2>/dev/null &&
	    echo 'PerSourcePenalties no' >>"$t_ssh/config"
	:
}

t_ssh_client()
{
	: >"$KNOWN_HOSTS"
	for t_type in ed25519 ecdsa; do
		read -r t_a t_b t_c <"$SCRATCH/ssh/host_$t_type.pub"
		for t_at in $SSHD_PORT ${PROXY_PORT:-}; do
			echo "[127.0.0.1]:$t_at $t_a $t_b" >>"$KNOWN_HOSTS"
		done
	done
	cat >"$SSH_CONFIG" <<-END
	Host vault
		HostName 127.0.0.1
		Port $SSHD_PORT
	Host far
		HostName 127.0.0.1
		Port ${PROXY_PORT:-9}
	Host *
		User $SSHD_USER
		IdentityFile $SSH_KEY
		IdentitiesOnly yes
		UserKnownHostsFile $KNOWN_HOSTS
		GlobalKnownHostsFile /dev/null
		StrictHostKeyChecking yes
		BatchMode yes
	END
}

# sshd_sessions: process IDs of the connections that sshd serves now.
sshd_sessions()
{
	t_pid=$SSHD_PID
	# Where we are root, that is a shell around it.
	[ "$(cat "/proc/$t_pid/comm")" = sshd ] || t_pid=$(pgrep -P "$t_pid")
	[ -n "$t_pid" ] && pgrep -P "$t_pid"
}

# sshd_shell: the server's user may run a command or a subsystem of its own; 1
# where he has no shell, and (see own_mounts) none can be given to him.
sshd_shell()
{
	case $(getent passwd "$SSHD_USER" | cut -d : -f 7) in
	*/nologin|*/false) [ "${MOUNTS:-0}" = 1 ] || return 1 ;;
	*) return 0 ;;
	esac
	sed "s|^\($SSHD_USER:.*:\)[^:]*\$|\1/bin/sh|" /etc/passwd \
	    >"$SCRATCH/passwd"
	mount --bind "$SCRATCH/passwd" /etc/passwd
}

# home_listed: ssh asks the password database where our home is; let it find
# there what pgb-ship finds in HOME.  1 where that cannot be (see own_mounts).
home_listed()
{
	[ "$(id -u)" = 0 ] && [ "${MOUNTS:-0}" = 1 ] || return 1
	mkdir -p -m 700 "$SCRATCH/listed/.ssh"
	for t_file in id_ed25519 known_hosts known_hosts2; do
		ln -sf "$HOME/.ssh/$t_file" "$SCRATCH/listed/.ssh/$t_file"
	done
	sed "s|^\(root:.*:\)[^:]*\(:[^:]*\)\$|\1$SCRATCH/listed\2|" /etc/passwd \
	    >"$SCRATCH/passwd.listed"
	mount --bind "$SCRATCH/passwd.listed" /etc/passwd
}

# curves: this libssh2 has elliptic curves; without them pgb-ship leaves the
# talking to ssh.  (After sshd_start.)
curves()
{
	[ -n "${T_CURVES:-}" ] || case $(pgb-ship --transport libssh2 \
	    --known-hosts /dev/null --sink "$SFTP_URL/x" 2>&1 </dev/null) in
	*'no elliptic curves'*) T_CURVES=0 ;;
	*) T_CURVES=1 ;;
	esac
	[ "$T_CURVES" = 1 ]
}

# old_age [PROGRAM]: age from before 1.0, as Debian 11 has it: it knows neither
# plugins nor identity files under a passphrase, and what lies behind the end
# of a file is nothing to it.
old_age()
{
	case $("${1:-age}" --version 2>/dev/null) in
	*1.0.0[~-]rc*) return 0 ;;
	esac
	return 1
}

# age_asks [PROGRAM]: prints what that age is to be started by under helper/tty:
# an old one asks at stderr.
age_asks()
{
	old_age "$@" || return 0
	printf '#!/bin/sh\nexec "$@" 2>/dev/tty\n' >"$SCRATCH/bin/to-tty"
	chmod +x "$SCRATCH/bin/to-tty"
	echo to-tty
}

# host_type [ssh]: ed25519 or ecdsa: the key of the server that is shown to who
# knows none, by pgb-ship's own choice or by ssh's (before 8.5, ecdsa).
host_type()
{
	[ "${1:-}" = ssh ] || ! curves || { echo ed25519; return; }
	ssh -F /dev/null -G none | sed -n 's/^hostkeyalgorithms //p' |
	    tr , '\n' | sed -n '/^ssh-ed25519$/{s/.*/ed25519/p;q;}
		/^ecdsa-sha2-nistp256$/{s/.*/ecdsa/p;q;}'
}

# sshd_stop: stop the server and its sessions; keys and port stay.
sshd_stop()
{
	[ -n "${SSHD_PID:-}" ] || return 0
	kill_tree "$SSHD_PID" KILL
	wait "$SSHD_PID" 2>/dev/null
	SSHD_PID=
}

# proxy_start [OPTION...]: tests/helper/proxy in front of sshd (or of port $2
# after "--to"); its name in SSH_CONFIG is "far".  Sets
#   PROXY_PORT PROXY_PID PROXY_LOG
#   PROXY_URL	like SFTP_URL
# Started again, it has another port.
proxy_start()
{
	t_to=$SSHD_PORT
	[ "${1:-}" != --to ] || { t_to=$2; shift 2; }
	[ -x "$BIN/helper/proxy" ] || bail 'helper/proxy is not built'
	PROXY_LOG=$SCRATCH/proxy.log
	rm -f "$SCRATCH/proxy.port"
	"$BIN/helper/proxy" "$@" "$t_to" >"$SCRATCH/proxy.port" \
	    2>"$PROXY_LOG" </dev/null &
	PROXY_PID=$!
	at_exit $PROXY_PID
	await 10 test -s "$SCRATCH/proxy.port" || bail 'no proxy'
	PROXY_PORT=$(cat "$SCRATCH/proxy.port")
	PROXY_URL=sftp://$SSHD_USER@127.0.0.1:$PROXY_PORT
	t_ssh_client
}

proxy_stop()
{
	kill "$PROXY_PID"
	wait "$PROXY_PID" 2>/dev/null
}

t_setup
