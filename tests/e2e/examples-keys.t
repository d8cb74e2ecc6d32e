#!/bin/sh
# SPDX-License-Identifier: ISC
# examples/key-ceremony.md can be followed as it stands: every block of it is run,
# in order, on directories that play its machines; a slip on paper, a wrong
# passphrase and a custodian who has left are found out.
. "${0%/*}/../lib.sh"

need age minisign perl
pg_start
sshd_start
mkdir "$REMOTE/pg"
chmod 777 "$REMOTE/pg"
cd "$SCRATCH" || exit
mkdir offline drills server restore
# That of every block: a person's shell keeps it.
umask 077
pg_fill appdb 0

cat >"$SCRATCH/bin/pgb-ship" <<END
#!/bin/sh
exec $BIN/pgb-ship --known-hosts $KNOWN_HOSTS -i $SSH_KEY "\$@"
END
chmod +x "$SCRATCH/bin/pgb-ship"
PATH=$SCRATCH/bin:$PATH
perl -0ne 'my $n; while (/^```sh\n(.*?)^```/msg) { $n++;
    open F, ">", sprintf("block%02d", $n); print F $1; close F }' \
    "$TOP/examples/key-ceremony.md"
sed -i -e "s|/dev/shm|$SCRATCH/offline|; s|20261122T020000Z|TIME|" \
    -e "s|sftp://backup@vault|$SFTP_URL$REMOTE|" block*
BLOCKS=$(ls block* | wc -l)
N=0
# next MACHINE [ANSWER...]: the next block, there, where somebody types that.
next()
{
	N=$((N + 1))
	block=$SCRATCH/$(printf 'block%02d' $N)
	cd "$SCRATCH/$1" || exit
	shift
	run "$BIN/helper/tty" "$SCRATCH/typed" "$@" -- sh -eu "$block"
	cd "$SCRATCH" || exit
}
# again: the same block once more.
again() { N=$((N - 1)); }
secret() { sed -n 's/^\(AGE-SECRET-KEY-1.*\)/\1/p' "$1"; }

# --- 1. off-line ------------------------------------------------------------------

next offline 'alice says' 'alice says'
status_is 0 'a key for alice, under her passphrase'
like "$(head -n 1 offline/alice.key)" '^-----BEGIN AGE ENCRYPTED FILE-----$' \
    'text, as for a stick'
next offline
status_is 0 'what is printed'
like "$(cat offline/alice.paper)" '^AGE-SECRET-KEY-1' 'has the secret line'
like "$(cat offline/alice.paper)" "$(cat offline/alice.pub)" 'and the public one'
PAPER=$(secret offline/alice.paper)
# One letter typed wrong, before the right one.
WRONG=$(printf '%s\n' "$PAPER" | sed 's/\(.*\)Q/\1P/; t; s/P/Q/')
next offline "$WRONG"
unlike "$RC" '^0$' 'a slip in typing it from paper is found'
like "$ERR" 'pgb-encrypt: error: alice.typed: line 1: ' 'and said'
unlike "$ERR" "$WRONG" 'without the key'
again
next offline "$PAPER"
status_is 0 'the paper is tried'
is "$OUT" 'the paper is right' 'and is right'
next offline
is "$(ls offline | tr '\n' ' ')" 'alice.key alice.pub ' 'nothing else stays'
# The other types from a paper, too, which is printed in the same block.
cat >"$SCRATCH/bin/head" <<END
#!/bin/sh
[ "\$*" = '-n 1' ] || exec $(command -v head) "\$@"
sed -n 's/^AGE-SECRET/&/p' bob.paper
END
chmod +x "$SCRATCH/bin/head"
next offline 'bob says' 'bob says' 'from paper'
status_is 0 'a key for bob'
is "$OUT" 'the paper is right' 'whose paper is right'
rm "$SCRATCH/bin/head"
is "$(ls offline | tr '\n' ' ')" 'alice.key alice.pub bob.key bob.pub ' \
    'nothing else stays'

# --- 2. to 4. ---------------------------------------------------------------------

next drills
status_is 0 'a key for drills'
next server
status_is 0 'a key that signs'
cp drills/drill.pub offline
next offline
status_is 0 'the recipients'
is "$(grep -c '^age1' offline/backup.pub)" 3 'three of them'
next offline 'alice says'
is "$RC $OUT" '0 it opens' "alice's opens"
next offline 'bob says'
is "$RC $OUT" '0 it opens' "bob's opens"
again
next offline 'bob mumbles'
unlike "$RC" '^0$' 'not with another passphrase'
is "$OUT" '' 'nothing comes'
next offline
status_is 0 'a digest to compare'
cp offline/backup.pub server
is "$(cd server && b2sum backup.pub)" "$OUT" 'by which the server has the right one'
is "$(cat server/backup.pub | grep -c SECRET)" 0 'and no secret'

# --- 5. a backup, and the day ------------------------------------------------------

next server
status_is 0 'a backup'
TIME=$(cd "$REMOTE/pg" && ls | sed -n 's/appdb-\(.*\)[.]dump[.]age$/\1/p')
sed -i "s/TIME/$TIME/" block*
cp offline/alice.key server/sign.pub restore
dropdb appdb
createdb appdb
next restore 'alice says'
status_is 0 'restored by alice'
is "$(sql appdb 'SELECT count(*) > 0 FROM shop.orders')" t 'the rows are there'
ok 'stock age opens it with the key of drills' sh -c \
    'age -d -i drills/drill.key restore/appdb.age | pg_restore -l >/dev/null'
# A backup that somebody else has made for the same recipients.
pgb-dump appdb 2>/dev/null | pgb-encrypt -R server/backup.pub >restore/other.age
run sh -c 'cd restore && pgb-encrypt -d -i ../drills/drill.key <other.age |
    pgb-verify --sink --check appdb.json --pubkey sign.pub'
status_is 1 'another backup is not what the server has signed'
sed -i 's/"rows":[0-9]*/"rows":9/' restore/appdb.json
run sh -c 'cd restore && pgb-encrypt -d -i ../drills/drill.key <appdb.age |
    pgb-verify --sink --check appdb.json --pubkey sign.pub'
status_is 1 'nor a report that somebody has changed'
like "$ERR" 'appdb.json' 'says which'

# --- 6. bob leaves ---------------------------------------------------------------------

pgb-encrypt --keygen restore/carol.key >restore/carol.pub
cat offline/alice.pub restore/carol.pub drills/drill.pub >restore/backup.new
next restore 'alice says'
status_is 0 'a new header'
for who in drills/drill restore/carol; do
	ok "$who opens it" sh -c \
	    "pgb-encrypt -d -i $who.key <restore/appdb.new | pgb-verify --sink"
done
run "$BIN/helper/tty" typed 'bob says' -- sh -c \
    'pgb-encrypt -d -i offline/bob.key <restore/appdb.new'
status_is 1 'bob does not'
like "$ERR" 'no identity matches' 'says so'

is "$N" "$BLOCKS" 'that was every block'
done_testing
