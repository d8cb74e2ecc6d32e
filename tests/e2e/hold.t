#!/bin/sh
# SPDX-License-Identifier: ISC
# With --hold not a byte is passed on before all of it was checked; what runs in
# the sandbox reaches nothing; memory is bounded, whatever the stream asks for.
. "${0%/*}/../lib.sh"
need perl zstd gzip
pg_start
pg_fill app 2
cd "$SCRATCH" || exit
umask 077
pg_dump -Fc app >app.dump
bytes=$(size app.dump)

try 'pgb-verify --hold <app.dump >out'
status_is 0 '--hold'
ok 'all of it is passed on' cmp app.dump out
head -c $((bytes - 1)) app.dump >cut.dump
try 'pgb-verify --hold <cut.dump >out'
status_is 1 'a byte is missing'
is "$(size out)" 0 'nothing was passed on'
perl -e 'local $/; $_ = <>; substr($_, length() * 2 / 3, 1) ^= "\x08"; print' <app.dump >bad.dump
try 'pgb-verify --hold <bad.dump >out'
status_is 1 'a bit is wrong'
is "$(size out)" 0 'nothing was passed on'
createdb copy
try 'pgb-verify --hold <app.dump | pg_restore --exit-on-error -d copy'
status_is 0 'into pg_restore'
is "$(sql copy 'SELECT count(*) FROM shop.customers')" \
    "$(sql app 'SELECT count(*) FROM shop.customers')" 'it is restored'
createdb none
try 'pgb-verify --hold <bad.dump | pg_restore --exit-on-error -d none'
is "$(sql none "SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'")" 0 \
    'of what is damaged nothing is restored'
mkdir tmp
try 'TMPDIR=tmp pgb-verify --hold <app.dump | cmp - app.dump'
status_is 0 'TMPDIR'
is "$(ls -A tmp)" '' 'nothing is left there'
try 'pgb-verify --hold --hold-dir /nowhere <app.dump >out'
status_is 3 'a directory that is not there'
like "$ERR" '/nowhere' 'says which'
try 'pgb-verify --hold --sink <app.dump'
status_is 2 '--hold --sink'
try 'pgb-verify --hold <app.dump | pgb-verify --sink --report r.json'
status_is 0 'who stands behind finds it whole'
try 'cat app.dump | pgb-verify --hold >/dev/full'
status_is 3 'a full disk behind it'

# --- the sandbox ------------------------------------------------------------------

mkfifo pipe
for o in '' --no-sandbox; do
	# shellcheck disable=SC2086
	pgb-verify --sink $o <pipe 2>err &
	pid=$!
	{
		head -c 100000 app.dump
		i=0
		while [ $i -lt 50 ] && ! grep -q "^Seccomp:.*[02]$" "/proc/$pid/status"; do
			sleep 0.1; i=$((i + 1))
		done
		sleep 0.3
		awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status" >mode
		awk '/^NoNewPrivs:/ { print $2 }' "/proc/$pid/status" >privs
		tail -c +100001 app.dump
	} >pipe
	wait $pid
	is $? 0 "it works with ${o:-the sandbox}"
	if [ "$(awk '/^Seccomp:/ { print $2 }' /proc/self/status)" != 0 ]; then
		untested 'the sandbox: this shell is in one itself'
	elif sanitized 'it keeps rights of its own'; then
		:
	elif [ -z "$o" ]; then
		is "$(cat mode) $(cat privs)" '2 1' 'it is in a sandbox'
	else
		is "$(cat mode)" 0 'it is in none'
	fi
done

# --- memory --------------------------------------------------------------------------

# peak WANT NAME COMMAND...: the most memory it takes, in MiB.
peak()
{
	p_want=$1 p_name=$2
	shift 2
	/usr/bin/time -o peak -f '%M' "$@" >out 2>err
	p_got=$(($(tail -n 1 peak) / 1024))
	sanitized 'most of the memory is its own' && return
	ok "$p_name: $p_got MiB, at most $p_want" test "$p_got" -le "$p_want"
}
need /usr/bin/time
createdb fat
sql fat 'CREATE TABLE t (a text)' >/dev/null
sql fat "INSERT INTO t SELECT repeat('x', 100000000) FROM generate_series(1, 3)" >/dev/null
sql fat "SELECT lo_from_bytea(0, decode(repeat('00', 100000000), 'hex'))" >/dev/null
pg_dump -Fc fat >fat.dump
peak 64 'rows of 100 MB, a large object of zeros' pgb-verify --sink -j 4 --report r.json <fat.dump
like "$(cat r.json)" '"rows":3,.*"large_object_bytes":100000000,' 'all of them'
# Ended by a signal while it is still being checked: nothing is found then, and
# nothing passed on either, since the end of it is wrong.
perl -e 'local $/; $_ = <>; substr($_, -14, 1) ^= "\x01"; print' <fat.dump >wrong.dump
try 'pgb-verify --sink <wrong.dump'
status_is 1 'a checksum at the end is wrong'
run pgb-verify --sink --report fat.json <fat.dump
leaked=0
said=0
for ms in 1 2 3 4 6 8 12 16 24 32 48 64 96 128; do
	perl -e '$pid = fork; if (!$pid) { exec "pgb-verify", "--hold",
	    "--against", "fat.json", "--allow-same" }
	    select undef, undef, undef, shift() / 100; kill TERM => $pid; wait' \
	    $ms <wrong.dump >out 2>err
	[ "$(size out)" = 0 ] || leaked=$((leaked + 1))
	! grep -q 'change\|shrunk\|gone' err || said=$((said + 1))
done
is "$leaked" 0 'a signal lets nothing out'
is "$said" 0 'nor is what was not counted taken for gone'
pg_dump fat | gzip -1 >fat.sql.gz
peak 64 'the same in SQL in gzip' pgb-verify --sink <fat.sql.gz
head -c 300000000 /dev/zero | zstd -qc --long=27 >zero.zst
peak 200 'a foreign file of zeros' pgb-verify --raw --sink <zero.zst
done_testing
