#!/bin/sh
# SPDX-License-Identifier: ISC
# A destination gets the whole backup under its name or nothing, whatever
# happens to the network, the server, its disk, or us; and what cannot work is
# refused before anything is touched.
. "${0%/*}/../lib.sh"

need b2sum perl ssh-agent zstd
own_mounts "$@"
pg_start
sshd_start
pg_fill 'app db' 0
cd "$SCRATCH" || exit

pg_dump -Fc 'app db' >dump
DB=app%20db
SERVER=$(sql postgres 'SHOW server_version' | sed 's/ .*//')

# A plain dump of 24 MB, made of stock parts.
pg_dump 'app db' >sql
head -n 20 sql >big
perl -e 'print "-- ", "x" x 96, "\n" for 1 .. 240000' >>big
tail -n +21 sql >>big
BIG=$(size big)

URL=$SFTP_URL$REMOTE
SSH="--known-hosts $KNOWN_HOSTS -i $SSH_KEY"
SHIP="pgb-ship $SSH"

# The server's directory: emptied; listed.
fresh()
{
	chmod -R u+rwX "$REMOTE" 2>/dev/null
	find "$REMOTE" -mindepth 1 -not -path "$REMOTE/small*" -delete
}
files() { (cd "$REMOTE" && find . -mindepth 1 -not -path './small*' | sort |
    tr '\n' ' '); }
temps() { find "$REMOTE" -name '.*.pgbtmp'; }

# refused STATUS ERE NAME: the last run ended so, said why in one error line,
# and the server's directory is empty.
refused()
{
	status_is "$1" "$3: status $1"
	like "$ERR" "^pgb-ship: error: .*$2" "$3: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$3: once"
	is "$(files)" '' "$3: nothing is left on the server"
}

# untouched NAME COMMAND...: refused before a byte of stdin is read.
untouched()
{
	t_name=$1; shift
	run sh -c '"$@"; t_rc=$?; cat >left; exit $t_rc' sh "$@" <dump
	ok "$t_name: stdin was not read" cmp dump left
}

# --- upload and back ---------------------------------------------------------

for f in dump sql big; do
	fresh
	run $SHIP --sink --report report "$URL/$f" <$f
	status_is 0 "$f: shipped"
	is "$(files)" "./$f " "$f: and nothing else is there"
	is "$(stat -c %a "$REMOTE/$f")" 600 "$f: mode 600"
	ok "$f: stock sftp fetches it" sftp -q -F "$SSH_CONFIG" \
	    "vault:$REMOTE/$f" back
	ok "$f: byte for byte" cmp $f back
	is "$(perl -MJSON::PP -e 'local $/; $r = decode_json(<STDIN>);
	    print "$r->{name} $r->{bytes} $r->{blake2b}"' <out)" \
	    "$URL/$f $(size $f) $(b2sum <$f | cut -d ' ' -f 1)" \
	    "$f: the record says what b2sum says"
	is "$(wc -l <out)" 1 "$f: in one line"
	is "$(perl -MJSON::PP -e 'local $/; $r = decode_json(<STDIN>);
	    print "$r->{name} $r->{bytes_in} $r->{proof}"' <report)" \
	    "$URL/$f $(size $f) carrier" "$f: and so does the report"
	try "$SHIP --fetch $URL/$f | pgb-verify >fetched"
	status_is 0 "$f: fetched and verified"
	ok "$f: byte for byte" cmp $f fetched
done
run $SHIP --fetch "$URL/none"
status_is 5 'fetch of a missing file'
like "$ERR" 'none: no such file' 'says so'
run $SHIP --fetch "$REMOTE/big" --report report
ok 'fetch of a local file' cmp big out
ok 'with a report' grep -q '"fetched".*"proof":"own"' report
: >"$REMOTE/empty"
chmod 644 "$REMOTE/empty"
run $SHIP --fetch "$URL/empty"
status_is 1 'fetch of an empty file'
run $SHIP --fetch "$REMOTE"
status_is 2 'fetch of a directory'
try "$SHIP --fetch $URL/big | head -c 100 >/dev/null; $SHIP --fetch $URL/big >/dev/full"
status_is 3 'fetch to a full disk'

fresh
try "$SHIP $URL/x <big | pgb-verify >passed"
status_is 0 'passed on to a program of the suite'
ok 'unchanged' cmp big passed
try "pgb-verify <dump | $SHIP $URL/y $SCRATCH/y | cat >passed"
ok 'to two destinations at once, and on' cmp dump passed
ok 'one' cmp dump "$REMOTE/y"
ok 'the other' cmp dump y
like "$ERR" "$SCRATCH: other users .* may enter" 'a directory open to others'

# --- names -------------------------------------------------------------------

fresh
run $SHIP --sink "$URL/a/{db}-{server}-{time}" \
    "$SFTP_URL/~/b/%Y/{db}" --mkdir <dump
status_is 0 'names from the header, directories made'
like "$(files)" "^./a ./a/$DB-$SERVER-20[0-9]{6}T[0-9]{6}Z ./b ./b/20[0-9]{2} ./b/20[0-9]{2}/$DB \$" \
    'as they should be'
is "$(stat -c %a "$REMOTE/a" "$REMOTE/b")" "700
700" 'directories with mode 700'
fresh
try "zstd -qc dump | $SHIP --sink --server 9/6 '$URL/{db}.{server}.zst'"
is "$(files)" "./$DB.9%2F6.zst " 'inside zstd; the command line counts more'
like "$ERR" '^pgb-ship: warning: --server 9/6: the archive says [1-9]' \
    'and says so'
is "$(printf '%s\n' "$ERR" | wc -l)" 1 'in one line'
run $SHIP --sink --db other "$URL/{db}" <dump
status_is 0 '--db of another database'
ok 'counts' test -e "$REMOTE/other"
is "$ERR" 'pgb-ship: warning: --db other: the archive says app db' \
    'and says so in one line'
run $SHIP --sink --db 'app db' --server "$SERVER" "$URL/{db}.{server}" <dump
is "$RC$ERR" 0 'what the archive says too is not spoken of'
run $SHIP --sink --db sql "$URL/{db}" <sql
is "$RC$ERR" 0 'nor what it does not say'
fresh
for t_in in sql big; do
	run $SHIP "$URL/{db}" "$SCRATCH/never" <$t_in
	refused 2 '\{db\}: the stream does not tell' "{db} of plain SQL ($t_in)"
	is "$OUT" '' 'nothing is passed on'
	ok 'nothing is made' test ! -e never
done
untouched '{dbx}' $SHIP "$URL/{dbx}"
refused 2 '\{dbx\}: not a word' 'an unknown word'
for t_dest in "$URL/" "sftp://u:secret@h/x" \
    "sftp://u:secret/w@h/x" "s3://b/x" "$SSHD_USER@h:x" ''; do
	untouched "$t_dest" $SHIP "$t_dest"
	refused 2 '' "destination '$t_dest'"
	unlike "$ERR" secret 'no secret is shown'
done
untouched 'twice' $SHIP "$URL/x" "$URL/x"
refused 2 'named twice' 'a destination named twice'
untouched 'none' $SHIP
refused 2 'no destination' 'no destination'

# --- what is there already -----------------------------------------------------

fresh
echo good >"$REMOTE/x"
echo good >x
for t_dest in "$URL/x" "$SCRATCH/x"; do
	untouched "$t_dest" $SHIP "$t_dest"
	status_is 2 "$t_dest is there"
	like "$ERR" 'exists already' 'says so'
	like "$ERR" '^pgb-ship: hint: --overwrite' 'and what to do'
done
is "$(files)$(cat "$REMOTE/x" x)" "./x good
good" 'both are as they were'
# It comes while we are at it: plain RENAME fails.
fresh
mkfifo pipe
{
	head -c 1000000 big
	await 10 sh -c "find $REMOTE -name '.y.*.pgbtmp' | grep -q ."
	echo other >"$REMOTE/y"
	tail -c +1000001 big
} >pipe &
run $SHIP --sink "$URL/y" <pipe
status_is 2 'a file of that name came meanwhile'
is "$(files)$(cat "$REMOTE/y")" './y other' 'it is as it was, no temporary'
run $SHIP --sink --overwrite "$URL/y" <big
status_is 0 '--overwrite'
ok 'replaces it' cmp big "$REMOTE/y"
mkdir "$REMOTE/d"
run $SHIP --sink --overwrite "$URL/d" <dump
status_is 2 'a directory of that name'

# --- a report in the backup's place --------------------------------------------

fresh
ln -s . here
for t_report in r "$SCRATCH/r" here/r ./ssh/../r; do
	untouched "--report $t_report" $SHIP --sink --report "$t_report" r
	status_is 2 "--report $t_report: is the destination"
	like "$ERR" ': destination and report are one file$' 'says so'
	ok 'nothing is there' test ! -e r
done
run $SHIP --sink --report r.json r <dump
status_is 0 'a report beside the destination'
ok 'which is whole' cmp dump r
# The server's directory, by another way.
run $SHIP --sink --report "$REMOTE/x" "$URL/x" <dump
status_is 2 'a report over what was published'
like "$ERR" "$REMOTE/x: exists and is no report" 'says so'
ok 'the backup is whole' cmp dump "$REMOTE/x"
is "$(files)" './x ' 'and nothing else is there'
untouched 'existing' $SHIP --sink --report dump "$URL/y"
status_is 2 'a report over a backup'
like "$ERR" 'dump: exists and is no report' 'says so'
run $SHIP --sink --report report "$URL/y" <dump
run $SHIP --sink --report report "$URL/z" <dump
status_is 0 'a report over a report'
ok 'is the new one' grep -q "$URL/z" report

# --- host keys -----------------------------------------------------------------

fresh
HOST_TYPE=$(host_type)
read -r t_type t_key t_rest <"$SCRATCH/ssh/host_$HOST_TYPE.pub"
read -r t_type2 t_key2 t_rest <"$HOME/.ssh/id_$HOST_TYPE.pub"
t_host="[127.0.0.1]:$SSHD_PORT"
: >kh.empty
echo "$t_host $t_type2 $t_key2" >kh.changed
{
	echo "$t_host $t_type $t_key"
	echo "@revoked * $t_type $t_key"
	# ssh would take the other one.
	curves || sed 's/^/@revoked * /' "$SCRATCH/ssh/host_"*.pub
} >kh.revoked
echo "@cert-authority * $t_type $t_key" >kh.ca
t_print=$(ssh-keygen -lf "$SCRATCH/ssh/host_$HOST_TYPE.pub" | cut -d ' ' -f 2 |
    sed 's/+/[+]/g')
t_accepted=$(grep -c Accepted "$SSHD_LOG")
# Where ssh talks (ship-child.t), it does not tell by which line.
curves && BY=by CA='.*line.1.*cert-authority' || BY= CA=
for t_case in 'empty unknown ssh-keyscan' 'changed changed.*line.1 ssh-keygen.-R' \
    "revoked revoked${BY:+.by.*line.2} administrator" \
    "ca unknown$CA ssh-keyscan"; do
	set -- $t_case
	untouched "$1" pgb-ship -i "$SSH_KEY" --known-hosts "kh.$1" "$URL/x"
	refused 5 "$t_type $t_print: $2" "host key, $1"
	like "$ERR" "^pgb-ship: hint: .*$3" "$1: the remedy"
done
is "$(grep -c Accepted "$SSHD_LOG")" "$t_accepted" 'nobody had logged in'
echo "$t_host $t_type $t_key" >kh.hashed
ssh-keygen -q -H -f kh.hashed >/dev/null 2>&1
run pgb-ship -i "$SSH_KEY" --known-hosts kh.empty --known-hosts kh.hashed \
    --sink "$URL/x" <dump
status_is 0 'a hashed name, in the second of two files'
fresh
# From here on ssh is to find what lies in HOME, where it is ssh that talks.
curves || home_listed || {
	untested 'the rest: this libssh2 has no elliptic curves, and ssh no HOME'
	done_testing
}
sed 's/^/@revoked * /' "$SCRATCH/ssh/host_$HOST_TYPE.pub" >"${KNOWN_HOSTS}2"
curves || sed 's/^/@revoked * /' "$SCRATCH/ssh/host_"*.pub >"${KNOWN_HOSTS}2"
untouched 'known_hosts2' pgb-ship -i "$SSH_KEY" "$URL/y"
refused 5 "$t_print: revoked${BY:+ by .*known_hosts2 line 1}" \
    'revoked in known_hosts2'
rm "${KNOWN_HOSTS}2"
if [ "$(id -u)" = 0 ] && [ "$MOUNTS" = 1 ]; then
	sed 's/^/@revoked * /' "$SCRATCH/ssh/host_$HOST_TYPE.pub" \
	    "$SCRATCH/ssh/host_"*.pub >kh.both
	# In a namespace of its own, so that it does not outlast the test.
	untouched 'ssh_known_hosts2' unshare -m sh -c '
		mount -t tmpfs none /etc/ssh && cat "$1" >/etc/ssh/$0 &&
		shift && exec "$@"' ssh_known_hosts2 \
	    kh.both pgb-ship -i "$SSH_KEY" "$URL/y"
	refused 5 "$t_print: revoked${BY:+ by .*ssh_known_hosts2 line 1}" \
	    'revoked in ssh_known_hosts2'
else
	untested 'ssh_known_hosts2: no private mounts on this machine'
fi
untouched '/dev/null' pgb-ship --known-hosts /dev/null "$URL/y"
refused 5 "$t_print: unknown" 'known_hosts /dev/null'
like "$ERR" "hint: .*leave out --known-hosts.* >> $KNOWN_HOSTS\$" \
    'a key cannot be added there'
untouched '/dev/null, file' pgb-ship --known-hosts /dev/null \
    --known-hosts kh.empty "$URL/y"
like "$ERR" 'administrator tells you: ssh-keyscan .* >> kh.empty$' \
    'but to a file'
untouched 'no file' pgb-ship --known-hosts kh.none "$URL/y"
status_is 2 'a file that is not there'

# --- who we are ------------------------------------------------------------------

fresh
run pgb-ship --sink "$URL/x" <dump
status_is 0 'the usual key and known_hosts, no option'
eval "$(ssh-agent -s)" >/dev/null
at_exit "$SSH_AGENT_PID"
ssh-add -q "$SSH_KEY_ECDSA" 2>/dev/null
run env HOME="$SCRATCH/none" pgb-ship --known-hosts "$KNOWN_HOSTS" --sink \
    "$URL/agent" <dump
status_is 0 'a key of the agent'
run env HOME="$SCRATCH/none" pgb-ship --known-hosts "$KNOWN_HOSTS" --sink \
    -i "$SSH_KEY_ECDSA.pub" "$URL/agent2" <dump
status_is 0 'named by its public half'
# One that has died takes connections still, and never says a word.
for t_len in '' 0000 00000002 0000000a0c ffffffff; do
	rm -f agent.sock
	perl -MIO::Socket::UNIX -e '
		$s = IO::Socket::UNIX->new(Local => "agent.sock", Listen => 5);
		while (1) {
			push @c, scalar $s->accept;
			$c[-1]->syswrite(pack "H*", $ARGV[0]);
		}' "$t_len" &
	t_pid=$!
	at_exit $t_pid
	await 10 test -S agent.sock
	fresh
	run timeout 60 env SSH_AUTH_SOCK=agent.sock pgb-ship --timeout 3 \
	    --sink "$URL/x" <dump
	status_is 0 "an agent that stops after '$t_len'"
	like "$ERR" 'warning: agent.sock: ssh-agent does not answer' \
	    'is passed over with a warning'
	kill $t_pid
done
run env SSH_AUTH_SOCK=agent.sock pgb-ship --sink "$URL/y" <dump
status_is 0 'an agent whose socket alone is left'
unset SSH_AUTH_SOCK
fresh
ssh-keygen -q -t ed25519 -N '' -f strange
untouched 'strange key' setsid -w pgb-ship --known-hosts "$KNOWN_HOSTS" \
    -i strange "$URL/x"
refused 5 'was not let in: the server takes publickey, tried: strange' \
    'a key that the server does not know'
ssh-keygen -q -t rsa -b 2048 -N '' -f rsa
cat rsa.pub >>"$SCRATCH/ssh/authorized_keys"
run setsid -w pgb-ship --transport libssh2 --known-hosts "$KNOWN_HOSTS" -i rsa \
    --sink "$URL/x" <dump
curves || case $RC in
5) refused 5 'SSH handshake: no method in common' 'libssh2 without curves'
   like "$ERR" 'hint: .*no elliptic curves; --transport ssh' 'what to do'
   RC=none ;;
esac
case $RC in
none) ;;
0) pass 'an RSA key, with libssh2 1.11' ;;
*) refused 5 'rsa \(RSA' 'an RSA key, with libssh2 1.10'
   like "$ERR" 'hint: .*ed25519' 'what to do' ;;
esac
fresh
run setsid -w pgb-ship --known-hosts "$KNOWN_HOSTS" -i rsa --sink "$URL/x" <dump
status_is 0 'an RSA key: it is found out who can use it'
fresh
cp "$SSH_KEY" loose
chmod 640 loose
untouched 'loose key' pgb-ship --known-hosts "$KNOWN_HOSTS" -i loose "$URL/x"
refused 2 'loose: others may read' 'a key that others may read'
like "$ERR" 'hint: chmod 600 loose' 'what to do'
cp "$SSH_KEY" locked
ssh-keygen -q -p -P '' -N 'open sesame' -f locked >/dev/null
untouched 'locked' setsid -w pgb-ship --known-hosts "$KNOWN_HOSTS" -i locked \
    "$URL/x"
refused 5 'passphrase, and there is no terminal' 'a locked key, no terminal'
# typed TEXT COMMAND: what somebody at a terminal types when he is asked.
typed()
{
	: >typescript
	{
		await 20 grep -aq ': $' typescript
		echo "$1"
		sleep 1
	} | script -qfec "$2" typescript >/dev/null
	RC=$?
	RAN=$2 ERR=$(cat typescript)
}
typed 'open sesame' "pgb-ship --known-hosts $KNOWN_HOSTS -i locked --sink \
    $URL/x <dump >out"
status_is 0 'its passphrase is asked for on the terminal'
unlike "$(cat typescript)" sesame 'and not shown'

# --- servers that lack something ---------------------------------------------------

# served OPTIONS COMMAND...: run it against a server of another kind.
served()
{
	sshd_stop
	sshd_start "ForceCommand internal-sftp -d $REMOTE $1"
	shift
	run "$@" <dump
}
fresh
served '-P fsync' $SHIP --sink "$URL/x"
refused 5 'does not say when a file is on disk' 'no fsync'
like "$ERR" 'hint: --allow-no-fsync' 'what to do'
run $SHIP --sink --allow-no-fsync "$URL/x" <dump
status_is 0 '--allow-no-fsync'
served '-P posix-rename' $SHIP --sink --overwrite "$URL/x"
status_is 5 'no rename that replaces'
# Before 8.7 it is offered, and then refused.
case $(sftp -vv -b /dev/null -F "$SSH_CONFIG" vault 2>&1) in
*'"posix-rename@openssh.com"'*)
	like "$ERR" 'x: rename: permission denied' 'says so' ;;
*)
	like "$ERR" 'cannot replace a file in one step' 'says so' ;;
esac
run $SHIP --sink "$URL/y" <dump
status_is 0 'which a new name does not need'
served '-P limits,statvfs,opendir,readdir' $SHIP --sink --expect-size 1T \
    "$URL/z"
status_is 0 'no limits, no statvfs, no lists'
like "$ERR" 'warning: .*does not tell how much is free' 'says what is not checked'
is "$(cat "$REMOTE/x" "$REMOTE/y" "$REMOTE/z" | cksum)" \
    "$(cat dump dump dump | cksum)" 'all are whole'
fresh
served '-P rename' $SHIP --sink "$URL/x"
refused 5 'rename: permission denied' 'no rename at all'
served '-P open' $SHIP --sink "$URL/x"
refused 5 'create: permission denied' 'no file may be opened'
sshd_stop
sshd_start 'ForceCommand echo Welcome to vault'
untouched 'greeting' $SHIP --sink "$URL/x"
refused 5 'the server prints ".*" before' \
    'a start-up file that greets'
sshd_stop
sshd_start 'RekeyLimit 2M'
run $SHIP --sink "$URL/x" <big
status_is 0 'new session keys every 2 MB'
ok 'byte for byte' cmp big "$REMOTE/x"
run $SHIP --fetch "$URL/x"
ok 'and back' cmp big out
fresh
sshd_stop
sshd_start

# --- passwords -------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && [ "$MOUNTS" = 1 ]; then
	t_hash=$(perl -e 'print crypt("geheim", "\$6\$saltsalt\$")')
	sed '/^shipper:/d' /etc/passwd >passwd
	echo "shipper:x:12345:65534::$REMOTE:/bin/sh" >>passwd
	sed '/^shipper:/d' /etc/shadow >shadow
	echo "shipper:$t_hash:19000:0:99999:7:::" >>shadow
	chmod 644 passwd
	mount --bind passwd /etc/passwd
	mount --bind shadow /etc/shadow
	[ -d /run/sshd ] || { mount -t tmpfs none /run; mkdir /run/sshd; }
	t_port=$((SSHD_PORT + 1))
	sed -e 's/^PasswordAuthentication.*/PasswordAuthentication yes/' \
	    "$SCRATCH/ssh/config" >sshd2
	chown -R root "$SCRATCH/ssh"
	setpriv --pdeathsig TERM "$(command -v sshd)" -D -e -f sshd2 \
	    -p $t_port 2>sshd2.log &
	at_exit $!
	await 10 grep -q 'listening on' sshd2.log || bail "$(cat sshd2.log)"
	sed "s/:$SSHD_PORT/:$t_port/" "$KNOWN_HOSTS" >kh2
	fresh
	chmod 777 "$REMOTE"
	t_ship="setsid -w pgb-ship --known-hosts kh2 -i strange --sink"
	t_url=sftp://shipper@127.0.0.1:$t_port$REMOTE
	echo geheim >pw
	chmod 600 pw
	run $t_ship --password-file pw "$t_url/x" <dump
	status_is 0 'a password from a file'
	fresh
	echo falsch >pw
	untouched 'wrong password' $t_ship --password-file pw "$t_url/x"
	refused 5 'user shipper was not let in: .*password.*tried: strange, the password of pw' \
	    'a wrong password'
	chmod 644 pw
	untouched 'open password' $t_ship --password-file pw "$t_url/x"
	refused 2 'pw: others may read' 'a password file that others may read'
	typed geheim "pgb-ship --known-hosts kh2 -i strange --sink $t_url/x \
	    <dump >out"
	status_is 0 'a password asked for on the terminal'
	unlike "$(cat typescript)" geheim 'and not shown'
	sed -e 's/^PasswordAuthentication.*/PasswordAuthentication no/' \
	    -e 's/^KbdInteractive.*/KbdInteractiveAuthentication yes/' \
	    -e 's/^ChallengeR.*/ChallengeResponseAuthentication yes/' \
	    -e 's/^UsePAM.*/UsePAM yes/' sshd2 >sshd3
	t_port=$((SSHD_PORT + 2))
	setpriv --pdeathsig TERM "$(command -v sshd)" -D -e -f sshd3 \
	    -p $t_port 2>sshd3.log &
	at_exit $!
	await 10 grep -q 'listening on' sshd3.log || bail "$(cat sshd3.log)"
	sed "s/:$SSHD_PORT/:$t_port/" "$KNOWN_HOSTS" >kh2
	t_url=sftp://shipper@127.0.0.1:$t_port$REMOTE
	fresh
	(umask 077; echo geheim >pw3)
	run $t_ship --password-file pw3 "$t_url/x" <dump
	status_is 0 'a password asked for in a dialogue'
	[ "$(id -u "$SSHD_USER")" = 0 ] ||
	    chown -R "$SSHD_USER" "$REMOTE" "$SCRATCH/ssh"
else
	untested 'passwords'
fi

done_testing
