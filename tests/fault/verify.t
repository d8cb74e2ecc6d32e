#!/bin/sh
# SPDX-License-Identifier: ISC
# Whichever call of pgb-verify fails: the status says so, one line says what,
# nothing that is not whole has a name or looks whole; or the result is whole.
. "${0%/*}/faults.sh"

need minisign
pg_start
cd "$SCRATCH" || exit
createdb app
psql -Xq -d app -c "CREATE TABLE t (a integer PRIMARY KEY, b text);
    INSERT INTO t SELECT i, 'row ' || i FROM generate_series(1, 50) i;
    CREATE TABLE u (a integer REFERENCES t);
    INSERT INTO u VALUES (1), (2)"
pg_dump -Fc app >dump
pg_dump app >sql
pg_dump -Ft app >tar
gzip <sql >sql.gz
pg_stop
pgb-encrypt --keygen key >key.pub 2>/dev/null
pgb-encrypt -R key.pub <dump >dump.age
printf 'word\nword\n' >words
minisign -G -W -f -p "$SCRATCH/sign.pub" -s "$SCRATCH/sign.key" >/dev/null ||
    bail 'no key of minisign'
pgb-verify --sink --report earlier --sum dump.b2 --sign sign.key <dump ||
    bail 'no report'
cp earlier earlier.minisig dump.b2 before

V="pgb-verify -j1"
hit 'archive' -i dump -- $V
hit 'archive, 2 threads, SQL' -i sql -- pgb-verify -j2
hit 'tar into a file' -o -i tar -- $V
hit 'gzip, note under -v' -f 'sandbox' -i sql.gz -- $V
hit 'mark' -i dump.age -m -- $V
hit 'age with a key, 2 threads' -i dump.age -- pgb-verify -j2 -i "$SCRATCH/key"
hit 'report, sum, list' -i dump -l report -- \
    $V --report report --sum sum --list-to list
hit 'report, sink, signed' -i dump -l report -l report.minisig \
    -j "! [ -e report.minisig ] || [ ! -e report ] ||
        minisign -V -q -p '$SCRATCH/sign.pub' -m report" -- \
    $V --sink --report report --sign "$SCRATCH/sign.key"
hit 'check' -i dump -t before -- $V --check dump.b2
hit 'against' -i dump -t before -- \
    $V --against earlier --pubkey "$SCRATCH/sign.pub" --allow-same
hit 'hold' -i dump -- $V --hold --hold-dir .
hit 'through' -i dump -- $V --through cat
hit 'list' -f '^(;|[0-9]|  )' -i dump -- $V --sink --list
hit 'without a sandbox' -i dump -- $V --no-sandbox

done_testing
