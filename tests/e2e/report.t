#!/bin/sh
# SPDX-License-Identifier: ISC
# The report says what a restore will bring back, row by row; who changed it,
# the stream, or the database meanwhile, is found out: by our tools and by b2sum
# and minisign.
. "${0%/*}/../lib.sh"
need minisign b2sum age age-keygen
pg_start
pg_fill app 1
cd "$SCRATCH" || exit
umask 077

# of KEY REPORT: a value of the report; table NAME REPORT: its object.
of() { sql app "SELECT (pg_read_file('$SCRATCH/$2')::jsonb)->>'$1'"; }
tables()
{
	sql app "SELECT t->>'schema', t->>'name', t->>'rows', t->>'bytes',
	    t->>'blake2b' FROM jsonb_array_elements((pg_read_file('$SCRATCH/$1')
	    ::jsonb)->'tables') t ORDER BY 1, 2"
}
# report NAME FILE OPTION...: a report of the file, for the server to read.
report()
{
	r_name=$1 r_file=$2
	shift 2
	run pgb-verify --sink --report "$r_name" "$@" <"$r_file"
	chmod 644 "$r_name" 2>/dev/null
}
chmod 755 .

pg_dump -Fc app >app.dump
pg_dump -Fc -Z0 app >plain.dump
pg_dump -Ft app >app.tar
pg_dump app >app.sql
pgb-dump app 2>/dev/null >ours.dump

# --- rows, bytes and hashes --------------------------------------------------

report app.json app.dump
status_is 0 'a report'
is "$(of archive app.json) $(of archive_version app.json) $(of compression app.json) $(of database app.json) $(of encoding app.json)" \
    "custom 1.$(od -An -tu1 -j6 -N1 app.dump | tr -d ' ') gzip app UTF8" 'what it was'
is "$(of bytes_in app.json)" "$(size app.dump)" 'its size'
is "$(of blake2b app.json)" "$(b2sum <app.dump | cut -d' ' -f1)" 'the hash is that of b2sum'
tables app.json >got
sql app "SELECT format('%I.%I', n.nspname, c.relname), n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 2, 3" | while IFS='|' read -r table schema name; do
	cols=$(sql app "SELECT '(' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')'
	    FROM pg_attribute WHERE attrelid = '$table'::regclass AND attnum > 0
	    AND NOT attisdropped AND attgenerated = ''")
	psql -XAtqd app -c 'SET extra_float_digits = 3' \
	    -c "COPY $table $cols TO STDOUT" >rows
	echo "$schema|$name|$(wc -l <rows | tr -d ' ')|$(size rows)|$(b2sum <rows | cut -d' ' -f1)"
done >want
ok 'rows, bytes and hash of each table are those of COPY TO' cmp want got
ok 'there are tables' test -s want
is "$(of rows app.json)" "$(awk -F'|' '{ n += $3 } END { print n }' got)" 'the total of rows'
is "$(of large_objects app.json)" "$(sql app 'SELECT count(*) FROM pg_largeobject_metadata')" \
    'large objects'
for f in plain.dump app.tar app.sql ours.dump; do
	report "$f.json" "$f"
	status_is 0 "$f: a report"
	tables "$f.json" >got
	ok "$f: the same tables" cmp got want
done
is "$(of schema_blake2b plain.dump.json)" "$(of schema_blake2b app.json)" \
    'the schema of two dumps is the same'
sql app "COMMENT ON TABLE shop.orders IS 'another one'"
pg_dump -Fc app >later.dump
report later.json later.dump
ok 'and another one after a change' test \
    "$(of schema_blake2b later.json)" != "$(of schema_blake2b app.json)"
for j in 1 3; do
	report "j$j.json" ours.dump -j "$j"
	sed 's/"started".*"blake2b"/"blake2b"/; s/"seconds":[^,]*//' "j$j.json" >"j$j"
done
ok '-j 1 and -j 3 report the same' cmp j1 j3
like "$(of unchecked plain.dump.json)" 'uncompressed payload carries no checksum: [0-9]+ tables' \
    'what cannot be checked is reported'
try 'pgb-verify --sink <plain.dump'
like "$ERR" '^pgb-verify: note: .*uncompressed payload carries no checksum: [0-9]+ tables' \
    'and said'
try 'pgb-verify --sink --strict <plain.dump'
status_is 1 '--strict takes it for an error'
# Where stdout is a file, pg_dump 16 and newer append a second table.
pg_dump -Fc -f once.dump app
try 'pgb-verify --sink --strict <once.dump'
status_is 0 '--strict has nothing against a gzip archive'

# --- lists ---------------------------------------------------------------------

try 'pgb-verify --sink --list <app.dump'
like "$ERR" "$(awk -F'|' '$2 == "customers" { print $3 " rows, " $4 " bytes" }' want)" \
    '--list has rows and bytes'
try 'pgb-verify --sink --list-to toc <app.dump'
ok 'pg_restore --use-list takes it still' pg_restore -L toc -f /dev/null app.dump
pg_restore -L toc -f - app.dump | grep -v '^-- \|^$\|restrict' >by-list
pg_restore -f - app.dump | grep -v '^-- \|^$\|restrict' >by-all
ok 'and restores all' cmp by-all by-list
try 'pgb-verify --sink --list <app.sql'
like "$ERR" 'shop\.customers  [0-9]+ rows' '--list of plain SQL'

# --- sums ------------------------------------------------------------------------

try 'pgb-verify --sum app.dump.b2 <app.dump >copy'
status_is 0 '--sum'
ok 'b2sum checks it' b2sum -c app.dump.b2
b2sum app.dump >theirs.b2
try 'pgb-verify --sink --check theirs.b2 <app.dump'
status_is 0 "--check of b2sum's own line"
b2sum --tag app.dump >tag.b2
try 'pgb-verify --sink --check tag.b2 <app.dump'
status_is 0 'and of --tag'
b2sum app.dump plain.dump app.tar >all.b2
try 'pgb-verify --sink --check all.b2 --name plain.dump <plain.dump'
status_is 0 'and of one line of several'
try 'pgb-verify --sink --check all.b2 <plain.dump'
status_is 2 'of several, which?'
like "$ERR" '--name' 'says so'
try 'pgb-verify --check theirs.b2 <later.dump >out'
status_is 1 'another stream'
like "$ERR" 'error: stdin: is not the stream of theirs.b2' 'says so'
ok 'its end is held back' test "$(size out)" -lt "$(size later.dump)"
try 'pgb-verify --sink --check app.json <app.dump'
status_is 0 '--check of a report'
try 'pgb-verify --sink --check app.json <later.dump'
status_is 1 'and of another one'

# A single bit that nothing in the format can show.
perl -e 'local $/; $_ = <>; s/another one/another onE/ or die; print' <later.dump >bit.dump
try 'pgb-verify --sink <bit.dump'
note "a bit of a comment: status $RC"
try 'pgb-verify --sink --check later.json <bit.dump'
status_is 1 'a bit that means nothing to the format: --check sees it'

# Age without its key: the sum proves it whole.
age-keygen -o key.txt 2>key.log
age -r "$(age-keygen -y key.txt)" <app.dump >app.age
b2sum app.age >age.b2
try 'pgb-verify --sink <app.age'
status_is 1 'binary age: not proven'
try 'pgb-verify --check age.b2 --report age.json <app.age | pgb-verify --sink --report next.json'
status_is 0 'binary age with its sum: proven, and vouched for'
like "$(cat age.json)" '"proof":"sum"' 'the report says how'
like "$(cat next.json)" '"proof":"mark"' 'who stands behind is told'
try 'head -c 100000 app.age | pgb-verify --sink --check age.b2'
status_is 1 'a part of it'
like "$ERR" 'is not the stream of age.b2' 'says so'

# Inside age: its last chunk opens when the end is seen, and counts too.
for f in app.dump plain.dump app.sql; do
	age -r "$(age-keygen -y key.txt)" <"$f" >in.age
	report in.json in.age -i key.txt
	status_is 0 "$f inside age"
	tables in.json >got
	ok 'the same tables' cmp got want
	is "$(of blake2b in.json)" "$(b2sum <in.age | cut -d' ' -f1)" 'the hash is that of the file'
done
perl -e 'local $/; $_ = <>; substr($_, -9000, 1) ^= "\x04"; print' <app.dump >last.dump
try 'pgb-verify --sink <last.dump'
status_is 1 'a bit near the end'
age -r "$(age-keygen -y key.txt)" <last.dump >last.age
for j in 1 2 3; do
	try "pgb-verify -j $j -i key.txt --report last.json <last.age >out"
	status_is 1 "the same inside age, -j $j"
	ok 'its end is held back' test "$(size out)" -lt "$(size last.age)"
	try "pgb-verify -j $j -i key.txt --hold <last.age >out"
	is "$RC $(size out)" '1 0' "--hold: nothing is passed on, -j $j"
done
ok 'there is no report' test ! -e last.json

# --- what is not overwritten ----------------------------------------------------

cp app.dump same.dump
for o in sum list-to report; do
	try "pgb-verify --sink --$o same.dump <same.dump"
	status_is 2 "--$o of the backup itself"
	try "pgb-verify --$o out.dump <same.dump >out.dump"
	status_is 2 "--$o of what is written"
	cp app.dump other.dump
	try "pgb-verify --sink --$o other.dump <same.dump"
	status_is 2 "--$o of another backup"
	ok 'which is as it was' cmp app.dump other.dump
done
ok 'nothing was lost' cmp app.dump same.dump
try 'pgb-verify --sink --sum x --list-to x <app.dump'
status_is 2 'two files of one name'
try 'pgb-verify --sink --report x --list-to ./x <app.dump'
status_is 2 'in two spellings'
try 'pgb-verify --sink --sum s.b2 --list-to l --report r <app.dump &&
    pgb-verify --sink --sum s.b2 --list-to l --report r <plain.dump'
status_is 0 'those of an earlier run are replaced'
try 'pgb-verify --raw --sink --list-to l </etc/passwd'
status_is 1 'no list of what has none'
like "$ERR" 'error: l: .* has no table of contents to list$' 'says so'
for o in '' --hold; do
	try "pgb-encrypt -r '$(age-keygen -y key.txt)' <app.dump |
	    pgb-verify $o --list-to l2 --report l.rep | pgb-ship --sink got.age"
	status_is 1 "nor of age without a key${o:+, $o}"
	like "$ERR" 'l2: .*age has no table of contents to list' 'which is said'
	ok 'whose end is not let go' test ! -e got.age
	ok 'of which there is no report' test ! -e l.rep -a ! -e l2
done

# --- signatures --------------------------------------------------------------------

minisign -G -W -f -p k.pub -s k.key >/dev/null 2>&1 </dev/null || bail minisign
minisign -G -W -f -p o.pub -s o.key >/dev/null 2>&1 </dev/null || bail minisign
chmod 600 k.key o.key
try 'pgb-verify --sink --report s.json --sign k.key <app.dump'
status_is 0 '--sign'
ok 'minisign checks it' minisign -Vm s.json -p k.pub
ok 'the trusted comment names the file' sh -c \
    'minisign -Vm s.json -p k.pub | grep -q "file:s.json"'
try 'pgb-verify --sink --pubkey k.pub --check s.json <app.dump'
status_is 0 'so do we'
try "pgb-verify --sink --pubkey '$(tail -n 1 k.pub)' --check s.json <app.dump"
status_is 0 'with the key as a word'
try 'pgb-verify --sink --pubkey o.pub --check s.json <app.dump'
status_is 1 "another's key"
cp s.json.minisig keep
minisign -Sm s.json -s k.key >/dev/null 2>&1 </dev/null
try 'pgb-verify --sink --pubkey k.pub --check s.json <app.dump'
status_is 0 "a signature of minisign's"
sed 's/"rows":/"rows":1/' s.json >t.json
cp keep t.json.minisig
try 'pgb-verify --sink --pubkey k.pub --check t.json <app.dump'
status_is 1 'a report that was changed'
ok 'minisign agrees' not minisign -Vm t.json -p k.pub
try 'pgb-verify --sink --pubkey k.pub --check app.json <app.dump'
status_is 2 'a report without a signature'
try 'pgb-verify --sink --sign k.key <app.dump'
status_is 2 '--sign without a report'
chmod 644 k.key
try 'pgb-verify --sink --report u.json --sign k.key <app.dump'
status_is 2 'a secret key that others may read'
ok 'no report of it' test ! -e u.json

# --- what has changed --------------------------------------------------------------

against() { try "pgb-verify --against app.json $1 <$2 >out"; }
against '' app.dump
status_is 1 'the same dump again'
like "$ERR" 'error: stdin: nothing has changed since app.json$' 'says so'
like "$ERR" '--allow-same' 'and what to do'
ok 'its end is held back' test "$(size out)" -lt "$(size app.dump)"
against --allow-same app.dump
status_is 0 '--allow-same'
ok 'and is passed on' cmp out app.dump
sql app 'DELETE FROM shop.order_items WHERE line % 2 = 0; INSERT INTO shop.documents SELECT * FROM shop.documents WHERE false' >/dev/null
pg_dump -Fc app >less.dump
against '' less.dump
status_is 1 'half of a table is gone'
like "$ERR" 'order_items.*-[0-9]+' 'which'
ok 'nothing whole was passed on' not pg_restore -f /dev/null out
against '--max-shrink 70%' less.dump
status_is 0 'within the limit'
against '--except shop.order_items' less.dump
status_is 0 'a table that may shrink'
against "--except 'order_*'" less.dump
status_is 0 'by a pattern'
pg_dump -Fc -T shop.order_items app >gone.dump
against '' gone.dump
status_is 1 'a table is gone'
like "$ERR" 'order_items' 'which'
pg_dump -Fc -s app >empty.dump
against '' empty.dump
status_is 1 'a dump without data'
pg_dump app >less.sql
against '' less.sql
status_is 1 'plain SQL against an archive'
pg_dump --inserts app >inserts.sql
try 'pgb-verify --sink --report inserts.json <inserts.sql'
pg_dump --inserts -s app >schema.sql
try 'pgb-verify --sink --against inserts.json <schema.sql'
status_is 1 'INSERT statements: the size tells'
like "$ERR" 'too much is gone' 'says so'
try 'pgb-verify --sink --against inserts.json <inserts.sql'
status_is 0 'the same size'
like "$ERR" 'note: .*only the size' 'what was compared is said'
try 'pgb-verify --sink --against app.dump <app.dump'
status_is 2 'no report'
try 'pgb-verify --sink --max-shrink 20% <app.dump'
status_is 2 '--max-shrink alone'

# --- no room for what stands beside ----------------------------------------------------

# Whoever is behind would else take the end for that of a stream whose report
# this is: the files are written, if not named, before the end is let go.
pgb-verify --report old.json --list-to old.list --sum old.b2 <app.dump >/dev/null
for option in --report --list-to; do
	file=old.json
	[ $option = --report ] || file=old.list
	cp $file before
	cp gone.dump next.dump
	run sh -c "(ulimit -f 1; exec pgb-verify $option $file) <next.dump |
	    { cat >out; } 3>&1; cmp $file before"
	status_is 0 "$option: no room for it: the old one is left"
	like "$ERR" "error: .*$file: File too large" 'says so'
	ok 'and the end is not let go' not pgb-verify --sink <out
	run sh -c "(ulimit -f 1; exec pgb-verify $option $file) <next.dump |
	    pgb-ship --sink --with $file '$SCRATCH/next.$option'"
	status_is 1 'nothing is stored beside it'
	ok 'nor what it is of' test ! -e "next.$option"
done
pgb-verify --report old.json --sum old.b2 <gone.dump >out
is "$(b2sum <out | cut -c 1-128)" "$(cut -c 1-128 old.b2)" \
    'with room, the sum is that of the new one'

# --- limits ----------------------------------------------------------------------------

try 'pgb-verify --sink --max-memory 2K <app.dump'
status_is 3 'too little memory for the table of contents'
like "$ERR" '--max-memory' 'says what to do'
try 'pgb-verify --sink --max-data 100K <app.dump'
status_is 1 'more data than allowed'
like "$ERR" '--max-data' 'says so'
done_testing
