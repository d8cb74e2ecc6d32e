#!/bin/sh
# SPDX-License-Identifier: ISC
#
# make bench-encrypt: pgb-encrypt beside age, side by side in one run, the
# programs alternating, medians of REPEAT (5) runs.  BYTES (1000000000) random
# bytes in memory; file to null, and from pipe to pipe.

cd "${0%/*}/../.." || exit
. tests/lib.sh
: "${BYTES:=1000000000}" "${REPEAT:=5}" "${JOBS:=$(nproc)}"
need /usr/bin/time age age-keygen
cd "$SCRATCH" || exit

# In memory, where there is room for it twice.
SHM=$(mktemp -d /dev/shm/pgb-bench.XXXXXX 2>/dev/null) || SHM=
if [ -n "$SHM" ]; then
	DATA=$SHM/data
else
	DATA=$SCRATCH/data
fi
T_ALSO=$SHM

age-keygen -o key 2>/dev/null
TO=$(age-keygen -y key)
head -c "$BYTES" /dev/urandom >"$DATA" || bail 'no room for the data'
age -r "$TO" <"$DATA" >"$DATA.age" || bail 'no room for the data'

# timed NAME SHELL: appends "seconds cpu rss" to a file of that name; the rss is
# that of the largest process.
timed()
{
	/usr/bin/time -a -o "t.$1" -f '%e %U %S %M' sh -c "$2" 2>>bench.err ||
	    bail "$2: $(tail -n 3 bench.err)"
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
	printf '%-34s %6.2f s %6.2f s cpu %7d KB rss\n' "$1" \
	    "$(value "$1" 1)" "$(value "$1" 2)" "$(value "$1" 3)"
}

# least TEXT A B LIMIT: A takes LIMIT times as long as B, or more.
least()
{
	awk -v t="$1" -v a="$(value "$2" 1)" -v b="$(value "$3" 1)" -v l="$4" '
	BEGIN { r = b > 0 ? a / b : 0
	    printf "%-52s %6.2f  at least %5.2f  %s\n", t, r, l,
	    (r >= l ? "ok" : "MISSED") }'
}

# most TEXT VALUE LIMIT
most()
{
	awk -v t="$1" -v v="$2" -v l="$3" 'BEGIN {
	    printf "%-52s %6.2f  at most  %5.2f  %s\n", t, v, l,
	    v <= l ? "ok" : "MISSED" }'
}

PGB="pgb-encrypt --raw -r $TO"
OPEN='pgb-encrypt -d -i key'
NEW="pgb-encrypt --rekey -i key -r $TO"
i=0
while [ "$i" -lt "$REPEAT" ]; do
	timed 'age' "age -r $TO <$DATA >/dev/null"
	timed 'pgb' "$PGB -j $JOBS <$DATA >/dev/null"
	timed 'pgb -j1' "$PGB -j 1 <$DATA >/dev/null"
	timed 'age -d' "age -d -i key <$DATA.age >/dev/null"
	timed 'pgb -d' "$OPEN -j $JOBS <$DATA.age >/dev/null"
	timed 'pgb -d -j1' "$OPEN -j 1 <$DATA.age >/dev/null"
	timed 'cat | age | cat' "cat $DATA | age -r $TO | cat >/dev/null"
	timed 'cat | pgb | cat' "cat $DATA | $PGB | cat >/dev/null"
	timed 'cat | age -d | cat' "cat $DATA.age | age -d -i key | cat >/dev/null"
	timed 'cat | pgb -d | cat' "cat $DATA.age | $OPEN | cat >/dev/null"
	timed 'cat' "cat $DATA.age >/dev/null"
	timed 'pgb --rekey' "$NEW <$DATA.age >/dev/null"
	timed 'cat | cat | cat' "cat $DATA.age | cat | cat >/dev/null"
	timed 'cat | pgb --rekey | cat' "cat $DATA.age | $NEW | cat >/dev/null"
	i=$((i + 1))
done

echo
echo "$BYTES bytes, $(nproc) processors, $JOBS jobs, $(age --version), $(pgb-encrypt --version)"
"$BIN/bench/aead"
for n in age 'pgb' 'pgb -j1' 'age -d' 'pgb -d' 'pgb -d -j1' \
    'cat | age | cat' 'cat | pgb | cat' 'cat | age -d | cat' \
    'cat | pgb -d | cat' cat 'pgb --rekey' 'cat | cat | cat' \
    'cat | pgb --rekey | cat'; do
	row "$n"
done
echo
least 'encrypt: times as fast as age' age pgb 1.8
least 'encrypt, -j1' age 'pgb -j1' 1.1
least 'decrypt' 'age -d' 'pgb -d' 3
least 'decrypt, -j1' 'age -d' 'pgb -d -j1' 1.8
least 'encrypt, pipe to pipe' 'cat | age | cat' 'cat | pgb | cat' 1.3
least 'decrypt, pipe to pipe' 'cat | age -d | cat' 'cat | pgb -d | cat' 1.3
most '--rekey: time, of cat' \
    "$(awk -v a="$(value 'pgb --rekey' 1)" -v b="$(value cat 1)" 'BEGIN { print a / b }')" 1.3
most '--rekey, pipe to pipe: of cat' \
    "$(awk -v a="$(value 'cat | pgb --rekey | cat' 1)" -v b="$(value 'cat | cat | cat' 1)" 'BEGIN { print a / b }')" 1.3
for n in pgb 'pgb -d'; do
	most "$n: peak RSS in MiB" "$(($(value "$n" 3) / 1024))" $((16 + 2 * JOBS))
done
