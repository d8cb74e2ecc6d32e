#!/bin/sh
# SPDX-License-Identifier: ISC
# pgb-verify passes a whole backup on unchanged, and nothing else as whole.
. "${0%/*}/../lib.sh"
need age age-keygen zstd gzip
pg_start
pg_fill app 2
cd "$SCRATCH" || exit

# Into a pipe: newer ones write the contents twice into a file.
pg_dump -Fc app | cat >app.dump
pg_dump -Ft app >app.tar
pg_dump app >app.sql
pg_dumpall >all.sql
pg_dump -Fc -Z0 app >plain.dump
age-keygen -o key.txt 2>key.log
chmod 600 key.txt
pub=$(age-keygen -y key.txt)
bytes=$(size app.dump)

# refused NAME ERE: the last run ended with status 1, one error line matched,
# and what it passed on is shorter than what it read.
refused()
{
	status_is 1 "$1: status 1"
	like "$ERR" "^pgb-verify: error: .*$2" "$1: says why"
	is "$(printf '%s\n' "$ERR" | grep -c ': error: ')" 1 "$1: once"
}

for f in app.dump app.tar app.sql all.sql plain.dump; do
	try "pgb-verify --report report.json <$f"
	status_is 0 "$f passes"
	ok "$f is unchanged" cmp "$f" out
	like "$(cat report.json)" '"proof":"carrier"' "$f: the report has the proof"
	rm report.json
	for z in 'gzip -c' 'zstd -qc' 'lz4 -qc'; do
		$z "$f" >wrapped
		try 'pgb-verify --sink <wrapped'
		status_is 0 "$f in ${z%% *} passes"
		is "$OUT" '' "$f in ${z%% *}: --sink passes nothing on"
	done
done

# The table of contents as pg_restore lists it.
try 'pgb-verify --sink --list-to toc --list <app.dump'
status_is 0 '--list-to'
pg_restore -l app.dump | grep -v '^;' >want
ok 'the entries are those of pg_restore --list' sh -c \
    'grep -Ev "^;|; [0-9]+ [0-9]+ (ENCODING|STDSTRINGS|SEARCHPATH|DATABASE) " toc |
    cmp - want'
like "$ERR" 'TABLE DATA shop customers' '--list prints to stderr'
ok 'pg_restore --use-list takes it' pg_restore -L toc -f /dev/null app.dump
try "pgb-verify --sink --report report.json <app.dump"
like "$(cat report.json)" '"database":"app".*"tables_with_data":[1-9]' \
    'the report names database and tables'
like "$(cat report.json)" '"large_objects":[1-9]' 'and large objects'

# Damage.
try "head -c $((bytes - 1)) app.dump | pgb-verify --report no.json"
refused 'last byte missing' 'cut short'
ok 'no report of it' test ! -e no.json
ok 'nothing whole was passed on' sh -c 'pg_restore -f - <out >/dev/null 2>&1; test $? != 0'
try '(cat app.dump; printf x) | pgb-verify --sink'
refused 'a byte too many' 'byte'
try 'cat app.dump app.dump | pgb-verify --sink'
refused 'two archives in a row' 'byte'
# Somewhere in the compressed rows of the largest table.
half=$((bytes / 2))
{ head -c $half app.dump; printf '\377\000\377'; tail -c +$((half + 4)) app.dump; } >bad.dump
try 'pgb-verify --sink <bad.dump'
refused 'damaged rows' 'byte [0-9]+.*(TABLE DATA|BLOBS).*pg_restore'
try 'pgb-verify --sink </dev/null'
refused 'empty' 'empty'
try 'pgb-verify --raw --sink </dev/null'
refused 'empty, --raw' 'empty'
try 'pgb-verify --raw --sink <bad.dump'
refused 'damaged, --raw' 'TABLE DATA|BLOBS'
try 'head -c 3000 /dev/urandom | pgb-verify'
refused 'foreign' 'not proven complete'
like "$ERR" 'hint: .*--through' 'foreign: hint'
try 'echo foreign | pgb-verify --raw --report r.json'
status_is 0 'foreign, --raw'
is "$OUT" foreign 'foreign, --raw: passed on'
like "$(cat r.json)" '"proof":"raw"' 'foreign, --raw: the report says so'
like "$(head -c $half app.sql | pgb-verify 2>&1 >/dev/null)" 'cut short|missing|never|ends' \
    'plain SQL, cut'

# --raw is the user's word for one program: it leaves no mark.
try 'echo foreign | pgb-verify --raw | pgb-verify --sink'
refused 'foreign, --raw, in front' 'not proven complete'
try 'pgb-verify <app.dump | pgb-verify --sink --report r.json'
status_is 0 'two in a row'

# Inside age.
age -r "$pub" <app.dump >app.age
age -a -r "$pub" <app.dump >app.armor
head -c $half app.dump | age -r "$pub" >fragment.age
echo foreign | age -r "$pub" >foreign.age
: | age -r "$pub" >empty.age
age-keygen 2>key.log >other.txt
chmod 600 other.txt
for f in app.age app.armor; do
	try "pgb-verify -i key.txt <$f"
	status_is 0 "$f with the key"
	ok "$f with the key: ciphertext passes" cmp "$f" out
done
try 'pgb-verify --sink <app.armor'
status_is 0 'armor shows its end'
like "$ERR" 'warning: .*its own end, not that of what is inside' \
    'but not what was encrypted, which is said'
try 'pgb-verify --sink -i key.txt <app.armor'
is "$ERR" '' 'with the key there is nothing to warn of'
try "pgb-verify --through 'age -a -r $pub' <app.dump | pgb-verify --sink"
unlike "$ERR" 'warning|error' 'nor behind a wrapped filter'
like "$ERR" 'note: stdin: armored age without a key: what is inside was not looked at' \
    'that nothing inside was looked at is said'
try 'pgb-verify --sink -i "$(tail -n 1 key.txt)" <app.age'
status_is 2 'a key in place of its file'
unlike "$ERR" 'AGE-SECRET-KEY-1' 'is not shown'
try 'pgb-verify --sink <app.age'
refused 'binary age without a key' 'not proven complete'
try 'pgb-verify --raw --sink <app.age'
status_is 0 'binary age, --raw'
try 'pgb-verify --sink -i key.txt <fragment.age'
refused 'a fragment that stock age sealed' 'cut short'
try 'pgb-verify --raw --sink -i key.txt <fragment.age'
refused 'a fragment that stock age sealed, --raw' 'cut short'
try 'pgb-verify --sink -i key.txt <foreign.age'
refused 'foreign inside age' 'not proven complete'
try 'pgb-verify --sink -i key.txt <empty.age'
refused 'nothing inside age' 'empty|nothing'
try 'pgb-verify --sink -i other.txt <app.age'
refused 'the wrong key' 'identity|key'
try 'pgb-verify --sink -i missing.txt <app.age'
status_is 2 'a key file that is missing'
try "head -c $(($(size app.age) - 1)) app.age | pgb-verify -i key.txt --sink"
refused 'age without its last byte' 'age'

# A foreign filter under the promise.
through() { try "pgb-verify --through '$1' <${2:-app.dump}"; }
through "age -r $pub"
status_is 0 'through age'
ok 'through age: it opens, and holds the archive' sh -c \
    'age -d -i key.txt out | cmp - app.dump'
try "pgb-verify --through 'age -r $pub' <app.dump | pgb-verify --sink --report r.json"
status_is 0 'the mark stands behind a wrapped filter'
like "$(cat r.json)" '"proof":"mark"' 'and is what proved it'
try "pgb-verify --through 'cat' <app.dump | pgb-verify --through 'age -r $pub' >two.age"
status_is 0 'two wrapped filters in a row'
ok 'two wrapped filters in a row: it opens' sh -c \
    'age -d -i key.txt two.age | cmp - app.dump'
for c in 'false | cat' 'cat & wait' 'sleep 0 & exec cat'; do
	through "$c"
	status_is 2 "refused, since a failure in it would not show: $c"
	like "$ERR" 'status of its last part' "says so: $c"
done
through 'cat 2>&1 && true "a|b&c" || exit 1'
status_is 0 'what only looks like a pipeline runs'
through 'cat >/dev/null'
status_is 1 'a filter that writes nothing'
like "$ERR" 'wrote nothing' 'says so'
try "timeout 20 pgb-verify --through 'exec <&-; exec cat app.sql' <app.sql"
status_is 1 'a filter that goes on without its input'
try "timeout 20 pgb-verify --through 'exec <&-; exec sleep 100' <app.sql"
status_is 1 'a filter that does not end without its input'
try 'perl -e "\$SIG{CHLD} = q(IGNORE); exec @ARGV" pgb-verify --through cat <app.dump'
status_is 0 'SIGCHLD ignored by who started us'
through 'cat; exit 3'
status_is 3 'a filter that fails'
like "$ERR" 'error: cat; exit 3: exited with status 3' 'says so'
ok 'its end is held back' test "$(size out)" -lt "$bytes"
through 'head -c 1000'
status_is 1 'a filter that ends early, with status 0'
like "$ERR" 'stopped reading before the end' 'says so'
through 'exec 0<&-; sleep 0.2; exit 0'
status_is 1 'a filter that closes its input'
through 'cat; kill -9 $$'
status_is 3 'a filter that is killed'
like "$ERR" 'killed by signal 9' 'says so'
through 'no-such-filter-here'
status_is 3 'a filter that is missing'
head -c $half app.dump >cut.dump
through 'cat' cut.dump
refused 'a cut input through a filter' 'cut short'
ok 'its end is held back, too' test "$(size out)" -lt $half
through "age -r $pub" cut.dump
status_is 1 'a cut input through age'
ok 'what is left of it is no age file' not age -d -i key.txt out

# As any filter.
try 'pgb-verify <app.dump >/dev/full'
status_is 3 'a full disk'
like "$ERR" '^pgb-verify: error: stdout: No space left on device$' 'says so'
try 'pgb-verify <app.dump >&-'
status_is 3 'closed stdout'
try 'pgb-verify --sink <&-'
status_is 3 'closed stdin'
try 'pgb-verify --list-to /nowhere/toc <app.dump'
status_is 3 'a list that cannot be written'
is "$OUT" '' 'is refused before a byte is passed on'
done_testing
