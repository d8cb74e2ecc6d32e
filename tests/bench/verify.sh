#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make bench-verify: pgb-verify beside pg_restore, which reads the same archive
# and makes SQL of it, side by side in one run, alternating, medians of REPEAT (5)
# runs.  ROWS (2900000) is the size: 1.4 GB of COPY text, of which pgb-dump and
# pg_dump make archives of some 550 MB, which are read from memory.

cd "${0%/*}/../.." || exit
ROOT=$PWD
. tests/lib.sh
: "${ROWS:=2900000}" "${REPEAT:=5}"

# timed NAME COMMAND...: appends "seconds cpu rss" to a file of that name.
timed()
{
	name=$1
	shift
	/usr/bin/time -a -o "t.$name" -f '%e %U %S %M' "$@" 2>>bench.err ||
	    echo "$*: failed" >&2
}

# value NAME COLUMN: the median; cpu is user + system.
value()
{
	awk -v c="$2" '{ print c == 2 ? $2 + $3 : c == 3 ? $4 : $1 }' \
	    "t.$1" | sort -n | awk '{ v[NR] = $1 }
	    END { print v[int((NR + 1) / 2)] }'
}

row()
{
	printf '%-36s %8.2f s %7.2f s cpu %7d MB rss\n' "$2" \
	    "$(value "$1" 1)" "$(value "$1" 2)" $(($(value "$1" 3) / 1024))
}

# bound TEXT VALUE LIMIT
bound()
{
	awk -v t="$1" -v v="$2" -v l="$3" 'BEGIN {
	    printf "%-58s %8.3f  at most %6.2f  %s\n", t, v, l,
	    v <= l ? "ok" : "MISSED" }'
}

ratio()
{
	awk -v a="$(value "$1" 1)" -v b="$(value "$2" 1)" \
	    'BEGIN { print (b > 0 ? a / b : 0) }'
}

need /usr/bin/time taskset minisign
cd "$SCRATCH" || exit
pg_start shared_buffers=512MB max_wal_size=4GB
if [ -n "${BENCH_FILES:-}" ]; then
	ln -s "$BENCH_FILES"/pgb.dump "$BENCH_FILES"/stock.dump .
else
	createdb big
	psql -Xqd big -v rows="$ROWS" -f "$ROOT/tests/bench/dump.sql"
	psql -Xqd big -c 'VACUUM (FREEZE, ANALYZE)' -c CHECKPOINT
	(umask 077; pgb-dump big >pgb.dump; pg_dump -Fc big >stock.dump)
fi
pg_stop
minisign -G -W -f -p k.pub -s k.key >/dev/null 2>&1 </dev/null

# Everything is read once before, so that it comes from memory.
cat pgb.dump stock.dump >/dev/null
for d in pgb stock; do
	i=0
	while [ "$i" -lt "$REPEAT" ]; do
		timed "$d-restore" pg_restore -f /dev/null "$d.dump"
		timed "$d-j1" taskset -c 0 pgb-verify -j1 --sink <"$d.dump"
		timed "$d-j2" pgb-verify -j2 --sink <"$d.dump"
		timed "$d-full1" taskset -c 0 pgb-verify -j1 --sink \
		    --report r.json --sum s.b2 --sign k.key <"$d.dump"
		timed "$d-full2" pgb-verify -j2 --sink --report r.json \
		    --sum s.b2 --sign k.key <"$d.dump"
		timed "$d-pass" sh -c 'cat "$1" | pgb-verify | cat >/dev/null' \
		    sh "$d.dump"
		i=$((i + 1))
	done
done

echo
echo "$(nproc) processors; PostgreSQL $PG_MAJOR; pgb.dump $(size pgb.dump), stock.dump $(size stock.dump) bytes"
for d in pgb stock; do
	row "$d-restore" "$d.dump: pg_restore -f /dev/null"
	row "$d-j1" "pgb-verify --sink -j1, one core"
	row "$d-j2" "-j2"
	row "$d-full1" "with --report --sum --sign, -j1"
	row "$d-full2" "-j2"
	row "$d-pass" "cat | pgb-verify | cat"
done
echo
for d in pgb stock; do
	echo "$d.dump, of pg_restore -f /dev/null:"
	bound 'all checks, one core' "$(ratio "$d-j1" "$d-restore")" 0.45
	bound 'two' "$(ratio "$d-j2" "$d-restore")" 0.25
	bound 'with hashes, one core' "$(ratio "$d-full1" "$d-restore")" 0.85
	bound 'two' "$(ratio "$d-full2" "$d-restore")" 0.50
	bound 'peak memory, MiB' \
	    "$(awk -v a="$(value "$d-full2" 3)" 'BEGIN { print a / 1024 }')" 64
done
