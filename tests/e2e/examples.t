#!/bin/sh
# SPDX-License-Identifier: ISC
# What README.md, pgb(7) and examples/ tell people to type works as it stands;
# only the name of the vault and the time in a file's name are put in.
. "${0%/*}/../lib.sh"
. "$TOP/tests/same.sh"

need age perl make
pg_start
sshd_start
mkdir "$REMOTE/pg" "$SCRATCH/work"
chmod 777 "$REMOTE/pg"
cd "$SCRATCH/work" || exit

# The stock tools do not look into our HOME for keys, and the vault's name is
# known to a configuration alone.
cat >"$SCRATCH/bin/pgb-ship" <<END
#!/bin/sh
exec $BIN/pgb-ship --known-hosts $KNOWN_HOSTS -i $SSH_KEY "\$@"
END
cat >"$SCRATCH/bin/sftp" <<END
#!/bin/sh
exec $(command -v sftp) -q -F $SSH_CONFIG "\$@"
END
chmod +x "$SCRATCH/bin/pgb-ship" "$SCRATCH/bin/sftp"
PATH=$SCRATCH/bin:$PATH

here()
{
	sed -e "s|sftp://backup@vault/pg|$SFTP_URL$REMOTE/pg|g" \
	    -e "s|backup@vault:/pg|$SSHD_USER@vault:$REMOTE/pg|g" \
	    -e "s|/etc/pgb/backup.pub|$SCRATCH/work/backup.pub|g" \
	    -e "s|20261122T020000Z|${TIME:-20261122T020000Z}|g"
}

# made: the one new file in the vault; sets TIME.
made()
{
	MADE=$(cd "$REMOTE/pg" && ls)
	TIME=$(expr "$MADE" : '.*-\([0-9]\{8\}T[0-9]\{6\}Z\)')
	like "$MADE" '^[a-z]+-[0-9]{8}T[0-9]{6}Z[.]dump[.]age$' \
	    'one file is in the vault'
}

fresh() { dropdb appdb && createdb appdb; }

pg_fill appdb 0
db_print appdb >source.txt
db_schema appdb >source.sql
equal()
{
	db_print appdb >now.txt
	db_schema appdb >now.sql
	ok "$1: the data are equal" cmp source.txt now.txt
	ok "$1: the schema is equal" cmp source.sql now.sql
}

# --- README.md: the first block line by line, the second ---------------------

perl -0ne 'my $n; while (/^```sh\n(.*?)^```/msg) { $n++;
    open F, ">", "block$n"; print F $1; close F }' "$TOP/README.md"
is "$(wc -l <block1)" 4 'README.md: the whole use is four lines'
n=0
while read -r line; do
	n=$((n + 1))
	[ $n != 3 ] || made
	[ $n != 4 ] || fresh
	line=$(printf '%s\n' "$line" | here)
	try "$line"
	status_is 0 "README.md, line $n" || note "$line"
done <block1
equal 'README.md, stock tools'
fresh
try "$(here <block2)"
status_is 0 'README.md, restore with our tools'
equal 'README.md, our tools'

# --- cron ----------------------------------------------------------------------

grep -E '^[0-9*]+ .* \* ' "$TOP/examples/crontab" >cron
is "$(wc -l <cron)" 1 'examples/crontab: one line'
ok 'README.md has the same line' grep -qxF "$(cat cron)" "$TOP/README.md"
rm "$REMOTE/pg/"*
# What cron hands to sh stands behind five fields and the user.
sed 's/^\([^ ]* \)\{6\}//' cron | here >cron.sh
unlike "$(cat cron.sh)" '%' 'no % that cron would take for a newline'
run sh cron.sh
status_is 0 'the line of cron'
is "$OUT$ERR" '' 'it says nothing, so cron mails nothing'
made
fresh
try "age -d -i backup.key $REMOTE/pg/$MADE |
    pg_restore --exit-on-error -d appdb"
status_is 0 'and what it made restores'
equal 'cron'

# --- all databases ----------------------------------------------------------

rm "$REMOTE/pg/"*
createdb Second.db
sql Second.db 'CREATE TABLE t AS SELECT 1 AS x'
run "$TOP/examples/backup-all.sh" "$SFTP_URL$REMOTE/pg" backup.pub
status_is 0 'examples/backup-all.sh'
like "$(ls "$REMOTE/pg" | tr '\n' ' ')" \
    '^Second.db-[^ ]*Z.dump.age appdb-[^ ]*age globals-[^ ]*.sql.age( postgres-[^ ]*age)? $' \
    'a file for each database, and one for the roles'
fresh
try "age -d -i backup.key $REMOTE/pg/appdb-* |
    pg_restore --exit-on-error -d appdb"
equal 'backup-all.sh'
like "$(age -d -i backup.key "$REMOTE"/pg/globals-*)" 'CREATE ROLE postgres' \
    'the roles are there'

rm "$REMOTE/pg/"*
sql Second.db 'DROP TABLE t; CREATE TABLE u (x int); REVOKE ALL ON u FROM public'
psql -qd postgres -c 'CREATE ROLE weak LOGIN'
PGUSER=weak run "$TOP/examples/backup-all.sh" "$SFTP_URL$REMOTE/pg" backup.pub
unlike "$RC" '^0$' 'a database that may not be read: the status says so'
is "$(ls -A "$REMOTE/pg" | grep -c Second)" 0 'and it has no file'
createdb 'odd name'
run "$TOP/examples/backup-all.sh" "$SFTP_URL$REMOTE/pg" backup.pub
status_is 2 'a name that it cannot handle is refused, not left out'

# --- the drill ----------------------------------------------------------------

rm "$REMOTE/pg/"*
dropdb appdb
pg_fill appdb 1
try "pgb-dump appdb 2>/dev/null | pgb-verify --report made.json |
    pgb-encrypt -R backup.pub | pgb-ship --sink $SFTP_URL$REMOTE/pg/appdb-{time}.dump.age"
made
before=$(sql postgres 'SELECT array_agg(datname ORDER BY datname) FROM pg_database')
# As cron would: with next to no environment.
drill()
{
	run env -i PATH="$PATH" HOME="$HOME" PGHOST="$PGHOST" PGPORT="${PGPORT:-}" \
	    PGUSER="${PGUSER:-}" sh "$TOP/examples/restore-drill" "$@"
}
drill -i backup.key "$SFTP_URL$REMOTE/pg/$MADE"
status_is 0 'examples/restore-drill'
like "$OUT" "^restore-drill: OK: $MADE: [0-9]+ tables, [0-9]+ rows, [0-9]+ s$" 'one line says so'
is "$ERR" '' 'and nothing else'
drill -i backup.key -r made.json "$REMOTE/pg/$MADE"
status_is 0 'with the report of the day it was made'
sed 's/"rows":\([1-9]\)/"rows":4\1/g' made.json >other.json
drill -i backup.key -r other.json "$REMOTE/pg/$MADE"
status_is 1 'a table that has not the rows of its report'
like "$ERR" "error: $MADE: .* differ: " 'which'
head -c 60000 "$REMOTE/pg/$MADE" >"cut-$MADE"
drill -i backup.key "cut-$MADE"
status_is 1 'a file that is cut'
like "$ERR" "restore-drill: error: cut-$MADE: not restored" 'says so'
is "$(sql postgres 'SELECT array_agg(datname ORDER BY datname) FROM pg_database')" "$before" \
    'no database is left'

# --- pgb(7): what may stand between ---------------------------------------------

mkdir vault
perl -0ne 'while (/^\.Bd -literal.*?\n(.*?)^\.Ed/msg) { print "$1\0" }' \
    "$TOP/man/pgb.7" >literal
PUB=$(cat backup.pub)
export PUB
perl -0ne 'chomp; next unless m{--sink /backup};
    s{/backup}{vault}; s/age1[.]{3}/$ENV{PUB}/; print "$_\0"' literal >lines
n=0
while [ $n -lt "$(tr -dc '\000' <lines | wc -c)" ]; do
	n=$((n + 1))
	try "$(perl -0ne "chomp; print if \$. == $n" lines)"
	status_is 0 "pgb.7: example $n works"
done
is "$n" 2 'pgb.7 has two of them'

done_testing
