#!/bin/sh
# SPDX-License-Identifier: ISC
# What the manual tells people to type works as it stands, and prints what the
# manual shows; only names, paths and times are put in.  (pgb-ship(1) has a test
# of its own.)
. "${0%/*}/../lib.sh"
. "$TOP/tests/same.sh"
. "$TOP/tests/manual.sh"

need age b2sum bash gpg jq mandoc minisign perl pv zstd
manual pgb.7 pgb-dump.1 pgb-encrypt.1 pgb-verify.1 pgb-report.5
pg_start
sshd_start
mkdir "$REMOTE/pg" "$SCRATCH/work" "$SCRATCH/backup"
chmod 700 "$SCRATCH/backup"
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE/pg"
cd "$SCRATCH/work" || exit

# "vault" is a name that the configuration of ssh alone knows, as for the users;
# ours does not stand where ssh looks for it.  Nobody waits a minute.
cat >"$SCRATCH/bin/pgb-ship" <<END
#!/bin/sh
exec $BIN/pgb-ship -F $SSH_CONFIG "\$@"
END
cat >"$SCRATCH/bin/sftp" <<END
#!/bin/sh
exec $(command -v sftp) -q -F $SSH_CONFIG "\$@"
END
printf '#!/bin/sh\necho "$@" >>%s/slept\n' "$SCRATCH/work" \
    >"$SCRATCH/bin/sleep"
chmod +x "$SCRATCH/bin/pgb-ship" "$SCRATCH/bin/sftp" "$SCRATCH/bin/sleep"
PATH=$SCRATCH/bin:$PATH

here()
{
	sed -e "s|sftp://[a-z]*@vault/pg|sftp://$SSHD_USER@vault$REMOTE/pg|g" \
	    -e "s|backup@vault:/pg|$SSHD_USER@vault:$REMOTE/pg|g" \
	    -e "s|/etc/pgb/backup.pub|$SCRATCH/work/backup.pub|g" \
	    -e "s|/var/lib/pgb/|$SCRATCH/work/|g" \
	    -e "s| /backup/| $SCRATCH/backup/|g" \
	    -e "s|20261122T020000Z|${TIME:-20261122T020000Z}|g" \
	    -e "s|age1[.]\{3\}|${PUB:-}|g"
}

T='[0-9]{8}T[0-9]{6}Z'
vault() { (cd "$REMOTE/pg" && LC_ALL=C ls | tr '\n' ' '); }
fresh() { rm -rf "$REMOTE"/pg/* "$SCRATCH"/backup/*; }
again() { dropdb --if-exists "${1:-appdb}" && createdb "${1:-appdb}"; }
# equal DATABASE WHAT: it is what was dumped.
equal()
{
	db_print "$1" >now.txt
	db_schema "$1" >now.sql
	ok "$2: the data are equal" cmp source.txt now.txt
	ok "$2: the schema is equal" cmp source.sql now.sql
}

pg_fill appdb 0
db_print appdb >source.txt
db_schema appdb >source.sql

# --- pgb-encrypt(1) ----------------------------------------------------------------

E=pgb-encrypt.1
example $E 1 'make a key'
like "$(cat backup.pub)" '^age1[0-9a-z]{58}$' 'its recipient'
PUB=$(cat backup.pub)
example $E 2 'encrypt a dump to it'
cp "$SCRATCH/backup/appdb.age" .
# Two lines, each of them a restore.
display $E EXAMPLES 3 | here >two
is "$(wc -l <two)" 2 "$E: two ways of restoring"
while IFS= read -r line; do
	again
	try "$line"
	status_is 0 "$E, example 3: $line"
	equal appdb "$line"
done <two
example $E 4 'it can be decrypted, and is whole'
pgb-encrypt --keygen safe.key >safe.pub
example $E 5 'a second key'
ok 'opens it' sh -c 'age -d -i safe.key new.age | cmp - decrypted ||
    age -d -i backup.key new.age >decrypted && age -d -i safe.key new.age |
    cmp - decrypted'
example $E 6 'what a file was encrypted to'
like "$OUT" X25519 'says so'

# --- pgb(7) ------------------------------------------------------------------------

# made: the one new file in the vault; sets TIME.
made()
{
	like "$(vault)" "^[a-z]+-$T[.]dump[.]age \$" 'one file is in the vault'
	TIME=$(expr "$(vault)" : '.*-\([0-9]\{8\}T[0-9]\{6\}Z\)')
}

P=pgb.7
fresh
example $P 1 'a backup'
made
again
example $P 2 'the way back, with stock tools'
equal appdb 'stock tools'
again
example $P 3 'the way back with these'
equal appdb 'these'
example $P 4 'others between'
example $P 5 'others wrapped'
for f in "$SCRATCH"/backup/*; do
	ok "$f is whole" pgb-verify --sink -i backup.key <"$f"
done

display $P EXAMPLES 6 | here >retry
fresh
run bash retry
status_is 0 "$P, example 6: try again, in bash"
is "$(cat slept)" 0 'the first was good'
made
fresh
run env PGHOST="$SCRATCH/nobody" bash retry
status_is 1 'the server does not answer: the status of the last'
is "$(tr '\n' ' ' <slept)" '0 0 60 600 ' 'it was tried three times'
is "$(vault)" '' 'and nothing is there'
rm slept
run bash -c "$(sed 's/pgb-dump appdb/pgb-dump nix/' retry)"
status_is 1 'what no other try helps'
is "$(cat slept)" 0 'was not tried again'

fresh
example $P 7 'the status of the first, in sh'
is "$(cat dump.status)" 0 'it was 0'
made
fresh
try "$(display $P EXAMPLES 7 | here | sed 's/dump appdb/dump nix/')"
status_is 1 'no such database'
is "$(cat dump.status)" 5 'the first says so'

fresh
display $P EXAMPLES 8 | here >Makefile
run make -s appdb.dump.age
status_is 0 "$P, example 8: a makefile"
made
ok 'the copy is whole' pgb-verify --sink -i backup.key <appdb.dump.age
rm appdb.dump.age
run make -s nix.dump.age
unlike "$RC" '^0$' 'no such database: make says so'
ok 'and no copy is left' test ! -e nix.dump.age
sed '/SHELLFLAGS/d' Makefile >without
run make -s -f without nix.dump.age
status_is 0 'without pipefail it is not seen'
ok 'but the copy is no backup' not pgb-verify --sink -i backup.key <nix.dump.age

# unit: what systemd would hand to exec of the page's service.
unit()
{
	sed -n ':a; /\\$/ { N; s/\\\n/ /; ba; }; s/^ExecStart=//p' |
	    sed 's/%%/%/g; s/\$\$/$/g'
}
fresh
display $P EXAMPLES 9 | here >service
unit <service >line
unlike "$(sed 's/%%//g; s/\$\$//g' service)" '[%$]' 'no bare % or $'
run sh -c "$(cat line)"
status_is 0 "$P, example 9: a service"
like "$(vault)" "^appdb-$(date -u +%F).dump.age \$" 'one file a day'

# --- pgb(7): the status of a pipeline ------------------------------------------------

# A cat behind: its status says nothing, but the copy has no end.
cut="pgb-dump appdb | pgb-ship $SCRATCH/none/a.dump | cat >copy"
try "$cut"
status_is 0 'cat does not know what was in front of it'
ok 'what was not published has no end in the copy' \
    not pgb-verify --sink <copy
try "pgb-dump appdb | pgb-ship $SCRATCH/none/a.dump | pgb-verify --sink"
status_is 1 'pgb-verify --sink in its place does'
status=$(bash -c "$cut; "'echo "${PIPESTATUS[*]}"' 2>/dev/null)
is "${status#* }" '3 0' 'and PIPESTATUS'

# set -o pipefail, wherever there is a shell that has it.
tried=
for shell in bash zsh ksh mksh 'busybox sh'; do
	command -v "${shell%% *}" >/dev/null || continue
	tried="$tried $shell"
	# shellcheck disable=SC2086
	run $shell -c "set -o pipefail; $cut"
	status_is 3 "$shell: with pipefail it is the status"
done
note "shells:$tried"
# What lets its end go, and then cannot give its sum a name.
pgb-dump appdb >appdb.dump 2>err
late='{
	until ls -A sums | grep -q .; do :; done
	rm -r sums
	cat appdb.dump
} | pgb-verify --sum sums/a.b2 | pgb-verify --sink'
mkdir sums
run bash -c "$late"
status_is 0 'a sum that could not be written does not hurt the backup'
mkdir sums
run bash -o pipefail -c "$late"
status_is 3 'pipefail shows it'
run bash -o pipefail -c 'pgb-dump appdb | head -c 10'
status_is 3 'head stops early: the program in front of it has status 3'
is "$ERR" '' 'without a message'
try 'pgb-dump appdb | head -c 10'
status_is 0 'which is not seen without pipefail'
run bash -o pipefail -c 'pgb-dump nix | pgb-encrypt -R backup.pub |
    pgb-ship --sink a.age'
status_is 1 'of several, the status is that of the last one'
if dash -c : 2>/dev/null && ! dash -c 'set -o pipefail' 2>/dev/null; then
	run dash -c 'set -o pipefail; echo goes on'
	status_is 2 'dash without pipefail'
	is "$OUT" '' 'ends the script'
fi

# --- pgb(7): the line of all ----------------------------------------------------------

# The stages as a real pipeline shows them; what stands in front of them is in
# tests/unit/progress.c.
stages() { sed -n '/^pgb: /{s/.*[|] //; s/[0-9.]* [kMG]*B/N/g; p;}' | tail -n 1; }
run sh -c 'pgb-dump --progress appdb | pgb-verify --progress |
    pgb-ship --progress --sink ./p.dump'
is "$(printf '%s\n' "$ERR" | stages)" "$(display $P Progress 1 | stages)" \
    "$P: the stages in the line of progress"
front=$(display $P Progress 1 | sed 's/^pgb: //; s/ [|].*//; s/[0-9][0-9]*/N/g')
ok "$P: and what stands in front: $front" sh -c \
    "sed 's/[0-9][0-9]*/N/g' '$TOP/tests/unit/progress.c' | grep -qF '$front'"

# --- --help --------------------------------------------------------------------------

for p in pgb-dump pgb-encrypt pgb-verify pgb-ship; do
	fresh
	$BIN/$p --help | sed -n '/^example:$/,/^$/p' | sed 1d | here >line
	like "$(cat line)" "(^|[ |])$p( |\$)" "$p --help shows a pipeline with $p"
	run sh line
	status_is 0 "$p --help: its example" || note "$(cat line)"
	is "$ERR" '' 'without a word on stderr'
	like "$(vault)$(ls "$SCRATCH/backup")" "^appdb-$T.dump.age *\$" \
	    'makes one file'
done

# --- pgb-dump(1) -------------------------------------------------------------------

D=pgb-dump.1
fresh
example $D 1 'a backup'
made
fresh
# Names that could be options, connection strings, or several names.
odd='-x dbname=appdb Odd%name service=nightly'
for n in $odd; do
	n=$(echo "$n" | tr % ' ')
	sql postgres "CREATE DATABASE \"$n\""
	PGDATABASE="$n" psql -XAtqc \
	    "CREATE TABLE \"$n\" AS SELECT 1 AS x"
done
sql postgres 'CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS x'
example $D 2 'every database'
all="-x-$T.dump.age Odd%20name-$T.dump.age appdb-$T.dump.age \
dbname%3Dappdb-$T.dump.age globals-$T.sql.age postgres-$T.dump.age \
service%3Dnightly-$T.dump.age"
like "$(vault)" "^$all \$" 'one each, and the roles'
for n in $odd; do
	n=$(echo "$n" | tr % ' ')
	file=$(echo "$n" | sed 's/ /%20/; s/=/%3D/')
	try "pgb-verify --list -i backup.key \
	    <\"\$(echo $REMOTE/pg/$file-2*.age)\""
	like "$ERR" "TABLE DATA public $n" "$n: it is that database"
done
display $D EXAMPLES 2 | here >every
fresh
PGHOST=$SCRATCH/nobody run sh every
status_is 4 'a server that is down has a status'
is "$(vault)" '' 'and no backup'
# One in the middle lets nobody in.
cp "$PGHOST/data/pg_hba.conf" hba
{ echo 'local dbname=appdb all reject'; cat hba; } >"$PGHOST/data/pg_hba.conf"
sql postgres 'SELECT pg_reload_conf()' >reloaded
await 10 not env PGDATABASE=dbname=appdb psql -XAtqc 'SELECT 1'
run sh every
status_is 1 'one database that fails has a status'
like "$ERR" 'pgb-dump: error: .*dbname=appdb' 'and is named'
like "$(vault)" "^$(echo "$all" | sed 's/dbname[^ ]* //') \$" \
    'the others are there'
cat hba >"$PGHOST/data/pg_hba.conf"
sql postgres 'SELECT pg_reload_conf()' >reloaded
await 10 env PGDATABASE=dbname=appdb psql -XAtqc 'SELECT 1'
for n in $odd; do
	sql postgres "DROP DATABASE \"$(echo "$n" | tr % ' ')\""
done
fresh
example $D 3 'refuse where the space is short'
made
sql appdb 'CREATE SCHEMA log; CREATE TABLE log.a AS SELECT 1 AS x;
    CREATE TABLE log.b AS SELECT 2 AS x'
example $D 4 'without the rows of a log'
try "$(display $D EXAMPLES 4 | here) --list"
status_is 0 'the same, listed'
like "$ERR" 'TABLE log a' 'the table is there'
unlike "$ERR" 'TABLE DATA log' 'and none of its rows'
sql appdb 'DROP SCHEMA log CASCADE'
example $D 5 'a file, and four sessions'
equal appdb_test 'by four sessions'
example $D 6 'a copy without a file'
equal appdb_copy 'without a file'
dropdb appdb_copy
createdb appdb_copy
try "$(display $D EXAMPLES 6 | sed 1d | sed 's/|/| head -c 40000 |/')"
unlike "$RC" '^0$' 'it breaks off'
is "$(sql appdb_copy "SELECT count(*) FROM pg_namespace
    WHERE nspname = 'shop'")" 0 'nothing of it is left'
printf '[nightly]\nhost=%s\nport=%s\ndbname=appdb\n' "$PGHOST" \
    "${PGPORT:-5432}" >"$HOME/.pg_service.conf"
fresh
PGSERVICEFILE=$HOME/.pg_service.conf example $D 7 'at night'
made

# --- pgb-verify(1) -----------------------------------------------------------------

V=pgb-verify.1
fresh
example $V 1 'on its way'
pgb-dump appdb 2>/dev/null >appdb.dump
example $V 2 'a file'
like "$ERR" 'TABLE DATA shop orders' 'what is in it'
mv backup.key key.txt
example $V 3 'an encrypted one'
mv key.txt backup.key
cp appdb.dump.age "$REMOTE/pg"
[ "$(id -u)" != 0 ] || chown "$SSHD_USER" "$REMOTE"/pg/*
again
example $V 4 'restore nothing that is not whole'
equal appdb 'restored'
fresh
try 'pgb-dump appdb | pgb-verify --sink --report appdb.json'
sql appdb 'CREATE TABLE one_more AS SELECT 1 AS x'
display $V EXAMPLES 5 | here | tr '\n' ' ' | sed 's/^\([^ ]* \)\{6\}//' >line
unlike "$(cat line)" '%' 'no % that cron would take for a newline'
run sh line
status_is 0 "$V, example 5: the line of cron"
made
like "$(cat appdb.json)" one_more 'the report is of this run'
sql appdb 'DROP TABLE one_more'
pgb-dump appdb 2>/dev/null >appdb.dump
example $V 6 'a sum beside the file'
example $V 7 'a signed report'
like "$OUT" 'Signature and comment signature verified' 'minisign says so'
GNUPGHOME=$SCRATCH/gnupg
export GNUPGHOME
mkdir -m 700 "$GNUPGHOME"
ok 'a key for gpg' gpg --batch --quiet --passphrase '' \
    --quick-generate-key ops future-default default never
example $V 8 'other programs encrypt'

# A small shop of which the pages tell.
again
sql appdb "CREATE SCHEMA shop;
    CREATE TABLE shop.orders AS
	SELECT n AS id, md5(n::text) AS note FROM generate_series(1, 2056) n;
    CREATE TABLE shop.order_items AS
	SELECT n / 2 + 1 AS order_id, n % 2 AS line, n * 7 AS paid
	FROM generate_series(1, 4112) n;
    CREATE TABLE shop.documents AS
	SELECT n AS id, 'terms, ' || n AS title FROM generate_series(1, 9) n;
    SELECT lo_from_bytea(0, repeat('a', 50000)::bytea)
	FROM generate_series(1, 2)" >created
# page TEXT: a display, less numbers and times, blanks squeezed, lines joined.
page() { tr -s ' \t\n' ' ' | sed 's/[0-9][0-9: .-]*/N/g'; }

# The checksum is in front of the block's end: a length of 0.
pg_dump -Fc -t shop.orders appdb | cat >hurt.dump
at=$(($(size hurt.dump) - 6))
printf "\\$(printf %o $((255 - $(od -An -tu1 -j $at -N 1 hurt.dump))))" |
    dd of=hurt.dump bs=1 seek=$at conv=notrunc 2>err
try 'pgb-verify --sink <hurt.dump'
is "$(printf '%s\n' "$ERR" | page)" "$(display $V Findings 1 | page)" \
    "$V: a finding as the page shows it"

pgb-dump appdb 2>err >appdb.dump
try 'pgb-verify --sink --report appdb.json --sign sign.key <appdb.dump'
status_is 0 'a report'
cp appdb.json old.json
try "$(display pgb-report.5 'Of each table' 1)"
is "${OUT%% *}" "$(jq -r '.tables[2].blake2b' old.json)" \
    'the hash of a table is what the server says of it'
sql appdb "DELETE FROM shop.orders WHERE id > 1028;
    UPDATE shop.documents SET title = 'the ' || title WHERE id = 1;
    CREATE INDEX ON shop.orders (id)"
try 'pgb-dump appdb | pgb-verify --sink --against appdb.json'
status_is 1 'half of the orders are gone'
printf '%s\n' "$ERR" | sed '1s/: [0-9-]* [0-9:]* /: 2026-11-27 02:00:00 /; $d' >got
display $V 'What has changed' 1 >want
is "$(cat got)" "$(cat want)" "$V: what has changed as the page shows it"

# --- pgb-report(5) -----------------------------------------------------------------

R=pgb-report.5
# told: a report less what differs from run to run, keys in their order.
told()
{
	jq -c '(.version, .archive_version, .server_version, .dump_version,
	    .made, .started, .seconds, .entries, .schema_blake2b, .blake2b,
	    .payload_bytes, .bytes_in, .bytes_out) |= "x" |
	    .tables[] |= (.stored |= "x" | .blake2b |= .[:8])'
}
display $R EXAMPLES 1 | tr -d '\n' | told >shown
told <appdb.json >got
is "$(cat got)" "$(cat shown)" "$R: a report is as the page shows it"
example $R 2 'held against the file, without pgb-verify'
is "$OUT" 'appdb.dump: OK' 'it is the one'
try "$(display $R EXAMPLES 2 | sed 's/  appdb.dump/  hurt.dump/')"
status_is 1 'and another is not'
example $R 3 'against its signature'
example $R 4 'rows and bytes'
is "$OUT" "$(printf 'shop\tdocuments\t9\t99\nshop\torder_items\t4112\t49660
shop\torders\t2056\t77021')" 'of each table'
example $R 5 'for a monitor'
jq -c '.started = "2026-11-01T02:00:00Z"' old.json >appdb.json
try "$(display $R EXAMPLES 5)"
status_is 1 'a report that is too old'
jq -c 'del(.tables[1])' old.json >appdb.json
example $R 6 'tables that are lost'
is "$OUT" 'shop.order_items' 'that one'
cp old.json appdb.json
example $R 7 'rows, by psql'
is "$OUT" 'shop|documents|9
shop|order_items|4112
shop|orders|2056' 'of each table'

manual_done
done_testing
