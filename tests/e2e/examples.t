#!/bin/sh
# SPDX-License-Identifier: ISC
# What README.md and examples/ tell people to type works as it stands;
# only the name of the vault and the time in a file's name are put in.
. "${0%/*}/../lib.sh"
. "$TOP/tests/same.sh"

need age b2sum perl make rclone
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
	sed -e "s|sftp://[a-z]*@vault/pg|$SFTP_URL$REMOTE/pg|g" \
	    -e "s|backup@vault:/pg|$SSHD_USER@vault:$REMOTE/pg|g" \
	    -e "s|/etc/pgb/backup.pub|$SCRATCH/work/backup.pub|g" \
	    -e "s|/etc/pgb/drill.key|$SCRATCH/work/backup.key|g" \
	    -e "s|/var/lib/pgb/|$SCRATCH/work/|g" \
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

# --- cron, with all that is checked ---------------------------------------------

grep -E '^[0-9*]+ .* \* ' "$TOP/examples/crontab-checked" >checked
is "$(wc -l <checked)" 3 'examples/crontab-checked: three lines'
unlike "$(cat checked)" '%' 'no % in them'
rm "$REMOTE/pg/"*
# checked N: what cron hands to sh of line N.
checked() { sed -n "$1p" checked | sed 's/^\([^ ]* \)\{6\}//' | here >cron.sh; }
printf '#!/bin/sh\ncat >%s\n' "$SCRATCH/work/pruned" >"$SCRATCH/bin/logger"
ln -sf "$TOP/examples/restore-drill" "$SCRATCH/bin"
chmod +x "$SCRATCH/bin/logger"
checked 1
run sh cron.sh
status_is 1 'the first night there is no report to be held against'
like "$ERR" 'pgb-verify: error: .*/appdb.json: No such file' 'says so'
is "$(ls -A "$REMOTE/pg")" '' 'and no backup'
try 'pgb-dump appdb | pgb-verify --sink --report appdb.json'
sql appdb 'CREATE TABLE another AS SELECT 1 AS x'
run sh cron.sh
status_is 0 'the nightly line'
is "$OUT$ERR" '' 'it says nothing, so cron mails nothing'
like "$(ls "$REMOTE/pg" | tr '\n' ' ')" \
    '^(appdb-[0-9TZ]*[.]dump[.]age) \1[.]b2 \1[.]json $' \
    'a backup, its sum and its report'
ok 'the report is of that night' cmp appdb.json "$REMOTE"/pg/*.json
sleep 1	# another name
run sh cron.sh
status_is 1 'nothing has changed since: it is refused'
is "$(ls "$REMOTE"/pg/*.age | wc -l)" 1 'and not shipped'
checked 2
run sh cron.sh
status_is 0 'the drill of the newest one'
like "$OUT" '^restore-drill: OK: appdb-[0-9TZ]*[.]dump[.]age: [0-9]+ tables' \
    'says which that was'
for t in 20240101T020000Z 20240102T020000Z; do
	echo old >"$REMOTE/pg/appdb-$t.dump.age"
	echo old >"$REMOTE/pg/appdb-$t.dump.age.b2"
done
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
sed -i 's/--keep-daily 14 --keep-weekly 9/--keep-daily 1 --keep-weekly 1/' checked
checked 3
run sh cron.sh
status_is 0 'the line that prunes'
is "$OUT$ERR" '' 'it says nothing to cron'
is "$(grep -c '^removed' pruned)" 2 'a backup and its sum are removed'
like "$(cat pruned)" '^keep +appdb-20240102T.* monthly 2024-01 [(]with [.]b2[)]' \
    'why others stay is in the log'
sql appdb 'DROP TABLE another'

# --- where rclone goes ---------------------------------------------------------

mkdir -p "$HOME/.config/rclone" bucket
RCLONE=$(command -v rclone)
printf '[s3]\ntype = alias\nremote = %s\n' "$SCRATCH/work" \
    >"$HOME/.config/rclone/rclone.conf"
# A path without blanks, for the line of shell.
ln -sf "$TOP/examples/to-rclone" "$SCRATCH/bin"
to_rclone() { try "$1 | to-rclone $2"; }
SEALED='pgb-dump appdb | pgb-encrypt -R backup.pub'
store() { ls -A bucket | tr '\n' ' '; }
to_rclone "$SEALED" s3:bucket/a.dump.age
status_is 0 'examples/to-rclone'
like "$OUT" '^to-rclone: OK: s3:bucket/a.dump.age, [0-9]+ bytes$' 'says so'
is "$ERR" '' 'and nothing else'
is "$(store)" 'a.dump.age a.dump.age.b2 ' 'the backup and its sum'
is "$(cd bucket && b2sum --quiet -c a.dump.age.b2 2>&1)" '' 'the sum is right'
fresh
try "rclone cat s3:bucket/a.dump.age | pgb-encrypt -d -i backup.key |
    pgb-verify | pg_restore --exit-on-error -d appdb"
equal 'to-rclone'
to_rclone "$SEALED" '--read-back s3:bucket/b.dump.age'
status_is 0 'read back'
to_rclone "$SEALED" s3:bucket/a.dump.age
status_is 2 'a name that is taken'
like "$ERR" 'error: s3:bucket/a.dump.age: exists already' 'says so'
to_rclone "$SEALED | head -c 100000" s3:bucket/c.dump.age
status_is 1 'a stream that was cut'
like "$ERR" 'error: stdin: not proven complete' 'says so'
to_rclone 'pgb-dump no_such_db | pgb-encrypt -R backup.pub' s3:bucket/c.dump.age
status_is 1 'no stream'
to_rclone "$SEALED" nowhere:bucket/c.dump.age
status_is 5 'a store that is not there'
is "$(store)" 'a.dump.age a.dump.age.b2 b.dump.age b.dump.age.b2 ' \
    'nothing else is there'
# A store that has lost the end of it, and says nothing.
cat >"$SCRATCH/bin/rclone" <<END
#!/bin/sh
[ "\$1" = rcat ] || exec $RCLONE "\$@"
head -c 100000 | $RCLONE "\$@"
rc=\$?
cat >/dev/null
exit \$rc
END
chmod +x "$SCRATCH/bin/rclone"
to_rclone "$SEALED" s3:bucket/c.dump.age
status_is 5 'fewer bytes than were sent'
like "$ERR" 'the store has 100000 bytes, and [0-9]+ were sent' 'says so'
rm "$SCRATCH/bin/rclone"
# One that gives back something else.
cat >"$SCRATCH/bin/rclone" <<END
#!/bin/sh
[ "\$1" = cat ] || exec $RCLONE "\$@"
$RCLONE "\$@" | tr a b
END
chmod +x "$SCRATCH/bin/rclone"
to_rclone "$SEALED" '--read-back s3:bucket/c.dump.age'
status_is 5 'other bytes than were sent'
like "$ERR" 'error: .*c.dump.age: read back, it is not what was sent' 'says so'
rm "$SCRATCH/bin/rclone"
is "$(store)" 'a.dump.age a.dump.age.b2 b.dump.age b.dump.age.b2 ' \
    'nothing else is there'

# --- all databases ----------------------------------------------------------

rm "$REMOTE/pg/"*
createdb Second.db
createdb all
sql Second.db 'CREATE TABLE t AS SELECT 1 AS x'
# backup_mk [ARGUMENT...]: as in its first lines.
backup_mk()
{
	run make -j4 -k -f "$TOP/examples/backup.mk" TO="$SFTP_URL$REMOTE/pg" \
	    RECIPIENTS=backup.pub "$@"
}
vault() { (cd "$REMOTE/pg" && LC_ALL=C ls | sed 's/-[0-9TZ]*[.]/-TIME./') | tr '\n' ' '; }
for t in 20240101T020000Z 20240102T020000Z; do
	echo old >"$REMOTE/pg/appdb-$t.dump.age"
done
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
backup_mk KEEP='--keep-last 1'
status_is 0 'examples/backup.mk'
is "$(vault | sed 's/postgres-TIME.dump.age //')" 'Second.db-TIME.dump.age all-TIME.dump.age appdb-TIME.dump.age globals-TIME.sql.age ' \
    'a file for each database, and one for the roles; the old ones are gone'
fresh
try "age -d -i backup.key $REMOTE/pg/appdb-* |
    pg_restore --exit-on-error -d appdb"
equal 'backup.mk'
like "$(age -d -i backup.key "$REMOTE"/pg/globals-*)" 'CREATE ROLE postgres' \
    'the roles are there'
rm "$REMOTE/pg/"*
backup_mk database/all
status_is 0 'one database alone'
is "$(vault)" 'all-TIME.dump.age ' 'which may be called as a target is'

rm "$REMOTE/pg/"*
sql Second.db 'DROP TABLE t; CREATE TABLE u (x int); REVOKE ALL ON u FROM public'
psql -qd postgres -c 'CREATE ROLE weak LOGIN'
echo old >"$REMOTE/pg/all-20240101T020000Z.dump.age"
echo old >"$REMOTE/pg/all-20240102T020000Z.dump.age"
[ "$(id -u)" != 0 ] || chown -R "$SSHD_USER" "$REMOTE/pg"
sql appdb 'GRANT USAGE ON SCHEMA public TO weak'
PGUSER=weak backup_mk KEEP='--keep-last 1'
status_is 2 'a database that may not be read: the status says so'
unlike "$(vault)" 'Second|globals' 'it has no file'
like "$ERR" 'backup.mk:[0-9]+: database/Second.db. (Error|Fehler) 1' \
    'and is named'
like "$(vault)" 'all-TIME.dump.age all-TIME.dump.age all-TIME.dump.age' \
    'the others have one, and nothing is pruned'
rm "$REMOTE/pg/"*
PGPORT=1 backup_mk
status_is 2 'no server'
like "$ERR" 'backup.mk:[0-9]+: .* the databases are not known' 'says so'
createdb 'odd name'
backup_mk
status_is 2 'a name that it cannot handle is refused, not left out'
like "$ERR" 'need a line of their own: odd name' 'by name'
is "$(vault)" '' 'before anything else'
dropdb 'odd name'
run make -f "$TOP/examples/backup.mk"
status_is 2 'no directory for the backups'

# --- the drill ----------------------------------------------------------------

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

# Names that are not ASCII, in the encoding of the dump: t and an a with two dots,
# what in LATIN1 could be the UTF-8 of that, two Japanese letters.
for case in 'LATIN1 t\0344 t\0303\0244' \
    'EUC_JP t\0306\0374\0313\0334 \0264\0301' \
    'SQL_ASCII t\0344 t\0303\0244' 'UTF8 t\0303\0244 \0346\0227\0245'; do
	enc=${case%% *}
	one=${case#* }
	two=$(printf %b "${one#* }")
	one=$(printf %b "${one% *}")
	createdb -T template0 -E "$enc" --locale=C odd
	PGCLIENTENCODING=$enc psql -Xqd odd -v ON_ERROR_STOP=1 <<-END
	CREATE TABLE "$one" AS SELECT 'x$one'::text AS "$two";
	CREATE SCHEMA "$two";
	CREATE TABLE "$two"."$two" AS SELECT generate_series(1, 3) AS i;
	END
	try 'pgb-dump odd | pgb-verify --sink --report odd.json'
	try 'pgb-dump odd >odd.dump'
	status_is 0 "$enc: dumped"
	drill odd.dump
	status_is 0 "$enc: restored and compared"
	like "$OUT" ': OK: odd.dump: 2 tables, 4 rows,' 'all tables of it'
	is "$ERR" '' 'and nothing is said'
	drill -r odd.json odd.dump
	status_is 0 'with the report of the day it was made'
	sed 's/"rows":3/"rows":4/' odd.json >other.json
	drill -r other.json odd.dump
	status_is 1 'a row is missing'
	like "$ERR" ' 1 of 2 tables differ: .*: 3 rows, not 4$' 'is found'
	dropdb odd
done
# One that no database can have: katakana so is a byte with a backslash behind.
createdb -T template0 -E UTF8 --locale=C odd
psql -Xqd odd -c 'CREATE TABLE "ソ日" AS SELECT generate_series(1, 3) AS "本"'
try 'pgb-dump -E SJIS odd >odd.dump'
drill odd.dump
status_is 0 'SJIS: restored and compared'
like "$OUT" ': OK: odd.dump: 1 tables, 3 rows,' 'its table of it'
is "$ERR" '' 'and nothing is said'
dropdb odd
PGPORT=1 drill odd.dump
status_is 1 'a server that is away'
is "$(printf '%s\n' "$ERR" | grep -c 'createdb: error')" 1 'is told once'
is "$(sql postgres 'SELECT array_agg(datname ORDER BY datname) FROM pg_database')" "$before" \
    'no database is left'

done_testing
