#!/bin/sh
# SPDX-License-Identifier: ISC
# What pgb-ship(1) tells people to type works as it stands, and prints what it
# shows there; only the vault's user and directories are put in.
. "${0%/*}/../lib.sh"
. "$TOP/tests/same.sh"
. "$TOP/tests/manual.sh"

need age b2sum mandoc perl
S=pgb-ship.1
manual pgb-ship.1
pg_start
sshd_start
pg_fill appdb 0
mkdir "$REMOTE/pg" "$SCRATCH/work" "$SCRATCH/backup"
chmod 700 "$SCRATCH/backup"
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE/pg"
cd "$SCRATCH/work" || exit

# "vault" is a name that the configuration of ssh alone knows, as for the users;
# ours does not stand where ssh looks for it.
cat >"$SCRATCH/bin/pgb-ship" <<END
#!/bin/sh
exec $BIN/pgb-ship -F $SSH_CONFIG "\$@"
END
chmod +x "$SCRATCH/bin/pgb-ship"
PATH=$SCRATCH/bin:$PATH

here()
{
	sed -e "s|sftp://[a-z]*@vault/pg|sftp://$SSHD_USER@vault$REMOTE/pg|g" \
	    -e "s|sftp://backup@vault/~|sftp://$SSHD_USER@vault/~|g" \
	    -e "s|/etc/pgb/backup.pub|$SCRATCH/work/backup.pub|g" \
	    -e "s| /backup/| $SCRATCH/backup/|g" \
	    -e 's/--min-free 50G/--min-free 1M/'
}

fresh() { rm -rf "$REMOTE"/pg/* "$REMOTE"/*.dump "$SCRATCH"/backup/*; }
vault() { (cd "$REMOTE/pg" && ls | tr '\n' ' '); }
T='[0-9]{8}T[0-9]{6}Z'

pgb-encrypt --keygen backup.key >backup.pub
db_print appdb >source.txt
db_schema appdb >source.sql

# --- shipped ---------------------------------------------------------------------

# cron's line, without its five fields and the user; on the page it is broken.
display $S EXAMPLES 1 | here | tr '\n' ' ' | sed 's/^\([^ ]* \)\{6\}//' >line
run sh line
status_is 0 'example 1: the line of cron'
like "$(vault)" "^appdb-$T.dump.age appdb-$T.dump.age.b2 \$" \
    'a backup and its sum'
is "$(cd "$REMOTE/pg" && b2sum --quiet -c ./*.b2 2>&1)" '' 'the sum is right'
unlike "$(cat line)" '%' 'no % that cron would take for a newline'

fresh
try 'pgb-dump appdb | pgb-verify --sink --report appdb.json'
sql appdb 'CREATE TABLE one_more AS SELECT 1 AS x'
db_print appdb >source.txt
db_schema appdb >source.sql
example $S 2 'with the report of what is in it'
like "$(vault)" "^appdb-$T.dump.age appdb-$T.dump.age.b2 appdb-$T.dump.age.json \$" \
    'all three are there'
like "$(cat "$REMOTE/pg"/*.json)" one_more 'the report is of this run'
ok 'and is the one here' cmp appdb.json "$REMOTE"/pg/*.json
cp -p "$REMOTE"/pg/* "$SCRATCH/backup"

fresh
example $S 3 'to a server and here'
is "$(ls "$REMOTE"/appdb-*.dump | wc -l)" 1 'the server has it'
ok 'and so has this machine' sh -c "pg_restore -l $SCRATCH/backup/appdb-*.dump"
rm -f "$SCRATCH"/backup/* "$REMOTE"/*.dump

fresh
example $S 4 'far away'
like "$(vault)" "^$(uname -n | sed 's/[.].*//')-appdb-$T.dump.age \$" \
    'the name has that of this machine'

# --- and what is there -----------------------------------------------------------

fresh
for t in 20261127 20261128; do
	pgb-dump appdb | pgb-encrypt -R backup.pub |
	    pgb-ship --sink --sum "$REMOTE/pg/appdb-${t}T020000Z.dump.age" \
	    >record 2>err || note "$(cat err)"
done
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
dropdb appdb
createdb appdb
example $S 5 'and back'
unlike "$ERR" 'the latest' 'nothing that cron would mail'
db_print appdb >now.txt
db_schema appdb >now.sql
ok 'the data are equal' cmp source.txt now.txt
ok 'the schema is equal' cmp source.sql now.sql
example $S 6 'to whom it is encrypted'
like "$OUT" X25519 'says so'
example $S 7 'what there is'
is "$(printf '%s\n' "$OUT" | sed 's/  *[0-9]*  *[0-9.]* [KM]iB / /; s/  */ /g')" \
'2026-11-27T02:00:00Z appdb-20261127T020000Z.dump.age .b2
2026-11-28T02:00:00Z appdb-20261128T020000Z.dump.age .b2' 'both'
example $S 8 'when the last one was made'
like "$OUT" '"time":"2026-11-28T02:00:00Z"' 'says when'

for t in 202610 202609 202511; do
	for d in 01 15; do
		echo $t >"$REMOTE/pg/appdb-${t}${d}T020000Z.dump.age"
		echo $t >"$REMOTE/pg/old-${t}${d}T020000Z.dump.age"
	done
done
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
example $S 9 'two weeks, two months, a year'
like "$OUT" '^keep +old-20261015' 'a database that is gone keeps its last ones'
is "$(vault | tr ' ' '\n' | grep -c 'appdb-2026.*age$')" 6 'days and weeks'

# --- what the page shows -----------------------------------------------------------

# lay NAME SIZE: a file there, and its sum.
lay() { truncate -s "$2" "$REMOTE/pg/$1"; echo >"$REMOTE/pg/$1.b2"; }

fresh
lay app-20261127T020000Z.dump 83886313
lay app-20261128T020000Z.dump 84410601
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
run pgb-ship --list "sftp://vault$REMOTE/pg"
is "$OUT" "$(display $S 'Listing and pruning' 1)" '--list prints what the page shows'

fresh
for t in 10-30 11-25 11-26 11-27 11-28; do
	lay "app-2026-$t.dump" 1000
done
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
run pgb-ship --keep-last 3 --keep-monthly 2 \
    --prune "sftp://vault$REMOTE/pg/app-%F.dump"
is "$OUT" "$(display $S 'Listing and pruning' 2)" '--prune prints what the page shows'

# --- an account that may not remove or list -----------------------------------------

fresh
display $S 'What the account must be allowed to do' 1 | sed -n 2p >limits
like "$(cat limits)" '^ *ForceCommand internal-sftp -P [a-z,]+$' \
    'the page has a line for sshd_config'
sshd_stop
sshd_start "$(cat limits) -d $REMOTE"
try "pgb-dump appdb | pgb-ship --sink --sum --overwrite --read-back \
    sftp://vault$REMOTE/pg/appdb.dump"
status_is 0 'an account that may neither remove nor list can ship'
is "$(vault)" 'appdb.dump appdb.dump.b2 ' 'all is there'
run pgb-ship --keep-last 1 --prune "sftp://vault$REMOTE/pg/appdb-{time}.dump"
status_is 5 'and not prune'

manual_done

done_testing
