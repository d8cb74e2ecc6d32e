#!/bin/sh
# SPDX-License-Identifier: ISC
# By ssh itself, as a child: the user's configuration counts, its questions are
# answered, whatever goes wrong is told in the same words as by libssh2, and no
# process is left, however this ends.
. "${0%/*}/../lib.sh"

need ssh ssh-agent perl
own_mounts "$@"
pg_start
sshd_start
pg_fill appdb 0
cd "$SCRATCH" || exit
[ -x "$BIN/helper/tty" ] || bail 'helper/tty is not built'

pg_dump -Fc appdb >dump
pg_dump appdb >sql
head -n 20 sql >big
perl -e 'print "-- ", "x" x 96, "\n" for 1 .. 100000' >>big
tail -n +21 sql >>big

# Keys and known_hosts are told by each test; of this file it has the names.
sed -e '/Identit/d' -e '/KnownHosts/d' -e '/BatchMode/d' "$SSH_CONFIG" >config
TO=sftp://vault$REMOTE
SHIP="pgb-ship --transport ssh -F config --known-hosts $KNOWN_HOSTS"
OURS="$SHIP -i $SSH_KEY"

fresh() { find "$REMOTE" -mindepth 1 -delete; }
files() { (cd "$REMOTE" && find . -mindepth 1 | sort | tr '\n' ' '); }

# ours: process IDs of any ssh, helper or pgb-ship of this test.
ours()
{
	for t_file in $(grep -lsz "^PGB_SCRATCH=$SCRATCH\$" \
	    /proc/[0-9]*/environ 2>/dev/null); do
		t_pid=${t_file#/proc/}
		t_pid=${t_pid%/environ}
		gone "$t_pid" && continue
		case $(tr '\0' ' ' <"/proc/$t_pid/cmdline" 2>/dev/null) in
		*/ssh\ *|ssh\ *|*pgb-ship*) echo "$t_pid" ;;
		esac
	done
}
nobody() { [ -z "$(ours)" ]; }
# none_left NAME: that is so, or is soon.
none_left() { ok "$1: no process is left" await 10 nobody; }

# refused STATUS ERE NAME: the last run ended so, said why in one error line,
# the server's directory is empty, and nobody is left.
refused()
{
	status_is "$1" "$3: status $1"
	like "$ERR" "^pgb-ship: error: .*$2" "$3: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$3: once"
	is "$(files)" '' "$3: nothing is on the server"
	none_left "$3"
}
untouched()
{
	t_name=$1; shift
	run sh -c '"$@"; t_rc=$?; cat >left; exit $t_rc' sh "$@" <dump
	ok "$t_name: stdin was not read" cmp dump left
}

# --- there and back --------------------------------------------------------------

for f in dump big; do
	fresh
	run $OURS --sink "$TO/$f" <$f
	status_is 0 "$f: shipped by ssh"
	ok "$f: byte for byte" cmp $f "$REMOTE/$f"
	is "$(files)" "./$f " "$f: and nothing else is there"
	is "$ERR" '' "$f: nothing is said"
	like "$OUT" '"transport": ?"ssh' "$f: the record says by what"
	run $OURS --fetch "$TO/$f"
	status_is 0 "$f: and back"
	ok "$f: byte for byte" cmp $f out
done
run $OURS --limit 200M --sink "$TO/limited" <big
ok 'with a limit, too' cmp big "$REMOTE/limited"
none_left 'after success'
fresh

# The alias alone: key, known_hosts, user and port of the configuration.
run pgb-ship --transport ssh -F "$SSH_CONFIG" --sink "$TO/x" <dump
status_is 0 'everything from the configuration'
{ printf 'Host other\n\tHostName 127.0.0.1\n\tHostKeyAlias alias\n'
cat "$SSH_CONFIG"; } >config.alias
run pgb-ship --transport ssh -F config.alias --sink \
    "sftp://other:$SSHD_PORT$REMOTE/y" <dump
status_is 5 'a host that has no key under its alias'
HOST_TYPE=$(host_type ssh)
like "$ERR" "host key [^ ]*$HOST_TYPE[^ ]* .*: unknown" 'says so'
like "$ERR" "hint: .*ssh-keyscan -p $SSHD_PORT .*sed .*/alias/" 'what to do'
{ printf 'Match exec "echo %%n >%s/matched"\n\tUser nobody-else\n' "$SCRATCH"
cat config; } >config.match
run pgb-ship --transport ssh -F config.match -i "$SSH_KEY" \
    --known-hosts "$KNOWN_HOSTS" \
    --sink "sftp://backup@127.0.0.1:$SSHD_PORT$REMOTE/matched" <dump
status_is 0 'a configuration with Match exec'
is "$(cat matched)" 127.0.0.1 'the commands of Match exec are run'
cat >"with blank%h" <"$SSH_KEY"
cat >'known "x' <"$KNOWN_HOSTS"
cat >'known %h x' <"$KNOWN_HOSTS"
chmod 600 "with blank%h"
run pgb-ship --transport ssh -F config -i "with blank%h" \
    --known-hosts 'known %h x' --sink "$TO/y" <dump
status_is 0 'names of files with blanks and %'
untouched 'quote' pgb-ship --transport ssh -F config \
    --known-hosts 'known "x' "$TO/z"
status_is 2 'a name that ssh cannot be given'
fresh
untouched 'none' pgb-ship --transport ssh -F config --known-hosts kh.none "$TO/z"
refused 2 'kh.none: No such file' 'a file that is not there'

# A jump host: auto takes ssh for it.
cat >jump <<END
Host jump
	HostName 127.0.0.1
	Port $SSHD_PORT
	UserKnownHostsFile $KNOWN_HOSTS
	IdentityFile $SSH_KEY
Host behind
	HostName 127.0.0.1
	Port $SSHD_PORT
	ProxyJump jump
END
cat config >>jump
VIA="pgb-ship -F jump --known-hosts $KNOWN_HOSTS -i $SSH_KEY"
run $VIA --sink "sftp://behind$REMOTE/x" <big
status_is 0 'by a jump host'
ok 'byte for byte' cmp big "$REMOTE/x"
like "$OUT" '"transport": ?"ssh' 'by ssh'
none_left 'by a jump host'
fresh
untouched 'jump refused' $VIA "sftp://behind:1$REMOTE/x"
refused 4 'jump host says .*Connection refused' 'nobody behind the jump host'
sed 's|UserKnownHostsFile.*|UserKnownHostsFile /dev/null|' jump >jump2
untouched 'jump unknown' pgb-ship -F jump2 --known-hosts "$KNOWN_HOSTS" \
    -i "$SSH_KEY" "sftp://behind$REMOTE/x"
refused 5 'host key .* of the jump host .*: unknown' 'an unknown jump host'
untouched 'libssh2' $VIA --transport libssh2 "sftp://behind$REMOTE/x"
refused 2 'ProxyJump' 'libssh2 does not jump'

# --- host keys -------------------------------------------------------------------

read -r t_type t_key t_rest <"$SCRATCH/ssh/host_$HOST_TYPE.pub"
read -r t_type2 t_key2 t_rest <"$HOME/.ssh/id_$HOST_TYPE.pub"
t_host="[127.0.0.1]:$SSHD_PORT"
: >kh.empty
echo "$t_host $t_type2 $t_key2" >kh.changed
{
	echo "$t_host $t_type $t_key"
	sed 's/^/@revoked * /' "$SCRATCH/ssh/host_"*.pub
} >kh.revoked
t_print=$(ssh-keygen -lf "$SCRATCH/ssh/host_$HOST_TYPE.pub" | cut -d ' ' -f 2 |
    sed 's/+/[+]/g')
t_accepted=$(grep -c Accepted "$SSHD_LOG")
for t_case in 'empty unknown ssh-keyscan' \
    'changed changed.*kh.changed.line.1 ssh-keygen.-R.*-f.kh.changed' \
    'revoked revoked administrator'; do
	set -- $t_case
	untouched "$1" pgb-ship --transport ssh -F config -i "$SSH_KEY" \
	    --known-hosts "kh.$1" "$TO/x"
	refused 5 "$t_type $t_print: $2" "host key, $1"
	like "$ERR" "^pgb-ship: hint: .*$3" "$1: the remedy"
	is "$(printf '%s\n' "$ERR" | wc -l)" 2 "$1: nothing besides"
done
is "$(grep -c Accepted "$SSHD_LOG")" "$t_accepted" 'nobody had logged in'
untouched 'accept changed' pgb-ship --transport ssh -F config -i "$SSH_KEY" \
    --known-hosts kh.changed --accept-new "$TO/x"
refused 5 "$t_print: changed" '--accept-new takes no changed one'
run pgb-ship --transport ssh -F config -i "$SSH_KEY" --known-hosts kh.new \
    --accept-new --sink "$TO/x" <dump
status_is 0 '--accept-new takes a new one'
like "$ERR" "note: .*$t_print: new, added" 'says so'
run pgb-ship --transport ssh -F config -i "$SSH_KEY" --known-hosts kh.new \
    --sink "$TO/y" <dump
is "$RC$ERR" 0 'which is known from then on'
fresh

# --- who we are ------------------------------------------------------------------

NOTTY='setsid -w'
ssh-keygen -q -t ed25519 -N '' -f strange
untouched 'strange' $NOTTY $SHIP -i strange "$TO/x"
refused 5 "user $SSHD_USER was not let in: the server takes publickey, tried: strange" \
    'a key that the server does not know'
ssh-keygen -q -t ed25519 -N 'open sesame' -f locked
cat locked.pub >>"$SCRATCH/ssh/authorized_keys"
untouched 'locked' $NOTTY $SHIP -i locked "$TO/x"
refused 5 'locked .has a passphrase, and there is no terminal' \
    'a locked key, and nobody there'
(umask 077; echo 'open sesame' >pp; echo wrong >pp.wrong)
run $NOTTY $SHIP -i locked --passphrase-file pp --sink "$TO/x" <dump
status_is 0 '--passphrase-file'
is "$ERR" '' 'nothing is said'
none_left '--passphrase-file'
sed "s|IdentityFile.*|IdentityFile $SCRATCH/locked|" jump >jump3
run $NOTTY pgb-ship -F jump3 --known-hosts "$KNOWN_HOSTS" -i locked \
    --passphrase-file pp --sink "sftp://behind$REMOTE/y" <dump
case $(ssh -V 2>&1) in
OpenSSH_[67]*|OpenSSH_8.[0-6]*)
	# Its jump host could ask in ssh's words, and is not answered.
	status_is 5 'not for a jump host, before OpenSSH 8.7' ;;
*)
	status_is 0 'for a jump host and what is behind it' ;;
esac
fresh
untouched 'wrong passphrase' $NOTTY $SHIP -i locked \
    --passphrase-file pp.wrong "$TO/x"
refused 5 'locked .wrong passphrase' 'a wrong passphrase'
like "$ERR" 'hint: .*pp.wrong' 'from which file'
cp pp pp.open
chmod 644 pp.open
untouched 'open passphrase' $NOTTY $SHIP -i locked \
    --passphrase-file pp.open "$TO/x"
refused 2 'pp.open: others may read' 'a passphrase file that others may read'
"$BIN/helper/tty" tty.log 'open sesame' -- $SHIP -i locked --sink "$TO/x" \
    <dump >out 2>err
RC=$? RAN='on a terminal' ERR=$(cat err)
status_is 0 'its passphrase is asked for on the terminal'
like "$(cat tty.log)" 'passphrase of .*locked' 'with the name of the key'
unlike "$(cat tty.log)" sesame 'and not shown'
"$BIN/helper/tty" tty.log wrong 'open sesame' -- $SHIP -i locked --sink \
    --connections 2 "$TO/y" <big >out 2>err
RC=$? ERR=$(cat err)
status_is 0 'asked again, where it was wrong'
is "$(grep -o passphrase tty.log | wc -l)" 2 \
    'and not for each connection'
none_left 'the terminal'
fresh
# What ssh runs to ask is no way into pgb-ship, or out of it.
run env PGB_SHIP_ASKPASS=nobody pgb-ship 'password: '
is "$RC$OUT$ERR" 1 'one that asks nobody'

eval "$(ssh-agent -s)" >/dev/null
at_exit "$SSH_AGENT_PID"
# An sshd from 10.6 on lets six more be asked about.
for t_n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
	ssh-keygen -q -t ed25519 -N '' -f "k$t_n"
	ssh-add -q "k$t_n" 2>/dev/null
done
untouched 'many keys' $SHIP "$TO/x"
refused 5 'tried: agent \((6|12) keys\), then the server hung up' 'too many keys'
like "$ERR" 'hint: .*-i' 'what to do'
kill -STOP "$SSH_AGENT_PID"
run timeout 60 $OURS --timeout 4 --sink "$TO/x" <dump
kill -CONT "$SSH_AGENT_PID"
status_is 0 'an agent that does not answer'
like "$ERR" 'warning: .*ssh-agent does not answer' 'is passed over'
unset SSH_AUTH_SOCK
fresh

# --- what is not there -------------------------------------------------------------

untouched 'no host' $OURS sftp://no-such-host.invalid/x
refused 4 'host no-such-host.invalid: ' 'no such host'
untouched 'no server' $OURS sftp://vault:1/x
refused 4 'connect to 127.0.0.1 port 1: Connection refused' 'no server'
untouched 'no ssh' $OURS --ssh no-such-ssh "$TO/x"
refused 2 'no-such-ssh' 'no ssh'
untouched 'no ssh there' $OURS --ssh /nonexistent/ssh "$TO/x"
refused 2 '/nonexistent/ssh' 'no ssh there'
(cat config; echo '	Nonsense yes') >config.bad
untouched 'bad configuration' pgb-ship --transport ssh -F config.bad "$TO/x"
refused 2 'config.bad: line [0-9]+: Bad configuration option: nonsense' \
    'a bad configuration'
# One that hangs, and does not listen.
cat >deaf <<'END'
#!/bin/sh
case " $* " in *' -G '*) exec ssh "$@" ;; esac
trap '' TERM HUP
sleep 1000 &
while :; do wait; done
END
chmod +x deaf
untouched 'deaf' $OURS --ssh ./deaf --timeout 2 "$TO/x"
refused 4 'no sign of life' 'an ssh that hangs'

echo 'Authorized use only' >banner
chmod 644 banner
sshd_stop
sshd_start "Banner $SCRATCH/banner"
fresh
run $OURS --sink "$TO/x" <dump
is "$RC$ERR" 0 'the banner of a server is not for every night'
run $OURS -v --sink "$TO/y" <dump
like "$ERR" 'ssh: Authorized use only' 'it is seen under -v'
ssh-keygen -q -t ed25519 -N '' -f stranger
run $SHIP -i stranger --sink "$TO/z" <dump
status_is 5 'who is not let in'
like "$ERR" 'ssh: Authorized use only' 'sees it, too'
fresh
sshd_stop
sshd_start 'RekeyLimit 4M'
run $OURS --sink "$TO/x" <big
ok 'new session keys every 4 MB' cmp big "$REMOTE/x"
fresh
sshd_stop
sshd_start 'ForceCommand internal-sftp -x'
untouched 'no SFTP' $OURS "$TO/x"
refused '4 5' '' 'a session that ends at once'
sshd_stop
sshd_start
sed -i '/^Subsystem/d' "$SCRATCH/ssh/config"
kill -HUP "$(pgrep -P "$SSHD_PID" -x sshd || echo "$SSHD_PID")"
await 10 sh -c "grep -c 'listening on' $SSHD_LOG | grep -q 2"
untouched 'no subsystem' $OURS "$TO/x"
refused 5 'the server offers no SFTP' 'no subsystem'
like "$ERR" 'hint: .*Subsystem sftp' 'what to do'
sshd_stop
sshd_start

# --- ends ------------------------------------------------------------------------

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
	await 20 begun
}
begun() { [ "$(size "$(find "$REMOTE" -name '.x.*.pgbtmp')")" -gt 6000000 ]; }
ended()
{
	wait "$PID" 2>/dev/null
	RC=$? RAN=halfway ERR=$(cat err)
	kill "$FEED" 2>/dev/null
}

for t_sig in TERM HUP; do
	for t_to in "$OURS sftp://vault" "$VIA sftp://behind"; do
		fresh
		halfway ${t_to% *} --sink "${t_to##* }$REMOTE/x"
		kill -$t_sig "$(stage_pid ship)"
		ended
		is "$(files)" '' "$t_sig: nothing is left on the server"
		none_left "$t_sig, ${t_to##* }"
	done
done
for t_to in "$OURS sftp://vault" "$VIA sftp://behind"; do
	fresh
	halfway ${t_to% *} --sink "${t_to##* }$REMOTE/x"
	kill -KILL "$(stage_pid ship)"
	ended
	none_left "KILL, ${t_to##* }"
	is "$(find "$REMOTE" -name x)" '' 'KILL: nothing has the name'
done
# ssh itself is ended: another one goes on.
fresh
rm -f pipe
mkfifo pipe
{ head -c 8000000 big; await 30 test -e go; tail -c +8000001 big; } >pipe &
FEED=$!
stage ship $OURS --sink "$TO/x" <pipe >out 2>err &
PID=$!
at_exit "$FEED" "$PID"
await 20 begun
kill -KILL "$(pgrep -P "$(stage_pid ship)" -x ssh | head -n 1)"
await 20 grep -q 'connection lost' err
: >go
ended
status_is 0 'ssh is killed in the middle'
like "$ERR" 'connection lost: ssh was ended by signal 9' 'says that it was'
ok 'byte for byte all the same' cmp big "$REMOTE/x"
is "$(files)" './x ' 'and nothing else is there'
none_left 'ssh is killed'

# --- passwords -------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && [ "$MOUNTS" = 1 ]; then
	fresh
	t_hash=$(perl -e 'print crypt("geheim", "\$6\$saltsalt\$")')
	sed '/^shipper:/d' /etc/passwd >passwd
	echo "shipper:x:12345:65534::$REMOTE:/bin/sh" >>passwd
	sed '/^shipper:/d' /etc/shadow >shadow
	echo "shipper:$t_hash:19000:0:99999:7:::" >>shadow
	chmod 644 passwd
	mount --bind passwd /etc/passwd
	mount --bind shadow /etc/shadow
	[ -d /run/sshd ] || { mount -t tmpfs none /run; mkdir /run/sshd; }
	chown -R root "$SCRATCH/ssh"
	chmod 777 "$REMOTE"
	# server N LINE...: an sshd of root's, N ports further.
	server()
	{
		t_port=$((SSHD_PORT + $1))
		shift
		printf '%s\n' "$@" >sshd2
		cat "$SCRATCH/ssh/config" >>sshd2
		setpriv --pdeathsig TERM "$(command -v sshd)" -D -e -f sshd2 \
		    -p $t_port 2>"sshd2.$t_port" &
		at_exit $!
		await 10 grep -q 'listening on' "sshd2.$t_port" ||
		    bail "$(cat "sshd2.$t_port")"
		sed "s/:$SSHD_PORT/:$t_port/" "$KNOWN_HOSTS" >kh2
		t_url=sftp://shipper@vault:$t_port$REMOTE
	}
	PW='pgb-ship --transport ssh -F config --known-hosts kh2 -i strange --sink'
	(umask 077; echo geheim >pw; echo falsch >pw.wrong)
	server 1 'PasswordAuthentication yes'
	run $NOTTY $PW --password-file pw "$t_url/x" <dump
	status_is 0 'a password from a file'
	none_left 'a password'
	fresh
	untouched 'wrong password' $NOTTY $PW --password-file pw.wrong "$t_url/x"
	refused 5 'user shipper was not let in: .*password.*tried: strange, the password of pw.wrong' \
	    'a wrong password'
	untouched 'no password' $NOTTY $PW "$t_url/x"
	refused 5 'user shipper was not let in: .*tried: strange$' \
	    'none, and nobody there'
	chmod 644 pw.wrong
	untouched 'open password' $NOTTY $PW --password-file pw.wrong "$t_url/x"
	refused 2 'pw.wrong: others may read' 'one that others may read'
	"$BIN/helper/tty" tty.log falsch geheim -- $PW "$t_url/x" <dump >out 2>err
	RC=$? RAN='on a terminal' ERR=$(cat err)
	status_is 0 'a password asked for on the terminal, twice'
	unlike "$(cat tty.log)" geheim 'and not shown'
	fresh
	server 2 'UsePAM yes' 'KbdInteractiveAuthentication yes' \
	    'ChallengeResponseAuthentication yes'
	run $NOTTY $PW --password-file pw "$t_url/x" <dump
	status_is 0 'a password asked for in a dialogue'
	fresh
	run env SSH_ASKPASS="$SCRATCH/asks" SSH_ASKPASS_REQUIRE=force \
	    $NOTTY $PW "$t_url/x" <dump
	status_is 5 'a program of the user that is not there'
	printf '#!/bin/sh\necho "$1" >asked\necho geheim\n' >asks
	chmod +x asks
	run env SSH_ASKPASS="$SCRATCH/asks" SSH_ASKPASS_REQUIRE=force \
	    $NOTTY $PW "$t_url/x" <dump
	status_is 0 'a program of the user that asks'
	like "$(cat asked)" 'shipper@' 'for whom'
	none_left 'a program of the user'
	[ "$(id -u "$SSHD_USER")" = 0 ] ||
	    chown -R "$SSHD_USER" "$REMOTE" "$SCRATCH/ssh"
else
	untested 'passwords'
fi

done_testing
