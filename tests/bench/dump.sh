#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make bench-dump: pgb-dump beside pg_dump with its best settings and the floor
# (the same ranges COPYed by as many connections and thrown away), side by side
# in one run, the programs alternating, medians of REPEAT (3) runs.  ROWS
# (2900000) is the size.  Everything goes through a pipe into cat >/dev/null,
# but for -Fd, which wants a directory.

cd "${0%/*}/../.." || exit
ROOT=$PWD
. tests/lib.sh
: "${ROWS:=2900000}" "${REPEAT:=3}" "${JOBS:=2}" "${PAGES:=4096}"
FLOOR="$BIN/bench/floor"

# timed NAME COMMAND...: appends "seconds cpu rss" to a file of that name.
timed()
{
	name=$1
	shift
	rm -rf stage/dir
	/usr/bin/time -a -o "t.$name" -f '%e %U %S %M' "$@" 2>>bench.err |
	    wc -c >"s.$name"
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
	printf '%-28s %8.2f s %7.2f s cpu %7d MB rss %12s bytes\n' "$1" \
	    "$(value "$1" 1)" "$(value "$1" 2)" \
	    $(($(value "$1" 3) / 1024)) "$(cat "s.$1")"
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
	awk -v a="$1" -v b="$2" 'BEGIN { print (b > 0 ? a / b : 0) }'
}

need /usr/bin/time
cd "$SCRATCH" || exit
pg_start shared_buffers=512MB max_wal_size=4GB max_locks_per_transaction=512
pg() { psql -Xqd "$@"; }
createdb big && pg big -v rows="$ROWS" -f "$ROOT/tests/bench/dump.sql"
createdb one && pg one -v one=1 -v rows="$((ROWS * 2))" \
    -f "$ROOT/tests/bench/dump.sql"
createdb tiny
createdb many
for n in $(seq 10); do
	echo "CREATE TABLE t$n AS SELECT g, md5(g::text) FROM generate_series(1, 10) g;"
done | pg tiny
for n in $(seq 5000); do
	echo "CREATE TABLE t$n AS SELECT g, md5(g::text) FROM generate_series(1, 10) g;"
done | pg many
for d in big one tiny many; do
	pg "$d" -c 'VACUUM (FREEZE, ANALYZE)'
done
pg postgres -c CHECKPOINT
TEXT=$("$FLOOR" dbname=big "$JOBS" "$PAGES")
ONE=$("$FLOOR" dbname=one "$JOBS" "$PAGES")

i=0
while [ "$i" -lt "$REPEAT" ]; do
	timed floor "$FLOOR" dbname=big "$JOBS" "$PAGES"
	timed pgb pgb-dump big
	timed Fc-Z1 pg_dump -Fc -Z1 big
	timed pgb-Znone pgb-dump -Z none big
	timed Fc-Z0 pg_dump -Fc -Z0 big
	timed pgb-j1 pgb-dump -j1 big
	timed Fd-j2-Z1 pg_dump -Fd -j2 -Z1 -f stage/dir big
	[ "$i" -gt 0 ] || timed Fc pg_dump -Fc big
	timed one-floor "$FLOOR" dbname=one "$JOBS" "$PAGES"
	timed one-pgb pgb-dump one
	for k in 1 2 3; do
		timed tiny-Fc pg_dump -Fc tiny
		timed tiny-pgb pgb-dump tiny
	done
	timed many-Fc pg_dump -Fc many
	timed many-pgb pgb-dump many
	i=$((i + 1))
done
pgb-dump -v big 2>bench.v >/dev/null

echo
echo "PostgreSQL $PG_MAJOR, $TEXT bytes of COPY text, $JOBS jobs, $(nproc) processors"
for n in floor pgb pgb-j1 pgb-Znone Fc Fc-Z1 Fc-Z0 Fd-j2-Z1 one-floor one-pgb \
    tiny-Fc tiny-pgb many-Fc many-pgb; do
	row "$n"
done
grep 'passed through' bench.v
echo
P=$(value pgb 1)
bound 'time, of pg_dump -Fc' "$(ratio "$P" "$(value Fc 1)")" 0.20
bound 'size, of pg_dump -Fc' "$(ratio "$(cat s.pgb)" "$(cat s.Fc)")" 1.08
bound 'time, of pg_dump -Fc -Z1' "$(ratio "$P" "$(value Fc-Z1 1)")" 0.55
bound 'size, of pg_dump -Fc -Z1' "$(ratio "$(cat s.pgb)" "$(cat s.Fc-Z1)")" 1
bound 'time, of pg_dump -Fd -j2 -Z1' "$(ratio "$P" "$(value Fd-j2-Z1 1)")" 0.65
bound 'time, of the floor' "$(ratio "$P" "$(value floor 1)")" 1.15
bound 'time, of the floor, a database of one table' \
    "$(ratio "$(value one-pgb 1)" "$(value one-floor 1)")" 1.15
bound 'client CPU seconds a GB of COPY text' \
    "$(awk -v c="$(value pgb 2)" -v b="$TEXT" 'BEGIN { print c / b * 1e9 }')" 4
bound 'the same, one table' \
    "$(awk -v c="$(value one-pgb 2)" -v b="$ONE" 'BEGIN { print c / b * 1e9 }')" 4
bound '10 tables: seconds more than pg_dump' \
    "$(awk -v a="$(value tiny-pgb 1)" -v b="$(value tiny-Fc 1)" 'BEGIN { print a - b }')" 0.15
bound '5000 tables: time, of pg_dump' \
    "$(ratio "$(value many-pgb 1)" "$(value many-Fc 1)")" 1
bound 'peak RSS in MB' "$(($(value pgb 3) / 1024))" $((48 + 16 * JOBS))
