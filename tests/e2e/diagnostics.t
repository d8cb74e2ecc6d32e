#!/bin/sh
# SPDX-License-Identifier: ISC
# Each message of the manual's DIAGNOSTICS is printed as it stands there, when
# it should be.
. "${0%/*}/../lib.sh"
. "$TOP/tests/manual.sh"

need age b2sum minisign ssh-keygen
own_mounts "$@"
[ -x "$BIN/helper/sftp-fake" ] || bail 'helper/sftp-fake is not built'
diagnostics pgb-dump.1 pgb-encrypt.1 pgb-verify.1 pgb-ship.1
pg_start
sshd_start
pg_fill appdb 0
cd "$SCRATCH" || exit
umask 077

# --- pgb-dump(1) -------------------------------------------------------------------

D=pgb-dump.1
run pgb-dump -h "$SCRATCH/nobody" appdb
diagnosed $D 'connection to server'
createdb empty
sql empty 'CREATE TABLE t (x int)'
run pgb-dump --exclude-table-data='*' empty
diagnosed $D 'has the data of none'
run pgb-dump -t nix appdb
diagnosed $D 'pg_dump ended with status'
cat >killed <<END
#!/bin/sh
case "\$*" in *--version*) exec "$(command -v pg_dump)" "\$@" ;; esac
kill -KILL \$\$
END
chmod +x killed
run env PGB_PGDUMP="$SCRATCH/killed" pgb-dump appdb
status_is 3 'pg_dump was killed'
diagnosed $D 'was killed by signal'

# --- pgb-encrypt(1) ----------------------------------------------------------------

E=pgb-encrypt.1
pgb-encrypt --keygen k.key >k.pub
pgb-encrypt --keygen other.key >other.pub
ssh-keygen -q -t ed25519 -N '' -f ed
ssh-keygen -q -t rsa -b 2048 -N '' -f rsa
echo secret >pass
echo wrong >nopass
pgb-dump appdb >a.dump
head -c 200000 /dev/zero >zeros
# Twice as long as what is held back.
cat zeros zeros | pgb-encrypt --raw -R k.pub >k.age
pgb-encrypt --passphrase-file pass <a.dump >p.age
# flip FILE BYTE: its last bit.
flip()
{
	t_byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((t_byte ^ 1)))" |
	    dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
try 'echo x | pgb-encrypt -R k.pub'
diagnosed $E 'not proven complete'
try 'pgb-encrypt -R k.pub <k.age'
diagnosed $E 'encrypted with age already'
try 'pgb-encrypt -d -i other.key <k.age'
diagnosed $E 'no identity matches'
try 'pgb-encrypt -d --passphrase-file nopass <p.age'
diagnosed $E 'another passphrase'
try 'pgb-encrypt -d -i k.key <p.age'
diagnosed $E 'a passphrase, not to a key'
try 'pgb-encrypt -d -i ed <k.age'
diagnosed $E 'other kinds of keys'
# One character of the MAC is another one.
cp k.age mac.age
at=$(($(grep -abo '^--- ' k.age | head -n 1 | cut -d : -f 1) + 10))
case $(tail -c +$((at + 1)) k.age | head -c 1) in A) other=B ;; *) other=A ;; esac
printf $other | dd of=mac.age bs=1 seek=$at conv=notrunc 2>err
try 'pgb-encrypt -d -i k.key <mac.age'
diagnosed $E 'its MAC does not match'
cp k.age hurt.age
flip hurt.age 100000
try 'pgb-encrypt -d -i k.key <hurt.age'
diagnosed $E 'it does not authenticate'
try 'head -c 100000 k.age | pgb-encrypt -d -i k.key'
diagnosed $E 'age: byte N: cut short'
try 'pgb-encrypt -R k.key <a.dump'
diagnosed $E 'an identity (secret key)'
try 'pgb-encrypt --keygen k.key'
diagnosed $E 'exists already'
chmod 644 other.key
try 'pgb-encrypt -d -i other.key <k.age'
diagnosed $E 'others may read'
cat ed.pub rsa.pub >both
try 'pgb-encrypt -R both <a.dump'
status_is 0 'one key of two is enough'
diagnosed $E 'left out: an SSH key'

# --- pgb-verify(1) -----------------------------------------------------------------

V=pgb-verify.1
minisign -G -W -p m.pub -s m.key >out
try 'head -c 20000 a.dump | pgb-verify --sink'
diagnosed $V 'cut short'
# Into a pipe: no version of it writes its contents twice, and the data are last.
pg_dump -Fc -t shop.orders appdb | cat >o.dump
cp o.dump sum.dump
flip sum.dump $(($(size o.dump) - 6))
try 'pgb-verify --sink <sum.dump'
diagnosed $V 'not that of its data'
# Somewhere in the compressed text, where the code is one that cannot be.
n=$(($(size o.dump) - 60))
while
	cp o.dump deflate.dump
	flip deflate.dump $n
	try 'pgb-verify --sink <deflate.dump'
	n=$((n - 1))
	[ $n -gt 100 ]
do
	case $ERR in *'data are damaged'*) break ;; esac
done
diagnosed $V 'compressed data are damaged'
pg_dump -Fc -Z0 -t 'shop.order*' appdb | cat >plain.dump
try 'pgb-verify --sink <plain.dump'
diagnosed $V 'uncompressed payload carries no checksum'
cp plain.dump row.dump
tab=$(grep -abo "$(printf '\t')" plain.dump | tail -n 1 | cut -d : -f 1)
printf x | dd of=row.dump bs=1 seek="$tab" conv=notrunc 2>err
try 'pgb-verify --sink <row.dump'
diagnosed $V 'columns, not'
# An O becomes an N in the definition of a table.
cp o.dump def.dump
flip def.dump "$(grep -abo 'CREATE TABLE' o.dump | head -n 1 | cut -d : -f 1)"
try 'pgb-verify --sink <def.dump'
diagnosed $V 'its definition'
try 'pgb-verify --sink <k.age'
diagnosed $V 'not proven complete'
b2sum a.dump >a.b2
try 'pgb-verify --sink --check a.b2 <o.dump'
diagnosed $V 'is not the stream of'
try 'pgb-verify --sink --report r --sign m.key <a.dump'
try 'pgb-verify --sink --against r <o.dump'
diagnosed $V 'too much to be passed on'
try 'pgb-verify --sink --against r <a.dump'
diagnosed $V 'nothing has changed since'
sed 's/"rows":[0-9]/"rows":7/' r >changed
cp r.minisig changed.minisig
try 'pgb-verify --sink --check changed --pubkey m.pub <a.dump'
diagnosed $V 'the signature does not hold'
try 'pgb-verify --sink --max-memory 1K <a.dump'
diagnosed $V 'a table of contents of N entries'
pg_dump appdb >a.sql
try 'pgb-verify --sink --max-memory 1K <a.sql'
status_is 3 'the list of tables of plain SQL takes more'
diagnosed $V 'the names of its tables'
if [ "$MOUNTS" = 1 ]; then
	tmpfs_on small 64k
	try 'pgb-verify --hold --hold-dir small <a.dump >out'
	diagnosed $V 'no room for'
else
	note 'a full disk was not tested: no mounts of its own'
	grep -F 'no room for' "$DIAGNOSED/$V" >>"$DIAGNOSED/$V.seen"
fi
try 'pgb-verify --sink --report a.dump <a.dump'
diagnosed $V 'exists and is no report'
try 'pgb-verify --through "head -c 10" <a.dump'
diagnosed $V 'stopped reading'

# --- pgb-ship(1) -------------------------------------------------------------------

S=pgb-ship.1
PLAN=$SCRATCH/plan
export SFTP_FAKE="$PLAN"
"$BIN/helper/prand" 600000 1 >data
echo '{}' >w.json
TO=$SCRATCH/to
# fake LINE...: the server's plan, and an empty directory.
fake()
{
	rm -rf "$PLAN.state" "$TO"
	mkdir "$TO"
	printf '%s\n' "$@" >"$PLAN"
}
# shipped [OPTION...]: an upload to it.
ln -s "$BIN/helper/sftp-fake" fake
shipped()
{
	case $* in *--stall-timeout*) ;; *) set -- --stall-timeout 1 "$@" ;; esac
	run timeout 60 pgb-ship --raw --sink --timeout 2 --retry-time 2 \
	    --transport ssh --ssh "$SCRATCH/fake" "$@" "sftp://fake$TO/x" <data
}
ours="--known-hosts $KNOWN_HOSTS"
run pgb-ship --sink --known-hosts /dev/null "$SFTP_URL$REMOTE/a" <a.dump
diagnosed $S ': unknown'
echo "[127.0.0.1]:$SSHD_PORT $(cut -d ' ' -f 1,2 ed.pub)" >hosts
run pgb-ship --sink --known-hosts hosts "$SFTP_URL$REMOTE/a" <a.dump
diagnosed $S 'changed: FILE'
# shellcheck disable=SC2086
run pgb-ship --sink $ours -i ed "$SFTP_URL$REMOTE/a" <a.dump
diagnosed $S 'was not let in'
fake 'at write.2 die-before'
shipped
status_is 0 'a connection that is lost'
diagnosed $S 'trying again'
like "$ERR" 'note: .*connected again, [0-9]+ bytes are there' 'and had again'
fake 'from write.2 stall'
shipped
diagnosed $S 'no answer for'
fake 'from write.2 stall'
shipped --stall-timeout 9
diagnosed $S 'no sign of life'
# The first two blocks are acknowledged, and we know it, before the third comes.
forgets()
{
	fake "at write.3 $1"
	mkfifo slow
	{ head -c 262144 data; sleep 0.4; tail -c +262145 data; } >slow &
	run timeout 40 pgb-ship --raw --sink --stall-timeout 1 --timeout 10 \
	    --retry-time 20 --transport ssh --ssh "$SCRATCH/fake" \
	    "sftp://fake$TO/x" <slow
	rm slow
}
forgets vanish
diagnosed $S 'temporary file is gone'
forgets 'lose 200000'
diagnosed $S 'lost acknowledged'
fake 'at read.2 flip'
shipped --read-back
diagnosed $S 'read back, FILE'
fake 'full 300000'
shipped
diagnosed $S 'disk full'
fake 'free 1000000'
shipped --min-free 10M
diagnosed $S 'are to be left'
fake 'at rename.1 die-before' 'from init.2 die-before'
shipped
diagnosed $S 'its name now is not known'
fake 'at rename.1 die-before' 'from init.2 die-before'
shipped --with w.json
diagnosed $S 'is there is not known'
fake 'from rename.2 status 4' 'from remove.1 status 3'
shipped --with w.json
diagnosed $S 'which has no backup'
fake 'from remove.1 status 3' 'at write.3 status 4'
shipped
diagnosed $S 'may be left behind'
mkdir f
try 'echo end | pgb-ship --raw --no-sum full >/dev/full'
status_is 3 'stdout is full'
diagnosed $S 'only what is passed on failed'
is "$(cat full)" end 'it is there'
run sh -c "(ulimit -f 0; exec pgb-ship --known-hosts $KNOWN_HOSTS -i $SSH_KEY \
    --sink --report rep.json $SFTP_URL$REMOTE/full.dump) 2>&1 | cat >&2" <a.dump
diagnosed $S 'only the report failed'
run pgb-ship --sink --sum f/a.dump <a.dump
flip f/a.dump 5000
try 'pgb-ship --fetch ./f/a.dump >out2'
diagnosed $S 'not what was stored'
fake 'motd Welcome'
shipped
diagnosed $S 'the server prints'
fake 'at write.1 garbage'
shipped
diagnosed $S 'does not keep to the SFTP'
try 'pgb-ship --sink f/k.age <k.age'
diagnosed $S 'not proven complete'

# A minute is too long to be waited for here.
elsewhere $S 'seconds after the end' unit/beside.c \
    'seconds after the end of the '

diagnostics_done
done_testing
