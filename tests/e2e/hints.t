#!/bin/sh
# SPDX-License-Identifier: ISC
# Where there is a remedy, the line behind the error names it.
. "${0%/*}/../lib.sh"

need age-keygen minisign ssh-keygen
own_mounts "$@"
pg_start
sshd_start
pg_fill appdb 0
cd "$SCRATCH" || exit

# says STATUS ERROR HINT COMMAND: the command ends with that status, and the
# line of that error is followed by that hint ("-": by none).
says()
{
	try "$4"
	t_hint=$(printf '%s\n' "$ERR" | awk '
	    /^pgb-[a-z]*: error: / { hint = ""; due = 1; next }
	    due && sub(/^pgb-[a-z]*: hint: /, "") { hint = $0 }
	    { due = 0 }
	    END { print hint }')
	t_good=yes
	[ "$RC" = "$1" ] || t_good=
	case $ERR in *": error: "*"$2"*) ;; *) t_good= ;; esac
	if [ "$3" = - ]; then
		[ -z "$t_hint" ] || t_good=
	else
		case $t_hint in *"$3"*) ;; *) t_good= ;; esac
	fi
	[ -n "$t_good" ] && { pass "$4"; return; }
	fail "$4"
	diag "status: $RC, want: $1; error wanted: $2; hint wanted: $3"
	diag "stderr: $ERR"
}

# --- options -----------------------------------------------------------------------

says 2 '--tabel: unknown option' 'perhaps --table;' 'pgb-dump --tabel=x appdb'
says 2 '--raport: unknown' 'perhaps --report;' 'pgb-verify --raport=x'
says 2 '--fitch: unknown' 'perhaps --fetch;' 'pgb-ship --fitch x'
says 2 '--recipent: unknown' 'perhaps --recipient;' 'pgb-encrypt --recipent x'
says 2 '--keep: unknown' 'perhaps --keep-last, --keep-daily, ' \
    'pgb-ship --keep 3 --prune x'
says 2 '--no: unknown' 'see pgb-dump --help' 'pgb-dump --no'
says 2 '--zzz: unknown' 'see pgb-dump --help' 'pgb-dump --zzz'
says 2 '-o: unknown' '--compress has two dashes' 'pgb-dump -compress=3 appdb'
says 2 '-c: unknown' '--decrypt has two dashes' 'pgb-encrypt -decrypt'
says 2 '-P: unknown' 'sftp://USER@HOST:PORT/PATH' 'pgb-ship -P 22 x'
says 2 '-o: unknown' 'the output stdout' 'pgb-encrypt -o x'
says 2 '-d: unknown' 'from stdin and goes to stdout' 'pgb-verify -d appdb'
says 2 '--list: needs an argument' '--list=URL;' 'pgb-ship --list'
says 2 '--list: needs an argument, and --db is' 'see pgb-ship --help' \
    'pgb-ship --list --db x file:///nix'
says 2 '-ö: unknown option' 'see pgb-dump --help' 'pgb-dump appdb -ö'
says 2 '--file: needs an argument, and --jobs is' '--file=--jobs, if' \
    'pgb-dump --file --jobs appdb'
says 2 '-f: needs an argument, and --report is' 'see pgb-dump --help' \
    'pgb-dump -f --report=x appdb'
says 2 '--password: takes no argument' 'others can read' \
    'pgb-dump --password=hunter2 appdb'
unlike "$ERR" hunter2 'the password is not repeated'
says 2 'one operand too many' '-U NAME is the role' 'pgb-dump appdb postgres'
says 2 'one operand too many' '--sink <FILE' 'pgb-verify a.dump'
says 2 'belongs to no option' 'read from stdin' 'pgb-encrypt -R x a.dump'
says 2 '-F appdb.dump: only a custom' '-f FILE names' \
    'pgb-dump -F appdb.dump appdb'
says 2 '-F d: only a custom archive' - 'pgb-dump -Fd appdb'
says 2 '-g: use --globals' - 'pgb-dump -g'
run pgb-dump -f c appdb
like "$ERR" 'warning: -f c: a file of that name is written; .* -F$' \
    '-f in place of -F: a warning'
says 2 '--compress=20: gzip has' '0 to 9, none,' 'pgb-dump -Z 20 appdb'
says 2 'a URL holds a password' '--password-file' 'pgb-ship sftp://u:p@host/x'
says 2 '-i is for decryption' 'add -d' 'pgb-encrypt -i x'
says 2 'no identity given' '-i FILE' 'pgb-encrypt -d'
says 2 'no recipient given' '--keygen FILE' 'pgb-encrypt'
says 2 'nothing says what is to be kept' '--keep-last N' 'pgb-ship --prune x'
says 2 'no destination' 'sftp://[USER@]HOST' 'pgb-ship --sink </dev/null'
says 2 'neither a URL nor' 'sftp://USER@HOST/PATH' 'pgb-ship b@host:/pg/x'
says 2 'ftp: not a kind' 'sftp://[USER@]HOST' 'pgb-ship ftp://host/x'
says 2 'sh tells the status of its last' 'for each filter' \
    'pgb-verify --through "gzip | cat"'

# --- the server --------------------------------------------------------------------

sql postgres "CREATE ROLE weak LOGIN; CREATE ROLE nologin"
sql appdb "CREATE TABLE rls AS SELECT 1 AS x;
    ALTER TABLE rls ENABLE ROW LEVEL SECURITY;
    ALTER TABLE rls FORCE ROW LEVEL SECURITY"
createdb closed
sql postgres 'ALTER DATABASE closed ALLOW_CONNECTIONS false'
says 5 "$(words 'database "nix" does not exist' \
    'Datenbank »nix« existiert nicht')" 'pgb-dump --list' 'pgb-dump nix'
says 5 "$(words 'role "nix" does not exist' 'Rolle »nix« existiert nicht')" \
    "$(words '-U NAME' 'lists the roles')" 'pgb-dump -U nix appdb'
says 5 'role "nix" does not exist' 'lists the roles' \
    'pgb-dump --role nix appdb'
says 5 "$(words 'not permitted to log in' 'Berechtigung zum Einloggen')" \
    "$(words 'ALTER ROLE ... LOGIN' 'permitted to log in')" \
    'pgb-dump -U nologin appdb'
says 5 "$(words 'not currently accepting' 'akzeptiert gegenwärtig keine')" \
    'ALLOW_CONNECTIONS' 'pgb-dump closed'
says 4 'No such file or directory' 'is the server running' \
    'pgb-dump -h /nix appdb'
says 4 'Connection refused' 'is the server running' \
    'pgb-dump -h 127.0.0.1 -p 9 appdb'
says 5 'could not translate host name' 'getent hosts' \
    'pgb-dump -h no.such.host.invalid appdb'
says 5 'pg_dump ended with status 1' 'psql -c' 'pgb-dump -t nix appdb'
says "$(words 5 1)" 'pg_dump ended with status 1' \
    "$(words 'GRANT pg_read_all_data' 'SET lc_messages TO')" \
    'pgb-dump -U weak appdb'
sql postgres 'GRANT pg_read_all_data TO weak' 2>err
says 5 "$(words 'affected by row-level security' 'auf Zeilenebene')" 'BYPASSRLS' \
    'pgb-dump -U weak -B -t rls appdb'
says 3 'No such file or directory' 'mkdir -p /nix' 'pgb-dump -f /nix/x appdb'
mkdir noprog
says 2 'too old for a server' 'postgresql-client-' \
    'printf "#!/bin/sh\necho pg_dump \\(PostgreSQL\\) 9.0\n" >noprog/pg_dump
    chmod +x noprog/pg_dump; PGB_PGDUMP=noprog/pg_dump pgb-dump appdb'
(
	umask 077
	chmod 755 .
	mkdir shut
)
as_user "$SSHD_USER" true 2>err && [ "$(id -u)" = 0 ] && says 3 \
    'Permission denied' 'socket is closed' \
    "setpriv --reuid=$(id -u "$SSHD_USER") --clear-groups \
	$BIN/pgb-dump -h $SCRATCH/shut appdb"
# At the door; the one who asks is trusted.
conf=$SCRATCH/pg/data/pg_hba.conf
{
	echo "local all $PGUSER trust"
	echo 'local appdb weak scram-sha-256'
	echo 'local postgres weak reject'
	echo 'local closed weak peer'
} >"$conf"
sql postgres "SELECT pg_reload_conf()" >out
sql postgres 'ALTER DATABASE closed ALLOW_CONNECTIONS true'
await 10 sh -c '! psql -w -U weak -d postgres -c "SELECT 1"'
says 5 'no password supplied' 'PGPASSFILE' 'pgb-dump -w -U weak appdb'
says 5 "$(words 'pg_hba.conf rejects' 'pg_hba.conf lehnt')" \
    'must let this role in' 'pgb-dump -U weak postgres'
says 5 "$(words 'no pg_hba.conf entry' 'kein pg_hba.conf-Eintrag')" \
    'must let this role in' 'pgb-dump -U other appdb'
says 5 "$(words 'Peer authentication failed' 'Peer-Authentifizierung')" \
    "$(words '-h localhost' -)" 'pgb-dump -U weak closed'
printf '*:*:*:weak:x\n' >"$HOME/.pgpass"
chmod 644 "$HOME/.pgpass"
try 'pgb-dump -w -U weak appdb'
like "$ERR" 'pgpass.* permissions should be u=rw [(]0600[)]' \
    'a password file that others may read: libpq says so'
rm "$HOME/.pgpass"

# --- keys --------------------------------------------------------------------------

(
	umask 077
	pgb-encrypt --keygen k.key >k.pub
	ssh-keygen -q -t rsa -b 2048 -N '' -f rsa
	ssh-keygen -q -t ed25519 -N pass -f locked
	ssh-keygen -q -t ed25519 -N '' -f ed
	ssh-keygen -e -f ed.pub >ssh2
	minisign -G -W -p m.pub -s m.key
	printf 'PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\n' >ppk
	printf -- '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nx\n' >pgp
	printf -- '-----BEGIN CERTIFICATE-----\nx\n' >cert
	pgb-dump appdb >a.dump
	pgb-encrypt -R k.pub <a.dump >a.age
	sed 's/AGE-SECRET-KEY-1.../AGE-SECRET-KEY-1/' k.key >short.key
	cut -c 1-40 ed.pub >short.pub
	pgb-encrypt -R ed.pub <k.key >k.age --raw
) >out 2>err

to() { says 2 "$1" "$2" "pgb-encrypt -R $3 <a.dump"; }
to 'k.key: line 3: an identity (secret key)' '# public key:' k.key
to 'ed: line 1: a private key' 'ends in .pub' ed
to 'rsa.pub: no key in it that can be used' 'ssh-keygen -t ed25519' rsa.pub
to 'ppk: line 1: a private key of PuTTY' 'puttygen' ppk
to 'ssh2: line 1: a public key in the form of SSH2' 'ssh-keygen -i -f' ssh2
to 'm.pub: line 1: a key of minisign' '--keygen FILE' m.pub
to 'pgp: line 1: something of PGP' "--through 'gpg" pgp
to 'cert: line 1: a certificate' '--keygen FILE' cert
to 'a.dump: line 1: a backup' 'read from stdin' a.dump
to 'a.age: line 1: an encrypted file' 'read from stdin' a.age
to 'short.pub: line 1: a damaged' 'as the file that ends in .pub' short.pub
to 'No such file' '-r the recipient itself' '$(cat k.pub)'
says 2 '-r: k.pub: a file' '-R k.pub' 'pgb-encrypt -r k.pub <a.dump'
says 2 '-r: an SSH key of type ssh-rsa' '--keygen FILE' \
    'pgb-encrypt -r "$(cat rsa.pub)" <a.dump'
says 2 '-r: not a recipient' 'begins with age1' 'pgb-encrypt -r ops <a.dump'

from() { says 2 "$1" "$2" "pgb-encrypt -d -i $3 <a.age"; }
from 'k.pub: line 1: a recipient (public key)' 'AGE-SECRET-KEY-1' k.pub
from 'ed.pub: line 1: a public SSH key' 'without .pub' ed.pub
from 'rsa: a private key of type ssh-rsa' 'age -d -i rsa' rsa
from 'locked: an SSH key under a passphrase' 'age -d -i locked' locked
from 'ppk: a private key of PuTTY' 'puttygen' ppk
from 'ssh2: a public key in the form of SSH2' 'ssh-keygen -i' ssh2
from 'm.key: a key of minisign' '--keygen FILE' m.key
from 'pgp: something of PGP' 'gpg -d' pgp
from 'cert: a certificate' '--keygen FILE' cert
from 'a.dump: a backup' 'read from stdin' a.dump
from 'k.age: the identity file is encrypted to keys' 'age -d -i KEY k.age' k.age
from 'short.key: line 3: a mistyped' 'copy it whole' short.key

chmod 644 k.key
from 'k.key: others may read' 'chmod 600 k.key' k.key
chmod 600 k.key
says 1 'no identity matches' 'one of its recipients' \
    'umask 077; age-keygen >o.key 2>err; pgb-encrypt -d -i o.key <a.age'
says 2 'no terminal to ask' '--passphrase-file FILE' \
    'setsid pgb-encrypt -d -p <a.age'
says 1 'not an age file' 'it takes what age' 'pgb-encrypt -d -i k.key <a.dump'
says 2 'encrypted with age already' '-d -i FILE' 'pgb-encrypt -R k.pub <a.age'
says 2 'k.key: exists already' 'never overwritten' 'pgb-encrypt --keygen k.key'

says 2 'm.pub: a public key where' '-s FILE' \
    'pgb-verify --sink --report r --sign m.pub <a.dump'
says 2 'k.key: not a secret key of minisign' 'minisign -G' \
    'pgb-verify --sink --report r --sign k.key <a.dump'
try 'pgb-verify --sink --report r <a.dump'
says 2 'm.key: a secret key where' 'minisign -R -s m.key' \
    'pgb-verify --sink --check r --pubkey m.key <a.dump'
says 2 'k.pub: not a public key of minisign' 'minisign -G' \
    'pgb-verify --sink --check r --pubkey k.pub <a.dump'

# --- streams and files -------------------------------------------------------------

says 1 'stdin is empty' 'the program in front' 'pgb-verify </dev/null'
says 1 'stdin: not proven complete: age' 'pgb-verify with -i KEY' \
    'pgb-verify --sink <a.age'
says 1 'stdin: not proven complete: unknown' "--through 'COMMAND'" \
    'echo x | pgb-encrypt -R k.pub'
says 2 'nix: No such file' 'without --against' \
    'pgb-verify --sink --against nix <a.dump'
says 2 'a.dump: not a report' 'pgb-verify --report FILE' \
    'pgb-verify --sink --against a.dump <a.dump'
says 2 'a.dump: exists and is no report' 'another name' \
    'pgb-verify --sink --report a.dump <a.dump'
says 3 'directory /nix: No such file' 'mkdir -p /nix' \
    'pgb-verify --sink --report /nix/r <a.dump'
if [ "$MOUNTS" = 1 ]; then
	tmpfs_on small 64k
	says 3 'stdout: No space left' 'bytes were written, and 0 are free' \
	    'cat a.dump | pgb-verify >small/x'
	rm small/x
	says 3 'stdout: No space left' 'bytes were written, and 0 are free' \
	    'cat a.dump | pgb-encrypt -R k.pub >small/x'
	rm small/x
	says 3 'small/x: No space left' '0 are free' \
	    'pgb-ship --sink small/x <a.dump'
	says 3 'bytes are held back' '--hold-dir' \
	    'cat a.dump | pgb-verify --hold --hold-dir small >x'
	says 3 'No space left' '0 are free' 'pgb-dump -Z0 -f small/x appdb'
else
	note 'a full disk was not tested: no mounts of its own'
fi

# --- pgb-ship ----------------------------------------------------------------------

K="--known-hosts $KNOWN_HOSTS"
S="sftp://$SSHD_USER@127.0.0.1:$SSHD_PORT$REMOTE"
# ship STATUS ERROR HINT ARGUMENTS: of an upload.
ship() { says "$1" "$2" "$3" "pgb-ship --sink $4 <a.dump"; }
OURS="$K -i $SSH_KEY"
ship 5 'nix/a.dump: directory: no such file' '--mkdir makes it' "$OURS $S/nix/a.dump"
ship 3 'nix: directory: No such file' '--mkdir makes it' nix/a.dump
run pgb-ship --sink $OURS "$S/a.dump" <a.dump
ship 2 'a.dump: exists already' '--overwrite' "$OURS $S/a.dump"
ship 2 '{foo}: not a word' '{time} {db} {server} {host}' "$OURS $S/{foo}"
ship 2 'names a directory' '{db}-{time}' "$OURS $S/"
says 2 '{db}: the stream does not tell' '--db' \
    "pgb-ship --sink --raw ./{db}.age <a.age"
[ "$(id -u)" != 0 ] || ship 5 'permission denied' 'allowed to make files in /root' \
    "$OURS sftp://$SSHD_USER@127.0.0.1:$SSHD_PORT/root/a"
ship 4 'port 9: Connection refused' 'is sshd running' \
    "$OURS --retry-time 1 sftp://127.0.0.1:9/a"
ship 4 'host no.such.invalid' 'is it spelt right' \
    "$OURS --retry-time 1 sftp://no.such.invalid/a"
echo "[127.0.0.1]:$SSHD_PORT $(cut -d ' ' -f 1,2 ed.pub)" >hosts
ship 5 'changed: hosts line 1 has another' \
    "ssh-keygen -R '[127.0.0.1]:$SSHD_PORT' -f hosts" \
    "--known-hosts hosts -i $SSH_KEY $S/b"
ship 5 ': unknown' 'ssh-keyscan -p' "--known-hosts /dev/null -i $SSH_KEY $S/b"
ship 5 'tried: ed' "~$SSHD_USER/.ssh/authorized_keys" "$K -i ed $S/b"
ship 5 'a public key: its private one' 'without .pub' "$K -i $SSH_KEY.pub $S/b"
ship 5 'a private key of PuTTY' 'puttygen' "$K -i ppk $S/b"
ship 5 'has a passphrase' '--passphrase-file' "$K -i locked $S/b"
ship 5 'unreadable: not a key' 'ssh-keygen -t ed25519' "$K -i k.key $S/b"
chmod 644 ed
ship 2 'others may read this private key' 'chmod 600 ed' "$K -i ed $S/b"
says 5 'no such file' 'pgb-ship --list' "pgb-ship $OURS --fetch $S/nix.dump"
says 3 'No such file' 'pgb-ship --list' 'pgb-ship --fetch ./nix.dump'
says 1 'no backup of this pattern' '--list DIRECTORY' \
    "pgb-ship $OURS --fetch $S/x-{latest}.dump"
says 5 'no such file' 'pgb-ship --list' "pgb-ship $OURS --fetch $S/x-{time}.dump"
like "$ERR" 'hint: [{]latest[}] in its place' 'and {latest}'

done_testing
