#!/bin/sh
# SPDX-License-Identifier: ISC
# Other people's programs between ours: what shows its own end passes, what
# does not is refused with the remedy named, and pauses or odd sizes of reads
# and writes change nothing.
. "${0%/*}/../lib.sh"

need age pg_dump zstd lz4 gzip pv tee
pg_start
pg_fill appdb 0
cd "$SCRATCH" || exit
H=$BIN/helper
pgb-encrypt --keygen key.txt >backup.pub 2>/dev/null
PUB=$(cat backup.pub)
export H PUB

text() { pg_restore -f - | grep -Ev '^\\(un)?restrict ' | md5sum; }
pg_dump -Fc appdb | cat >stock.dump
WANT=$(text <stock.dump)

# accepted NAME LINE [DECODE]: LINE publishes to/final, which holds, after
# DECODE, the database.
accepted()
{
	rm -rf to; mkdir to
	try "$2"
	status_is 0 "$1: accepted"
	[ $# -lt 3 ] ||
	    is "$(/bin/sh -c "$3" <to/final | text)" "$WANT" "$1: and restores"
	is "$(ls -A to)" final "$1: one file, and no temporary one"
}

# refused NAME LINE [ERE]: LINE ends with status 1 and publishes nothing.
refused()
{
	rm -rf to; mkdir to
	try "$2"
	status_is 1 "$1: refused"
	is "$(ls -A to)" '' "$1: nothing is published"
	[ $# -lt 3 ] || like "$ERR" "$3" "$1: the message"
}

ship='pgb-ship --sink to/final'

# --- carriers that show through ---------------------------------------------

accepted 'pgb-dump | zstd' "pgb-dump appdb | zstd -q | $ship" 'zstd -dq'
accepted 'pgb-dump | gzip' "pgb-dump appdb | gzip -1 | $ship" 'gzip -d'
accepted 'pgb-dump | lz4' "pgb-dump appdb | lz4 -q | $ship" 'lz4 -dq'
accepted 'pgb-dump | pv' "pgb-dump appdb | pv -q | $ship" cat
accepted 'pgb-dump | tee' "pgb-dump appdb | tee copy | $ship" cat
accepted 'pgb-dump | zstd | encrypt' \
    "pgb-dump appdb | zstd -q | pgb-encrypt -R backup.pub | $ship" \
    'age -d -i key.txt | zstd -dq'
accepted 'pg_dump -Fc' "pg_dump -Fc appdb | $ship" cat
accepted 'pg_dump -Fc -Z0' "pg_dump -Fc -Z0 appdb | $ship" cat
accepted 'pg_dump -Fc > file' "pg_dump -Fc appdb >file && $ship <file" cat
accepted 'pg_dump -Ft' "pg_dump -Ft appdb | $ship" cat
accepted 'pg_dump -Fp' "pg_dump -Fp appdb | $ship"
accepted 'pg_dump -Fp | gzip' "pg_dump -Fp appdb | gzip | $ship"
accepted 'pg_dump -Fp | zstd | verify' \
    "pg_dump -Fp appdb | zstd -q | pgb-verify | $ship"
accepted 'pg_dumpall' "pg_dumpall | $ship"
accepted 'pg_dumpall --globals-only' "pg_dumpall --globals-only | $ship"
accepted 'age -a' "pg_dump -Fc appdb | pgb-verify | age -a -r $PUB | $ship" \
    'age -d -i key.txt'
like "$ERR" 'pgb-ship: warning: .*age' \
    'age -a: a warning, for it closes a truncated dump just as neatly'

"$H/second-toc" stock.dump >second.dump
accepted 'the second TOC of stock 16 and later' "cat second.dump | $ship" cat
accepted 'the second TOC, verified' "pgb-verify <second.dump | $ship" cat
"$H/second-toc" stock.dump bad >bad.dump
refused 'a second TOC with a wrong offset' "cat bad.dump | $ship"
refused 'a second TOC that is cut' "head -c -1 second.dump | $ship"
refused 'one byte behind the archive' \
    "{ cat stock.dump; printf x; } | pgb-verify --sink"
refused 'two archives' "cat stock.dump stock.dump | $ship"
for filter in 'zstd -q' gzip 'lz4 -q'; do
	refused "a cut archive, wrapped by $filter" \
	    "head -c 100000 stock.dump | $filter | $ship"
done
refused 'nothing at all' ": | $ship" empty
refused 'nothing at all, wrapped' ": | gzip | $ship"
refused 'something else' "echo hello | $ship" raw
refused 'nothing at all, --raw' ": | pgb-ship --raw --sink to/final" empty
refused 'a cut archive, --raw' \
    "head -c 100000 stock.dump | pgb-ship --raw --sink to/final"
accepted 'something else, --raw' "echo hello | pgb-ship --raw --sink to/final"

# --- pauses and odd sizes ----------------------------------------------------

accepted 'single bytes' "pgb-dump appdb | $H/dribble 1 | pgb-verify |
    $H/dribble 1 | $ship" cat
accepted 'single bytes before pgb-encrypt' "pgb-dump appdb | $H/dribble 1 |
    pgb-encrypt -R backup.pub | $ship" 'age -d -i key.txt'
accepted 'single bytes of age' "age -r $PUB stock.dump | $H/dribble 1 |
    pgb-encrypt -d -i key.txt | $ship" cat
accepted 'sizes that divide nothing' "pgb-dump appdb | $H/dribble 4093 |
    zstd -q | $H/dribble 7 | $ship" 'zstd -dq'
accepted 'long pauses' "pgb-dump appdb | $H/dribble 60000 60000 1500 |
    pgb-verify | pgb-encrypt -R backup.pub | $ship" 'age -d -i key.txt'

# --- age without a key, and the remedy ---------------------------------------

refused 'pgb-dump | age' "pgb-dump appdb | age -r $PUB | $ship" 'through'
refused 'pgb-dump | age | verify' \
    "pgb-dump appdb | age -r $PUB | pgb-verify | $ship"
refused 'pgb-encrypt | pv' \
    "pgb-dump appdb | pgb-encrypt -R backup.pub | pv -q | $ship" 'hint'
accepted 'the same with --raw' \
    "pgb-dump appdb | age -r $PUB | pgb-ship --raw --sink to/final" \
    'age -d -i key.txt'

# --- a foreign filter under our promise --------------------------------------

accepted '--through age' \
    "pgb-dump appdb | pgb-verify --through 'age -r $PUB' | $ship" \
    'age -d -i key.txt'
accepted '--through, two programs' \
    "pgb-dump appdb | pgb-verify --through 'zstd -q' |
	pgb-verify --through 'age -r $PUB' | $ship" \
    'age -d -i key.txt | zstd -dq'
refused '--through, a pipe of sh, which hides the death of its first part' \
    "pgb-dump appdb | pgb-verify --through 'zstd -q | age -r $PUB' | $ship" \
    'last part only'
cat >dies <<'END'
#!/bin/sh
# Half a dump goes through age, which is then killed.
{ head -c 100000; kill -KILL "$(cat age.pid)"; sleep 0.2; } |
    sh -c 'echo $$ >age.pid; exec age -r "$PUB"'
END
cat >early <<'END'
#!/bin/sh
# A filter that is content with a part of its input.
head -c 100000 | age -r "$PUB"
END
chmod +x dies early
wrap() { echo "pgb-dump appdb | pgb-verify --through '$1' | $ship"; }
refused '--through, failing' "$(wrap "age -r $PUB; exit 7")"
refused '--through, failing at once' "$(wrap 'exit 3')"
refused '--through, no such command' "$(wrap 'no-such-filter-here')"
refused '--through, killed by a signal' "$(wrap 'head -c 99999; kill -9 $$')"
refused '--through, the inner age killed' "$(wrap ./dies)"
refused '--through, succeeding early' "$(wrap ./early)"
refused '--through, succeeding without reading' "$(wrap true)"
refused '--through with a cut input' \
    "head -c 150000 stock.dump | pgb-verify --through 'age -r $PUB' | $ship"

done_testing
